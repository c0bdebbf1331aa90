package io.odradek.replication.quorum;

import java.util.List;

/** What servers ask of each other; the host puts it into Kafka's messages and checks the cluster id. */
public sealed interface QuorumRequest {

    /**
     * A candidate wants a vote, or wants to know whether it would get one ({@code preVote}, KIP-996).
     *
     * @param epoch the candidate's; that of the election when it is one
     * @param voter who is asked
     * @param logEnd of the candidate
     */
    record Vote(int epoch, ReplicaKey candidate, ReplicaKey voter, OffsetAndEpoch logEnd, boolean preVote)
            implements QuorumRequest {}

    /** A leader announces itself. */
    record BeginEpoch(int epoch, int leader, ReplicaKey voter) implements QuorumRequest {}

    /**
     * A leader stops.
     *
     * @param successors who had best try to follow it, the best first
     */
    record EndEpoch(int epoch, int leader, List<ReplicaKey> successors) implements QuorumRequest {
        public EndEpoch {
            successors = List.copyOf(successors);
        }
    }

    /**
     * A follower or observer wants what comes next, and says that it has what was before on disk.
     *
     * @param logEnd where it fetches from, and the epoch of its last record
     * @param highWatermark as it knows it: when the leader knows a higher one, it answers at once (KIP-1166)
     * @param maxWaitMs how long it waits for something new
     */
    record Fetch(int epoch, ReplicaKey replica, OffsetAndEpoch logEnd, long highWatermark, int maxWaitMs)
            implements QuorumRequest {}
}
