package io.odradek.engine;

import io.odradek.engine.record.BufferLease;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/** An appended batch, still in the memory it was received in, until somebody lets go of it. Any thread. */
final class RecentBatch {
    final long baseOffset;
    final long lastOffset;
    private final ByteBuffer bytes;
    private final BufferLease lease;
    private final AtomicBoolean gone = new AtomicBoolean();
    /** Of {@link RecentMemory}: when it was held. Written before it is handed to others. */
    int round;

    /** @param bytes the batch, index 0 to limit */
    RecentBatch(long baseOffset, long lastOffset, ByteBuffer bytes, BufferLease lease) {
        this.baseOffset = baseOffset;
        this.lastOffset = lastOffset;
        this.bytes = bytes.asReadOnlyBuffer().rewind();
        this.lease = lease;
    }

    int sizeBytes() {
        return bytes.limit();
    }

    boolean tryRetain() {
        return !gone.get() && lease.tryRetain();
    }

    void release() {
        lease.release();
    }

    /** Only for whoever has retained it. */
    ByteBuffer bytes() {
        return bytes.duplicate();
    }

    boolean isGone() {
        return gone.get();
    }

    /** Gives up the log's share; true for the first who does. */
    boolean letGo() {
        if (gone.compareAndSet(false, true)) {
            lease.release();
            return true;
        }
        return false;
    }
}
