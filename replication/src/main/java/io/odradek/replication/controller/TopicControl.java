package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerReply.CreatedTopic;
import io.odradek.replication.controller.ControllerReply.DeletedTopic;
import io.odradek.replication.controller.ControllerReply.PartitionsCreated;
import io.odradek.replication.controller.ControllerReply.TopicsCreated;
import io.odradek.replication.controller.ControllerReply.TopicsDeleted;
import io.odradek.replication.controller.ControllerRequest.CreatePartitions;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DeleteTopics;
import io.odradek.replication.controller.ControllerRequest.ManualAssignment;
import io.odradek.replication.controller.ControllerRequest.MorePartitions;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.TopicKey;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.MetadataRecord.Partition;
import io.odradek.replication.controller.MetadataRecord.RemoveTopic;
import io.odradek.replication.controller.MetadataRecord.Topic;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Creating, growing and deleting topics. */
final class TopicControl {

    /** Reserved by Kafka: "none", the metadata log's topic, and room for more. */
    private static final long RESERVED_IDS = 100;

    private final ControllerSettings settings;
    private final ConfigControl configs;

    /** Names with a '.' or '_', by what they share with others. */
    private final Map<String, Set<String>> collisions = new HashMap<>();

    TopicControl(ControllerSettings settings, ConfigControl configs, ClusterImage image) {
        this.settings = settings;
        this.configs = configs;
        image.topicsByName().values().forEach(topic -> noteName(topic.name()));
    }

    /** Keeps up with what was decided. */
    void follow(ClusterDelta delta) {
        delta.deletedTopics().forEach(topic -> {
            String key = TopicNames.collisionKey(topic.name());
            Set<String> names = collisions.getOrDefault(key, Set.of());
            if (names.size() <= 1) {
                collisions.remove(key);
            } else {
                names.remove(topic.name());
            }
        });
        delta.createdTopics().forEach(topic -> noteName(topic.name()));
    }

    private void noteName(String name) {
        if (name.indexOf('.') >= 0 || name.indexOf('_') >= 0) {
            collisions
                    .computeIfAbsent(TopicNames.collisionKey(name), _ -> new TreeSet<>())
                    .add(name);
        }
    }

    Decision create(ClusterImage image, CreateTopics request, long seed) {
        long asked = 0;
        for (NewTopic topic : request.topics()) {
            asked += topic.assignments().isEmpty()
                    ? Math.max(1, topic.partitions())
                    : topic.assignments().size();
        }
        if (asked > settings.maxPartitionsPerRequest()) {
            String message = "Excessively large number of partitions per request: " + asked + "; allowed: at most "
                    + settings.maxPartitionsPerRequest();
            return Decision.only(
                    new TopicsCreated(refuseAll(request.topics(), ControllerError.POLICY_VIOLATION, message)));
        }
        if (!configs.fits(request.topics().stream()
                .flatMap(topic -> topic.configs().stream())
                .toList())) {
            return Decision.only(new TopicsCreated(
                    refuseAll(request.topics(), ControllerError.POLICY_VIOLATION, ConfigControl.TOO_MUCH)));
        }
        SplittableRandom random = new SplittableRandom(seed);
        List<MetadataRecord> records = new ArrayList<>();
        List<Outcome<CreatedTopic>> outcomes = new ArrayList<>();
        Set<String> newCollisionKeys = new HashSet<>();
        ClusterImage working = image; // a topic is checked against those before it in the same request, too
        for (NewTopic topic : request.topics()) {
            List<MetadataRecord> ofTopic = new ArrayList<>();
            Outcome<CreatedTopic> outcome = create(working, topic, newCollisionKeys, random, ofTopic);
            outcomes.add(outcome);
            if (outcome instanceof Done<CreatedTopic>) {
                working = working.apply(ofTopic);
                newCollisionKeys.add(TopicNames.collisionKey(topic.name()));
                records.addAll(ofTopic);
            }
        }
        TopicsCreated reply = new TopicsCreated(List.copyOf(outcomes));
        return request.validateOnly() ? Decision.only(reply) : Decision.atomic(records, reply);
    }

    private static <A, T> List<Outcome<T>> refuseAll(List<A> items, ControllerError error, String message) {
        return Collections.nCopies(items.size(), new Refused<>(error, message));
    }

