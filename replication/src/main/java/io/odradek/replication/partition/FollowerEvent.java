package io.odradek.replication.partition;

/** What a follower learns. */
public sealed interface FollowerEvent extends ReplicaEvent {

    /**
     * The leader has answered {@link FollowerEffect.Fetch}.
     *
     * @param exchange of the fetch; any other than the present one is passed over
     * @param leaderEpoch of the fetch
     */
    record FetchAnswered(long exchange, int leaderEpoch, FetchAnswer answer) implements FollowerEvent {}

    /** It will not be answered: no connection, a time-out, or an answer that makes no sense. */
    record FetchFailed(long exchange) implements FollowerEvent {}

    /**
     * {@link FollowerEffect.AppendFetched} is done: the records are in the log, though perhaps not durable.
     *
     * @param logEndOffset where the log ends now
     */
    record FetchedAppended(long exchange, long logEndOffset) implements FollowerEvent {}

    /** {@link FollowerEffect.Truncate} or {@link FollowerEffect.StartOver} is done, durably: what was cut stays cut. */
    record Truncated(long logEndOffset) implements FollowerEvent {}
}
