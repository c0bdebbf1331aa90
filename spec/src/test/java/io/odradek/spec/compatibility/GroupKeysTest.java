package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.InvalidSessionTimeoutException;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each of Kafka's keys about groups and their topic does to Kafka's consumer what it says. */
final class GroupKeysTest {
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);
    private static final int BATCH_ATTRIBUTES_AT = 21;
    private static final int ZSTD = 4;

    @TempDir
    static Path data;

    @SuppressWarnings("NullAway.Init") // by start()
    private static RunningBroker broker;

    @BeforeAll
    static void start() throws Exception {
        broker = RunningBroker.on(
                data,
                Map.of(
                        "group.min.session.timeout.ms", "7000",
                        "group.max.session.timeout.ms", "9000",
                        "group.initial.rebalance.delay.ms", "300",
                        "group.max.size", "1",
                        "offset.metadata.max.bytes", "10",
                        "offsets.topic.num.partitions", "2",
                        "offsets.topic.segment.bytes", "1048577",
                        "offsets.topic.compression.codec", String.valueOf(ZSTD),
                        "odradek.durability", "page-cache"));
        try (Admin admin = broker.admin()) {
            admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all().get();
        }
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static KafkaConsumer<String, String> consumer(String group, int sessionTimeoutMs) {
        KafkaConsumer<String, String> consumer = broker.consumer(Map.of(
                "group.id",
                group,
                "session.timeout.ms",
                String.valueOf(sessionTimeoutMs),
                "heartbeat.interval.ms",
                "1000",
                "enable.auto.commit",
                "false"));
        consumer.subscribe(Set.of("t"));
        return consumer;
    }

    private static void join(KafkaConsumer<String, String> consumer) {
        long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (consumer.assignment().isEmpty() && System.nanoTime() < until) {
            consumer.poll(Duration.ofMillis(50));
        }
        assertThat(consumer.assignment()).containsExactly(PARTITION);
    }

    @Test
    void sessionTimeoutsBelowAndAboveTheBoundsAreRefused() {
        for (int timeoutMs : new int[] {6_999, 9_001}) {
            try (KafkaConsumer<String, String> consumer = consumer("bounds", timeoutMs)) {
                assertThatThrownBy(() -> join(consumer)).isInstanceOf(InvalidSessionTimeoutException.class);
            }
        }
        for (int timeoutMs : new int[] {7_000, 9_000}) {
            try (KafkaConsumer<String, String> consumer = consumer("bounds", timeoutMs)) {
                join(consumer);
            }
        }
    }

    @Test
    void anEmptyGroupWaitsForTheInitialDelay() {
        long began = System.nanoTime();
        try (KafkaConsumer<String, String> consumer = consumer("delay", 8_000)) {
            join(consumer);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
    }

    @Test
    void aFullGroupTakesNobody() {
        try (KafkaConsumer<String, String> first = consumer("full", 8_000);
                KafkaConsumer<String, String> second = consumer("full", 8_000)) {
            join(first);
            assertThatThrownBy(() -> join(second)).isInstanceOf(GroupMaxSizeReachedException.class);
        }
    }

    @Test
    void metadataBesideAnOffsetIsBounded() {
        try (KafkaConsumer<String, String> consumer = consumer("metadata", 8_000)) {
            join(consumer);
            consumer.commitSync(Map.of(PARTITION, new OffsetAndMetadata(1, "0123456789")));
            assertThatThrownBy(() -> consumer.commitSync(Map.of(PARTITION, new OffsetAndMetadata(2, "0123456789a"))))
                    .isInstanceOf(OffsetMetadataTooLarge.class);
            assertThat(Objects.requireNonNull(
                                    consumer.committed(Set.of(PARTITION)).get(PARTITION))
                            .offset())
                    .isEqualTo(1);
        }
    }

    @Test
    void theOffsetsTopicIsMadeAsTheKeysSayAndSyncsWhateverTheBrokersDefault() throws Exception {
        try (KafkaConsumer<String, String> consumer = consumer("topic", 8_000)) {
            join(consumer);
            consumer.commitSync(Map.of(PARTITION, new OffsetAndMetadata(1)));
        }
        try (Admin admin = broker.admin()) {
            assertThat(Objects.requireNonNull(admin.describeTopics(List.of("__consumer_offsets"))
                                    .allTopicNames()
                                    .get()
                                    .get("__consumer_offsets"))
                            .partitions())
                    .hasSize(2);
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "__consumer_offsets");
            assertThat(value(admin, resource, "segment.bytes")).isEqualTo("1048577");
            assertThat(value(admin, resource, "odradek.durability")).isEqualTo("sync");
            // a topic's configuration like any other
            alter(admin, resource, AlterConfigOp.OpType.SET, "interval:100");
            assertThat(value(admin, resource, "odradek.durability")).isEqualTo("interval:100");
            alter(admin, resource, AlterConfigOp.OpType.SET, "sync");
            assertThat(value(admin, new ConfigResource(ConfigResource.Type.TOPIC, "t"), "odradek.durability"))
                    .isEqualTo("page-cache");
        }
        assertThat(codecOfFirstBatch(Math.floorMod("topic".hashCode(), 2)))
                .isEqualTo(ZSTD); // of two, as by Kafka's abs
    }

    private static void alter(Admin admin, ConfigResource resource, AlterConfigOp.OpType type, String durability)
            throws Exception {
        admin.incrementalAlterConfigs(Map.of(
                        resource, List.of(new AlterConfigOp(new ConfigEntry("odradek.durability", durability), type))))
                .all()
                .get();
    }

    private static String value(Admin admin, ConfigResource resource, String key) throws Exception {
        Config config = Objects.requireNonNull(
                admin.describeConfigs(List.of(resource)).all().get().get(resource));
        return Objects.requireNonNull(config.get(key)).value();
    }

    private static int codecOfFirstBatch(int partition) throws IOException {
        byte[] log = Files.readAllBytes(data.resolve("__consumer_offsets-" + partition + "/00000000000000000000.log"));
        return ByteBuffer.wrap(log).getShort(BATCH_ATTRIBUTES_AT) & 7;
    }
}
