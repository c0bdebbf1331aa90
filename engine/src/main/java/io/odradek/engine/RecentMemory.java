package io.odradek.engine;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much received memory the logs of one directory may keep for readers at the tail. At the bound the oldest batch of any
 * log gives way; its readers read the file. Any thread.
 */
final class RecentMemory {
    /**
     * A batch keeps the whole frame alive that it arrived in. The engine does not see frames, so it counts each batch twice:
     * room for a frame's other half, for batches that were refused, and for the pool's rounding.
     */
    private static final int COST_FACTOR = 2;

    private final long budgetBytes;
    private final ConcurrentLinkedQueue<RecentBatch> oldestFirst = new ConcurrentLinkedQueue<>();
    private final AtomicLong heldBytes = new AtomicLong();
    private volatile int round;

    RecentMemory(long budgetBytes) {
        this.budgetBytes = budgetBytes;
    }

    /** Takes over the batch's share of its lease. */
    void hold(RecentBatch batch) {
        batch.round = round;
        heldBytes.addAndGet(cost(batch));
        oldestFirst.add(batch);
        while (heldBytes.get() > budgetBytes) {
            RecentBatch oldest = oldestFirst.poll();
            if (oldest == null) {
                return;
            }
            drop(oldest);
        }
    }

    void drop(RecentBatch batch) {
        if (batch.letGo()) {
            heldBytes.addAndGet(-cost(batch));
        }
    }

    /** Lets go of what was held before the previous call: housekeeping calls it every few seconds, so that idle logs pin nothing. */
    void releaseIdle() {
        int current = round;
        for (RecentBatch oldest = oldestFirst.peek();
                oldest != null && (oldest.isGone() || oldest.round != current);
                oldest = oldestFirst.peek()) {
            // Another thread may have taken the one we saw; then we drop its successor: held for nothing but speed.
            RecentBatch polled = oldestFirst.poll();
            if (polled == null) {
                break;
            }
            drop(polled);
        }
        round = current + 1;
    }

    void releaseAll() {
        for (RecentBatch batch = oldestFirst.poll(); batch != null; batch = oldestFirst.poll()) {
            drop(batch);
        }
    }

    long heldBytes() {
        return heldBytes.get();
    }

    private static long cost(RecentBatch batch) {
        return (long) COST_FACTOR * batch.sizeBytes();
    }
}
