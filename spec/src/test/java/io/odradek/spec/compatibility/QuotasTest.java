package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.ThrottlingQuotaExceededException;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Kafka's own clients over their quotas. Only how long something must take at least is looked at: it follows from the quota, which lets ten
 * seconds' worth pass at once and then no more than its rate.
 */
@Timeout(120)
class QuotasTest {
    private static final String TOPIC = "orders";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final int RECORD_BYTES = 10_000;

    @TempDir
    Path data;

    private RunningBroker broker;
    private Admin admin;

    @BeforeEach
    void start() throws Exception {
        broker = RunningBroker.on(data);
        admin = broker.admin();
        admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
    }

    @AfterEach
    void stop() {
        admin.close();
        broker.close();
    }

    private void set(String type, @Nullable String name, String key, @Nullable Double value) throws Exception {
        Map<String, @Nullable String> entity = new HashMap<>();
        entity.put(type, name);
        admin.alterClientQuotas(List.of(new ClientQuotaAlteration(
                        new ClientQuotaEntity(entity), List.of(new ClientQuotaAlteration.Op(key, value)))))
                .all()
                .get();
    }

    private KafkaProducer<String, String> producer(String clientId) {
        return broker.producer(
                Map.of("client.id", clientId, "batch.size", "0", "linger.ms", "0", "enable.idempotence", "false"));
    }