    private Outcome<CreatedTopic> create(
            ClusterImage image,
            NewTopic topic,
            Set<String> newCollisionKeys,
            SplittableRandom random,
            List<MetadataRecord> records) {
        String badName = TopicNames.problem(topic.name());
        if (badName != null) {
            return new Refused<>(ControllerError.INVALID_TOPIC, badName);
        }
        if (image.topic(topic.name()) != null) {
            return new Refused<>(ControllerError.TOPIC_ALREADY_EXISTS, "Topic '" + topic.name() + "' already exists.");
        }
        String collisionKey = TopicNames.collisionKey(topic.name());
        if (topic.name().indexOf('.') >= 0 || topic.name().indexOf('_') >= 0) {
            Set<String> colliding = collisions.getOrDefault(collisionKey, Set.of());
            if (!colliding.isEmpty() || newCollisionKeys.contains(collisionKey)) {
                return new Refused<>(
                        ControllerError.INVALID_TOPIC,
                        "Topic '" + topic.name() + "' collides with existing topic: "
                                + (colliding.isEmpty()
                                        ? "another one of this request"
                                        : colliding.iterator().next()));
            }
        }
        Map<String, String> overrides = new TreeMap<>();
        ConfigRules.Refusal badConfig =
                configs.checkNew(ConfigResource.topic(topic.name()), topic.configs(), overrides);
        if (badConfig != null) {
            return new Refused<>(badConfig.error(), badConfig.message());
        }
        return switch (placement(image, topic, random)) {
            case Refused<List<PartitionImage>>(ControllerError error, String message) -> new Refused<>(error, message);
            case Done<List<PartitionImage>>(List<PartitionImage> partitions) -> {
                UUID id = freshId(image, random);
                records.add(new Topic(topic.name(), id));
                // Before the partitions, so that whoever opens their logs knows how.
                overrides.forEach((key, value) ->
                        records.add(new MetadataRecord.Config(ConfigResource.topic(topic.name()), key, value)));
                for (int i = 0; i < partitions.size(); i++) {
                    records.add(new Partition(id, i, partitions.get(i)));
                }
                yield new Done<>(new CreatedTopic(
                        topic.name(),
                        id,
                        partitions.size(),
                        partitions.getFirst().replicas().size(),
                        Collections.unmodifiableMap(overrides)));
            }
        };
    }

    private Outcome<List<PartitionImage>> placement(ClusterImage image, NewTopic topic, SplittableRandom random) {
        if (!topic.assignments().isEmpty()) {
            return manualPlacement(image, topic);
        }
        if (topic.replicationFactor() < -1 || topic.replicationFactor() == 0) {
            return new Refused<>(
                    ControllerError.INVALID_REPLICATION_FACTOR,
                    "Replication factor must be larger than 0, or -1 to use the default value.");
        }
        if (topic.partitions() < -1 || topic.partitions() == 0) {
            return new Refused<>(
                    ControllerError.INVALID_PARTITIONS,
                    "Number of partitions was set to an invalid non-positive value.");
        }
        int count = topic.partitions() == -1 ? settings.defaultPartitions() : topic.partitions();
        int replicationFactor =
                topic.replicationFactor() == -1 ? settings.defaultReplicationFactor() : topic.replicationFactor();
        return placed(image, new ReplicaPlacer(image, random.nextLong()).place(0, count, replicationFactor));
    }

    private static Outcome<List<PartitionImage>> placed(ClusterImage image, Outcome<List<List<Integer>>> placement) {
        return switch (placement) {
            case Refused<List<List<Integer>>>(ControllerError error, String message) -> new Refused<>(error, message);
            case Done<List<List<Integer>>>(List<List<Integer>> replicas) ->
                new Done<>(
                        replicas.stream().map(each -> newPartition(image, each)).toList());
        };
    }

