package io.odradek.engine.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file behind a {@link FileChannel}. */
final class DiskFile implements StoreFile {
    /** A buffer up to this size is cheaper to copy than to pass to the kernel as one of many. */
    private static final int COPIED_UP_TO = 1024;

    /** So many in a row, unless nothing else follows, are worth a write of their own. */
    private static final int COPIED_FROM = 8;

    private static final int COPY_BYTES = 64 << 10;
    private static final ThreadLocal<ByteBuffer> COPY =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(COPY_BYTES));

    private final Path path;
    private final FileChannel channel;
    private final long fileSystemId;
    private final SyncFailures failures;

    /** {@link #path}, absolute and normalized: what {@link #failures} knows it by. */
    private final Path failureKey;

    /**
     * Whether the channel's own position is where the next append goes, as each append leaves it: the end of the file, or of
     * what was appended to a preallocated one. Spares an fstat and an lseek per append. Confined to the writing thread. A
     * gathering write has no positional form in Java, and O_APPEND is no way out: on Linux it turns the positional {@link
     * #write} into an append as well (pwrite(2), BUGS).
     */
    private boolean positioned;

    /** Held while syncing; not the monitor of this, which mapping and closing take. */
    private final Object syncing = new Object();

    /** Set once, by the first sync that failed. */
    private volatile @Nullable IOException syncFailure;

    /** Holds the mappings; made by the first. Guarded by this. */
    private @Nullable Arena mappings;

    /** Guarded by this. */
    private boolean closed;

    DiskFile(Path path, FileChannel channel, long fileSystemId, SyncFailures failures) {
        this.path = path;
        this.channel = channel;
        this.fileSystemId = fileSystemId;
        this.failures = failures;
        this.failureKey = path.toAbsolutePath().normalize();
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public long fileSystemId() {
        return fileSystemId;
    }

    @Override
    public long size() throws IOException {
        throwIfSyncFailed();
        try {
            return channel.size();
        } catch (IOException e) {
            throw explained("cannot tell the size of " + path, e);
        }
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
        throwIfSyncFailed();
        int total = 0;
        try {
            while (target.hasRemaining()) {
                int read = channel.read(target, position + total);
                if (read < 0) {
                    break;
                }
                total += read;
            }
            return total;
        } catch (IOException e) {
            throw explained("cannot read " + path + " at byte " + (position + total), e);
        }
    }

    @Override
    public void preallocate(long sizeBytes) throws IOException {
        throwIfSyncFailed();
        try {
            long end = channel.size();
            if (sizeBytes > end) {
                positioned = false;
                // The only way in which a FileChannel lengthens a file; what lies before is a hole.
                channel.write(ByteBuffer.allocate(1), sizeBytes - 1);
                channel.position(end);
                positioned = true;
            }
        } catch (IOException e) {
            throw explained("cannot make " + path + " " + sizeBytes + " bytes long", e);
        }
    }

    @Override
    public void append(ByteBuffer[] sources, int count) throws IOException {
        throwIfSyncFailed();
        long at = -1;
        try {
            if (!positioned) {
                channel.position(channel.size());
            }
            positioned = false; // until all of it is written
            int first = 0;
            while (first < count) {
                int copied = writeCopied(sources, first, count);
                if (copied > first) {
                    first = copied;
                    continue;
                }
                // Each may write less than it was given, and a gathering one takes at most IOV_MAX buffers: hence the
                // loop.
                if (first == count - 1) {
                    channel.write(sources[first]); // spares the vector of one
                } else {
                    channel.write(sources, first, count - first);
                }
                while (first < count && !sources[first].hasRemaining()) {
                    first++;
                }
            }
            positioned = true;
        } catch (IOException e) {
            try {
                at = channel.isOpen() ? channel.position() : -1;
            } catch (IOException noPosition) {
                e.addSuppressed(noPosition);
            }
            throw explained("cannot append to " + path + " at byte " + at, e);
        }
    }

    /** Writes the small ones among the next buffers at once; returns the first that is left. */
    private int writeCopied(ByteBuffer[] sources, int first, int count) throws IOException {
        int end = first;
        int bytes = 0;
        while (end < count
                && sources[end].remaining() <= COPIED_UP_TO
                && bytes + sources[end].remaining() <= COPY_BYTES) {
            bytes += sources[end].remaining();
            end++;
        }
        if (end - first < (end == count ? 2 : COPIED_FROM)) {
            return first;
        }
        ByteBuffer copy = COPY.get().clear();
        for (int i = first; i < end; i++) {
            copy.put(sources[i]);
        }
        copy.flip();
        while (copy.hasRemaining()) {
            channel.write(copy);
        }
        return end;
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
        throwIfSyncFailed();
        positioned = false;
        long at = position;
        try {
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        } catch (IOException e) {
            throw explained("cannot write to " + path + " at byte " + at, e);
        }
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
        throwIfSyncFailed();
        positioned = false;
        try {
            channel.truncate(sizeBytes);
        } catch (IOException e) {
            throw explained("cannot truncate " + path + " to " + sizeBytes + " bytes", e);
        }
    }

    /** One at a time: the kernel tells of an error once, and a second caller must not slip in before it is remembered. */
    @Override
    public void sync() throws IOException {
        synchronized (syncing) {
            throwIfSyncFailed();
            failures.check(failureKey);
            if (!channel.isOpen()) {
                throw new ClosedChannelException(); // nothing was asked of the kernel, nothing can have been lost
            }
            try {
                channel.force(false);
            } catch (IOException e) {
                // Closed or interrupted in the middle counts as failed: the channel then hides what fdatasync answered.
                IOException failure = explained(
                        "cannot sync " + path + "; its unsynced data may be lost, the log directory has to go offline",
                        e);
                syncFailure = failure;
                throw failures.record(failureKey, failure);
            }
        }
    }

    @Override
    public synchronized ByteBuffer map(long sizeBytes) throws IOException {
        throwIfSyncFailed();
        if (closed) {
            throw new ClosedChannelException();
        }
        if (sizeBytes < 0 || sizeBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("cannot map " + sizeBytes + " bytes of " + path);
        }
        // FileChannel.map would lengthen a writable file.
        if (sizeBytes > channel.size()) {
            throw new IOException("cannot map " + sizeBytes + " bytes of " + path + ", it has " + channel.size());
        }
        if (mappings == null) {
            mappings = Arena.ofShared();
        }
        try {
            MemorySegment mapped = channel.map(MapMode.READ_ONLY, 0, sizeBytes, mappings);
            return mapped.asByteBuffer();
        } catch (IOException e) {
            throw explained("cannot map " + sizeBytes + " bytes of " + path, e);
        }
    }

    @Override
    public @Nullable FileChannel transferChannel() {
        return syncFailure == null ? channel : null;
    }

    /**
     * Unmaps as well; a buffer used later throws {@link IllegalStateException}. One that is being used by a system call at
     * this moment makes this throw it instead, since unmapping would crash the process: the file was closed too early.
     */
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            channel.close();
        } finally {
            if (mappings != null) {
                mappings.close();
            }
        }
    }

    private void throwIfSyncFailed() throws IOException {
        IOException failure = syncFailure;
        if (failure != null) {
            throw new IOException(
                    path + " cannot be used: an earlier sync failed (" + failure.getMessage() + ")", failure);
        }
    }

    /** Adds file and position, which the JDK's message ("No space left on device") does not have. */
    private static IOException explained(String what, IOException e) {
        return switch (e) {
            case ClosedByInterruptException interrupted ->
                new IOException(what + ": the thread was interrupted, which closed the file", interrupted);
            case ClosedChannelException closed -> closed; // a mistake of ours, no condition of the disk
            default -> new IOException(what + ": " + e.getMessage(), e);
        };
    }
}
