package io.odradek.replication.quorum;

import java.util.List;

/** What a server of the quorum wants done, in list order. */
public sealed interface QuorumEffect {

    /** Writes the hard state, and only when it is on disk does the rest: a vote must survive a crash (Raft 5.2). */
    record Persist(HardState state, List<QuorumEffect> onceDurable) implements QuorumEffect {
        public Persist {
            onceDurable = List.copyOf(onceDurable);
        }
    }

    /**
     * Asks another server. Ends in exactly one {@link QuorumEvent.Answered} or {@link QuorumEvent.Failed}; the time-out is the
     * host's.
     *
     * @param to a server's id; negative for one of the addresses that were configured without an id
     */
    record Send(long requestId, int to, QuorumRequest request) implements QuorumEffect {}

    /** Answers another server. */
    record Reply(long requestId, QuorumAnswer answer) implements QuorumEffect {}

    /**
     * Answers a fetch with records from the log, as many as fit, or none when there are none.
     *
     * @param from inclusive
     */
    record ReplyEntries(long requestId, int epoch, int leader, long from, long highWatermark) implements QuorumEffect {}

    /** Appends to the log, and then syncs when no more appends are at hand; ends in {@link QuorumEvent.Synced}. */
    record Append(EntryBatch batch) implements QuorumEffect {}

    /** Cuts the log, durably. */
    record Truncate(long to) implements QuorumEffect {}

    /** Fetches a snapshot, in pieces, beside the log; ends in {@link QuorumEvent.SnapshotFetched} or {@link QuorumEvent.SnapshotFailed}. */
    record FetchSnapshot(int from, int epoch, OffsetAndEpoch snapshot) implements QuorumEffect {}

    /** The snapshot that was fetched takes the place of the log, durably: nothing of the log is left. */
    record InstallSnapshot(OffsetAndEpoch snapshot) implements QuorumEffect {}

    /** Whatever was fetched of a snapshot is of no use any more; what comes of it is not waited for. */
    record StopFetchingSnapshot(OffsetAndEpoch snapshot) implements QuorumEffect {}

    /** @param highWatermark exclusive; what lies below is committed for good */
    record Commit(long highWatermark) implements QuorumEffect {}

    /** This server leads; its controller is active when all up to {@code from}, exclusive, is committed and folded. */
    record Lead(int epoch, long from) implements QuorumEffect {}

    /** Another server leads, or as far as is known nobody; whatever this one led is over. */
    record Follow(int epoch, int leader) implements QuorumEffect {}

    /** Answers a request to change the voters. */
    record ReplyToChange(long requestId, ChangeOutcome outcome, String message) implements QuorumEffect {}

    /** What became of it, in Kafka's words. */
    enum ChangeOutcome {
        COMMITTED,
        NOT_LEADER_OR_FOLLOWER,
        /** Another change is under way, or the leader is too new to begin one. */
        REQUEST_IN_PROGRESS,
        DUPLICATE_VOTER,
        VOTER_NOT_FOUND,
        /** The new one has not caught up in time. */
        REQUEST_TIMED_OUT,
        /** Nobody would be left. */
        INVALID_REQUEST
    }

    /**
     * A line for whoever looks after the server: something contradicts what is known for certain, and was refused. It may come again with
     * each attempt; the host says it once in a while.
     */
    record Complain(String line) implements QuorumEffect {}
}
