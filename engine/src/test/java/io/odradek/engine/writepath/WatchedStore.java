package io.odradek.engine.writepath;

import io.odradek.engine.io.DelegatingFile;
import io.odradek.engine.io.DelegatingFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
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
final class WatchedStore extends DelegatingFileStore {
    private final Map<Path, AtomicLong> durableBytes = new ConcurrentHashMap<>();
    private volatile @Nullable CountDownLatch gate;
    private volatile @Nullable IOException syncFailure;
    private volatile @Nullable IOException appendFailure;
    final Semaphore syncsBegun = new Semaphore(0);

    WatchedStore(FileStore files) {
        super(files);
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
    protected StoreFile opened(StoreFile file) {
        return new WatchedFile(file);
    }

    @Override
    public void syncDirectory(Path directory) {}

    @Override
    public boolean canSyncFileSystem(Path directory) {
        return false;
    }

    @Override
    public @Nullable IOException syncFailure(Path directory) {
        return null;
    }

    private final class WatchedFile extends DelegatingFile {
        WatchedFile(StoreFile file) {
            super(file);
        }

        @Override
        public void append(ByteBuffer[] sources, int count) throws IOException {
            IOException failure = appendFailure;
            if (failure != null) {
                throw failure;
            }
            super.append(sources, count);
        }

        @Override
        public void sync() throws IOException {
            long written = size();
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
    }
}
