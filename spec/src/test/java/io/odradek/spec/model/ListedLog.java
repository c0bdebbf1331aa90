package io.odradek.spec.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.Durability;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.LogCleaner;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogReader.TimestampedOffset;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.compaction.CleaningThrottle;
import io.odradek.engine.compaction.CompactionPass;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.segment.CheckpointText;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A log on a simulated disk, and the list it has to be. Each operation is done to both. */
final class ListedLog {
    private static final Path DATA = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("orders", new UUID(5, 3), 0);
    private static final long NO_PRODUCER = -1;
    private static final int SEGMENT_BYTES = 900;

    interface Task {
        void run() throws Exception;
    }

    private record Entry(long offset, String key, String value, long timestamp) {}

    /** One batch of the list; one whose record was compacted away stays known for its producer. */
    private static final class Batch {
        final long baseOffset;
        final List<Entry> entries;
        final long producer;
        final short producerEpoch;
        final int sequence;
        boolean compactedAway;

        Batch(long baseOffset, List<Entry> entries, long producer, short producerEpoch, int sequence) {
            this.baseOffset = baseOffset;
            this.entries = entries;
            this.producer = producer;
            this.producerEpoch = producerEpoch;
            this.sequence = sequence;
        }

        long lastOffset() {
            return baseOffset + entries.size() - 1;
        }

        ValidatedBatch bytes() {
            BatchBuilder builder = new BatchBuilder();
            if (producer != NO_PRODUCER) {
                builder.producer(producer, producerEpoch, sequence);
            }
            for (Entry entry : entries) {
                builder.add(entry.timestamp(), utf8(entry.key()), utf8(entry.value()));
            }
            return builder.build();
        }
    }

    private final LogConfig config;
    private final boolean compact;
    private SimulatedFileStore store = new SimulatedFileStore(1);
    private LogDirectory directory;
    private PartitionLog log;
    private int epoch;

    /** Everything that was appended and not cut since, also what lies below the start. */
    private final List<Batch> batches = new ArrayList<>();

    private long start;
    /** What a crash may bring back, at most. */
    private long durableStart;

    private long end;
    /** Below it nothing may be lost. */
    private long durableEnd;

    private long firstProducer = 1;
    private long nextValue;
    private int steps;

