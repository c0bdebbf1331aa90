package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AllocateProducerIdsRequestData;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;
import org.apache.kafka.common.message.AlterClientQuotasRequestData;
import org.apache.kafka.common.message.AlterClientQuotasResponseData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignablePartition;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignableTopic;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData.ReassignablePartitionResponse;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData;
import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatResponseData;
import org.apache.kafka.common.message.BrokerRegistrationRequestData;
import org.apache.kafka.common.message.BrokerRegistrationResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DescribeClientQuotasRequestData;
import org.apache.kafka.common.message.DescribeClientQuotasResponseData;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ElectLeadersRequestData.TopicPartitions;
import org.apache.kafka.common.message.ElectLeadersRequestData.TopicPartitionsCollection;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.UnregisterBrokerRequestData;
import org.apache.kafka.common.message.UnregisterBrokerResponseData;
import org.apache.kafka.common.message.UpdateFeaturesRequestData;
import org.apache.kafka.common.message.UpdateFeaturesRequestData.FeatureUpdateKey;
import org.apache.kafka.common.message.UpdateFeaturesRequestData.FeatureUpdateKeyCollection;
import org.apache.kafka.common.message.UpdateFeaturesResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What goes to the controller and comes back, message by message. */
class ControllerHandlersTest extends HandlerTest {

    private void topic(String name) {
        CreateTopicsRequestData.CreatableTopicCollection topics =
                new CreateTopicsRequestData.CreatableTopicCollection(1);
        topics.add(new CreatableTopic().setName(name).setNumPartitions(1).setReplicationFactor((short) 1));
        ask(
                new CreateTopicsHandler(controller.host, configs, new ClientQuotas(() -> 0)),
                new CreateTopicsRequestData().setTopics(topics).setTimeoutMs(10_000),
                7,
                CreateTopicsResponseData.class);
    }

    private TopicImage image(String name) {
        return Objects.requireNonNull(controller.host.image().topic(name));
    }

    /** A second broker, registered over the wire. */
    private long second() {
        BrokerRegistrationResponseData registered = register(2, "test-cluster");
        assertThat(registered.errorCode()).isZero();
        BrokerHeartbeatResponseData beat = heartbeat(2, registered.brokerEpoch());
        assertThat(beat.errorCode()).isZero();
        assertThat(beat.isCaughtUp()).isTrue();
        assertThat(beat.isFenced()).isFalse();
        return registered.brokerEpoch();
    }

    private BrokerRegistrationResponseData register(int id, String clusterId) {
        BrokerImage first = Objects.requireNonNull(controller.host.image().broker(1));
        BrokerRegistrationRequestData.FeatureCollection features =
                new BrokerRegistrationRequestData.FeatureCollection();
        first.features()
                .forEach((name, range) -> features.add(new BrokerRegistrationRequestData.Feature()
                        .setName(name)
                        .setMinSupportedVersion(range.min())
                        .setMaxSupportedVersion(range.max())));
        BrokerRegistrationRequestData.ListenerCollection listeners =
                new BrokerRegistrationRequestData.ListenerCollection();
        listeners.add(new BrokerRegistrationRequestData.Listener()
                .setName("PLAINTEXT")
                .setHost("second")
                .setPort(40_000)
                .setSecurityProtocol((short) 0));
        return ask(
                new BrokerRegistrationHandler(controller.host),
                new BrokerRegistrationRequestData()
                        .setBrokerId(id)
                        .setClusterId(clusterId)
                        .setIncarnationId(new Uuid(2, 2))
                        .setListeners(listeners)
                        .setFeatures(features)
                        .setRack("rack-b")
                        .setLogDirs(List.of(new Uuid(9, 22), new Uuid(9, 21)))
                        .setPreviousBrokerEpoch(-1),
                4,
                BrokerRegistrationResponseData.class);
    }

