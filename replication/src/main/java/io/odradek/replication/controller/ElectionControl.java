package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerReply.Elected;
import io.odradek.replication.controller.ControllerReply.LeadersElected;
import io.odradek.replication.controller.ControllerRequest.ElectLeaders;
import io.odradek.replication.controller.ControllerRequest.TopicPartition;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Elections that no broker's fate calls for: by request, to balance, and because the configuration has changed. */
final class ElectionControl {

    private final TopicPolicies policies;
    private final ControllerSettings settings;

    ElectionControl(TopicPolicies policies, ControllerSettings settings) {
        this.policies = policies;
        this.settings = settings;
    }

    Decision elect(ClusterImage image, ElectLeaders request) {
        List<MetadataRecord> records = new ArrayList<>();
        List<Elected> elected = new ArrayList<>();
        List<TopicPartition> asked = request.partitions();
        if (asked == null) {
            for (TopicImage topic : image.topicsByName().values()) {
                for (int p = 0; p < topic.partitions().size(); p++) {
                    if (isNeeded(topic.partitions().get(p), request.unclean())) {
                        elected.add(elect(image, new TopicPartition(topic.name(), p), request.unclean(), records));
                    }
                }
            }
        } else {
            Set<TopicPartition> seen = new HashSet<>();
            for (TopicPartition partition : asked) {
                elected.add(
                        seen.add(partition)
                                ? elect(image, partition, request.unclean(), records)
                                : refused(
                                        partition, ControllerError.INVALID_REQUEST, "Duplicate partition in request."));
            }
        }
        return new Decision(records, new LeadersElected(List.copyOf(elected)), false);
    }

    private static boolean isNeeded(PartitionImage partition, boolean unclean) {
        return unclean
                ? !partition.hasLeader()
                : partition.leader() != partition.replicas().getFirst();
    }

    private Elected elect(ClusterImage image, TopicPartition asked, boolean unclean, List<MetadataRecord> records) {
        TopicImage topic = image.topic(asked.topic());
        PartitionImage partition = topic == null ? null : image.partition(topic.id(), asked.partition());
        if (topic == null || partition == null) {
            return refused(
                    asked,
                    ControllerError.UNKNOWN_TOPIC_OR_PARTITION,
                    topic == null
                            ? "No such topic as " + asked.topic()
                            : "No such partition as " + asked.topic() + "-" + asked.partition());
        }
        if (!isNeeded(partition, unclean)) {
            return refused(
                    asked, ControllerError.ELECTION_NOT_NEEDED, "Leader election not needed for topic partition.");
        }
        PartitionDraft draft = draft(image, topic, asked.partition());
        if (unclean) {
            draft.settle();
            if (!draft.hasLeader() && !draft.electUncleanly()) {
                return refused(
                        asked,
                        ControllerError.ELIGIBLE_LEADERS_NOT_AVAILABLE,
                        "Eligible topic partition leaders are not available.");
            }
        } else if (!draft.electPreferred()) {
            return refused(
                    asked, ControllerError.PREFERRED_LEADER_NOT_AVAILABLE, "The preferred leader was not available.");
        }
        draft.settle();
        draft.addTo(records);
        return new Elected(asked, new Done<>(draft.leader()));
    }

    private static Elected refused(TopicPartition partition, ControllerError error, String message) {
        return new Elected(partition, new Refused<>(error, message));
    }

    private PartitionDraft draft(ClusterImage image, TopicImage topic, int partition) {
        return new PartitionDraft(
                image,
                policies.of(image, topic.name()),
                topic.id(),
                partition,
                topic.partitions().get(partition));
    }

    /**
     * Leadership goes back to preferred leaders that can have it, of brokers that lead too little of what prefers them. At most one batch's
     * records: the next time goes on.
     */
    List<MetadataRecord> balance(ClusterImage image) {
        Map<Integer, Integer> preferring = new HashMap<>();
        Map<Integer, Integer> ledByOthers = new HashMap<>();
        for (TopicImage topic : image.topicsByName().values()) {
            for (PartitionImage partition : topic.partitions()) {
                int preferred = partition.replicas().getFirst();
                preferring.merge(preferred, 1, Integer::sum);
                if (partition.leader() != preferred) {
                    ledByOthers.merge(preferred, 1, Integer::sum);
                }
            }
        }
        List<MetadataRecord> records = new ArrayList<>();
        for (TopicImage topic : image.topicsByName().values()) {
            for (int p = 0; p < topic.partitions().size(); p++) {
                PartitionImage partition = topic.partitions().get(p);
                int preferred = partition.replicas().getFirst();
                long missing = ledByOthers.getOrDefault(preferred, 0);
                boolean unbalanced =
                        missing * 100 > (long) settings.imbalancePercent() * preferring.getOrDefault(preferred, 1);
                if (partition.leader() != preferred && unbalanced && records.size() < settings.maxRecordsPerBatch()) {
                    PartitionDraft draft = draft(image, topic, p);
                    if (draft.electPreferred()) {
                        draft.addTo(records);
                    }
                }
            }
        }
        return records;
    }

    /**
     * A controller begins. Of what the one before decided about a broker perhaps only a part is committed: partitions that the broker has been
     * given, while it is fenced still, or has left, though it is not fenced and may never be. So everybody who is in sync has to be able to,
     * and whoever can lead does.
     */
    List<MetadataRecord> begin(ClusterImage image) {
        List<MetadataRecord> records = new ArrayList<>();
        for (TopicImage topic : image.topicsByName().values()) {
            for (int p = 0; p < topic.partitions().size(); p++) {
                PartitionDraft draft = draft(image, topic, p);
                draft.withoutUnable();
                draft.electInto(records);
            }
        }
        return records;
    }

    /**
     * Configuration has changed: with a lower {@code min.insync.replicas} a leader commits without those that were eligible, so they are
     * not any more; and where unclean elections are allowed now, there may be one. The records stand in the same batch, so that no
     * leader can act on the one without the other.
     *
     * @param after with the changed configuration
     */
    List<MetadataRecord> onConfigs(ClusterImage after, Collection<ConfigResource> changed) {
        List<MetadataRecord> records = new ArrayList<>();
        boolean all = changed.contains(TopicPolicies.ALL_BROKERS);
        for (TopicImage topic : after.topicsByName().values()) {
            if (all || changed.contains(ConfigResource.topic(topic.name()))) {
                for (int p = 0; p < topic.partitions().size(); p++) {
                    PartitionDraft draft = draft(after, topic, p);
                    draft.withInSync(draft.inSync());
                    draft.electInto(records);
                }
            }
        }
        return records;
    }
}
