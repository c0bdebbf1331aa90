package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.metadata.TestController;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.MetadataRecord.ClientQuota;
import io.odradek.replication.controller.QuotaEntity;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicCollection;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

class TopicHandlersTest extends HandlerTest {

    private final MetadataHandler metadata = new MetadataHandler(controller.host, creation, config);
    private final ClientQuotas quotas = new ClientQuotas(() -> 0);
    private final CreateTopicsHandler createTopics = new CreateTopicsHandler(controller.host, configs, quotas);
    private final DeleteTopicsHandler deleteTopics = new DeleteTopicsHandler(controller.host, config, quotas);

    private MetadataResponseData metadata(int version, boolean create, String... names) {
        List<MetadataRequestTopic> topics = new ArrayList<>();
        for (String name : names) {
            topics.add(new MetadataRequestTopic().setName(name));
        }
        MetadataRequestData body = new MetadataRequestData().setTopics(topics);
        if (version >= 4) {
            body.setAllowAutoTopicCreation(create);
        }
        return ask(metadata, body, version, MetadataResponseData.class);
    }

    private CreatableTopicResult create(String name, int partitions) {
        return ask(
                        createTopics,
                        new CreateTopicsRequestData()
                                .setTopics(new CreateTopicsRequestData.CreatableTopicCollection(
                                        List.of(new CreatableTopic()
                                                        .setName(name)
                                                        .setNumPartitions(partitions)
                                                        .setReplicationFactor((short) 1))
                                                .iterator()))
                                .setTimeoutMs(1000),
                        7,
                        CreateTopicsResponseData.class)
                .topics()
                .find(name);
    }

    @Test
    void askingForATopicCreatesItAndAnswersWithItsLeader() {
        for (int version = 0; version <= 13; version++) {
            String name = "auto" + version;
            MetadataResponseData response = metadata(version, true, name);
            MetadataResponseTopic topic = response.topics().find(name);
            assertThat(Errors.forCode(topic.errorCode())).isEqualTo(Errors.NONE);
            assertThat(topic.partitions()).hasSize(3).allSatisfy(partition -> {
                assertThat(partition.leaderId()).isEqualTo(1);
                assertThat(partition.errorCode()).isZero();
            });
            assertThat(response.brokers().find(1).host()).isEqualTo("inside");
        }
    }

    @Test
    void withoutLeaveToCreateAnAbsentTopicIsUnknown() {
        assertThat(error(metadata(12, false, "absent"), "absent")).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(error(metadata(12, true, "bad/name"), "bad/name")).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
        metadata(12, true, "a.b");
        assertThat(error(metadata(12, true, "a_b"), "a_b")).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
        assertThat(error(metadata(12, true, "__cluster_metadata"), "__cluster_metadata"))
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(controller.host.image().topicsByName().size()).isEqualTo(1);
    }

    private static Errors error(MetadataResponseData response, String topic) {
        return Errors.forCode(response.topics().find(topic).errorCode());
    }

    @Test
    void theOffsetsTopicIsCreatedAsItsOwnKeysSay() {
        MetadataResponseTopic topic =
                metadata(12, true, "__consumer_offsets").topics().find("__consumer_offsets");
        assertThat(topic.isInternal()).isTrue();
        assertThat(topic.partitions()).hasSize(50);
        assertThat(controller.host.image().config(ConfigResource.topic("__consumer_offsets")))
                .containsEntry("cleanup.policy", "compact")
                .containsEntry("segment.bytes", "104857600");
    }

    @Test
    void nullMeansAllAndEmptyMeansNoneButInVersion0() {
        create("a", 1);
        create("b", 1);
        MetadataRequestData all = new MetadataRequestData().setTopics(null);
        assertThat(ask(metadata, all, 1, MetadataResponseData.class).topics()).hasSize(2);
        assertThat(metadata(1, true).topics()).isEmpty();
        assertThat(metadata(0, true).topics()).hasSize(2);
    }

