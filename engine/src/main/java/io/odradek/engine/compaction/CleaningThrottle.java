package io.odradek.engine.compaction;

import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Holds compaction back to so many bytes per second, read and written together ({@code log.cleaner.io.max.bytes.per.second}),
 * and ends it when the broker stops. What several threads take counts together. Any thread.
 */
public final class CleaningThrottle {
    /** How long a wait lasts before it looks whether to go on at all. */
    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final double bytesPerSecond;
    private final LongSupplier nanoTime;
    private final LongConsumer nap;
    private volatile boolean stopped;

    /** When what was taken so far will have been paid for; guarded by this. */
    private long paidAtNanos;

    /** @param bytesPerSecond positive; {@link Double#MAX_VALUE} for no limit */
    public CleaningThrottle(double bytesPerSecond) {
        this(bytesPerSecond, System::nanoTime, LockSupport::parkNanos);
    }

    /** @param nap waits for about so many nanoseconds, or less */
    CleaningThrottle(double bytesPerSecond, LongSupplier nanoTime, LongConsumer nap) {
        if (!(bytesPerSecond > 0)) {
            throw new IllegalArgumentException(bytesPerSecond + " bytes per second are too few to get on");
        }
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.nap = nap;
        this.paidAtNanos = nanoTime.getAsLong();
    }

    /**
     * So many bytes were read or written: waits until that fits the rate.
     *
     * @throws CancellationException it was {@linkplain #stop stopped}
     */
    void took(long bytes) {
        long until;
        synchronized (this) {
            long now = nanoTime.getAsLong();
            long from = paidAtNanos - now > 0 ? paidAtNanos : now; // what was not used before is not saved up
            paidAtNanos = from + (long) Math.min(bytes / bytesPerSecond * 1e9, Long.MAX_VALUE / 4.0);
            until = paidAtNanos;
        }
        while (true) {
            if (stopped) {
                throw new CancellationException("compaction was stopped");
            }
            long left = until - nanoTime.getAsLong();
            if (left <= 0) {
                return;
            }
            nap.accept(Math.min(left, NAP_NANOS));
        }
    }

    /** From now on nothing is cleaned. */
    public void stop() {
        stopped = true;
    }

    public boolean isStopped() {
        return stopped;
    }
}
