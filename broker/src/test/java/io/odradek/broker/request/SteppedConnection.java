package io.odradek.broker.request;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A connection whose time passes when the test says so; on whose loop every thread is. */
final class SteppedConnection extends IdleConnection {

    private record Task(long atMs, int number, Runnable task) {}

    private final List<Task> tasks = new ArrayList<>();
    private long nowMs;
    private int scheduled;

    @Override
    public Timer schedule(long delayMs, Runnable task) {
        Task next = new Task(nowMs + delayMs, scheduled++, task);
        tasks.add(next);
        return () -> tasks.remove(next);
    }

    /** Runs what becomes due, in its order. */
    void pass(long ms) {
        long untilMs = nowMs + ms;
        while (true) {
            Task next = tasks.stream()
                    .filter(task -> task.atMs <= untilMs)
                    .min(Comparator.comparingLong(Task::atMs).thenComparingInt(Task::number))
                    .orElse(null);
            if (next == null) {
                nowMs = untilMs;
                return;
            }
            nowMs = next.atMs;
            tasks.remove(next);
            next.task.run();
        }
    }

    int waiting() {
        return tasks.size();
    }
}
