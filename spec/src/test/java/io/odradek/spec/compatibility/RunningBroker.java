package io.odradek.spec.compatibility;

import io.odradek.broker.Broker;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The broker inside this JVM, with Kafka's own clients to ask it many things in little time. Closing it is a clean stop. */
final class RunningBroker implements AutoCloseable {
    private final Broker broker;

    private RunningBroker(Broker broker) {
        this.broker = broker;
    }

    /** On any free port; what tests would have to wait for by Kafka's defaults is set short. */
    static RunningBroker on(Path data) throws IOException {
        return on(data, Map.of());
    }

    static RunningBroker on(Path data, Map<String, String> overrides) throws IOException {
        return on(data, overrides, new DiskFileStore());
    }

    static RunningBroker on(Path data, Map<String, String> overrides, FileStore store) throws IOException {
        Map<String, String> settings = new HashMap<>(Map.of(
                "log.dirs",
                data.toString(),
                "listeners",
                "PLAINTEXT://127.0.0.1:0",
                "offsets.topic.num.partitions",
                "3",
                "group.initial.rebalance.delay.ms",
                "0",
                "odradek.metrics.port",
                "-1"));
        settings.putAll(overrides);
        return new RunningBroker(Broker.start(BrokerConfig.builtIn(settings), store));
    }

    int port() {
        return broker.addresses().getFirst().port();
    }

    String bootstrap() {
        return "127.0.0.1:" + port();
    }

    /** Whether it can't go on: the process of {@code odradek start} ends then, with exit code 1. */
    boolean hasFailed() {
        return broker.hasFailed();
    }

    String clusterId() {
        return broker.clusterId();
    }

    Admin admin() {
        return Admin.create(Map.of(
                "bootstrap.servers", bootstrap(), "request.timeout.ms", "10000", "default.api.timeout.ms", "20000"));
    }

    KafkaProducer<String, String> producer(Map<String, String> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("bootstrap.servers", bootstrap());
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    /** Begins at the earliest record unless told otherwise. */
    KafkaConsumer<String, String> consumer(Map<String, String> settings) {
        Map<String, Object> all = new HashMap<>();
        all.put("auto.offset.reset", "earliest");
        all.putAll(settings);
        all.put("bootstrap.servers", bootstrap());
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    @Override
    public void close() {
        broker.close();
    }
}
