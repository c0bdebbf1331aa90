package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.DirectAppendThread;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.LogCleaner;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.compaction.CleaningThrottle;
import io.odradek.engine.compaction.CompactionPass;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The life of a compacted log, ended at each of its operations in turn: appends, rolls, two passes, a cut, deletions that were
 * forgotten after their time, a clean stop. After each end, on several of the disks it may leave, every key has the value it had
 * been given last, as far as the log reaches; nothing is there twice, and nothing that was deleted is back.
 */
@ExtendWith(QuietEngine.class)
class CompactionCrashTest {
    private static final Path DATA = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("prices", new UUID(1, 2), 0);
    private static final long PRODUCER = 9;
    private static final LogConfig CONFIG = LogConfig.defaults()
            .withSegmentBytes(600)
            .withIndexIntervalBytes(100)
            .withDelete(false)
            .withCompact(true)
            .withDeleteRetentionMs(1000)
            .withMinCleanableDirtyRatio(0.01)
            .withFileDeleteDelayMs(0);

    /** @param value null deletes the key */
    private record Entry(long offset, String key, @Nullable String value) {}

    /** How far one life got. */
    private static final class Life {
        final SimulatedFileStore store = new SimulatedFileStore(1);
        /** Everything that was ever appended and not cut since, by offset. */
        final TreeMap<Long, Entry> written = new TreeMap<>();
        /** Exclusive; below it everything was reported as synced. */
        long durableEnd;
        /** A cut that was begun and perhaps not finished. */
        long cutAt = Long.MAX_VALUE;

        private final LogCleaner cleaner = new LogCleaner(
                new CompactionPass.Limits(1 << 16, 0.9, 200),
                new CleaningThrottle(Double.MAX_VALUE),
                () -> Instant.ofEpochMilli(this.nowMs));
        private long nowMs = 1_000_000;
        private int epoch;
        private int sequence;
        private @Nullable LogDirectory directory;
        private @Nullable PartitionLog log;

        /** Everything is synced before each pass, and now and then. */
        private final boolean tidy;

        Life(boolean tidy) throws IOException {
            this.tidy = tidy;
            store.prepare(DATA);
        }

        private void tidyUp() throws IOException {
            if (tidy) {
                store.syncFileSystem(DATA);
            }
        }

        void run() throws IOException {
            open();
            for (int i = 0; i < 10; i++) {
                put("a" + i % 3, "first " + i);
            }
            put("gone", "for now");
            put("gone", null);
            for (int i = 0; i < 9; i++) {
                put("b" + i % 2, "second " + i);
            }
            sync();
            compact();
            directory().checkpointRecoveryPoints();
            nowMs += 2_000; // the deletion may be forgotten now
            for (int i = 0; i < 9; i++) {
                put("a" + i % 4, "third " + i);
            }
            sync();
            compact();
            tidyUp();
            directory().deletePending(0);
            directory().deletePending(1);
            for (int i = 0; i < 5; i++) {
                put("c", "fourth " + i);
            }
            tidyUp();
            cut(2);
            put("c", "fifth");
            tidyUp();
            directory().close();
            durableEnd = end();

            open();
            put("a0", "sixth");
            sync();
            compact();
            directory().close();
            durableEnd = end();
        }

        private void open() throws IOException {
            directory = LogDirectory.open(store, DATA, "cluster", 1);
            log = directory.openOrCreate(PARTITION, CONFIG);
            log.beginEpoch(++epoch);
        }

        private LogDirectory directory() {
            return Objects.requireNonNull(directory);
        }

        private PartitionLog log() {
            return Objects.requireNonNull(log);
        }

        long end() {
            return written.isEmpty() ? 0 : written.lastKey() + 1;
        }

        private void put(String key, @Nullable String value) throws IOException {
            long offset = log().view().logEndOffset();
            written.put(offset, new Entry(offset, key, value));
            append(log(), epoch, sequence++, key, value, nowMs);
        }

