package io.odradek.replication.partition;

import java.util.List;

/** What comes back to a {@link ReplicaFetch}. */
public sealed interface FetchAnswer {

    /**
     * What follows the fetch's offset, as much as fits.
     *
     * @param highWatermark the leader's; the follower may not have got so far
     * @param logStartOffset the leader's; what lies below it was deleted
     */
    record Records(List<BatchSpan> batches, long highWatermark, long logStartOffset) implements FetchAnswer {
        public Records {
            batches = List.copyOf(batches);
        }
    }

    /** The logs part: the last epoch that the leader has of those up to the follower's last, and where it ends there (KIP-101, KIP-279). */
    record Diverging(EpochEnd end) implements FetchAnswer {}

    /** The leader has nothing at that offset, and where its log begins and ends. */
    record OutOfRange(long logStartOffset, long logEndOffset) implements FetchAnswer {}

    record Refused(Refusal why) implements FetchAnswer {}

    /** In Kafka's words. */
    enum Refusal {
        /** The follower's epoch is over. */
        FENCED_LEADER_EPOCH,
        /** The follower is in a newer one. */
        UNKNOWN_LEADER_EPOCH,
        /** It does not lead, may not act as the leader that it is, or does not know of the replica. */
        NOT_LEADER_OR_FOLLOWER,
        /** It has heard of a later process of the follower. */
        STALE_BROKER_EPOCH
    }
}
