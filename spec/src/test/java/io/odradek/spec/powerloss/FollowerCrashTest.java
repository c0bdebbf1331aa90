package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.io.SyncObserver;
import io.odradek.engine.producer.ProducerState;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.ControlRecords;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.writepath.Settlement;
import io.odradek.engine.writepath.Shard;
import io.odradek.engine.writepath.ShardObserver;
import io.odradek.engine.writepath.WritePath;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A follower's log, ended at each of its operations: appends through the write path what leaders sent, with gaps, producers, markers and new
 * epochs, is cut, and begins anew above and below its end. What was settled is there, byte for byte, with its epochs and producers.
 */
@ExtendWith(QuietEngine.class)
class FollowerCrashTest {
    private static final Path DATA = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("orders", new UUID(3, 6), 0);
    private static final LogConfig CONFIG = LogConfig.defaults()
            .withAppendAheadBytes(128 << 10)
            .withSegmentBytes(700)
            .withIndexIntervalBytes(100)
            .withRetentionMs(-1)
            .withRetentionBytes(-1)
            .withFileDeleteDelayMs(0);

    /** One batch as the leader has it. */
    private record Sent(long baseOffset, long endOffset, int epoch, byte[] bytes) {}

    private static final class Life {
        final SimulatedFileStore store = new SimulatedFileStore(1);
        /** What the leader's log holds where this one has followed, by base offset. */
        final TreeMap<Long, Sent> settled = new TreeMap<>();

        final TreeMap<Long, Sent> given = new TreeMap<>();
        long start;
        /** The log is about to be cut there, or to begin there; -1 when it is not. */
        long cutsAt = -1;

        long beginsAt = -1;
        long next;
        int epoch = 3;
        int sequence;
        int lastSequence;
        private final WritePath path;
        private final LogDirectory directory;
        private final PartitionLog log;

        /** @param crashAt operation at which it ends */
        Life(long crashAt) throws IOException {
            store.prepare(DATA);
            directory = LogDirectory.open(store, DATA, "AAAAAAAAAAAAAAAAAAAAAg", 1);
            log = directory.openOrCreate(PARTITION, CONFIG);
            path = new WritePath(
                    new Shard.Options("simulated", 64, 1 << 20, "block"),
                    directory,
                    new GroupSync(store, DATA, GroupSync.Strategy.FDATASYNC, SyncObserver.NONE, store::elapsedNanos),
                    NOBODY,
                    () -> Instant.ofEpochMilli(1_000),
                    ShardObserver.NONE);
            store.crashAtOperation(crashAt);
        }

        void run() throws Exception {
            task(() -> log.beginEpoch(1)); // led, and wrote nothing in it
            task(log::follow);
            fetch(batch(2), batch(1), marker(), batch(2));
            next += 7; // compaction was there
            epoch = 4;
            fetch(batch(1), batch(3));
            directory.checkpointRecoveryPoints();
            fetch(batch(2), batch(2), batch(2), batch(2));
            cut(settled.lastKey());
            epoch = 6;
            fetch(batch(1), batch(4));
            next += 3;
            fetch(batch(1));
            directory.checkpointRecoveryPoints();
            cut(settled.ceilingKey(5L));
            fetch(batch(1), batch(1), batch(2));
            startOver(100);
            epoch = 5;
            fetch(batch(2), batch(2), batch(2), batch(2), batch(2), batch(2));
            directory.deletePending(0);
            directory.checkpointRecoveryPoints();
            startOver(104); // below its end
            fetch(batch(2), batch(2));
            startOver(40); // below where it began
            fetch(batch(2), batch(2), batch(2), batch(2), batch(2));
            directory.deletePending(1);
            directory.deletePending(2);
            directory.checkpointRecoveryPoints();
            fetch(batch(2));
            directory.close();
        }

        private void drain() {
            boolean worked = true;
            while (worked) {
                worked = path.append(8);
                worked |= path.sync();
                worked |= path.settle();
            }
        }

