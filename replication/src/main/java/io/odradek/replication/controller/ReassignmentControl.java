package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerReply.ReassignmentsAltered;
import io.odradek.replication.controller.ControllerRequest.AlterReassignments;
import io.odradek.replication.controller.ControllerRequest.Reassignment;
import io.odradek.replication.controller.ControllerRequest.TopicPartition;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Moving replicas (KIP-455). The replicas that are wanted come first, those that go stand behind them until those that come are in sync;
 * {@link PartitionDraft#completeReassignment} says when that is.
 *
 * <pre>
 *                      replicas     adding   removing
 *   1 2 3 → 2 3 4      2 3 4 1      4        1
 *   4 is in sync       2 3 4
 * </pre>
 */
final class ReassignmentControl {

    private final TopicPolicies policies;

    ReassignmentControl(TopicPolicies policies) {
        this.policies = policies;
    }

    Decision alter(ClusterImage image, AlterReassignments request) {
        List<MetadataRecord> records = new ArrayList<>();
        List<Outcome<PartitionImage>> outcomes = new ArrayList<>();
        Set<TopicPartition> seen = new HashSet<>();
        for (Reassignment reassignment : request.reassignments()) {
            outcomes.add(
                    seen.add(reassignment.partition())
                            ? alter(image, reassignment, request.mayChangeReplicationFactor(), records)
                            : new Refused<>(ControllerError.INVALID_REQUEST, "Duplicate partition in request."));
        }
        return new Decision(records, new ReassignmentsAltered(List.copyOf(outcomes)), false);
    }

    private Outcome<PartitionImage> alter(
            ClusterImage image, Reassignment asked, boolean mayChangeFactor, List<MetadataRecord> records) {
        TopicPartition name = asked.partition();
        TopicImage topic = image.topic(name.topic());
        PartitionImage partition = topic == null ? null : image.partition(topic.id(), name.partition());
        if (topic == null || partition == null) {
            return new Refused<>(
                    ControllerError.UNKNOWN_TOPIC_OR_PARTITION,
                    topic == null
                            ? "Unable to find a topic named " + name.topic() + "."
                            : "Unable to find partition " + name.topic() + ":" + name.partition() + ".");
        }
        PartitionDraft draft =
                new PartitionDraft(image, policies.of(image, topic.name()), topic.id(), name.partition(), partition);
        List<Integer> target = asked.replicas();
        if (target == null) {
            if (!partition.isReassigning()) {
                return new Refused<>(
                        ControllerError.NO_REASSIGNMENT_IN_PROGRESS, "No partition reassignment is in progress.");
            }
            draft.cancelReassignment();
        } else {
            Refused<PartitionImage> refused = objection(image, partition, target, mayChangeFactor);
            if (refused != null) {
                return refused;
            }
            draft.reassign(List.copyOf(target));
        }
        // Those that were to come may be the only ones that are left.
        boolean emptied =
                !partition.inSyncReplicas().isEmpty() && draft.inSync().isEmpty();
        if (emptied && !draft.policy().uncleanElection()) {
            return new Refused<>(
                    ControllerError.INVALID_REPLICA_ASSIGNMENT,
                    "Unable to reassign " + name.topic() + ":" + name.partition()
                            + " because it would require an unclean leader election.");
        }
        int from = records.size();
        draft.electInto(records);
        PartitionImage after = partition;
        for (MetadataRecord record : records.subList(from, records.size())) {
            if (record instanceof PartitionChange change) {
                after = after.changedBy(change);
            }
        }
        return new Done<>(after);
    }

    private static @Nullable Refused<PartitionImage> objection(
            ClusterImage image, PartitionImage partition, List<Integer> target, boolean mayChangeFactor) {
        String problem = TopicControl.assignmentProblem(image, target);
        if (problem != null) {
            return new Refused<>(ControllerError.INVALID_REPLICA_ASSIGNMENT, problem);
        }
        int factor = partition.targetReplicas().size();
        return mayChangeFactor || target.size() == factor
                ? null
                : new Refused<>(
                        ControllerError.INVALID_REPLICATION_FACTOR,
                        "The replication factor is changed from " + factor + " to " + target.size());
    }
}
