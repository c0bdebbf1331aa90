package io.odradek.engine.record;

/**
 * Record batch v2 (KIP-98), big-endian. The CRC-32C covers everything from {@link #ATTRIBUTES_AT} to the end, so base
 * offset and leader epoch can be patched without touching it.
 *
 * <pre>
 *  0        8      12      16  17    21         23            27            35            43
 *  +--------+------+-------+---+-----+----------+-------------+-------------+-------------+--
 *  | base   | len  | leader|mag| crc | attrib.  | last offset | base        | max         |
 *  | offset |      | epoch |ic | 32c |          | delta       | timestamp   | timestamp   |
 *  +--------+------+-------+---+-----+----------+-------------+-------------+-------------+--
 *     43            51        53           57         61
 *  ---+-------------+---------+------------+----------+---------
 *     | producer id | producer| base       | record   | records
 *     |             | epoch   | sequence   | count    | ...
 *  ---+-------------+---------+------------+----------+---------
 * </pre>
 */
public final class BatchLayout {
    public static final int BASE_OFFSET_AT = 0;
    /** Bytes that follow the length field. */
    public static final int LENGTH_AT = 8;

    public static final int LEADER_EPOCH_AT = 12;
    public static final int MAGIC_AT = 16;
    public static final int CRC_AT = 17;
    public static final int ATTRIBUTES_AT = 21;
    public static final int LAST_OFFSET_DELTA_AT = 23;
    public static final int BASE_TIMESTAMP_AT = 27;
    public static final int MAX_TIMESTAMP_AT = 35;
    public static final int PRODUCER_ID_AT = 43;
    public static final int PRODUCER_EPOCH_AT = 51;
    public static final int BASE_SEQUENCE_AT = 53;
    public static final int RECORD_COUNT_AT = 57;
    public static final int RECORDS_AT = 61;

    /** Base offset and length: what comes before the bytes that the length counts. */
    public static final int PREFIX_BYTES = 12;

    public static final int HEADER_BYTES = RECORDS_AT;
    public static final byte MAGIC = 2;

    public static final int COMPRESSION_MASK = 0x07;
    /** Set: timestamps are the broker's append time. */
    public static final int LOG_APPEND_TIME_BIT = 0x08;

    public static final int TRANSACTIONAL_BIT = 0x10;
    public static final int CONTROL_BIT = 0x20;
    /** Set: base timestamp holds the delete horizon (KIP-534). */
    public static final int DELETE_HORIZON_BIT = 0x40;

    public static final long NO_PRODUCER_ID = -1;

    public static final short NO_PRODUCER_EPOCH = -1;
    public static final int NO_SEQUENCE = -1;
    public static final int NO_LEADER_EPOCH = -1;
    public static final long NO_TIMESTAMP = -1;

    private BatchLayout() {}
}
