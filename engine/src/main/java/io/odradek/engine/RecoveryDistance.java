package io.odradek.engine;

import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;

/**
 * How much of one log recovery would have to read if the process died now: what lies above the recovery point that is written
 * down. Recovery begins at the index entry below that point, less than {@code index.interval.bytes} and a batch away; this is
 * not counted, since no checkpoint makes it less. Any thread; who writes recovery points down says so in their order.
 */
final class RecoveryDistance {
    private volatile LogPosition written;

    /** @param written what the file of recovery points says now; its byte may be unknown */
    RecoveryDistance(LogPosition written) {
        this.written = written;
    }

    /** The file says so by now. */
    void written(LogPosition recoveryPoint) {
        written = recoveryPoint;
    }

    LogPosition written() {
        return written;
    }

    /** Too many rather than too few, where a segment was replaced or cut since. */
    long bytes(LogView seen) {
        LogPosition from = written;
        int first = seen.segmentFor(from.offset());
        long bytes = holds(seen.segment(first), from) ? -from.position() : 0;
        for (int n = first; n < seen.segmentCount(); n++) {
            bytes += seen.segmentBytes(n);
        }
        return Math.max(0, bytes);
    }

    private static boolean holds(Segment segment, LogPosition position) {
        return position.position() != LogPosition.UNKNOWN
                && position.segmentBaseOffset() == segment.baseOffset()
                && !(segment instanceof SealedSegment done && done.isCompacted());
    }
}
