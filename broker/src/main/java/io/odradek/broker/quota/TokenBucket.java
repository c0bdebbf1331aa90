package io.odradek.broker.quota;

/**
 * Changes to the cluster that a client may ask for (KIP-599). Tokens come at the bound's rate, up to what comes in eleven seconds
 * ({@code controller.quota.window.num} 11, {@code controller.quota.window.size.seconds} 1). A request that finds none owed is taken whatever
 * it costs, and may leave the client owing, since a topic has as many partitions as it has. No thread of its own.
 */
final class TokenBucket implements Forgettable {

    private static final double CAPACITY_SECONDS = 11;

    private boolean used;
    private double tokens;
    private double perSecond;
    private long filledMs;

    /** How long until nothing is owed any more; 0 when nothing is. */
    long waitMs(double bound, long nowMs) {
        fill(bound, nowMs);
        return tokens >= 0 ? 0 : Math.max(1, Math.round(-tokens / bound * 1000));
    }

    /** @param cost negative: it comes back */
    void take(double cost, double bound, long nowMs) {
        fill(bound, nowMs);
        tokens = Math.min(tokens - cost, bound * CAPACITY_SECONDS);
    }

    @Override
    public boolean isForgettable(long nowMs) {
        return !used || tokens + gained(nowMs) >= perSecond * CAPACITY_SECONDS;
    }

    /** Up to now with the bound that held until now; then the new one holds. */
    private void fill(double bound, long nowMs) {
        boolean wasUsed = used;
        tokens = wasUsed ? tokens + gained(nowMs) : bound * CAPACITY_SECONDS;
        used = true;
        tokens = Math.min(tokens, bound * CAPACITY_SECONDS);
        perSecond = bound;
        filledMs = wasUsed ? Math.max(filledMs, nowMs) : nowMs;
    }

    private double gained(long nowMs) {
        return Math.max(0, nowMs - filledMs) * perSecond / 1000;
    }
}
