package io.odradek.broker.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.broker.cluster.ControllerMessages.Exchange;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.ConfigDescriptions;
import io.odradek.broker.metadata.Features;
import io.odradek.broker.metadata.InMemoryMetadataLog;
import io.odradek.broker.metadata.TestController;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Request;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.broker.request.AllocateProducerIdsHandler;
import io.odradek.broker.request.AlterPartitionHandler;
import io.odradek.broker.request.AssignReplicasToDirsHandler;
import io.odradek.broker.request.BrokerHeartbeatHandler;
import io.odradek.broker.request.BrokerRegistrationHandler;
import io.odradek.broker.request.CreateTopicsHandler;
import io.odradek.broker.request.IdleConnection;
import io.odradek.broker.request.OneAnswer;
import io.odradek.engine.record.BufferLease;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerReply.CreatedTopic;
import io.odradek.replication.controller.ControllerReply.DirectoriesAssigned;
import io.odradek.replication.controller.ControllerReply.PartitionsAltered;
import io.odradek.replication.controller.ControllerReply.TopicsCreated;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.AlterPartition;
import io.odradek.replication.controller.ControllerRequest.AssignDirectories;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DirectoryAssignment;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.ManualAssignment;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.ProposedInSync;
import io.odradek.replication.controller.ControllerRequest.ProposedMember;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerRequest.Setting;
import io.odradek.replication.controller.ControllerRequest.UnregisterBroker;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.message.BrokerHeartbeatResponseData;
import org.apache.kafka.common.message.BrokerRegistrationResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.RequestHeader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What a broker asks over Kafka's messages gets the reply that it would get here: of two controllers with the same history one is asked as
 * the machine, the other through its listener's handlers, in each version.
 */
class ControllerMessagesTest {

    private static final BrokerConfig CONFIG = BrokerConfig.builtIn(Map.of());
    private static final String CLUSTER = "test-cluster";
    private static final int TIMEOUT_MS = 5_000;

    private final TestController here = new TestController(CONFIG, new InMemoryMetadataLog(), 1);
    private final TestController there = new TestController(CONFIG, new InMemoryMetadataLog(), 1);

    private final Map<ApiKeys, ApiHandler> handlers = Map.of(
            ApiKeys.BROKER_REGISTRATION,
            new BrokerRegistrationHandler(there.host),
            ApiKeys.BROKER_HEARTBEAT,
            new BrokerHeartbeatHandler(there.host),
            ApiKeys.ALLOCATE_PRODUCER_IDS,
            new AllocateProducerIdsHandler(there.host),
            ApiKeys.ALTER_PARTITION,
            new AlterPartitionHandler(there.host),
            ApiKeys.ASSIGN_REPLICAS_TO_DIRS,
            new AssignReplicasToDirsHandler(there.host),
            ApiKeys.CREATE_TOPICS,
            new CreateTopicsHandler(there.host, new ConfigDescriptions(CONFIG), new ClientQuotas(() -> 0)));

    @AfterEach
    void stop() {
        here.close();
        there.close();
    }

    private static ApiMessage reread(ApiMessage message, ApiMessage into, short version) {
        into.read(MessageUtil.toByteBufferAccessor(message, version), version);
        return into;
    }

    private ControllerReply askThere(ControllerRequest<?> request, int version) {
        Exchange exchange = ControllerMessages.of(request, CLUSTER, TIMEOUT_MS);
        short wire = (short) version;
        OneAnswer answer = new OneAnswer();
        RequestHeader header = new RequestHeader(
                new RequestHeaderData().setRequestApiKey(exchange.api().id).setRequestApiVersion(wire),
                exchange.api().requestHeaderVersion(wire));
        Objects.requireNonNull(handlers.get(exchange.api()))
                .handle(
                        new Request(
                                header,
                                reread(
                                        exchange.at(wire),
                                        exchange.api().messageType.newRequest(),
                                        wire),
                                BufferLease.UNPOOLED,
                                InetAddress.getLoopbackAddress(),
                                "CONTROLLER",
                                new IdleConnection()),
                        answer);
        ApiMessage response = TestController.await(answer.response);
        return Objects.requireNonNull(exchange.reply()
                .apply(reread(response, exchange.api().messageType.newResponse(), wire)));
    }

    private static RegisterBroker registration(int id) {
        return new RegisterBroker(
                id,
                new UUID(7, id),
                List.of(
                        new Endpoint("PLAINTEXT", "host-" + id, 9092, (short) 0),
                        new Endpoint("INSIDE", "inside-" + id, 9093, (short) 0)),
                Features.supported(),
                "rack-" + id,
                List.of(new UUID(8, id), new UUID(9, id)),
                -1);
    }

