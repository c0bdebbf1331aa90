package io.odradek.engine;

import io.odradek.engine.record.BufferLease;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;

/** Received memory that a reader at the tail shares with the log, which lets go of it: freed once, and not under the reader. */
class RecentBatchInterleavingsTest {
    private static final int INTERLEAVINGS = Integer.getInteger("odradek.interleavings", 500);

    /** What a lease has to be, and nothing else. */
    private static final class Lease implements BufferLease {
        final AtomicInteger shares = new AtomicInteger(1);

        @Override
        public boolean tryRetain() {
            int seen = shares.get();
            while (seen > 0) {
                if (shares.compareAndSet(seen, seen + 1)) {
                    return true;
                }
                seen = shares.get();
            }
            return false;
        }

        @Override
        public void release() {
            if (shares.decrementAndGet() < 0) {
                throw new AssertionError("released more often than retained");
            }
        }
    }

    @Test
    void memoryIsGivenBackOnceAndAfterItsReaders() {
        Lincheck.runConcurrentTest(INTERLEAVINGS, () -> {
            Lease lease = new Lease();
            RecentBatch batch = new RecentBatch(0, 0, ByteBuffer.allocate(8), lease);
            TellingThread reader = TellingThread.start(() -> {
                if (batch.tryRetain()) {
                    if (lease.shares.get() < 1) {
                        throw new AssertionError("freed under a reader");
                    }
                    batch.release();
                }
            });
            TellingThread housekeeping = TellingThread.start(batch::letGo);
            batch.letGo(); // the append thread overwrites its slot
            reader.join();
            housekeeping.join();
            if (lease.shares.get() != 0) {
                throw new AssertionError("the memory is not given back");
            }
        });
    }
}
