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

    /** Where the next append goes: the end of the file, or of what was appended to a preallocated one; -1 when nobody has looked. */
    private long appendAt = -1;

    /** The file's length when it was last preallocated: up to there appends need not lengthen it. */
    private long preallocatedTo;

    /**
     * Whether the channel's own position is {@link #appendAt}, as each append by a system call leaves it. Spares an lseek per append. A
     * gathering write has no positional form in Java, and O_APPEND is no way out: on Linux it turns the positional {@link
     * #write} into an append as well (pwrite(2), BUGS).
     */
    private boolean positioned;

    /** For small appends to a preallocated file. Opened and used by the writing thread; guarded by this when it is exchanged. */
    private @Nullable AppendWindow window;

    /** There is none to be had, so that nobody asks again for each append. */
    private boolean withoutWindow;

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
            if (appendAt < 0) {
                appendAt = end;
                positioned = false;
            }
            if (sizeBytes > end) {
                // The only way in which a FileChannel lengthens a file; what lies before is a hole.
                channel.write(ByteBuffer.allocate(1), sizeBytes - 1);
                preallocatedTo = sizeBytes;
                withoutWindow = false;
            }
        } catch (IOException e) {
            throw explained("cannot make " + path + " " + sizeBytes + " bytes long", e);
        }
    }

    @Override
    public void append(ByteBuffer[] sources, int count) throws IOException {
        throwIfSyncFailed();
        long end = -1;
        try {
            if (appendAt < 0) {
                appendAt = channel.size();
                positioned = false;
            }
            end = appendAt + remaining(sources, count);
            AppendWindow open = windowFor(end);
            if (open != null) {
                positioned = false;
                open.put(sources, count, appendAt);
                appendAt = end;
                return;
            }
            if (!positioned) {
                channel.position(appendAt);
            }
            positioned = false; // until all of it is written
            writeAll(sources, count);
            appendAt = end;
            positioned = true;
        } catch (IOException e) {
            throw explained("cannot append to " + path + " at byte " + appendAt, e);
        }
    }

    private static long remaining(ByteBuffer[] sources, int count) {
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += sources[i].remaining();
        }
        return bytes;
    }

    /** A window that has room for what is to end there; null when a system call is the better way, or the only one. */
    private @Nullable AppendWindow windowFor(long end) throws IOException {
        if (end > preallocatedTo || end - appendAt > SMALL_APPEND_BYTES || withoutWindow) {
            return null;
        }
        AppendWindow open = window;
        if (open == null || !open.reaches(end)) {
            open = openWindow(end);
        }
        if (open != null) {
            try {
                open.ready(appendAt, end);
            } catch (ClosedChannelException e) {
                throw e;
            } catch (IOException full) {
                closeWindow(); // and let the write say what is wrong, if it is
                withoutWindow = true;
                return null;
            }
        }
        return open;
    }

    private synchronized @Nullable AppendWindow openWindow(long end) throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        closeWindow();
        AppendWindow next = AppendWindow.open(channel, appendAt, preallocatedTo);
        if (next == null || !next.reaches(end)) { // too few bytes are left for it
            if (next != null) {
                next.close();
            }
            withoutWindow = true;
            return null;
        }
        window = next;
        return next;
    }

    private synchronized void closeWindow() {
        if (window != null) {
            window.close();
            window = null;
        }
    }

    private void writeAll(ByteBuffer[] sources, int count) throws IOException {
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
        forgetEnd();
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
        forgetEnd(); // a mapping of what is cut would end the process that touches it
        try {
            channel.truncate(sizeBytes);
        } catch (IOException e) {
            throw explained("cannot truncate " + path + " to " + sizeBytes + " bytes", e);
        }
    }

    private void forgetEnd() {
        closeWindow();
        appendAt = -1;
        preallocatedTo = 0;
        positioned = false;
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
            closeWindow();
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
