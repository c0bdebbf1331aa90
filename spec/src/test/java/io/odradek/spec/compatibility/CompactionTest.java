package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compacted topics as Kafka's clients see them. */
final class CompactionTest {
    private static final Map<String, String> EAGER = Map.of("log.cleaner.backoff.ms", "20");
    private static final TopicPartition PRICES = new TopicPartition("prices", 0);

    /** Whoever reads from the beginning has, at the end, the last value of each key; and need not read much more. */
    @Test
    void theLastValueOfEachKeyStays(@TempDir Path data) throws Exception {
        Map<String, String> last = new HashMap<>();
        try (RunningBroker broker = RunningBroker.on(data, EAGER)) {
            createCompacted(broker);
            try (KafkaProducer<String, String> producer =
                    broker.producer(Map.of("enable.idempotence", "true", "linger.ms", "0"))) {
                long time = System.currentTimeMillis() - Duration.ofDays(20).toMillis();
                for (int i = 0; i < 600; i++) {
                    String key = "k" + i % 25;
                    String value = i % 25 == 24 ? null : "v" + i; // the last key is deleted again and again
                    last.put(key, String.valueOf(value));
                    time += Duration.ofSeconds(90).toMillis();
                    var _ = producer.send(new ProducerRecord<>(PRICES.topic(), 0, time, key, value));
                    if (i % 5 == 4) {
                        producer.flush(); // some batches
                    }
                }
                producer.flush();
                assertThatThrownBy(() -> producer.send(new ProducerRecord<>(PRICES.topic(), null, "no key"))
                                .get())
                        .hasCauseInstanceOf(InvalidRecordException.class);
            }
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(read(broker)).hasSizeLessThan(60));
            checkWhatIsLeft(broker, last);
        }
        try (RunningBroker again = RunningBroker.on(data, EAGER)) {
            checkWhatIsLeft(again, last);
        }
    }

    private static void createCompacted(RunningBroker broker) throws Exception {
        try (Admin admin = broker.admin()) {
            admin.createTopics(List.of(new NewTopic(PRICES.topic(), 1, (short) 1)
                            .configs(Map.of(
                                    "cleanup.policy", "compact",
                                    "segment.ms", "600000",
                                    "min.cleanable.dirty.ratio", "0.01",
                                    "delete.retention.ms", "0"))))
                    .all()
                    .get();
        }
    }

    private static void checkWhatIsLeft(RunningBroker broker, Map<String, String> last) {
        List<ConsumerRecord<String, String>> left = read(broker);
        Map<String, String> table = new HashMap<>();
        long before = -1;
        for (ConsumerRecord<String, String> record : left) {
            assertThat(record.offset()).isGreaterThan(before);
            before = record.offset();
            table.put(record.key(), String.valueOf(record.value()));
        }
        Map<String, String> wanted = new HashMap<>(last);
        if (!table.containsKey("k24")) {
            wanted.remove("k24"); // its deletion may have been forgotten
        }
        assertThat(table).isEqualTo(wanted);
        assertThat(before).as("offsets do not change").isEqualTo(599);
    }

    /** From the beginning to the end. */
    private static List<ConsumerRecord<String, String>> read(RunningBroker broker) {
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = broker.consumer(Map.of())) {
            consumer.assign(List.of(PRICES));
            long end =
                    Objects.requireNonNull(consumer.endOffsets(List.of(PRICES)).get(PRICES));
            while (consumer.position(PRICES) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            }
        }
        return all;
    }

    /** Every five seconds of a day, for ten partitions. */
    @Test
    void aDaysCommitsDoNotPileUp(@TempDir Path data) throws Exception {
        int commits = 24 * 3600 / 5;
        List<TopicPartition> partitions = new ArrayList<>();
        for (int p = 0; p < 10; p++) {
            partitions.add(new TopicPartition("clicks", p));
        }
        Map<String, String> settings = new HashMap<>(EAGER);
        settings.put("offsets.topic.num.partitions", "1");
        settings.put("offsets.topic.segment.bytes", "1048576");
        settings.put("log.segment.delete.delay.ms", "0");
        try (RunningBroker broker = RunningBroker.on(data, settings)) {
            try (Admin admin = broker.admin()) {
                admin.createTopics(List.of(new NewTopic("clicks", 10, (short) 1)))
                        .all()
                        .get();
            }
            try (KafkaConsumer<String, String> consumer = broker.consumer(Map.of("group.id", "day"))) {
                consumer.assign(partitions);
                for (int commit = 1; commit <= commits; commit++) {
                    consumer.commitSync(offsets(partitions, commit));
                }
            }
            try (Admin admin = broker.admin()) {
                await().atMost(Duration.ofSeconds(60))
                        .untilAsserted(() -> assertThat(offsetsBytes(admin)).isLessThan(2_500_000));
                assertThat(writtenRecords(broker)).as("they had been written").isGreaterThanOrEqualTo(10L * commits);
            }
        }
        try (RunningBroker again = RunningBroker.on(data, settings);
                Admin admin = again.admin()) {
            assertThat(admin.listConsumerGroupOffsets("day")
                            .partitionsToOffsetAndMetadata()
                            .get())
                    .isEqualTo(offsets(partitions, commits));
        }
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(List<TopicPartition> partitions, int commit) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        partitions.forEach(partition ->
                offsets.put(partition, new OffsetAndMetadata(100L * commit + partition.partition(), "at work")));
        return offsets;
    }

    private static long offsetsBytes(Admin admin) throws Exception {
        return admin.describeLogDirs(List.of(1)).allDescriptions().get().values().stream()
                .flatMap(directories -> directories.values().stream())
                .flatMap(directory -> directory.replicaInfos().entrySet().stream())
                .filter(replica -> replica.getKey().topic().equals("__consumer_offsets"))
                .mapToLong(replica -> replica.getValue().size())
                .sum();
    }

    private static long writtenRecords(RunningBroker broker) {
        TopicPartition offsets = new TopicPartition("__consumer_offsets", 0);
        try (KafkaConsumer<String, String> consumer = broker.consumer(Map.of())) {
            return Objects.requireNonNull(consumer.endOffsets(List.of(offsets)).get(offsets));
        }
    }
}
