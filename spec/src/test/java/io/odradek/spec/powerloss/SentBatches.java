package io.odradek.spec.powerloss;

import io.odradek.engine.LogConfig;
import io.odradek.engine.record.BatchCheck;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.BatchRules;
import io.odradek.engine.record.BatchVerdict;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.ValidatedBatch;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Valid batches with a number in them, as a producer would send them, without going through its client. */
final class SentBatches {
    private SentBatches() {}

    /**
     * A batch of {@code records} records whose values are {@code number} and filling.
     *
     * @param producerId -1: not idempotent
     */
    static byte[] encode(
            long number, int records, int fillingBytes, long producerId, short producerEpoch, int baseSequence) {
        ByteBuffer batch = ByteBuffer.allocate(BatchLayout.HEADER_BYTES + records * (fillingBytes + 32));
        batch.position(BatchLayout.RECORDS_AT);
        for (int i = 0; i < records; i++) {
            int bodyBytes =
                    1 + 1 + varintBytes(i) + varintBytes(-1) + varintBytes(8 + fillingBytes) + 8 + fillingBytes + 1;
            putVarint(batch, bodyBytes);
            batch.put((byte) 0);
            putVarint(batch, 0);
            putVarint(batch, i);
            putVarint(batch, -1);
            putVarint(batch, 8 + fillingBytes);
            batch.putLong(number);
            for (int b = 0; b < fillingBytes; b++) {
                batch.put((byte) (number + b));
            }
            putVarint(batch, 0);
        }
        int size = batch.position();
        batch.putInt(BatchLayout.LENGTH_AT, size - BatchLayout.PREFIX_BYTES);
        batch.putInt(BatchLayout.LEADER_EPOCH_AT, -1);
        batch.put(BatchLayout.MAGIC_AT, BatchLayout.MAGIC);
        batch.putShort(BatchLayout.ATTRIBUTES_AT, (short) 0);
        batch.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, records - 1);
        batch.putLong(BatchLayout.BASE_TIMESTAMP_AT, number);
        batch.putLong(BatchLayout.MAX_TIMESTAMP_AT, number);
        batch.putLong(BatchLayout.PRODUCER_ID_AT, producerId);
        batch.putShort(BatchLayout.PRODUCER_EPOCH_AT, producerEpoch);
        batch.putInt(BatchLayout.BASE_SEQUENCE_AT, baseSequence);
        batch.putInt(BatchLayout.RECORD_COUNT_AT, records);
        CRC32C crc = new CRC32C();
        crc.update(batch.array(), BatchLayout.ATTRIBUTES_AT, size - BatchLayout.ATTRIBUTES_AT);
        batch.putInt(BatchLayout.CRC_AT, (int) crc.getValue());
        byte[] bytes = new byte[size];
        batch.get(0, bytes);
        return bytes;
    }

    /** The number of the batch that begins at {@code position}. */
    static long number(ByteBuffer log, int position) {
        return log.getLong(position + BatchLayout.BASE_TIMESTAMP_AT);
    }

    /** Through the check that every producer's batch goes through. */
    static ValidatedBatch validated(byte[] encoded, LogConfig config, long nowMs) {
        BatchVerdict verdict =
                BatchCheck.check(ByteBuffer.wrap(encoded.clone()), BufferLease.UNPOOLED, BatchRules.of(config), nowMs);
        return switch (verdict) {
            case BatchVerdict.Accepted(ValidatedBatch batch) -> batch;
            case BatchVerdict.Refused refused -> throw new AssertionError(refused);
        };
    }

    private static int varintBytes(int value) {
        int zigzag = (value << 1) ^ (value >> 31);
        int bytes = 1;
        while ((zigzag & ~0x7F) != 0) {
            zigzag >>>= 7;
            bytes++;
        }
        return bytes;
    }

    private static void putVarint(ByteBuffer target, int value) {
        int zigzag = (value << 1) ^ (value >> 31);
        while ((zigzag & ~0x7F) != 0) {
            target.put((byte) ((zigzag & 0x7F) | 0x80));
            zigzag >>>= 7;
        }
        target.put((byte) zigzag);
    }
}
