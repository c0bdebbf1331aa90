package io.odradek.engine.record;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Reads a record batch v2 where it lies. Hot style: static methods over a buffer and the absolute index at which the batch
 * begins; nothing is copied, allocated, or moved (positions and limits stay as they are).
 */
public final class RecordBatch {
    private static final ThreadLocal<CRC32C> CRC = ThreadLocal.withInitial(CRC32C::new);

    private RecordBatch() {}

    /** Whole size as the length field says, prefix included; may be anything in a corrupt batch. */
    public static int sizeBytes(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.LENGTH_AT) + BatchLayout.PREFIX_BYTES;
    }

    public static long baseOffset(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BatchLayout.BASE_OFFSET_AT);
    }

    /** Inclusive. */
    public static long lastOffset(ByteBuffer buffer, int at) {
        return baseOffset(buffer, at) + lastOffsetDelta(buffer, at);
    }

    /** The offset after the batch. */
    public static long endOffset(ByteBuffer buffer, int at) {
        return lastOffset(buffer, at) + 1;
    }

    public static int leaderEpoch(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.LEADER_EPOCH_AT);
    }

    public static byte magic(ByteBuffer buffer, int at) {
        return buffer.get(at + BatchLayout.MAGIC_AT);
    }

    public static short attributes(ByteBuffer buffer, int at) {
        return buffer.getShort(at + BatchLayout.ATTRIBUTES_AT);
    }

    public static int lastOffsetDelta(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.LAST_OFFSET_DELTA_AT);
    }

    /** Timestamp that the records' deltas count from; the delete horizon when {@link BatchLayout#DELETE_HORIZON_BIT} is set. */
    public static long baseTimestamp(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BatchLayout.BASE_TIMESTAMP_AT);
    }

    public static long maxTimestamp(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BatchLayout.MAX_TIMESTAMP_AT);
    }

    public static long producerId(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BatchLayout.PRODUCER_ID_AT);
    }

    public static short producerEpoch(ByteBuffer buffer, int at) {
        return buffer.getShort(at + BatchLayout.PRODUCER_EPOCH_AT);
    }

    public static int baseSequence(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.BASE_SEQUENCE_AT);
    }

    public static int recordCount(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.RECORD_COUNT_AT);
    }

    public static boolean isTransactional(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & BatchLayout.TRANSACTIONAL_BIT) != 0;
    }

    public static boolean isControl(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & BatchLayout.CONTROL_BIT) != 0;
    }

    public static boolean isLogAppendTime(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & BatchLayout.LOG_APPEND_TIME_BIT) != 0;
    }

    /** The codec's number, 0 to 7, of which 5 to 7 mean nothing. */
    public static int compressionId(ByteBuffer buffer, int at) {
        return attributes(buffer, at) & BatchLayout.COMPRESSION_MASK;
    }

    /** Whether the bytes behind the CRC field, up to the end the length field names, have that CRC. The batch is whole. */
    public static boolean hasValidCrc(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.CRC_AT) == computeCrc(buffer, at, sizeBytes(buffer, at));
    }

    /** CRC-32C over everything from the attributes to the end of a batch of {@code sizeBytes}. */
    public static int computeCrc(ByteBuffer buffer, int at, int sizeBytes) {
        CRC32C crc = CRC.get();
        crc.reset();
        // A view of its own: the buffer may be read by another thread at this moment.
        crc.update(buffer.slice(at + BatchLayout.ATTRIBUTES_AT, sizeBytes - BatchLayout.ATTRIBUTES_AT));
        return (int) crc.getValue();
    }

    /** Writes the CRC that the bytes now have. */
    static void sealCrc(ByteBuffer buffer, int at, int sizeBytes) {
        buffer.putInt(at + BatchLayout.CRC_AT, computeCrc(buffer, at, sizeBytes));
    }

    /** Where the last whole batch in {@code [from, limit)} ends, judged by length fields alone. */
    public static int wholeBatchesEnd(ByteBuffer buffer, int from, int limit) {
        int at = from;
        while (limit - at >= BatchLayout.PREFIX_BYTES) {
            int length = buffer.getInt(at + BatchLayout.LENGTH_AT);
            if (length <= 0 || length > limit - at - BatchLayout.PREFIX_BYTES) {
                break;
            }
            at += BatchLayout.PREFIX_BYTES + length;
        }
        return at;
    }
}
