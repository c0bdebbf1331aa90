package io.odradek.replication.partition;

/** What a replica wants done, in list order. */
public sealed interface ReplicaEffect
        permits LeaderEffect, FollowerEffect, ReplicaEffect.Lead, ReplicaEffect.Follow, ReplicaEffect.StandBy {

    /**
     * A reign begins here: records are appended in this epoch.
     *
     * @param epochStart where the log ends
     */
    record Lead(int leaderEpoch, long epochStart) implements ReplicaEffect {}

    /** Another broker leads; a reign of this one is over. */
    record Follow(int leaderEpoch, int leader) implements ReplicaEffect {}

    /** Nobody leads, or this broker has no replica any more. */
    record StandBy(int leaderEpoch) implements ReplicaEffect {}
}
