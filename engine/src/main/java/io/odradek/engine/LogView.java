package io.odradek.engine;

import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;

/** An immutable picture of a log, published by its append thread. Any thread may hold and read it. */
public final class LogView {
    private final long logStartOffset;
    private final LogPosition end;
    private final long sizeBytes;
    private final LeaderEpochs epochs;
    private final Segment[] segments;
    private final RecentBatches recent;
    private final RecentBatches.Window recentWindow;

    /** @param segments by base offset, the active one last; not changed any more */
    LogView(
            long logStartOffset,
            LogPosition end,
            long sizeBytes,
            LeaderEpochs epochs,
            Segment[] segments,
            RecentBatches recent) {
        this.logStartOffset = logStartOffset;
        this.end = end;
        this.sizeBytes = sizeBytes;
        this.epochs = epochs;
        this.segments = segments;
        this.recent = recent;
        this.recentWindow = recent.window();
    }

    /** First readable offset, inclusive. */
    public long logStartOffset() {
        return logStartOffset;
    }

    /** Offset the next record will get. */
    public long logEndOffset() {
        return end.offset();
    }

    public LogPosition end() {
        return end;
    }

    /** Epoch of the last record, or of the current reign when nothing was written in it; -1 in an empty log without one. */
    public int latestEpoch() {
        return epochs.latestEpoch();
    }

    /** Which epoch began where. */
    public LeaderEpochs epochs() {
        return epochs;
    }

    /**
     * KIP-320: the largest epoch at or below {@code leaderEpoch}, and where it ends. Kafka's answers at the edges: an epoch
     * above the latest is unknown (-1, -1); one below the earliest ends where the earliest begins.
     */
    public EpochEnd endOffsetFor(int leaderEpoch) {
        if (leaderEpoch == LeaderEpochs.NO_EPOCH || leaderEpoch > epochs.latestEpoch()) {
            return new EpochEnd(LeaderEpochs.NO_EPOCH, LeaderEpochs.NO_OFFSET);
        }
        int floor = epochs.floor(leaderEpoch);
        if (floor < 0) {
            return new EpochEnd(leaderEpoch, epochs.startOffset(0));
        }
        long endOffset = floor + 1 < epochs.count() ? epochs.startOffset(floor + 1) : end.offset();
        return new EpochEnd(epochs.epoch(floor), endOffset);
    }

    /** Bytes of the log on disk. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** How many segments the log has. */
    public int segmentCount() {
        return segments.length;
    }

    /** Base offset of the oldest segment; at or below {@link #logStartOffset}. */
    public long firstSegmentBaseOffset() {
        return segments[0].baseOffset();
    }

    /** Somebody waits at the end: what is appended next is worth keeping in memory. Any thread. */
    public void noteTailRead() {
        recent.noteTailRead();
    }

    RecentBatches.Window recentWindow() {
        return recentWindow;
    }

    Segment segment(int n) {
        return segments[n];
    }

    /** Readable bytes of segment {@code n}. */
    int segmentBytes(int n) {
        return switch (segments[n]) {
            case ActiveSegment active -> end.position();
            case SealedSegment sealed -> sealed.sizeBytes();
        };
    }

    /** Where segment {@code n} ends: the next one's base offset, or the log's end. */
    long segmentEndOffset(int n) {
        return n + 1 < segments.length ? segments[n + 1].baseOffset() : end.offset();
    }

    /** The segment that {@code offset} belongs to: the last that begins at or below it; the first when none does. */
    int segmentFor(long offset) {
        int low = 0;
        int high = segments.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (segments[middle].baseOffset() <= offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return Math.max(high, 0);
    }

    /** @param endOffset exclusive; -1 when unknown */
    public record EpochEnd(int leaderEpoch, long endOffset) {}
}
