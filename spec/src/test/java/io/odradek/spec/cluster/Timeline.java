package io.odradek.spec.cluster;

import java.util.PriorityQueue;

/** Virtual time, in milliseconds from 0: tasks run in the order of their times, then in that in which they were made. */
final class Timeline {

    private record Task(long atMs, long order, Runnable what) implements Comparable<Task> {
        @Override
        public int compareTo(Task other) {
            return atMs != other.atMs ? Long.compare(atMs, other.atMs) : Long.compare(order, other.order);
        }
    }

    private final PriorityQueue<Task> tasks = new PriorityQueue<>();
    private long nowMs;
    private long order;

    long nowMs() {
        return nowMs;
    }

    /** A time that is over: at once, behind what is due already. */
    void at(long atMs, Runnable what) {
        tasks.add(new Task(Math.max(atMs, nowMs), order++, what));
    }

    void after(long ms, Runnable what) {
        at(nowMs + ms, what);
    }

    void runUntil(long untilMs) {
        for (Task next = tasks.peek(); next != null && next.atMs() <= untilMs; next = tasks.peek()) {
            tasks.remove();
            nowMs = next.atMs();
            next.what().run();
        }
        nowMs = untilMs;
    }
}
