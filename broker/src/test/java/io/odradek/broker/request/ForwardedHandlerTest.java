package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.EmbeddedMessages;
import io.odradek.broker.net.EmbeddedMessages.EmbeddedRequest;
import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import io.odradek.broker.net.Request;
import io.odradek.broker.request.OfferedApis.Offer;
import io.odradek.engine.record.BufferLease;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A broker passes on what is the controller's work; the controller is the test. */
class ForwardedHandlerTest {

    private static final int CORRELATION = 4711;
    private static final InetAddress CLIENT = address(10, 1, 2, 3);

    private final SteppedConnection connection = new SteppedConnection();
    private final ReplyRecord reply = new ReplyRecord();
    private final Line line = new Line();
    private final List<Request> handledHere = new ArrayList<>();
    private final ApiHandler here = (request, answer) -> {
        handledHere.add(request);
        answer.send(request.api().messageType.newResponse());
    };
    private final ForwardedHandler handler = new ForwardedHandler(line, here);
    private final List<String> lines = new ArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage());
        }
    };

    private static Logger log() {
        return (Logger) LoggerFactory.getLogger(ForwardedHandler.class);
    }

    @BeforeEach
    void listen() {
        appender.start();
        log().addAppender(appender);
        log().setAdditive(false); // thousands of lines are expected
    }

    @AfterEach
    void stopListening() {
        log().setAdditive(true);
        log().detachAppender(appender);
    }

    private static InetAddress address(int... bytes) {
        byte[] address = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            address[i] = (byte) bytes[i];
        }
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private record Asked(PeerRequest request, int timeoutMs, PeerOutcome outcome) {
        EnvelopeRequestData envelope() {
            assertThat(request.api()).isEqualTo(ApiKeys.ENVELOPE);
            return (EnvelopeRequestData) request.at((short) 0);
        }

        void answer(EnvelopeResponseData envelope) {
            outcome.answered(envelope, (short) 0, BufferLease.UNPOOLED);
        }

        void answer(Errors error) {
            answer(new EnvelopeResponseData().setErrorCode(error.code()));
        }

        void answer(ByteBuffer bytes) {
            answer(new EnvelopeResponseData().setResponseData(bytes));
        }
    }

    /** Whoever asks waits, until the test answers. */
    private static final class Line implements ControllerLine {
        private final List<Asked> asked = new ArrayList<>();
        private boolean here;

        @Override
        public boolean isHere() {
            return here;
        }

        @Override
        public void ask(PeerRequest request, int timeoutMs, PeerOutcome outcome) {
            asked.add(new Asked(request, timeoutMs, outcome));
        }

        Asked last() {
            return asked.getLast();
        }
    }

    private Request request(ApiKeys api, int version, ApiMessage body) {
        return new Request(
                new RequestHeader(api, (short) version, "the client", CORRELATION),
                body,
                BufferLease.UNPOOLED,
                CLIENT,
                "PLAINTEXT",
                connection);
    }

    private Request forward(ApiKeys api, int version, ReplyRecord to) {
        Request request = request(api, version, ControllerRequests.sample(api, version));
        handler.handle(request, to);
        return request;
    }

    private Request createTopics() {
        return forward(ApiKeys.CREATE_TOPICS, 7, reply);
    }

    private static ByteBuffer answerTo(Request request) {
        return EmbeddedMessages.answer(request.header(), response(request));
    }

    private static ApiMessage response(Request request) {
        if (request.api() != ApiKeys.CREATE_TOPICS) {
            return request.api().messageType.newResponse();
        }
        CreateTopicsResponseData response = new CreateTopicsResponseData();
        response.topics()
                .add(new CreatableTopicResult()
                        .setName("t")
                        .setErrorCode(Errors.TOPIC_ALREADY_EXISTS.code())
                        .setErrorMessage("'t' exists"));
        return response;
    }

    private static Set<Errors> errors(Request request, ApiMessage response) {
        return AbstractResponse.parseResponse(
                        request.api(), MessageUtil.toByteBufferAccessor(response, request.version()), request.version())
                .errorCounts()
                .keySet();
    }

    private interface OnEach {
        void accept(ApiKeys api, int version);
    }

    private static void everyApiAndVersion(OnEach each) {
        assertThat(OfferedApis.forwarded()).hasSize(14);
        for (Offer offer : OfferedApis.forwarded()) {
            for (int version = offer.lowest(); version <= offer.highest(); version++) {
                each.accept(offer.api(), version);
            }
        }
    }

    // ---- All is well.

    @Test
    void atTheControllerTheHandlerTakesTheRequestItself() {
        line.here = true;
        Request request = createTopics();
        assertThat(handledHere).containsExactly(request);
        assertThat(line.asked).isEmpty();
        assertThat(reply.sent()).isInstanceOf(CreateTopicsResponseData.class);
        assertThat(connection.waiting()).isZero();
    }

    @Test
    void elsewhereTheRequestTravelsAsTheClientHasSentIt() {
        everyApiAndVersion((api, version) -> {
            Request request = forward(api, version, new ReplyRecord());
            EnvelopeRequestData envelope = line.last().envelope();
            EmbeddedRequest inside = EmbeddedMessages.readRequest(envelope.requestData());
            assertThat(inside.header()).isEqualTo(request.header());
            assertThat(inside.header().headerVersion())
                    .isEqualTo(request.header().headerVersion());
            assertThat(inside.body()).isEqualTo(request.body());
            assertThat(envelope.clientHostAddress()).isEqualTo(CLIENT.getAddress());
            assertThat(new DefaultKafkaPrincipalBuilder(null, null).deserialize(envelope.requestPrincipal()))
                    .isEqualTo(KafkaPrincipal.ANONYMOUS);
        });
        assertThat(handledHere).isEmpty();
    }

    @Test
    void theAnswerReachesTheClientInItsVersion() {
        everyApiAndVersion((api, version) -> {
            ReplyRecord to = new ReplyRecord();
            Request request = forward(api, version, to);
            ByteBuffer answer = answerTo(request);
            line.last().answer(answer);
            assertThat(EmbeddedMessages.answer(request.header(), to.sent())).isEqualTo(answer);
        });
        assertThat(connection.waiting()).isZero();
    }

    @Test
    void anEnvelopeCanBeWrittenAgain() {
        Request request = createTopics();
        ByteBufferAccessor first = MessageUtil.toByteBufferAccessor(line.last().envelope(), (short) 0);
        line.last().outcome().failed("lost on the way", true);
        connection.pass(ForwardedHandler.PAUSE_MS);
        assertThat(line.asked).hasSize(2);
        assertThat(MessageUtil.toByteBufferAccessor(line.last().envelope(), (short) 0)
                        .buffer())
                .isEqualTo(first.buffer());
        EnvelopeRequestData used = line.last().envelope();
        used.requestData().position(used.requestData().limit()); // as a writer leaves it
        assertThat(EmbeddedMessages.readRequest(line.last().envelope().requestData())
                        .body())
                .isEqualTo(request.body());
    }

    /** Their buffers would be gone when they are written. */
    @Test
    void nothingThatIsPassedOnHoldsRawBytes() {
        everyApiAndVersion((api, version) -> {
            assertThat(rawBytes(api.messageType.requestSchemas()[version])).isEmpty();
            assertThat(rawBytes(api.messageType.responseSchemas()[version])).isEmpty();
        });
        assertThat(rawBytes(ApiKeys.PRODUCE.messageType.requestSchemas()[9])).isNotEmpty();
        assertThat(rawBytes(ApiKeys.SYNC_GROUP.messageType.responseSchemas()[5]))
                .isNotEmpty();
    }

    private static List<String> rawBytes(Schema schema) {
        List<String> found = new ArrayList<>();
        schema.walk(new Schema.Visitor() {
            @Override
            public void visit(Type type) {
                String name = type.toString();
                if (name.contains("BYTES") || name.contains("RECORDS")) {
                    found.add(name);
                }
            }
        });
        return found;
    }

    // ---- No controller, or another one.

    @Test
    void whoIsNotTheControllerOrHasGoneIsAskedAgainAfterAPause() {
        Request request = createTopics();
        line.last().answer(Errors.NOT_CONTROLLER);
        connection.pass(ForwardedHandler.PAUSE_MS - 1);
        assertThat(line.asked).hasSize(1);
        connection.pass(1);
        assertThat(line.asked).hasSize(2);
        line.last().outcome().failed("no active controller is known", false);
        connection.pass(ForwardedHandler.PAUSE_MS);
        assertThat(line.asked).hasSize(3);
        line.last().outcome().failed("it has closed the connection", true); // may have been done: still, as Kafka
        connection.pass(ForwardedHandler.PAUSE_MS);
        assertThat(line.asked).hasSize(4);
        assertThat(reply.isOver()).isFalse();
        line.last().answer(answerTo(request));
        assertThat(errors(request, reply.sent())).containsExactly(Errors.TOPIC_ALREADY_EXISTS);
        connection.pass(100_000);
        assertThat(line.asked).hasSize(4);
    }

    @Test
    void whoBecomesTheControllerMeanwhileDoesItItself() {
        Request request = createTopics();
        line.last().outcome().failed("no active controller is known", false);
        line.here = true;
        connection.pass(ForwardedHandler.PAUSE_MS);
        assertThat(handledHere).containsExactly(request);
        assertThat(line.asked).hasSize(1);
        assertThat(reply.isOver()).isTrue();
        connection.pass(100_000);
        assertThat(handledHere).hasSize(1);
    }

    @Test
    void whileNoControllerIsKnownARequestWaitsAndIsAnsweredWithinItsTimeout() {
        everyApiAndVersion((api, version) -> {
            ReplyRecord to = new ReplyRecord();
            Request request = forward(api, version, to);
            int timeoutMs = saysHowLong(api) ? ControllerRequests.TIMEOUT_MS : ForwardedHandler.MOST_MS;
            int attempts = 0;
            for (int passedMs = 0; passedMs + ForwardedHandler.PAUSE_MS < timeoutMs; ) {
                line.last().outcome().failed("no active controller is known", false);
                connection.pass(ForwardedHandler.PAUSE_MS);
                passedMs += ForwardedHandler.PAUSE_MS;
                attempts++;
            }
            assertThat(attempts).isEqualTo(timeoutMs / ForwardedHandler.PAUSE_MS - 1);
            assertThat(to.isOver()).as("%s before its timeout", api).isFalse();
            connection.pass(ForwardedHandler.PAUSE_MS);
            assertThat(errors(request, to.sent())).as(api.name).contains(Errors.REQUEST_TIMED_OUT);
            int asked = line.asked.size();
            connection.pass(10 * ForwardedHandler.MOST_MS);
            assertThat(line.asked).as("after %s was answered", api).hasSize(asked);
        });
    }

    @Test
    void whenTheTimeIsOverDuringThePauseNobodyIsAskedAgain() {
        createTopics();
        connection.pass(ControllerRequests.TIMEOUT_MS - ForwardedHandler.PAUSE_MS / 2);
        line.last().outcome().failed("no active controller is known", false);
        connection.pass(ForwardedHandler.PAUSE_MS);
        assertThat(reply.isOver()).isTrue();
        assertThat(line.asked).hasSize(1);
    }

    private static boolean saysHowLong(ApiKeys api) {
        return switch (api) {
            case CREATE_TOPICS,
                    DELETE_TOPICS,
                    CREATE_PARTITIONS,
                    ELECT_LEADERS,
                    ALTER_PARTITION_REASSIGNMENTS,
                    LIST_PARTITION_REASSIGNMENTS,
                    UPDATE_FEATURES,
                    ADD_RAFT_VOTER -> true;
            default -> false;
        };
    }

    @Test
    void theClientIsToldWhatItWaitedFor() {
        createTopics();
        line.last().outcome().failed("no active controller is known", false);
        connection.pass(ControllerRequests.TIMEOUT_MS);
        CreateTopicsResponseData sent = (CreateTopicsResponseData) reply.sent();
        assertThat(sent.topics()).hasSize(2).allSatisfy(topic -> {
            assertThat(topic.errorCode()).isEqualTo(Errors.REQUEST_TIMED_OUT.code());
            assertThat(topic.errorMessage())
                    .contains(ControllerRequests.TIMEOUT_MS + " ms")
                    .contains("no active controller is known");
        });
    }

    @Test
    void nobodyWaitsLongerThanAMinuteNorLessThanAMillisecond() {
        for (int timeoutMs : new int[] {Integer.MAX_VALUE, 0, Integer.MIN_VALUE}) {
            ReplyRecord to = new ReplyRecord();
            CreateTopicsRequestData body = ((CreateTopicsRequestData)
                            ControllerRequests.sample(ApiKeys.CREATE_TOPICS, 7))
                    .setTimeoutMs(timeoutMs);
            handler.handle(request(ApiKeys.CREATE_TOPICS, 7, body), to);
            int waitedMs = timeoutMs > 0 ? ForwardedHandler.MOST_MS : 1;
            assertThat(line.last().timeoutMs()).isGreaterThan(waitedMs);
            connection.pass(waitedMs - 1);
            assertThat(to.isOver()).isFalse();
            connection.pass(1);
            assertThat(to.isOver()).isTrue();
        }
    }

    /** The controller's own deadline comes first: a question without its answer takes the connection with it. */
    @Test
    void aSlowControllerKeepsItsConnectionUntilItMustHaveAnswered() {
        everyApiAndVersion((api, version) -> {
            forward(api, version, new ReplyRecord());
            assertThat(line.last().timeoutMs())
                    .isGreaterThanOrEqualTo(30_000)
                    .isGreaterThan(saysHowLong(api) ? ControllerRequests.TIMEOUT_MS : ForwardedHandler.MOST_MS);
        });
    }

    @Test
    void anAnswerThatComesTooLateIsNotSent() {
        Request request = createTopics();
        connection.pass(ControllerRequests.TIMEOUT_MS);
        ApiMessage sent = reply.sent();
        line.last().answer(answerTo(request)); // would fail as a second reply
        line.last().outcome().failed("as would this", true);
        line.last().answer(Errors.UNSUPPORTED_VERSION);
        line.last().answer(Errors.INVALID_REQUEST);
        assertThat(reply.sent()).isSameAs(sent);
        assertThat(connection.waiting()).isZero();
    }

    // ---- The controller refuses the Envelope, or makes no sense.

    @Test
    void aVersionThatTheControllerDoesNotHaveClosesTheClient() {
        createTopics();
        line.last().answer(Errors.UNSUPPORTED_VERSION);
        assertThat(reply.closed()).contains("does not offer CREATE_TOPICS in version 7");
        assertThat(connection.waiting()).isZero();
    }

    @Test
    void otherErrorsOfTheEnvelopeAreOfNoUseToTheClient() {
        for (Errors error : List.of(
                Errors.CLUSTER_AUTHORIZATION_FAILED,
                Errors.PRINCIPAL_DESERIALIZATION_FAILURE,
                Errors.INVALID_REQUEST,
                Errors.UNKNOWN_SERVER_ERROR)) {
            everyApiAndVersion((api, version) -> {
                ReplyRecord to = new ReplyRecord();
                Request request = forward(api, version, to);
                line.last().answer(error);
                assertThat(errors(request, to.sent())).as(api.name).contains(Errors.UNKNOWN_SERVER_ERROR);
            });
        }
        assertThat(connection.waiting()).isZero();
    }

    @Test
    void aTroubleIsReportedOnceUntilAnswersCome() {
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 5; i++) {
                forward(ApiKeys.CREATE_TOPICS, 7, new ReplyRecord());
                line.last().answer(Errors.CLUSTER_AUTHORIZATION_FAILED);
            }
            Request request = forward(ApiKeys.CREATE_TOPICS, 7, new ReplyRecord());
            line.last().answer(answerTo(request));
        }
        assertThat(lines).hasSize(2).allSatisfy(said -> assertThat(said).contains("CLUSTER_AUTHORIZATION_FAILED"));
    }

    /** As Kafka: the Envelope's own error says so when the controller has changed; what is inside is for the client. */
    @Test
    void anErrorInsideIsTheClients() {
        Request request = createTopics();
        CreateTopicsResponseData inside = new CreateTopicsResponseData();
        inside.topics().add(new CreatableTopicResult().setName("t").setErrorCode(Errors.NOT_CONTROLLER.code()));
        line.last().answer(EmbeddedMessages.answer(request.header(), inside));
        assertThat(errors(request, reply.sent())).containsExactly(Errors.NOT_CONTROLLER);
    }

    private void isUnknownServerError(ByteBuffer answer) {
        ReplyRecord to = new ReplyRecord();
        Request request = forward(ApiKeys.CREATE_TOPICS, 7, to);
        line.last().answer(answer);
        assertThat(errors(request, to.sent())).containsExactly(Errors.UNKNOWN_SERVER_ERROR);
    }

    @Test
    void anAnswerThatMakesNoSenseIsAnUnknownServerError() {
        Request request = request(ApiKeys.CREATE_TOPICS, 7, ControllerRequests.sample(ApiKeys.CREATE_TOPICS, 7));
        ByteBuffer whole = answerTo(request);
        for (int length = 0; length < whole.limit(); length++) {
            isUnknownServerError(whole.slice(0, length));
        }
        isUnknownServerError(
                ByteBuffer.allocate(whole.limit() + 1).put(whole.duplicate()).rewind());
        RequestHeader another = new RequestHeader(ApiKeys.CREATE_TOPICS, (short) 7, "the client", CORRELATION + 1);
        isUnknownServerError(EmbeddedMessages.answer(another, response(request)));
    }

    @Test
    void whateverTheControllerAnswersTheClientIsAnsweredOnce() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 5_000; i++) {
            Offer offer = OfferedApis.forwarded()
                    .get(random.nextInt(OfferedApis.forwarded().size()));
            ReplyRecord to = new ReplyRecord();
            Request request = forward(offer.api(), random.nextInt(offer.lowest(), offer.highest() + 1), to);
            byte[] bytes;
            if (random.nextBoolean()) {
                bytes = new byte[random.nextInt(60)];
                random.nextBytes(bytes);
                if (bytes.length >= 4 && random.nextBoolean()) {
                    ByteBuffer.wrap(bytes).putInt(CORRELATION);
                }
            } else {
                bytes = ControllerRequests.bytes(answerTo(request));
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                line.last().answer(ByteBuffer.wrap(bytes));
            } catch (RuntimeException thrown) {
                throw new AssertionError("seed " + seed + ", round " + i, thrown);
            }
            assertThat(to.isOver()).as("seed %d, round %d", seed, i).isTrue();
        }
        assertThat(connection.waiting()).isZero();
    }
}
