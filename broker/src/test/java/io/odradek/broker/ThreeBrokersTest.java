package io.odradek.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.replica.RackAwareReplicaSelector;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three brokers that are controllers, too, on sockets of this machine, and Kafka's own clients. */
@Timeout(180)
class ThreeBrokersTest {
    private static final Duration PATIENCE = ThreeBrokers.PATIENCE;
    private static final int NODES = ThreeBrokers.NODES;
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 4;

    private ThreeBrokers brokers;

    @BeforeEach
    void startAll(@TempDir Path directory) throws Exception {
        brokers = new ThreeBrokers(
                directory,
                Map.of(
                        "num.partitions", String.valueOf(PARTITIONS),
                        "replica.selector.class", RackAwareReplicaSelector.class.getName(),
                        "odradek.metrics.port", "0"));
        for (int id = 1; id <= NODES; id++) {
            brokers.configure(id, Map.of("broker.rack", rack(id)));
        }
        brokers.startAll();
    }

    private static String rack(int id) {
        return "rack-" + id;
    }

    @AfterEach
    void stopAll() {
        brokers.close();
    }

    private KafkaProducer<String, String> producer() {
        Properties properties = brokers.client();
        properties.put("acks", "all");
        properties.put("linger.ms", "0");
        return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
    }

    /** By partition, in the order of offsets. */
    private Map<Integer, List<String>> readAll(int expected) {
        Map<Integer, List<String>> values = new HashMap<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(brokers.client(), new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int p = 0; p < PARTITIONS; p++) {
                partitions.add(new TopicPartition(TOPIC, p));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long untilNanos = System.nanoTime() + PATIENCE.toNanos();
            int count = 0;
            while (count < expected && System.nanoTime() < untilNanos) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    values.computeIfAbsent(record.partition(), _ -> new ArrayList<>())
                            .add(record.value());
                    count++;
                }
            }
        }
        return values;
    }

    private void awaitAllInSync() {
        try (Admin admin = Admin.create(brokers.client())) {
            await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> {
                TopicDescription topic = admin.describeTopics(List.of(TOPIC))
                        .allTopicNames()
                        .get(10, TimeUnit.SECONDS)
                        .get(TOPIC);
                assertThat(Objects.requireNonNull(topic).partitions()).hasSize(PARTITIONS);
                for (TopicPartitionInfo partition : topic.partitions()) {
                    assertThat(partition.isr()).hasSize(NODES);
                    assertThat(partition.leader()).isNotNull();
                }
            });
        }
    }

    private static Future<RecordMetadata> send(KafkaProducer<String, String> producer, int partition, int n) {
        return producer.send(new ProducerRecord<>(TOPIC, partition, null, "record " + n));
    }

    private static Map<Integer, List<String>> sent(int records) {
        Map<Integer, List<String>> sent = new HashMap<>();
        for (int n = 0; n < records; n++) {
            sent.computeIfAbsent(n % PARTITIONS, _ -> new ArrayList<>()).add("record " + n);
        }
        return sent;
    }

    @Test
    void whatAllThreeHaveIsAcknowledgedAndRead() throws Exception {
        int records = 200;
        try (KafkaProducer<String, String> producer = producer()) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int n = 0; n < records; n++) {
                sent.add(send(producer, n % PARTITIONS, n));
            }
            for (Future<RecordMetadata> each : sent) {
                each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        }
        awaitAllInSync();
        assertThat(readAll(records)).isEqualTo(sent(records));
    }

    /** One after the other is stopped and started again, and nobody who uses the cluster hears of it. */
    @Test
    void aRollingRestartLosesNothingAndFailsNoSend() throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer = producer()) {
            for (int n = 0; n < 100; n++) {
                sent.add(send(producer, n % PARTITIONS, n));
            }
            producer.flush();
            awaitAllInSync();
            for (int node = 1; node <= NODES; node++) {
                int stopped = node;
                CompletableFuture<Void> restart = CompletableFuture.runAsync(
                        () -> {
                            brokers.stop(stopped);
                            brokers.start(stopped);
                        },
                        task -> Thread.ofPlatform().start(task));
                while (!restart.isDone()) {
                    Future<RecordMetadata> one = send(producer, sent.size() % PARTITIONS, sent.size());
                    sent.add(one);
                    one.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                }
                restart.get();
                awaitAllInSync();
            }
            for (Future<RecordMetadata> each : sent) {
                each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        }
        assertThat(readAll(sent.size())).isEqualTo(sent(sent.size()));
        assertThat(sent.size()).isGreaterThan(100);
    }

    /** A leader that stops as soon as it has answered may be followed only by who has deleted, too. */
    @Test
    void whatIsDeletedStaysDeletedWhoeverLeads() throws Exception {
        int records = 100;
        try (KafkaProducer<String, String> producer = producer()) {
            for (int n = 0; n < records; n++) {
                var _ = send(producer, 0, n);
            }
            producer.flush();
        }
        awaitAllInSync();
        TopicPartition partition = new TopicPartition(TOPIC, 0);
        try (Admin admin = Admin.create(brokers.client())) {
            for (int deleted : List.of(40, 70)) { // nothing is written meanwhile that followers would hear of
                assertThat(Objects.requireNonNull(
                                        admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(deleted)))
                                                .lowWatermarks()
                                                .get(partition))
                                .get(60, TimeUnit.SECONDS)
                                .lowWatermark())
                        .isEqualTo(deleted);
                int leader = Objects.requireNonNull(admin.describeTopics(List.of(TOPIC))
                                .allTopicNames()
                                .get(60, TimeUnit.SECONDS)
                                .get(TOPIC))
                        .partitions()
                        .getFirst()
                        .leader()
                        .id();
                brokers.stop(leader);
                await().atMost(PATIENCE)
                        .ignoreExceptions()
                        .untilAsserted(() -> assertThat(admin.listOffsets(Map.of(partition, OffsetSpec.earliest()))
                                        .partitionResult(partition)
                                        .get(10, TimeUnit.SECONDS)
                                        .offset())
                                .isEqualTo(deleted));
                brokers.start(leader);
                awaitAllInSync();
            }
        }
    }

    /** Offsets are committed at one broker and read when that is gone. */
    @Test
    void aGroupGoesOnWithItsOffsetsWhereverItsCoordinatorIs() throws Exception {
        int records = 100;
        try (KafkaProducer<String, String> producer = producer()) {
            for (int n = 0; n < records; n++) {
                var _ = send(producer, n % PARTITIONS, n);
            }
            producer.flush();
        }
        awaitAllInSync();
        Properties group = brokers.client();
        group.put("group.id", "readers");
        group.put("auto.offset.reset", "earliest");
        group.put("enable.auto.commit", "false");
        List<String> read = new ArrayList<>();
        for (int node = 1; node <= NODES; node++) {
            readInto(read, group, node * records);
            brokers.stop(node);
            try (KafkaProducer<String, String> producer = producer()) {
                for (int n = 0; n < records; n++) {
                    var _ = send(producer, n % PARTITIONS, node * records + n);
                }
                producer.flush();
            }
            brokers.start(node);
            awaitAllInSync();
        }
        readInto(read, group, (NODES + 1) * records);
        assertThat(read)
                .as("each once")
                .containsExactlyInAnyOrderElementsOf(sent((NODES + 1) * records).values().stream()
                        .flatMap(List::stream)
                        .toList());
    }

    /** Until so many have been read by the group in all, and where it is has been committed. */
    private static void readInto(List<String> read, Properties group, int wanted) {
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(group, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            long untilNanos = System.nanoTime() + PATIENCE.toNanos();
            while (read.size() < wanted && System.nanoTime() < untilNanos) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    read.add(record.value());
                }
            }
            consumer.commitSync(PATIENCE);
        }
    }

    /**
     * KIP-392. A long poll lasts as long as the test may: at a follower it is woken because that has heard that more is committed. When that broker
     * is gone the consumer goes on at the leader.
     */
    @Test
    void aConsumerReadsFromTheReplicaInItsRackAsLongAsThereIsOne() throws Exception {
        String topic = "near";
        TopicPartition partition = new TopicPartition(topic, 0);
        try (Admin admin = Admin.create(brokers.client())) {
            admin.createTopics(List.of(new NewTopic(topic, Map.of(0, List.of(1, 2, 3)))))
                    .all()
                    .get();
        }
        Properties properties = brokers.client();
        properties.put("client.rack", rack(2));
        properties.put("fetch.max.wait.ms", "600000");
        properties.put("request.timeout.ms", "700000");
        properties.put(
                "metadata.max.age.ms", "600000"); // the consumer does not look whether the leader is better meanwhile
        List<String> read = new ArrayList<>();
        try (KafkaProducer<String, String> producer = producer();
                KafkaConsumer<String, String> consumer =
                        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            for (int round = 1; round <= 3; round++) {
                produce(producer, topic, 50);
                poll(consumer, read, 50 * round);
                assertThat(preferredReplica(consumer)).isEqualTo(2);
            }
            assertThat(bytesOut(2, topic)).as("read there").isGreaterThan(50 * 10);
            brokers.stop(2);
            produce(producer, topic, 50);
            poll(consumer, read, 200);
            assertThat(read).hasSize(200).doesNotHaveDuplicates();
        }
    }

    private static void produce(KafkaProducer<String, String> producer, String topic, int records) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int n = 0; n < records; n++) {
            sent.add(producer.send(
                    new ProducerRecord<>(topic, 0, null, UUID.randomUUID().toString())));
        }
        for (Future<RecordMetadata> each : sent) {
            each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static void poll(KafkaConsumer<String, String> consumer, List<String> read, int wanted) {
        long untilNanos = System.nanoTime() + PATIENCE.toNanos();
        while (read.size() < wanted && System.nanoTime() < untilNanos) {
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                read.add(record.value());
            }
        }
        assertThat(read).hasSizeGreaterThanOrEqualTo(wanted);
    }

    private static int preferredReplica(KafkaConsumer<String, String> consumer) {
        return consumer.metrics().entrySet().stream()
                .filter(metric -> metric.getKey().name().equals("preferred-read-replica"))
                .map(metric -> (Integer) metric.getValue().metricValue())
                .findFirst()
                .orElseThrow();
    }

    private double bytesOut(int node, String topic) throws Exception {
        String sample = "kafka_server_brokertopicmetrics_bytesout_total{topic=\"" + topic + "\"} ";
        int port = brokers.running(node).metricsPort();
        try (HttpClient http = HttpClient.newHttpClient()) {
            String all = http.send(
                            HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/metrics"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            return all.lines()
                    .filter(line -> line.startsWith(sample))
                    .mapToDouble(line -> Double.parseDouble(line.substring(sample.length())))
                    .sum();
        }
    }
}
