package io.odradek.engine;

/** An immutable picture of a log, published by its append thread. Any thread may hold and read it. */
public final class LogView {

    /** First readable offset, inclusive. */
    public long logStartOffset() {
        throw new UnsupportedOperationException();
    }

    /** Offset the next record will get. */
    public long logEndOffset() {
        return end().offset();
    }

    public LogPosition end() {
        throw new UnsupportedOperationException();
    }

    /** Epoch of the last record, or of the current reign when nothing was written in it; -1 in an empty log without one. */
    public int latestEpoch() {
        throw new UnsupportedOperationException();
    }

    /** KIP-320: the largest epoch at or below {@code leaderEpoch}, and where it ends; epoch -1 when there is none. */
    public EpochEnd endOffsetFor(int leaderEpoch) {
        throw new UnsupportedOperationException();
    }

    /** Bytes of the log on disk. */
    public long sizeBytes() {
        throw new UnsupportedOperationException();
    }

    /** @param endOffset exclusive; -1 when unknown */
    public record EpochEnd(int leaderEpoch, long endOffset) {}
}
