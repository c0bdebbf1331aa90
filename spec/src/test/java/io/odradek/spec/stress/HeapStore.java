package io.odradek.spec.stress;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Files on the heap, made thousands of times per second, that know who uses them after they were closed. One file's bytes change
 * under its lock, as a kernel changes them under its own; nothing else is ordered.
 */
public final class HeapStore implements FileStore {
    private final ConcurrentSkipListMap<Path, Content> files = new ConcurrentSkipListMap<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger wronglyUsed = new AtomicInteger();

    private static final class Content {
        private byte[] bytes = new byte[0]; // guarded by this
    }

    /** Openings that were not closed yet. */
    public int openFiles() {
        return open.get();
    }

    /** How often somebody used, or closed, what was closed. */
    public int wronglyUsed() {
        return wronglyUsed.get();
    }

    @Override
    public StoreFile open(Path file, OpenMode mode) throws IOException {
        Content fresh = new Content();
        Content found = mode == OpenMode.READ_ONLY ? files.get(file) : files.putIfAbsent(file, fresh);
        if (mode == OpenMode.CREATE_NEW && found != null) {
            throw new FileAlreadyExistsException(file.toString());
        }
        if (mode == OpenMode.READ_ONLY && found == null) {
            throw new NoSuchFileException(file.toString());
        }
        open.incrementAndGet();
        return new Opening(file, found == null ? fresh : found);
    }

    private final class Opening implements StoreFile {
        private final Path path;
        private final Content content;
        private final AtomicBoolean closed = new AtomicBoolean();
        /** Where the next append goes in a preallocated file; -1: at its end. The writing thread's. */
        private long appendAt = -1;

        Opening(Path path, Content content) {
            this.path = path;
            this.content = content;
        }

        private void requireOpen() throws ClosedChannelException {
            if (closed.get()) {
                wronglyUsed.incrementAndGet();
                throw new ClosedChannelException();
            }
        }

        @Override
        public Path path() {
            return path;
        }

        @Override
        public long size() throws IOException {
            requireOpen();
            synchronized (content) {
                return content.bytes.length;
            }
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            requireOpen();
            synchronized (content) {
                int length = (int) Math.max(0, Math.min(target.remaining(), content.bytes.length - position));
                if (length > 0) {
                    target.put(content.bytes, (int) position, length);
                }
                return length;
            }
        }

        @Override
        public void preallocate(long sizeBytes) throws IOException {
            requireOpen();
            synchronized (content) {
                if (sizeBytes > content.bytes.length) {
                    appendAt = appendAt < 0 ? content.bytes.length : appendAt;
                    content.bytes = Arrays.copyOf(content.bytes, (int) sizeBytes);
                }
            }
        }

        @Override
        public void append(ByteBuffer[] sources, int count) throws IOException {
            for (int i = 0; i < count; i++) {
                long at = appendAt < 0 ? size() : appendAt;
                int bytes = sources[i].remaining();
                put(sources[i], at);
                appendAt = appendAt < 0 ? -1 : at + bytes;
            }
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            appendAt = -1;
            put(source, position);
        }

        private void put(ByteBuffer source, long position) throws IOException {
            requireOpen();
            synchronized (content) {
                int end = (int) position + source.remaining();
                if (end > content.bytes.length) {
                    content.bytes = Arrays.copyOf(content.bytes, end);
                }
                source.get(content.bytes, (int) position, source.remaining());
            }
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            requireOpen();
            appendAt = -1;
            synchronized (content) {
                if (sizeBytes < content.bytes.length) {
                    content.bytes = Arrays.copyOf(content.bytes, (int) sizeBytes);
                }
            }
        }

        @Override
        public void sync() throws IOException {
            requireOpen();
        }

        @Override
        public long fileSystemId() {
            return 1;
        }

        @Override
        public ByteBuffer map(long sizeBytes) throws IOException {
            requireOpen();
            synchronized (content) {
                return ByteBuffer.wrap(Arrays.copyOf(content.bytes, (int) sizeBytes))
                        .asReadOnlyBuffer();
            }
        }

        @Override
        public @Nullable FileChannel transferChannel() {
            return null;
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                open.decrementAndGet();
            } else {
                wronglyUsed.incrementAndGet();
            }
        }
    }

    @Override
    public boolean exists(Path path) {
        return files.containsKey(path);
    }

    /** What is no file: directories are not kept. */
    @Override
    public boolean isDirectory(Path path) {
        return !exists(path);
    }

    @Override
    public @Nullable Status status(Path path) {
        Content content = files.get(path);
        if (content == null) {
            return null;
        }
        synchronized (content) {
            return new Status(false, content.bytes.length, 0);
        }
    }

    @Override
    public List<Path> list(Path directory) {
        return files.keySet().stream()
                .filter(file -> directory.equals(file.getParent()))
                .toList();
    }

    @Override
    public void createDirectories(Path directory) {}

    @Override
    public void delete(Path path) throws IOException {
        if (files.remove(path) == null) {
            throw new NoSuchFileException(path.toString());
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Content moved = files.remove(from);
        if (moved == null) {
            throw new NoSuchFileException(from.toString());
        }
        files.put(to, moved);
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
    public long fileSystemId(Path path) {
        return 1;
    }

    @Override
    public @Nullable IOException syncFailure(Path directory) {
        return null;
    }

    @Override
    public AutoCloseable lock(Path lockFile) {
        return () -> {};
    }

    @Override
    public long lastModifiedMs(Path file) {
        return 0;
    }

    @Override
    public void setLastModified(Path file, long ms) {}

    @Override
    public long usableBytes(Path directory) {
        return Long.MAX_VALUE;
    }

    @Override
    public long totalBytes(Path directory) {
        return Long.MAX_VALUE;
    }
}
