package io.odradek.replication.partition;

/** How far one replica is, as its last fetch says, or as the leader's own disk does. Belongs to its {@link LeaderMachine}. */
final class ReplicaProgress {

    /** End of a replica that has not fetched in this reign. */
    static final long NOT_HEARD = -1;

    /** Broker epoch of one. */
    static final long NO_BROKER_EPOCH = -1;

    private final int replicaId;
    private long durableEnd;
    private long brokerEpoch = NO_BROKER_EPOCH;
    private long caughtUpAtMs;
    private long fetchedAtMs = Long.MIN_VALUE;
    /** Where the leader's log ended at its last fetch. */
    private long leaderEndAtFetch = Long.MAX_VALUE;
    /** It was refused as a member not long ago. */
    private long notProposedBeforeMs = Long.MIN_VALUE;

    /** @param caughtUpAtMs from when on its lag is counted */
    ReplicaProgress(int replicaId, long durableEnd, long caughtUpAtMs) {
        this.replicaId = replicaId;
        this.durableEnd = durableEnd;
        this.caughtUpAtMs = caughtUpAtMs;
    }

    int replicaId() {
        return replicaId;
    }

    /** Exclusive; {@link #NOT_HEARD} at first. */
    long durableEnd() {
        return durableEnd;
    }

    /** Of the process that fetched last (KIP-903). */
    long brokerEpoch() {
        return brokerEpoch;
    }

    /** The leader's own log. */
    void reached(long end) {
        assert end >= durableEnd : "durable end went back from " + durableEnd + " to " + end;
        durableEnd = end;
    }

    /**
     * What a fetch says, also when it says less than the last one: then it is one that was under way for long, and the next will say
     * more. The high watermark does not follow it back.
     *
     * @param leaderEnd where the leader's log ends now
     */
    void fetched(ReplicaFetch fetch, long leaderEnd, long nowMs) {
        long offset = fetch.fetchOffset();
        if (offset >= leaderEnd) {
            caughtUpAtMs = Math.max(caughtUpAtMs, nowMs);
        } else if (offset >= leaderEndAtFetch && fetch.brokerEpoch() == brokerEpoch) {
            // It has all that there was when it last asked. A log that grows all the time is never reached.
            caughtUpAtMs = Math.max(caughtUpAtMs, fetchedAtMs);
        }
        durableEnd = offset;
        brokerEpoch = fetch.brokerEpoch();
        fetchedAtMs = nowMs;
        leaderEndAtFetch = leaderEnd;
    }

    /** A new member is given the time that all have, or it would leave at once when it joined far behind the log's end. */
    void joined(long nowMs) {
        caughtUpAtMs = Math.max(caughtUpAtMs, nowMs);
    }

    /** When it has lagged for too long, if it does not catch up; never when it is at the log's end. */
    long lagsFromMs(long leaderEnd, int lagTimeMaxMs) {
        return durableEnd >= leaderEnd ? Long.MAX_VALUE : caughtUpAtMs + lagTimeMaxMs + 1;
    }

    void notProposedBefore(long ms) {
        notProposedBeforeMs = ms;
    }

    boolean mayBeProposed(long nowMs) {
        return nowMs >= notProposedBeforeMs;
    }
}
