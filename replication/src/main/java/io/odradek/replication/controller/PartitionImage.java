package io.odradek.replication.controller;

import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import java.util.List;
import java.util.UUID;

/**
 * One partition as the metadata log has it.
 *
 * @param replicas in order of preference
 * @param directories the log directory of each replica, in the order of {@code replicas}
 * @param inSyncReplicas a subset of {@code replicas}, with the leader; empty when nobody is left
 * @param eligibleLeaderReplicas fit to lead without loss though not in sync (KIP-966); empty unless fewer than {@code
 *     min.insync.replicas} are in sync
 * @param lastKnownEligibleLeaderReplicas while nobody leads, who did last; by Kafka's name for it
 * @param leader {@link #NO_LEADER} when there is none
 * @param leaderEpoch grows with every reign, never falls
 * @param partitionEpoch grows with every change of any field
 */
public record PartitionImage(
        List<Integer> replicas,
        List<UUID> directories,
        List<Integer> inSyncReplicas,
        List<Integer> removingReplicas,
        List<Integer> addingReplicas,
        List<Integer> eligibleLeaderReplicas,
        List<Integer> lastKnownEligibleLeaderReplicas,
        int leader,
        LeaderRecovery leaderRecovery,
        int leaderEpoch,
        int partitionEpoch) {

    /** Kafka's leader id for "nobody". */
    public static final int NO_LEADER = -1;

    /** Kafka's id of a log directory nobody has chosen yet (KIP-858). */
    public static final UUID UNKNOWN_DIRECTORY = new UUID(0, 0);

    public boolean isReassigning() {
        return !addingReplicas.isEmpty() || !removingReplicas.isEmpty();
    }

    /** Those that are wanted: without those that are to go. */
    public List<Integer> targetReplicas() {
        return replicas.stream().filter(id -> !removingReplicas.contains(id)).toList();
    }

    /** Id of the log directory where that replica's log is; {@link #UNKNOWN_DIRECTORY} while nobody has said so. */
    public UUID directoryIn(int replica) {
        int at = replicas.indexOf(replica);
        return at < 0 || at >= directories.size() ? PartitionDraft.UNASSIGNED : directories.get(at);
    }

    public boolean hasLeader() {
        return leader != NO_LEADER;
    }

    PartitionImage changedBy(MetadataRecord.PartitionChange change) {
        List<UUID> nowIn = change.directories() != null ? change.directories() : directories;
        return new PartitionImage(
                change.replicas() != null ? change.replicas() : replicas,
                nowIn,
                change.inSyncReplicas() != null ? change.inSyncReplicas() : inSyncReplicas,
                change.removingReplicas() != null ? change.removingReplicas() : removingReplicas,
                change.addingReplicas() != null ? change.addingReplicas() : addingReplicas,
                change.eligibleLeaderReplicas() != null ? change.eligibleLeaderReplicas() : eligibleLeaderReplicas,
                change.lastKnownEligibleLeaderReplicas() != null
                        ? change.lastKnownEligibleLeaderReplicas()
                        : lastKnownEligibleLeaderReplicas,
                change.leader() == MetadataRecord.PartitionChange.NO_LEADER_CHANGE ? leader : change.leader(),
                change.leaderRecovery() != null ? change.leaderRecovery() : leaderRecovery,
                // Naming a leader begins a reign even when it is the same broker again.
                change.leader() == MetadataRecord.PartitionChange.NO_LEADER_CHANGE ? leaderEpoch : leaderEpoch + 1,
                partitionEpoch + 1);
    }
}
