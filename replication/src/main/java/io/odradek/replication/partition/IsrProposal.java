package io.odradek.replication.partition;

import java.util.List;

/**
 * AlterPartition: how the in-sync set should be. The controller judges it by what it was based on: by the leader epoch, by the partition
 * epoch, so that of two changes made side by side one is refused (KIP-497), by who is fenced (KIP-841), and by broker epochs, as fetches may
 * be of a predecessor (KIP-903). One that it accepts makes a new partition epoch, even if the set is as it was.
 *
 * @param inSyncReplicas with the leader
 */
public record IsrProposal(int leaderEpoch, int partitionEpoch, List<Member> inSyncReplicas) {
    public IsrProposal {
        inSyncReplicas = List.copyOf(inSyncReplicas);
    }

    /**
     * @param brokerEpoch of the process that fetched; -1 when it has not fetched in this reign, which nobody does who joins
     */
    public record Member(int replicaId, long brokerEpoch) {}

    /** What the controller says to it, in Kafka's words; that no answer came is none of them. */
    public enum Verdict {
        ACCEPTED,
        /** Somebody in it is fenced, or has started again since its fetch. */
        INELIGIBLE_REPLICA,
        /** It is based on a partition epoch that is over. An earlier copy of it may be why. */
        INVALID_UPDATE_VERSION,
        /** The reign is over. */
        FENCED_LEADER_EPOCH,
        /** Accepted, and the leader itself has to go. */
        NEW_LEADER_ELECTED,
        /** The leader's process is over, as far as the controller knows. */
        STALE_BROKER_EPOCH,
        /** The controller does not know the partition. */
        UNKNOWN_TOPIC_OR_PARTITION,
        /** The controller had no time for it. */
        OPERATION_NOT_ATTEMPTED
    }
}
