package io.odradek.replication.partition;

/** How far one replica durably has the leader's log. Belongs to its {@link LeaderMachine}. */
final class ReplicaProgress {

    private final int replicaId;
    private long durableEnd;

    ReplicaProgress(int replicaId, long durableEnd) {
        this.replicaId = replicaId;
        this.durableEnd = durableEnd;
    }

    int replicaId() {
        return replicaId;
    }

    /** Exclusive. */
    long durableEnd() {
        return durableEnd;
    }

    /** A late or repeated report says less than is known, and is passed over: within one reign a replica loses nothing. */
    void reached(long end) {
        durableEnd = Math.max(durableEnd, end);
    }
}
