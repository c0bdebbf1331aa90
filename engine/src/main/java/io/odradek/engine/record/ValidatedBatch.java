package io.odradek.engine.record;

import java.nio.ByteBuffer;

/**
 * A record batch v2 that passed {@link BatchCheck} (or was built by {@link BatchBuilder}): the only thing a log can be
 * asked to append. Wraps the received bytes; nothing is copied. Owned by one stage of the write path at a time; the lease
 * goes with it.
 */
public final class ValidatedBatch {
    private final ByteBuffer bytes;
    private final BufferLease lease;
    private final int recordCount;
    private final long baseTimestamp;
    private final long maxTimestamp;
    private final int maxTimestampOffsetDelta;
    private final int lastOffsetDelta;
    private long baseOffset;

    /**
     * @param bytes the batch, from index 0 to its limit; big-endian
     * @param maxTimestamp largest record timestamp, or the append time under LogAppendTime
     * @param maxTimestampOffsetDelta offset delta of the first record that has it; {@code recordCount - 1} when unknown
     */
    ValidatedBatch(
            ByteBuffer bytes,
            BufferLease lease,
            int recordCount,
            long baseTimestamp,
            long maxTimestamp,
            int maxTimestampOffsetDelta) {
        this.bytes = bytes;
        this.lease = lease;
        this.recordCount = recordCount;
        this.baseTimestamp = baseTimestamp;
        this.maxTimestamp = maxTimestamp;
        this.maxTimestampOffsetDelta = maxTimestampOffsetDelta;
        this.lastOffsetDelta = bytes.getInt(BatchLayout.LAST_OFFSET_DELTA_AT);
        this.baseOffset = bytes.getLong(BatchLayout.BASE_OFFSET_AT);
    }

    /** The whole batch, index 0 to limit. Position and limit are restored by whoever moves them. */
    public ByteBuffer bytes() {
        return bytes;
    }

    public BufferLease lease() {
        return lease;
    }

    public int sizeBytes() {
        return bytes.limit();
    }

    public int recordCount() {
        return recordCount;
    }

    /** Last offset of the batch relative to its base offset, inclusive. */
    public int lastOffsetDelta() {
        return lastOffsetDelta;
    }

    public long baseTimestamp() {
        return baseTimestamp;
    }

    public long maxTimestamp() {
        return maxTimestamp;
    }

    public int maxTimestampOffsetDelta() {
        return maxTimestampOffsetDelta;
    }

    public long producerId() {
        return bytes.getLong(BatchLayout.PRODUCER_ID_AT);
    }

    public short producerEpoch() {
        return bytes.getShort(BatchLayout.PRODUCER_EPOCH_AT);
    }

    public int baseSequence() {
        return bytes.getInt(BatchLayout.BASE_SEQUENCE_AT);
    }

    public int leaderEpoch() {
        return bytes.getInt(BatchLayout.LEADER_EPOCH_AT);
    }

    public boolean isTransactional() {
        return (bytes.getShort(BatchLayout.ATTRIBUTES_AT) & BatchLayout.TRANSACTIONAL_BIT) != 0;
    }

    public boolean isControl() {
        return (bytes.getShort(BatchLayout.ATTRIBUTES_AT) & BatchLayout.CONTROL_BIT) != 0;
    }

    /** Patches base offset and leader epoch in place: both lie outside the CRC. */
    public void assign(long baseOffset, int leaderEpoch) {
        bytes.putLong(BatchLayout.BASE_OFFSET_AT, baseOffset);
        bytes.putInt(BatchLayout.LEADER_EPOCH_AT, leaderEpoch);
        this.baseOffset = baseOffset;
    }

    public long baseOffset() {
        return baseOffset;
    }

    /** Last offset, inclusive; meaningful after {@link #assign}. */
    public long lastOffset() {
        return baseOffset + lastOffsetDelta;
    }
}
