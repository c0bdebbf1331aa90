package io.odradek.broker.cluster;

import io.odradek.broker.partition.ReplicaClock;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A clock that a test turns: what was to be done by then is done in order, each at its time. */
final class HandClock implements ReplicaClock {

    private record Wake(long atMs, long order, Runnable task) {}

    private final PriorityQueue<Wake> wakes =
            new PriorityQueue<>(Comparator.comparingLong(Wake::atMs).thenComparingLong(Wake::order));
    private long nowMs = 1_000;
    private long order;

    @Override
    public long nowMs() {
        return nowMs;
    }

    @Override
    public void wakeAt(long atMs, Runnable task) {
        wakes.add(new Wake(atMs, order++, task));
    }

    int waiting() {
        return wakes.size();
    }

    void advance(long ms) {
        long until = nowMs + ms;
        for (Wake next = wakes.peek(); next != null && next.atMs() <= until; next = wakes.peek()) {
            wakes.remove();
            nowMs = Math.max(nowMs, next.atMs());
            next.task().run();
        }
        nowMs = until;
    }
}
