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
 * Appended by one thread; searched by any.
 */
public final class OffsetIndex {
    private static final int KEY_BYTES = Integer.BYTES;
    public static final int ENTRY_BYTES = KEY_BYTES + Integer.BYTES;

    private final long baseOffset;
    private final IndexEntries entries;

    private OffsetIndex(long baseOffset, IndexEntries entries) {
        this.baseOffset = baseOffset;
        this.entries = entries;
    }

    /** An empty one that can grow. */
    public static OffsetIndex empty(long baseOffset) {
        return new OffsetIndex(baseOffset, IndexEntries.empty(KEY_BYTES));
    }

    /** Over the bytes of a file, which stay the caller's. It does not grow; what {@link #truncatedTo} makes of it does. */
    public static OffsetIndex over(long baseOffset, ByteBuffer file) {
        return new OffsetIndex(baseOffset, IndexEntries.over(KEY_BYTES, file));
    }

    public long baseOffset() {
        return baseOffset;
    }

    public int count() {
        return entries.count();
    }

    /** Last offset of the batch of entry {@code n}. */
    public long offset(int n) {
        return baseOffset + entries.key(n);
    }

    /** Byte at which the batch of entry {@code n} begins. */
    public int position(int n) {
        return entries.value(n);
    }

    /** Appending thread. {@code lastOffset} and {@code position} are above those of the last entry. */
    public void append(long lastOffset, int position) {
        entries.append(lastOffset - baseOffset, position);
    }

    /** The last entry whose batch ends at or below {@code offset}, or -1: walking forward from it meets the offset. */
    public int entryAtOrBelow(long offset) {
        return entries.lastKeyAtOrBelow(offset - baseOffset);
    }

    /** The last entry whose batch begins at or below {@code position}, or -1. */
    public int entryAtOrBelowPosition(int position) {
        return entries.lastValueAtOrBelow(position);
    }

    /** A copy without the batches that end at or above {@code offset}. */
    public OffsetIndex truncatedTo(long offset) {
        int kept = entries.lastKeyAtOrBelow(offset - 1 - baseOffset) + 1;
        return new OffsetIndex(baseOffset, entries.first(kept));
    }

    /** A copy of the file's bytes of the entries {@code [from, to)}. */
    public ByteBuffer bytes(int from, int to) {
        return entries.bytes(from, to);
    }

    /** The same bytes where they lie, one behind the other. */
    ByteBuffer[] parts(int from, int to) {
        return entries.parts(from, to);
    }

    /** Whether both columns rise strictly and stay within the segment: what a file has to fulfil before it is believed. */
    public boolean isPlausible(int segmentBytes) {
        return entries.arePlausible(segmentBytes);
    }
}
