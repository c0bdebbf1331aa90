package io.odradek.engine.record;

import java.nio.ByteBuffer;

/**
 * A record batch v2 that begins at some index of a buffer: its fields, its checksum, and the way to the next one. Nothing is
 * allocated and no position is moved, so several threads may look at one buffer. Layout: {@link BatchLayout}.
 *
 * <p>The accessors trust that a whole header is there ({@link #wholeBatchesEnd} says so); they check nothing else.
 */
public final class RecordBatch {

    /** Size of the whole batch, as its length field says. */
    public static int sizeInBytes(ByteBuffer buffer, int at) {
        return BatchLayout.PREFIX_BYTES + buffer.getInt(at + BatchLayout.LENGTH_AT);
    }

    public static long baseOffset(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BatchLayout.BASE_OFFSET_AT);
    }

    public static int leaderEpoch(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.LEADER_EPOCH_AT);
    }

    public static byte magic(ByteBuffer buffer, int at) {
        return buffer.get(at + BatchLayout.MAGIC_AT);
    }

    /** The checksum the header claims. */
    public static int crc(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.CRC_AT);
    }

    public static short attributes(ByteBuffer buffer, int at) {
        return buffer.getShort(at + BatchLayout.ATTRIBUTES_AT);
    }

    public static int lastOffsetDelta(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.LAST_OFFSET_DELTA_AT);
    }

    /** Inclusive. Kept by compaction even when the last record goes, so that offsets stay dense. */
    public static long lastOffset(ByteBuffer buffer, int at) {
        return baseOffset(buffer, at) + lastOffsetDelta(buffer, at);
    }

    /** Base offset of the batch that may follow. */
    public static long nextOffset(ByteBuffer buffer, int at) {
        return lastOffset(buffer, at) + 1;
    }

    public static long baseTimestamp(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BatchLayout.BASE_TIMESTAMP_AT);
    }

    public static long maxTimestamp(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BatchLayout.MAX_TIMESTAMP_AT);
    }

    /** The largest timestamp of a record that is there: {@link BatchLayout#NO_TIMESTAMP} in a batch that compaction has emptied. */
    public static long maxRecordTimestamp(ByteBuffer buffer, int at) {
        return recordCount(buffer, at) == 0 ? BatchLayout.NO_TIMESTAMP : maxTimestamp(buffer, at);
    }

    public static long producerId(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BatchLayout.PRODUCER_ID_AT);
    }

    public static boolean hasProducerId(ByteBuffer buffer, int at) {
        return producerId(buffer, at) > BatchLayout.NO_PRODUCER_ID;
    }

    public static short producerEpoch(ByteBuffer buffer, int at) {
        return buffer.getShort(at + BatchLayout.PRODUCER_EPOCH_AT);
    }

    public static int baseSequence(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.BASE_SEQUENCE_AT);
    }

    /** Sequence of the last record; {@link BatchLayout#NO_SEQUENCE} when the batch has none. */
    public static int lastSequence(ByteBuffer buffer, int at) {
        int base = baseSequence(buffer, at);
        return base == BatchLayout.NO_SEQUENCE
                ? BatchLayout.NO_SEQUENCE
                : incrementSequence(base, lastOffsetDelta(buffer, at));
    }

    public static int recordCount(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BatchLayout.RECORD_COUNT_AT);
    }

    /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; 5 to 7 mean nothing yet. */
    public static int codecId(ByteBuffer buffer, int at) {
        return attributes(buffer, at) & BatchLayout.COMPRESSION_MASK;
    }

    public static boolean isCompressed(ByteBuffer buffer, int at) {
        return codecId(buffer, at) != 0;
    }

    public static boolean hasLogAppendTime(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & BatchLayout.LOG_APPEND_TIME_BIT) != 0;
    }

    public static boolean isTransactional(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & BatchLayout.TRANSACTIONAL_BIT) != 0;
    }

    public static boolean isControl(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & BatchLayout.CONTROL_BIT) != 0;
    }

    /** The sequence {@code increment} records after {@code sequence}: 0 follows {@link Integer#MAX_VALUE} (KIP-98). */
    public static int incrementSequence(int sequence, int increment) {
        return (sequence + increment) & Integer.MAX_VALUE;
    }

    /** The sequence {@code decrement} records before {@code sequence}. */
    public static int decrementSequence(int sequence, int decrement) {
        return (sequence - decrement) & Integer.MAX_VALUE;
    }

    /** Whether the whole batch that begins at {@code at} has the checksum it claims. */
    public static boolean crcMatches(ByteBuffer buffer, int at) {
        return crc(buffer, at) == computeCrc(buffer, at, sizeInBytes(buffer, at));
    }

    /** The checksum of a batch of {@code sizeInBytes}: everything behind the checksum field. */
    public static int computeCrc(ByteBuffer buffer, int at, int sizeInBytes) {
        return Crc32c.of(buffer, at + BatchLayout.ATTRIBUTES_AT, sizeInBytes - BatchLayout.ATTRIBUTES_AT);
    }

    /** Makes the checksum field true again after a change behind it. */
    public static void sealCrc(ByteBuffer buffer, int at) {
        buffer.putInt(at + BatchLayout.CRC_AT, computeCrc(buffer, at, sizeInBytes(buffer, at)));
    }

    /**
     * Whether {@code [at, limit)} holds one whole batch with a header that can be read. Says nothing of the checksum or of
     * what the header claims besides its length.
     */
    public static boolean isWhole(ByteBuffer buffer, int at, int limit) {
        if (limit - at < BatchLayout.HEADER_BYTES) {
            return false;
        }
        int length = buffer.getInt(at + BatchLayout.LENGTH_AT);
        return length >= BatchLayout.HEADER_BYTES - BatchLayout.PREFIX_BYTES
                && length <= limit - at - BatchLayout.PREFIX_BYTES
                && buffer.get(at + BatchLayout.MAGIC_AT) == BatchLayout.MAGIC;
    }

    /** Where the last whole batch in {@code [from, limit)} ends; {@code from} when not even one is whole. */
    public static int wholeBatchesEnd(ByteBuffer buffer, int from, int limit) {
        int at = from;
        while (isWhole(buffer, at, limit)) {
            at += sizeInBytes(buffer, at);
        }
        return at;
    }

    /**
     * Where the run of intact batches in {@code [from, limit)} ends: each whole, with a true checksum, a last offset not
     * before its base, and offsets that rise from {@code fromOffset} on.
     */
    public static int intactBatchesEnd(ByteBuffer buffer, int from, int limit, long fromOffset) {
        int at = from;
        long nextOffset = fromOffset;
        while (isWhole(buffer, at, limit)
                && baseOffset(buffer, at) >= nextOffset
                && lastOffsetDelta(buffer, at) >= 0
                && crcMatches(buffer, at)) {
            nextOffset = nextOffset(buffer, at);
            at += sizeInBytes(buffer, at);
        }
        return at;
    }

    /**
     * Index of the first batch in {@code [from, limit)} whose last offset is at or above {@code offset}; the end of the
     * whole batches when there is none.
     */
    public static int find(ByteBuffer buffer, int from, int limit, long offset) {
        int at = from;
        while (isWhole(buffer, at, limit) && lastOffset(buffer, at) < offset) {
            at += sizeInBytes(buffer, at);
        }
        return at;
    }

    private RecordBatch() {}
}
