package io.odradek.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.odradek.broker.net.RequestRouter.Route;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.awaitility.Awaitility;
import org.slf4j.LoggerFactory;

/** A server on the loopback with handlers of the test's choice. Closing it checks that nothing pooled is still held. */
final class ServerFixture implements AutoCloseable {

    /** Answers ApiVersions with nothing in it: the cheapest round trip there is. */
    static final ApiHandler ECHO = (request, reply) -> reply.send(new ApiVersionsResponseData());

    static {
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(2));
    }

    final KafkaServer server;
    private final LogLines lines = new LogLines();

    ServerFixture(NetworkOptions options, Map<ApiKeys, ApiHandler> handlers) throws IOException {
        this(options, NetworkObserver.NONE, handlers);
    }

    ServerFixture(NetworkOptions options, NetworkObserver observer, Map<ApiKeys, ApiHandler> handlers)
            throws IOException {
        this(options, observer, ClientThrottle.NONE, handlers);
    }

    ServerFixture(
            NetworkOptions options,
            NetworkObserver observer,
            ClientThrottle throttle,
            Map<ApiKeys, ApiHandler> handlers)
            throws IOException {
        Map<ApiKeys, Route> routes = new EnumMap<>(ApiKeys.class);
        routes.put(ApiKeys.API_VERSIONS, new Route((short) 0, (short) 4, ECHO));
        handlers.forEach((api, handler) -> routes.put(
                api,
                new Route(
                        api.messageType.lowestSupportedVersion(),
                        api.messageType.highestSupportedVersion(true),
                        handler)));
        lines.start();
        connectionLog().addAppender(lines);
        server = KafkaServer.bind(
                List.of(new KafkaServer.Listener("PLAINTEXT", "127.0.0.1", 0, new RequestRouter(routes))),
                options,
                observer,
                throttle);
        server.serve();
    }

    static NetworkOptions options() {
        return NetworkOptions.defaults().withLoops(1);
    }

    private static Logger connectionLog() {
        return (Logger) LoggerFactory.getLogger(KafkaConnection.class);
    }

    WireClient connect() throws IOException {
        return new WireClient(server.port("PLAINTEXT"));
    }

    /** A round trip on a connection of its own: what arrived at a single loop before is dealt with after it. */
    void roundTrip() throws IOException {
        try (WireClient client = connect()) {
            client.write(WireClient.apiVersions(7));
            assertThat(client.read().getInt()).isEqualTo(7);
        }
    }

    /** What {@link KafkaConnection} logged at INFO and above. */
    List<String> lines() {
        return lines.seen;
    }

    @Override
    public void close() {
        server.stop(Duration.ZERO);
        connectionLog().detachAppender(lines);
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
            assertThat(server.receiveMemoryBytes()).as("receive memory held").isZero();
            assertThat(server.unreleasedBytes()).as("pooled bytes held").isZero();
            assertThat(server.connections()).isZero();
        });
    }

    private static final class LogLines extends AppenderBase<ILoggingEvent> {
        private final List<String> seen = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(ch.qos.logback.classic.Level.INFO)) {
                seen.add(event.getFormattedMessage());
            }
        }
    }
}
