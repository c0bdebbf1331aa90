package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.ConfigDescriptions;
import io.odradek.broker.metadata.InMemoryMetadataLog;
import io.odradek.broker.metadata.TestController;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.EmbeddedMessages;
import io.odradek.broker.net.KafkaServer;
import io.odradek.broker.net.NetworkObserver;
import io.odradek.broker.net.NetworkOptions;
import io.odradek.broker.net.PeerConnection;
import io.odradek.broker.net.PeerOptions;
import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import io.odradek.broker.net.Request;
import io.odradek.broker.net.RequestRouter;
import io.odradek.broker.net.SocketNetwork;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.broker.request.OfferedApis.Offer;
import io.odradek.engine.record.BufferLease;
import io.odradek.replication.quorum.VoterSet;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.message.AddRaftVoterResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DescribeQuorumResponseData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.message.RemoveRaftVoterResponseData;
import org.apache.kafka.common.message.UnregisterBrokerRequestData;
import org.apache.kafka.common.message.UnregisterBrokerResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client, a broker that is not the controller, and controllers, on sockets of this machine. */
@Timeout(120)
class ForwardingTest {

    private static final int BROKER = 1;

    /** The same of every controller. */
    private static final ApiHandler QUORUM = (request, reply) -> reply.send(
            switch (request.api()) {
                case DESCRIBE_QUORUM ->
                    new DescribeQuorumResponseData()
                            .setTopics(List.of(new DescribeQuorumResponseData.TopicData()
                                    .setTopicName("__cluster_metadata")
                                    .setPartitions(List.of(
                                            new DescribeQuorumResponseData.PartitionData().setLeaderEpoch(17)))));
                case ADD_RAFT_VOTER ->
                    new AddRaftVoterResponseData()
                            .setErrorCode(Errors.DUPLICATE_VOTER.code())
                            .setErrorMessage("it is one");
                case REMOVE_RAFT_VOTER ->
                    new RemoveRaftVoterResponseData()
                            .setErrorCode(Errors.VOTER_NOT_FOUND.code())
                            .setErrorMessage("it is none");
                default -> throw new AssertionError(request.api());
            });

    private final List<AutoCloseable> toClose = new ArrayList<>();
    private final ClientQuotas quotas = new ClientQuotas(() -> 0);
    private final BrokerConfig config = BrokerConfig.builtIn(Map.of("num.partitions", "3"));
    private final SocketNetwork network = SocketNetwork.open(
            PeerOptions.defaults("odradek-1", "1").withBackoffMs(1).withMaxBackoffMs(20));
    private final Line line = new Line();
    private final KafkaServer broker;

