package io.odradek.engine;

import io.odradek.engine.journal.JournaledPart;
import io.odradek.engine.segment.SegmentFiles;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * What of a log is on disk, and which files are on their way there. Files that were handed out to be synced are kept open
 * until they have been, even when their segment is removed meanwhile: a sync that fails because its file was closed under it
 * would take the log directory offline.
 *
 * <p>A truncation starts a new generation: a sync that was asked for before it says nothing about the offsets above the cut,
 * which hold other records by then. Append, sync and housekeeping threads; each call is short, once per group.
 */
final class DurableProgress {
    /** What lies in a journal: at most one part for each of its halves, oldest first. */
    private final ArrayDeque<JournaledPart> journaled = new ArrayDeque<>(2);

    private record HandedOut(long end, long generation, List<SegmentFiles> files) {}

    private final ArrayDeque<HandedOut> handedOut = new ArrayDeque<>();
    private long generation;
    private volatile long recoveryPoint;

    DurableProgress(long recoveryPoint) {
        this.recoveryPoint = recoveryPoint;
    }

    /** Exclusive; bytes below it are known to be durable. */
    long recoveryPoint() {
        return recoveryPoint;
    }

    synchronized long generation() {
        return generation;
    }

    /** {@code files} carry one share each. Everything below {@code end} is in them or was handed out before. */
    synchronized void handedOut(long end, List<SegmentFiles> files) {
        handedOut.add(new HandedOut(end, generation, files));
    }

    /**
     * What was handed out longest ago is on disk, up to and with what ended at {@code offset}. No more than that: files handed
     * out later may still have to be synced, also when a truncation in between has made the offsets of both meaningless.
     */
    void synced(long offset) {
        List<HandedOut> finished = new ArrayList<>();
        synchronized (this) {
            boolean reached = false;
            while (!reached && !handedOut.isEmpty()) {
                HandedOut oldest = handedOut.remove();
                finished.add(oldest);
                if (oldest.generation == generation) {
                    reached(oldest.end);
                }
                reached = oldest.end == offset;
            }
        }
        finished.forEach(done -> done.files.forEach(SegmentFiles::release));
    }

    /** What was handed out is synced up to {@code end}; what was handed out before it may lie in a journal only. */
    private void reached(long end) {
        JournaledPart last = journaled.peekLast();
        if (last != null) {
            last.raise(end);
        } else if (end > recoveryPoint) {
            recoveryPoint = end;
        }
    }

    /**
     * What was handed out longest ago, up to and with what ended at {@code offset}, is in a journal: {@code part} takes over the
     * files, and the recovery point stays until they are synced.
     */
    synchronized void journaled(long offset, JournaledPart part) {
        boolean reached = false;
        while (!reached && !handedOut.isEmpty()) {
            HandedOut oldest = handedOut.remove();
            part.add(oldest.end, oldest.generation, oldest.files);
            reached = oldest.end == offset;
        }
        if (journaled.peekLast() != part) {
            journaled.add(part);
        }
    }

    /** The files of {@code part} are synced. */
    synchronized void settled(JournaledPart part) {
        journaled.remove(part);
        advance(part.end(), part.generation());
    }

    /** Everything below {@code offset} is on disk, as found by whoever asked for {@link #generation()} before syncing it. */
    synchronized void advance(long offset, long asOfGeneration) {
        if (asOfGeneration == generation && offset > recoveryPoint) {
            recoveryPoint = offset;
        }
    }

    /** Nothing at or above {@code offset} is there any more. */
    synchronized void truncated(long offset) {
        generation++;
        if (offset < recoveryPoint) {
            recoveryPoint = offset;
        }
    }

    /** Gives up the files nobody reported as synced: the log is closed. */
    void releaseAll() {
        List<HandedOut> left;
        synchronized (this) {
            left = List.copyOf(handedOut);
            handedOut.clear();
        }
        left.forEach(group -> group.files.forEach(SegmentFiles::release));
    }
}
