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
    private static final int KEY_BYTES = Long.BYTES;
    public static final int ENTRY_BYTES = KEY_BYTES + Integer.BYTES;

    private final long baseOffset;
    private final IndexEntries entries;

    private TimeIndex(long baseOffset, IndexEntries entries) {
        this.baseOffset = baseOffset;
        this.entries = entries;
    }

    /** An empty one that can grow. */
    public static TimeIndex empty(long baseOffset) {
        return new TimeIndex(baseOffset, IndexEntries.empty(KEY_BYTES));
    }

    /** Over the bytes of a file, which stay the caller's. It does not grow; what {@link #truncatedTo} makes of it does. */
    public static TimeIndex over(long baseOffset, ByteBuffer file) {
        return new TimeIndex(baseOffset, IndexEntries.over(KEY_BYTES, file));
    }

    public int count() {
        return entries.count();
    }

    public long timestamp(int n) {
        return entries.key(n);
    }

    /** Last offset of the batch that reached {@link #timestamp}. */
    public long offset(int n) {
        return baseOffset + entries.value(n);
    }

    /** The largest timestamp in the index, or -1. */
    public long lastTimestamp() {
        int n = count();
        return n == 0 ? BatchLayout.NO_TIMESTAMP : timestamp(n - 1);
    }

    /** Appending thread. Ignored unless {@code timestamp} is above the last one: Kafka's {@code maybeAppend}. */
    public void appendIfLater(long timestamp, long lastOffset) {
        if (timestamp > lastTimestamp()) {
            entries.append(timestamp, lastOffset - baseOffset);
        }
    }

    /** The last entry that is not later than {@code timestamp}, or -1. */
    public int entryAtOrBelow(long timestamp) {
        return entries.lastKeyAtOrBelow(timestamp);
    }

    /** A copy without the entries whose offset is at or above {@code offset}. */
    public TimeIndex truncatedTo(long offset) {
        int kept = count();
        while (kept > 0 && offset(kept - 1) >= offset) {
            kept--;
        }
        return new TimeIndex(baseOffset, entries.first(kept));
    }

    /** A copy of the file's bytes of the entries {@code [from, to)}. */
    public ByteBuffer bytes(int from, int to) {
        return entries.bytes(from, to);
    }

    /** The same bytes where they lie, one behind the other. */
    ByteBuffer[] parts(int from, int to) {
        return entries.parts(from, to);
    }

    /** Whether both columns rise strictly and stay below {@code endOffset}: what a file has to fulfil before it is believed. */
    public boolean isPlausible(long endOffset) {
        return entries.arePlausible(endOffset - baseOffset);
    }
}
