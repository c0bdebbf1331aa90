package io.odradek.engine.retention;

import io.odradek.engine.LogConfig;
import java.util.List;

/** Decides which of a log's oldest segments go: Kafka's rules for time, size and log start. Pure. */
public final class RetentionPolicy {

    /**
     * @param endOffset exclusive; where the next segment begins
     * @param largestTimestamp largest record timestamp; when no record has one, when the file was last modified
     */
    public record SegmentFacts(long endOffset, long sizeBytes, long largestTimestamp) {}

    /**
     * @param segmentsToRemove from the oldest on
     * @param rollActive the active segment is among them and has to be sealed first
     */
    public record Decision(int segmentsToRemove, boolean rollActive) {}

    private RetentionPolicy() {}

    /**
     * @param segments oldest first, the active one last
     * @param highWatermark a segment that reaches above it stays, and so do those behind it
     */
    public static Decision decide(
            List<SegmentFacts> segments, long logStartOffset, long highWatermark, LogConfig config, long nowMs) {
        int removed = belowLogStart(segments, logStartOffset);
        if (config.delete()) {
            removed = Math.max(removed, tooMuch(segments, config.retentionBytes()));
            removed = Math.max(removed, tooOld(segments, removed, config.retentionMs(), nowMs));
        }
        while (removed > 0 && segments.get(removed - 1).endOffset() > highWatermark) {
            removed--;
        }
        return new Decision(removed, removed == segments.size());
    }

    private static int belowLogStart(List<SegmentFacts> segments, long logStartOffset) {
        int n = 0;
        while (n < segments.size() - 1 && segments.get(n).endOffset() <= logStartOffset) {
            n++;
        }
        return n;
    }

    /** As many as can go while {@code retentionBytes} stay: a log is never smaller than its limit for having been cut. */
    private static int tooMuch(List<SegmentFacts> segments, long retentionBytes) {
        if (retentionBytes < 0) {
            return 0;
        }
        long excess = segments.stream().mapToLong(SegmentFacts::sizeBytes).sum() - retentionBytes;
        int n = 0;
        while (n < segments.size() && excess >= segments.get(n).sizeBytes() && !isEmptyAndActive(segments, n)) {
            excess -= segments.get(n).sizeBytes();
            n++;
        }
        return n;
    }

    private static int tooOld(List<SegmentFacts> segments, int from, long retentionMs, long nowMs) {
        if (retentionMs < 0) {
            return 0;
        }
        int n = from;
        while (n < segments.size()
                && nowMs - segments.get(n).largestTimestamp() > retentionMs
                && !isEmptyAndActive(segments, n)) {
            n++;
        }
        return n;
    }

    /** Another empty segment would take its place. */
    private static boolean isEmptyAndActive(List<SegmentFacts> segments, int n) {
        return n == segments.size() - 1 && segments.get(n).sizeBytes() == 0;
    }
}
