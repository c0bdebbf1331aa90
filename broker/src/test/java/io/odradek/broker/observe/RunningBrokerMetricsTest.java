package io.odradek.broker.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.Broker;
import io.odradek.broker.config.BrokerConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole broker in this JVM, Kafka's clients, and what its endpoint says of their traffic. */
class RunningBrokerMetricsTest {
    private static final String TRAFFIC = "kafka_server_brokertopicmetrics_";
    private static final String REQUESTS = "kafka_network_requestmetrics_";
    private static final String GROUPS = "kafka_coordinator_group_groupmetadatamanager_num";

    @TempDir
    Path data;

    private Broker broker;

    @BeforeEach
    void start() throws IOException {
        broker = Broker.start(BrokerConfig.builtIn(Map.of(
                "log.dirs",
                data.toString(),
                "listeners",
                "PLAINTEXT://127.0.0.1:0",
                "offsets.topic.num.partitions",
                "2",
                "group.initial.rebalance.delay.ms",
                "0",
                "odradek.metrics.port",
                "0")));
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private Map<String, Object> client(Map<String, String> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put(
                "bootstrap.servers",
                "127.0.0.1:" + broker.addresses().getFirst().port());
        return all;
    }

    private KafkaConsumer<String, String> consumer(Map<String, String> settings) {
        return new KafkaConsumer<>(client(settings), new StringDeserializer(), new StringDeserializer());
    }

    private Scrape scrape() throws IOException, InterruptedException {
        return Scrape.of(broker.metricsPort());
    }

    private void createTopic(Admin admin, String name, int partitions) throws Exception {
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1)))
                .all()
                .get();
    }

    /** One record to a batch, one batch to a request. */
    private void produce(String topic, int partitions, int count) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                client(Map.of("enable.idempotence", "false", "acks", "all")),
                new StringSerializer(),
                new StringSerializer())) {
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>(topic, i % partitions, null, "value " + i))
                        .get();
            }
        }
    }

    private double storedBytes(Admin admin, String topic) throws Exception {
        return Objects.requireNonNull(admin.describeLogDirs(List.of(1))
                        .allDescriptions()
                        .get()
                        .get(1))
                .values()
                .stream()
                .flatMap(directory -> directory.replicaInfos().entrySet().stream())
                .filter(replica -> replica.getKey().topic().equals(topic))
                .mapToLong(replica -> replica.getValue().size())
                .sum();
    }

    @Test
    void figuresAreExactlyThoseOfTheTraffic() throws Exception {
        try (Admin admin = Admin.create(client(Map.of()))) {
            createTopic(admin, "orders", 2);
            createTopic(admin, "other", 1);
            Scrape before = scrape();
            assertThat(before.sum(TRAFFIC + "messagesin_total", "topic", "orders"))
                    .isZero();

            produce("orders", 2, 20);
            produce("other", 1, 3);
            double stored = storedBytes(admin, "orders");
            try (KafkaConsumer<String, String> consumer = consumer(Map.of("auto.offset.reset", "earliest"))) {
                consumer.assign(List.of(new TopicPartition("orders", 0), new TopicPartition("orders", 1)));
                int read = 0;
                while (read < 20) {
                    read += consumer.poll(Duration.ofSeconds(1)).count();
                }
            }

            Scrape after = scrape();
            assertThat(stored).isPositive();
            assertThat(after.sum(TRAFFIC + "messagesin_total", "topic", "orders"))
                    .isEqualTo(20);
            assertThat(after.sum(TRAFFIC + "bytesin_total", "topic", "orders")).isEqualTo(stored);
            assertThat(after.sum(TRAFFIC + "bytesout_total", "topic", "orders")).isEqualTo(stored);
            assertThat(after.sum(TRAFFIC + "totalproducerequests_total", "topic", "orders"))
                    .isEqualTo(20);
            assertThat(after.sum(TRAFFIC + "failedproducerequests_total", "topic", "orders"))
                    .isZero();
            assertThat(after.sum(TRAFFIC + "messagesin_total", "topic", "other"))
                    .isEqualTo(3);
            assertThat(after.sum(TRAFFIC + "bytesout_total", "topic", "other")).isZero();
            assertThat(after.plain(TRAFFIC + "messagesin_total")).isEqualTo(23);
            assertThat(after.plain(TRAFFIC + "totalproducerequests_total")).isEqualTo(23);
            assertThat(after.plain(TRAFFIC + "bytesin_total"))
                    .isEqualTo(stored + after.sum(TRAFFIC + "bytesin_total", "topic", "other"));

            assertThat(after.sum(REQUESTS + "requests_total", "request", "Produce"))
                    .isEqualTo(23);
            assertThat(after.sum(REQUESTS + "totaltimems_count", "request", "Produce"))
                    .isEqualTo(23);
            assertThat(after.sum(REQUESTS + "errors_total")).isZero();

            assertThat(after.sum("kafka_log_log_size", "topic", "orders")).isEqualTo(stored);
            for (String partition : List.of("0", "1")) {
                assertThat(after.sum("kafka_log_log_logendoffset", "topic", "orders", "partition", partition))
                        .isEqualTo(10);
                assertThat(after.sum("kafka_log_log_logstartoffset", "topic", "orders", "partition", partition))
                        .isZero();
                assertThat(after.sum("kafka_log_log_numlogsegments", "topic", "orders", "partition", partition))
                        .isEqualTo(1);
            }
            assertThat(after.plain("kafka_server_replicamanager_partitioncount"))
                    .isEqualTo(3);
            assertThat(after.plain("kafka_server_replicamanager_leadercount")).isEqualTo(3);
            assertThat(after.plain("kafka_server_replicamanager_underreplicatedpartitions"))
                    .isZero();
            assertThat(after.plain("kafka_controller_kafkacontroller_offlinepartitionscount"))
                    .isZero();
            assertThat(after.plain("kafka_log_logmanager_offlinelogdirectorycount"))
                    .isZero();
        }
    }

    /** The two that watch a sync, the shard and the group sync under it, count the same groups. */
    @Test
    void everySyncIsInTheHistogramsOfItsDirectory() throws Exception {
        produce("orders", 1, 10);
        Scrape scrape = scrape();
        String directory = data.toAbsolutePath().normalize().toString();
        double syncs = scrape.sum("odradek_syncs_total", "shard", "0");
        assertThat(syncs).isGreaterThanOrEqualTo(10);
        assertThat(scrape.sum("kafka_log_logflushstats_logflushrateandtimems_count", "logDirectory", directory))
                .isEqualTo(syncs);
        assertThat(scrape.sum("odradek_sync_groups_total", "logDirectory", directory))
                .isEqualTo(syncs);
        assertThat(scrape.sum("odradek_sync_group_batches_sum", "logDirectory", directory))
                .isEqualTo(scrape.sum("odradek_synced_batches_total", "shard", "0"))
                .isGreaterThanOrEqualTo(10);
        assertThat(scrape.sum("odradek_sync_group_files_sum", "logDirectory", directory))
                .isEqualTo(scrape.sum("odradek_synced_files_total", "shard", "0"));
    }

    @Test
    void groupsAreCountedByStateAndOffsetsByPartition() throws Exception {
        try (Admin admin = Admin.create(client(Map.of()))) {
            createTopic(admin, "orders", 2);
        }
        produce("orders", 2, 4);
        try (KafkaConsumer<String, String> consumer =
                consumer(Map.of("group.id", "g", "auto.offset.reset", "earliest", "enable.auto.commit", "false"))) {
            consumer.subscribe(List.of("orders"));
            int read = 0;
            while (read < 4) {
                read += consumer.poll(Duration.ofSeconds(1)).count();
            }
            consumer.commitSync();
            Scrape stable = scrape();
            assertThat(stable.plain(GROUPS + "groups")).isEqualTo(1);
            assertThat(stable.plain(GROUPS + "groupsstable")).isEqualTo(1);
            assertThat(stable.plain(GROUPS + "groupsempty")).isZero();
            assertThat(stable.plain(GROUPS + "offsets")).isEqualTo(2);
            assertThat(stable.sum(TRAFFIC + "messagesin_total", "topic", "__consumer_offsets"))
                    .isEqualTo(stable.sum("kafka_log_log_logendoffset", "topic", "__consumer_offsets"))
                    .isGreaterThanOrEqualTo(3);
        }
        await().untilAsserted(() -> {
            Scrape left = scrape();
            assertThat(left.plain(GROUPS + "groupsempty")).isEqualTo(1);
            assertThat(left.plain(GROUPS + "groupsstable")).isZero();
            assertThat(left.plain(GROUPS + "offsets")).isEqualTo(2);
        });
    }

    @Test
    void aFetchThatWaitsIsInThePurgatoryUntilThereIsSomethingToRead() throws Exception {
        String size = "kafka_server_delayedoperationpurgatory_purgatorysize";
        try (Admin admin = Admin.create(client(Map.of()))) {
            createTopic(admin, "orders", 1);
        }
        try (KafkaConsumer<String, String> consumer =
                consumer(Map.of("fetch.max.wait.ms", "25000", "auto.offset.reset", "latest"))) {
            consumer.assign(List.of(new TopicPartition("orders", 0)));
            await().until(() -> {
                consumer.poll(Duration.ofMillis(100));
                return scrape().sum(size, "delayedOperation", "Fetch") == 1;
            });
            produce("orders", 1, 1);
            await().until(() -> scrape().sum(size, "delayedOperation", "Fetch") == 0);
        }
    }

    @Test
    void aDeletedTopicLeavesNoSeries() throws Exception {
        try (Admin admin = Admin.create(client(Map.of()))) {
            createTopic(admin, "gone", 2);
            createTopic(admin, "kept", 1);
            produce("gone", 2, 4);
            produce("kept", 1, 1);
            assertThat(scrape().samples()).anyMatch(sample -> sample.labels().containsValue("gone"));
            admin.deleteTopics(List.of("gone")).all().get();

            Scrape after = scrape();
            assertThat(after.samples())
                    .noneMatch(sample -> sample.labels().containsValue("gone"))
                    .anyMatch(sample -> sample.labels().containsValue("kept"));
            assertThat(after.plain(TRAFFIC + "messagesin_total")).isEqualTo(5);
        }
    }

    @Test
    void threadsOfAShardBearItsNumber() {
        Set<String> names = Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("shard"))
                .collect(Collectors.toSet());
        assertThat(names)
                .contains("shard-0-sync")
                .allMatch(name -> name.matches("shard-\\d+-(append|sync|settle|append-settle)"));
    }

    /** Name, type, labels and meaning of every metric, as {@code docs/metrics.md} has them. */
    @Test
    void thePageListsWhatThereIs() throws Exception {
        produce("orders", 1, 1);
        try (KafkaConsumer<String, String> consumer = consumer(Map.of("auto.offset.reset", "earliest"))) {
            consumer.assign(List.of(new TopicPartition("orders", 0)));
            while (consumer.poll(Duration.ofSeconds(1)).isEmpty()) {}
        }
        Map<String, String> documented = new TreeMap<>();
        for (String line : Files.readAllLines(page(), StandardCharsets.UTF_8)) {
            if (line.startsWith("| `")) {
                String[] cells = line.split(" \\| ", 5);
                documented.put(
                        cells[0].substring(3, cells[0].length() - 1), cells[1] + " | " + cells[2] + " | " + cells[3]);
            }
        }
        assertThat(documented).isEqualTo(registered(scrape()));
    }

    private static Map<String, String> registered(Scrape scrape) {
        Map<String, String> rows = new TreeMap<>();
        scrape.types().forEach((name, type) -> {
            Set<String> labels = new TreeSet<>();
            for (Scrape.Sample sample : scrape.samples()) {
                boolean summary = type.equals("summary");
                if (sample.name().equals(name) || (summary && sample.name().equals(name + "_count"))) {
                    List<String> keys =
                            new ArrayList<>(new TreeSet<>(sample.labels().keySet()));
                    keys.remove("quantile");
                    labels.add(keys.isEmpty() ? "–" : String.join(", ", keys));
                }
            }
            rows.put(
                    name,
                    type + " | " + String.join("; ", labels) + " | "
                            + scrape.helps().get(name));
        });
        return rows;
    }

    private static Path page() {
        Path here = Path.of("").toAbsolutePath();
        return (here.endsWith("broker") ? here.resolveSibling("docs") : here.resolve("docs")).resolve("metrics.md");
    }
}
