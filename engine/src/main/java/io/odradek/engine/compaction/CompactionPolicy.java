package io.odradek.engine.compaction;

import io.odradek.engine.LogConfig;
import java.util.ArrayList;
import java.util.List;

/** Decides what of a log may be cleaned and whether it is worth it: Kafka's rules. Pure. */
public final class CompactionPolicy {

    /**
     * A segment that does not grow any more.
     *
     * @param endOffset exclusive; where the next segment begins
     * @param firstTimestamp largest timestamp of its first batch; -1 when that has none, or nobody asks ({@link #asksFirst})
     * @param largestTimestamp largest record timestamp; when no record has one, when the file was last modified; -1 when nobody
     *     asks ({@link #asksLargest})
     */
    public record SegmentFacts(
            long baseOffset, long endOffset, long sizeBytes, long firstTimestamp, long largestTimestamp) {}

    /**
     * What a pass over the log would look at.
     *
     * @param firstDirtyOffset everything below has been cleaned
     * @param firstUncleanableOffset exclusive end; a segment's base offset, or {@code firstDirtyOffset} when nothing can be
     *     cleaned
     * @param dirtyRatio bytes to clean of all up to {@code firstUncleanableOffset}, 0 to 1
     * @param overdue something has waited longer than {@code max.compaction.lag.ms}
     */
    public record Cleanable(
            long firstDirtyOffset,
            long firstUncleanableOffset,
            long cleanBytes,
            long dirtyBytes,
            double dirtyRatio,
            boolean overdue) {

        /** Whether it is worth a pass. */
        public boolean isDue(LogConfig config) {
            return dirtyBytes > 0 && (overdue || dirtyRatio > config.minCleanableDirtyRatio());
        }
    }

    /**
     * @param sealed all segments but the active one, oldest first
     * @param checkpoint first dirty offset that was recorded; -1 when none was
     * @param logStartOffset below it nothing matters
     * @param stableOffset the last stable offset (at most the high watermark): what lies above may still change its meaning
     * @param activeBaseOffset base offset of the active segment
     */
    public static Cleanable cleanable(
            List<SegmentFacts> sealed,
            long checkpoint,
            long logStartOffset,
            long stableOffset,
            long activeBaseOffset,
            LogConfig config,
            long nowMs) {
        // A checkpoint above the log says that the log was cut, or replaced by another: begin anew.
        long dirtyFrom = checkpoint > activeBaseOffset ? logStartOffset : Math.max(checkpoint, logStartOffset);
        long end = activeBaseOffset;
        for (SegmentFacts segment : sealed) {
            if (segment.endOffset() > stableOffset
                    || (segment.endOffset() > dirtyFrom && isTooYoung(segment, config, nowMs))) {
                end = segment.baseOffset();
                break;
            }
        }
        end = Math.max(end, dirtyFrom);
        long clean = 0;
        long dirty = 0;
        boolean overdue = false;
        for (SegmentFacts segment : sealed) {
            if (segment.endOffset() <= dirtyFrom) {
                clean += segment.sizeBytes();
            } else if (segment.endOffset() <= end) {
                dirty += segment.sizeBytes();
                overdue |= isOverdue(segment, config, nowMs);
            }
        }
        double ratio = dirty == 0 ? 0 : (double) dirty / (clean + dirty);
        return new Cleanable(dirtyFrom, end, clean, dirty, ratio, overdue);
    }

    /** Whether {@link SegmentFacts#largestTimestamp} matters. */
    public static boolean asksLargest(LogConfig config) {
        return config.minCompactionLagMs() > 0;
    }

    /** Whether {@link SegmentFacts#firstTimestamp} matters. */
    public static boolean asksFirst(LogConfig config) {
        return config.maxCompactionLagMs() < Long.MAX_VALUE;
    }

    private static boolean isTooYoung(SegmentFacts segment, LogConfig config, long nowMs) {
        return asksLargest(config) && nowMs - segment.largestTimestamp() < config.minCompactionLagMs();
    }

    private static boolean isOverdue(SegmentFacts segment, LogConfig config, long nowMs) {
        return asksFirst(config)
                && segment.firstTimestamp() >= 0
                && nowMs - segment.firstTimestamp() > config.maxCompactionLagMs();
    }

    /**
     * Runs of neighbours that become one segment each: as long as what they hold fits one ({@code segment.bytes}, {@code
     * segment.index.bytes}, offsets within 31 bits of the first). Sizes are those before cleaning, so none can overflow.
     *
     * @param segments oldest first
     * @param indexBytes of each, offset and time index together the larger counts
     * @return how many segments each run has, in order
     */
    public static List<Integer> runs(List<SegmentFacts> segments, List<Long> indexBytes, LogConfig config) {
        List<Integer> runs = new ArrayList<>();
        int from = 0;
        while (from < segments.size()) {
            long bytes = segments.get(from).sizeBytes();
            long index = indexBytes.get(from);
            int next = from + 1;
            while (next < segments.size()
                    && bytes + segments.get(next).sizeBytes() <= config.segmentBytes()
                    && index + indexBytes.get(next) <= config.segmentIndexBytes()
                    && segments.get(next).endOffset() - 1 - segments.get(from).baseOffset() <= Integer.MAX_VALUE) {
                bytes += segments.get(next).sizeBytes();
                index += indexBytes.get(next);
                next++;
            }
            runs.add(next - from);
            from = next;
        }
        return runs;
    }

    private CompactionPolicy() {}
}
