package io.odradek.replication.partition;

/** What a partition's leader wants done, in list order. */
public sealed interface LeaderEffect extends ReplicaEffect {

    /** @param offset exclusive; everything below is committed: consumers may read it, acks=all is answered */
    record AdvanceHighWatermark(long offset) implements LeaderEffect {}

    /**
     * Answers a fetch with records, as many as fit, or none when there are none.
     *
     * <p>They are read by another thread, so a later reign may have cut the log meanwhile and written anew: whoever reads looks afterwards
     * whether anything was cut since this effect, and then answers {@link FetchAnswer.Refusal#NOT_LEADER_OR_FOLLOWER} instead. What
     * lies behind {@code to} is not to be sent: it may be of that later reign.
     *
     * @param from inclusive
     * @param to exclusive: where the log ended
     */
    record ReplyRecords(long requestId, int leaderEpoch, long from, long to, long highWatermark, long logStartOffset)
            implements LeaderEffect {}

    /** Answers a fetch with something else. */
    record Reply(long requestId, FetchAnswer answer) implements LeaderEffect {}

    /**
     * Asks the controller to change the in-sync set. Ends in exactly one {@link LeaderEvent.ProposalAnswered} or {@link
     * LeaderEvent.ProposalFailed}; the time-out is the host's, and so is that a request is sent no more than once.
     */
    record AlterPartition(long requestId, IsrProposal proposal) implements LeaderEffect {}

    /** Without a lease it says nothing to consumers and producers, as another may lead already. */
    record StopActing() implements LeaderEffect {}

    /** It may again. */
    record ActAgain() implements LeaderEffect {}
}