    private BrokerHeartbeatResponseData heartbeat(int id, long epoch) {
        return ask(
                new BrokerHeartbeatHandler(controller.host),
                new BrokerHeartbeatRequestData()
                        .setBrokerId(id)
                        .setBrokerEpoch(epoch)
                        .setCurrentMetadataOffset(controller.host.image().lastOffset()),
                1,
                BrokerHeartbeatResponseData.class);
    }

    @Test
    void aBrokerIsRegisteredWithEverythingItSays() {
        long epoch = second();
        BrokerImage second = Objects.requireNonNull(controller.host.image().broker(2));
        assertThat(second.epoch()).isEqualTo(epoch);
        assertThat(second.rack()).isEqualTo("rack-b");
        assertThat(second.incarnationId()).isEqualTo(new UUID(2, 2));
        assertThat(second.directories()).containsExactly(new UUID(9, 21), new UUID(9, 22));
        assertThat(Objects.requireNonNull(second.endpoint("PLAINTEXT")).port()).isEqualTo(40_000);
        assertThat(Errors.forCode(register(3, "another").errorCode())).isEqualTo(Errors.INCONSISTENT_CLUSTER_ID);
        assertThat(Errors.forCode(heartbeat(2, epoch - 1).errorCode())).isEqualTo(Errors.STALE_BROKER_EPOCH);
        assertThat(Errors.forCode(heartbeat(7, epoch).errorCode())).isEqualTo(Errors.BROKER_ID_NOT_REGISTERED);
    }

    @Test
    void producerIdsComeInBlocks() {
        AllocateProducerIdsHandler handler = new AllocateProducerIdsHandler(controller.host);
        AllocateProducerIdsRequestData request =
                new AllocateProducerIdsRequestData().setBrokerId(1).setBrokerEpoch(controller.brokerEpoch);
        AllocateProducerIdsResponseData first = ask(handler, request, 0, AllocateProducerIdsResponseData.class);
        AllocateProducerIdsResponseData next = ask(handler, request, 0, AllocateProducerIdsResponseData.class);
        assertThat(first.producerIdLen()).isEqualTo(1_000);
        assertThat(next.producerIdStart()).isEqualTo(first.producerIdStart() + 1_000);
        assertThat(Errors.forCode(ask(handler, request.setBrokerEpoch(-5), 0, AllocateProducerIdsResponseData.class)
                        .errorCode()))
                .isEqualTo(Errors.STALE_BROKER_EPOCH);
    }

    @Test
    void aLeaderProposesWhoIsInSync() {
        topic("t");
        for (int version = 2; version <= 3; version++) {
            int before = image("t").partitions().getFirst().partitionEpoch();
            AlterPartitionRequestData.PartitionData proposed = new AlterPartitionRequestData.PartitionData()
                    .setPartitionIndex(0)
                    .setLeaderEpoch(0)
                    .setPartitionEpoch(before);
            if (version == 2) {
                proposed.setNewIsr(List.of(1));
            } else {
                proposed.setNewIsrWithEpochs(List.of(new AlterPartitionRequestData.BrokerState()
                        .setBrokerId(1)
                        .setBrokerEpoch(controller.brokerEpoch)));
            }
            AlterPartitionResponseData.PartitionData accepted = propose(version, controller.brokerEpoch, proposed);
            assertThat(accepted.errorCode()).isZero();
            assertThat(accepted.isr()).containsExactly(1);
            assertThat(accepted.leaderId()).isEqualTo(1);
            assertThat(accepted.partitionEpoch()).isEqualTo(before + 1);
            assertThat(Errors.forCode(
                            propose(version, controller.brokerEpoch, proposed).errorCode()))
                    .isEqualTo(Errors.INVALID_UPDATE_VERSION);
        }
        assertThat(Errors.forCode(ask(
                                new AlterPartitionHandler(controller.host),
                                new AlterPartitionRequestData().setBrokerId(1).setBrokerEpoch(-3),
                                3,
                                AlterPartitionResponseData.class)
                        .errorCode()))
                .isEqualTo(Errors.STALE_BROKER_EPOCH);
    }

