package io.odradek.broker.request;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.ConfigDescriptions;
import io.odradek.broker.metadata.InMemoryMetadataLog;
import io.odradek.broker.metadata.ProducerIds;
import io.odradek.broker.metadata.TestController;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Request;
import io.odradek.engine.record.BufferLease;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.RequestHeader;
import org.junit.jupiter.api.AfterEach;

/** Handlers from request to response over a controller with its log in memory; every response is written in its version. */
abstract class HandlerTest {

    final TestController controller = open();
    final BrokerConfig config = controller.config;
    final ConfigDescriptions configs = new ConfigDescriptions(config);
    final TopicCreation creation = new TopicCreation(controller.host, config);
    final ProducerIds producerIds = new ProducerIds(controller.host, 1, () -> controller.brokerEpoch);
    final List<Runnable> timers = new ArrayList<>();

    Map<String, String> settings() {
        return Map.of("num.partitions", "3", "max.request.partition.size.limit", "7");
    }

    private TestController open() {
        return new TestController(BrokerConfig.builtIn(settings()), new InMemoryMetadataLog(), 1);
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    <T extends ApiMessage> T ask(ApiHandler handler, ApiMessage body, int version, Class<T> type) {
        return TestController.await(send(handler, body, version, "PLAINTEXT", type));
    }

    <T extends ApiMessage> CompletableFuture<T> send(
            ApiHandler handler, ApiMessage body, int version, String listener, Class<T> type) {
        RequestHeader header = new RequestHeader(
                new RequestHeaderData()
                        .setRequestApiKey(body.apiKey())
                        .setRequestApiVersion((short) version)
                        .setClientId("test"),
                ApiKeys.forId(body.apiKey()).requestHeaderVersion((short) version));
        // The body as it comes from the wire: fields that the version does not have are at their defaults.
        ApiMessage received = reread(body, (short) version);
        Request request = new Request(
                header,
                received,
                BufferLease.UNPOOLED,
                InetAddress.getLoopbackAddress(),
                listener,
                new TimedConnection());
        OneAnswer answer = new OneAnswer();
        handler.handle(request, answer);
        return answer.response.thenApply(response -> {
            MessageUtil.toByteBufferAccessor(response, (short) version); // fails when the version can't carry it
            return type.cast(response);
        });
    }

    private static ApiMessage reread(ApiMessage body, short version) {
        ByteBufferAccessor bytes = MessageUtil.toByteBufferAccessor(body, version);
        ApiMessage copy = ApiMessageType.fromApiKey(body.apiKey()).newRequest();
        copy.read(bytes, version);
        return copy;
    }

    private final class TimedConnection extends IdleConnection {
        @Override
        public Timer schedule(long delayMs, Runnable task) {
            timers.add(task);
            return () -> timers.remove(task);
        }
    }
}