        /** Tasks run on the append stage; a crash there is taken for a mistake of the task, so it is thrown again here. */
        private void task(Shard.LogTask task) {
            Throwable[] thrown = {null};
            path.tryRun(
                    log,
                    () -> {
                        try {
                            task.run();
                        } catch (Throwable e) {
                            thrown[0] = e;
                            throw e;
                        }
                    },
                    _ -> {});
            drain();
            if (store.crashed()) {
                throw new Crashed();
            }
            assertThat(thrown[0]).isNull();
        }

        private void fetch(Sent... batches) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(10_000);
            for (Sent batch : batches) {
                given.put(batch.baseOffset, batch);
                bytes.put(batch.bytes);
            }
            AppendOutcome[] outcome = {null};
            path.tryWriteFetched(
                    log,
                    FetchedBatches.check(bytes.flip().slice(), BufferLease.UNPOOLED),
                    epoch,
                    settled -> outcome[0] = settled.kept());
            drain();
            if (store.crashed()) {
                throw new Crashed();
            }
            assertThat(outcome[0]).isInstanceOf(AppendOutcome.Appended.class);
            for (Sent batch : batches) {
                settled.put(batch.baseOffset, batch);
            }
            assertThat(log.logEndOffset()).isEqualTo(next);
            // A reign that begins here would judge sequences by it.
            assertThat(log.describeProducers().stream()
                            .filter(producer -> producer.producerId() == 77)
                            .map(ProducerState::lastSequence))
                    .containsExactly(lastSequence);
        }

        private void cut(long at) {
            cutsAt = at;
            task(() -> log.truncateTo(at));
            settled.tailMap(at, true).clear();
            given.tailMap(at, true).clear();
            cutsAt = -1;
            next = log.logEndOffset();
        }

        private void startOver(long at) {
            beginsAt = at;
            task(() -> directory.beginAgain(log, at));
            settled.clear();
            given.clear();
            beginsAt = -1;
            start = at;
            next = at;
        }

        private Sent batch(int records) throws IOException {
            // The sequence is nobody's business here: what the leader took is taken.
            BatchBuilder builder = new BatchBuilder().producer(77, (short) epoch, sequence);
            lastSequence = sequence + records - 1;
            sequence += 10;
            for (int i = 0; i < records; i++) {
                builder.add(1_000 + next + i, null, new byte[50]);
            }
            return sent(builder.build().bytes(), records);
        }

        private Sent marker() throws IOException {
            ByteBuffer bytes = new BatchBuilder()
                    .producer(78, (short) 1, -1)
                    .transactional()
                    .control()
                    .add(1_000, ControlRecords.endTransactionKey(true), ControlRecords.endTransactionValue(9))
                    .build()
                    .bytes();
            return sent(bytes, 1);
        }

