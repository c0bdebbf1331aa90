package io.odradek.engine;

import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.segment.ActiveSegment;

/** When a log begins a new segment: by size, age with jitter, or an offset too far from the base, as Kafka does. Append thread. */
final class RollPolicy {
    private final TopicPartition partition;
    private long jitterMs;
    /** When the active segment was begun, as far as this process knows; -1 until the first append to it. */
    private long activeSinceMs = -1;

    RollPolicy(TopicPartition partition) {
        this.partition = partition;
    }

    /** Spreads rolls by time: the same segment draws the same share of {@code segment.jitter.ms} every time. */
    void drawJitter(ActiveSegment active, LogConfig config) {
        long limit = Math.min(config.segmentJitterMs(), config.segmentMs());
        long mixed = (partition.hashCode() * 31L + active.baseOffset()) * 0x9E3779B97F4A7C15L;
        jitterMs = limit <= 0 ? 0 : Long.remainderUnsigned(mixed ^ (mixed >>> 32), limit);
    }

    /** {@code next} was begun now. */
    void rolled(ActiveSegment next, LogConfig config, long nowMs) {
        activeSinceMs = nowMs;
        drawJitter(next, config);
    }

    /**
     * Whether {@code batch} has to go to a new segment.
     *
     * @param lastOffset what its last record would get
     */
    boolean isDue(
            ActiveSegment active,
            StagedBatches staged,
            ValidatedBatch batch,
            long lastOffset,
            LogConfig config,
            long nowMs) {
        if (activeSinceMs < 0) {
            activeSinceMs = nowMs;
        }
        int size = active.sizeBytes() + staged.sizeBytes();
        boolean tooLarge = size > config.segmentBytes() - batch.sizeBytes();
        boolean tooOld =
                size > 0 && waitedMs(active, staged, batch.maxTimestamp(), nowMs) > config.segmentMs() - jitterMs;
        boolean tooFar = lastOffset - active.baseOffset() > Integer.MAX_VALUE;
        return tooLarge || tooOld || tooFar;
    }

    /** From the first batch's timestamp to this one's; by the clock when the first has none. */
    private long waitedMs(ActiveSegment active, StagedBatches staged, long batchMaxTimestamp, long nowMs) {
        long firstTimestamp =
                active.sizeBytes() == 0 && staged.count() > 0 ? staged.get(0).maxTimestamp() : active.firstTimestamp();
        return firstTimestamp >= 0 ? batchMaxTimestamp - firstTimestamp : nowMs - activeSinceMs;
    }
}
