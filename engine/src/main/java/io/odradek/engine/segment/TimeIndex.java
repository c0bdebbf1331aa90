package io.odradek.engine.segment;

import io.odradek.engine.record.BatchLayout;
import java.nio.ByteBuffer;

/**
 * When batches were written, as in Kafka's {@code .timeindex} file, big-endian.
 *
 * <pre>
 *  0                                  8                          12
 *  +----------------------------------+--------------------------+
 *  | largest timestamp so far         | last offset of the first |   both columns rise; timestamps strictly
 *  |                                  | batch that has it - base |
 *  +----------------------------------+--------------------------+
 * </pre>
 *
 * An entry (t, o) says: nothing at or below o is later than t. Appended by one thread; searched by any, like
 * {@link OffsetIndex}.
 */
public final class TimeIndex {
    public static final int ENTRY_BYTES = 12;
    private static final int OFFSET_AT = 8;
    private static final int FIRST_ENTRIES = 64;

    private final long baseOffset;
    private volatile ByteBuffer entries;
    private volatile int count;

    private TimeIndex(long baseOffset, ByteBuffer entries, int count) {
        this.baseOffset = baseOffset;
        this.entries = entries;
        this.count = count;
    }

    /** An empty one that can grow. */
    public static TimeIndex empty(long baseOffset) {
        return new TimeIndex(baseOffset, ByteBuffer.allocate(0), 0);
    }

    /** Over the bytes of a file, which stay the caller's. Appending copies them first. */
    public static TimeIndex over(long baseOffset, ByteBuffer file) {
        return new TimeIndex(baseOffset, file, file.limit() / ENTRY_BYTES);
    }

    public int count() {
        return count;
    }

    public long timestamp(int n) {
        return entries.getLong(n * ENTRY_BYTES);
    }

    /** Last offset of the batch that reached {@link #timestamp}. */
    public long offset(int n) {
        return baseOffset + entries.getInt(n * ENTRY_BYTES + OFFSET_AT);
    }

    /** The largest timestamp in the index, or -1. */
    public long lastTimestamp() {
        int n = count;
        return n == 0 ? BatchLayout.NO_TIMESTAMP : timestamp(n - 1);
    }

    /** Appending thread. Ignored unless {@code timestamp} is above the last one: Kafka's {@code maybeAppend}. */
    public void appendIfLater(long timestamp, long lastOffset) {
        int n = count;
        if (timestamp <= lastTimestamp()) {
            return;
        }
        assert n == 0 || lastOffset > offset(n - 1)
                : "time index entry " + timestamp + " at offset " + lastOffset + " is not above the last one";
        ByteBuffer room = roomFor(n);
        room.putLong(n * ENTRY_BYTES, timestamp);
        room.putInt(n * ENTRY_BYTES + OFFSET_AT, (int) (lastOffset - baseOffset));
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

    /**
     * An offset at or below the first record that is at least as late as {@code timestamp}: the offset of the last entry that
     * is not later, or the base offset.
     */
    public long offsetFor(long timestamp) {
        int admitted = count;
        ByteBuffer searched = entries; // after the count: it has room for that many
        int low = 0;
        int high = admitted - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (searched.getLong(middle * ENTRY_BYTES) <= timestamp) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high < 0 ? baseOffset : baseOffset + searched.getInt(high * ENTRY_BYTES + OFFSET_AT);
    }

    /** A copy without the entries whose offset is at or above {@code offset}. */
    public TimeIndex truncatedTo(long offset) {
        int kept = count;
        while (kept > 0 && offset(kept - 1) >= offset) {
            kept--;
        }
        ByteBuffer copy = ByteBuffer.allocate(kept * ENTRY_BYTES);
        copy.put(0, entries, 0, kept * ENTRY_BYTES);
        return new TimeIndex(baseOffset, copy, kept);
    }

    /** The file's bytes of the entries {@code [from, to)}. */
    public ByteBuffer bytes(int from, int to) {
        return entries.slice(from * ENTRY_BYTES, (to - from) * ENTRY_BYTES);
    }

    /** Whether both columns rise strictly and stay below {@code endOffset}: what a file has to fulfil before it is believed. */
    public boolean isPlausible(long endOffset) {
        long previousTimestamp = BatchLayout.NO_TIMESTAMP;
        long previousOffset = -1;
        int n = count;
        for (int i = 0; i < n; i++) {
            long timestamp = timestamp(i);
            long offset = offset(i);
            if (timestamp <= previousTimestamp
                    || offset <= previousOffset
                    || offset < baseOffset
                    || offset >= endOffset) {
                return false;
            }
            previousTimestamp = timestamp;
            previousOffset = offset;
        }
        return true;
    }
}
