package io.odradek.replication.partition;

import java.util.List;

/** What a partition's leader learns. */
public sealed interface LeaderEvent {

    /** @param durableEnd exclusive: what the leader itself has as durably as the topic asks for */
    record LocallyAppended(long durableEnd) implements LeaderEvent {}

    /** @param fetchOffset a follower fetches from its durable end, so this acknowledges everything below it */
    record FollowerFetched(int replicaId, long fetchOffset) implements LeaderEvent {}

    /**
     * The metadata log says who is in sync now.
     *
     * @param replicationFactor replicas in all
     */
    record InSyncReplicasChanged(List<Integer> inSyncReplicas, int replicationFactor, int partitionEpoch)
            implements LeaderEvent {}

    /** {@code min.insync.replicas} of the topic. */
    record MinInSyncReplicasChanged(int minInSyncReplicas) implements LeaderEvent {}
}
