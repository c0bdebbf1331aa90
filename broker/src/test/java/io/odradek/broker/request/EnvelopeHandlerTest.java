package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.EmbeddedMessages;
import io.odradek.broker.net.Request;
import io.odradek.broker.request.OfferedApis.Offer;
import io.odradek.engine.record.BufferLease;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.message.AddRaftVoterResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.message.DefaultPrincipalData;
import org.apache.kafka.common.message.DescribeQuorumResponseData;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.UpdateFeaturesResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The controller opens what brokers pass on; the broker is the test. */
class EnvelopeHandlerTest {

    private static final byte[] CLIENT = {10, 1, 2, 3};
    private static final byte[] PRINCIPAL =
            new DefaultKafkaPrincipalBuilder(null, null).serialize(new KafkaPrincipal("User", "alice"));

    private boolean active = true;
    private final List<Request> handled = new ArrayList<>();
    /** What the handlers inside do; unless told, they answer with nothing in it. */
    private ApiHandler inside =
            (request, reply) -> reply.send(request.api().messageType.newResponse());

    private final EnvelopeHandler handler =
            new EnvelopeHandler(() -> active, OfferedApis.router(OfferedApis.forwarded(), handlers()));
    private final IdleConnection connection = new IdleConnection();

    private Map<ApiKeys, ApiHandler> handlers() {
        Map<ApiKeys, ApiHandler> handlers = new EnumMap<>(ApiKeys.class);
        for (Offer offer : OfferedApis.forwarded()) {
            handlers.put(offer.api(), (request, reply) -> {
                handled.add(request);
                inside.handle(request, reply);
            });
        }
        return handlers;
    }

    @BeforeEach
    void expectComplaints() {
        ((Logger) LoggerFactory.getLogger(EnvelopeHandler.class)).setLevel(Level.OFF);
    }

    @AfterEach
    void complainAgain() {
        ((Logger) LoggerFactory.getLogger(EnvelopeHandler.class)).setLevel(null);
    }

    private static RequestHeader header(ApiKeys api, int version) {
        return new RequestHeader(api, (short) version, "the client", 4711);
    }

    private static ByteBuffer sample(ApiKeys api, int version) {
        return EmbeddedMessages.request(header(api, version), ControllerRequests.sample(api, version));
    }

    private static EnvelopeRequestData envelope(ByteBuffer inner) {
        return new EnvelopeRequestData()
                .setRequestData(inner)
                .setRequestPrincipal(PRINCIPAL)
                .setClientHostAddress(CLIENT);
    }

    private EnvelopeResponseData ask(EnvelopeRequestData envelope) {
        ReplyRecord reply = new ReplyRecord();
        handler.handle(
                new Request(
                        new RequestHeader(ApiKeys.ENVELOPE, (short) 0, "odradek-2", 12),
                        envelope,
                        BufferLease.UNPOOLED,
                        InetAddress.getLoopbackAddress(),
                        "CONTROLLER",
                        connection),
                reply);
        EnvelopeResponseData answer = (EnvelopeResponseData) reply.sent();
        MessageUtil.toByteBufferAccessor(answer, (short) 0);
        return answer;
    }

    private Errors errorOf(EnvelopeRequestData envelope) {
        EnvelopeResponseData answer = ask(envelope);
        assertThat(answer.responseData() == null).isEqualTo(answer.errorCode() != 0);
        return Errors.forCode(answer.errorCode());
    }

    private Errors errorOf(ByteBuffer inner) {
        return errorOf(envelope(inner));
    }

    // ---- All is well.

    @Test
    void whatIsInsideReachesItsHandlerAsIfTheClientHadCome() {
        for (Offer offer : OfferedApis.forwarded()) {
            for (int version = offer.lowest(); version <= offer.highest(); version++) {
                RequestHeader header = header(offer.api(), version);
                EnvelopeResponseData answer = ask(envelope(sample(offer.api(), version)));
                Request request = handled.getLast();
                assertThat(request.header()).isEqualTo(header);
                assertThat(request.body()).isEqualTo(ControllerRequests.sample(offer.api(), version));
                assertThat(request.clientAddress().getAddress()).isEqualTo(CLIENT);
                assertThat(request.listener()).isEqualTo("CONTROLLER");
                assertThat(request.connection()).isSameAs(connection);
                assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
                assertThat(answer.responseData())
                        .isEqualTo(EmbeddedMessages.answer(
                                header, offer.api().messageType.newResponse()));
            }
        }
        assertThat(handled).hasSizeGreaterThan(30);
    }

