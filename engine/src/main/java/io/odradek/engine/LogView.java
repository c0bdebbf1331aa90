package io.odradek.engine;

import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;

/** An immutable picture of a log: what its append thread had published when somebody looked. Any thread may hold and read it. */
public final class LogView {
    private final PublishedLog log;
    private final LeaderEpochs epochs;
    private final Segment[] segments;
    private final long logEndOffset;
    /** Of the last segment. */
    private final int endPosition;

    private final RecentBatches.Window recentWindow;

    LogView(PublishedLog log, long logEndOffset, int endPosition, RecentBatches.Window recentWindow) {
        this.log = log;
        this.epochs = log.epochs;
        this.segments = log.segments;
        this.logEndOffset = logEndOffset;
        this.endPosition = endPosition;
        this.recentWindow = recentWindow;
    }

    /** First readable offset, inclusive. */
    public long logStartOffset() {
        return log.logStartOffset;
    }

    /** Offset the next record will get. */
    public long logEndOffset() {
        return logEndOffset;
    }

    public LogPosition end() {
        return new LogPosition(logEndOffset, log.lastBaseOffset, endPosition);
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
        long endOffset = floor + 1 < epochs.count() ? epochs.startOffset(floor + 1) : logEndOffset;
        return new EpochEnd(epochs.epoch(floor), endOffset);
    }

    /**
     * Whether the log has still, or had already, the segments of the other view, perhaps with another end: who could not read the
     * one need not try the other.
     */
    public boolean hasSegmentsOf(LogView other) {
        return log.equals(other.log);
    }

    /** Bytes of the log on disk. */
    public long sizeBytes() {
        return log.sealedBytes + endPosition;
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
        log.recent.noteTailRead();
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
            case ActiveSegment active -> endPosition;
            case SealedSegment sealed -> sealed.sizeBytes();
        };
    }

    /** Where segment {@code n} ends: the next one's base offset, or the log's end. */
    long segmentEndOffset(int n) {
        return n + 1 < segments.length ? segments[n + 1].baseOffset() : logEndOffset;
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
