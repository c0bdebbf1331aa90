package io.odradek.spec.simulation;

import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** An opening of a file of a {@link SimulatedFileStore}, which does the work and holds the lock. */
final class SimulatedFile implements StoreFile {
    private final SimulatedFileStore store;
    private final Path path;
    private final FileNode node;
    private final boolean writable;

    /** Guarded by the store. */
    private boolean open = true;

    /** Whether it has appended: from then on nobody else may. Guarded by the store. */
    private boolean appended;

    /** Where the next append goes in a preallocated file; -1: at its end. Guarded by the store. */
    private long appendAt = -1;

    /** Guarded by the store. */
    private @Nullable IOException syncFailure;

    SimulatedFile(SimulatedFileStore store, Path path, FileNode node, boolean writable) {
        this.store = store;
        this.path = path;
        this.node = node;
        this.writable = writable;
    }

    @Override
    public Path path() {
        return path;
    }

    FileNode node() {
        return node;
    }

    @Override
    public long fileSystemId() {
        return node.mount();
    }

    @Override
    public long size() throws IOException {
        synchronized (store) {
            check();
            return node.length();
        }
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
        if (position < 0) {
            throw new IllegalArgumentException("Negative position");
        }
        synchronized (store) {
            check();
            return store.read(this, target, position);
        }
    }

    @Override
    public void preallocate(long sizeBytes) throws IOException {
        synchronized (store) {
            checkWritable();
            long end = appendPosition();
            long before = node.length();
            store.preallocate(this, sizeBytes);
            if (node.length() > before) {
                appendAt = end;
            }
        }
    }

    /** The store's lock is held. */
    long appendPosition() {
        return appendAt < 0 ? node.length() : appendAt;
    }

    /** The store's lock is held. */
    void appendedTo(long end) {
        if (appendAt >= 0) {
            appendAt = end;
        }
    }

    @Override
    public void append(ByteBuffer[] sources, int count) throws IOException {
        synchronized (store) {
            checkWritable();
            if (appended && node.appender != this) {
                throw new IllegalStateException(path + " is appended to through two openings at a time");
            }
            appended = true;
            node.appender = this;
            store.append(this, sources, count);
        }
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
        if (position < 0) {
            throw new IllegalArgumentException("Negative position");
        }
        synchronized (store) {
            checkWritable();
            appendAt = -1;
            store.write(this, source, position);
        }
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("Negative size");
        }
        synchronized (store) {
            checkWritable();
            appendAt = -1;
            store.truncate(this, sizeBytes);
        }
    }

    @Override
    public void sync() throws IOException {
        synchronized (store) {
            check();
            try {
                store.sync(this);
            } catch (IOException e) {
                syncFailure = e;
                throw e;
            }
        }
    }

    @Override
    public ByteBuffer map(long sizeBytes) throws IOException {
        synchronized (store) {
            check();
            if (sizeBytes < 0 || sizeBytes > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("cannot map " + sizeBytes + " bytes of " + path);
            }
            if (sizeBytes > node.length()) {
                throw new IOException("cannot map " + sizeBytes + " bytes of " + path + ", it has " + node.length());
            }
            ByteBuffer copy = ByteBuffer.allocate((int) sizeBytes);
            node.read(copy, 0);
            return copy.flip().asReadOnlyBuffer();
        }
    }

    @Override
    public @Nullable FileChannel transferChannel() {
        return null;
    }

    /** Closes; also after a crash, when nobody is left to care. */
    @Override
    public void close() {
        synchronized (store) {
            open = false;
        }
    }

    private void check() throws IOException {
        store.checkAlive();
        if (!open) {
            throw new ClosedChannelException();
        }
        if (syncFailure != null) {
            throw new IOException(
                    path + " cannot be used: an earlier sync failed (" + syncFailure.getMessage() + ")", syncFailure);
        }
    }

    private void checkWritable() throws IOException {
        check();
        if (!writable) {
            throw new NonWritableChannelException();
        }
    }
}
