package io.odradek.replication.quorum;

import java.util.List;

/** What comes back. Each says which epoch the server is in and who leads it, as far as it knows ({@link HardState#NOBODY}). */
public sealed interface QuorumAnswer {

    int epoch();

    int leader();

    /** Why a request was not carried out, in Kafka's words. */
    enum Refusal {
        /** The sender's epoch is over. */
        FENCED_LEADER_EPOCH,
        /** The sender is in a newer epoch. */
        UNKNOWN_LEADER_EPOCH,
        /** Somebody else leads, or nobody. */
        NOT_LEADER_OR_FOLLOWER,
        /** The server that was asked has another disk than the sender thinks. */
        INVALID_VOTER_KEY,
        /** It contradicts itself or what is known for certain. */
        INVALID_REQUEST
    }

    record Refused(int epoch, int leader, Refusal why) implements QuorumAnswer {}

    record Voted(int epoch, int leader, boolean granted) implements QuorumAnswer {}

    /** To a {@link QuorumRequest.BeginEpoch} or {@link QuorumRequest.EndEpoch}. */
    record Noted(int epoch, int leader) implements QuorumAnswer {}

    /** @param highWatermark as the leader knows it; the follower may not have got so far */
    record Entries(int epoch, int leader, List<EntryBatch> batches, long highWatermark) implements QuorumAnswer {
        public Entries {
            batches = List.copyOf(batches);
        }
    }

    /** The logs part: the last epoch that the leader's has of those up to the follower's last, and where it ends there. */
    record Diverging(int epoch, int leader, OffsetAndEpoch endOfEpoch) implements QuorumAnswer {}

    /** The leader's log does not reach back so far. */
    record SnapshotNeeded(int epoch, int leader, OffsetAndEpoch snapshot) implements QuorumAnswer {}
}