    private static void produce(KafkaProducer<String, String> producer, int records) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int i = 0; i < records; i++) {
            sent.add(producer.send(new ProducerRecord<>(TOPIC, "x".repeat(RECORD_BYTES))));
        }
        for (Future<RecordMetadata> each : sent) {
            each.get(60, TimeUnit.SECONDS);
        }
    }

    private static long msSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
    }

    @Test
    void aProducerIsHeldToItsQuotaAndOthersAreNot() throws Exception {
        set(ClientQuotaEntity.CLIENT_ID, "slow", "producer_byte_rate", 50_000.0);
        long began = System.nanoTime();
        try (KafkaProducer<String, String> slow = producer("slow");
                KafkaProducer<String, String> other = producer("other")) {
            // 500 kB pass at once, the rest within the rate: 650 kB take 3 s of waiting, the last of which is not
            // waited for.
            Thread writer = Thread.ofPlatform().start(() -> {
                try {
                    produce(other, 200);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            produce(slow, 65);
            long slowMs = msSince(began);
            assertThat(slowMs).isGreaterThanOrEqualTo(2500);
            writer.join();
            Object throttled = slow.metrics().entrySet().stream()
                    .filter(metric -> metric.getKey().name().equals("produce-throttle-time-max"))
                    .findFirst()
                    .orElseThrow()
                    .getValue()
                    .metricValue();
            assertThat((double) throttled).as("the client was told").isGreaterThan(0);
            Object untold = other.metrics().entrySet().stream()
                    .filter(metric -> metric.getKey().name().equals("produce-throttle-time-max"))
                    .findFirst()
                    .orElseThrow()
                    .getValue()
                    .metricValue();
            assertThat((double) untold).isZero();
        }
    }

    /** Of the user that everybody is. */
    @Test
    void aQuotaThatIsTakenAwayHoldsNobodyAnyMore() throws Exception {
        set(ClientQuotaEntity.USER, "ANONYMOUS", "producer_byte_rate", 1.0);
        set(ClientQuotaEntity.USER, "ANONYMOUS", "producer_byte_rate", null);
        try (KafkaProducer<String, String> producer = producer("any")) {
            produce(producer, 50); // would take days
        }
    }

    @Test
    void aConsumerIsHeldToItsQuotaAndGetsEverything() throws Exception {
        try (KafkaProducer<String, String> producer = producer("any")) {
            produce(producer, 65);
        }
        set(ClientQuotaEntity.CLIENT_ID, "slow", "consumer_byte_rate", 50_000.0);
        long began = System.nanoTime();
        try (KafkaConsumer<String, String> slow =
                broker.consumer(Map.of("client.id", "slow", "max.partition.fetch.bytes", "50000"))) {
            slow.assign(List.of(PARTITION));
            int read = 0;
            while (read < 65) {
                read += slow.poll(Duration.ofSeconds(1)).count();
            }
            assertThat(read).isEqualTo(65);
            assertThat(slow.position(PARTITION)).isEqualTo(65);
        }
        assertThat(msSince(began)).isGreaterThanOrEqualTo(2500);
    }

    /** A batch that is larger than what may pass in ten seconds is read none the less. */
    @Test
    void aBatchLargerThanTheQuotaOfAWindowIsRead() throws Exception {
        try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
            producer.send(new ProducerRecord<>(TOPIC, "x".repeat(500_000))).get();
        }
        set(ClientQuotaEntity.CLIENT_ID, null, "consumer_byte_rate", 100.0);
        try (KafkaConsumer<String, String> consumer = broker.consumer(Map.of("client.id", "slow"))) {
            consumer.assign(List.of(PARTITION));
            int read = 0;
            while (read < 1) {
                read += consumer.poll(Duration.ofSeconds(1)).count();
            }
            consumer.close(CloseOptions.timeout(Duration.ZERO)); // it has to wait for longer than a test may take
        }
    }

    @Test
    void anAdminIsToldWhenItChangesTooMuch() throws Exception {
        set(ClientQuotaEntity.CLIENT_ID, "changes", "controller_mutation_rate", 1.0);
        try (Admin changes = Admin.create(Map.of("bootstrap.servers", broker.bootstrap(), "client.id", "changes"))) {
            changes.createTopics(List.of(new NewTopic("many", 13, (short) 1)))
                    .all()
                    .get(); // 11 at once: owes 2
            assertThatThrownBy(() -> changes.createTopics(
                                    List.of(new NewTopic("more", 1, (short) 1)),
                                    new CreateTopicsOptions().retryOnQuotaViolation(false))
                            .all()
                            .get())
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(ThrottlingQuotaExceededException.class);
            admin.createTopics(List.of(new NewTopic("others", 1, (short) 1)))
                    .all()
                    .get();
            changes.createTopics(List.of(new NewTopic("later", 1, (short) 1)))
                    .all()
                    .get(); // it waits by itself
            assertThat(admin.listTopics().names().get())
                    .contains("many", "others", "later")
                    .doesNotContain("more");
        }
    }

    @Test
    void anAddressThatConnectsTooOftenIsClosed() throws Exception {
        set(ClientQuotaEntity.IP, "127.0.0.1", "connection_creation_rate", 1.0);
        List<Socket> sockets = new ArrayList<>();
        try {
            int closed = 0;
            for (int i = 0; i < 15; i++) {
                Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), broker.port());
                socket.setSoTimeout(5_000);
                sockets.add(socket);
            }
            for (Socket socket : sockets.subList(10, 15)) {
                closed += isClosed(socket) ? 1 : 0;
            }
            assertThat(closed)
                    .as("of those that came when ten seconds' worth were in")
                    .isEqualTo(5);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        set(ClientQuotaEntity.IP, "127.0.0.1", "connection_creation_rate", null);
        try (Admin another = broker.admin()) {
            assertThat(another.listTopics().names().get()).contains(TOPIC);
        }
    }

    private static boolean isClosed(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (EOFException e) {
            return true;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "client-id, a, producer_byte_rate, -1, must be greater than 0",
        "client-id, a, producer_byte_rate, 0, must be greater than 0",
        "client-id, a, producer_byte_rate, 0.5, must be a whole number",
        "client-id, a, consumer_byte_rate, NaN, must be greater than 0",
        "client-id, a, request_percentage, Infinity, must be greater than 0",
        "client-id, a, connection_creation_rate, 1, Invalid configuration key",
        "ip, 127.0.0.1, producer_byte_rate, 1, Invalid configuration key",
        "ip, 127.0.0.256, connection_creation_rate, 1, is not an IP address",
        "ip, localhost, connection_creation_rate, 1, is not an IP address",
        "user, a, no_such_rate, 1, Invalid configuration key",
    })
    void aQuotaThatCannotHoldIsRefused(String type, String name, String key, double value, String message) {
        assertThatThrownBy(() -> set(type, name, key, value))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(message);
    }
}
