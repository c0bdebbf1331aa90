package io.odradek.spec.cluster;

import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import io.odradek.spec.cluster.Operation.AddPartitions;
import io.odradek.spec.cluster.Operation.CancelReassignment;
import io.odradek.spec.cluster.Operation.CreateTopic;
import io.odradek.spec.cluster.Operation.DeleteTopic;
import io.odradek.spec.cluster.Operation.ElectPreferred;
import io.odradek.spec.cluster.Operation.Reassign;
import io.odradek.spec.cluster.Operation.SetConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * What operators ask for, held against the metadata that is committed, as in {@code tla/core/Controller}:
 *
 * <ul>
 *   <li>AcceptedIsCommitted: what is said to be done was so in some committed metadata between the question and the answer; a refusal that gives such a
 *       reason (it exists, it does not) has it there.
 *   <li>ImplementsAtomicController: nothing changes that nobody asked for who still waits for an answer, or never got one. So what was acknowledged stays
 *       until somebody asks for something else.
 *   <li>RefusalIsFinal: what was refused does not come later; what may not be done is refused, and never is.
 * </ul>
 */
final class Decisions {

    /** A question; open until it is answered for certain. */
    static final class Asked {
        private final Operation operation;
        private final long atMs;
        private boolean refused;
        private boolean open;

        Asked(Operation operation, long atMs) {
            this.operation = operation;
            this.atMs = atMs;
            this.open = operation.allowed();
        }

        @Override
        public String toString() {
            return "[" + operation + ", at " + atMs + " ms]";
        }
    }

    /** So it became at a time. */
    private record Became(long atMs, ClusterImage image) {}

    private final Timeline time;
    private final List<String> topics;
    private final List<String> given;
    private final Map<String, List<Asked>> asked = new HashMap<>();
    private final List<Became> images = new ArrayList<>();

    /**
     * @param passing topics that operators create, delete and change
     * @param given topics that operators change, once somebody else has created them
     */
    Decisions(Timeline time, String clusterId, List<String> passing, List<String> given) {
        this.time = time;
        this.topics = Stream.concat(passing.stream(), given.stream()).toList();
        this.given = given;
        images.add(new Became(0, ClusterImage.empty(clusterId)));
    }

    // ---- Questions and answers.

    Asked asked(Operation operation) {
        Asked question = new Asked(operation, time.nowMs());
        asked.computeIfAbsent(operation.topic(), _ -> new ArrayList<>()).add(question);
        return question;
    }

    void answered(Asked question, Errors error) {
        Operation operation = question.operation;
        switch (error) {
            case NONE -> {
                check(operation.allowed(), "RefusalIsFinal: it was not refused: " + question);
                wasSo(question, error, image -> isDone(operation, image));
                question.open = false;
            }
            case TOPIC_ALREADY_EXISTS -> {
                wasSo(question, error, image -> image.topic(operation.topic()) != null);
                refused(question);
            }
            case UNKNOWN_TOPIC_OR_PARTITION -> {
                wasSo(question, error, image -> partitionOf(operation, image) == null);
                refused(question);
            }
            case NO_REASSIGNMENT_IN_PROGRESS -> {
                wasSo(question, error, image -> {
                    PartitionImage partition = partitionOf(operation, image);
                    return partition != null && !partition.isReassigning();
                });
                refused(question);
            }
            case ELECTION_NOT_NEEDED -> {
                wasSo(question, error, image -> isDone(operation, image));
                refused(question);
            }
            case INVALID_PARTITIONS -> {
                wasSo(question, error, image -> isDone(operation, image));
                refused(question);
            }
            // Not enough brokers are registered, or those that are to take part are not there.
            case INVALID_REPLICATION_FACTOR,
                    INVALID_REPLICA_ASSIGNMENT,
                    PREFERRED_LEADER_NOT_AVAILABLE,
                    ELIGIBLE_LEADERS_NOT_AVAILABLE -> refused(question);
            case INVALID_CONFIG, INVALID_REQUEST -> {
                check(!operation.allowed(), "RefusalIsFinal: " + question + " is refused for good: " + error);
                refused(question);
            }
            case NOT_CONTROLLER, REQUEST_TIMED_OUT -> {} // it may be done, or will be
            default -> throw new AssertionError("RefusalIsFinal: " + question + " hears " + error);
        }
    }

    private static void refused(Asked question) {
        question.open = false;
        question.refused = true;
    }

    /** Of a partition; of a topic alone, of its first one. */
    private static @Nullable PartitionImage partitionOf(Operation operation, ClusterImage image) {
        TopicImage topic = image.topic(operation.topic());
        int partition = switch (operation) {
            case Reassign reassign -> reassign.partition();
            case CancelReassignment cancel -> cancel.partition();
            case ElectPreferred elect -> elect.partition();
            case CreateTopic _, DeleteTopic _, SetConfig _, AddPartitions _ -> 0;
        };
        return topic == null || partition >= topic.partitions().size()
                ? null
                : topic.partitions().get(partition);
    }