    @Test
    void registrations() {
        for (int version = 3; version <= 4; version++) { // before, nobody says which epoch was the last
            RegisterBroker request = registration(10 + version);
            assertThat(askThere(request, version)).isEqualTo(TestController.await(here.submit(request)));
            assertThat(there.host.image().broker(request.brokerId()))
                    .isNotNull()
                    .isEqualTo(here.host.image().broker(request.brokerId()));
        }
        RegisterBroker twin = new RegisterBroker(
                13, new UUID(1, 1), List.of(), Features.supported(), null, List.of(), -1); // another process
        askThere(new Heartbeat(13, brokerEpoch(13), there.host.followedOffset(), false, false), 1);
        assertThat(refusal(askThere(twin, 4))).isEqualTo(ControllerError.DUPLICATE_BROKER_REGISTRATION);
    }

    private long brokerEpoch(int id) {
        return Objects.requireNonNull(there.host.image().broker(id)).epoch();
    }

    private static ControllerError refusal(ControllerReply reply) {
        Outcome<?> outcome = ((ControllerReply.BrokerRegistered) reply).epoch();
        return ((Refused<?>) outcome).error();
    }

    @Test
    void heartbeats() {
        for (int version = 0; version <= 1; version++) {
            Heartbeat well = new Heartbeat(1, here.brokerEpoch, here.host.followedOffset(), version == 0, false);
            assertThat(askThere(well, version)).isEqualTo(TestController.await(here.submit(well)));
        }
        Heartbeat stale = new Heartbeat(1, 7, 0, false, false);
        ControllerReply.HeartbeatAnswered answer = (ControllerReply.HeartbeatAnswered) askThere(stale, 1);
        assertThat(answer.state())
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.error()).isEqualTo(ControllerError.STALE_BROKER_EPOCH));
    }

    @Test
    void producerIds() {
        AllocateProducerIds request = new AllocateProducerIds(1, here.brokerEpoch);
        for (int i = 0; i < 3; i++) {
            assertThat(askThere(request, 0)).isEqualTo(TestController.await(here.submit(request)));
        }
    }

    @Test
    void topics() {
        for (int version = 7; version >= 2; version--) {
            List<NewTopic> topics = new ArrayList<>();
            if (version >= 4) { // before, numbers have to be given
                topics.add(new NewTopic("a" + version, -1, -1, List.of(), List.of(new Setting("retention.ms", "5"))));
            }
            topics.add(new NewTopic("b" + version, -1, -1, List.of(new ManualAssignment(0, List.of(1))), List.of()));
            topics.add(new NewTopic("c", 2, 1, List.of(), List.of()));
            topics.add(new NewTopic("d", 2, 9, List.of(), List.of()));
            CreateTopics request = new CreateTopics(topics, false);
            TopicsCreated direct = TestController.await(here.submit(request));
            TopicsCreated over = (TopicsCreated) askThere(request, version);
            assertThat(over.topics()).hasSameSizeAs(direct.topics());
            for (int i = 0; i < topics.size(); i++) {
                switch (direct.topics().get(i)) {
                    case Done<CreatedTopic>(CreatedTopic created) -> {
                        assertThat(over.topics().get(i)).isInstanceOf(Done.class);
                        assertThat(there.host.image().topic(created.name()))
                                .isEqualTo(here.host.image().topic(created.name()));
                    }
                    case Refused<CreatedTopic> refused ->
                        assertThat(over.topics().get(i)).isEqualTo(refused);
                }
            }
        }
    }

    @Test
    void proposals() {
        CreateTopics topic = new CreateTopics(List.of(new NewTopic("t", 2, 1, List.of(), List.of())), false);
        TestController.await(here.submit(topic));
        askThere(topic, 7);
        UUID id = Objects.requireNonNull(here.host.image().topic("t")).id();
        for (int version = 2; version <= 3; version++) {
            long epoch = version < 3 ? -1 : here.brokerEpoch; // which the older version does not carry
            AlterPartition request = new AlterPartition(
                    1,
                    here.brokerEpoch,
                    List.of(
                            proposed(id, 0, epoch),
                            proposed(id, 7, epoch),
                            proposed(new UUID(5, 5), 0, epoch),
                            proposed(id, 1, epoch)));
            PartitionsAltered direct = TestController.await(here.submit(request));
            PartitionsAltered over = (PartitionsAltered) askThere(request, version);
            List<Outcome<PartitionImage>> expected =
                    ((Done<List<Outcome<PartitionImage>>>) direct.partitions()).value();
            List<Outcome<PartitionImage>> found = ((Done<List<Outcome<PartitionImage>>>) over.partitions()).value();
            assertThat(found).hasSameSizeAs(expected);
            for (int i = 0; i < found.size(); i++) {
                switch (expected.get(i)) {
                    case Done<PartitionImage>(PartitionImage image) -> {
                        PartitionImage said = ((Done<PartitionImage>) found.get(i)).value();
                        assertThat(List.of(said.leader(), said.leaderEpoch(), said.partitionEpoch()))
                                .containsExactly(image.leader(), image.leaderEpoch(), image.partitionEpoch());
                        assertThat(said.inSyncReplicas()).isEqualTo(image.inSyncReplicas());
                    }
                    case Refused<PartitionImage>(ControllerError error, String _) ->
                        assertThat(((Refused<PartitionImage>) found.get(i)).error())
                                .isEqualTo(error);
                }
            }
            assertThat(found).filteredOn(Done.class::isInstance).hasSize(2);
        }
    }

    private ProposedInSync proposed(UUID topic, int partition, long brokerEpoch) {
        PartitionImage image = here.host.image().partition(topic, partition);
        return new ProposedInSync(
                topic,
                partition,
                image == null ? 0 : image.leaderEpoch(),
                image == null ? 0 : image.partitionEpoch(),
                List.of(new ProposedMember(1, brokerEpoch)),
                LeaderRecovery.RECOVERED);
    }

    @Test
    void directories() {
        CreateTopics topic = new CreateTopics(List.of(new NewTopic("t", 2, 1, List.of(), List.of())), false);
        TestController.await(here.submit(topic));
        askThere(topic, 7);
        UUID id = Objects.requireNonNull(here.host.image().topic("t")).id();
        UUID first = new UUID(1, 1);
        UUID second = new UUID(1, 2);
        AssignDirectories request = new AssignDirectories(
                1,
                here.brokerEpoch,
                List.of(
                        new DirectoryAssignment(id, 1, first),
                        new DirectoryAssignment(new UUID(5, 5), 0, first),
                        new DirectoryAssignment(id, 0, second),
                        new DirectoryAssignment(id, 7, second)));
        assertThat(errors((DirectoriesAssigned) askThere(request, 0)))
                .isEqualTo(errors(TestController.await(here.submit(request))))
                .containsExactly(
                        null, ControllerError.UNKNOWN_TOPIC_ID, null, ControllerError.UNKNOWN_TOPIC_OR_PARTITION);
        for (int partition = 0; partition < 2; partition++) {
            assertThat(Objects.requireNonNull(there.host.image().partition(id, partition))
                            .directoryIn(1))
                    .isEqualTo(partition == 0 ? second : first);
        }
        AssignDirectories stale = new AssignDirectories(1, 7, request.assignments());
        assertThat(((DirectoriesAssigned) askThere(stale, 0)).partitions())
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.error()).isEqualTo(ControllerError.STALE_BROKER_EPOCH));
    }

    /** Null for what was done. */
    private static List<@Nullable ControllerError> errors(DirectoriesAssigned answer) {
        List<@Nullable ControllerError> errors = new ArrayList<>();
        for (Outcome<PartitionImage> each : ((Done<List<Outcome<PartitionImage>>>) answer.partitions()).value()) {
            errors.add(each instanceof Refused<PartitionImage> refused ? refused.error() : null);
        }
        return errors;
    }

    @Test
    void whoIsNotTheControllerHasNotLookedAtIt() {
        short refused = Errors.NOT_CONTROLLER.code();
        CreateTopics create = new CreateTopics(List.of(new NewTopic("t", 1, 1, List.of(), List.of())), false);
        CreateTopicsResponseData ofTopics = new CreateTopicsResponseData();
        ofTopics.topics()
                .add(new CreateTopicsResponseData.CreatableTopicResult()
                        .setName("t")
                        .setErrorCode(refused));
        Map<ControllerRequest<?>, ApiMessage> answers = Map.of(
                registration(3),
                new BrokerRegistrationResponseData().setErrorCode(refused),
                new Heartbeat(1, 1, 1, false, false),
                new BrokerHeartbeatResponseData().setErrorCode(refused),
                new AllocateProducerIds(1, 1),
                new AllocateProducerIdsResponseData().setErrorCode(refused),
                new AlterPartition(1, 1, List.of()),
                new AlterPartitionResponseData().setErrorCode(refused),
                create,
                ofTopics);
        answers.forEach((request, answer) -> assertThat(ControllerMessages.of(request, CLUSTER, TIMEOUT_MS)
                        .reply()
                        .apply(answer))
                .isNull());
    }

    @Test
    void whatNobodySaysAnythingOfIsInDoubt() {
        AlterPartition alter = new AlterPartition(1, 1, List.of(proposed(new UUID(1, 1), 0, 1)));
        PartitionsAltered altered = (PartitionsAltered) Objects.requireNonNull(
                ControllerMessages.of(alter, CLUSTER, TIMEOUT_MS).reply().apply(new AlterPartitionResponseData()));
        assertThat(((Done<List<Outcome<PartitionImage>>>) altered.partitions()).value())
                .singleElement()
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.error()).isEqualTo(ControllerError.CONTROLLER_UNAVAILABLE));
    }

    @Test
    void whatOnlyClientsAskIsNotAskedSo() {
        assertThatThrownBy(() -> ControllerMessages.of(new UnregisterBroker(3), CLUSTER, TIMEOUT_MS))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