    private Outcome<List<PartitionImage>> manualPlacement(ClusterImage image, NewTopic topic) {
        if (topic.replicationFactor() != -1) {
            return new Refused<>(
                    ControllerError.INVALID_REQUEST,
                    "A manual partition assignment was specified, but replication factor was not set to -1.");
        }
        if (topic.partitions() != -1) {
            return new Refused<>(
                    ControllerError.INVALID_REQUEST,
                    "A manual partition assignment was specified, but numPartitions was not set to -1.");
        }
        TreeMap<Integer, PartitionImage> partitions = new TreeMap<>();
        int replicationFactor = topic.assignments().getFirst().replicas().size();
        for (ManualAssignment assignment : topic.assignments()) {
            if (partitions.containsKey(assignment.partition())) {
                return new Refused<>(
                        ControllerError.INVALID_REPLICA_ASSIGNMENT,
                        "Found multiple manual partition assignments for partition " + assignment.partition());
            }
            String problem = manualProblem(image, assignment.partition(), assignment.replicas(), replicationFactor);
            if (problem != null) {
                return new Refused<>(ControllerError.INVALID_REPLICA_ASSIGNMENT, problem);
            }
            partitions.put(assignment.partition(), newPartition(image, assignment.replicas()));
        }
        if (partitions.firstKey() != 0 || partitions.lastKey() != partitions.size() - 1) {
            return new Refused<>(
                    ControllerError.INVALID_REPLICA_ASSIGNMENT,
                    "partitions should be a consecutive 0-based integer sequence");
        }
        return new Done<>(List.copyOf(partitions.values()));
    }

    private static @Nullable String manualProblem(
            ClusterImage image, int partition, List<Integer> replicas, int replicationFactor) {
        String problem = assignmentProblem(image, replicas);
        if (problem != null) {
            return problem;
        }
        if (replicas.size() != replicationFactor) {
            return "The manual partition assignment includes a partition with " + replicas.size()
                    + " replica(s), but this is not consistent with previous partitions, which have "
                    + replicationFactor + " replica(s).";
        }
        if (replicas.stream().noneMatch(image::isActive)) {
            return "All brokers specified in the manual partition assignment for partition " + partition
                    + " are fenced or in controlled shutdown.";
        }
        return null;
    }

    /** Why nobody can ask for these replicas, whatever state they are in; null when one can. */
    static @Nullable String assignmentProblem(ClusterImage image, List<Integer> replicas) {
        if (replicas.isEmpty()) {
            return "The manual partition assignment includes an empty replica list.";
        }
        Set<Integer> seen = new HashSet<>();
        for (int replica : replicas) {
            if (image.broker(replica) == null) {
                return "The manual partition assignment includes broker " + replica
                        + ", but no such broker is registered.";
            }
            if (!seen.add(replica)) {
                return "The manual partition assignment includes the broker " + replica + " more than once.";
            }
        }
        return null;
    }

    /** In sync are those who can be: an empty log lacks nothing. At least one of the replicas is active. */
    private static PartitionImage newPartition(ClusterImage image, List<Integer> replicas) {
        List<Integer> inSync = replicas.stream().filter(image::isActive).toList();
        return new PartitionImage(
                List.copyOf(replicas),
                replicas.stream()
                        .map(replica -> PartitionDraft.directory(image, replica))
                        .toList(),
                inSync,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                inSync.getFirst(),
                LeaderRecovery.RECOVERED,
                0,
                0);
    }

