package io.odradek.broker.partition;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The time that replicas go by. Any thread. */
public interface ReplicaClock {

    /** Does not go back; says nothing but how much later it is than another time of it. */
    long nowMs();

    /** Calls {@code task} at that time or soon after, on some thread, which it does not hold up. Dropped when the broker stops. */
    void wakeAt(long atMs, Runnable task);

    /** The machine's clock. */
    static ReplicaClock of(ScheduledExecutorService timer) {
        return new ReplicaClock() {
            @Override
            public long nowMs() {
                return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
            }

            @Override
            public void wakeAt(long atMs, Runnable task) {
                try {
                    var _ = timer.schedule(task, Math.max(0, atMs - nowMs()), TimeUnit.MILLISECONDS);
                } catch (RejectedExecutionException stopping) {
                    // and with it everybody who waits
                }
            }
        };
    }
}