    @Test
    void anAddressMayBeLong() {
        byte[] address = new byte[16];
        address[15] = 1;
        ask(envelope(sample(ApiKeys.CREATE_TOPICS, 7)).setClientHostAddress(address));
        assertThat(handled.getLast().clientAddress().getHostAddress()).isEqualTo("0:0:0:0:0:0:0:1");
    }

    @Test
    void theBytesAreLeftAsTheyAre() {
        byte[] bytes = ControllerRequests.bytes(sample(ApiKeys.CREATE_TOPICS, 7));
        ByteBuffer inner = ByteBuffer.wrap(bytes);
        ask(envelope(inner));
        assertThat(inner.position()).isZero(); // whoever fails afterwards writes the request once more
        Arrays.fill(bytes, (byte) 0x55);
        assertThat(handled.getLast().body()).isEqualTo(ControllerRequests.sample(ApiKeys.CREATE_TOPICS, 7));
    }

    // ---- Refused.

    @Test
    void whoIsNotTheControllerSaysSoWhateverItIsSent() {
        active = false;
        assertThat(errorOf(sample(ApiKeys.CREATE_TOPICS, 7))).isEqualTo(Errors.NOT_CONTROLLER);
        assertThat(errorOf(sample(ApiKeys.LIST_PARTITION_REASSIGNMENTS, 0))).isEqualTo(Errors.NOT_CONTROLLER);
        assertThat(errorOf(ByteBuffer.allocate(3))).isEqualTo(Errors.NOT_CONTROLLER);
        assertThat(handled).isEmpty();
    }

    @Test
    void anAddressThatIsNoneIsRefused() {
        for (int length = 0; length <= 20; length++) {
            Errors error = errorOf(envelope(sample(ApiKeys.CREATE_TOPICS, 7)).setClientHostAddress(new byte[length]));
            assertThat(error)
                    .as("%d bytes", length)
                    .isEqualTo(length == 4 || length == 16 ? Errors.NONE : Errors.INVALID_REQUEST);
        }
        assertThat(handled).hasSize(2);
    }

    @Test
    void aPrincipalThatCannotBeReadIsRefused() {
        ByteBuffer inner = sample(ApiKeys.CREATE_TOPICS, 7);
        assertThat(errorOf(envelope(inner).setRequestPrincipal(null)))
                .isEqualTo(Errors.PRINCIPAL_DESERIALIZATION_FAILURE);
        for (int length = 0; length < PRINCIPAL.length; length++) {
            assertThat(errorOf(envelope(inner).setRequestPrincipal(Arrays.copyOf(PRINCIPAL, length))))
                    .as("%d of %d bytes", length, PRINCIPAL.length)
                    .isEqualTo(Errors.PRINCIPAL_DESERIALIZATION_FAILURE);
        }
        byte[] newer = PRINCIPAL.clone();
        ByteBuffer.wrap(newer).putShort((short) (DefaultPrincipalData.HIGHEST_SUPPORTED_VERSION + 1));
        assertThat(errorOf(envelope(inner).setRequestPrincipal(newer)))
                .isEqualTo(Errors.PRINCIPAL_DESERIALIZATION_FAILURE);
        assertThat(handled).isEmpty();
    }

