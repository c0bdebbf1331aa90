package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.ReplicaCheck;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A follower's log that a snapshot takes the place of, ended at each of its operations: it is as it was, or begins anew. */
@ExtendWith(QuietEngine.class)
class StartOverCrashTest {
    private static final Path DATA = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("orders", new UUID(3, 5), 0);
    private static final LogConfig CONFIG = LogConfig.defaults()
            .withSegmentBytes(400)
            .withIndexIntervalBytes(100)
            .withRetentionMs(-1)
            .withRetentionBytes(-1)
            .withFileDeleteDelayMs(0);

    /** What the log may be: it begins somewhere, and reaches at least as far as was synced. */
    private static final class Life {
        final SimulatedFileStore store = new SimulatedFileStore(1);
        long start;
        long durableEnd;
        long end;
        int epoch = 5;
        /** Where it is about to go on; -1 when it is not. */
        long goesOnAt = -1;

        private LogDirectory directory() throws Exception {
            return LogDirectory.open(store, DATA, "AAAAAAAAAAAAAAAAAAAAAg", 1);
        }

        void run() throws Exception {
            store.prepare(DATA);
            LogDirectory directory = directory();
            PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
            append(log, 9);
            sync(log);
            directory.checkpointRecoveryPoints();
            append(log, 5);
            startOver(directory, log, 100); // what was not synced goes with the rest
            epoch--; // what a snapshot ends with may be older than what was there and never committed
            append(log, 9);
            sync(log);
            directory.deletePending(0);
            directory.deletePending(1);
            startOver(directory, log, log.logEndOffset());
            append(log, 2);
            sync(log);
            directory.checkpointRecoveryPoints();
            startOver(directory, log, 1_000);
            startOver(directory, log, 1_000);
            startOver(directory, log, 2_000);
            append(log, 3);
            sync(log);
            directory.deletePending(2);
            directory.close();
            durableEnd = end;
        }

        private void append(PartitionLog log, int batches) throws Exception {
            for (int i = 0; i < batches; i++) {
                AppendOutcome outcome = log.stageReplicated(batch(log.logEndOffset(), epoch), 0);
                assertThat(outcome).isInstanceOf(AppendOutcome.Appended.class);
                end += 2;
                log.writeStaged();
            }
        }

        private void sync(PartitionLog log) throws Exception {
            long now = log.logEndOffset();
            for (StoreFile file : log.takeDirtyFiles()) {
                file.sync();
            }
            log.synced(now);
            durableEnd = now;
        }

        private void startOver(LogDirectory directory, PartitionLog log, long offset) throws Exception {
            goesOnAt = offset;
            directory.startOver(log, offset);
            goesOnAt = -1;
            start = offset;
            durableEnd = offset;
            end = offset;
            assertThat(log.view().logStartOffset()).isEqualTo(offset);
            assertThat(log.logEndOffset()).isEqualTo(offset);
            assertThat(log.view().epochs().count()).as("epochs of what is gone").isZero();
        }
    }

    private static ValidatedBatch batch(long offset, int epoch) throws Exception {
        ValidatedBatch built = new BatchBuilder()
                .add(offset, null, new byte[60])
                .add(offset + 1, null, new byte[1])
                .build();
        built.assign(offset, epoch);
        return ReplicaCheck.check(built.bytes(), BufferLease.UNPOOLED);
    }

    @Test
    void whereverTheCrashFallsTheLogIsTheOldOneOrTheNew() throws Exception {
        Life whole = new Life();
        whole.run();
        CrashDisks disks = new CrashDisks(16);
        for (long operation = 1; operation <= whole.store.operations(); operation++) {
            Life life = new Life();
            life.store.crashAtOperation(operation);
            try {
                life.run();
            } catch (SimulatedCrash crash) {
                // as it should
            }
            disks.each(life.store, "operation " + operation, (found, where) -> check(found, life, where));
        }
        disks.report("starting over");
    }

    private static void check(SimulatedFileStore found, Life life, String where) throws Exception {
        LogDirectory directory = LogDirectory.open(found, DATA, "AAAAAAAAAAAAAAAAAAAAAg", 1);
        PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
        LogView view = log.view();
        if (life.goesOnAt >= 0 && view.logStartOffset() == life.goesOnAt) {
            assertThat(view.logEndOffset()).as(where).isEqualTo(life.goesOnAt);
        } else {
            assertThat(view.logStartOffset()).as(where).isEqualTo(life.start);
            assertThat(view.logEndOffset()).as(where).isBetween(life.durableEnd, life.end);
        }
        assertThat(batchesOf(view)).as(where).isEqualTo((view.logEndOffset() - view.logStartOffset()) / 2);
        // And it goes on from there.
        long next = view.logEndOffset() + 10;
        directory.startOver(log, next);
        assertThat(log.stageReplicated(batch(next, 1), 0)).isInstanceOf(AppendOutcome.Appended.class);
        log.writeStaged();
        assertThat(batchesOf(log.view())).isEqualTo(1);
        directory.close();
        LogDirectory again = LogDirectory.open(found, DATA, "AAAAAAAAAAAAAAAAAAAAAg", 1);
        LogView kept = again.openOrCreate(PARTITION, CONFIG).view();
        assertThat(List.of(kept.logStartOffset(), kept.logEndOffset()))
                .as(where)
                .isEqualTo(List.of(next, next + 2));
        assertThat(kept.latestEpoch()).as(where).isEqualTo(1);
    }

    private static long batchesOf(LogView view) throws Exception {
        long count = 0;
        for (long next = view.logStartOffset(); next < view.logEndOffset(); ) {
            try (FetchedSlices slices = LogReader.read(view, next, view.end(), 1, true)) {
                ByteBuffer bytes = switch (slices.slices().getFirst()) {
                    case MemorySlice(ByteBuffer memory) -> memory.slice();
                    case FileSlice(StoreFile file, long position, int length) -> {
                        ByteBuffer read = ByteBuffer.allocate(length);
                        file.read(read, position);
                        yield read.flip();
                    }
                };
                assertThat(RecordBatch.baseOffset(bytes, 0)).isEqualTo(next);
                assertThat(RecordBatch.crcMatches(bytes, 0)).isTrue();
                next = RecordBatch.nextOffset(bytes, 0);
                count++;
            }
        }
        return count;
    }

    @Test
    void aLogDoesNotGoOnBelowItsEnd() throws Exception {
        Life life = new Life();
        life.store.prepare(DATA);
        LogDirectory directory = life.directory();
        PartitionLog log = directory.openOrCreate(PARTITION, CONFIG);
        life.append(log, 2);
        assertThatThrownBy(() -> directory.startOver(log, 3)).isInstanceOf(IllegalArgumentException.class);
        assertThat(log.logEndOffset()).isEqualTo(4);
    }

    @Test
    void aFollowerAppendsOnlyWhatIsNext() throws Exception {
        Life life = new Life();
        life.store.prepare(DATA);
        PartitionLog log = life.directory().openOrCreate(PARTITION, CONFIG);
        life.epoch = 4;
        life.append(log, 2);
        assertThat(log.view().latestEpoch()).isEqualTo(4);
        assertThatThrownBy(() -> log.stageReplicated(batch(6, 4), 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> log.stageReplicated(batch(2, 4), 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> log.stageReplicated(batch(4, 3), 0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(log.stageReplicated(batch(4, 6), 0)).isInstanceOf(AppendOutcome.Appended.class);
        log.writeStaged();
        assertThat(log.view().epochs().epochOf(4)).isEqualTo(6);
        assertThat(log.view().epochs().epochOf(3)).isEqualTo(4);
    }
}
