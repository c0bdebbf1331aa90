package io.odradek.engine.segment;

import java.io.IOException;

/** Rebuilds the in-memory picture of a segment from its file, header by header. */
public final class SegmentWalk {
    private SegmentWalk() {}

    /**
     * The segment as if it ended at {@code endOffset}: what a truncation makes of it. The file itself is not touched.
     *
     * @param endPosition byte at which the first batch that goes begins
     */
    public static ActiveSegment shortened(Segment segment, long endOffset, int endPosition, int indexIntervalBytes)
            throws IOException {
        ActiveSegment resumed = ActiveSegment.resuming(
                segment.files(),
                segment.offsetIndex().truncatedTo(endOffset),
                segment.timeIndex().truncatedTo(endOffset),
                firstTimestamp(segment, endPosition),
                false);
        walk(resumed, endPosition, indexIntervalBytes);
        return resumed;
    }

    /**
     * Where the last batch before {@code position} ends, or the segment's first offset.
     *
     * @param position a batch boundary; what lies before it ends below {@code offset}
     */
    public static long endOffsetBefore(Segment segment, long offset, int position) throws IOException {
        HeaderScan scan = HeaderScan.ofThread();
        long end = segment.baseOffset();
        // An entry of a batch that ends at the offset would point to the position or behind it.
        int at = SegmentSearch.startFor(scan, segment, offset - 1, position);
        while (scan.moveTo(segment.log(), at, position)) {
            end = scan.lastOffset() + 1;
            at = scan.endPosition();
        }
        return end;
    }

    /** Max timestamp of the first batch; -1 in an empty segment. */
    public static long firstTimestamp(Segment segment, int sizeBytes) throws IOException {
        HeaderScan scan = HeaderScan.ofThread();
        return scan.moveTo(segment.log(), 0, sizeBytes) ? scan.maxTimestamp() : -1;
    }

    /** Lets {@code segment} take note of its batches up to {@code endPosition}, a batch boundary. */
    public static void walk(ActiveSegment segment, int endPosition, int indexIntervalBytes) throws IOException {
        HeaderScan scan = HeaderScan.ofThread();
        while (scan.moveTo(segment.log(), segment.sizeBytes(), endPosition)) {
            segment.wrote(scan.sizeBytes(), scan.lastOffset(), scan.maxTimestamp(), indexIntervalBytes);
        }
    }
}
