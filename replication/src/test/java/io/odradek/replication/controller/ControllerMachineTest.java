package io.odradek.replication.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.controller.ControllerEffect.AppendRecords;
import io.odradek.replication.controller.ControllerEvent.Requested;
import io.odradek.replication.controller.ControllerReply.CreatedTopic;
import io.odradek.replication.controller.ControllerReply.DeletedTopic;
import io.odradek.replication.controller.ControllerReply.ProducerIdBlock;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.AlterConfigs;
import io.odradek.replication.controller.ControllerRequest.ConfigAlteration;
import io.odradek.replication.controller.ControllerRequest.ConfigChange;
import io.odradek.replication.controller.ControllerRequest.ConfigOperation;
import io.odradek.replication.controller.ControllerRequest.ConfigReplacement;
import io.odradek.replication.controller.ControllerRequest.CreatePartitions;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DeleteTopics;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.ManualAssignment;
import io.odradek.replication.controller.ControllerRequest.MorePartitions;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerRequest.ReplaceConfigs;
import io.odradek.replication.controller.ControllerRequest.Setting;
import io.odradek.replication.controller.ControllerRequest.TopicKey;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ControllerMachineTest {

    private static final ControllerSettings SETTINGS = ControllerSettings.of(3, 1);

    private final Cluster cluster = new Cluster(SETTINGS);

    private Outcome<CreatedTopic> create(NewTopic topic) {
        return cluster.ask(new CreateTopics(List.of(topic), false)).topics().getFirst();
    }

    private static void assertRefused(Outcome<?> outcome, ControllerError error) {
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.error())
                                .as(refused.message())
                                .isEqualTo(error));
    }

    @Test
    void anEmptyLogBeginsWithItsFeaturesAndAFilledOneIsLeftAlone() {
        assertThat(cluster.log)
                .containsExactly(
                        new MetadataRecord.FeatureLevel("metadata.version", (short) 30),
                        new MetadataRecord.Config(TopicPolicies.ALL_BROKERS, "min.insync.replicas", "1"),
                        new MetadataRecord.Config(TopicPolicies.ALL_BROKERS, Cluster.DURABILITY, "sync"));
        cluster.failOver();
        assertThat(cluster.log).hasSize(3);
    }

    /** With another value than the controller's, a leader would commit without those whom the controller takes for as good as in sync. */
    @Test
    void whatLeadersCommitByIsTheClustersOrATopicsAndNeverOneBrokers() {
        cluster.start(1, 1);
        create(Cluster.topic("t", 1, 1));
        ConfigResource one = new ConfigResource(ConfigResource.Type.BROKER, "1");
        for (String key : List.of("min.insync.replicas", Cluster.DURABILITY)) {
            String before = cluster.committed.config(TopicPolicies.ALL_BROKERS).get(key);
            assertRefused(
                    alter(one, new ConfigChange(key, ConfigOperation.SET, before)), ControllerError.INVALID_CONFIG);
            assertRefused(
                    alter(TopicPolicies.ALL_BROKERS, new ConfigChange(key, ConfigOperation.DELETE, null)),
                    ControllerError.INVALID_CONFIG);
            assertThat(alter(ConfigResource.topic("t"), new ConfigChange(key, ConfigOperation.SET, before)))
                    .isInstanceOf(Done.class);
            assertThat(alter(ConfigResource.topic("t"), new ConfigChange(key, ConfigOperation.DELETE, null)))
                    .isInstanceOf(Done.class);
            assertThat(cluster.committed.config(TopicPolicies.ALL_BROKERS)).containsEntry(key, before);
        }
        assertRefused(
                cluster.ask(new ReplaceConfigs(
                                List.of(new ConfigReplacement(
                                        TopicPolicies.ALL_BROKERS, List.of(new Setting("retention.ms", "11")))),
                                false))
                        .resources()
                        .getFirst(),
                ControllerError.INVALID_CONFIG);
        assertThat(alter(TopicPolicies.ALL_BROKERS, new ConfigChange("min.insync.replicas", ConfigOperation.SET, "3")))
                .isInstanceOf(Done.class);
        cluster.failOver(); // what is agreed upon stays
        assertThat(cluster.committed.config(TopicPolicies.ALL_BROKERS)).containsEntry("min.insync.replicas", "3");
    }

    /** A log of before there was an agreement. */
    @Test
    void aControllerThatBeginsGivesAClusterWhatItLacksAndTakesFromSingleBrokersWhatIsNotTheirs() {
        cluster.start(1, 1);
        ConfigResource one = new ConfigResource(ConfigResource.Type.BROKER, "1");
        cluster.committed = cluster.committed.apply(List.of(
                new MetadataRecord.Config(TopicPolicies.ALL_BROKERS, "min.insync.replicas", null),
                new MetadataRecord.Config(one, "min.insync.replicas", "2"),
                new MetadataRecord.Config(one, "retention.ms", "5")));
        cluster.failOver();
        assertThat(cluster.committed.config(TopicPolicies.ALL_BROKERS)).containsEntry("min.insync.replicas", "1");
        assertThat(cluster.committed.config(one)).isEqualTo(Map.of("retention.ms", "5"));
    }

    @Test
    void aTopicIsCreatedWithDefaultsLedByTheBrokerInItsDirectory() {
        cluster.start(1, 1);
        assertThat(create(Cluster.topic("t", -1, -1))).isInstanceOf(Done.class);
        assertThat(cluster.committed.partitionCount()).isEqualTo(3);
        PartitionImage partition = cluster.partition("t", 2);
        assertThat(partition.replicas()).containsExactly(1);
        assertThat(partition.inSyncReplicas()).containsExactly(1);
        assertThat(partition.leader()).isEqualTo(1);
        assertThat(partition.leaderEpoch()).isZero();
        assertThat(partition.directories()).containsExactly(new UUID(7, 1));
    }

    @Test
    void theReplyStandsInsideTheAppendItRestsOn() {
        cluster.start(1, 1);
        List<ControllerEffect> effects =
                cluster.machine.step(new Requested(99, new CreateTopics(List.of(Cluster.topic("t", 1, 1)), false), 5));
        assertThat(effects).singleElement().isInstanceOfSatisfying(AppendRecords.class, append -> {
            assertThat(append.records()).hasSize(2);
            assertThat(append.onceCommitted()).isNotNull();
        });
        // Not committed yet: the refusal of the second waits for the first, because that is why it is refused.
        assertThat(cluster.machine.step(
                        new Requested(100, new CreateTopics(List.of(Cluster.topic("t", 1, 1)), false), 6)))
                .singleElement()
                .isInstanceOfSatisfying(AppendRecords.class, append -> {
                    assertThat(append.records()).isEmpty();
                    assertThat(append.onceCommitted()).isNotNull();
                });
    }

    @Test
    void impossibleTopicsAreRefusedOneByOneWithTheirReason() {
        cluster.start(1, 1);
        List<NewTopic> topics = List.of(
                Cluster.topic("", 1, 1),
                Cluster.topic("..", 1, 1),
                Cluster.topic("a/b", 1, 1),
                Cluster.topic("x".repeat(250), 1, 1),
                Cluster.topic("zero", 0, 1),
                Cluster.topic("negative", -2, 1),
                Cluster.topic("rf0", 1, 0),
                Cluster.topic("rf2", 1, 2),
                new NewTopic("both", 1, -1, List.of(new ManualAssignment(0, List.of(1))), List.of()),
                new NewTopic("bothrf", -1, 1, List.of(new ManualAssignment(0, List.of(1))), List.of()),
                new NewTopic("gap", -1, -1, List.of(new ManualAssignment(1, List.of(1))), List.of()),
                new NewTopic("stranger", -1, -1, List.of(new ManualAssignment(0, List.of(9))), List.of()),
                new NewTopic("twice", -1, -1, List.of(new ManualAssignment(0, List.of(1, 1))), List.of()),
                new NewTopic("none", -1, -1, List.of(new ManualAssignment(0, List.of())), List.of()),
                new NewTopic(
                        "again",
                        -1,
                        -1,
                        List.of(new ManualAssignment(0, List.of(1)), new ManualAssignment(0, List.of(1))),
                        List.of()),
                new NewTopic("config", 1, 1, List.of(), List.of(new Setting("retention.ms", "soon"))),
                new NewTopic("null", 1, 1, List.of(), List.of(new Setting("retention.ms", null))),
                Cluster.topic("fine", 1, 1),
                Cluster.topic("fine", 1, 1));
        List<ControllerError> errors = new ArrayList<>();
        for (Outcome<CreatedTopic> outcome :
                cluster.ask(new CreateTopics(topics, false)).topics()) {
            errors.add(errorOf(outcome));
        }
        assertThat(errors)
                .containsExactly(
                        ControllerError.INVALID_TOPIC,
                        ControllerError.INVALID_TOPIC,
                        ControllerError.INVALID_TOPIC,
                        ControllerError.INVALID_TOPIC,
                        ControllerError.INVALID_PARTITIONS,
                        ControllerError.INVALID_PARTITIONS,
                        ControllerError.INVALID_REPLICATION_FACTOR,
                        ControllerError.INVALID_REPLICATION_FACTOR,
                        ControllerError.INVALID_REQUEST,
                        ControllerError.INVALID_REQUEST,
                        ControllerError.INVALID_REPLICA_ASSIGNMENT,
                        ControllerError.INVALID_REPLICA_ASSIGNMENT,
                        ControllerError.INVALID_REPLICA_ASSIGNMENT,
                        ControllerError.INVALID_REPLICA_ASSIGNMENT,
                        ControllerError.INVALID_REPLICA_ASSIGNMENT,
                        ControllerError.INVALID_CONFIG,
                        ControllerError.INVALID_CONFIG,
                        null,
                        ControllerError.TOPIC_ALREADY_EXISTS);
        assertThat(cluster.committed.topicsByName().size()).isEqualTo(1);
    }

    private static @Nullable ControllerError errorOf(Outcome<?> outcome) {
        return switch (outcome) {
            case Done<?> _ -> null;
            case Refused<?> refused -> refused.error();
        };
    }

    @Test
    void namesThatDifferOnlyInDotsAndUnderscoresCollideUntilOneIsDeleted() {
        cluster.start(1, 1);
        assertThat(create(Cluster.topic("a.b", 1, 1))).isInstanceOf(Done.class);
        assertRefused(create(Cluster.topic("a_b", 1, 1)), ControllerError.INVALID_TOPIC);
        cluster.failOver();
        assertRefused(create(Cluster.topic("a_b", 1, 1)), ControllerError.INVALID_TOPIC);
        cluster.ask(new DeleteTopics(List.of(new TopicKey.ByName("a.b"))));
        assertThat(create(Cluster.topic("a_b", 1, 1))).isInstanceOf(Done.class);
        List<Outcome<CreatedTopic>> together = cluster.ask(
                        new CreateTopics(List.of(Cluster.topic("c.d", 1, 1), Cluster.topic("c_d", 1, 1)), false))
                .topics();
        assertThat(together.get(0)).isInstanceOf(Done.class);
        assertRefused(together.get(1), ControllerError.INVALID_TOPIC);
    }

    @Test
    void validateOnlyChangesNothing() {
        cluster.start(1, 1);
        int before = cluster.log.size();
        assertThat(cluster.ask(new CreateTopics(List.of(Cluster.topic("a.b", 5, 1)), true))
                        .topics())
                .singleElement()
                .isInstanceOf(Done.class);
        assertThat(cluster.log).hasSize(before);
        assertThat(create(Cluster.topic("a_b", 1, 1))).isInstanceOf(Done.class);
        cluster.ask(new CreatePartitions(List.of(new MorePartitions("a_b", 4, null)), true));
        assertThat(cluster.committed.partitionCount()).isEqualTo(1);
    }

    @Test
    void aMillionPartitionsAreRefusedWithoutMakingThem() {
        cluster.start(1, 1);
        assertRefused(create(Cluster.topic("t", 1_000_000, 1)), ControllerError.POLICY_VIOLATION);
        assertRefused(create(Cluster.topic("t", Integer.MAX_VALUE, 1)), ControllerError.POLICY_VIOLATION);
        assertThat(create(Cluster.topic("t", 10_000, 1))).isInstanceOf(Done.class);
        assertRefused(
                cluster.ask(new CreatePartitions(List.of(new MorePartitions("t", 20_001, null)), false))
                        .topics()
                        .getFirst(),
                ControllerError.POLICY_VIOLATION);
        assertThat(cluster.committed.partitionCount()).isEqualTo(10_000);
        // One request is one batch: half a topic must never be seen.
        assertThat(cluster.batchSizes).contains(10_001);
    }

    @Test
    void topicsAreDeletedByNameAndByIdWithTheirConfigs() {
        cluster.start(1, 1);
        create(new NewTopic("a", 2, 1, List.of(), List.of(new Setting("retention.ms", "5"))));
        create(Cluster.topic("b", 1, 1));
        TopicImage b = cluster.committed.topic("b");
        List<Outcome<DeletedTopic>> outcomes = cluster.ask(new DeleteTopics(List.of(
                        new TopicKey.ByName("a"),
                        new TopicKey.ById(b == null ? new UUID(0, 0) : b.id()),
                        new TopicKey.ByName("b"),
                        new TopicKey.ById(new UUID(1, 1)))))
                .topics();
        assertThat(outcomes.get(0)).isInstanceOf(Done.class);
        assertThat(outcomes.get(1)).isInstanceOf(Done.class);
        assertRefused(outcomes.get(2), ControllerError.UNKNOWN_TOPIC_OR_PARTITION);
        assertRefused(outcomes.get(3), ControllerError.UNKNOWN_TOPIC_ID);
        assertThat(cluster.committed.topicsByName().isEmpty()).isTrue();
        assertThat(cluster.committed.topicsById().isEmpty()).isTrue();
        assertThat(cluster.committed.config(ConfigResource.topic("a"))).isEmpty();
        assertThat(cluster.committed.partitionCount()).isZero();
    }

    @Test
    void aRecreatedTopicHasAnotherId() {
        cluster.start(1, 1);
        Set<UUID> ids = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            Outcome<CreatedTopic> created = create(Cluster.topic("t", 1, 1));
            assertThat(created)
                    .isInstanceOfSatisfying(
                            Done.class,
                            done -> assertThat(ids.add(((CreatedTopic) done.value()).id()))
                                    .isTrue());
            cluster.ask(new DeleteTopics(List.of(new TopicKey.ByName("t"))));
        }
    }

    @Test
    void partitionsAreOnlyEverAdded() {
        cluster.start(1, 1);
        create(Cluster.topic("t", 2, 1));
        List<Outcome<String>> outcomes = new ArrayList<>();
        for (MorePartitions more : List.of(
                new MorePartitions("t", 2, null),
                new MorePartitions("t", 1, null),
                new MorePartitions("t", -1, null),
                new MorePartitions("absent", 5, null),
                new MorePartitions("t", 4, List.of(List.of(1))),
                new MorePartitions("t", 3, List.of(List.of(8))),
                new MorePartitions("t", 4, List.of(List.of(1), List.of(1))))) {
            outcomes.addAll(
                    cluster.ask(new CreatePartitions(List.of(more), false)).topics());
        }
        assertThat(outcomes.stream().map(ControllerMachineTest::errorOf))
                .containsExactly(
                        ControllerError.INVALID_PARTITIONS,
                        ControllerError.INVALID_PARTITIONS,
                        ControllerError.INVALID_PARTITIONS,
                        ControllerError.UNKNOWN_TOPIC_OR_PARTITION,
                        ControllerError.INVALID_REPLICA_ASSIGNMENT,
                        ControllerError.INVALID_REPLICA_ASSIGNMENT,
                        null);
        assertThat(cluster.committed.partitionCount()).isEqualTo(4);
    }

    @Test
    void configsChangePerResourceAsAWholeOrNotAtAll() {
        cluster.start(1, 1);
        create(Cluster.topic("t", 1, 1));
        ConfigResource t = ConfigResource.topic("t");
        List<Outcome<ConfigResource>> outcomes = cluster.ask(new AlterConfigs(
                        List.of(
                                new ConfigAlteration(
                                        t,
                                        List.of(
                                                new ConfigChange("retention.ms", ConfigOperation.SET, "7"),
                                                new ConfigChange("cleanup.policy", ConfigOperation.APPEND, "compact"))),
                                new ConfigAlteration(
                                        ConfigResource.topic("absent"),
                                        List.of(new ConfigChange("retention.ms", ConfigOperation.SET, "7"))),
                                new ConfigAlteration(
                                        new ConfigResource(ConfigResource.Type.BROKER, "77"),
                                        List.of(new ConfigChange("retention.ms", ConfigOperation.SET, "7")))),
                        false))
                .resources();
        assertThat(outcomes.stream().map(ControllerMachineTest::errorOf))
                .containsExactly(
                        null, ControllerError.UNKNOWN_TOPIC_OR_PARTITION, ControllerError.BROKER_ID_NOT_REGISTERED);
        assertThat(cluster.committed.config(t))
                .isEqualTo(Map.of("retention.ms", "7", "cleanup.policy", "delete,compact"));

        assertRefused(
                alter(
                        t,
                        new ConfigChange("retention.ms", ConfigOperation.SET, "9"),
                        new ConfigChange("no.such", ConfigOperation.SET, "1")),
                ControllerError.INVALID_CONFIG);
        assertRefused(
                alter(t, new ConfigChange("retention.ms", ConfigOperation.APPEND, "9")),
                ControllerError.INVALID_CONFIG);
        assertThat(cluster.committed.config(t)).containsEntry("retention.ms", "7");

        alter(
                t,
                new ConfigChange("cleanup.policy", ConfigOperation.SUBTRACT, "delete"),
                new ConfigChange("retention.ms", ConfigOperation.DELETE, null));
        assertThat(cluster.committed.config(t)).isEqualTo(Map.of("cleanup.policy", "compact"));

        cluster.ask(new ReplaceConfigs(
                List.of(new ConfigReplacement(t, List.of(new Setting("retention.ms", "11")))), false));
        assertThat(cluster.committed.config(t)).isEqualTo(Map.of("retention.ms", "11"));
    }

    private Outcome<ConfigResource> alter(ConfigResource resource, ConfigChange... changes) {
        return cluster.ask(new AlterConfigs(List.of(new ConfigAlteration(resource, List.of(changes))), false))
                .resources()
                .getFirst();
    }

    /** design.md, "every restart of a leader is a new epoch": a process killed and started again leads in a later epoch. */
    @Test
    void everyProcessOfABrokerLeadsInAnEpochOfItsOwn() {
        cluster.start(1, 1);
        create(Cluster.topic("t", 2, 1));
        int epoch = cluster.partition("t", 0).leaderEpoch();
        long brokerEpoch = -1;
        for (int process = 2; process < 10; process++) {
            cluster.miss(1);
            long next = Cluster.epoch(cluster.ask(Cluster.registration(1, null, process, -1)));
            assertThat(next).isGreaterThan(brokerEpoch);
            brokerEpoch = next;
            assertThat(cluster.partition("t", 1).hasLeader())
                    .as("a fenced broker leads nothing")
                    .isFalse();
            assertThat(cluster.partition("t", 1).inSyncReplicas())
                    .as("nor is it in sync")
                    .isEmpty();
            assertThat(cluster.partition("t", 1).eligibleLeaderReplicas())
                    .as("it has the records, and nobody else")
                    .containsExactly(1);
            cluster.ask(new Heartbeat(1, next, cluster.committed.lastOffset(), false, false));
            assertThat(cluster.partition("t", 0).leader()).isEqualTo(1);
            assertThat(cluster.partition("t", 0).leaderEpoch()).isGreaterThan(epoch);
            epoch = cluster.partition("t", 0).leaderEpoch();
        }
    }

    @Test
    void aBrokerThatHasNotReadItsRegistrationStaysFenced() {
        long epoch = Cluster.epoch(cluster.ask(Cluster.registration(1, null, 1, -1)));
        cluster.ask(new Heartbeat(1, epoch, epoch - 1, false, false));
        assertThat(cluster.committed.isActive(1)).isFalse();
        assertRefused(create(Cluster.topic("t", 1, 1)), ControllerError.INVALID_REPLICATION_FACTOR);
        cluster.ask(new Heartbeat(1, epoch, epoch, false, false));
        assertThat(cluster.committed.isActive(1)).isTrue();
    }

    @Test
    void anEarlierProcessIsFencedByItsEpochAndARepeatedRegistrationIsTheSame() {
        long first = cluster.start(1, 1);
        assertThat(Cluster.epoch(cluster.ask(Cluster.registration(1, null, 1, -1))))
                .isEqualTo(first);
        long second = cluster.start(1, 2);
        assertRefused(
                cluster.ask(new Heartbeat(1, first, 1000, false, false)).state(), ControllerError.STALE_BROKER_EPOCH);
        assertRefused(cluster.ask(new AllocateProducerIds(1, first)).block(), ControllerError.STALE_BROKER_EPOCH);
        assertRefused(
                cluster.ask(new Heartbeat(5, second, 1000, false, false)).state(),
                ControllerError.BROKER_ID_NOT_REGISTERED);
    }

    @Test
    void aRestartThatIsCutIntoBatchesStillEndsWithTheRegistration() {
        ControllerSettings small = ControllerSettings.of(1, 1).with(it -> it.maxRecordsPerBatch(7));
        Cluster many = new Cluster(small);
        many.start(1, 1);
        many.ask(new CreateTopics(List.of(Cluster.topic("t", 30, 1)), false));
        many.batchSizes.clear();
        many.miss(1);
        assertThat(many.batchSizes).as("fenced").containsExactly(7, 7, 7, 7, 3);
        many.start(1, 2);
        many.batchSizes.clear();
        many.ask(Cluster.registration(
                1, null, 3, Objects.requireNonNull(many.committed.broker(1)).epoch()));
        assertThat(many.batchSizes).containsExactly(7, 7, 7, 7, 3);
        assertThat(many.log.getLast()).isInstanceOf(MetadataRecord.RegisterBroker.class);
    }

    @Test
    void aBrokerWithoutAFinalisedFeatureIsRefused() {
        ControllerRequest.RegisterBroker old = new ControllerRequest.RegisterBroker(
                1,
                new UUID(1, 1),
                List.of(),
                Map.of("metadata.version", new VersionRange((short) 7, (short) 20)),
                null,
                List.of(),
                -1);
        assertRefused(cluster.ask(old).epoch(), ControllerError.UNSUPPORTED_VERSION);
    }

    @Test
    void producerIdBlocksNeverOverlapAlsoAcrossControllers() {
        long epoch = cluster.start(1, 1);
        Set<Long> ids = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            Outcome<ProducerIdBlock> block =
                    cluster.ask(new AllocateProducerIds(1, epoch)).block();
            assertThat(block).isInstanceOfSatisfying(Done.class, done -> {
                ProducerIdBlock allocated = (ProducerIdBlock) done.value();
                for (int n = 0; n < allocated.count(); n++) {
                    assertThat(ids.add(allocated.firstId() + n)).isTrue();
                }
            });
            cluster.failOver();
        }
        assertThat(ids).hasSize(5000);
    }

    @Test
    void leadersAreSpreadEvenlyAndReplicasOverRacks() {
        for (int id = 1; id <= 6; id++) {
            cluster.start(Cluster.registration(id, "rack" + id % 3, 1, -1));
        }
        create(Cluster.topic("t", 60, 3));
        Map<Integer, Integer> led = new HashMap<>();
        for (int p = 0; p < 60; p++) {
            PartitionImage partition = cluster.partition("t", p);
            led.merge(partition.leader(), 1, Integer::sum);
            assertThat(partition.replicas()).hasSize(3).doesNotHaveDuplicates();
            assertThat(partition.replicas().stream().map(id -> id % 3)).doesNotHaveDuplicates();
            assertThat(partition.leader()).isEqualTo(partition.replicas().getFirst());
        }
        assertThat(led.values()).allMatch(count -> count == 10).hasSize(6);
    }

    @Test
    void aBrokerThatMayHaveLostRecordsIsNotEligibleAndOneThatProvesACleanStopIs() {
        for (String durability : List.of("sync", "page-cache")) {
            Cluster three = new Cluster(SETTINGS);
            long one = three.start(1, 1);
            three.start(2, 1);
            three.ask(new CreateTopics(
                    List.of(new NewTopic(
                            "t",
                            -1,
                            -1,
                            List.of(new ManualAssignment(0, List.of(1, 2))),
                            List.of(
                                    new Setting(Cluster.DURABILITY, durability),
                                    new Setting("min.insync.replicas", "2")))),
                    false));
            three.ask(Cluster.registration(1, null, 2, one));
            assertThat(three.partition("t", 0).leader()).isEqualTo(2);
            assertThat(three.partition("t", 0).inSyncReplicas()).containsExactly(2);
            assertThat(three.partition("t", 0).eligibleLeaderReplicas()).containsExactly(1);
            three.miss(1);
            three.ask(Cluster.registration(1, null, 3, -1));
            assertThat(three.partition("t", 0).eligibleLeaderReplicas())
                    .isEqualTo(durability.equals("sync") ? List.of(1) : List.of());
        }
    }

    /** A disk that was replaced has nothing, however durable that was. */
    @Test
    void aReplicaWhoseDirectoryIsGoneIsNotEligible() {
        long one = cluster.start(1, 1);
        create(Cluster.topic("t", 1, 1));
        RegisterBroker same = Cluster.registration(1, null, 2, one);
        cluster.ask(new RegisterBroker(
                1,
                same.incarnationId(),
                same.endpoints(),
                same.features(),
                null,
                List.of(new UUID(9, 9)),
                same.previousEpoch()));
        assertThat(cluster.partition("t", 0).eligibleLeaderReplicas()).isEmpty();
    }

    @Test
    void aBrokerThatLeavesGivesItsLeadershipAwayAndStopsWhenTheOthersHaveReadThat() {
        long one = cluster.start(1, 1);
        long two = cluster.start(2, 1);
        create(new NewTopic("t", -1, -1, List.of(new ManualAssignment(0, List.of(1, 2))), List.of()));
        create(new NewTopic("alone", -1, -1, List.of(new ManualAssignment(0, List.of(1))), List.of()));
        long before = cluster.committed.lastOffset();
        cluster.ask(new Heartbeat(2, two, before, false, false));
        Heartbeat leaving = new Heartbeat(1, one, before, false, true);
        assertThat(cluster.ask(leaving).state())
                .isEqualTo(new Done<>(new ControllerReply.BrokerState(true, false, false)));
        assertThat(cluster.partition("t", 0).leader()).isEqualTo(2);
        assertThat(cluster.partition("t", 0).inSyncReplicas()).containsExactly(2);
        assertThat(cluster.partition("alone", 0).leader()).isEqualTo(PartitionImage.NO_LEADER);
        assertThat(cluster.partition("alone", 0).eligibleLeaderReplicas()).containsExactly(1);
        int records = cluster.log.size();
        assertThat(Cluster.done(cluster.ask(leaving).state()).mayShutDown()).isFalse();
        cluster.ask(new Heartbeat(2, two, cluster.committed.lastOffset() - 2, false, false));
        assertThat(Cluster.done(cluster.ask(leaving).state()).mayShutDown()).isFalse();
        assertThat(cluster.log).as("asked again it has nothing more to give").hasSize(records);
        cluster.beat(2);
        assertThat(Cluster.done(cluster.ask(leaving).state()))
                .isEqualTo(new ControllerReply.BrokerState(false, true, true));
        BrokerImage left = Objects.requireNonNull(cluster.committed.broker(1));
        assertThat(left.fenced()).isTrue();
        assertThat(left.inControlledShutdown()).isTrue();
        cluster.start(Cluster.registration(1, null, 2, one));
        assertThat(cluster.committed.isActive(1)).isTrue();
        assertThat(cluster.partition("alone", 0).leader()).isEqualTo(1);
    }

    @Test
    void aBrokerThatIsAloneOrLeadsNothingLeavesAtOnce() {
        long one = cluster.start(1, 1);
        create(Cluster.topic("t", 1, 1));
        assertThat(cluster.ask(new Heartbeat(1, one, cluster.committed.lastOffset(), false, true))
                        .state())
                .isEqualTo(new Done<>(new ControllerReply.BrokerState(true, true, true)));
        cluster.start(1, 2);
        long two = cluster.start(2, 1);
        assertThat(Cluster.done(cluster.ask(new Heartbeat(2, two, cluster.committed.lastOffset(), false, true))
                                .state())
                        .mayShutDown())
                .isTrue();
    }
}
