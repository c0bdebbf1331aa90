package io.odradek.engine;

import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The real disk, until told to fail; counts what is opened and closed. */
final class FaultyStore implements FileStore {
    private final DiskFileStore disk = new DiskFileStore();
    /** Bytes that appends may still write; then the disk is full, in the middle of one. */
    long freeBytes = Long.MAX_VALUE;

    int openFiles;

    @Override
    public StoreFile open(Path file, OpenMode mode) throws IOException {
        if (mode == OpenMode.CREATE_NEW && freeBytes == 0) {
            throw new IOException("No space left on device");
        }
        StoreFile opened = disk.open(file, mode);
        openFiles++;
        return new Faulty(opened);
    }

    private final class Faulty implements StoreFile {
        private final StoreFile file;
        private boolean closed;

        Faulty(StoreFile file) {
            this.file = file;
        }

        @Override
        public Path path() {
            return file.path();
        }

        @Override
        public long fileSystemId() {
            return file.fileSystemId();
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
            for (int i = 0; i < count; i++) {
                ByteBuffer source = sources[i];
                if (source.remaining() > freeBytes) {
                    ByteBuffer part = source.duplicate();
                    part.limit(part.position() + (int) freeBytes);
                    freeBytes = 0;
                    file.append(new ByteBuffer[] {part}, 1);
                    throw new IOException("No space left on device");
                }
                freeBytes -= source.remaining();
                file.append(new ByteBuffer[] {source}, 1);
            }
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
            file.sync();
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
            if (!closed) {
                closed = true;
                openFiles--;
            }
            file.close();
        }
    }

    @Override
    public boolean exists(Path path) {
        return disk.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return disk.isDirectory(path);
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        return disk.list(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        disk.createDirectories(directory);
    }

    @Override
    public void delete(Path path) throws IOException {
        disk.delete(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        disk.syncDirectory(directory);
    }

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
        return disk.fileSystemId(path);
    }

    @Override
    public @Nullable IOException syncFailure(Path directory) {
        return disk.syncFailure(directory);
    }

    @Override
    public AutoCloseable lock(Path lockFile) throws IOException {
        return disk.lock(lockFile);
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return disk.usableBytes(directory);
    }

    @Override
    public long totalBytes(Path directory) throws IOException {
        return disk.totalBytes(directory);
    }
}
