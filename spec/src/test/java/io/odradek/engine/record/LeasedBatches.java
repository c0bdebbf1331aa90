package io.odradek.engine.record;

import java.nio.ByteBuffer;

/** Batches of one record, of one size, in memory that somebody counts. */
public final class LeasedBatches {
    private static final ByteBuffer ONE =
            new BatchBuilder().add(1, new byte[] {1}, new byte[] {2, 3}).build().bytes();
    /** Of each. */
    public static final int SIZE_BYTES = ONE.limit();

    private LeasedBatches() {}

    /** Made anew: a log writes its offset into it. */
    public static ValidatedBatch one(BufferLease lease) {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE_BYTES).put(0, ONE, 0, SIZE_BYTES);
        return new ValidatedBatch(bytes, lease, 1, 1, 1, 0);
    }
}