    private static boolean isDone(Operation operation, ClusterImage image) {
        TopicImage topic = image.topic(operation.topic());
        PartitionImage partition = partitionOf(operation, image);
        return switch (operation) {
            case DeleteTopic _ -> topic == null;
            case CreateTopic create ->
                topic != null
                        && topic.partitions().size() == create.partitions()
                        && topic.partitions().getFirst().replicas().size() == create.replicationFactor();
            case AddPartitions add -> topic != null && topic.partitions().size() >= add.count();
            case SetConfig set ->
                topic != null && set.value().equals(configs(image, set.topic()).get(set.key()));
            case Reassign reassign ->
                partition != null && partition.targetReplicas().equals(reassign.replicas());
            case CancelReassignment _ -> partition != null && !partition.isReassigning();
            case ElectPreferred _ ->
                partition != null && partition.leader() == partition.replicas().getFirst();
        };
    }

    private static Map<String, String> configs(ClusterImage image, String topic) {
        return image.config(new ConfigResource(ConfigResource.Type.TOPIC, topic));
    }

    /** At some moment since the question was asked. */
    private void wasSo(Asked question, Errors error, Predicate<ClusterImage> what) {
        for (Became became : images.reversed()) {
            if (what.test(became.image())) {
                return;
            }
            if (became.atMs() < question.atMs) {
                break;
            }
        }
        throw new AssertionError("AcceptedIsCommitted: " + question + " hears " + error
                + ", and so it was in no metadata that was committed since");
    }

    // ---- What becomes of the metadata.

    /** Newer than all before. */
    void committed(ClusterImage after) {
        ClusterImage before = images.getLast().image();
        images.add(new Became(time.nowMs(), after));
        for (String name : topics) {
            TopicImage was = before.topic(name);
            TopicImage is = after.topic(name);
            if (was == null && given.contains(name)) {
                continue;
            }
            if (was != null && (is == null || !is.id().equals(was.id()))) {
                wanted(name, "it is deleted", operation -> operation instanceof DeleteTopic);
            }
            if (is == null) {
                continue;
            }
            if (was == null || !is.id().equals(was.id())) {
                wanted(
                        name,
                        "it is created",
                        operation -> operation instanceof CreateTopic create
                                && create.partitions() <= is.partitions().size());
                configured(name, Map.of(), after);
            } else {
                changed(was, is);
                configured(name, configs(before, name), after);
            }
        }
    }

    private void changed(TopicImage was, TopicImage is) {
        int count = is.partitions().size();
        if (count != was.partitions().size()) {
            wanted(
                    is.name(),
                    "it has " + count + " partitions",
                    operation -> operation instanceof AddPartitions add && add.count() == count);
        }
        for (int p = 0; p < was.partitions().size(); p++) {
            int number = p;
            PartitionImage after = is.partitions().get(p);
            List<Integer> target = after.targetReplicas();
            if (!target.equals(was.partitions().get(p).targetReplicas())) {
                wanted(is.name(), "partition " + p + " is to be on " + target, operation -> switch (operation) {
                    case Reassign reassign ->
                        reassign.partition() == number && reassign.replicas().equals(target);
                    case CancelReassignment cancel -> cancel.partition() == number && !after.isReassigning();
                    case CreateTopic _, DeleteTopic _, SetConfig _, AddPartitions _, ElectPreferred _ -> false;
                });
            }
        }
    }

    private void configured(String name, Map<String, String> was, ClusterImage after) {
        configs(after, name).forEach((key, value) -> {
            if (!value.equals(was.get(key))) {
                wanted(
                        name,
                        key + " is " + value,
                        operation -> operation instanceof SetConfig set
                                && set.key().equals(key)
                                && set.value().equals(value));
            }
        });
        was.forEach((key, value) -> check(
                configs(after, name).containsKey(key),
                "ImplementsAtomicController: nobody asked for this: of " + name + " " + key + " is set no more"));
    }

    private void wanted(String topic, String what, Predicate<Operation> wanted) {
        List<Asked> all = asked.getOrDefault(topic, List.of());
        if (all.stream().noneMatch(question -> question.open && wanted.test(question.operation))) {
            List<Asked> refused = all.stream()
                    .filter(question -> question.refused && wanted.test(question.operation))
                    .toList();
            throw new AssertionError(
                    refused.isEmpty()
                            ? "ImplementsAtomicController: nobody asked for this: of " + topic + " " + what
                                    + "; asked was " + all
                            : "RefusalIsFinal: of " + topic + " " + what + ", which was refused: " + refused);
        }
    }

    private static void check(boolean holds, String law) {
        if (!holds) {
            throw new AssertionError(law);
        }
    }
}
