package io.odradek.broker.net;

import static io.odradek.broker.net.ServerFixture.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import io.odradek.broker.net.NetworkOptions.Transport;
import io.odradek.engine.record.BufferLease;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.MetadataRequest;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KafkaServerTest {

    static Stream<Transport> transports() {
        return Stream.of(Transport.EPOLL, Transport.NIO, Transport.IO_URING).filter(transport -> switch (transport) {
            case EPOLL -> Epoll.isAvailable();
            case IO_URING -> IoUring.isAvailable();
            case NIO, AUTO -> true;
        });
    }

    private static byte[] metadata(int correlation) {
        return WireClient.frame(ApiKeys.METADATA, 12, correlation, new MetadataRequestData());
    }

    @ParameterizedTest
    @MethodSource("transports")
    void answersLeaveInTheOrderOfTheRequestsWhoeverFinishesFirst(Transport transport) throws Exception {
        int requests = 3000;
        try (ExecutorService executor = Executors.newFixedThreadPool(6);
                ServerFixture fixture = new ServerFixture(
                        options().withTransport(transport), Map.of(ApiKeys.METADATA, (request, reply) -> {
                            int correlation = request.header().correlationId();
                            MetadataResponseData response = new MetadataResponseData().setClusterId("c" + correlation);
                            if (correlation % 5 == 0) {
                                reply.send(response); // some at once, on the loop
                            } else {
                                executor.execute(() -> {
                                    int spins = ThreadLocalRandom.current().nextInt(2000);
                                    for (int i = 0; i < spins; i++) {
                                        Thread.onSpinWait();
                                    }
                                    reply.send(response);
                                });
                            }
                        }))) {
            List<Thread> clients = new ArrayList<>();
            AtomicInteger complete = new AtomicInteger();
            for (int c = 0; c < 3; c++) {
                clients.add(Thread.ofVirtual().start(() -> {
                    try (WireClient client = fixture.connect()) {
                        Thread writer = Thread.ofVirtual().start(() -> {
                            try {
                                for (int i = 0; i < requests; i++) {
                                    client.write(metadata(i));
                                }
                            } catch (IOException cut) {
                                throw new AssertionError(cut);
                            }
                        });
                        for (int i = 0; i < requests; i++) {
                            ByteBuffer response = client.read();
                            assertThat(response.getInt()).isEqualTo(i);
                            response.get(); // no tagged fields
                            assertThat(new MetadataResponseData(new ByteBufferAccessor(response), (short) 12)
                                            .clusterId())
                                    .isEqualTo("c" + i);
                        }
                        writer.join();
                        complete.incrementAndGet();
                    } catch (IOException | InterruptedException failure) {
                        throw new AssertionError(failure);
                    }
                }));
            }
            for (Thread client : clients) {
                client.join();
            }
            assertThat(complete).hasValue(3);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void producedRecordsAreTheReceivedMemoryAndStayWhileLeased(Transport transport) throws Exception {
        record Kept(ByteBuffer records, BufferLease lease, byte fill) {}
        Queue<Kept> kept = new ConcurrentLinkedQueue<>();
        AtomicInteger copies = new AtomicInteger();
        ApiHandler produce = (request, reply) -> {
            ProduceRequestData data = (ProduceRequestData) request.body();
            data.topicData()
                    .forEach(topic -> topic.partitionData().forEach(partition -> {
                        ByteBuffer records = ((MemoryRecords) partition.records()).buffer();
                        if (!records.isDirect() || records.isReadOnly() || records.position() != 0) {
                            copies.incrementAndGet();
                        }
                        assertThat(request.frame().tryRetain()).isTrue();
                        kept.add(new Kept(records, request.frame(), records.get(0)));
                    }));
            reply.send(new ProduceResponseData());
        };
        Random random = new Random(42);
        try (ServerFixture fixture =
                new ServerFixture(options().withTransport(transport), Map.of(ApiKeys.PRODUCE, produce))) {
            try (WireClient client = fixture.connect()) {
                int requests = 300;
                for (int i = 0; i < requests; i++) {
                    byte[][] records = new byte[1 + random.nextInt(3)][];
                    for (int p = 0; p < records.length; p++) {
                        records[p] = new byte[100 + random.nextInt(i % 20 == 0 ? 400_000 : 9_000)];
                        Arrays.fill(records[p], (byte) (i + p));
                    }
                    client.write(WireClient.produce(i, records));
                    assertThat(client.read().getInt()).isEqualTo(i);
                }
            }
            assertThat(copies).hasValue(0);
            for (Kept each : kept) {
                for (int at = 0; at < each.records.limit(); at++) {
                    if (each.records.get(at) != each.fill) {
                        throw new AssertionError("records changed at " + at);
                    }
                }
                each.lease.release();
                assertThat(each.fill).isEqualTo(each.records.get(0));
            }
        }
    }

    @Test
    void aReleasedLeaseCannotBeRetained() throws Exception {
        CompletableFuture<BufferLease> lease = new CompletableFuture<>();
        try (ServerFixture fixture = new ServerFixture(options(), Map.of(ApiKeys.PRODUCE, (request, reply) -> {
                    lease.complete(request.frame());
                    reply.send(new ProduceResponseData());
                }));
                WireClient client = fixture.connect()) {
            client.write(WireClient.produce(1, new byte[5000]));
            client.read();
            await().until(() -> !lease.join().tryRetain());
        }
    }

    /** The handler parks all; reading must stop at the bound and go on when requests are answered. */
    @Test
    void readingStopsWhenReceivedBytesReachTheirBoundAndGoesOnAfterwards() throws Exception {
        long bound = 2 * 1024 * 1024;
        int clients = 8;
        int each = 60;
        Queue<Reply> parked = new ConcurrentLinkedQueue<>();
        try (ServerFixture fixture = new ServerFixture(
                options().withLimits(options().limits().withMaxReceiveBytes(bound)),
                Map.of(ApiKeys.PRODUCE, (request, reply) -> parked.add(reply)))) {
            CountDownLatch done = new CountDownLatch(clients);
            for (int c = 0; c < clients; c++) {
                Thread.ofPlatform().start(() -> {
                    try (WireClient client = fixture.connect()) {
                        Thread writer = Thread.ofPlatform().start(() -> {
                            try {
                                for (int i = 0; i < each; i++) {
                                    client.write(WireClient.produce(i, new byte[50_000 + i * 1000]));
                                }
                            } catch (IOException cut) {
                                throw new AssertionError(cut);
                            }
                        });
                        for (int i = 0; i < each; i++) {
                            assertThat(client.read().getInt()).isEqualTo(i);
                        }
                        writer.join();
                        done.countDown();
                    } catch (IOException | InterruptedException failure) {
                        throw new AssertionError(failure);
                    }
                });
            }
            await().until(() -> fixture.server.connectionsWaitingForMemory() > 0);
            int answered = 0;
            long most = 0;
            while (answered < clients * each) {
                most = Math.max(most, fixture.server.receiveMemoryBytes());
                Reply reply = parked.poll();
                if (reply != null) {
                    reply.send(new ProduceResponseData());
                    answered++;
                } else {
                    Thread.onSpinWait();
                }
            }
            assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(most).isLessThanOrEqualTo(bound + 200_000);
            assertThat(fixture.lines()).isEmpty();
        }
    }

    @Test
    void smallRequestsGetThroughWhenMemoryIsShort() throws Exception {
        Queue<Reply> parked = new ConcurrentLinkedQueue<>();
        try (ServerFixture fixture = new ServerFixture(
                        options().withLimits(options().limits().withMaxReceiveBytes(100_000)),
                        Map.of(ApiKeys.PRODUCE, (request, reply) -> parked.add(reply)));
                WireClient greedy = fixture.connect();
                WireClient waiting = fixture.connect()) {
            greedy.write(WireClient.produce(1, new byte[95_000]));
            await().until(() -> parked.size() == 1);
            waiting.write(WireClient.produce(2, new byte[90_000]));
            await().until(() -> fixture.server.connectionsWaitingForMemory() == 1);
            fixture.roundTrip();
            parked.remove().send(new ProduceResponseData());
            assertThat(greedy.read().getInt()).isEqualTo(1);
            await().until(() -> parked.size() == 1);
            parked.remove().send(new ProduceResponseData());
            assertThat(waiting.read().getInt()).isEqualTo(2);
        }
    }

    @Test
    void aConnectionWithTooManyUnansweredRequestsIsNotRead() throws Exception {
        int most = 10;
        Queue<Reply> parked = new ConcurrentLinkedQueue<>();
        try (ServerFixture fixture = new ServerFixture(
                        options().withLimits(options().limits().withMaxPipelinedRequests(most)),
                        Map.of(ApiKeys.METADATA, (request, reply) -> parked.add(reply)));
                WireClient client = fixture.connect()) {
            for (int i = 0; i < 100; i++) {
                client.write(metadata(i));
            }
            await().until(() -> parked.size() == most);
            fixture.roundTrip();
            assertThat(parked).hasSize(most);
            for (int answered = 0; answered < 100; answered++) {
                await().until(() -> !parked.isEmpty());
                parked.remove().send(new MetadataResponseData());
                assertThat(parked.size()).isLessThanOrEqualTo(most);
            }
            for (int i = 0; i < 100; i++) {
                assertThat(client.read().getInt()).isEqualTo(i);
            }
        }
    }

    @Test
    void stopsCountAndEachNeedsItsResume() throws Exception {
        CompletableFuture<Connection> connection = new CompletableFuture<>();
        AtomicInteger handled = new AtomicInteger();
        try (ServerFixture fixture = new ServerFixture(options(), Map.of(ApiKeys.METADATA, (request, reply) -> {
                    if (handled.getAndIncrement() == 0) {
                        request.connection().stopReading();
                        request.connection().stopReading();
                        connection.complete(request.connection());
                    }
                    reply.send(new MetadataResponseData());
                }));
                WireClient client = fixture.connect()) {
            byte[] two = new byte[2 * metadata(0).length];
            System.arraycopy(metadata(0), 0, two, 0, two.length / 2);
            System.arraycopy(metadata(1), 0, two, two.length / 2, two.length / 2);
            client.write(two);
            assertThat(client.read().getInt()).isEqualTo(0);
            fixture.roundTrip();
            assertThat(handled).as("what is received already waits too").hasValue(1);
            connection.join().resumeReading();
            fixture.roundTrip();
            assertThat(handled).hasValue(1);
            connection.join().resumeReading();
            assertThat(client.read().getInt()).isEqualTo(1);
        }
    }

    @Test
    void silenceIsNoAnswerAndTheNextOneGoes() throws Exception {
        try (ServerFixture fixture =
                        new ServerFixture(options(), Map.of(ApiKeys.PRODUCE, (request, reply) -> reply.nothing()));
                WireClient client = fixture.connect()) {
            client.write(WireClient.produce(1, new byte[10]));
            client.write(WireClient.apiVersions(2));
            assertThat(client.read().getInt()).isEqualTo(2);
        }
    }

    @Test
    void aSecondAnswerIsRefused() throws Exception {
        CompletableFuture<Throwable> second = new CompletableFuture<>();
        try (ServerFixture fixture = new ServerFixture(options(), Map.of(ApiKeys.METADATA, (request, reply) -> {
                    reply.send(new MetadataResponseData());
                    try {
                        reply.nothing();
                    } catch (IllegalStateException refused) {
                        second.complete(refused);
                    }
                }));
                WireClient client = fixture.connect()) {
            client.write(metadata(3));
            assertThat(client.read().getInt()).isEqualTo(3);
            assertThat(second.join()).hasMessageContaining("answered twice");
        }
    }

    @Test
    void aHandlerThatThrowsIsAnsweredWithKafkasError() throws Exception {
        try (ServerFixture fixture = new ServerFixture(options(), Map.of(ApiKeys.METADATA, (request, reply) -> {
                    throw new IllegalStateException("planted");
                }));
                WireClient client = fixture.connect()) {
            MetadataRequestData body = new MetadataRequest.Builder(List.of("t"), false)
                    .build((short) 12)
                    .data();
            client.write(WireClient.frame(ApiKeys.METADATA, 12, 5, body));
            ByteBuffer response = client.read();
            assertThat(response.getInt()).isEqualTo(5);
            response.get();
            MetadataResponseData parsed = new MetadataResponseData(new ByteBufferAccessor(response), (short) 12);
            assertThat(parsed.topics().find("t").errorCode()).isEqualTo(Errors.UNKNOWN_SERVER_ERROR.code());
            client.write(WireClient.apiVersions(6));
            assertThat(client.read().getInt()).isEqualTo(6);
            assertThat(fixture.lines()).hasSize(1);
        }
    }

    @Test
    void aReplyThatClosesSendsWhatCameBeforeAndThenCloses() throws Exception {
        try (ServerFixture fixture = new ServerFixture(
                        options(), Map.of(ApiKeys.METADATA, (request, reply) -> reply.close("planted")));
                WireClient client = fixture.connect()) {
            client.write(WireClient.apiVersions(1));
            client.write(metadata(2));
            assertThat(client.readToEnd()).isEqualTo(1);
            assertThat(fixture.lines()).singleElement().asString().contains("planted");
        }
    }

    @Test
    void whoShutsDownTheirSideStillGetsTheirAnswers() throws Exception {
        Queue<Reply> parked = new ConcurrentLinkedQueue<>();
        try (ServerFixture fixture =
                        new ServerFixture(options(), Map.of(ApiKeys.METADATA, (request, reply) -> parked.add(reply)));
                WireClient client = fixture.connect()) {
            client.write(metadata(1));
            client.write(metadata(2));
            client.shutdownOutput();
            await().until(() -> parked.size() == 2);
            fixture.roundTrip();
            parked.forEach(reply -> reply.send(new MetadataResponseData()));
            assertThat(client.readToEnd()).isEqualTo(2);
        }
    }

    @Test
    void answersToAClientThatIsGoneAreDropped() throws Exception {
        Queue<Reply> parked = new ConcurrentLinkedQueue<>();
        AtomicInteger closed = new AtomicInteger();
        try (ServerFixture fixture = new ServerFixture(options(), Map.of(ApiKeys.PRODUCE, (request, reply) -> {
            request.connection().onClose(closed::incrementAndGet);
            parked.add(reply);
        }))) {
            WireClient client = fixture.connect();
            client.write(WireClient.produce(1, new byte[30_000]));
            client.write(WireClient.produce(2, new byte[300]));
            await().until(() -> parked.size() == 2);
            client.abort();
            await().until(() -> closed.get() > 0);
            assertThat(fixture.server.receiveMemoryBytes())
                    .as("the handler still has the frames")
                    .isPositive();
            parked.forEach(reply -> reply.send(new ProduceResponseData()));
            await().until(() -> fixture.server.receiveMemoryBytes() == 0);
        }
    }

    @Test
    void anIdleConnectionIsClosedAndABusyOneIsNot() throws Exception {
        Queue<Reply> parked = new ConcurrentLinkedQueue<>();
        try (ServerFixture fixture = new ServerFixture(
                        options()
                                .withLimits(
                                        options().limits().withMaxIdleMs(200).withMaxStallMs(200)),
                        Map.of(ApiKeys.METADATA, (request, reply) -> parked.add(reply)));
                WireClient idle = fixture.connect();
                WireClient halfOpen = fixture.connect();
                WireClient busy = fixture.connect()) {
            busy.write(metadata(1));
            halfOpen.write(metadata(2), 0, 9);
            assertThat(idle.readToEnd()).isZero();
            assertThat(halfOpen.readToEnd()).isZero();
            parked.remove().send(new MetadataResponseData());
            assertThat(busy.read().getInt()).isEqualTo(1);
            assertThat(fixture.lines()).isEmpty();
        }
    }

    @Test
    void tooManyConnectionsFromOneAddressAreClosedAtOnce() throws Exception {
        try (ServerFixture fixture =
                new ServerFixture(options().withLimits(options().limits().withMaxConnectionsPerAddress(2)), Map.of())) {
            try (WireClient first = fixture.connect();
                    WireClient second = fixture.connect();
                    WireClient third = fixture.connect()) {
                first.write(WireClient.apiVersions(1));
                second.write(WireClient.apiVersions(2));
                assertThat(first.read().getInt()).isEqualTo(1);
                assertThat(second.read().getInt()).isEqualTo(2);
                assertThat(third.readToEnd()).isZero();
            }
            await().until(() -> fixture.server.connections() == 0);
            fixture.roundTrip();
            assertThat(fixture.lines()).hasSize(1);
        }
    }

    @Test
    void anAddressMayHaveABoundOfItsOwn() throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        NetworkOptions.Limits noneButLoopback =
                options().limits().withMaxConnectionsPerAddress(0).withAddressOverrides(Map.of(loopback, 1));
        try (ServerFixture fixture = new ServerFixture(options().withLimits(noneButLoopback), Map.of());
                WireClient first = fixture.connect();
                WireClient second = fixture.connect()) {
            first.write(WireClient.apiVersions(1));
            assertThat(first.read().getInt()).isEqualTo(1);
            assertThat(second.readToEnd()).isZero();
        }
        NetworkOptions.Limits allButLoopback = options().limits().withAddressOverrides(Map.of(loopback, 0));
        try (ServerFixture fixture = new ServerFixture(options().withLimits(allButLoopback), Map.of());
                WireClient refused = fixture.connect()) {
            assertThat(refused.readToEnd()).isZero();
        }
    }

    @Test
    void atTheBoundOfConnectionsOthersWaitUntilOneLeaves() throws Exception {
        try (ServerFixture fixture = new ServerFixture(
                        options().withLimits(options().limits().withMaxConnections(2)), Map.of());
                WireClient first = fixture.connect()) {
            WireClient second = fixture.connect();
            first.write(WireClient.apiVersions(1));
            second.write(WireClient.apiVersions(2));
            first.read();
            second.read();
            try (WireClient third = fixture.connect()) {
                third.write(WireClient.apiVersions(3));
                second.close();
                assertThat(third.read().getInt()).isEqualTo(3);
            }
            assertThat(fixture.lines()).isEmpty();
        }
    }

    @Test
    void stoppingLetsWhatWasReadBeAnswered() throws Exception {
        CountDownLatch received = new CountDownLatch(1);
        CompletableFuture<Reply> parked = new CompletableFuture<>();
        try (ServerFixture fixture = new ServerFixture(options(), Map.of(ApiKeys.METADATA, (request, reply) -> {
                    parked.complete(reply);
                    received.countDown();
                }));
                WireClient client = fixture.connect();
                WireClient idle = fixture.connect()) {
            client.write(metadata(1));
            assertThat(received.await(10, TimeUnit.SECONDS)).isTrue();
            Thread stopper = Thread.ofPlatform().start(() -> fixture.server.stop(Duration.ofSeconds(20)));
            assertThat(idle.readToEnd()).isZero();
            parked.join().send(new MetadataResponseData());
            assertThat(client.readToEnd()).isEqualTo(1);
            stopper.join(10_000);
            assertThat(stopper.isAlive()).isFalse();
            assertThatThrownBy(fixture::connect).isInstanceOf(IOException.class);
        }
    }

    @Test
    void anAnswerAfterTheServerStoppedIsDropped() throws Exception {
        Queue<Reply> parked = new ConcurrentLinkedQueue<>();
        try (ServerFixture fixture =
                new ServerFixture(options(), Map.of(ApiKeys.PRODUCE, (request, reply) -> parked.add(reply)))) {
            try (WireClient client = fixture.connect()) {
                client.write(WireClient.produce(1, new byte[30_000]));
                await().until(() -> parked.size() == 1);
                fixture.server.stop(Duration.ofMillis(50));
            }
            parked.remove().send(new ProduceResponseData());
        }
    }

    @Test
    void aTakenPortIsAnErrorThatNamesIt() throws Exception {
        try (ServerFixture fixture = new ServerFixture(options(), Map.of())) {
            int port = fixture.server.port("PLAINTEXT");
            assertThatThrownBy(() -> KafkaServer.bind(
                            List.of(new KafkaServer.Listener("X", "127.0.0.1", port, new RequestRouter(Map.of()))),
                            options(),
                            NetworkObserver.NONE))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("listener X")
                    .hasMessageContaining(Integer.toString(port));
        }
    }

    @Test
    void twoThousandIdleConnectionsHoldNoReceiveMemory() throws Exception {
        int count = 2000;
        Assumptions.assumeTrue(openFilesAllowed() > 2 * count + 500, "open files are limited");
        try (ServerFixture fixture = new ServerFixture(options(), Map.of())) {
            long before = fixture.server.pooledBytes();
            List<WireClient> clients = new ArrayList<>();
            try {
                for (int i = 0; i < count; i++) {
                    WireClient client = fixture.connect();
                    clients.add(client);
                    client.write(WireClient.apiVersions(i));
                    assertThat(client.read().getInt()).isEqualTo(i);
                }
                fixture.roundTrip();
                await().until(() -> fixture.server.receiveMemoryBytes() == 0);
                assertThat(fixture.server.unreleasedBytes()).isZero();
                assertThat(fixture.server.pooledBytes() - before).isLessThanOrEqualTo(8 * 1024 * 1024);
                fixture.roundTrip();
            } finally {
                for (WireClient client : clients) {
                    client.close();
                }
            }
        }
    }

    /** Half a frame from each of many: what they hold is in proportion to what they sent. */
    @Test
    void manyHalfFramesHoldLittleMemoryAndDisturbNobody() throws Exception {
        int count = 300;
        try (ServerFixture fixture =
                new ServerFixture(options(), Map.of(ApiKeys.PRODUCE, (request, reply) -> reply.nothing()))) {
            List<WireClient> clients = new ArrayList<>();
            try {
                byte[] large =
                        ByteBuffer.allocate(100).putInt(100 * 1024 * 1024).array();
                for (int i = 0; i < count; i++) {
                    WireClient client = fixture.connect();
                    clients.add(client);
                    client.write(large);
                    if (i % 40 == 0) {
                        fixture.roundTrip(); // or the backlog overflows
                    }
                }
                fixture.roundTrip();
                assertThat(fixture.server.receiveMemoryBytes())
                        .isLessThanOrEqualTo((long) count * ReceiveWindow.TRUSTED_BYTES);
            } finally {
                for (WireClient client : clients) {
                    client.close();
                }
            }
        }
    }

    private static long openFilesAllowed() {
        return java.lang.management.ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount() - unix.getOpenFileDescriptorCount()
                : 0;
    }

    /** What a client sees when it is cut off. */
    @Test
    void aFrameTooLargeIsRefusedBeforeItsBytesCome() throws Exception {
        try (ServerFixture fixture = new ServerFixture(
                        options().withLimits(options().limits().withMaxRequestBytes(1000)), Map.of());
                WireClient client = fixture.connect()) {
            client.write(ByteBuffer.allocate(4).putInt(1001).array());
            assertThatThrownBy(client::read).isInstanceOfAny(EOFException.class, SocketException.class);
            assertThat(fixture.lines()).singleElement().asString().contains("1001 bytes");
        }
    }
}