        private Sent sent(ByteBuffer bytes, int records) {
            bytes.putLong(BatchLayout.BASE_OFFSET_AT, next);
            bytes.putInt(BatchLayout.LEADER_EPOCH_AT, epoch);
            byte[] copy = new byte[bytes.limit()];
            bytes.get(0, copy);
            Sent sent = new Sent(next, next + records, epoch, copy);
            next += records;
            return sent;
        }
    }

    private static final class Crashed extends RuntimeException {}

    private static final Settlement NOBODY = (log, last) -> {};

    @Test
    void whatAFollowerWasToldIsDurableSurvivesWhereverTheCrashFalls() throws Exception {
        Life whole = new Life(Long.MAX_VALUE);
        long first = whole.store.operations() + 1;
        whole.run();
        CrashDisks disks = new CrashDisks(16);
        for (long operation = first; operation <= whole.store.operations(); operation++) {
            Life life = new Life(operation);
            try {
                life.run();
            } catch (SimulatedCrash | Crashed crash) {
                // as it should
            }
            disks.each(life.store, "operation " + operation, (found, where) -> check(found, life, where));
        }
        disks.report("following");
    }

    private static void check(SimulatedFileStore found, Life life, String where) throws Exception {
        LogDirectory directory = LogDirectory.open(found, DATA, "AAAAAAAAAAAAAAAAAAAAAg", 1);
        PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
        LogView view = log.view();
        List<Sent> there = read(view);
        if (life.beginsAt >= 0 && there.isEmpty()) {
            assertThat(view.logStartOffset()).as(where).isEqualTo(view.logEndOffset());
        } else {
            long kept = life.cutsAt >= 0 ? life.cutsAt : Long.MAX_VALUE;
            List<Long> bases = there.stream().map(Sent::baseOffset).toList();
            assertThat(view.logStartOffset()).as(where).isEqualTo(life.start);
            if (life.beginsAt < 0 || life.beginsAt >= life.next) {
                assertThat(bases)
                        .as(where)
                        .containsAll(life.settled.headMap(kept, false).keySet());
            } else { // it may be cut anywhere
                assertThat(life.settled.keySet().stream().limit(bases.size()).toList())
                        .as(where)
                        .isEqualTo(bases);
            }
            int epoch = -1;
            for (Sent batch : there) {
                Sent given = life.given.get(batch.baseOffset);
                assertThat(given == null ? new byte[0] : given.bytes).as(where).isEqualTo(batch.bytes);
                assertThat(view.epochs().epochOf(batch.baseOffset)).as(where).isEqualTo(batch.epoch);
                if (batch.epoch != epoch) {
                    assertThat(view.epochs().startOffset(view.epochs().floor(batch.epoch)))
                            .as(where)
                            .isEqualTo(batch.baseOffset);
                }
                epoch = batch.epoch;
            }
            for (ProducerState producer : log.describeProducers()) {
                if (producer.producerId() == 77 && !there.isEmpty()) {
                    ByteBuffer last = ByteBuffer.wrap(there.getLast().bytes);
                    assertThat(producer.lastSequence())
                            .as(where)
                            .isEqualTo(last.getInt(BatchLayout.BASE_SEQUENCE_AT)
                                    + last.getInt(BatchLayout.LAST_OFFSET_DELTA_AT));
                }
            }
        }
        assertThat(log.recoveryPoint()).as(where).isEqualTo(view.logEndOffset());
        // And it begins again below all that it has, whatever the crash has left there.
        long below = Math.max(0, view.firstSegmentBaseOffset() - 1);
        log.follow();
        directory.beginAgain(log, below);
        directory.deletePending(10);
        directory.deletePending(11);
        directory.close();
        LogDirectory again = LogDirectory.open(found, DATA, "AAAAAAAAAAAAAAAAAAAAAg", 1);
        LogView kept = again.openOrCreate(PARTITION, CONFIG).view();
        assertThat(List.of(kept.logStartOffset(), kept.logEndOffset()))
                .as(where)
                .isEqualTo(List.of(below, below));
        again.close();
    }

    private static List<Sent> read(LogView view) throws IOException {
        List<Sent> batches = new ArrayList<>();
        for (long next = view.logStartOffset(); next < view.logEndOffset(); ) {
            try (FetchedSlices slices = LogReader.read(view, next, view.end(), 1, true)) {
                ByteBuffer batch = switch (slices.slices().getFirst()) {
                    case MemorySlice(ByteBuffer memory) -> memory.slice();
                    case FileSlice(StoreFile file, long position, int length) -> {
                        ByteBuffer read = ByteBuffer.allocate(length);
                        file.read(read, position);
                        yield read.flip();
                    }
                };
                byte[] bytes = new byte[RecordBatch.sizeInBytes(batch, 0)];
                batch.get(0, bytes);
                next = RecordBatch.nextOffset(batch, 0);
                batches.add(new Sent(RecordBatch.baseOffset(batch, 0), next, RecordBatch.leaderEpoch(batch, 0), bytes));
            } catch (OffsetOutOfRangeException e) {
                throw new AssertionError(e);
            }
        }
        return batches;
    }
}
