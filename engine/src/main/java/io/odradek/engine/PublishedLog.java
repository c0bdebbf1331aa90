package io.odradek.engine;

import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.Segment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What the append thread publishes of a log. All of it is fixed but the end of the last segment, which moves with each write until
 * something else changes: then there is a new one of these, and the old one stays where it was. So each pair of the fixed
 * part and an end was the log at some moment, and a write publishes itself without making garbage.
 */
final class PublishedLog {
    private static final VarHandle END;

    static {
        try {
            END = MethodHandles.lookup().findVarHandle(PublishedLog.class, "end", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final long logStartOffset;
    /** Bytes of all segments but the last. */
    final long sealedBytes;

    final LeaderEpochs epochs;
    final Segment[] segments;
    final RecentBatches recent;

    /** Of the last segment. */
    final long lastBaseOffset;

    /** Both halves change at once: how many offsets the last segment has above, how many bytes below. Append thread writes. */
    @SuppressWarnings("UnusedVariable") // through END
    private long end;

    /** @param segments by base offset, the active one last; not changed any more */
    PublishedLog(
            long logStartOffset,
            long sealedBytes,
            LeaderEpochs epochs,
            Segment[] segments,
            RecentBatches recent,
            long logEndOffset,
            int lastSegmentBytes) {
        this.logStartOffset = logStartOffset;
        this.sealedBytes = sealedBytes;
        this.epochs = epochs;
        this.segments = segments;
        this.recent = recent;
        this.lastBaseOffset = segments[segments.length - 1].baseOffset();
        grewTo(logEndOffset, lastSegmentBytes);
    }

    /** Whoever sees this end sees all that was written before. Append thread. */
    void grewTo(long logEndOffset, int lastSegmentBytes) {
        long offsets = logEndOffset - lastBaseOffset;
        // The last record is at most an int above the base: the end is one more.
        assert offsets >= 0 && offsets <= 1L << 31 && lastSegmentBytes >= 0
                : "log end " + logEndOffset + " in a segment of " + lastBaseOffset;
        END.setRelease(this, offsets << 32 | lastSegmentBytes);
    }

    /** Any thread. */
    long logEndOffset() {
        return lastBaseOffset + offsets(end());
    }

    /** Any thread. */
    LogView view() {
        long now = end();
        return new LogView(this, lastBaseOffset + offsets(now), bytes(now), recent.window());
    }

    private long end() {
        return (long) END.getAcquire(this);
    }

    private static long offsets(long end) {
        return end >>> 32;
    }

    private static int bytes(long end) {
        return (int) end;
    }
}
