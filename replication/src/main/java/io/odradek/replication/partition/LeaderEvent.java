package io.odradek.replication.partition;

import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.IsrProposal.Verdict;

/** What a partition's leader learns. */
public sealed interface LeaderEvent extends ReplicaEvent {

    /** Records were appended, durable or not: followers that wait get them now, and sync side by side with the leader. */
    record LogGrew() implements LeaderEvent {}

    /**
     * A follower asks.
     *
     * @param requestId comes back in the effect that answers it, exactly once
     */
    record FollowerFetched(long requestId, ReplicaFetch fetch) implements LeaderEvent {}

    /**
     * The metadata log says something new about the partition in the same reign: perhaps who is in sync. An older partition epoch, or
     * that of another reign, is passed over.
     */
    record PartitionChanged(PartitionImage image) implements LeaderEvent {}

    /** {@code min.insync.replicas} of the topic. */
    record MinInSyncReplicasChanged(int minInSyncReplicas) implements LeaderEvent {}

    /** The controller has answered {@link LeaderEffect.AlterPartition}. */
    record ProposalAnswered(long requestId, Verdict verdict) implements LeaderEvent {}

    /** No answer will come, and whether the request arrived, or still will, is not known. */
    record ProposalFailed(long requestId) implements LeaderEvent {}

    /** The controller may soon give up this broker: its heartbeats were not answered. */
    record LeaseLapsed() implements LeaderEvent {}

    /** A heartbeat was answered. */
    record LeaseRenewed() implements LeaderEvent {}
}
