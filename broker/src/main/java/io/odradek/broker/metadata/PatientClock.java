package io.odradek.broker.metadata;

/**
 * The time that a controller judges others by. It stands still while this process did, and a while longer, in which the signs of life that
 * wait in its sockets are read: whoever was late himself calls nobody late. So it gives brokers more time, never less. But every time
 * the process was held up counts as what is tolerated: one that is held up again and again is slow to call somebody late, and does so in
 * the end. Confined to the metadata loop.
 */
final class PatientClock {

    /** Nothing is called late that comes so much later than wanted: threads wait for each other, and for the disk. */
    private static final int TOLERATED_MS = 100;

    private final int graceMs;
    private boolean begun;
    private long valueMs;
    private long lastMs;
    private long standsUntilMs;
    private long expectedMs = Long.MAX_VALUE;

    /** @param graceMs how long it stands still after the process did */
    PatientClock(int graceMs) {
        this.graceMs = graceMs;
    }

    /**
     * What it shows.
     *
     * @param nowMs of a clock that does not go back, and goes on whatever happens
     */
    long at(long nowMs) {
        if (!begun) {
            begun = true;
            standsUntilMs = nowMs;
        } else if (nowMs - TOLERATED_MS > Math.max(lastMs, expectedMs)) {
            standsUntilMs = nowMs + graceMs;
            valueMs += TOLERATED_MS;
        } else {
            valueMs += Math.max(0, nowMs - Math.max(lastMs, standsUntilMs));
        }
        lastMs = nowMs;
        return valueMs;
    }

    /**
     * When it will show {@code wantedMs}, by the other clock; the next call of {@link #at} is expected then, at the latest.
     *
     * @param wantedMs {@link Long#MAX_VALUE}: nothing is waited for
     */
    long whenAt(long wantedMs) {
        expectedMs = wantedMs == Long.MAX_VALUE
                ? Long.MAX_VALUE
                : Math.max(lastMs, standsUntilMs) + Math.max(0, wantedMs - valueMs);
        return expectedMs;
    }
}
