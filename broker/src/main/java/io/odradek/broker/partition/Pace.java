package io.odradek.broker.partition;

/**
 * How much may pass at a rate: whatever has passed has to be paid for with the time that it takes at that rate, and nothing passes before. So in
 * any span of time no more passes than the rate times the span, and the last thing that passed in it; and what is larger than all that a span
 * allows passes nevertheless. Immutable; time is an argument, in ns of a clock that does not go back.
 *
 * @param bytesPerSecond 0: nothing passes; {@link #UNLIMITED}: everything does
 * @param paidAtNs when all that has passed is paid for
 */
record Pace(long bytesPerSecond, long paidAtNs) {

    static final long UNLIMITED = Long.MAX_VALUE;

    private static final long NEVER = Long.MAX_VALUE;
    private static final double NS_PER_SECOND = 1e9;

    /** From now on, with nothing to be paid for. */
    static Pace of(long bytesPerSecond, long nowNs) {
        return new Pace(bytesPerSecond, nowNs);
    }

    boolean isLimited() {
        return bytesPerSecond != UNLIMITED;
    }

    /** How long nothing may pass from now on: 0 when something may, {@link Long#MAX_VALUE} when nothing ever may. */
    long waitNs(long nowNs) {
        if (!isLimited()) {
            return 0;
        }
        if (bytesPerSecond == 0 || paidAtNs == NEVER) {
            return NEVER;
        }
        return Math.max(0, paidAtNs - nowNs);
    }

    /** So many bytes have passed, whether they might or not. */
    Pace passed(long bytes, long nowNs) {
        return isLimited() ? new Pace(bytesPerSecond, later(Math.max(paidAtNs, nowNs), bytes)) : this;
    }

    /** From now on at another rate. What has passed and is not paid for is paid for at that one. */
    Pace at(long newBytesPerSecond, long nowNs) {
        long owedNs = waitNs(nowNs);
        Pace next = of(newBytesPerSecond, nowNs);
        if (owedNs == 0 || owedNs == NEVER || !next.isLimited()) {
            return next;
        }
        return new Pace(
                newBytesPerSecond, next.later(nowNs, (long) Math.ceil(owedNs / NS_PER_SECOND * bytesPerSecond)));
    }

    /** Rounded up: it must not be too soon. */
    private long later(long fromNs, long bytes) {
        if (bytesPerSecond == 0 || fromNs == NEVER) {
            return NEVER;
        }
        double ns = Math.ceil(bytes * NS_PER_SECOND / bytesPerSecond);
        return ns < NEVER - Math.max(0, fromNs) ? fromNs + (long) ns : NEVER;
    }
}