        private void sync() throws IOException {
            long end = log().view().logEndOffset();
            for (StoreFile file : log().takeDirtyFiles()) {
                file.sync();
            }
            log().synced(end);
            durableEnd = end;
        }

        private void compact() throws IOException {
            tidyUp();
            LogCleaner.Cleaned cleaned = cleaner.cleanNext(
                    List.of(new LogCleaner.Candidate(directory(), log(), durableEnd, new DirectAppendThread())));
            store.list(DATA); // the machine may have stopped in the middle
            assertThat(cleaned).as("there is something to compact").isNotNull();
        }

        private void cut(int records) throws IOException {
            cutAt = end() - records;
            durableEnd = Math.min(durableEnd, cutAt);
            assertThat(log().truncateTo(cutAt)).isEqualTo(cutAt);
            written.tailMap(cutAt, true).clear();
            sequence -= records;
            cutAt = Long.MAX_VALUE;
            log().beginEpoch(++epoch);
        }
    }

    private static void append(
            PartitionLog log, int epoch, int sequence, String key, @Nullable String value, long nowMs)
            throws IOException {
        assertThat(stage(log, epoch, sequence, key, value, nowMs)).isInstanceOf(AppendOutcome.Appended.class);
        log.writeStaged();
    }

    private static AppendOutcome stage(
            PartitionLog log, int epoch, int sequence, String key, @Nullable String value, long nowMs)
            throws IOException {
        return log.stage(
                new BatchBuilder()
                        .producer(PRODUCER, (short) 0, sequence)
                        .add(
                                nowMs,
                                key.getBytes(StandardCharsets.UTF_8),
                                value == null ? null : (value + ".".repeat(40)).getBytes(StandardCharsets.UTF_8))
                        .build(),
                epoch,
                nowMs);
    }

    @Test
    void everyKeyKeepsItsLastValueWhereverTheMachineStops() throws Exception {
        crashEverywhere(false);
    }

    /** With little that is unsynced at a time, so that every disk can be looked at. */
    @Test
    void everyKeyKeepsItsLastValueOnEveryDiskThatACrashMayLeave() throws Exception {
        crashEverywhere(true);
    }

    private static void crashEverywhere(boolean tidy) throws Exception {
        Life whole = new Life(tidy);
        whole.run();
        long operations = whole.store.operations();
        CrashDisks disks = new CrashDisks(128);
        for (long crashAt = 1; crashAt <= operations; crashAt++) {
            Life life = new Life(tidy);
            life.store.crashAtOperation(crashAt);
            try {
                life.run();
            } catch (SimulatedCrash crash) {
                assertThat(life.store.crashed()).isTrue();
            }
            String where = "crash at operation " + crashAt + " of " + operations + ", "
                    + life.store.trace().getLast();
            disks.each(life.store, where, (found, which) -> check(found, life, which));
        }
        disks.report(tidy ? "compaction, tidy" : "compaction");
    }

    /** Recovers, recovers again from what a power loss leaves of that, and then compacts and writes on. */
    private static void check(SimulatedFileStore found, Life life, String where) throws Exception {
        LogDirectory once = LogDirectory.open(found, DATA, "cluster", 1);
        PartitionLog log = once.openOrCreate(PARTITION, CONFIG);
        List<Entry> entries = read(log.view(), where);
        check(log.view(), entries, life, where);
        SimulatedFileStore left = found.afterCrash(7);
        LogDirectory again = LogDirectory.open(left, DATA, "cluster", 1);
        PartitionLog twice = again.openOrCreate(PARTITION, CONFIG);
        assertThat(read(twice.view(), where)).as("%s, recovered twice", where).isEqualTo(entries);
        assertThat(left.list(twice.directory()))
                .as(where)
                .noneMatch(file -> file.toString().endsWith(".cleaned")
                        || file.toString().endsWith(".swap")
                        || file.toString().endsWith(".deleted"));
        twice.beginEpoch(1000);
        long end = twice.view().logEndOffset();
        if (end > 0) {
            Entry last = life.written.get(end - 1);
            if (last != null) { // else it was about to be cut
                assertThat(stage(twice, 1000, (int) end - 1, last.key(), last.value(), 0))
                        .as("%s: a retry of the last batch", where)
                        .isInstanceOf(AppendOutcome.Duplicate.class);
            }
            append(twice, 1000, (int) end, "new", "value", 0);
            assertThat(read(twice.view(), where).getLast().offset()).as(where).isEqualTo(end);
        }
    }

