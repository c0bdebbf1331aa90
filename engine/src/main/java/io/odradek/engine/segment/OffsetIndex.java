package io.odradek.engine.segment;

import java.nio.ByteBuffer;

/**
 * Where batches lie: about one entry per {@code index.interval.bytes}, as in Kafka's {@code .index} file, big-endian.
 *
 * <pre>
 *  0                          4                    8
 *  +--------------------------+--------------------+
 *  | last offset of the batch | byte at which the  |   offsets relative to the segment's base,
 *  | minus base offset        | batch begins       |   both columns strictly increasing
 *  +--------------------------+--------------------+
 * </pre>
 *
 * Memory holds the same bytes as the file, so that one search serves a growing index on the heap and a mapped one.
 * Appended by one thread; searched by any: an entry is written before the count that admits it.
 */
public final class OffsetIndex {
    public static final int ENTRY_BYTES = 8;
    private static final int POSITION_AT = 4;
    private static final int FIRST_ENTRIES = 64;

    private final long baseOffset;
    private volatile ByteBuffer entries;
    private volatile int count;

    private OffsetIndex(long baseOffset, ByteBuffer entries, int count) {
        this.baseOffset = baseOffset;
        this.entries = entries;
        this.count = count;
    }

    /** An empty one that can grow. */
    public static OffsetIndex empty(long baseOffset) {
        return new OffsetIndex(baseOffset, ByteBuffer.allocate(0), 0);
    }

    /** Over the bytes of a file, which stay the caller's. Appending copies them first. */
    public static OffsetIndex over(long baseOffset, ByteBuffer file) {
        return new OffsetIndex(baseOffset, file, file.limit() / ENTRY_BYTES);
    }

    public long baseOffset() {
        return baseOffset;
    }

    public int count() {
        return count;
    }

    /** Last offset of the batch of entry {@code n}. */
    public long offset(int n) {
        return baseOffset + entries.getInt(n * ENTRY_BYTES);
    }

    /** Byte at which the batch of entry {@code n} begins. */
    public int position(int n) {
        return entries.getInt(n * ENTRY_BYTES + POSITION_AT);
    }

    /** Appending thread. {@code lastOffset} and {@code position} are above those of the last entry. */
    public void append(long lastOffset, int position) {
        int n = count;
        assert n == 0 || (lastOffset > offset(n - 1) && position > position(n - 1))
                : "index entry " + lastOffset + " at " + position + " is not above the last one";
        ByteBuffer room = roomFor(n);
        room.putInt(n * ENTRY_BYTES, (int) (lastOffset - baseOffset));
        room.putInt(n * ENTRY_BYTES + POSITION_AT, position);
        count = n + 1;
    }

    private ByteBuffer roomFor(int n) {
        ByteBuffer current = entries;
        int needed = (n + 1) * ENTRY_BYTES;
        if (current.capacity() >= needed && !current.isReadOnly() && !current.isDirect()) {
            return current;
        }
        ByteBuffer larger =
                ByteBuffer.allocate(Math.max(needed, Math.max(FIRST_ENTRIES * ENTRY_BYTES, 2 * n * ENTRY_BYTES)));
        larger.put(0, current, 0, n * ENTRY_BYTES);
        entries = larger; // before the count: who sees the count sees room for it
        return larger;
    }

    /** A batch start from which walking forward meets {@code offset}: the last indexed batch that ends at or below it, or 0. */
    public int positionFor(long offset) {
        int n = lastAtOrBelow(count, offset - baseOffset, 0);
        return n < 0 ? 0 : position(n);
    }

    /** The last indexed batch start at or below {@code position}, or 0. */
    public int batchStartAtOrBelow(int position) {
        int n = lastAtOrBelow(count, position, POSITION_AT);
        return n < 0 ? 0 : position(n);
    }

    /** Binary search in one column; -1 when all are above. Allocates nothing. */
    private int lastAtOrBelow(int count, long wanted, int columnAt) {
        ByteBuffer searched = entries;
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (searched.getInt(middle * ENTRY_BYTES + columnAt) <= wanted) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    /** A copy without the batches that end at or above {@code offset}. */
    public OffsetIndex truncatedTo(long offset) {
        int kept = lastAtOrBelow(count, offset - 1 - baseOffset, 0) + 1;
        ByteBuffer copy = ByteBuffer.allocate(kept * ENTRY_BYTES);
        copy.put(0, entries, 0, kept * ENTRY_BYTES);
        return new OffsetIndex(baseOffset, copy, kept);
    }

    /** The file's bytes of the entries {@code [from, to)}. */
    public ByteBuffer bytes(int from, int to) {
        return entries.slice(from * ENTRY_BYTES, (to - from) * ENTRY_BYTES);
    }

    /** Whether both columns rise strictly and stay within the segment: what a file has to fulfil before it is believed. */
    public boolean isPlausible(int segmentBytes) {
        int previousOffset = -1;
        int previousPosition = -1;
        int n = count;
        ByteBuffer checked = entries;
        for (int at = 0; at < n * ENTRY_BYTES; at += ENTRY_BYTES) {
            int offset = checked.getInt(at);
            int position = checked.getInt(at + POSITION_AT);
            if (offset <= previousOffset || position <= previousPosition || position >= segmentBytes) {
                return false;
            }
            previousOffset = offset;
            previousPosition = position;
        }
        return true;
    }
}