    ForwardingTest() throws IOException {
        broker = server("PLAINTEXT", brokerRouter());
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : toClose.reversed()) {
            each.close();
        }
        network.close();
        assertThat(network.receiveMemoryBytes()).isZero();
    }

    /** Asks one controller after the other, and in the end the last. */
    private static final class Line implements ControllerLine {
        private final List<PeerConnection> controllers = new CopyOnWriteArrayList<>();
        private final AtomicInteger asked = new AtomicInteger();

        @Override
        public boolean isHere() {
            return false;
        }

        @Override
        public void ask(PeerRequest request, int timeoutMs, PeerOutcome outcome) {
            int attempt = asked.getAndIncrement();
            if (controllers.isEmpty()) {
                outcome.failed("no active controller is known", false);
            } else {
                controllers.get(Math.min(attempt, controllers.size() - 1)).ask(request, timeoutMs, outcome);
            }
        }
    }

    private KafkaServer server(String listener, RequestRouter router) throws IOException {
        KafkaServer server = KafkaServer.bind(
                List.of(new KafkaServer.Listener(listener, "127.0.0.1", 0, router)),
                NetworkOptions.defaults().withLoops(1),
                NetworkObserver.NONE);
        toClose.add(() -> {
            server.stop(Duration.ZERO);
            assertThat(server.receiveMemoryBytes()).isZero();
        });
        server.serve();
        return server;
    }

    private RequestRouter brokerRouter() {
        Map<ApiKeys, ApiHandler> here = new EnumMap<>(ApiKeys.class);
        for (Offer offer : OfferedApis.forwarded()) {
            here.put(offer.api(), (request, reply) -> {
                throw new AssertionError(request.api() + " was handled by the broker");
            });
        }
        return OfferedApis.router(OfferedApis.forwarded(), Handlers.forwarding(line, BROKER, here));
    }

    private TestController controller() {
        TestController controller = new TestController(config, new InMemoryMetadataLog(), 1);
        toClose.add(controller);
        return controller;
    }

    private KafkaServer serve(TestController controller) throws IOException {
        KafkaServer server = server(
                "CONTROLLER", Handlers.controllerRouter(config, controller.host, QUORUM, () -> VoterSet.NONE, quotas));
        line.controllers.add(network.connection("controller", "127.0.0.1", server.port("CONTROLLER")));
        return server;
    }

    /** What a client writes and reads. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;

        Client(KafkaServer server, String listener) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), server.port(listener));
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(60_000);
            in = new DataInputStream(socket.getInputStream());
        }

        void write(ByteBuffer bytes) throws IOException {
            ByteBuffer frame = ByteBuffer.allocate(4 + bytes.remaining())
                    .putInt(bytes.remaining())
                    .put(bytes.duplicate());
            socket.getOutputStream().write(frame.array());
        }

        ByteBuffer read() throws IOException {
            byte[] bytes = new byte[in.readInt()];
            in.readFully(bytes);
            return ByteBuffer.wrap(bytes);
        }

        <T extends ApiMessage> T ask(RequestHeader header, ApiMessage body, Class<T> type) throws IOException {
            write(EmbeddedMessages.request(header, body));
            return type.cast(EmbeddedMessages.readAnswer(header, read()));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private Client connect() throws IOException {
        Client client = new Client(broker, "PLAINTEXT");
        toClose.add(client);
        return client;
    }

    private static RequestHeader header(ApiKeys api, int version, int correlation) {
        return new RequestHeader(api, (short) version, "the client", correlation);
    }

    private static CreateTopicsRequestData topics(int timeoutMs, List<String> names) {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(timeoutMs);
        names.forEach(name -> request.topics()
                .add(new CreatableTopic().setName(name).setNumPartitions(1).setReplicationFactor((short) 1)));
        return request;
    }

    private static List<Errors> errors(CreateTopicsResponseData answer) {
        return answer.topics().stream()
                .map(topic -> Errors.forCode(topic.errorCode()))
                .toList();
    }

    // ----

    @Test
    void everyAnswerIsTheOneThatTheControllerWouldHaveGivenItself() throws Exception {
        serve(controller());
        TestController twin = controller();
        Map<ApiKeys, ApiHandler> itself =
                Handlers.ofController(config, new ConfigDescriptions(config), twin.host, QUORUM, quotas);
        Client client = connect();
        int correlation = 0;
        for (Offer offer : OfferedApis.forwarded()) { // the topics first
            for (int version = offer.lowest(); version <= offer.highest(); version++) {
                RequestHeader header = header(offer.api(), version, correlation++);
                ApiMessage body = ControllerRequests.sample(offer.api(), version);
                client.write(EmbeddedMessages.request(header, body));
                OneAnswer direct = new OneAnswer();
                Objects.requireNonNull(itself.get(offer.api())).handle(request(header, body), direct);
                ApiMessage expected = TestController.await(direct.response);
                assertThat(client.read())
                        .as("%s version %d: %s", offer.api(), version, expected)
                        .isEqualTo(EmbeddedMessages.answer(header, expected));
            }
        }
        assertThat(correlation).isGreaterThan(30);
        assertThat(line.asked.get()).isEqualTo(correlation);
    }

    private static Request request(RequestHeader header, ApiMessage body) {
        return new Request(
                header, body, BufferLease.UNPOOLED, InetAddress.getLoopbackAddress(), "TEST", new IdleConnection());
    }

    @Test
    void aLargeRequestAndItsAnswerAreCarriedWhole() throws Exception {
        TestController controller = controller();
        serve(controller);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            names.add("a-topic-with-a-name-that-takes-some-room-" + i);
        }
        CreateTopicsResponseData answer = connect()
                .ask(header(ApiKeys.CREATE_TOPICS, 7, 5), topics(60_000, names), CreateTopicsResponseData.class);
        assertThat(answer.topics()).extracting(topic -> topic.name()).containsExactlyElementsOf(names);
        assertThat(errors(answer)).containsOnly(Errors.NONE);
        assertThat(controller.host.image().topicsByName()).hasSize(names.size());
    }

    @Test
    void whatManyClientsAskAtOnceComesBackToEachInItsOrder() throws Exception {
        TestController controller = controller();
        serve(controller);
        List<Client> clients = List.of(connect(), connect(), connect());
        for (int i = 0; i < 60; i++) {
            for (Client client : clients) {
                String name = "t" + clients.indexOf(client) + "-" + i;
                client.write(
                        EmbeddedMessages.request(header(ApiKeys.CREATE_TOPICS, 5, i), topics(60_000, List.of(name))));
            }
        }
        for (Client client : clients) {
            for (int i = 0; i < 60; i++) {
                CreateTopicsResponseData answer = (CreateTopicsResponseData)
                        EmbeddedMessages.readAnswer(header(ApiKeys.CREATE_TOPICS, 5, i), client.read());
                assertThat(answer.topics())
                        .extracting(topic -> topic.name())
                        .containsExactly("t" + clients.indexOf(client) + "-" + i);
                assertThat(errors(answer)).containsExactly(Errors.NONE);
            }
        }
    }

    @Test
    void whenTheControllerHasChangedTheNextOneIsAsked() throws Exception {
        TestController deposed = controller();
        TestController next = controller();
        serve(deposed);
        serve(next);
        deposed.log.deposed(deposed.host);
        Awaitility.await().until(() -> !deposed.host.isActive());
        CreateTopicsResponseData answer = connect()
                .ask(header(ApiKeys.CREATE_TOPICS, 7, 5), topics(60_000, List.of("t")), CreateTopicsResponseData.class);
        assertThat(errors(answer)).containsExactly(Errors.NONE);
        assertThat(next.host.image().topic("t")).isNotNull();
        assertThat(line.asked.get()).isEqualTo(2);
    }

    /** It had taken the request; what becomes of that nobody knows. */
    @Test
    void whenTheControllerIsDeposedOrStopsBeforeItAnswersTheNextOneIsAsked() throws Exception {
        for (boolean stops : new boolean[] {true, false}) {
            line.controllers.clear();
            line.asked.set(0);
            TestController first = controller();
            TestController next = controller();
            KafkaServer server = serve(first);
            serve(next);
            first.log.hold();
            Client client = connect();
            RequestHeader header = header(ApiKeys.CREATE_TOPICS, 7, 5);
            client.write(EmbeddedMessages.request(header, topics(60_000, List.of("t"))));
            Awaitility.await().until(() -> first.log.waiting() > 0);
            if (stops) {
                server.stop(Duration.ZERO);
            } else {
                first.log.deposed(first.host);
            }
            CreateTopicsResponseData answer =
                    (CreateTopicsResponseData) EmbeddedMessages.readAnswer(header, client.read());
            assertThat(errors(answer)).containsExactly(Errors.NONE);
            assertThat(next.host.image().topic("t")).isNotNull();
            first.log.release();
        }
    }

    @Test
    void aRequestForNobodyIsAnsweredWithinItsTimeoutAndTheNextIsServedWhenTheControllerComes() throws Exception {
        int nobody;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = free.getLocalPort();
        }
        Client client = connect();
        line.controllers.add(network.connection("controller", "127.0.0.1", nobody));
        RequestHeader first = header(ApiKeys.CREATE_TOPICS, 7, 5);
        CreateTopicsResponseData answer = client.ask(first, topics(350, List.of("t")), CreateTopicsResponseData.class);
        assertThat(errors(answer)).containsExactly(Errors.REQUEST_TIMED_OUT);
        assertThat(answer.topics().iterator().next().errorMessage()).contains("within 350 ms");
        assertThat(line.asked.get()).isBetween(1, 5);

        line.controllers.clear();
        RequestHeader second = header(ApiKeys.CREATE_TOPICS, 7, 6);
        client.write(EmbeddedMessages.request(second, topics(60_000, List.of("t"))));
        int asked = line.asked.get();
        Awaitility.await().until(() -> line.asked.get() > asked + 1);
        serve(controller());
        assertThat(errors((CreateTopicsResponseData) EmbeddedMessages.readAnswer(second, client.read())))
                .containsExactly(Errors.NONE);
    }

    @Test
    void theBrokerThatIsAskedIsNotUnregisteredByWhoeverIsTheController() throws Exception {
        TestController controller = controller();
        serve(controller);
        UnregisterBrokerResponseData answer = connect()
                .ask(
                        header(ApiKeys.UNREGISTER_BROKER, 0, 5),
                        new UnregisterBrokerRequestData().setBrokerId(BROKER),
                        UnregisterBrokerResponseData.class);
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(controller.host.image().broker(BROKER)).isNotNull();
        assertThat(line.asked.get()).isZero();
    }

    @Test
    void aVersionThatTheControllerLacksClosesTheClientAndNobodyElse() throws Exception {
        KafkaServer old = server(
                "CONTROLLER",
                new RequestRouter(Map.of(
                        ApiKeys.API_VERSIONS,
                        new RequestRouter.Route(
                                (short) 0,
                                (short) 4,
                                new ApiVersionsHandler(
                                        OfferedApis.toControllers(),
                                        () -> new FeatureLevels(Map.of(), new TreeMap<>(), 0))),
                        ApiKeys.ENVELOPE,
                        new RequestRouter.Route(
                                (short) 0,
                                (short) 0,
                                new EnvelopeHandler(
                                        () -> true,
                                        new RequestRouter(Map.of(
                                                ApiKeys.CREATE_TOPICS,
                                                new RequestRouter.Route((short) 2, (short) 6, (request, reply) -> {
                                                    reply.send(new CreateTopicsResponseData());
                                                }))))))));
        line.controllers.add(network.connection("controller", "127.0.0.1", old.port("CONTROLLER")));
        Client bystander = connect();
        RequestHeader older = header(ApiKeys.CREATE_TOPICS, 6, 5);
        bystander.ask(older, topics(60_000, List.of("t")), CreateTopicsResponseData.class);
        Client newer = connect();
        newer.write(EmbeddedMessages.request(header(ApiKeys.CREATE_TOPICS, 7, 6), topics(60_000, List.of("t"))));
        assertThat(newer.socket.getInputStream().read()).isEqualTo(-1);
        bystander.ask(older, topics(60_000, List.of("t")), CreateTopicsResponseData.class);
    }

    // ---- Whatever a broker sends.

    private static EnvelopeRequestData envelope() {
        return new EnvelopeRequestData()
                .setRequestData(
                        EmbeddedMessages.request(header(ApiKeys.CREATE_TOPICS, 7, 5), topics(60_000, List.of("t"))))
                .setRequestPrincipal(new DefaultKafkaPrincipalBuilder(null, null).serialize(KafkaPrincipal.ANONYMOUS))
                .setClientHostAddress(new byte[] {127, 0, 0, 1});
    }

    /** Returns how many answers came before the end. */
    private static int sendAndBeAnsweredOrClosed(KafkaServer controller, ByteBuffer bytes) throws IOException {
        int answers = 0;
        try (Client client = new Client(controller, "CONTROLLER")) {
            client.write(bytes);
            client.socket.shutdownOutput();
            while (true) {
                client.read();
                answers++;
            }
        } catch (EOFException | SocketException closed) {
            return answers;
        }
    }

    @Test
    void anEnvelopeThatIsCutOrChangedIsAnsweredOrClosed() throws Exception {
        KafkaServer controller = serve(controller());
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        ByteBuffer whole = EmbeddedMessages.request(header(ApiKeys.ENVELOPE, 0, 9), envelope());
        for (int length = 0; length < whole.limit(); length++) {
            assertThat(sendAndBeAnsweredOrClosed(controller, whole.slice(0, length)))
                    .as("%d of %d bytes", length, whole.limit())
                    .isZero();
        }
        for (int i = 0; i < 400; i++) {
            byte[] bytes = ControllerRequests.bytes(whole);
            for (int n = random.nextInt(4); n >= 0; n--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            assertThat(sendAndBeAnsweredOrClosed(controller, ByteBuffer.wrap(bytes)))
                    .as("seed %d, round %d", seed, i)
                    .isLessThanOrEqualTo(1);
        }
        try (Client client = new Client(controller, "CONTROLLER")) {
            EnvelopeResponseData answer =
                    client.ask(header(ApiKeys.ENVELOPE, 0, 9), envelope(), EnvelopeResponseData.class);
            assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
        }
    }
}