    private static UUID freshId(ClusterImage image, SplittableRandom random) {
        while (true) {
            long high = (random.nextLong() & ~0xF000L) | 0x4000L; // version 4
            long low = (random.nextLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L; // RFC 9562 variant
            UUID id = new UUID(high, low);
            // Kafka's tools print ids in base64 and read a leading '-' (62) as an option.
            boolean leadingDash = (high >>> 58) == 62;
            boolean reserved = high == 0 && low >= 0 && low < RESERVED_IDS;
            if (!leadingDash && !reserved && image.topic(id) == null) {
                return id;
            }
        }
    }

    Decision delete(ClusterImage image, DeleteTopics request) {
        if (request.topics().size() > settings.maxRecordsPerBatch()) {
            return Decision.only(new TopicsDeleted(refuseAll(
                    request.topics(),
                    ControllerError.POLICY_VIOLATION,
                    "Unable to perform excessively large batch operation: "
                            + request.topics().size() + " topics; allowed: at most " + settings.maxRecordsPerBatch())));
        }
        List<MetadataRecord> records = new ArrayList<>();
        List<Outcome<DeletedTopic>> outcomes = new ArrayList<>();
        Set<UUID> gone = new HashSet<>();
        for (TopicKey key : request.topics()) {
            TopicImage topic = switch (key) {
                case TopicKey.ByName(String name) -> image.topic(name);
                case TopicKey.ById(UUID id) -> image.topic(id);
            };
            if (topic == null || !gone.add(topic.id())) {
                outcomes.add(
                        switch (key) {
                            case TopicKey.ByName(String _) ->
                                new Refused<>(
                                        ControllerError.UNKNOWN_TOPIC_OR_PARTITION,
                                        "This server does not host this topic-partition.");
                            case TopicKey.ById(UUID _) ->
                                new Refused<>(
                                        ControllerError.UNKNOWN_TOPIC_ID, "This server does not host this topic ID.");
                        });
                continue;
            }
            records.add(new RemoveTopic(topic.id()));
            outcomes.add(new Done<>(new DeletedTopic(topic.name(), topic.id())));
        }
        return Decision.atomic(records, new TopicsDeleted(List.copyOf(outcomes)));
    }

    Decision addPartitions(ClusterImage image, CreatePartitions request, long seed) {
        long asked = 0;
        for (MorePartitions more : request.topics()) {
            TopicImage topic = image.topic(more.topic());
            asked += topic == null
                    ? 0
                    : Math.max(0, more.count() - topic.partitions().size());
        }
        if (asked > settings.maxPartitionsPerRequest()) {
            return Decision.only(new PartitionsCreated(refuseAll(
                    request.topics(),
                    ControllerError.POLICY_VIOLATION,
                    "Excessively large number of partitions per request: " + asked + "; allowed: at most "
                            + settings.maxPartitionsPerRequest())));
        }
        List<MetadataRecord> records = new ArrayList<>();
        List<Outcome<String>> outcomes = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(seed);
        Set<String> grown = new HashSet<>();
        for (MorePartitions more : request.topics()) {
            TopicImage topic = image.topic(more.topic());
            if (topic == null) {
                outcomes.add(new Refused<>(
                        ControllerError.UNKNOWN_TOPIC_OR_PARTITION, "This server does not host this topic-partition."));
                continue;
            }
            if (!grown.add(topic.name())) {
                outcomes.add(new Refused<>(ControllerError.INVALID_REQUEST, "Duplicate topic in request."));
                continue;
            }
            Outcome<List<PartitionImage>> added = added(image, topic, more, random);
            outcomes.add(named(added, topic.name()));
            if (added instanceof Done<List<PartitionImage>>(List<PartitionImage> partitions)) {
                int first = topic.partitions().size();
                for (int i = 0; i < partitions.size(); i++) {
                    records.add(new Partition(topic.id(), first + i, partitions.get(i)));
                }
            }
        }
        PartitionsCreated reply = new PartitionsCreated(List.copyOf(outcomes));
        return request.validateOnly() ? Decision.only(reply) : Decision.atomic(records, reply);
    }

    private static Outcome<String> named(Outcome<?> outcome, String name) {
        return switch (outcome) {
            case Done<?>(Object _) -> new Done<>(name);
            case Refused<?>(ControllerError error, String message) -> new Refused<>(error, message);
        };
    }

    private Outcome<List<PartitionImage>> added(
            ClusterImage image, TopicImage topic, MorePartitions more, SplittableRandom random) {
        int first = topic.partitions().size();
        int count = more.count() - first;
        if (count == 0) {
            return new Refused<>(ControllerError.INVALID_PARTITIONS, "Topic already has " + first + " partition(s).");
        }
        if (count < 0) {
            return new Refused<>(
                    ControllerError.INVALID_PARTITIONS,
                    "The topic " + topic.name() + " currently has " + first + " partition(s); " + more.count()
                            + " would not be an increase.");
        }
        int replicationFactor = topic.partitions().getFirst().targetReplicas().size();
        List<List<Integer>> assignments = more.assignments();
        if (assignments == null) {
            return placed(image, new ReplicaPlacer(image, random.nextLong()).place(first, count, replicationFactor));
        }
        if (assignments.size() != count) {
            return new Refused<>(
                    ControllerError.INVALID_REPLICA_ASSIGNMENT,
                    "Attempted to add " + count + " additional partition(s), but only " + assignments.size()
                            + " assignment(s) were specified.");
        }
        for (int i = 0; i < count; i++) {
            String problem = manualProblem(image, first + i, assignments.get(i), replicationFactor);
            if (problem != null) {
                return new Refused<>(ControllerError.INVALID_REPLICA_ASSIGNMENT, problem);
            }
        }
        Function<List<Integer>, PartitionImage> toPartition = replicas -> newPartition(image, replicas);
        return new Done<>(assignments.stream().map(toPartition).toList());
    }
}
