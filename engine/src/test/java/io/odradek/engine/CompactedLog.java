package io.odradek.engine;

import io.odradek.engine.LogCleaner.Candidate;
import io.odradek.engine.compaction.CleaningThrottle;
import io.odradek.engine.compaction.CompactionPass;
import io.odradek.engine.io.DelegatingFileStore;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A compacted log, its cleaner, and a list of every record that was ever written to it: what stays follows from that. */
final class CompactedLog implements AutoCloseable {
    static final TopicPartition PARTITION = new TopicPartition("prices", new UUID(3, 5), 0);
    static final int EPOCH = 4;

    /** One record, as written and as read. */
    record Entry(long offset, String key, @Nullable String value, long timestamp) {}

    final Hooked store = new Hooked(new DiskFileStore());
    final Path root;
    /** Behind the times at which the file system says that files were changed. */
    long nowMs = 4_000_000_000_000L;

    final InstantSource clock = () -> Instant.ofEpochMilli(nowMs);
    LogDirectory directory;
    PartitionLog log;
    LogCleaner cleaner;
    CleaningThrottle throttle = new CleaningThrottle(Double.MAX_VALUE);
    /** Every record below the log's end, dirty and clean. */
    final List<Entry> written = new ArrayList<>();
    /** Runs before each piece of work on the append thread; the number of pieces so far is given. */
    BeforeWork beforeWork = _ -> {};

    private int works;
    private LogConfig config;

    interface BeforeWork {
        void work(int number) throws IOException;
    }

    /** Tells of renames and syncs of directories. */
    static final class Hooked extends DelegatingFileStore {
        interface Hook {
            void before(String operation, Path path) throws IOException;
        }

        Hook hook = (_, _) -> {};

        Hooked(FileStore store) {
            super(store);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            hook.before("rename", to);
            super.rename(from, to);
        }

        @Override
        public void syncDirectory(Path directory) throws IOException {
            hook.before("syncDirectory", directory);
            super.syncDirectory(directory);
        }

        @Override
        public StoreFile open(Path file, OpenMode mode) throws IOException {
            hook.before("open", file);
            return super.open(file, mode);
        }
    }

    CompactedLog(LogConfig config) throws IOException {
        this(config, 1 << 20);
    }

    CompactedLog(LogConfig config, long mapBytes) throws IOException {
        this.config = config;
        Path memory = Path.of("/dev/shm");
        this.root = Files.isWritable(memory)
                ? Files.createTempDirectory(memory, "odradek-compacted")
                : Files.createTempDirectory("odradek-compacted");
        this.directory = LogDirectory.open(
                store,
                root.resolve("run0"),
                "cluster",
                1,
                LogDirectory.Options.defaults().withClock(clock));
        this.log = directory.openOrCreate(PARTITION, config);
        this.cleaner = cleaner(mapBytes);
        log.beginEpoch(EPOCH);
    }

    LogCleaner cleaner(long mapBytes) {
        return new LogCleaner(new CompactionPass.Limits(mapBytes, 0.9, 256), throttle, clock);
    }

    /** Segments of some batches, an index entry for nearly each. */
    static LogConfig config() {
        return LogConfig.defaults()
                .withSegmentBytes(600)
                .withIndexIntervalBytes(60)
                .withCompact(true)
                .withDelete(false)
                .withMinCleanableDirtyRatio(0.01)
                .withDeleteRetentionMs(1000)
                .withFileDeleteDelayMs(0);
    }

    /** One batch of one record; null deletes the key. */
    void put(String key, @Nullable String value) throws IOException {
        put(new BatchBuilder(), List.of(new Entry(-1, key, value, nowMs)));
    }

    /** One batch. */
    void put(BatchBuilder batch, List<Entry> entries) throws IOException {
        long next = log.view().logEndOffset();
        for (Entry entry : entries) {
            batch.add(entry.timestamp(), bytes(entry.key()), bytes(entry.value()));
            written.add(new Entry(next++, entry.key(), entry.value(), entry.timestamp()));
        }
        append(batch.build());
    }

    void append(ValidatedBatch batch) throws IOException {
        AppendOutcome outcome = log.stage(batch, log.view().latestEpoch(), nowMs);
        if (!(outcome instanceof AppendOutcome.Appended)) {
            throw new AssertionError(outcome.toString());
        }
        log.writeStaged();
    }

