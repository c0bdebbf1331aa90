package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.retention.RetentionPolicy;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How segments leave a log: below its start, by retention, in a swap, or behind a cut. Each goes from the view first; readers that
 * have it keep its files open, and its names go when it is safe. Append thread.
 */
final class LeavingSegments {
    private final FileStore store;
    private final Path directory;
    private final LogSegments segments;
    private final ProducerStates producers;
    private final UnsyncedWrites unsynced;
    private final DurableProgress durable;
    private final Deletions deletions;

    /** While sealed segments are being replaced. */
    private @Nullable SegmentSwap swap;

    /** Where the files go. */
    interface Deletions {
        /** Files still under their own names: {@link LogHome#retireLater}. */
        void retire(List<Path> files);

        /** Files that were renamed away: {@link LogHome#deleteLater}. */
        void delete(List<Path> files);
    }

    LeavingSegments(
            FileStore store,
            Path directory,
            LogSegments segments,
            ProducerStates producers,
            UnsyncedWrites unsynced,
            DurableProgress durable,
            Deletions deletions) {
        this.store = store;
        this.directory = directory;
        this.segments = segments;
        this.producers = producers;
        this.unsynced = unsynced;
        this.durable = durable;
        this.deletions = deletions;
    }

    // ---- at the log's start

    /** Removes what lies below the log's start as a whole. */
    void removeBelowLogStart() {
        LogView view = segments.view();
        int below = 0;
        while (below < segments.sealedCount() && view.segmentEndOffset(below) <= segments.logStartOffset()) {
            below++;
        }
        removeOldest(Math.min(below, removable()));
    }

    /** How many segments may be removed: the names of those that are being replaced are the swap's until it has ended. */
    private int removable() {
        SegmentSwap running = swap;
        return running == null
                ? segments.sealedCount()
                : segments.indexOf(running.run().getFirst());
    }

    /** Removes up to {@code wanted} segments with all that is in them; returns how many. */
    int expire(int wanted) {
        int removed = Math.min(wanted, removable());
        if (removed > 0) {
            segments.startAt(Math.max(segments.logStartOffset(), segments.view().segmentEndOffset(removed - 1)));
            removeOldest(removed);
        }
        return removed;
    }

    /** What {@link RetentionPolicy} wants to know. */
    List<RetentionPolicy.SegmentFacts> retentionFacts() throws IOException {
        LogView view = segments.view();
        List<Segment> all = segments.all();
        List<RetentionPolicy.SegmentFacts> facts = new ArrayList<>(all.size());
        for (int n = 0; n < all.size(); n++) {
            long maxTimestamp = switch (all.get(n)) {
                case ActiveSegment growing -> growing.maxTimestamp();
                case SealedSegment done -> done.maxTimestamp();
            };
            long largestTimestamp = maxTimestamp >= 0
                    ? maxTimestamp
                    : store.lastModifiedMs(all.get(n).files().path(SegmentNames.LOG));
            facts.add(
                    new RetentionPolicy.SegmentFacts(view.segmentEndOffset(n), view.segmentBytes(n), largestTimestamp));
        }
        return facts;
    }

    /**
     * Takes the oldest segments out of the view. Their files go later, by housekeeping, once the new log start is on disk: a
     * crash may keep any of several deletions, and without the log start what comes back would be a log with a hole.
     *
     * <p>What is dirty among them stays so: until the log start is on disk, a crash finds these segments again, and one that
     * ends too early would take what was synced behind it along.
     */
    private void removeOldest(int count) {
        List<Segment> removed = segments.removeOldest(count);
        unsynced.forgetBelow(durable.recoveryPoint());
        List<Path> files = new ArrayList<>();
        for (Segment segment : removed) {
            for (String suffix : SegmentNames.ALL) {
                files.add(segment.files().path(suffix));
            }
            segment.files().remove();
        }
        if (!files.isEmpty()) {
            deletions.retire(files);
        }
    }

    /** The log goes on elsewhere, which is on disk: nobody will look for these again. Their files go by housekeeping. */
    void removeOld(List<Segment> removed) {
        List<Path> files = new ArrayList<>();
        for (Segment segment : removed) {
            unsynced.forget(segment.files());
            segment.files().remove();
            for (String suffix : SegmentNames.ALL) {
                files.add(segment.files().path(suffix));
            }
        }
        if (!files.isEmpty()) {
            deletions.retire(files);
        }
    }

    // ---- for a compacted one

    /**
     * Begins to replace neighbouring segments; {@link #endSwap()} has to follow. Until then they are not removed.
     *
     * @param run as some view had them, oldest first
     * @return null when the log has other segments by now, or another swap at work
     */
    @Nullable
    SegmentSwap beginSwap(List<SealedSegment> run) {
        int first = segments.indexOf(run.getFirst());
        if (swap != null || first < 0 || first + run.size() > segments.sealedCount()) {
            return null;
        }
        List<SealedSegment> now = segments.sealed(first, first + run.size());
        if (!now.equals(run)) {
            return null;
        }
        now.forEach(segment -> {
            if (!segment.tryRetain()) {
                throw new AssertionError("segment " + segment.baseOffset() + " is in the log and was removed");
            }
        });
        swap = new SegmentSwap(store, directory, now, producers.lastBatches());
        return swap;
    }

    /** Ends the swap: the view has the new segment, if it was committed. Nothing happens when there is none. */
    void endSwap() {
        SegmentSwap running = swap;
        if (running == null) {
            return;
        }
        swap = null;
        SegmentSwap.Outcome outcome = running.end();
        if (outcome != null) {
            segments.replace(outcome.replaced(), outcome.replacement()); // before readers find the old ones gone
            for (SealedSegment old : outcome.replaced()) {
                unsynced.forget(old.files());
                old.files().remove();
            }
            deletions.delete(outcome.renamed());
        }
        removeBelowLogStart();
    }

    /** The log is closed: a segment that was swapped in the directory is in no view. */
    void abandonSwap() {
        SegmentSwap running = swap;
        SegmentSwap.Outcome swapped = running == null ? null : running.end();
        if (swapped != null) {
            swapped.replacement().files().remove();
        }
    }

    // ---- behind a cut

    /** Takes segments behind a cut out of the directory now: their names will be used again. */
    void removeBehindCut(List<Segment> removed) throws IOException {
        List<Path> renamed = new ArrayList<>();
        for (Segment segment : removed) {
            unsynced.forget(segment.files());
            segment.files().remove();
            for (String suffix : SegmentNames.ALL) {
                Path file = segment.files().path(suffix);
                Path away = file.resolveSibling(file.getFileName() + SegmentNames.DELETED);
                if (store.exists(file)) { // not every segment has every file
                    store.rename(file, away);
                    renamed.add(away);
                }
            }
        }
        deletions.delete(renamed);
    }

    /** A segment of that name, which the log does not have, may be left from an attempt that a crash has ended. */
    void removeStray(long baseOffset) throws IOException {
        List<Path> renamed = new ArrayList<>();
        for (String suffix : SegmentNames.ALL) {
            Path file = SegmentNames.in(directory, baseOffset, suffix);
            if (store.exists(file)) {
                Path away = file.resolveSibling(file.getFileName() + SegmentNames.DELETED);
                store.rename(file, away);
                renamed.add(away);
            }
        }
        deletions.delete(renamed);
    }
}
