package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerReply.PartitionsAltered;
import io.odradek.replication.controller.ControllerRequest.AlterPartition;
import io.odradek.replication.controller.ControllerRequest.ProposedInSync;
import io.odradek.replication.controller.ControllerRequest.ProposedMember;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is in sync, as leaders propose it: {@code tla/core/Isr}, {@code ProposalStands}, {@code AcceptProposal}, {@code RefuseProposal},
 * {@code WithdrawProposal}. What is accepted makes a new partition epoch, also when the set stays as it was (decision 25).
 */
final class InSyncControl {

    private final TopicPolicies policies;

    InSyncControl(TopicPolicies policies) {
        this.policies = policies;
    }

    Decision alter(ClusterImage image, AlterPartition request) {
        BrokerImage asking = image.broker(request.brokerId());
        if (asking == null || asking.epoch() != request.brokerEpoch()) {
            return Decision.only(new PartitionsAltered(new Refused<>(
                    ControllerError.STALE_BROKER_EPOCH,
                    "Broker " + request.brokerId() + " speaks with epoch " + request.brokerEpoch()
                            + (asking == null ? "; it is not registered" : "; its current one is " + asking.epoch()))));
        }
        List<MetadataRecord> records = new ArrayList<>();
        List<Outcome<PartitionImage>> outcomes = new ArrayList<>();
        Set<List<Object>> seen = new HashSet<>();
        for (ProposedInSync proposed : request.partitions()) {
            // The second would be judged by what the first has not yet become.
            outcomes.add(
                    seen.add(List.of(proposed.topicId(), proposed.partition()))
                            ? alter(image, request.brokerId(), proposed, records)
                            : new Refused<>(ControllerError.INVALID_REQUEST, "Duplicate partition in request."));
        }
        return new Decision(records, new PartitionsAltered(new Done<>(List.copyOf(outcomes))), false);
    }

    private Outcome<PartitionImage> alter(
            ClusterImage image, int brokerId, ProposedInSync proposed, List<MetadataRecord> records) {
        TopicImage topic = image.topic(proposed.topicId());
        if (topic == null) {
            return new Refused<>(
                    ControllerError.UNKNOWN_TOPIC_ID, "There is no topic with id " + proposed.topicId() + ".");
        }
        PartitionImage partition = image.partition(topic.id(), proposed.partition());
        if (partition == null) {
            return new Refused<>(
                    ControllerError.UNKNOWN_TOPIC_OR_PARTITION,
                    "Topic " + topic.name() + " has no partition " + proposed.partition() + ".");
        }
        Refused<PartitionImage> refused = objection(image, partition, brokerId, proposed);
        if (refused != null) {
            return refused;
        }
        List<Integer> members =
                proposed.inSyncReplicas().stream().map(ProposedMember::brokerId).toList();
        PartitionDraft draft = new PartitionDraft(
                image, policies.of(image, topic.name()), topic.id(), proposed.partition(), partition);
        draft.accept(members, proposed.leaderRecovery());
        draft.completeReassignment();
        draft.elect();
        PartitionChange change = draft.change();
        if (change == null) {
            throw new IllegalStateException("an accepted proposal changes nothing: " + proposed);
        }
        records.add(change);
        PartitionImage after = partition.changedBy(change);
        return after.leader() == brokerId
                ? new Done<>(after)
                : new Refused<>(
                        ControllerError.NEW_LEADER_ELECTED,
                        "By this the reassignment is complete, and broker " + after.leader() + " leads.");
    }

    /** Why it does not stand; null when it does. */
    private static @Nullable Refused<PartitionImage> objection(
            ClusterImage image, PartitionImage partition, int brokerId, ProposedInSync proposed) {
        // Who knows more than this controller has heard it from another one (KAFKA-14154).
        if (proposed.leaderEpoch() > partition.leaderEpoch()
                || proposed.partitionEpoch() > partition.partitionEpoch()) {
            return new Refused<>(
                    ControllerError.NOT_CONTROLLER,
                    "The proposal is of leader epoch " + proposed.leaderEpoch() + " and partition epoch "
                            + proposed.partitionEpoch() + "; known here: " + partition.leaderEpoch() + " and "
                            + partition.partitionEpoch());
        }
        if (proposed.leaderEpoch() < partition.leaderEpoch()) {
            return new Refused<>(
                    ControllerError.FENCED_LEADER_EPOCH,
                    "The proposal is of leader epoch " + proposed.leaderEpoch() + "; the current one is "
                            + partition.leaderEpoch());
        }
        if (partition.leader() != brokerId) {
            return new Refused<>(
                    ControllerError.INVALID_REQUEST,
                    "Broker " + brokerId + " does not lead; broker " + partition.leader() + " does.");
        }
        if (proposed.partitionEpoch() < partition.partitionEpoch()) { // KIP-497
            return new Refused<>(
                    ControllerError.INVALID_UPDATE_VERSION,
                    "The proposal is based on partition epoch " + proposed.partitionEpoch() + "; the current one is "
                            + partition.partitionEpoch());
        }
        String malformed = malformed(partition, brokerId, proposed);
        if (malformed != null) {
            return new Refused<>(ControllerError.INVALID_REQUEST, malformed);
        }
        for (ProposedMember member : proposed.inSyncReplicas()) {
            String ineligible = ineligible(image, partition, member);
            if (ineligible != null) {
                return new Refused<>(
                        ControllerError.INELIGIBLE_REPLICA, "Broker " + member.brokerId() + " " + ineligible + ".");
            }
        }
        return null;
    }

    private static @Nullable String malformed(PartitionImage partition, int leader, ProposedInSync proposed) {
        Set<Integer> ids = new HashSet<>();
        for (ProposedMember member : proposed.inSyncReplicas()) {
            if (!partition.replicas().contains(member.brokerId())) {
                return "Broker " + member.brokerId() + " is none of the replicas " + partition.replicas() + ".";
            }
            if (!ids.add(member.brokerId())) {
                return "Broker " + member.brokerId() + " is named more than once.";
            }
        }
        if (!ids.contains(leader)) {
            return "The leader, broker " + leader + ", has to be in sync.";
        }
        if (proposed.leaderRecovery() == LeaderRecovery.RECOVERING) {
            if (ids.size() > 1) {
                return "While its leader recovers nobody else is in sync.";
            }
            if (partition.leaderRecovery() == LeaderRecovery.RECOVERED) {
                return "A leader that has recovered does not recover again.";
            }
        }
        return null;
    }

    private static @Nullable String ineligible(ClusterImage image, PartitionImage partition, ProposedMember member) {
        BrokerImage broker = image.broker(member.brokerId());
        if (broker == null) {
            return "is not registered";
        }
        if (broker.fenced()) { // KIP-841
            return "is fenced";
        }
        if (broker.inControlledShutdown()) {
            return "is shutting down";
        }
        if (member.brokerEpoch() != -1 && member.brokerEpoch() != broker.epoch()) { // KIP-903
            return "has epoch " + broker.epoch() + ", not " + member.brokerEpoch();
        }
        return broker.reaches(partition.directoryIn(broker.id())) ? null : "has lost the replica's directory";
    }
}
