package io.odradek.broker.quota;

/**
 * What was used of something in the last ten to eleven seconds, and how long to wait until that is within a bound. As Kafka's {@code Rate} with
 * its defaults, {@code quota.window.num} 11 and {@code quota.window.size.seconds} 1:
 *
 * <pre>
 *   sample   |  0  |  1  |     |  2  | ...  | 10 |
 *            ^ begins with the first use, and takes what is used within a second
 *            |&lt;------- elapsed, at least ten seconds -------&gt; now
 * </pre>
 *
 * A sample is forgotten as a whole, eleven seconds after it began. When fewer than ten full seconds have elapsed those that are missing count,
 * so whoever was quiet may use at once what the bound gives it in ten.
 *
 * <p>Whoever waits as it is told uses, in any ten seconds, no more than the bound gives in 21, and one use besides: it is told to wait for what
 * is more than ten to eleven seconds' worth, and less than ten seconds ago nothing is forgotten. Whoever uses, in steps of a second at most, no
 * more than ten elevenths of the bound never waits. Times may be a little out of order. No thread of its own.
 */
final class RateWindow implements Forgettable {

    static final int SAMPLES = 11;
    static final long SAMPLE_MS = 1000;

    /** Usage is spread over as long at least. */
    static final long LEAST_ELAPSED_MS = (SAMPLES - 1) * SAMPLE_MS;

    private static final long FORGOTTEN_AFTER_MS = SAMPLES * SAMPLE_MS;

    private final long[] beganMs = new long[SAMPLES];
    private final double[] used = new double[SAMPLES];
    private int oldest;
    private int count;

    /** @param amount negative: what was recorded before did not happen */
    void record(double amount, long nowMs) {
        forget(nowMs);
        int newest = (oldest + count - 1 + SAMPLES) % SAMPLES;
        if (count == 0 || nowMs - beganMs[newest] >= SAMPLE_MS) {
            // There is room: samples begin a second apart, and those that are left began within the last ten.
            newest = (oldest + count) % SAMPLES;
            beganMs[newest] = nowMs;
            used[newest] = 0;
            count++;
        }
        used[newest] += amount;
    }

    /**
     * How long to wait until what is remembered is within the bound: (rate - bound) / bound * elapsed (KIP-13). Does not count on anything
     * being forgotten meanwhile.
     *
     * @return 0 within the bound, else at least 1
     */
    long throttleMs(double perSecond, long nowMs) {
        forget(nowMs);
        double neededMs = total() / perSecond * 1000;
        double excessMs = neededMs - elapsedMs(nowMs);
        return excessMs <= 0 ? 0 : Math.max(1, Math.round(excessMs));
    }

    @Override
    public boolean isForgettable(long nowMs) {
        forget(nowMs);
        return count == 0;
    }

    private double total() {
        double total = 0;
        for (int i = 0; i < count; i++) {
            total += used[(oldest + i) % SAMPLES];
        }
        return total;
    }

    private long elapsedMs(long nowMs) {
        long elapsed = count == 0 ? 0 : Math.max(0, nowMs - beganMs[oldest]);
        long missingSamples = Math.max(0, SAMPLES - 1 - elapsed / SAMPLE_MS);
        return elapsed + missingSamples * SAMPLE_MS;
    }

    private void forget(long nowMs) {
        while (count > 0 && nowMs - beganMs[oldest] >= FORGOTTEN_AFTER_MS) {
            oldest = (oldest + 1) % SAMPLES;
            count--;
        }
    }
}
