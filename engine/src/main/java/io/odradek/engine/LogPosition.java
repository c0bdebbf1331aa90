package io.odradek.engine;

/**
 * An offset and where its bytes begin.
 *
 * @param offset a batch boundary
 * @param segmentBaseOffset base offset of the segment
 * @param position byte in that segment's file, or {@link #UNKNOWN} when it has to be looked up
 */
public record LogPosition(long offset, long segmentBaseOffset, int position) {
    public static final int UNKNOWN = -1;

    public static LogPosition ofOffset(long offset) {
        return new LogPosition(offset, -1, UNKNOWN);
    }
}
