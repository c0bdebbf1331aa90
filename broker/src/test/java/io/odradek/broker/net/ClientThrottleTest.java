package io.odradek.broker.net;

import static io.odradek.broker.net.ServerFixture.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.epoll.Epoll;
import io.odradek.broker.request.OfferedApis;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** KIP-219: the answer leaves at once and says how long to wait, and the connection is not read for as long. */
class ClientThrottleTest {

    private static final int LONG_MS = 3_600_000;

    /** Counts what is muted. */
    private static final class Muted implements NetworkObserver {
        private final AtomicInteger now = new AtomicInteger();
        private final AtomicInteger ever = new AtomicInteger();

        @Override
        public void connectionMuted(String listener) {
            now.incrementAndGet();
            ever.incrementAndGet();
        }

        @Override
        public void connectionUnmuted(String listener) {
            now.decrementAndGet();
        }
    }

    /** Whoever produces waits for so long. */
    private record Producers(int waitMs) implements ClientThrottle {
        @Override
        public int received(Request request, int sizeBytes) {
            return request.api() == ApiKeys.PRODUCE ? waitMs : 0;
        }
    }

    private final Muted muted = new Muted();
    private final AtomicInteger produced = new AtomicInteger();

    private ServerFixture server(ClientThrottle throttle) throws IOException {
        return server(options(), throttle);
    }

    private ServerFixture server(NetworkOptions options, ClientThrottle throttle) throws IOException {
        return new ServerFixture(
                options,
                muted,
                throttle,
                Map.of(
                        ApiKeys.PRODUCE,
                        (request, reply) -> {
                            produced.incrementAndGet();
                            if (((ProduceRequestData) request.body()).acks() == 0) {
                                reply.nothing();
                            } else {
                                reply.send(new ProduceResponseData());
                            }
                        },
                        ApiKeys.METADATA,
                        (_, reply) -> reply.send(new MetadataResponseData())));
    }

    private static byte[] silentProduce(int correlation) {
        return WireClient.frame(ApiKeys.PRODUCE, 9, correlation, new ProduceRequestData().setAcks((short) 0));
    }

    private static int throttleMs(ByteBuffer produceAnswer) {
        produceAnswer.getInt();
        produceAnswer.get(); // no tagged fields
        return new ProduceResponseData(new ByteBufferAccessor(produceAnswer), (short) 9).throttleTimeMs();
    }

