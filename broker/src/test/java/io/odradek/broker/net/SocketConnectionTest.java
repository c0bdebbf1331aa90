package io.odradek.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.record.BufferLease;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.VoteRequestData;
import org.apache.kafka.common.message.VoteResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.ResponseHeader;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SocketConnectionTest {

    private static final int LONG_MS = 30_000;

    private SocketNetwork network = SocketNetwork.open(options());
    private final List<AutoCloseable> toClose = new ArrayList<>();

    private static PeerOptions options() {
        return PeerOptions.defaults("odradek-test", "1").withBackoffMs(1).withMaxBackoffMs(20);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : toClose.reversed()) {
            each.close();
        }
        network.close();
        assertThat(network.receiveMemoryBytes()).isZero();
        assertThat(network.unreleasedBytes()).isZero();
    }

    // ---- What is asked.

    /** How a question ended. */
    private record Ended(
            @Nullable ApiMessage response,
            short version,
            @Nullable String why,
            boolean maybeDone) {
        <T extends ApiMessage> T as(Class<T> type) {
            assertThat(why).isNull();
            return Objects.requireNonNull(type.cast(response));
        }
    }

    /** Fails the test when it is told twice. */
    private static class Waits implements PeerOutcome {
        final CompletableFuture<Ended> ended = new CompletableFuture<>();

        @Override
        public void answered(ApiMessage response, short version, BufferLease memory) {
            assertThat(ended.complete(new Ended(response, version, null, false)))
                    .isTrue();
        }

        @Override
        public void failed(String why, boolean maybeDone) {
            assertThat(ended.complete(new Ended(null, (short) -1, why, maybeDone)))
                    .isTrue();
        }

        Ended get() throws Exception {
            return ended.get(20, TimeUnit.SECONDS);
        }
    }

    private static Waits ask(PeerConnection to, ApiKeys api, IntFunction<ApiMessage> at, int timeoutMs) {
        Waits waits = new Waits();
        to.ask(
                new PeerRequest() {
                    @Override
                    public ApiKeys api() {
                        return api;
                    }

                    @Override
                    public ApiMessage at(short version) {
                        return at.apply(version);
                    }
                },
                timeoutMs,
                waits);
        return waits;
    }

    private static Waits vote(PeerConnection to, String clusterId) {
        return ask(to, ApiKeys.VOTE, version -> new VoteRequestData().setClusterId(clusterId), LONG_MS);
    }

    private static Waits fetch(PeerConnection to) {
        return ask(to, ApiKeys.FETCH, version -> new FetchRequestData(), LONG_MS);
    }

    // ---- Who answers.

    private PeerConnection connectTo(int port) {
        return network.connection("broker 7", "127.0.0.1", port);
    }

    private ServerFixture server(Map<ApiKeys, ApiHandler> handlers) throws IOException {
        Map<ApiKeys, ApiHandler> all = new EnumMap<>(handlers);
        all.put(ApiKeys.API_VERSIONS, (request, reply) -> reply.send(offered(ApiKeys.VOTE, ApiKeys.FETCH)));
        ServerFixture fixture = new ServerFixture(ServerFixture.options(), all);
        toClose.add(fixture);
        return fixture;
    }

    private static ApiVersionsResponseData offered(ApiKeys... apis) {
        ApiVersionsResponseData data = new ApiVersionsResponseData();
        for (ApiKeys api : apis) {
            data.apiKeys().add(range(api, api.oldestVersion(), api.latestVersion(false)));
        }
        return data;
    }

    private static ApiVersion range(ApiKeys api, int min, int max) {
        return new ApiVersion().setApiKey(api.id).setMinVersion((short) min).setMaxVersion((short) max);
    }

    /** Echoes the cluster's id in a place that an answer has. */
    private static final ApiHandler VOTES = (request, reply) -> reply.send(new VoteResponseData()
            .setTopics(List.of(
                    new VoteResponseData.TopicData().setTopicName(((VoteRequestData) request.body()).clusterId()))));

    private static String echoed(Ended ended) {
        return ended.as(VoteResponseData.class).topics().getFirst().topicName();
    }

    @Test
    void answersBelongToTheirQuestions() throws Exception {
        PeerConnection to = connectTo(server(Map.of(ApiKeys.VOTE, VOTES)).server.port("PLAINTEXT"));
        List<Waits> all = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            all.add(vote(to, "c" + i)); // the first of them before there is a connection
        }
        for (int i = 0; i < 500; i++) {
            assertThat(echoed(all.get(i).get())).isEqualTo("c" + i);
        }
    }

    @Test
    void theNewestVersionThatBothHaveIsSpoken() throws Exception {
        Peer peer = new Peer();
        PeerConnection to = connectTo(peer.port());
        Waits waits = vote(to, "c");
        peer.offers(range(ApiKeys.VOTE, 0, 1), range(ApiKeys.FETCH, 18, 99));
        assertThat(peer.take().api()).isEqualTo(ApiKeys.VOTE);
        peer.answer((short) 1, new VoteResponseData());
        assertThat(waits.get().version()).isEqualTo((short) 1);

        Waits newer = fetch(to);
        peer.take();
        peer.answer(ApiKeys.FETCH.latestVersion(false), new FetchResponseData());
        assertThat(newer.get().version()).isEqualTo(ApiKeys.FETCH.latestVersion(false));
    }

    @Test
    void whatIsNotOfferedFailsAndTheRestGoesOn() throws Exception {
        Peer peer = new Peer();
        PeerConnection to = connectTo(peer.port());
        Waits missing = ask(to, ApiKeys.END_QUORUM_EPOCH, version -> new VoteRequestData(), LONG_MS);
        Waits tooNew = fetch(to);
        Waits tooOld = ask(
                to,
                ApiKeys.VOTE,
                version -> {
                    throw new UnsupportedVersionException("no place for the directory");
                },
                LONG_MS);
        peer.offers(range(ApiKeys.VOTE, 0, 0), range(ApiKeys.FETCH, 90, 99));
        assertThat(missing.get().why()).contains("does not offer END_QUORUM_EPOCH");
        assertThat(tooNew.get().why()).contains("FETCH in versions 90 to 99, here it is known in 4 to");
        assertThat(tooOld.get().why()).contains("only up to version 0: no place for the directory");
        assertThat(List.of(missing.get(), tooNew.get(), tooOld.get())).noneMatch(Ended::maybeDone);

        Waits fine = vote(to, "c");
        peer.take();
        peer.answer((short) 0, new VoteResponseData());
        assertThat(fine.get().why()).isNull();
    }

    @Test
    void recordsOfAnAnswerStayAsLongAsTheyAreRetained() throws Exception {
        byte[] bytes = new byte[300_000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31);
        }
        ServerFixture fixture = server(Map.of(
                ApiKeys.VOTE,
                VOTES,
                ApiKeys.FETCH,
                (request, reply) -> reply.send(new FetchResponseData()
                        .setResponses(List.of(new FetchResponseData.FetchableTopicResponse()
                                .setPartitions(List.of(new FetchResponseData.PartitionData()
                                        .setRecords(MemoryRecords.readableRecords(ByteBuffer.wrap(bytes))))))))));
        PeerConnection to = connectTo(fixture.server.port("PLAINTEXT"));
        CompletableFuture<BufferLease> held = new CompletableFuture<>();
        Waits waits = new Waits() {
            @Override
            public void answered(ApiMessage response, short version, BufferLease memory) {
                assertThat(memory.tryRetain()).isTrue();
                held.complete(memory);
                super.answered(response, version, memory);
            }
        };
        to.ask(
                new PeerRequest() {
                    @Override
                    public ApiKeys api() {
                        return ApiKeys.FETCH;
                    }

                    @Override
                    public ApiMessage at(short version) {
                        return new FetchRequestData();
                    }
                },
                LONG_MS,
                waits);
        FetchResponseData answer = waits.get().as(FetchResponseData.class);
        for (int i = 0; i < 50; i++) {
            assertThat(echoed(vote(to, "x".repeat(1000)).get())).hasSize(1000); // uses other memory
        }
        MemoryRecords records = (MemoryRecords)
                answer.responses().getFirst().partitions().getFirst().records();
        byte[] seen = new byte[bytes.length];
        records.buffer().duplicate().get(seen);
        assertThat(seen).isEqualTo(bytes);
        assertThat(records.buffer().isDirect()).isTrue();
        assertThat(network.receiveMemoryBytes()).isGreaterThanOrEqualTo(bytes.length);
        held.get().release();
        Awaitility.await().until(() -> network.receiveMemoryBytes() < bytes.length);
    }

    @Test
    void answersThatNobodyReleasesStopTheReadingNotTheServer() throws Exception {
        network.close();
        network = SocketNetwork.open(options().withMaxReceiveBytes(400_000));
        byte[] bytes = new byte[100_000];
        ServerFixture fixture = server(Map.of(
                ApiKeys.FETCH,
                (request, reply) -> reply.send(new FetchResponseData()
                        .setResponses(List.of(new FetchResponseData.FetchableTopicResponse()
                                .setPartitions(List.of(new FetchResponseData.PartitionData()
                                        .setRecords(MemoryRecords.readableRecords(ByteBuffer.wrap(bytes))))))))));
        PeerConnection to = connectTo(fixture.server.port("PLAINTEXT"));
        BlockingQueue<BufferLease> held = new LinkedBlockingQueue<>();
        int asked = 40;
        CountDownLatch all = new CountDownLatch(asked);
        for (int i = 0; i < asked; i++) {
            to.ask(
                    new PeerRequest() {
                        @Override
                        public ApiKeys api() {
                            return ApiKeys.FETCH;
                        }

                        @Override
                        public ApiMessage at(short version) {
                            return new FetchRequestData();
                        }
                    },
                    LONG_MS,
                    new PeerOutcome() {
                        @Override
                        public void answered(ApiMessage response, short version, BufferLease memory) {
                            assertThat(memory.tryRetain()).isTrue();
                            held.add(memory);
                            all.countDown();
                        }

                        @Override
                        public void failed(String why, boolean maybeDone) {
                            throw new AssertionError(why);
                        }
                    });
        }
        int released = 0;
        long most = 0;
        while (released < asked) {
            BufferLease lease = held.poll(20, TimeUnit.SECONDS);
            assertThat(lease).as("answer " + released + " of " + asked).isNotNull();
            most = Math.max(most, network.receiveMemoryBytes());
            lease.release();
            released++;
        }
        assertThat(all.await(1, TimeUnit.SECONDS)).isTrue();
        // The bound, what one waiter may be let over it, and a part of a frame.
        assertThat(most).isLessThan(400_000 + 2 * 130_000);
    }

    // ---- What goes wrong.

    @Test
    void whatNobodyListensToFailsAtOnceAndIsTriedAgain() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        PeerConnection to = connectTo(port);
        Ended refused = vote(to, "c").get();
        assertThat(refused.why()).contains("broker 7 at 127.0.0.1:" + port).contains("can't be reached");
        assertThat(refused.maybeDone()).isFalse();
        try (ServerSocket late = new ServerSocket(port, 5, InetAddress.getLoopbackAddress())) {
            Peer peer = new Peer(late);
            CompletableFuture<Ended> again = new CompletableFuture<>();
            Thread asks = Thread.ofPlatform().start(() -> {
                try {
                    Ended ended = vote(to, "c").get();
                    while (ended.why() != null) {
                        ended = vote(to, "c").get(); // until the pause after a failure is over
                    }
                    again.complete(ended);
                } catch (Exception e) {
                    again.completeExceptionally(e);
                }
            });
            peer.offers(range(ApiKeys.VOTE, 0, 0));
            peer.take();
            peer.answer((short) 0, new VoteResponseData());
            assertThat(again.get(20, TimeUnit.SECONDS).why()).isNull();
            asks.join();
        }
    }

    @Test
    void aHostThatNobodyKnowsIsNamed() throws Exception {
        PeerConnection to = network.connection("controller 3", "no-such-host.invalid", 9093);
        assertThat(vote(to, "c").get().why())
                .isEqualTo("nobody knows the host of controller 3 at no-such-host.invalid:9093");
    }

    @Test
    void oneThatIsNotAnsweredInTimeTakesTheConnectionWithIt() throws Exception {
        Peer peer = new Peer();
        PeerConnection to = connectTo(peer.port());
        Waits slow = ask(to, ApiKeys.VOTE, version -> new VoteRequestData(), 300);
        peer.offers(range(ApiKeys.VOTE, 0, 0));
        peer.take();
        Waits behind = vote(to, "c");
        assertThat(slow.get().why()).contains("has not answered VOTE within 300 ms");
        assertThat(slow.get().maybeDone()).isTrue();
        assertThat(behind.get().why()).contains("has not answered VOTE within 300 ms");
        assertThat(peer.rest()).isNotNegative(); // it ends
    }

    @Test
    void aServerThatSaysNothingIsGivenUp() throws Exception {
        network.close();
        network = SocketNetwork.open(options().withConnectTimeoutMs(200));
        Peer peer = new Peer();
        PeerConnection to = connectTo(peer.port());
        Ended ended = vote(to, "c").get();
        assertThat(ended.why()).contains("did not say what it offers within 200 ms");
        assertThat(ended.maybeDone()).as("it was never sent").isFalse();
    }

    @Test
    void aConnectionThatEndsFailsWhatWasSent() throws Exception {
        Peer peer = new Peer();
        PeerConnection to = connectTo(peer.port());
        Waits sent = vote(to, "c");
        peer.offers(range(ApiKeys.VOTE, 0, 0));
        peer.take();
        peer.hangUp();
        assertThat(sent.get().why()).isNotNull();
        assertThat(sent.get().maybeDone()).isTrue();
    }

    @Test
    void nonsenseEndsTheConnection() throws Exception {
        refuses(
                "an answer of -5 bytes",
                peer -> peer.write(ByteBuffer.allocate(4).putInt(-5)));
        refuses(
                "an answer of 2000000000 bytes",
                peer -> peer.write(ByteBuffer.allocate(4).putInt(2_000_000_000)));
        refuses("an answer to request 77", peer -> {
            ByteBuffer bytes = peer.bytes(77, (short) 0, new VoteResponseData());
            peer.write(bytes.position(bytes.limit()));
        });
        refuses(
                "a malformed answer to VOTE",
                peer -> peer.write(ByteBuffer.allocate(4 + 4 + 3)
                        .putInt(7)
                        .putInt(peer.lastCorrelationId())
                        .put(new byte[] {0, 0, 1})));
        refuses("bytes are left over", peer -> {
            ByteBuffer bytes = peer.bytes(peer.lastCorrelationId(), (short) 0, new VoteResponseData());
            ByteBuffer more = ByteBuffer.allocate(bytes.limit() + 1).put(bytes);
            more.putInt(0, bytes.limit() - 4 + 1);
            peer.write(more.position(more.limit()));
        });
    }

    private interface Nonsense {
        void say(Peer peer) throws Exception;
    }

    private void refuses(String why, Nonsense nonsense) throws Exception {
        Peer peer = new Peer();
        PeerConnection to = connectTo(peer.port());
        Waits sent = vote(to, "c");
        peer.offers(range(ApiKeys.VOTE, 0, 0));
        peer.take();
        nonsense.say(peer);
        assertThat(sent.get().why()).contains(why);
        assertThat(peer.rest()).isZero();
    }

    @Test
    void anAnswerToNothingEndsTheConnection() throws Exception {
        Peer peer = new Peer();
        PeerConnection to = connectTo(peer.port());
        Waits fine = vote(to, "c");
        peer.offers(range(ApiKeys.VOTE, 0, 0));
        peer.take();
        peer.answer((short) 0, new VoteResponseData());
        fine.get();
        peer.answer((short) 0, new VoteResponseData());
        assertThat(peer.rest()).isZero();
    }

    @Test
    void moreThanMayWaitFailsAtOnce() throws Exception {
        network.close();
        network = SocketNetwork.open(options().withMaxUnanswered(3));
        Peer peer = new Peer();
        PeerConnection to = connectTo(peer.port());
        List<Waits> some = List.of(vote(to, "1"), vote(to, "2"), vote(to, "3"));
        assertThat(vote(to, "4").get().why()).contains("3 requests wait");
        peer.offers(range(ApiKeys.VOTE, 0, 0));
        for (Waits each : some) {
            peer.take();
            peer.answer((short) 0, new VoteResponseData());
            assertThat(each.get().why()).isNull();
        }
    }

    @Test
    void closingTellsEverybodyOnce() throws Exception {
        Peer peer = new Peer();
        PeerConnection to = connectTo(peer.port());
        Waits sent = vote(to, "c");
        peer.offers(range(ApiKeys.VOTE, 0, 0));
        peer.take();
        PeerConnection other = connectTo(new Peer().port());
        Waits waiting = vote(other, "c");
        network.close();
        assertThat(sent.get().why()).contains("is closed");
        assertThat(waiting.get().why()).contains("is closed");
        assertThat(vote(to, "c").get().why()).contains("is closed");
        assertThat(vote(network.connection("late", "127.0.0.1", 1), "c").get().why())
                .contains("is closed");
    }

    /** Another server, byte by byte. */
    private final class Peer {
        private final ServerSocket listener;
        private @Nullable Socket socket;
        private @Nullable DataInputStream in;
        private int lastCorrelationId;

        private record Asked(ApiKeys api, short version) {}

        Peer() throws IOException {
            this(new ServerSocket(0, 5, InetAddress.getLoopbackAddress()));
        }

        Peer(ServerSocket listener) {
            this.listener = listener;
            toClose.add(() -> {
                listener.close();
                if (socket != null) {
                    socket.close();
                }
            });
        }

        int port() {
            return listener.getLocalPort();
        }

        int lastCorrelationId() {
            return lastCorrelationId;
        }

        void offers(ApiVersion... ranges) throws IOException {
            listener.setSoTimeout(20_000);
            Socket accepted = listener.accept();
            accepted.setSoTimeout(20_000);
            socket = accepted;
            in = new DataInputStream(accepted.getInputStream());
            assertThat(take().api()).isEqualTo(ApiKeys.API_VERSIONS);
            ApiVersionsResponseData data = new ApiVersionsResponseData();
            for (ApiVersion range : ranges) {
                data.apiKeys().add(range);
            }
            ByteBuffer body = MessageUtil.toByteBufferAccessor(data, (short) 3).buffer();
            ByteBuffer bytes = ByteBuffer.allocate(8 + body.remaining())
                    .putInt(4 + body.remaining())
                    .putInt(lastCorrelationId)
                    .put(body);
            write(bytes);
        }

        Asked take() throws IOException {
            DataInputStream from = Objects.requireNonNull(in);
            byte[] frame = new byte[from.readInt()];
            from.readFully(frame);
            ByteBuffer bytes = ByteBuffer.wrap(frame);
            ApiKeys api = ApiKeys.forId(bytes.getShort());
            short version = bytes.getShort();
            lastCorrelationId = bytes.getInt();
            return new Asked(api, version);
        }

        ByteBuffer bytes(int correlationId, short version, ApiMessage body) {
            ApiKeys api = ApiKeys.forId(body.apiKey());
            ByteBuffer header = MessageUtil.toByteBufferAccessor(
                            new ResponseHeader(correlationId, api.responseHeaderVersion(version)).data(),
                            api.responseHeaderVersion(version))
                    .buffer();
            ByteBuffer rest = MessageUtil.toByteBufferAccessor(body, version).buffer();
            return ByteBuffer.allocate(4 + header.remaining() + rest.remaining())
                    .putInt(header.remaining() + rest.remaining())
                    .put(header)
                    .put(rest)
                    .flip();
        }

        void answer(short version, ApiMessage body) throws IOException {
            ByteBuffer bytes = bytes(lastCorrelationId, version, body);
            write(bytes.position(bytes.limit()));
        }

        /** All up to the position. */
        void write(ByteBuffer bytes) throws IOException {
            byte[] all = new byte[bytes.position()];
            bytes.flip().get(all);
            Objects.requireNonNull(socket).getOutputStream().write(all);
        }

        void hangUp() throws IOException {
            Objects.requireNonNull(socket).close();
        }

        /** Bytes until the other side closes. */
        int rest() throws IOException {
            InputStream from = Objects.requireNonNull(in);
            try {
                return from.readAllBytes().length;
            } catch (EOFException | SocketException reset) {
                return 0;
            }
        }
    }
}