    @Test
    void topicsAreFoundByIdAndUnknownIdsAreTold() {
        Uuid id = create("a", 1).topicId();
        MetadataRequestData body = new MetadataRequestData()
                .setTopics(List.of(
                        new MetadataRequestTopic().setName(null).setTopicId(id),
                        new MetadataRequestTopic().setName(null).setTopicId(new Uuid(1, 1))));
        List<MetadataResponseTopic> topics = new ArrayList<>(
                ask(metadata, body, 12, MetadataResponseData.class).topics());
        assertThat(topics.get(0).name()).isEqualTo("a");
        assertThat(Errors.forCode(topics.get(1).errorCode())).isEqualTo(Errors.UNKNOWN_TOPIC_ID);
    }

    @Test
    void everyListenerIsToldItsOwnAddress() {
        MetadataRequestData body = new MetadataRequestData().setTopics(List.of());
        MetadataResponseData outside =
                TestController.await(send(metadata, body, 12, "OUTSIDE", MetadataResponseData.class));
        assertThat(outside.brokers().find(1).host()).isEqualTo("outside");
        assertThat(outside.brokers().find(1).port()).isEqualTo(19092);
        assertThat(outside.clusterId()).isEqualTo("test-cluster");
        assertThat(outside.controllerId()).isEqualTo(1);
        assertThat(outside.topics()).isEmpty();
    }

    @Test
    void operationsAreToldOnlyWhenAskedFor() {
        create("a", 1);
        MetadataRequestData body = new MetadataRequestData()
                .setTopics(null)
                .setIncludeTopicAuthorizedOperations(true)
                .setIncludeClusterAuthorizedOperations(true);
        MetadataResponseData response = ask(metadata, body, 10, MetadataResponseData.class);
        assertThat(response.topics().find("a").topicAuthorizedOperations()).isEqualTo(0xDF8);
        assertThat(response.clusterAuthorizedOperations()).isEqualTo(0x1FA0);
        assertThat(metadata(10, false, "a").topics().find("a").topicAuthorizedOperations())
                .isEqualTo(Integer.MIN_VALUE);
    }

