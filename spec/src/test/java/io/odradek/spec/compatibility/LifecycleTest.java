package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.config.BrokerConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts that are refused say why; starts that are not find everything as it was left. */
final class LifecycleTest {
    private static final String MARKER = ".kafka_cleanshutdown";

    @Test
    void aSecondBrokerOnTheSameDirectoryIsRefused(@TempDir Path data) throws Exception {
        try (RunningBroker first = RunningBroker.on(data)) {
            refusedToStart(data, Map.of(), data.toString(), "in use");
            produce(first, "still", "serves");
            // another process meets the file's lock, not this JVM's
            assertThatThrownBy(() -> BrokerProcess.start(data, 0, Map.of()).close())
                    .hasMessageContaining("in use")
                    .hasMessageContaining(data.toString());
            produce(first, "still", "serves");
        }
        RunningBroker.on(data).close();
    }

    @Test
    void aDirectoryOfAnotherNodeOrClusterIsRefused(@TempDir Path one, @TempDir Path two) throws Exception {
        RunningBroker.on(one).close();
        RunningBroker.on(two).close();
        refusedToStart(one, Map.of("node.id", "2"), "belongs to node 1", "this is node 2", one.toString());
        refusedToStart(one, Map.of("log.dirs", one + "," + two), "belongs to cluster", two.toString());
        RunningBroker.on(one).close();
    }

    @Test
    void aDirectoryWithForeignFilesIsNotFormattedOver(@TempDir Path data) throws Exception {
        Files.writeString(data.resolve("diary.txt"), "dear diary");
        refusedToStart(data, Map.of(), data.toString(), "not empty", "diary.txt");
        assertThat(data.resolve("diary.txt")).hasContent("dear diary");
    }

    @Test
    void aDirectoryThatCanNotBeReadIsNamed(@TempDir Path data) throws Exception {
        Path file = Files.createFile(data.resolve("file")); // root reads any directory, and nobody a file as one
        refusedToStart(file, Map.of(), file.toString());
        RunningBroker.on(data.resolve("fine")).close();
        Path meta = data.resolve("fine/meta.properties");
        Files.writeString(meta, "version=1\nnonsense\n");
        refusedToStart(data.resolve("fine"), Map.of(), meta.toString());
    }

    @Test
    void aWrongSettingIsRefusedWithKeyValueAndWhatIsAllowed(@TempDir Path data) {
        for (List<String> each : List.of(
                List.of("log.segment.bites", "1048576", "log.segment.bytes"),
                List.of("log.segment.bytes", "a lot", "a whole number"),
                List.of("log.segment.bytes", "7", "1048576"),
                List.of("compression.type", "zip", "zstd"),
                List.of("odradek.durability", "maybe", "page-cache"),
                List.of("auto.create.topics.enable", "perhaps", "true or false"),
                List.of("listeners", "nowhere", "NAME://host:port"))) {
            assertThatThrownBy(() -> RunningBroker.on(data, Map.of(each.get(0), each.get(1)))
                            .close())
                    .isInstanceOf(BrokerConfigException.class)
                    .hasMessageContaining(each.get(0) + "=" + each.get(1))
                    .hasMessageContaining(each.get(2));
        }
        assertThat(data).isEmptyDirectory();
    }

