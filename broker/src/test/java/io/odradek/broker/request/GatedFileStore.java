package io.odradek.broker.request;

import io.odradek.engine.io.DelegatingFile;
import io.odradek.engine.io.DelegatingFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The real store, whose syncs of log files can be held back or made to fail. */
final class GatedFileStore extends DelegatingFileStore {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean held;
    private boolean failing;
    private int waiting;

    GatedFileStore(FileStore real) {
        super(real);
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
    protected StoreFile opened(StoreFile file) {
        return file.path().toString().endsWith(".log") ? new GatedFile(file) : file;
    }

    /** Each file is synced by itself: the file system's sync would pass the gate. */
    @Override
    public boolean canSyncFileSystem(Path directory) {
        return false;
    }

    private final class GatedFile extends DelegatingFile {
        GatedFile(StoreFile file) {
            super(file);
        }

        @Override
        public void sync() throws IOException {
            gate();
            super.sync();
        }
    }
}