    private static void check(LogView view, List<Entry> found, Life life, String where) {
        long end = view.logEndOffset();
        assertThat(view.logStartOffset()).as(where).isZero();
        assertThat(end).as(where).isBetween(Math.min(life.durableEnd, life.cutAt), life.end());
        long before = -1;
        for (Entry entry : found) {
            assertThat(entry.offset())
                    .as("%s: each offset once, in order", where)
                    .isGreaterThan(before);
            assertThat(entry).as("%s: as it was written", where).isEqualTo(life.written.get(entry.offset()));
            before = entry.offset();
        }
        assertThat(table(found))
                .as("%s: what the keys say up to %d", where, end)
                .isEqualTo(table(life.written.headMap(end).values()));
        for (Map.Entry<String, Entry> last :
                lastOf(life.written.headMap(end).values()).entrySet()) {
            if (last.getValue().value() != null) {
                assertThat(found).as("%s: the last of %s", where, last.getKey()).contains(last.getValue());
            }
        }
    }

    private static Map<String, Entry> lastOf(Iterable<Entry> entries) {
        Map<String, Entry> last = new HashMap<>();
        entries.forEach(entry -> last.put(entry.key(), entry));
        return last;
    }

    /** What who reads from the beginning has at the end. */
    private static Map<String, String> table(Iterable<Entry> entries) {
        Map<String, String> table = new HashMap<>();
        for (Entry entry : entries) {
            if (entry.value() == null) {
                table.remove(entry.key());
            } else {
                table.put(entry.key(), entry.value());
            }
        }
        return table;
    }

    private static List<Entry> read(LogView view, String where) throws IOException {
        List<Entry> entries = new ArrayList<>();
        long next = view.logStartOffset();
        while (next < view.logEndOffset()) {
            ByteBuffer bytes;
            try (FetchedSlices slices = LogReader.read(view, next, view.end(), 4096, true)) {
                bytes = bytes(slices);
            } catch (OffsetOutOfRangeException e) {
                throw new AssertionError(where, e);
            }
            assertThat(bytes.hasRemaining())
                    .as("%s: there is a batch up to the end", where)
                    .isTrue();
            for (int at = 0; at < bytes.limit(); at += RecordBatch.sizeInBytes(bytes, at)) {
                assertThat(RecordBatch.crcMatches(bytes, at)).as(where).isTrue();
                try (RecordCursor records = RecordCursor.open(bytes, at)) {
                    while (records.next()) {
                        String value = text(records.value());
                        entries.add(new Entry(
                                records.offset(),
                                String.valueOf(text(records.key())),
                                value == null ? null : value.substring(0, value.indexOf('.'))));
                    }
                }
                next = RecordBatch.nextOffset(bytes, at);
            }
        }
        return entries;
    }

    private static ByteBuffer bytes(FetchedSlices slices) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(slices.sizeBytes());
        for (FetchedSlices.Slice slice : slices.slices()) {
            switch (slice) {
                case FetchedSlices.MemorySlice memory -> all.put(memory.bytes().duplicate());
                case FetchedSlices.FileSlice file -> {
                    ByteBuffer read = ByteBuffer.allocate(file.lengthBytes());
                    assertThat(file.file().read(read, file.position())).isEqualTo(file.lengthBytes());
                    all.put(read.flip());
                }
            }
        }
        return all.flip();
    }

    private static @Nullable String text(@Nullable ByteBuffer bytes) {
        return bytes == null
                ? null
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
