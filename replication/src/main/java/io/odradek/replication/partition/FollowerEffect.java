package io.odradek.replication.partition;

/** What a follower wants done, in list order. */
public sealed interface FollowerEffect extends ReplicaEffect {

    /**
     * Asks the leader. Ends in exactly one {@link FollowerEvent.FetchAnswered} or {@link FollowerEvent.FetchFailed}; the time-out is the
     * host's. An answer is for the process that asked.
     */
    record Fetch(long exchange, int leader, ReplicaFetch fetch) implements FollowerEffect {}

    /**
     * Appends the records that answered this exchange, with the offsets they have; ends in {@link FollowerEvent.FetchedAppended}. An empty log
     * may begin within the first batch, where the leader has deleted records: then it goes back to where the batch begins.
     */
    record AppendFetched(long exchange) implements FollowerEffect {}

    /**
     * Cuts the log, durably; ends in {@link FollowerEvent.Truncated}. Epochs that begin at {@code to} or above are forgotten, also when no
     * record goes.
     *
     * @param to exclusive
     * @param highWatermark what it is from then on: readers and the checkpoint know of a lower one before anything is cut. It is lower only
     *     after an unclean election, which alone takes back what was committed
     */
    record Truncate(long to, long highWatermark) implements FollowerEffect {}

    /**
     * Removes everything and begins again at this offset, durably; ends in {@link FollowerEvent.Truncated}. All below was deleted at the
     * leader.
     */
    record StartOver(long logStartOffset) implements FollowerEffect {}

    /** @param offset exclusive; everything below is committed: consumers of a follower may read it (KIP-392) */
    record LearnHighWatermark(long offset) implements FollowerEffect {}

    /** What lies below was deleted at the leader. Wanted again until {@link ReplicaLog#durableLogStart} says that it is done. */
    record AdvanceLogStart(long logStartOffset) implements FollowerEffect {}

    /**
     * A line for whoever looks after the broker: the leader contradicts what is known for certain. It may come again with each attempt; the
     * host says it once in a while.
     */
    record Complain(String line) implements FollowerEffect {}
}
