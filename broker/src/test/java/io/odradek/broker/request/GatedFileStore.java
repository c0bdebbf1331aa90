package io.odradek.broker.request;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The real store, whose syncs of log files can be held back or made to fail. */
final class GatedFileStore implements FileStore {
    private final FileStore real;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean held;
    private boolean failing;
    private int waiting;

    GatedFileStore(FileStore real) {
        this.real = real;
    }

    void holdSyncs() {
        change(() -> held = true);
    }

    void letSyncsGo() {
        change(() -> held = false);
    }

    void failSyncs() {
        change(() -> failing = true);
    }

    void awaitHeldSync() throws InterruptedException {
        lock.lock();
        try {
            while (waiting == 0) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void gate() throws IOException {
        lock.lock();
        try {
            waiting++;
            changed.signalAll();
            while (held) {
                changed.awaitUninterruptibly();
            }
            waiting--;
            if (failing) {
                throw new IOException("sync was made to fail");
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public StoreFile open(Path file, OpenMode mode) throws IOException {
        StoreFile opened = real.open(file, mode);
        return file.toString().endsWith(".log") ? new GatedFile(opened) : opened;
    }

    @Override
    public boolean exists(Path path) {
        return real.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return real.isDirectory(path);
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        return real.list(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        real.createDirectories(directory);
    }

    @Override
    public void delete(Path path) throws IOException {
        real.delete(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        real.rename(from, to);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        real.syncDirectory(directory);
    }

    @Override
    public boolean canSyncFileSystem(Path directory) {
        return false;
    }

    @Override
    public void syncFileSystem(Path directory) throws IOException {
        gate();
        real.syncFileSystem(directory);
    }

    @Override
    public long fileSystemId(Path path) throws IOException {
        return real.fileSystemId(path);
    }

    @Override
    public @Nullable IOException syncFailure(Path directory) {
        return real.syncFailure(directory);
    }

    @Override
    public AutoCloseable lock(Path lockFile) throws IOException {
        return real.lock(lockFile);
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return real.usableBytes(directory);
    }

    @Override
    public long totalBytes(Path directory) throws IOException {
        return real.totalBytes(directory);
    }

    private final class GatedFile implements StoreFile {
        private final StoreFile file;

        GatedFile(StoreFile file) {
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
            gate();
            file.sync();
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
