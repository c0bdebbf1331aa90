package io.odradek.engine.record;

import java.nio.ByteBuffer;

/** Batches with a true header and no real records, for tests of what comes behind validation. */
public final class PlainBatches {
    private PlainBatches() {}

    /** A batch that declares {@code recordCount} records in {@code sizeBytes} bytes (at least the header's). */
    public static ValidatedBatch batch(int recordCount, int sizeBytes, BufferLease lease) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(sizeBytes);
        bytes.putInt(BatchLayout.LENGTH_AT, sizeBytes - BatchLayout.PREFIX_BYTES);
        bytes.put(BatchLayout.MAGIC_AT, BatchLayout.MAGIC);
        bytes.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, recordCount - 1);
        bytes.putLong(BatchLayout.PRODUCER_ID_AT, -1);
        bytes.putShort(BatchLayout.PRODUCER_EPOCH_AT, (short) -1);
        bytes.putInt(BatchLayout.BASE_SEQUENCE_AT, -1);
        bytes.putInt(BatchLayout.RECORD_COUNT_AT, recordCount);
        return new ValidatedBatch(bytes, lease, recordCount, 0, 0, recordCount - 1);
    }
}
