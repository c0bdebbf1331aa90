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

/** A compacted log on a simulated disk, and everything that was ever written to it: what has to be there follows from that. */
final class CompactedLife {
    static final Path DATA = Path.of("/data");
    static final TopicPartition PARTITION = new TopicPartition("prices", new UUID(1, 2), 0);
    private static final long PRODUCER = 9;
    static final LogConfig CONFIG = LogConfig.defaults()
            .withSegmentBytes(600)
            .withIndexIntervalBytes(100)
            .withDelete(false)
            .withCompact(true)
            .withDeleteRetentionMs(1000)
            .withMinCleanableDirtyRatio(0.01)
            .withFileDeleteDelayMs(0);

    /** @param value null deletes the key */
    record Entry(long offset, String key, @Nullable String value) {}

    SimulatedFileStore store;
    /** Everything that was ever appended and not cut since, by offset. */
    final TreeMap<Long, Entry> written = new TreeMap<>();
    /** Exclusive; below it everything was reported as synced. */
    long durableEnd;
    /** Up to here compaction was allowed to go: a leader does not cut below what it has called committed. */
    long stableOffset;
    /** A cut that was begun and perhaps not finished. */
    long cutAt = Long.MAX_VALUE;

    private final LogCleaner cleaner = new LogCleaner(
            new CompactionPass.Limits(1 << 16, 0.9, 200),
            new CleaningThrottle(Double.MAX_VALUE),
            () -> Instant.ofEpochMilli(this.nowMs));
    long nowMs = 1_000_000;
    private int epoch;
    private int sequence;
    private @Nullable LogDirectory directory;
    private @Nullable PartitionLog log;

    /** Blocks of each half of a journal; 0 for none. */
    private final int journalBlocks;

    private @Nullable JournaledSyncs syncs;

    CompactedLife(SimulatedFileStore store) throws IOException {
        this(store, 0);
    }

    CompactedLife(SimulatedFileStore store, int journalBlocks) throws IOException {
        this.journalBlocks = journalBlocks;
        this.store = store;
        store.prepare(DATA);
    }

    void open() throws IOException {
        directory = EagerSnapshots.open(store, DATA);
        log = directory.openOrCreate(PARTITION, CONFIG);
        log.beginEpoch(++epoch);
        if (journalBlocks > 0) {
            syncs = new JournaledSyncs(directory, journalBlocks);
        }
    }

    LogDirectory directory() {
        return Objects.requireNonNull(directory);
    }

    PartitionLog log() {
        return Objects.requireNonNull(log);
    }

    long end() {
        return written.isEmpty() ? 0 : written.lastKey() + 1;
    }

    void put(String key, @Nullable String value) throws IOException {
        long offset = log().view().logEndOffset();
        written.put(offset, new Entry(offset, key, value));
        append(log(), epoch, sequence++, key, value, nowMs);
        if (syncs != null) {
            sync(); // or there would be little that a journal can hold
        }
    }

    /** The journal's thread comes round. */
    void drain() {
        if (syncs != null) {
            syncs.drain();
        }
    }

    int journaled() {
        return syncs == null ? 0 : syncs.journaled;
    }

    void sync() throws IOException {
        JournaledSyncs used = syncs;
        if (used != null) {
            used.sync(List.of(log()));
            durableEnd = log().view().logEndOffset();
            return;
        }
        long end = log().view().logEndOffset();
        for (StoreFile file : log().takeDirtyFiles()) {
            file.sync();
        }
        log().synced(end);
        durableEnd = end;
    }

    /** Returns whether there was anything to compact. */
    boolean compact() throws IOException {
        stableOffset = durableEnd;
        LogCleaner.Cleaned cleaned = cleaner.cleanNext(
                List.of(new LogCleaner.Candidate(directory(), log(), stableOffset, new DirectAppendThread())));
        store.list(DATA); // the machine may have stopped in the middle
        return cleaned != null;
    }

    void cut(int records) throws IOException {
        cutAt = end() - records;
        durableEnd = Math.min(durableEnd, cutAt);
        assertThat(log().truncateTo(cutAt)).isEqualTo(cutAt);
        written.tailMap(cutAt, true).clear();
        sequence -= records;
        cutAt = Long.MAX_VALUE;
        log().beginEpoch(++epoch);
    }

    /** A clean stop. */
    void close() throws IOException {
        directory().close();
        durableEnd = end();
    }

    /** Goes on after a stop of any kind: with what the disk has, which is checked. */
    void recover(SimulatedFileStore found, String where) throws IOException {
        store = found;
        open();
        List<Entry> entries = read(log().view(), where);
        check(log().view(), entries, where);
        long end = log().view().logEndOffset();
        written.tailMap(end, true).clear();
        sequence = (int) end; // one record a batch, from the first on
        durableEnd = end; // it was synced before it was shown
        cutAt = Long.MAX_VALUE;
    }

    static void append(PartitionLog log, int epoch, int sequence, String key, @Nullable String value, long nowMs)
            throws IOException {
        assertThat(stage(log, epoch, sequence, key, value, nowMs)).isInstanceOf(AppendOutcome.Appended.class);
        log.writeStaged();
    }

    static AppendOutcome stage(
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

    /** Whether a log that was opened has what it must, and nothing else. */
    void check(LogView view, List<Entry> found, String where) {
        long end = view.logEndOffset();
        assertThat(view.logStartOffset()).as(where).isZero();
        assertThat(end).as(where).isBetween(Math.min(durableEnd, cutAt), end());
        long before = -1;
        for (Entry entry : found) {
            assertThat(entry.offset())
                    .as("%s: each offset once, in order", where)
                    .isGreaterThan(before);
            assertThat(entry).as("%s: as it was written", where).isEqualTo(written.get(entry.offset()));
            before = entry.offset();
        }
        assertThat(table(found))
                .as("%s: what the keys say up to %d", where, end)
                .isEqualTo(table(written.headMap(end).values()));
        for (Map.Entry<String, Entry> last :
                lastOf(written.headMap(end).values()).entrySet()) {
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

    static List<Entry> read(LogView view, String where) throws IOException {
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