    private static byte @Nullable [] bytes(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    void sync() throws IOException {
        long end = log.view().logEndOffset();
        for (StoreFile file : log.takeDirtyFiles()) {
            file.sync();
        }
        log.synced(end);
    }

    LogCleaner.@Nullable Cleaned clean() {
        return clean(log.view().logEndOffset());
    }

    LogCleaner.@Nullable Cleaned clean(long stableOffset) {
        return cleaner.cleanNext(List.of(candidate(stableOffset)));
    }

    Candidate candidate(long stableOffset) {
        return new Candidate(directory, log, stableOffset, new LogCleaner.AppendThread() {
            @Override
            public <T> CompletableFuture<T> call(Callable<T> work) {
                try {
                    beforeWork.work(++works);
                    return CompletableFuture.completedFuture(work.call());
                } catch (Exception e) {
                    return CompletableFuture.failedFuture(e);
                }
            }
        });
    }

    /** What has to be left when everything below {@code end} was compacted. */
    List<Entry> expected(long end) {
        Map<String, Long> last = new HashMap<>();
        for (Entry entry : written) {
            if (entry.offset() < end) {
                last.put(entry.key(), entry.offset());
            }
        }
        return written.stream()
                .filter(entry ->
                        entry.offset() >= end || Long.valueOf(entry.offset()).equals(last.get(entry.key())))
                .toList();
    }

    List<Entry> read() throws IOException, OffsetOutOfRangeException {
        return read(log.view());
    }

    /** Everything the view has, by one fetch after the other. */
    static List<Entry> read(LogView view) throws IOException, OffsetOutOfRangeException {
        List<Entry> all = new ArrayList<>();
        long next = view.logStartOffset();
        while (next < view.logEndOffset()) {
            ByteBuffer bytes;
            try (FetchedSlices slices = LogReader.read(view, next, view.end(), 300, true)) {
                bytes = ByteBuffer.wrap(TemporaryLog.bytes(slices));
            }
            if (!bytes.hasRemaining()) {
                break;
            }
            for (int at = 0; at < bytes.limit(); at += RecordBatch.sizeInBytes(bytes, at)) {
                if (!RecordBatch.crcMatches(bytes, at)) {
                    throw new AssertionError("batch at " + RecordBatch.baseOffset(bytes, at) + " has a wrong CRC");
                }
                for (Entry entry : entries(bytes, at)) {
                    if (entry.offset() >= next) {
                        all.add(entry);
                    }
                }
                next = RecordBatch.nextOffset(bytes, at);
            }
        }
        return all;
    }

    private static List<Entry> entries(ByteBuffer bytes, int at) throws IOException {
        List<Entry> entries = new ArrayList<>();
        if (RecordBatch.isControl(bytes, at)) {
            return entries;
        }
        try (RecordCursor records = RecordCursor.open(bytes, at)) {
            while (records.next()) {
                entries.add(new Entry(
                        records.offset(),
                        String.valueOf(text(records.key())),
                        text(records.value()),
                        records.timestamp()));
            }
        }
        return entries;
    }

    private static @Nullable String text(@Nullable ByteBuffer bytes) {
        return bytes == null
                ? null
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    /** Names in the log's directory that end so. */
    List<String> files(String suffix) throws IOException {
        try (Stream<Path> files = Files.list(log.directory())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(suffix))
                    .sorted()
                    .toList();
        }
    }

    void reopenCleanly() throws IOException {
        directory.close();
        open(directory.path());
    }

    /** The process dies: another one finds the files as they are now. */
    void crash() throws IOException {
        Path copy = root.resolve("run" + UUID.randomUUID());
        try (Stream<Path> files = Files.walk(directory.path())) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, copy.resolve(directory.path().relativize(file).toString()));
            }
        }
        directory.close();
        open(copy);
    }

    private void open(Path path) throws IOException {
        directory = LogDirectory.open(
                store, path, "cluster", 1, LogDirectory.Options.defaults().withClock(clock));
        log = directory.openOrCreate(PARTITION, config);
    }

    void reconfigure(LogConfig changed) {
        config = changed;
        log.reconfigure(changed);
    }

    @Override
    public void close() throws IOException {
        directory.close();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
