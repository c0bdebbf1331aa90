package io.odradek.broker.partition;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for one partition: a stack that network loops push on and the settle thread takes as a whole, so that neither
 * ever waits for the other and waking costs what is waiting, nothing else.
 *
 * <p>No wake-up is lost: the loop pushes and <em>then</em> compares the published view with the one it has read, the settle
 * thread publishes the view and <em>then</em> takes the stack. One of the two sees the other.
 *
 * <p>A fetch that was answered because of another partition leaves its node behind. The next progress drops it; on a
 * partition where nothing happens the loops count what they push and ask for {@link #prune()}, so that at most about twice
 * as many nodes lie here as there are fetches waiting.
 */
final class ParkedFetches {
    private static final int PRUNE_AT_LEAST = 32;
    private static final AtomicReferenceFieldUpdater<ParkedFetches, @Nullable FetchInterest> NEWEST =
            AtomicReferenceFieldUpdater.newUpdater(ParkedFetches.class, FetchInterest.class, "newest");

    private volatile @Nullable FetchInterest newest;
    private final AtomicInteger pushedSincePrune = new AtomicInteger();
    private volatile int pruneAt = PRUNE_AT_LEAST;

    /**
     * Adds a node that {@link FetchInterest#claim() was claimed} for this stack. Network loop.
     *
     * @return true when the settle thread should {@link #prune()} soon
     */
    boolean push(FetchInterest interest) {
        pushAll(interest, interest);
        return pushedSincePrune.incrementAndGet() == pruneAt;
    }

    /** So many more bytes of this partition can be read: tells everybody who waits. Settle thread. */
    void grew(long bytes) {
        if (newest == null) {
            return;
        }
        @Nullable FetchInterest first = null;
        @Nullable FetchInterest last = null;
        @Nullable FetchInterest at = NEWEST.getAndSet(this, null);
        while (at != null) {
            FetchInterest interest = at;
            at = interest.next;
            interest.next = null; // from grew() on it may be pushed again by its loop
            if (interest.grew(bytes)) {
                interest.next = first;
                first = interest;
                last = last == null ? interest : last;
            }
        }
        if (first != null && last != null) {
            pushAll(first, last);
        }
    }

    /** Drops what nobody waits for any more. Settle thread: nobody else takes, so no progress is missed meanwhile. */
    void prune() {
        @Nullable FetchInterest first = null;
        @Nullable FetchInterest last = null;
        int kept = 0;
        @Nullable FetchInterest at = NEWEST.getAndSet(this, null);
        while (at != null) {
            FetchInterest interest = at;
            at = interest.next;
            if (interest.isWanted()) {
                interest.next = first;
                first = interest;
                last = last == null ? interest : last;
                kept++;
            } else {
                interest.next = null;
            }
        }
        if (first != null && last != null) {
            pushAll(first, last);
        }
        pruneAt = Math.max(PRUNE_AT_LEAST, kept);
        pushedSincePrune.set(0);
    }

    private void pushAll(FetchInterest first, FetchInterest last) {
        @Nullable FetchInterest head;
        do {
            head = newest;
            last.next = head;
        } while (!NEWEST.compareAndSet(this, head, first));
    }

    /** Nodes here, for tests and metrics; a moment's truth. */
    int size() {
        int size = 0;
        for (FetchInterest at = newest; at != null; at = at.next) {
            size++;
        }
        return size;
    }
}
