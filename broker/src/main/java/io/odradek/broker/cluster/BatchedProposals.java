package io.odradek.broker.cluster;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.partition.InSyncProposals;
import io.odradek.engine.TopicPartition;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.PartitionsAltered;
import io.odradek.replication.controller.ControllerRequest.AlterPartition;
import io.odradek.replication.controller.ControllerRequest.ProposedInSync;
import io.odradek.replication.controller.ControllerRequest.ProposedMember;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.IsrProposal;
import io.odradek.replication.partition.IsrProposal.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What this broker's leaders propose, in one AlterPartition at a time, which takes along all that has come meanwhile: when a broker is gone,
 * every partition that it was in sync with has something to propose. Any thread.
 */
public final class BatchedProposals implements InSyncProposals {

    private record Waiting(long brokerEpoch, IsrProposal proposal, Outcome outcome) {}

    private final ActiveController controller;
    private final int brokerId;

    // Guarded by this.
    private final Map<TopicPartition, Waiting> waiting = new LinkedHashMap<>();
    private boolean asking;

    public BatchedProposals(ActiveController controller, int brokerId) {
        this.controller = controller;
        this.brokerId = brokerId;
    }

    @Override
    public void propose(TopicPartition partition, long brokerEpoch, IsrProposal proposal, Outcome outcome) {
        Waiting before;
        synchronized (this) {
            before = waiting.put(partition, new Waiting(brokerEpoch, proposal, outcome));
        }
        if (before != null) {
            before.outcome().failed("another proposal for " + partition + " came before it was sent");
        }
        askIfIdle();
    }

    private void askIfIdle() {
        List<ProposedInSync> proposed = new ArrayList<>();
        List<Outcome> outcomes = new ArrayList<>();
        long brokerEpoch;
        synchronized (this) {
            if (asking || waiting.isEmpty()) {
                return;
            }
            asking = true;
            // One process has one epoch; whatever is of another waits for the next request.
            brokerEpoch = waiting.values().iterator().next().brokerEpoch();
            waiting.entrySet().removeIf(entry -> {
                Waiting one = entry.getValue();
                if (one.brokerEpoch() != brokerEpoch) {
                    return false;
                }
                proposed.add(proposed(entry.getKey(), one.proposal()));
                outcomes.add(one.outcome());
                return true;
            });
        }
        controller.submit(
                new AlterPartition(brokerId, brokerEpoch, proposed), new ActiveController.ReplyTo<PartitionsAltered>() {
                    @Override
                    public void reply(PartitionsAltered reply) {
                        answered();
                        switch (reply.partitions()) {
                            case Done<List<io.odradek.replication.controller.Outcome<PartitionImage>>>(var each) -> {
                                for (int i = 0; i < outcomes.size(); i++) {
                                    switch (each.get(i)) {
                                        case Done<PartitionImage> _ ->
                                            outcomes.get(i).answered(Verdict.ACCEPTED);
                                        case Refused<PartitionImage>(ControllerError error, String message) ->
                                            tell(outcomes.get(i), error, message);
                                    }
                                }
                            }
                            case Refused<List<io.odradek.replication.controller.Outcome<PartitionImage>>>(
                                    ControllerError error,
                                    String message) -> outcomes.forEach(outcome -> tell(outcome, error, message));
                        }
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        answered();
                        outcomes.forEach(outcome -> outcome.failed(error + ": " + message));
                    }
                });
    }

    private void answered() {
        synchronized (this) {
            asking = false;
        }
        askIfIdle();
    }

    private static ProposedInSync proposed(TopicPartition partition, IsrProposal proposal) {
        return new ProposedInSync(
                partition.topicId(),
                partition.partition(),
                proposal.leaderEpoch(),
                proposal.partitionEpoch(),
                proposal.inSyncReplicas().stream()
                        .map(member -> new ProposedMember(member.replicaId(), member.brokerEpoch()))
                        .toList(),
                LeaderRecovery.RECOVERED);
    }

    private static void tell(InSyncProposals.Outcome outcome, ControllerError error, String message) {
        Verdict verdict = verdict(error);
        if (verdict == null) {
            outcome.failed(error + ": " + message);
        } else {
            outcome.answered(verdict);
        }
    }

    /** Null where the proposal has not been judged. */
    private static @Nullable Verdict verdict(ControllerError error) {
        return switch (error) {
            case INELIGIBLE_REPLICA -> Verdict.INELIGIBLE_REPLICA;
            case INVALID_UPDATE_VERSION -> Verdict.INVALID_UPDATE_VERSION;
            case FENCED_LEADER_EPOCH -> Verdict.FENCED_LEADER_EPOCH;
            case NEW_LEADER_ELECTED -> Verdict.NEW_LEADER_ELECTED;
            case STALE_BROKER_EPOCH -> Verdict.STALE_BROKER_EPOCH;
            case UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION -> Verdict.UNKNOWN_TOPIC_OR_PARTITION;
            default -> null;
        };
    }
}