    @Test
    void anApiThatBrokersKeepIsRefused() {
        ByteBuffer metadata = EmbeddedMessages.request(header(ApiKeys.METADATA, 12), new MetadataRequestData());
        assertThat(errorOf(metadata)).isEqualTo(Errors.INVALID_REQUEST);
        ByteBuffer envelope =
                EmbeddedMessages.request(header(ApiKeys.ENVELOPE, 0), envelope(sample(ApiKeys.CREATE_TOPICS, 7)));
        assertThat(errorOf(envelope)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(errorOf(sample(ApiKeys.BROKER_HEARTBEAT, 1))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(handled).isEmpty();
    }

    private static ByteBuffer of(int key, int version) {
        ByteBuffer bytes = sample(ApiKeys.CREATE_TOPICS, 7);
        return bytes.putShort(0, (short) key).putShort(2, (short) version);
    }

    @Test
    void whatIsNotOfferedIsOfAnotherVersion() {
        for (Offer offer : OfferedApis.forwarded()) {
            for (int version : new int[] {offer.lowest() - 1, offer.highest() + 1, Short.MAX_VALUE, Short.MIN_VALUE}) {
                assertThat(errorOf(of(offer.api().id, version)))
                        .as("%s version %d", offer.api(), version)
                        .isEqualTo(Errors.UNSUPPORTED_VERSION);
            }
        }
        assertThat(errorOf(of(ApiKeys.CREATE_ACLS.id, 3))).isEqualTo(Errors.UNSUPPORTED_VERSION);
        assertThat(errorOf(of(9_999, 0))).isEqualTo(Errors.UNSUPPORTED_VERSION);
        assertThat(errorOf(of(-1, 0))).isEqualTo(Errors.UNSUPPORTED_VERSION);
        assertThat(handled).isEmpty();
    }

    @Test
    void aRequestThatIsCutOrGoesOnIsRefused() {
        for (Offer offer : OfferedApis.forwarded()) {
            for (int version = offer.lowest(); version <= offer.highest(); version++) {
                ByteBuffer whole = sample(offer.api(), version);
                for (int length = 0; length < whole.limit(); length++) {
                    assertThat(errorOf(whole.slice(0, length)))
                            .as("%s version %d, %d of %d bytes", offer.api(), version, length, whole.limit())
                            .isEqualTo(Errors.INVALID_REQUEST);
                }
                ByteBuffer more = ByteBuffer.allocate(whole.limit() + 1)
                        .put(whole.duplicate())
                        .rewind();
                assertThat(errorOf(more)).isEqualTo(Errors.INVALID_REQUEST);
            }
        }
        assertThat(handled).isEmpty();
    }

    /** As for a request that comes by itself: twenty million topics fit in the bytes, and not in the heap. */
    @Test
    void anArrayOfMillionsIsRefusedBeforeItIsMade() {
        int topics = 20_000_000;
        RequestHeader header = header(ApiKeys.DELETE_TOPICS, 1);
        ByteBuffer start = EmbeddedMessages.request(header, ControllerRequests.sample(ApiKeys.DELETE_TOPICS, 1));
        int headerBytes = start.limit()
                - MessageUtil.toByteBufferAccessor(ControllerRequests.sample(ApiKeys.DELETE_TOPICS, 1), (short) 1)
                        .buffer()
                        .remaining();
        ByteBuffer bomb = ByteBuffer.allocate(headerBytes + 4 + 2 * topics + 4)
                .put(start.slice(0, headerBytes))
                .putInt(topics)
                .rewind();
        assertThat(errorOf(bomb)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(handled).isEmpty();
    }

    // ---- What the handler inside makes of it.

    private Errors answering(ApiKeys api, int version, ApiMessage response) {
        inside = (request, reply) -> reply.send(response);
        return errorOf(sample(api, version));
    }

    private static CreateTopicsResponseData created(Errors... errors) {
        CreateTopicsResponseData response = new CreateTopicsResponseData();
        for (Errors error : errors) {
            response.topics()
                    .add(new CreatableTopicResult()
                            .setName(TopicCreation.OFFSETS_TOPIC + error)
                            .setErrorCode(error.code()));
        }
        return response;
    }

    @Test
    void whoIsNotTheControllerAnyMoreTellsTheBrokerAndNotTheClient() {
        assertThat(answering(ApiKeys.CREATE_TOPICS, 7, created(Errors.INVALID_REQUEST, Errors.NOT_CONTROLLER)))
                .isEqualTo(Errors.NOT_CONTROLLER);
        assertThat(answering(ApiKeys.CREATE_TOPICS, 7, created(Errors.INVALID_REQUEST, Errors.NONE)))
                .isEqualTo(Errors.NONE);
        assertThat(answering(
                        ApiKeys.ELECT_LEADERS,
                        1,
                        new ElectLeadersResponseData().setErrorCode(Errors.NOT_CONTROLLER.code())))
                .isEqualTo(Errors.NOT_CONTROLLER);
        assertThat(answering(
                        ApiKeys.UPDATE_FEATURES,
                        2,
                        new UpdateFeaturesResponseData().setErrorCode(Errors.NOT_CONTROLLER.code())))
                .isEqualTo(Errors.NOT_CONTROLLER);
    }

    @Test
    void aServerThatDoesNotLeadTheQuorumCannotDescribeIt() {
        DescribeQuorumResponseData response = new DescribeQuorumResponseData()
                .setTopics(List.of(new DescribeQuorumResponseData.TopicData()
                        .setPartitions(List.of(new DescribeQuorumResponseData.PartitionData()
                                .setErrorCode(Errors.NOT_LEADER_OR_FOLLOWER.code())))));
        assertThat(answering(ApiKeys.DESCRIBE_QUORUM, 2, response)).isEqualTo(Errors.NOT_CONTROLLER);
        // Others hear it themselves, as from Kafka.
        assertThat(answering(
                        ApiKeys.ADD_RAFT_VOTER,
                        1,
                        new AddRaftVoterResponseData().setErrorCode(Errors.NOT_LEADER_OR_FOLLOWER.code())))
                .isEqualTo(Errors.NONE);
    }

    @Test
    void theBrokerIsAnsweredWhateverTheHandlerDoes() {
        inside = (request, reply) -> reply.nothing();
        assertThat(errorOf(sample(ApiKeys.CREATE_TOPICS, 7))).isEqualTo(Errors.UNKNOWN_SERVER_ERROR);
        inside = (request, reply) -> reply.close("it takes no more requests");
        assertThat(errorOf(sample(ApiKeys.DESCRIBE_QUORUM, 2))).isEqualTo(Errors.NOT_CONTROLLER);
        ElectLeadersResponseData unwritable =
                new ElectLeadersResponseData().setErrorCode(Errors.INVALID_REQUEST.code());
        assertThat(answering(ApiKeys.ELECT_LEADERS, 0, unwritable)).isEqualTo(Errors.UNKNOWN_SERVER_ERROR);
    }

    // ---- Anything at all.

    @Test
    void whateverIsInsideTheBrokerIsAnsweredOnce() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 30_000; i++) {
            Offer offer = OfferedApis.forwarded()
                    .get(random.nextInt(OfferedApis.forwarded().size()));
            int version = random.nextInt(offer.lowest(), offer.highest() + 1);
            byte[] inner = ControllerRequests.bytes(sample(offer.api(), version));
            EnvelopeRequestData envelope = envelope(ByteBuffer.wrap(inner));
            switch (random.nextInt(5)) {
                case 0 -> {
                    byte[] noise = new byte[random.nextInt(80)];
                    random.nextBytes(noise);
                    envelope.setRequestData(ByteBuffer.wrap(noise));
                }
                case 1 -> {
                    byte[] noise = new byte[random.nextInt(80)];
                    random.nextBytes(noise);
                    ByteBuffer after = ByteBuffer.allocate(4 + noise.length)
                            .putShort(offer.api().id)
                            .putShort((short) version)
                            .put(noise);
                    envelope.setRequestData(after.rewind());
                }
                case 2, 3 -> {
                    for (int n = random.nextInt(3); n >= 0; n--) {
                        inner[random.nextInt(inner.length)] = (byte) random.nextInt();
                    }
                }
                default -> {
                    byte[] noise = new byte[random.nextInt(40)];
                    random.nextBytes(noise);
                    envelope.setRequestPrincipal(noise);
                }
            }
            try {
                assertThat(errorOf(envelope))
                        .isIn(
                                Errors.NONE,
                                Errors.INVALID_REQUEST,
                                Errors.UNSUPPORTED_VERSION,
                                Errors.PRINCIPAL_DESERIALIZATION_FAILURE);
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError("seed " + seed + ", round " + i, failure);
            }
        }
    }
}