    @Test
    void aRestartFindsEverythingAsItWasLeft(@TempDir Path data) throws Exception {
        String cluster;
        Uuid topicId;
        try (RunningBroker broker = RunningBroker.on(data);
                Admin admin = broker.admin()) {
            admin.createTopics(List.of(new NewTopic("kept", 2, (short) 1).configs(Map.of("retention.ms", "7654321"))))
                    .all()
                    .get();
            for (int i = 0; i < 20; i++) {
                produce(broker, "kept", "" + i);
            }
            cluster = broker.clusterId();
            topicId = topicId(admin, "kept");
        }
        assertThat(data.resolve(MARKER)).exists();
        try (RunningBroker broker = RunningBroker.on(data);
                Admin admin = broker.admin()) {
            assertThat(data.resolve(MARKER)).doesNotExist(); // a kill from here on is not a clean stop
            assertThat(broker.clusterId()).isEqualTo(cluster);
            assertThat(topicId(admin, "kept")).isEqualTo(topicId);
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "kept");
            assertThat(Objects.requireNonNull(Objects.requireNonNull(admin.describeConfigs(List.of(resource))
                                            .all()
                                            .get()
                                            .get(resource))
                                    .get("retention.ms"))
                            .value())
                    .isEqualTo("7654321");
            assertThat(read(broker, "kept", 20))
                    .containsExactlyInAnyOrderElementsOf(Stream.iterate(0, i -> i + 1)
                            .limit(20)
                            .map(i -> "" + i)
                            .toList());
            produce(broker, "kept", "more");
        }
    }

    /** What was stopped cleanly is believed: a scan would cut the log at the damage, or refuse to start. */
    @Test
    void aStartAfterACleanStopScansNothing(@TempDir Path data) throws Exception {
        try (RunningBroker broker = RunningBroker.on(data)) {
            for (int i = 0; i < 10; i++) {
                produce(broker, "unscanned", "value " + i);
            }
        }
        Path log = data.resolve("unscanned-0/00000000000000000000.log");
        byte[] bytes = Files.readAllBytes(log);
        bytes[bytes.length - 1] ^= 1;
        Files.write(log, bytes);
        try (RunningBroker broker = RunningBroker.on(data)) {
            assertThat(end(broker, "unscanned")).isEqualTo(10);
        }
        // the other way round, so that the test shows a difference: without the marker the damage is found
        Files.delete(data.resolve(MARKER));
        Files.delete(data.resolve("recovery-point-offset-checkpoint"));
        Files.delete(data.resolve("replication-offset-checkpoint")); // a log is not cut below what readers were shown
        try (RunningBroker broker = RunningBroker.on(data)) {
            assertThat(end(broker, "unscanned")).isEqualTo(9);
        }
    }

    @Test
    void aTopicMadeAgainUnderItsNameIsAnotherTopic(@TempDir Path data) throws Exception {
        try (RunningBroker broker = RunningBroker.on(data, Map.of("log.segment.delete.delay.ms", "0"));
                Admin admin = broker.admin()) {
            produce(broker, "again", "old");
            Uuid old = topicId(admin, "again");
            admin.deleteTopics(List.of("again")).all().get();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> directories(data, "again").isEmpty());
            admin.createTopics(List.of(new NewTopic("again", 1, (short) 1)))
                    .all()
                    .get();
            assertThat(topicId(admin, "again")).isNotEqualTo(old);
            assertThat(end(broker, "again")).isZero();
            produce(broker, "again", "new");
            assertThat(read(broker, "again", 1)).containsExactly("new");
        }
        try (RunningBroker broker = RunningBroker.on(data)) {
            assertThat(read(broker, "again", 1)).containsExactly("new");
        }
    }

    /** What Metadata and DescribeCluster say is where clients go: not where the socket is, when an address in between differs. */
    @Test
    void clientsAreSentToTheAdvertisedListeners(@TempDir Path data) throws Exception {
        Map<String, String> elsewhere = Map.of("advertised.listeners", "PLAINTEXT://broker.example:19092");
        try (RunningBroker broker = RunningBroker.on(data, elsewhere);
                Wire wire = Wire.to(broker.port())) {
            wire.send(Wire.frame(ApiKeys.METADATA, (short) 12, 1, new MetadataRequestData().setTopics(null)));
            var metadata = (MetadataResponseData) wire.answer(ApiKeys.METADATA, (short) 12, 1);
            assertThat(metadata.brokers()).singleElement().satisfies(told -> {
                assertThat(told.host()).isEqualTo("broker.example");
                assertThat(told.port()).isEqualTo(19092);
            });
            wire.send(Wire.frame(ApiKeys.DESCRIBE_CLUSTER, (short) 1, 2, new DescribeClusterRequestData()));
            var cluster = (DescribeClusterResponseData) wire.answer(ApiKeys.DESCRIBE_CLUSTER, (short) 1, 2);
            assertThat(cluster.brokers()).singleElement().satisfies(told -> {
                assertThat(told.host()).isEqualTo("broker.example");
                assertThat(told.port()).isEqualTo(19092);
            });
        }
        // a port that is not known before the socket is bound: clients of the same machine, in a test
        try (RunningBroker broker = RunningBroker.on(data, Map.of("advertised.listeners", "PLAINTEXT://localhost:0"));
                Admin admin = broker.admin()) {
            assertThat(admin.describeCluster().nodes().get()).singleElement().satisfies(node -> {
                assertThat(node.host()).isEqualTo("localhost");
                assertThat(node.port()).isEqualTo(broker.port());
            });
        }
    }

    private static void refusedToStart(Path data, Map<String, String> overrides, String... said) {
        assertThatThrownBy(() -> RunningBroker.on(data, overrides).close())
                .isInstanceOf(IOException.class)
                .satisfies(error -> {
                    StringBuilder text = new StringBuilder();
                    for (Throwable each = error; each != null; each = each.getCause()) {
                        text.append(each).append('\n');
                    }
                    assertThat(text.toString()).contains(said);
                });
    }

    private static List<String> directories(Path data, String topic) throws IOException {
        try (var all = Files.list(data)) {
            return all.map(each -> String.valueOf(each.getFileName()))
                    .filter(name -> name.startsWith(topic))
                    .toList();
        }
    }

    private static Uuid topicId(Admin admin, String topic) throws Exception {
        return Objects.requireNonNull(admin.describeTopics(List.of(topic))
                        .allTopicNames()
                        .get()
                        .get(topic))
                .topicId();
    }

    private static long end(RunningBroker broker, String topic) throws Exception {
        TopicPartition partition = new TopicPartition(topic, 0);
        try (Admin admin = broker.admin()) {
            return admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                    .partitionResult(partition)
                    .get()
                    .offset();
        }
    }

    private static void produce(RunningBroker broker, String topic, String value) throws Exception {
        try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
            producer.send(new ProducerRecord<>(topic, value)).get();
        }
    }

    private static List<String> read(RunningBroker broker, String topic, int count) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = broker.consumer(Map.of())) {
            consumer.assign(consumer.partitionsFor(topic).stream()
                    .map(each -> new TopicPartition(topic, each.partition()))
                    .toList());
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (values.size() < count && System.nanoTime() < deadline) {
                consumer.poll(Duration.ofSeconds(1)).forEach(record -> values.add(record.value()));
            }
        }
        return values;
    }
}