    @Test
    void theAnswerSaysTheTimeAndTheNextRequestWaitsForIt() throws IOException {
        try (ServerFixture fixture = server(new Producers(300));
                WireClient client = fixture.connect()) {
            long began = System.nanoTime();
            client.write(WireClient.produce(1, new byte[10]));
            client.write(WireClient.produce(2, new byte[10]));
            client.write(WireClient.apiVersions(3));
            assertThat(throttleMs(client.read())).isEqualTo(300);
            assertThat(throttleMs(client.read())).isEqualTo(300);
            assertThat(client.read().getInt()).isEqualTo(3);
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(600));
            assertThat(muted.ever).hasValue(2);
            assertThat(muted.now).hasValue(0);
        }
    }

    /** Both a request that came along with the first one, and one that is sent later. */
    @Test
    void nothingIsTakenFromAMutedConnection() throws IOException {
        try (ServerFixture fixture = server(new Producers(LONG_MS));
                WireClient client = fixture.connect()) {
            byte[] first = WireClient.produce(1, new byte[10]);
            byte[] second = WireClient.produce(2, new byte[10]);
            byte[] both = Arrays.copyOf(first, first.length + second.length);
            System.arraycopy(second, 0, both, first.length, second.length);
            client.write(both);
            assertThat(throttleMs(client.read())).isEqualTo(LONG_MS);
            client.write(WireClient.produce(3, new byte[10]));
            for (int i = 0; i < 20; i++) {
                fixture.roundTrip(); // the one loop has had every chance to look at it
            }
            assertThat(produced).hasValue(1);
            assertThat(muted.now).hasValue(1);
        }
    }

    @Test
    void anotherConnectionOfTheSameLoopIsNotHeldUp() throws IOException {
        try (ServerFixture fixture = server(new Producers(LONG_MS));
                WireClient waits = fixture.connect();
                WireClient goesOn = fixture.connect()) {
            waits.write(WireClient.produce(1, new byte[10]));
            waits.read();
            for (int i = 0; i < 100; i++) {
                goesOn.write(WireClient.frame(ApiKeys.METADATA, 12, i, new MetadataRequestData()));
                assertThat(goesOn.read().getInt()).isEqualTo(i);
            }
            assertThat(muted.now).hasValue(1);
        }
    }

    @Test
    void aProducerThatReadsNoAnswersIsMutedAsWell() throws IOException {
        try (ServerFixture fixture = server(new Producers(LONG_MS));
                WireClient client = fixture.connect()) {
            client.write(silentProduce(1));
            client.write(silentProduce(2));
            await().untilAsserted(() -> assertThat(muted.now).hasValue(1));
            fixture.roundTrip();
            assertThat(produced).hasValue(1);
        }
    }

    /** What a handler decided, when it decided it. */
    @Test
    void whatAHandlerSaysInItsAnswerIsKept() throws IOException {
        try (ServerFixture fixture = new ServerFixture(
                        options(), muted, ClientThrottle.NONE, Map.of(ApiKeys.METADATA, (_, reply) -> {
                            produced.incrementAndGet();
                            reply.send(new FetchResponseData().setThrottleTimeMs(LONG_MS));
                        }));
                WireClient client = fixture.connect()) {
            client.write(WireClient.frame(ApiKeys.METADATA, 12, 1, new MetadataRequestData()));
            client.read();
            client.write(WireClient.frame(ApiKeys.METADATA, 12, 2, new MetadataRequestData()));
            fixture.roundTrip();
            assertThat(produced).hasValue(1);
            assertThat(muted.now).hasValue(1);
        }
    }

    @Test
    void theTimeOfARequestIsTold() throws IOException {
        List<@Nullable String> told = new ArrayList<>();
        ClientThrottle timed = new ClientThrottle() {
            @Override
            public boolean isTimed(Request request) {
                return true;
            }

            @Override
            public int worked(@Nullable String clientId, long nanos) {
                told.add(nanos > 0 ? clientId : "no time"); // the loop's
                return 50;
            }
        };
        try (ServerFixture fixture = server(timed);
                WireClient client = fixture.connect()) {
            client.write(WireClient.apiVersions(1)); // of a connection that begins nobody knows whose it is
            client.write(WireClient.frame(ApiKeys.METADATA, 12, 2, new MetadataRequestData()));
            client.read();
            ByteBuffer answer = client.read();
            answer.getInt();
            answer.get();
            assertThat(new MetadataResponseData(new ByteBufferAccessor(answer), (short) 12).throttleTimeMs())
                    .isEqualTo(50);
            fixture.roundTrip();
            assertThat(told).as("handled, and written").containsExactly("test", "test");
        }
    }

    /** It is noticed where the transport tells of a client that is gone without reading, and nothing of it is left then. */
    @Test
    void aMutedClientThatIsGoneLeavesNothingBehind() throws IOException {
        Assumptions.assumeTrue(Epoll.isAvailable());
        try (ServerFixture fixture =
                server(options().withTransport(NetworkOptions.Transport.EPOLL), new Producers(LONG_MS))) {
            for (int i = 0; i < 20; i++) {
                try (WireClient client = fixture.connect()) {
                    client.write(WireClient.produce(1, new byte[100_000]));
                    client.write(WireClient.produce(2, new byte[1000]), 0, 300);
                    client.read();
                    if (i % 2 == 0) {
                        client.abort();
                    }
                }
            }
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                assertThat(fixture.server.connections()).isZero();
                assertThat(muted.ever).hasValue(20);
                assertThat(muted.now).hasValue(0);
            });
        } // and no memory, which the fixture looks at
    }

    @Test
    void aHalfClosedClientGetsItsAnswersWhenItHasWaited() throws IOException {
        try (ServerFixture fixture = server(new Producers(100));
                WireClient client = fixture.connect()) {
            client.write(WireClient.produce(1, new byte[10]));
            client.write(WireClient.produce(2, new byte[10]));
            client.shutdownOutput();
            assertThat(client.readToEnd()).isEqualTo(2);
        }
    }

    @Test
    void aServerThatStopsDoesNotWaitForThoseThatHaveTo() throws IOException {
        ServerFixture fixture = server(new Producers(LONG_MS));
        try (WireClient client = fixture.connect()) {
            client.write(WireClient.produce(1, new byte[10]));
            client.read();
            long began = System.nanoTime();
            fixture.server.stop(Duration.ofSeconds(60));
            assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(60));
            assertThat(client.readToEnd()).isZero();
            assertThat(muted.now).hasValue(0);
        } finally {
            fixture.close();
        }
    }

    /** A muted connection does not keep the buffer of a large request for the few bytes behind it. */
    @Test
    void mutedConnectionsHoldNoMemoryThatOthersNeed() throws Exception {
        int frame = 600_000;
        try (ServerFixture fixture = server(
                        options().withLimits(options().limits().withMaxReceiveBytes(1_000_000)),
                        new Producers(LONG_MS));
                WireClient one = fixture.connect();
                WireClient other = fixture.connect();
                WireClient third = fixture.connect()) {
            for (WireClient client : List.of(one, other, third)) {
                byte[] large = WireClient.produce(1, new byte[frame]);
                byte[] next = WireClient.produce(2, new byte[frame]);
                byte[] both = Arrays.copyOf(large, large.length + 50);
                System.arraycopy(next, 0, both, large.length, 50);
                client.write(both);
                client.read();
            }
            assertThat(muted.now).hasValue(3);
            await().untilAsserted(() ->
                    assertThat(fixture.server.receiveMemoryBytes()).isLessThan(20_000));
        }
    }

    @Test
    void aMutedConnectionIsNotIdle() throws IOException {
        try (ServerFixture fixture =
                        server(options().withLimits(options().limits().withMaxIdleMs(50)), new Producers(1000));
                WireClient client = fixture.connect()) {
            client.write(WireClient.produce(1, new byte[10]));
            client.write(WireClient.produce(2, new byte[10]));
            client.read();
            assertThat(throttleMs(client.read())).isEqualTo(1000);
        }
    }

    /** KIP-612. */
    @Test
    void whoConnectsTooOftenIsClosedLaterWithoutAWord() throws IOException {
        AtomicInteger connections = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        ClientThrottle everySecond = new ClientThrottle() {
            @Override
            public int connected(InetAddress client) {
                return connections.getAndIncrement() % 2 == 0 ? 200 : 0;
            }
        };
        NetworkObserver counting = new NetworkObserver() {
            @Override
            public void clientRefused(String listener) {
                refused.incrementAndGet();
            }
        };
        try (ServerFixture fixture = new ServerFixture(options(), counting, everySecond, Map.of())) {
            long began = System.nanoTime();
            try (WireClient unwelcome = fixture.connect();
                    WireClient welcome = fixture.connect()) {
                welcome.write(WireClient.apiVersions(1));
                assertThat(welcome.read().getInt()).isEqualTo(1);
                unwelcome.write(WireClient.apiVersions(1));
                assertThat(unwelcome.readToEnd()).isZero();
                assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(200));
                assertThat(refused).hasValue(1);
            }
        }
    }

    static List<ApiKeys> offered() {
        return OfferedApis.all().stream().map(OfferedApis.Offer::api).toList();
    }

    @ParameterizedTest
    @MethodSource("offered")
    void everyAnswerWithTheFieldGetsTheTime(ApiKeys api) throws ReflectiveOperationException {
        ApiMessage response = api.messageType.newResponse();
        Optional<Method> field = Arrays.stream(response.getClass().getMethods())
                .filter(method -> method.getName().equals("throttleTimeMs"))
                .findAny();
        ThrottleTimes.set(response, 17);
        if (field.isPresent()) {
            assertThat(field.get().invoke(response)).isEqualTo(17);
        } else {
            assertThat(api).isEqualTo(ApiKeys.DESCRIBE_QUORUM);
        }
    }
}