    ListedLog(Durability durability, boolean compact) {
        this.compact = compact;
        this.config = LogConfig.defaults()
                .withAppendAheadBytes(128 << 10)
                .withSegmentBytes(SEGMENT_BYTES)
                .withIndexIntervalBytes(120)
                .withRetentionMs(-1)
                .withDurability(durability)
                .withCompact(compact)
                .withDelete(!compact)
                .withMinCleanableDirtyRatio(0.01)
                .withFileDeleteDelayMs(0);
        try {
            store.prepare(DATA);
            directory = openDirectory(store);
            log = directory.openOrCreate(PARTITION, config);
            log.beginEpoch(++epoch);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    void perform(Task task) {
        steps++;
        try {
            task.run();
            check();
        } catch (Exception e) {
            throw new AssertionError("in step " + steps, e);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // ---- appends

    void append(double draw) throws IOException {
        int count = 1 + (int) (draw * 4);
        for (int i = 0; i < count; i++) {
            append(next(compact ? 1 : 1 + (int) (nextValue % 3), NO_PRODUCER, (short) -1, -1));
        }
    }

    private Batch next(int records, long producer, short producerEpoch, int sequence) {
        List<Entry> entries = new ArrayList<>();
        for (int r = 0; r < records; r++) {
            long n = nextValue++;
            // Time stands still now and then, and goes back.
            long timestamp = 1000 + n / 2 - (n % 7 == 6 ? 3 : 0);
            entries.add(new Entry(
                    end + r, "key " + n * 5 % 7, "value " + n + ".".repeat((int) (n % 4) * 20), timestamp));
        }
        return new Batch(end, entries, producer, producerEpoch, sequence);
    }

    private void append(Batch batch) throws IOException {
        assertThat(log.stage(batch.bytes(), epoch, 0))
                .isInstanceOfSatisfying(AppendOutcome.Appended.class, appended -> {
                    assertThat(appended.baseOffset()).isEqualTo(batch.baseOffset);
                    assertThat(appended.lastOffset()).isEqualTo(batch.lastOffset());
                });
        log.writeStaged();
        batches.add(batch);
        end = batch.lastOffset() + 1;
    }

    void appendAsProducer(double draw) throws IOException {
        long producer = producerAt(draw);
        Batch last = lastOf(producer);
        append(next(1, producer, last == null ? 0 : last.producerEpoch, last == null ? 0 : last.sequence + 1));
    }

    private long producerAt(double draw) {
        return firstProducer + (int) (draw * 2);
    }

    private @Nullable Batch lastOf(long producer) {
        for (Batch batch : batches.reversed()) {
            if (batch.producer == producer) {
                return batch;
            }
        }
        return null;
    }

    void retry(double draw) throws IOException {
        Batch last = lastOf(producerAt(draw));
        if (last != null) {
            assertThat(log.stage(last.bytes(), epoch, 0))
                    .isInstanceOfSatisfying(
                            AppendOutcome.Duplicate.class,
                            duplicate -> assertThat(duplicate.baseOffset()).isEqualTo(last.baseOffset));
        }
    }

    void appendWithGap(double draw) throws IOException {
        long producer = producerAt(draw);
        Batch last = lastOf(producer);
        if (last != null) {
            Batch early = next(1, producer, last.producerEpoch, last.sequence + 5);
            assertThat(log.stage(early.bytes(), epoch, 0))
                    .isEqualTo(new AppendOutcome.OutOfOrderSequence(last.sequence + 1, last.sequence + 5));
        }
    }

    void fence(double draw) throws IOException {
        long producer = producerAt(draw);
        Batch last = lastOf(producer);
        if (last != null) {
            short newEpoch = (short) (last.producerEpoch + 1);
            append(next(1, producer, newEpoch, 0));
            Batch late = next(1, producer, last.producerEpoch, last.sequence + 1);
            assertThat(log.stage(late.bytes(), epoch, 0))
                    .isEqualTo(new AppendOutcome.ProducerFenced(newEpoch, last.producerEpoch));
        }
    }

    void roll() throws IOException {
        Batch batch = next(1, NO_PRODUCER, (short) -1, -1);
        log.reconfigure(config.withSegmentBytes(batch.bytes().sizeBytes()));
        append(batch);
        log.reconfigure(config);
    }

    // ---- housekeeping

    void sync() throws IOException {
        for (StoreFile file : log.takeDirtyFiles()) {
            file.sync();
        }
        log.synced(end);
        durableEnd = end;
    }

    void checkpoint() throws IOException {
        directory.checkpointRecoveryPoints();
        durableStart = start;
        durableEnd = Math.max(durableEnd, log.recoveryPoint());
        directory.checkpointHighWatermarks(Map.of(PARTITION, highWatermark()));
    }

    private long highWatermark() {
        return config.durability() instanceof Durability.Sync ? durableEnd : end;
    }

    void truncate(double draw) throws IOException {
        long offset = start + (long) (draw * (end - start));
        long newEnd = log.truncateTo(offset);
        long expected = batches.stream()
                .filter(batch -> batch.lastOffset() >= offset)
                .mapToLong(batch -> Math.min(offset, batch.baseOffset))
                .findFirst()
                .orElse(offset);
        if (compact) {
            // Not within a gap: with the last batch before it, which may be an empty one.
            long atLeast = batches.stream()
                    .filter(batch -> !batch.compactedAway && batch.baseOffset >= start && batch.lastOffset() < offset)
                    .mapToLong(batch -> batch.lastOffset() + 1)
                    .max()
                    .orElse(0);
            assertThat(newEnd).isBetween(atLeast, offset);
        } else {
            assertThat(newEnd).isEqualTo(expected);
        }
        endsAt(newEnd);
        durableStart = Math.min(durableStart, start);
        log.beginEpoch(++epoch);
        if (isForgotten(firstProducer) || isForgotten(firstProducer + 1)) {
            firstProducer += 2;
        }
    }

    /**
     * Compaction keeps the last batch of a producer, and with it all that has to be known of him. When that batch is cut off, the
     * ones before it may have been compacted away: nobody knows them any more, unless a snapshot does. In a cluster that takes an
     * unclean election, for compaction stays below the high watermark.
     */
    private boolean isForgotten(long producer) {
        Batch last = lastOf(producer);
        return last != null && last.compactedAway;
    }

    private void endsAt(long newEnd) {
        end = newEnd;
        batches.removeIf(batch -> batch.lastOffset() >= newEnd);
        start = Math.min(start, newEnd);
        durableEnd = Math.min(durableEnd, newEnd);
    }

    void deleteRecords(double draw) throws IOException {
        start += (long) (draw * Math.max(0, highWatermark() - start));
        assertThat(log.deleteRecordsBefore(start)).isEqualTo(start);
        directory.checkpointLogStarts(List.of(log));
        durableStart = start;
    }

    void retain(double draw) throws IOException {
        long bytes = (long) (draw * 3000);
        log.reconfigure(config.withRetentionBytes(bytes));
        log.applyRetention(0, highWatermark());
        log.reconfigure(config);
        long now = log.view().logStartOffset();
        assertThat(now).isBetween(start, Math.max(start, highWatermark()));
        if (highWatermark() == end) {
            assertThat(log.view().sizeBytes()).isLessThan(bytes + SEGMENT_BYTES);
        }
        start = now;
    }

    void deleteFiles() throws IOException {
        directory.deletePending(steps);
        durableStart = start;
    }

    void compact() throws IOException {
        sync();
        LogCleaner cleaner = new LogCleaner(
                new CompactionPass.Limits(1 << 16, 0.9, 200),
                new CleaningThrottle(Double.MAX_VALUE),
                () -> Instant.ofEpochMilli(1_000_000));
        LogCleaner.Cleaned cleaned = cleaner.cleanNext(List.of(new LogCleaner.Candidate(
                directory, log, durableEnd, new LogCleaner.AppendThread() {
                    @Override
                    public <T> CompletableFuture<T> call(Callable<T> work) {
                        try {
                            return CompletableFuture.completedFuture(work.call());
                        } catch (Exception e) {
                            return CompletableFuture.failedFuture(e);
                        }
                    }
                })));
        if (cleaned != null) {
            Set<String> later = new HashSet<>();
            for (Batch batch : batches.reversed()) {
                if (batch.baseOffset < cleaned.endOffset()
                        && (batch.baseOffset < start
                                || !later.add(batch.entries.getFirst().key()))) {
                    batch.compactedAway = true;
                }
            }
        }
    }

    // ---- ends of processes

    private static LogDirectory openDirectory(SimulatedFileStore store) throws IOException {
        return LogDirectory.open(
                store,
                DATA,
                "cluster",
                1,
                LogDirectory.Options.defaults().withClock(() -> Instant.EPOCH).withSnapshotBytes(1));
    }

    private void open(SimulatedFileStore found) throws IOException {
        store = found;
        directory = openDirectory(found);
        log = directory.openOrCreate(PARTITION, config);
    }

    void reopen() throws IOException {
        directory.checkpointHighWatermarks(Map.of(PARTITION, end));
        directory.close();
        open(store);
        log.beginEpoch(++epoch);
        durableEnd = end;
        durableStart = start;
    }

    void kill() throws IOException {
        open(store.afterKill());
        assertThat(log.view().logEndOffset())
                .as("nothing written is lost with a process")
                .isEqualTo(end);
        believe();
    }

    void losePower(long seed) throws IOException {
        open(store.afterCrash(seed));
        assertThat(log.view().logEndOffset()).as("nothing durable is lost").isBetween(durableEnd, end);
        believe();
    }

    /** The log was recovered: what it shows is durable. */
    private void believe() throws IOException {
        LogView view = log.view();
        assertThat(view.logStartOffset())
                .as("what was deleted durably stays so")
                .isBetween(durableStart, Math.max(start, durableStart));
        start = view.logStartOffset();
        endsAt(view.logEndOffset());
        start = view.logStartOffset();
        if (view.logEndOffset() == start && batches.stream().allMatch(batch -> batch.lastOffset() < start)) {
            // It may have started over, and know its producers or not.
            batches.clear();
            firstProducer += 2;
        }
        durableStart = start;
        durableEnd = end;
        log.beginEpoch(++epoch);
    }

    /** The disk loses what it had promised to keep: such a log is refused, and no file is touched. */
    void damage(long seed) throws IOException {
        sync();
        checkpoint();
        boolean clean = seed % 2 == 0;
        if (clean) {
            reopen();
            directory.checkpointHighWatermarks(Map.of(PARTITION, end));
            directory.close();
        }
        SimulatedFileStore victim = store.afterKill();
        if (damage(victim, seed / 2 % 5)) {
            SimulatedFileStore before = victim.afterKill();
            LogDirectory refusing = openDirectory(before);
            assertThatThrownBy(() -> refusing.openOrCreate(PARTITION, config))
                    .isInstanceOfSatisfying(CorruptLogException.class, refused -> {
                        assertThat(refused.position()).isGreaterThanOrEqualTo(0);
                        assertThat(refused.offset()).isGreaterThanOrEqualTo(0);
                    });
        }
        open(store.afterKill());
        believe();
    }

    /** Whether there was something to damage. */
    private boolean damage(SimulatedFileStore victim, long kind) throws IOException {
        if (kind == 3) {
            CheckpointText.replace(
                    victim,
                    DATA.resolve("replication-offset-checkpoint"),
                    CheckpointText.encode(List.of("orders 0 " + (end + 3))));
            return config.durability() instanceof Durability.Sync
                    || victim.exists(DATA.resolve(".kafka_cleanshutdown"));
        }
        Path last = victim.list(DATA.resolve(PARTITION.directoryName())).stream()
                .filter(file -> file.toString().endsWith(".log"))
                .max(java.util.Comparator.naturalOrder())
                .orElseThrow();
        try (StoreFile file = victim.open(last, OpenMode.READ_WRITE)) {
            ByteBuffer content = ByteBuffer.allocate((int) file.size());
            file.read(content, 0);
            int size = 0;
            int beforeLastAt = -1;
            int lastAt = 0;
            while (size < content.position()
                    && content.getInt(size + BatchLayout.LENGTH_AT) > 0) { // zeros were made ahead
                beforeLastAt = size > 0 ? lastAt : -1;
                lastAt = size;
                size += RecordBatch.sizeInBytes(content, size);
            }
            if (size == 0 || RecordBatch.lastOffset(content, lastAt) < start) {
                return false;
            }
            if (kind == 4) { // what lies before the last index entry is not looked at
                if (beforeLastAt < lastIndexedAt(victim, last)) {
                    return false;
                }
                victim.corrupt(last, beforeLastAt + 8L, 0x40);
                return true;
            }
            switch ((int) kind) {
                case 0 -> file.truncate(lastAt);
                case 1 -> file.truncate(Math.min(lastAt + 70, size - 1)); // a batch without records is shorter
                default -> victim.corrupt(last, lastAt + 8L, 0x40); // the length of the last batch
            }
            file.sync();
            return true;
        }
    }

    /** Where the batch begins that the last entry of a segment's index points to; 0 when it has none. */
    private static int lastIndexedAt(SimulatedFileStore store, Path segment) throws IOException {
        Path index = segment.resolveSibling(
                segment.getFileName().toString().replace(SegmentNames.LOG, SegmentNames.OFFSET_INDEX));
        if (!store.exists(index)) {
            return 0;
        }
        try (StoreFile file = store.open(index, OpenMode.READ_ONLY)) {
            ByteBuffer entries = ByteBuffer.allocate((int) file.size());
            file.read(entries, 0);
            return entries.position() == 0 ? 0 : entries.getInt(entries.position() - Integer.BYTES);
        }
    }

    // ---- the comparison

    private void check() throws IOException, OffsetOutOfRangeException {
        LogView view = log.view();
        assertThat(view.logStartOffset()).as("log start").isEqualTo(start);
        assertThat(view.logEndOffset()).as("log end").isEqualTo(end);
        List<Entry> expected = batches.stream()
                .filter(batch -> !batch.compactedAway)
                .flatMap(batch -> batch.entries.stream())
                .filter(entry -> entry.offset() >= start)
                .toList();
        SplittableRandom random = new SplittableRandom(steps);
        assertThat(read(view, start, random.nextInt(1, 1200))).as("all records").isEqualTo(expected);
        long from = random.nextLong(start, end + 1);
        assertThat(read(view, from, 1 << 20))
                .as("records from %d", from)
                .isEqualTo(expected.stream()
                        .filter(entry -> entry.offset() >= from)
                        .toList());
        long time = 1000 + random.nextLong(-1, nextValue / 2 + 2);
        Optional<Entry> first =
                expected.stream().filter(entry -> entry.timestamp() >= time).findFirst();
        assertThat(LogReader.offsetForTimestamp(view, time, view.end()).map(TimestampedOffset::offset))
                .as("first at or after %d", time)
                .isEqualTo(first.map(Entry::offset));
    }

    private static List<Entry> read(LogView view, long from, int maxBytes)
            throws IOException, OffsetOutOfRangeException {
        List<Entry> entries = new ArrayList<>();
        long next = from;
        while (next < view.logEndOffset()) {
            ByteBuffer bytes;
            try (FetchedSlices slices = LogReader.read(view, next, view.end(), maxBytes, true)) {
                bytes = bytes(slices);
            }
            assertThat(bytes.hasRemaining())
                    .as("there is a batch up to the end")
                    .isTrue();
            for (int at = 0; at < bytes.limit(); at += RecordBatch.sizeInBytes(bytes, at)) {
                assertThat(RecordBatch.crcMatches(bytes, at)).isTrue();
                try (RecordCursor records = RecordCursor.open(bytes, at)) {
                    while (records.next()) {
                        if (records.offset() >= from) {
                            entries.add(new Entry(
                                    records.offset(), text(records.key()), text(records.value()), records.timestamp()));
                        }
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
                case FetchedSlices.FileSlice(StoreFile file, long position, int length) -> {
                    ByteBuffer run = ByteBuffer.allocate(length);
                    file.read(run, position);
                    all.put(run.flip());
                }
            }
        }
        return all.flip();
    }

    private static String text(@Nullable ByteBuffer bytes) {
        return bytes == null
                ? "none"
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
