package io.odradek.engine.writepath;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Files of another store, with syncs that only note what they would have made durable: the length at which the sync began.
 * Syncs can be made to wait and to fail, appends to fail.
 */
final class WatchedStore implements FileStore {
    private final FileStore files;
    private final Map<Path, AtomicLong> durableBytes = new ConcurrentHashMap<>();
    private volatile @Nullable CountDownLatch gate;
    private volatile @Nullable IOException syncFailure;
    private volatile @Nullable IOException appendFailure;
    final Semaphore syncsBegun = new Semaphore(0);

    WatchedStore(FileStore files) {
        this.files = files;
    }

    /** Syncs of log files that begin from now on wait for the latch. */
    CountDownLatch holdSyncs() {
        CountDownLatch held = new CountDownLatch(1);
        gate = held;
        return held;
    }

    void letSyncsPass() {
        CountDownLatch held = gate;
        gate = null;
        if (held != null) {
            held.countDown();
        }
    }

    void failSyncs() {
        syncFailure = new IOException("injected: sync");
    }

    void failAppends() {
        appendFailure = new IOException("injected: append");
    }

    void heal() {
        syncFailure = null;
        appendFailure = null;
    }

    /** Bytes of the file that a finished sync found written when it began. */
    long durableBytes(Path file) {
        AtomicLong durable = durableBytes.get(file);
        return durable == null ? 0 : durable.get();
    }

    @Override
    public StoreFile open(Path file, OpenMode mode) throws IOException {
        return new WatchedFile(files.open(file, mode));
    }

    @Override
    public boolean exists(Path path) {
        return files.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return files.isDirectory(path);
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        return files.list(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        files.createDirectories(directory);
    }

    @Override
    public void delete(Path path) throws IOException {
        files.delete(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        files.rename(from, to);
    }

    @Override
    public void syncDirectory(Path directory) {}

    @Override
    public boolean canSyncFileSystem(Path directory) {
        return false;
    }

    @Override
    public void syncFileSystem(Path directory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long fileSystemId(Path path) throws IOException {
        return files.fileSystemId(path);
    }

    @Override
    public @Nullable IOException syncFailure(Path directory) {
        return null;
    }

    @Override
    public AutoCloseable lock(Path lockFile) throws IOException {
        return files.lock(lockFile);
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return files.usableBytes(directory);
    }

    @Override
    public long totalBytes(Path directory) throws IOException {
        return files.totalBytes(directory);
    }

    private final class WatchedFile implements StoreFile {
        private final StoreFile file;

        WatchedFile(StoreFile file) {
            this.file = file;
        }

        @Override
        public Path path() {
            return file.path();
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return file.read(target, position);
        }

        @Override
        public void append(ByteBuffer[] sources, int count) throws IOException {
            IOException failure = appendFailure;
            if (failure != null) {
                throw failure;
            }
            file.append(sources, count);
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            file.write(source, position);
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            file.truncate(sizeBytes);
        }

        @Override
        public void sync() throws IOException {
            long written = file.size();
            if (path().toString().endsWith(".log")) {
                syncsBegun.release();
                CountDownLatch held = gate;
                if (held != null) {
                    try {
                        held.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                }
                IOException failure = syncFailure;
                if (failure != null) {
                    throw failure;
                }
            }
            durableBytes.computeIfAbsent(path(), p -> new AtomicLong()).accumulateAndGet(written, Math::max);
        }

        @Override
        public long fileSystemId() {
            return file.fileSystemId();
        }

        @Override
        public ByteBuffer map(long sizeBytes) throws IOException {
            return file.map(sizeBytes);
        }

        @Override
        public @Nullable FileChannel transferChannel() {
            return file.transferChannel();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