    @Test
    void aCreatedTopicIsAnsweredWithItsIdAndConfigs() {
        CreateTopicsRequestData body = new CreateTopicsRequestData().setTimeoutMs(1000);
        CreatableTopic topic =
                new CreatableTopic().setName("t").setNumPartitions(-1).setReplicationFactor((short) -1);
        topic.configs().add(new CreatableTopicConfig().setName("retention.ms").setValue("5000"));
        body.topics().add(topic);
        body.topics()
                .add(new CreatableTopic()
                        .setName("bad/name")
                        .setNumPartitions(1)
                        .setReplicationFactor((short) 1));
        body.topics()
                .add(new CreatableTopic().setName("twice").setNumPartitions(1).setReplicationFactor((short) 1));
        body.topics()
                .mustAdd(new CreatableTopic()
                        .setName("twice")
                        .setNumPartitions(2)
                        .setReplicationFactor((short) 1));
        CreateTopicsResponseData response = ask(createTopics, body, 7, CreateTopicsResponseData.class);
        CreatableTopicResult created = response.topics().find("t");
        assertThat(created.errorCode()).isZero();
        assertThat(created.numPartitions()).isEqualTo(3);
        assertThat(created.replicationFactor()).isEqualTo((short) 1);
        assertThat(controller.host.image().topic(TopicIds.fromKafka(created.topicId())))
                .isNotNull();
        assertThat(created.configs())
                .anySatisfy(config -> {
                    assertThat(config.name()).isEqualTo("retention.ms");
                    assertThat(config.value()).isEqualTo("5000");
                    assertThat(config.configSource()).isEqualTo((byte) 1);
                })
                .hasSizeGreaterThan(30);
        assertThat(Errors.forCode(response.topics().find("bad/name").errorCode()))
                .isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
        assertThat(Errors.forCode(response.topics().find("twice").errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(response.topics()).hasSize(3);
    }

    @Test
    void aRequestThatTakesTooLongIsToldSoOnceAndMayStillHappen() {
        controller.log.hold();
        CreateTopicsRequestData body = new CreateTopicsRequestData().setTimeoutMs(10);
        body.topics()
                .add(new CreatableTopic().setName("slow").setNumPartitions(1).setReplicationFactor((short) 1));
        CompletableFuture<CreateTopicsResponseData> answer =
                send(createTopics, body, 7, "PLAINTEXT", CreateTopicsResponseData.class);
        List.copyOf(timers).forEach(Runnable::run);
        assertThat(Errors.forCode(answer.join().topics().find("slow").errorCode()))
                .isEqualTo(Errors.REQUEST_TIMED_OUT);
        controller.log.release();
        await().until(() -> controller.host.image().topic("slow") != null);
    }

    @Test
    void topicsAreDeletedByNameInOldAndById() {
        Uuid b = create("b", 1).topicId();
        for (int version = 1; version <= 5; version++) {
            create("a", 1);
            DeleteTopicsResponseData response = ask(
                    deleteTopics,
                    new DeleteTopicsRequestData()
                            .setTopicNames(List.of("a", "absent"))
                            .setTimeoutMs(1000),
                    version,
                    DeleteTopicsResponseData.class);
            assertThat(response.responses().find("a").errorCode()).isZero();
            assertThat(Errors.forCode(response.responses().find("absent").errorCode()))
                    .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
        DeleteTopicsResponseData byId = ask(
                deleteTopics,
                new DeleteTopicsRequestData()
                        .setTopics(List.of(
                                new DeleteTopicState().setName(null).setTopicId(b),
                                new DeleteTopicState().setName(null).setTopicId(new Uuid(4, 4)),
                                new DeleteTopicState().setName(null)))
                        .setTimeoutMs(1000),
                6,
                DeleteTopicsResponseData.class);
        assertThat(byId.responses().find("b").errorCode()).isZero();
        assertThat(byId.responses())
                .extracting(each -> Errors.forCode(each.errorCode()))
                .containsExactlyInAnyOrder(Errors.NONE, Errors.UNKNOWN_TOPIC_ID, Errors.INVALID_REQUEST);
        assertThat(controller.host.image().topicsByName().isEmpty()).isTrue();
    }

    /** As {@code kafka-configs} sets it for the client of these tests. */
    private void mutationRate(double partitionsPerSecond) {
        quotas.follow(ClusterImage.empty("c")
                .apply(List.of(new ClientQuota(
                        new QuotaEntity(List.of(new QuotaEntity.Part("client-id", "test"))),
                        "controller_mutation_rate",
                        partitionsPerSecond))));
    }

    private CreateTopicsResponseData createTopics(int version, boolean validateOnly, String... names) {
        CreatableTopicCollection topics = new CreatableTopicCollection(names.length);
        for (String name : names) {
            topics.add(new CreatableTopic().setName(name).setNumPartitions(-1).setReplicationFactor((short) 1));
        }
        return ask(
                createTopics,
                new CreateTopicsRequestData()
                        .setTopics(topics)
                        .setTimeoutMs(1000)
                        .setValidateOnly(validateOnly),
                version,
                CreateTopicsResponseData.class);
    }

    /** KIP-599; each topic has the three partitions of num.partitions, and eleven seconds' worth may be had at once. */
    @Test
    void topicsOverTheQuotaAreRefusedAndTheOthersAreMade() {
        mutationRate(0.5); // 5.5 at once
        CreateTopicsResponseData response = createTopics(7, false, "a", "b", "c", "d");
        assertThat(response.topics())
                .extracting(each -> Errors.forCode(each.errorCode()))
                .containsExactlyInAnyOrder(
                        Errors.NONE, Errors.NONE, Errors.THROTTLING_QUOTA_EXCEEDED, Errors.THROTTLING_QUOTA_EXCEEDED);
        assertThat(response.throttleTimeMs()).isEqualTo(1000);
        assertThat(controller.host.image().topicsByName().size()).isEqualTo(2);
    }

    /** Versions that do not know the error: everything is made, and waited for. */
    @Test
    void olderClientsGetTheirTopicsAndWait() {
        mutationRate(0.5);
        CreateTopicsResponseData response = createTopics(5, false, "a", "b", "c", "d");
        assertThat(response.topics()).allMatch(each -> each.errorCode() == 0);
        assertThat(response.throttleTimeMs()).isEqualTo(13_000);
    }

    @Test
    void whatChangesNothingCostsNothing() {
        create("a", 3);
        mutationRate(0.5);
        for (int i = 0; i < 10; i++) {
            createTopics(7, true, "x", "y");
            createTopics(7, false, "a");
            createTopics(7, false, "not a name");
        }
        assertThat(createTopics(7, false, "b", "c").topics()).allMatch(each -> each.errorCode() == 0);
    }

    @Test
    void partitionsAddedAndTopicsDeletedCountAsWell() {
        create("a", 1);
        create("b", 6);
        mutationRate(1); // 11 at once
        CreatePartitionsRequestData more = new CreatePartitionsRequestData().setTimeoutMs(1000);
        more.topics().add(new CreatePartitionsTopic().setName("a").setCount(7).setAssignments(null));
        CreatePartitionsHandler partitions = new CreatePartitionsHandler(controller.host, quotas);
        assertThat(ask(partitions, more, 3, CreatePartitionsResponseData.class).results())
                .allMatch(each -> each.errorCode() == 0); // six
        DeleteTopicsRequestData delete = new DeleteTopicsRequestData()
                .setTopics(List.of(new DeleteTopicState().setName("b"), new DeleteTopicState().setName("a")))
                .setTimeoutMs(1000);
        DeleteTopicsResponseData deleted = ask(deleteTopics, delete, 6, DeleteTopicsResponseData.class);
        assertThat(deleted.responses().find("b").errorCode()).isZero(); // six more, one is owed
        assertThat(Errors.forCode(deleted.responses().find("a").errorCode()))
                .isEqualTo(Errors.THROTTLING_QUOTA_EXCEEDED);
        assertThat(deleted.throttleTimeMs()).isEqualTo(1000);
        more.topics().iterator().next().setCount(8);
        CreatePartitionsResponseData refused = ask(partitions, more, 3, CreatePartitionsResponseData.class);
        assertThat(Errors.forCode(refused.results().getFirst().errorCode()))
                .isEqualTo(Errors.THROTTLING_QUOTA_EXCEEDED);
        assertThat(refused.throttleTimeMs()).isEqualTo(1000);
        CreatePartitionsResponseData older = ask(partitions, more, 2, CreatePartitionsResponseData.class);
        assertThat(older.results()).allMatch(each -> each.errorCode() == 0);
        assertThat(older.throttleTimeMs()).isEqualTo(2000);
    }

    @Test
    void partitionsAreAdded() {
        create("t", 1);
        CreatePartitionsRequestData body = new CreatePartitionsRequestData().setTimeoutMs(1000);
        body.topics().add(new CreatePartitionsTopic().setName("t").setCount(4).setAssignments(null));
        body.topics()
                .add(new CreatePartitionsTopic().setName("absent").setCount(4).setAssignments(null));
        CreatePartitionsResponseData response =
                ask(new CreatePartitionsHandler(controller.host, quotas), body, 3, CreatePartitionsResponseData.class);
        assertThat(response.results())
                .extracting(each -> Errors.forCode(each.errorCode()))
                .containsExactly(Errors.NONE, Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(controller.host.image().partitionCount()).isEqualTo(4);
    }

    @Test
    void pagesOfPartitionsCoverEverythingOnce() {
        create("a", 5);
        create("b", 10);
        create("c", 2);
        DescribeTopicPartitionsHandler handler = new DescribeTopicPartitionsHandler(controller.host, config);
        List<String> seen = new ArrayList<>();
        Cursor cursor = null;
        int pages = 0;
        do {
            DescribeTopicPartitionsResponseData page = ask(
                    handler,
                    new DescribeTopicPartitionsRequestData().setCursor(cursor).setResponsePartitionLimit(4),
                    0,
                    DescribeTopicPartitionsResponseData.class);
            int partitions = 0;
            for (var topic : page.topics()) {
                assertThat(topic.errorCode()).isZero();
                for (var partition : topic.partitions()) {
                    seen.add(topic.name() + partition.partitionIndex());
                    partitions++;
                }
            }
            assertThat(partitions).isBetween(1, 4);
            cursor = page.nextCursor() == null
                    ? null
                    : new Cursor()
                            .setTopicName(page.nextCursor().topicName())
                            .setPartitionIndex(page.nextCursor().partitionIndex());
            pages++;
        } while (cursor != null);
        assertThat(seen)
                .hasSize(17)
                .doesNotHaveDuplicates()
                .startsWith("a0", "a1")
                .endsWith("c0", "c1");
        assertThat(pages).isEqualTo(5);

        DescribeTopicPartitionsResponseData named = ask(
                handler,
                new DescribeTopicPartitionsRequestData()
                        .setTopics(List.of(new TopicRequest().setName("zz"), new TopicRequest().setName("c"))),
                0,
                DescribeTopicPartitionsResponseData.class);
        assertThat(named.topics().find("c").partitions()).hasSize(2);
        assertThat(Errors.forCode(named.topics().find("zz").errorCode())).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
    }

    @Test
    void theClusterIsDescribedToBrokersOnly() {
        DescribeClusterHandler handler = DescribeClusterHandler.ofBrokers(controller.host, 1);
        for (int version = 0; version <= 2; version++) {
            DescribeClusterResponseData response =
                    ask(handler, new DescribeClusterRequestData(), version, DescribeClusterResponseData.class);
            assertThat(response.brokers().find(1).rack()).isEqualTo("rack-a");
            assertThat(response.clusterId()).isEqualTo("test-cluster");
        }
        DescribeClusterResponseData mismatched = ask(
                handler,
                new DescribeClusterRequestData().setEndpointType((byte) 2),
                1,
                DescribeClusterResponseData.class);
        assertThat(Errors.forCode(mismatched.errorCode())).isEqualTo(Errors.MISMATCHED_ENDPOINT_TYPE);
        assertThat(mismatched.errorMessage())
                .isEqualTo("The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type"
                        + " CONTROLLER");
        DescribeClusterResponseData unknown = ask(
                handler,
                new DescribeClusterRequestData().setEndpointType((byte) 3),
                2,
                DescribeClusterResponseData.class);
        assertThat(Errors.forCode(unknown.errorCode())).isEqualTo(Errors.UNSUPPORTED_ENDPOINT_TYPE);
        assertThat(unknown.errorMessage()).isEqualTo("Unsupported endpoint type 3");
    }

    @Test
    void idempotentProducersGetAFreshIdAndTransactionalOnesAFinalRefusal() {
        InitProducerIdHandler handler = new InitProducerIdHandler(producerIds);
        long last = -1;
        for (int version = 0; version <= 5; version++) {
            InitProducerIdRequestData body = new InitProducerIdRequestData().setTransactionalId(null);
            if (version >= 3) {
                body.setProducerId(last).setProducerEpoch((short) 7);
            }
            InitProducerIdResponseData response = ask(handler, body, version, InitProducerIdResponseData.class);
            assertThat(response.errorCode()).isZero();
            assertThat(response.producerEpoch()).isZero();
            assertThat(response.producerId()).isGreaterThan(last);
            last = response.producerId();
        }
        assertThat(Errors.forCode(ask(
                                handler,
                                new InitProducerIdRequestData().setTransactionalId("tx"),
                                5,
                                InitProducerIdResponseData.class)
                        .errorCode()))
                .isEqualTo(Errors.UNSUPPORTED_VERSION);
    }
}