    private AlterPartitionResponseData.PartitionData propose(
            int version, long brokerEpoch, AlterPartitionRequestData.PartitionData proposed) {
        AlterPartitionRequestData.TopicData topic = new AlterPartitionRequestData.TopicData()
                .setTopicId(TopicIds.toKafka(image("t").id()))
                .setPartitions(List.of(proposed));
        return ask(
                        new AlterPartitionHandler(controller.host),
                        new AlterPartitionRequestData()
                                .setBrokerId(1)
                                .setBrokerEpoch(brokerEpoch)
                                .setTopics(List.of(topic)),
                        version,
                        AlterPartitionResponseData.class)
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
    }

    @Test
    void leadersAreElectedByRequest() {
        topic("t");
        TopicPartitionsCollection asked = new TopicPartitionsCollection();
        asked.add(new TopicPartitions().setTopic("t").setPartitions(List.of(0, 9)));
        asked.add(new TopicPartitions().setTopic("absent").setPartitions(List.of(0)));
        for (int version = 0; version <= 2; version++) {
            ElectLeadersResponseData answer = elect(version, (byte) 0, asked);
            assertThat(answer.replicaElectionResults().stream()
                            .flatMap(topic -> topic.partitionResult().stream())
                            .map(partition -> Errors.forCode(partition.errorCode())))
                    .containsExactly(
                            Errors.ELECTION_NOT_NEEDED,
                            Errors.UNKNOWN_TOPIC_OR_PARTITION,
                            Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
        assertThat(elect(2, (byte) 1, null).replicaElectionResults()).isEmpty();
        assertThat(Errors.forCode(elect(2, (byte) 5, null).errorCode())).isEqualTo(Errors.INVALID_REQUEST);
    }

    private ElectLeadersResponseData elect(int version, byte type, @Nullable TopicPartitionsCollection partitions) {
        ElectLeadersRequestData request =
                new ElectLeadersRequestData().setTopicPartitions(partitions).setTimeoutMs(10_000);
        if (version > 0) {
            request.setElectionType(type);
        }
        return ask(new ElectLeadersHandler(controller.host), request, version, ElectLeadersResponseData.class);
    }

    @Test
    void replicasAreMovedListedAndTakenBack() {
        topic("t");
        second();
        assertThat(reassign(List.of(2))).isEqualTo(Errors.NONE);
        ListPartitionReassignmentsResponseData listed = list(null);
        assertThat(listed.topics()).singleElement().satisfies(topic -> {
            assertThat(topic.name()).isEqualTo("t");
            assertThat(topic.partitions().getFirst().replicas()).containsExactly(2, 1);
            assertThat(topic.partitions().getFirst().addingReplicas()).containsExactly(2);
            assertThat(topic.partitions().getFirst().removingReplicas()).containsExactly(1);
        });
        assertThat(list(List.of(new ListPartitionReassignmentsRequestData.ListPartitionReassignmentsTopics()
                                .setName("absent")
                                .setPartitionIndexes(List.of(0))))
                        .topics())
                .isEmpty();
        assertThat(reassign(null)).isEqualTo(Errors.NONE);
        assertThat(list(null).topics()).isEmpty();
        assertThat(reassign(null)).isEqualTo(Errors.NO_REASSIGNMENT_IN_PROGRESS);
        assertThat(reassign(List.of(1, 2))).isEqualTo(Errors.INVALID_REPLICATION_FACTOR);
    }

    private Errors reassign(@Nullable List<Integer> replicas) {
        AlterPartitionReassignmentsResponseData answer = ask(
                new AlterPartitionReassignmentsHandler(controller.host),
                new AlterPartitionReassignmentsRequestData()
                        .setTimeoutMs(10_000)
                        .setAllowReplicationFactorChange(false)
                        .setTopics(List.of(new ReassignableTopic()
                                .setName("t")
                                .setPartitions(List.of(new ReassignablePartition()
                                        .setPartitionIndex(0)
                                        .setReplicas(replicas))))),
                1,
                AlterPartitionReassignmentsResponseData.class);
        assertThat(answer.errorCode()).isZero();
        ReassignablePartitionResponse partition =
                answer.responses().getFirst().partitions().getFirst();
        return Errors.forCode(partition.errorCode());
    }

    private ListPartitionReassignmentsResponseData list(
            @Nullable List<ListPartitionReassignmentsRequestData.ListPartitionReassignmentsTopics> topics) {
        return ask(
                new ListPartitionReassignmentsHandler(controller.host::image),
                new ListPartitionReassignmentsRequestData().setTopics(topics).setTimeoutMs(10_000),
                0,
                ListPartitionReassignmentsResponseData.class);
    }

    @Test
    void anotherBrokerIsUnregisteredAndTheOneThatIsAskedIsNot() {
        second();
        assertThat(unregister(1)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(unregister(2)).isEqualTo(Errors.NONE);
        assertThat(controller.host.image().broker(2)).isNull();
        assertThat(unregister(2)).isEqualTo(Errors.BROKER_ID_NOT_REGISTERED);
    }

    private Errors unregister(int id) {
        return Errors.forCode(ask(
                        UnregisterBrokerHandler.butNot(1, new UnregisterBrokerHandler(controller.host)),
                        new UnregisterBrokerRequestData().setBrokerId(id),
                        0,
                        UnregisterBrokerResponseData.class)
                .errorCode());
    }

    @Test
    void featuresAreUpdatedAllOrNone() {
        for (int version = 0; version <= 2; version++) {
            assertThat(Errors.forCode(update(version, "metadata.version", 30).errorCode()))
                    .isEqualTo(Errors.NONE);
            assertThat(update(version, "metadata.version", 30).results()).hasSize(version < 2 ? 1 : 0);
            assertThat(Errors.forCode(update(version, "transaction.version", 2).errorCode()))
                    .isEqualTo(Errors.INVALID_UPDATE_VERSION);
        }
    }

    private UpdateFeaturesResponseData update(int version, String feature, int level) {
        FeatureUpdateKeyCollection updates = new FeatureUpdateKeyCollection();
        updates.add(new FeatureUpdateKey().setFeature(feature).setMaxVersionLevel((short) level));
        return ask(
                new UpdateFeaturesHandler(controller.host),
                new UpdateFeaturesRequestData().setFeatureUpdates(updates).setTimeoutMs(10_000),
                version,
                UpdateFeaturesResponseData.class);
    }

    @Test
    void quotasAreKeptAndFound() {
        assertThat(quota("user", "alice", "producer_byte_rate", 1024)).isEqualTo(Errors.NONE);
        assertThat(quota("user", null, "request_percentage", 12.5)).isEqualTo(Errors.NONE);
        assertThat(quota("ip", "10.0.0.1", "connection_creation_rate", 5)).isEqualTo(Errors.NONE);
        assertThat(quota("ip", "somewhere", "connection_creation_rate", 5)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(quota("ip", "999.1.1.1", "connection_creation_rate", 5)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(quota("ip", "::::", "connection_creation_rate", 5)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(quota("ip", "10.0.0.1", "producer_byte_rate", 5)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(quota("user", "bob", "connection_creation_rate", 5)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(quota("user", "bob", "no_such_rate", 5)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(quota("user", "bob", "producer_byte_rate", -5)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(quota("user", "bob", "producer_byte_rate", 1.5)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(quota("tribe", "bob", "producer_byte_rate", 5)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(described("user", 2, null)).hasSize(2);
        assertThat(described("user", 1, null).getFirst().values().getFirst().value())
                .isEqualTo(12.5);
        assertThat(described("user", 0, "alice").getFirst().values().getFirst().key())
                .isEqualTo("producer_byte_rate");
        assertThat(described("ip", 2, null)).hasSize(1);
    }

    /** Entries that never reach the controller have their own places in the answer. */
    @Test
    void eachEntityOfARequestHasItsAnswer() {
        List<AlterClientQuotasRequestData.EntryData> entries = new ArrayList<>();
        for (String address : List.of("1.2.3.4", "1.2.3.400", "::1", "1.2.3", "::2")) {
            entries.add(new AlterClientQuotasRequestData.EntryData()
                    .setEntity(List.of(new AlterClientQuotasRequestData.EntityData()
                            .setEntityType("ip")
                            .setEntityName(address)))
                    .setOps(List.of(new AlterClientQuotasRequestData.OpData()
                            .setKey("connection_creation_rate")
                            .setValue(5))));
        }
        AlterClientQuotasResponseData response = ask(
                new AlterClientQuotasHandler(controller.host),
                new AlterClientQuotasRequestData().setEntries(entries),
                1,
                AlterClientQuotasResponseData.class);
        assertThat(response.entries())
                .extracting(entry -> entry.entity().getFirst().entityName() + " " + Errors.forCode(entry.errorCode()))
                .containsExactly(
                        "1.2.3.4 NONE", "1.2.3.400 INVALID_REQUEST", "::1 NONE", "1.2.3 INVALID_REQUEST", "::2 NONE");
        assertThat(response.entries().get(1).errorMessage()).isEqualTo("1.2.3.400 is not an IP address");
        assertThat(controller.host.image().quotas().size()).isEqualTo(3);
    }

    private Errors quota(String type, @Nullable String name, String key, double value) {
        return Errors.forCode(ask(
                        new AlterClientQuotasHandler(controller.host),
                        new AlterClientQuotasRequestData()
                                .setEntries(List.of(new AlterClientQuotasRequestData.EntryData()
                                        .setEntity(List.of(new AlterClientQuotasRequestData.EntityData()
                                                .setEntityType(type)
                                                .setEntityName(name)))
                                        .setOps(List.of(new AlterClientQuotasRequestData.OpData()
                                                .setKey(key)
                                                .setValue(value))))),
                        1,
                        AlterClientQuotasResponseData.class)
                .entries()
                .getFirst()
                .errorCode());
    }

    private List<DescribeClientQuotasResponseData.EntryData> described(
            String type, int matchType, @Nullable String match) {
        return ask(
                        new DescribeClientQuotasHandler(controller.host::image),
                        new DescribeClientQuotasRequestData()
                                .setStrict(true)
                                .setComponents(List.of(new DescribeClientQuotasRequestData.ComponentData()
                                        .setEntityType(type)
                                        .setMatchType((byte) matchType)
                                        .setMatch(match))),
                        1,
                        DescribeClientQuotasResponseData.class)
                .entries();
    }

    @Test
    void replicasAreAssignedToDirectories() {
        topic("t");
        AssignReplicasToDirsRequestData.TopicData topic = new AssignReplicasToDirsRequestData.TopicData()
                .setTopicId(TopicIds.toKafka(image("t").id()))
                .setPartitions(List.of(
                        new AssignReplicasToDirsRequestData.PartitionData().setPartitionIndex(0),
                        new AssignReplicasToDirsRequestData.PartitionData().setPartitionIndex(4)));
        AssignReplicasToDirsResponseData answer = ask(
                new AssignReplicasToDirsHandler(controller.host),
                new AssignReplicasToDirsRequestData()
                        .setBrokerId(1)
                        .setBrokerEpoch(controller.brokerEpoch)
                        .setDirectories(List.of(new AssignReplicasToDirsRequestData.DirectoryData()
                                .setId(new Uuid(9, 9))
                                .setTopics(List.of(topic)))),
                0,
                AssignReplicasToDirsResponseData.class);
        assertThat(answer.directories().getFirst().topics().getFirst().partitions().stream()
                        .map(partition -> Errors.forCode(partition.errorCode())))
                .containsExactly(Errors.NONE, Errors.UNKNOWN_TOPIC_OR_PARTITION);
        PartitionImage partition = image("t").partitions().getFirst();
        assertThat(partition.directories()).containsExactly(new UUID(9, 9));
        assertThat(partition.leader()).isEqualTo(1);
    }
}
