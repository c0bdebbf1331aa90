package io.odradek.engine.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The aborted transactions of one segment, as in Kafka's {@code .txnindex}: absent while there are none; big-endian.
 *
 * <pre>
 *  0         2             10             18            26              34
 *  +---------+-------------+--------------+-------------+----------------+
 *  | version | producer id | first offset | last offset | last stable    |
 *  | (0)     |             |              |             | offset then    |
 *  +---------+-------------+--------------+-------------+----------------+
 * </pre>
 *
 * Last offsets rise. Only compaction writes one yet, of what it found; transactions will.
 */
public final class TransactionIndex {
    static final int ENTRY_BYTES = 34;
    private static final short VERSION = 0;

    /**
     * @param firstOffset of the transaction's first batch
     * @param lastOffset of its abort marker, inclusive
     * @param lastStableOffset of the log when the marker was appended
     */
    public record Aborted(long producerId, long firstOffset, long lastOffset, long lastStableOffset) {}

    private TransactionIndex() {}

    /** Makes these the aborted transactions of a segment that has none yet, durably but for the directory's entry. */
    public static void write(SegmentFiles files, List<Aborted> aborted) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(aborted.size() * ENTRY_BYTES);
        aborted.forEach(entry -> content.put(encode(entry)));
        files.write(SegmentNames.TRANSACTION_INDEX, 0, new ByteBuffer[] {content.flip()}, true);
    }

    static ByteBuffer encode(Aborted aborted) {
        return ByteBuffer.allocate(ENTRY_BYTES)
                .putShort(VERSION)
                .putLong(aborted.producerId())
                .putLong(aborted.firstOffset())
                .putLong(aborted.lastOffset())
                .putLong(aborted.lastStableOffset())
                .flip();
    }

    /** All entries of a segment; empty when it has no such file. */
    public static List<Aborted> read(SegmentFiles files) throws IOException {
        ByteBuffer content = files.read(SegmentNames.TRANSACTION_INDEX);
        List<Aborted> all = new ArrayList<>();
        while (content != null && content.hasRemaining()) {
            int at = content.position();
            if (content.remaining() < ENTRY_BYTES || content.getShort(at) != VERSION) {
                throw new CorruptLogException(
                        files.path(SegmentNames.TRANSACTION_INDEX),
                        at,
                        -1,
                        "no aborted transaction of version " + VERSION);
            }
            content.getShort();
            all.add(new Aborted(content.getLong(), content.getLong(), content.getLong(), content.getLong()));
        }
        return all;
    }
}
