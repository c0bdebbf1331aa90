package io.odradek.replication.partition;

/** What happens to a replica, whoever leads. */
public sealed interface ReplicaEvent
        permits LeaderEvent, FollowerEvent, ReplicaEvent.LocallyAppended, ReplicaEvent.TimePassed {

    /**
     * The log is as durable as its topic asks for up to there: synced, or with page-cache durability written. Never of a log as it was before
     * something was cut from it.
     *
     * @param durableEnd exclusive
     */
    record LocallyAppended(long durableEnd) implements ReplicaEvent {}

    /** Nothing but that: a deadline may have come. */
    record TimePassed() implements ReplicaEvent {}
}
