package io.odradek.broker.observe;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts durations in nanoseconds, or sizes, in buckets whose width is a sixteenth of their value, so a quantile read from it
 * is at most about 6 % off. Recording is two adds and no allocation, from any thread. Quantiles are of the last one to two minutes, as those
 * of Kafka's metrics are of the recent past; count and sum are since the start.
 */
public final class Histogram {

    /** Bits of a value below its highest one that the bucket keeps. */
    private static final int KEPT_BITS = 4;

    private static final int STEPS = 1 << KEPT_BITS;
    private static final int BUCKETS = (Long.SIZE - KEPT_BITS) * STEPS;
    private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final AtomicLongArray buckets = new AtomicLongArray(BUCKETS);
    private final LongAdder total = new LongAdder();

    /** Counts at the two last turns of the window. Guarded by this. */
    private long[] atLastTurn = new long[BUCKETS];

    private long[] atTurnBefore = new long[BUCKETS];
    private long lastTurnNanos = System.nanoTime();

    /** Negative values count as 0. */
    public void record(long value) {
        long counted = Math.max(0, value);
        buckets.getAndIncrement(bucketOf(counted));
        total.add(counted);
    }

    /**
     * In the unit of what was recorded.
     *
     * @param count values since the start
     */
    record Snapshot(long count, long sum, List<Double> quantiles) {}

    /** Quantiles of the recent past, in the order asked for; NaN when nothing was recorded lately. */
    synchronized Snapshot snapshot(long nowNanos, double... quantiles) {
        long[] now = new long[BUCKETS];
        long count = 0;
        long recent = 0;
        for (int i = 0; i < BUCKETS; i++) {
            now[i] = buckets.get(i);
            count += now[i];
            recent += now[i] - atTurnBefore[i];
        }
        List<Double> values = new ArrayList<>(quantiles.length);
        for (double quantile : quantiles) {
            values.add(recent == 0 ? Double.NaN : valueAt(now, (long) Math.ceil(quantile * recent)));
        }
        if (nowNanos - lastTurnNanos >= WINDOW_NANOS) {
            // After a long silence both marks are old news.
            atTurnBefore = nowNanos - lastTurnNanos >= 2 * WINDOW_NANOS ? now : atLastTurn;
            atLastTurn = now;
            lastTurnNanos = nowNanos;
        }
        return new Snapshot(count, total.sum(), values);
    }

    private double valueAt(long[] now, long rank) {
        long seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += now[i] - atTurnBefore[i];
            if (seen >= Math.max(1, rank)) {
                return middleOf(i);
            }
        }
        return middleOf(BUCKETS - 1);
    }

    /** Values below {@link #STEPS} have a bucket each; above, the highest bit and the next four choose it. */
    static int bucketOf(long value) {
        if (value < STEPS) {
            return (int) value;
        }
        int shift = Long.SIZE - 1 - Long.numberOfLeadingZeros(value) - KEPT_BITS;
        return (shift + 1) * STEPS + (int) (value >>> shift) - STEPS;
    }

    static double middleOf(int bucket) {
        if (bucket < STEPS) {
            return bucket;
        }
        int shift = bucket / STEPS - 1;
        long lowest = (long) (bucket % STEPS + STEPS) << shift;
        return lowest + (double) ((1L << shift) - 1) / 2;
    }
}
