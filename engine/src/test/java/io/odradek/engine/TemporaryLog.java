package io.odradek.engine;

import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.record.KafkaBatches;
import io.odradek.engine.record.ValidatedBatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.UUID;
import org.apache.kafka.common.compress.Compression;

/** One log in a directory of its own that is deleted at the end. */
public final class TemporaryLog implements AutoCloseable {
    public static final TopicPartition PARTITION = new TopicPartition("orders", new UUID(7, 11), 3);
    public static final int EPOCH = 5;

    public final DiskFileStore store = new DiskFileStore();
    private final Path root;
    private int runs;
    public Path path;
    public LogDirectory directory;
    public PartitionLog log;
    private LogConfig config;

    public TemporaryLog(LogConfig config) throws IOException {
        this.config = config;
        // Nothing here depends on a real disk, and thousands of syncs would only cost time.
        Path memory = Path.of("/dev/shm");
        this.root = Files.isWritable(memory)
                ? Files.createTempDirectory(memory, "odradek-log")
                : Files.createTempDirectory("odradek-log");
        this.path = root.resolve("run0");
        this.directory = LogDirectory.open(store, path, "cluster", 1);
        this.log = directory.openOrCreate(PARTITION, config);
        log.beginEpoch(EPOCH);
    }

    /** Small segments and a dense index. */
    public static LogConfig smallSegments(int segmentBytes) {
        return LogConfig.defaults().withSegmentBytes(segmentBytes).withIndexIntervalBytes(100);
    }

    public static ValidatedBatch batch(int records, int valueBytes, long timestamp) {
        return KafkaBatches.of(
                Collections.nCopies(records, "v".repeat(valueBytes)),
                java.util.stream.LongStream.range(0, records)
                        .map(i -> timestamp + i)
                        .boxed()
                        .toList(),
                Compression.NONE);
    }

    /** Stages and writes one batch; returns its bytes as they are in the log. */
    public byte[] append(ValidatedBatch batch, long nowMs) throws IOException {
        AppendOutcome outcome = log.stage(batch, log.view().latestEpoch(), nowMs);
        if (!(outcome instanceof AppendOutcome.Appended)) {
            throw new AssertionError(outcome.toString());
        }
        byte[] stored = bytes(batch.bytes().duplicate().rewind());
        log.writeStaged();
        return stored;
    }

    /** What a sync thread would do. */
    public void sync() throws IOException {
        long end = log.view().logEndOffset();
        for (var file : log.takeDirtyFiles()) {
            file.sync();
        }
        log.synced(end);
    }

    public void reopenCleanly() throws IOException {
        directory.close();
        directory = LogDirectory.open(store, path, "cluster", 1);
        log = directory.openOrCreate(PARTITION, config);
    }

    /** The process dies: another one finds the files as they are now. */
    public void crash() throws IOException {
        Path copy = copyFiles();
        directory.close();
        path = copy;
        directory = LogDirectory.open(store, path, "cluster", 1);
        log = directory.openOrCreate(PARTITION, config);
    }

    /** The files as they are now, without the lock, in a directory of their own. */
    public Path copyFiles() throws IOException {
        Path to = root.resolve("run" + ++runs);
        try (var files = Files.walk(path)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(path.relativize(file).toString()));
            }
        }
        return to;
    }

    public Path logFiles() {
        return path.resolve(PARTITION.directoryName());
    }

    public void reconfigure(LogConfig changed) {
        config = changed;
        log.reconfigure(changed);
    }

    public LogConfig config() {
        return config;
    }

    public static byte[] bytes(FetchedSlices slices) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (FetchedSlices.Slice slice : slices.slices()) {
            switch (slice) {
                case MemorySlice(ByteBuffer memory) -> all.writeBytes(bytes(memory.duplicate()));
                case FileSlice(var file, long position, int length) -> {
                    ByteBuffer read = ByteBuffer.allocate(length);
                    if (file.read(read, position) != length) {
                        throw new AssertionError("slice of " + length + " bytes at " + position + " is not there");
                    }
                    all.writeBytes(read.array());
                }
            }
        }
        return all.toByteArray();
    }

    public static byte[] bytes(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.get(copy);
        return copy;
    }

    @Override
    public void close() {
        try {
            directory.close();
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(
                        Path visited, @org.jspecify.annotations.Nullable IOException e) throws IOException {
                    Files.delete(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
