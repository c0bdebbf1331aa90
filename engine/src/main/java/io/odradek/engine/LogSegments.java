package io.odradek.engine;

import io.odradek.engine.recovery.RecoveredLog;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import java.util.ArrayList;
import java.util.List;

/**
 * What one log is made of, segments, start, leader epochs and the batches kept in memory, and what of that is published. Changed
 * by the append thread; {@link #view} and {@link #logEndOffset} are for any.
 *
 * <p>What is published is never changed: whatever comes, goes or moves but the end makes a new {@link PublishedLog}.
 */
final class LogSegments {
    private final RecentMemory recentMemory;
    private final List<SealedSegment> sealed;
    private long sealedBytes;
    private ActiveSegment active;
    /** The sealed ones and the active one, as published. */
    private Segment[] segments;

    private long logStartOffset;
    private LeaderEpochs epochs;
    /** A new one after each cut: what was published before must not show what is written after. */
    private RecentBatches recent;

    private volatile PublishedLog published;

    LogSegments(RecoveredLog found, RecentMemory recentMemory) {
        this.recentMemory = recentMemory;
        this.recent = new RecentBatches(recentMemory);
        this.sealed = new ArrayList<>(found.sealed());
        this.active = found.active();
        this.logStartOffset = found.logStartOffset();
        this.epochs = found.epochs();
        this.segments = segmentsNow();
        this.published = publishable(found.logEndOffset());
    }

    /** What is written so far. Any thread. */
    LogView view() {
        return published.view();
    }

    /** Offset the next record will get, as {@link #view} would say. Any thread. */
    long logEndOffset() {
        return published.logEndOffset();
    }

    ActiveSegment active() {
        return active;
    }

    int sealedCount() {
        return sealed.size();
    }

    /** Which of the sealed ones it is, from the oldest on; -1 when it is none. */
    int indexOf(SealedSegment segment) {
        return sealed.indexOf(segment);
    }

    /** Some neighbouring sealed ones. */
    List<SealedSegment> sealed(int from, int to) {
        return List.copyOf(sealed.subList(from, to));
    }

    /** The oldest first, the active one last. */
    List<Segment> all() {
        return List.of(segments);
    }

    long logStartOffset() {
        return logStartOffset;
    }

    LeaderEpochs epochs() {
        return epochs;
    }

    RecentBatches recent() {
        return recent;
    }

    /** The active segment was written to: publishes its new end. */
    void grewTo(long endOffset) {
        published.grewTo(endOffset, active.sizeBytes());
    }

    /** @param startOffset where its first record will be: behind the end, where compaction has left a gap */
    void beginEpoch(int leaderEpoch, long startOffset, long endOffset) {
        epochs = epochs.begin(leaderEpoch, startOffset);
        publish(endOffset);
    }

    /** Nothing was written in them. */
    void forgetEmptyEpochs() {
        long end = logEndOffset();
        LeaderEpochs kept = epochs.truncatedTo(end);
        if (!kept.equals(epochs)) {
            epochs = kept;
            publish(end);
        }
    }

    /** Published with what goes because of it. */
    void startAt(long offset) {
        logStartOffset = offset;
        epochs = epochs.startingAt(offset);
    }

    /** {@code old} was the active segment. */
    void rolled(SealedSegment old, ActiveSegment next, long endOffset) {
        sealed.add(old);
        active = next;
        segments = segmentsNow();
        publish(endOffset);
    }

    /** Takes the oldest ones out of the view, and returns them. */
    List<Segment> removeOldest(int count) {
        List<Segment> removed = all().subList(0, count);
        sealed.subList(0, count).clear();
        segments = segmentsNow();
        publish(logEndOffset());
        return removed;
    }

    /** What was swapped in the directory is swapped in the view. */
    void replace(List<SealedSegment> run, SealedSegment replacement) {
        int first = sealed.indexOf(run.getFirst());
        sealed.subList(first, first + run.size()).clear();
        sealed.add(first, replacement);
        segments = segmentsNow();
        publish(logEndOffset());
    }

    /** Nothing more is kept in memory of what was written so far. */
    void forgetRecent() {
        recent.clear();
        recent = new RecentBatches(recentMemory);
    }

    /**
     * Ends the log within its segment {@code n}, after {@link #forgetRecent}.
     *
     * @param last what that becomes
     * @return those behind it
     */
    List<Segment> cutTo(long endOffset, int n, ActiveSegment last) {
        List<Segment> removed = all().subList(n + 1, segments.length);
        active = last;
        while (sealed.size() > n) {
            sealed.removeLast();
        }
        segments = segmentsNow();
        epochs = epochs.truncatedTo(endOffset);
        logStartOffset = Math.min(logStartOffset, endOffset); // it may lie within the batch that went
        publish(endOffset);
        return removed;
    }

    /**
     * The log goes on at {@code offset}, after {@link #forgetRecent}, in an empty segment that begins there, with nothing before it.
     *
     * @return what it had besides
     */
    List<Segment> startOver(ActiveSegment next, long offset) {
        List<Segment> removed = new ArrayList<>(all());
        removed.remove(next);
        sealed.clear();
        active = next;
        segments = segmentsNow();
        epochs = LeaderEpochs.NONE;
        logStartOffset = offset;
        publish(offset);
        return removed;
    }

    private Segment[] segmentsNow() {
        Segment[] now = new Segment[sealed.size() + 1];
        long bytes = 0;
        for (int i = 0; i < sealed.size(); i++) {
            now[i] = sealed.get(i);
            bytes += sealed.get(i).sizeBytes();
        }
        now[sealed.size()] = active;
        sealedBytes = bytes;
        return now;
    }

    /** With the log's start, epochs and segments as they are now. */
    private void publish(long endOffset) {
        published = publishable(endOffset);
    }

    private PublishedLog publishable(long endOffset) {
        return new PublishedLog(logStartOffset, sealedBytes, epochs, segments, recent, endOffset, active.sizeBytes());
    }
}
