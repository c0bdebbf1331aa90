package io.odradek.engine;

import io.odradek.engine.segment.HeaderScan;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentSearch;
import io.odradek.engine.segment.SegmentWalk;
import java.io.IOException;

/**
 * Where a truncation (KIP-101) leaves a log.
 *
 * @param segment which one is its last then
 * @param position where that ends
 * @param endOffset where the log ends
 */
record CutPoint(int segment, int position, long endOffset) {

    /** Everything at and above {@code offset} goes, and the whole batch when it lies within one. */
    static CutPoint at(LogView view, long offset) throws IOException {
        int n = view.segmentFor(offset);
        Segment last = view.segment(n);
        int position = view.segmentBytes(n);
        long newEnd = offset;
        HeaderScan scan = HeaderScan.ofThread();
        if (SegmentSearch.seek(scan, last, position, offset, view.segmentEndOffset(n))) {
            position = scan.position();
            newEnd = Math.min(offset, scan.baseOffset());
        }
        // In a gap that compaction has left the log ends before the gap: after a start its end is where its last batch
        // ends.
        return new CutPoint(n, position, Math.min(newEnd, SegmentWalk.endOffsetBefore(last, offset, position)));
    }
}
