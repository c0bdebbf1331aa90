package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.assertj.core.api.ThrowableAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Kafka's {@code Admin} and producers ask for is done, or refused with Kafka's error. */
final class AdminTest {
    @TempDir
    static Path data;

    @SuppressWarnings("NullAway.Init") // by start()
    private static RunningBroker broker;

    @SuppressWarnings("NullAway.Init") // by start()
    private static Admin admin;

    @BeforeAll
    static void start() throws IOException {
        broker = RunningBroker.on(data);
        admin = broker.admin();
    }

    @AfterAll
    static void stop() {
        admin.close();
        broker.close();
    }

    @Test
    void aTopicIsCreatedAsAskedDescribedAndDeleted() throws Exception {
        var created = admin.createTopics(List.of(
                new NewTopic("asked", Map.of(0, List.of(1), 1, List.of(1))).configs(Map.of("retention.ms", "1234"))));
        created.all().get();
        assertThat(created.numPartitions("asked").get()).isEqualTo(2);
        assertThat(created.replicationFactor("asked").get()).isEqualTo(1);
        assertThat(Objects.requireNonNull(created.config("asked").get().get("retention.ms"))
                        .value())
                .isEqualTo("1234");

        TopicDescription described = describe("asked");
        assertThat(described.topicId()).isEqualTo(created.topicId("asked").get());
        assertThat(described.partitions()).hasSize(2).allSatisfy(partition -> {
            assertThat(partition.leader().id()).isEqualTo(1);
            assertThat(partition.leader().port()).isEqualTo(broker.port());
            assertThat(partition.isr()).hasSize(1);
        });
        assertThat(admin.listTopics().names().get()).contains("asked");

        admin.deleteTopics(List.of("asked")).all().get();
        assertThat(admin.listTopics().names().get()).doesNotContain("asked");
        refused(UnknownTopicOrPartitionException.class, () -> describe("asked"));
        refused(
                UnknownTopicOrPartitionException.class,
                () -> admin.deleteTopics(List.of("asked")).all().get());
    }

    @Test
    void aTopicLeftToTheBrokerGetsItsDefaults() throws Exception {
        admin.createTopics(List.of(new NewTopic("defaults", Optional.empty(), Optional.empty())))
                .all()
                .get();
        assertThat(describe("defaults").partitions()).hasSize(1);
    }

    @Test
    void aTopicThatCanNotBeIsRefusedWithKafkasError() throws Exception {
        topic("taken", 1, Map.of());
        refused(TopicExistsException.class, () -> topic("taken", 1, Map.of()));
        for (String name : List.of("white space", "sla/sh", "..", ".", "x".repeat(250), "ümlaut")) {
            refused(InvalidTopicException.class, () -> topic(name, 1, Map.of()));
        }
        topic("col.lides", 1, Map.of());
        refused(InvalidTopicException.class, () -> topic("col_lides", 1, Map.of())); // their metric names would be one
        refused(InvalidPartitionsException.class, () -> topic("zero", 0, Map.of()));
        refused(InvalidConfigurationException.class, () -> topic("unknown", 1, Map.of("no.such.key", "1")));
        refused(InvalidConfigurationException.class, () -> topic("wrong", 1, Map.of("retention.ms", "soon")));
        refused(
                InvalidReplicationFactorException.class,
                () -> admin.createTopics(List.of(new NewTopic("replicas", 1, (short) 2)))
                        .all()
                        .get());
        refused(
                InvalidReplicaAssignmentException.class,
                () -> admin.createTopics(List.of(new NewTopic("elsewhere", Map.of(0, List.of(7)))))
                        .all()
                        .get());
        assertThat(admin.listTopics().names().get())
                .doesNotContain("zero", "unknown", "wrong", "replicas", "elsewhere");
    }

    @Test
    void partitionsAreAddedAndNeverTakenAway() throws Exception {
        topic("grows", 2, Map.of());
        admin.createPartitions(Map.of("grows", NewPartitions.increaseTo(5)))
                .all()
                .get();
        assertThat(describe("grows").partitions()).hasSize(5);
        assertThat(send("grows", 4, null, "new", Map.of()).offset()).isZero();
        refused(
                InvalidPartitionsException.class,
                () -> admin.createPartitions(Map.of("grows", NewPartitions.increaseTo(3)))
                        .all()
                        .get());
    }

    @Test
    void configsChangeOneByOneAndFallBackToTheirDefault() throws Exception {
        topic("configured", 1, Map.of("retention.ms", "5000"));
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "configured");
        alter(resource, "max.message.bytes", "2000", AlterConfigOp.OpType.SET);
        alter(resource, "cleanup.policy", "compact", AlterConfigOp.OpType.APPEND);
        Config changed = config(resource);
        assertThat(value(changed, "retention.ms")).isEqualTo("5000");
        assertThat(value(changed, "max.message.bytes")).isEqualTo("2000");
        assertThat(value(changed, "cleanup.policy").split(",", -1)).containsExactlyInAnyOrder("delete", "compact");
        assertThat(entry(changed, "max.message.bytes").source())
                .isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);

        alter(resource, "max.message.bytes", "", AlterConfigOp.OpType.DELETE);
        alter(resource, "cleanup.policy", "delete", AlterConfigOp.OpType.SUBTRACT);
        assertThat(value(config(resource), "max.message.bytes")).isEqualTo("1048588");
        assertThat(value(config(resource), "cleanup.policy")).isEqualTo("compact");
        refused(
                InvalidConfigurationException.class,
                () -> alter(resource, "retention.ms", "-7", AlterConfigOp.OpType.SET));
        assertThat(value(config(resource), "retention.ms")).isEqualTo("5000");

        Config ofBroker = config(new ConfigResource(ConfigResource.Type.BROKER, "1"));
        assertThat(value(ofBroker, "log.dirs")).isEqualTo(data.toString());
        assertThat(entry(ofBroker, "log.dirs").isReadOnly()).isTrue();
    }

    @Test
    void deletedRecordsAreGoneAndReadersBeginBehindThem() throws Exception {
        topic("trimmed", 1, Map.of());
        for (int i = 0; i < 10; i++) {
            send("trimmed", 0, null, "" + i, Map.of());
        }
        TopicPartition partition = new TopicPartition("trimmed", 0);
        var deleted = admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4)));
        assertThat(Objects.requireNonNull(deleted.lowWatermarks().get(partition))
                        .get()
                        .lowWatermark())
                .isEqualTo(4);
        assertThat(offset("trimmed", OffsetSpec.earliest()).offset()).isEqualTo(4);
        assertThat(read("trimmed", 0, 6).getFirst().value()).isEqualTo("4");
        try (KafkaConsumer<String, String> strict = broker.consumer(Map.of("auto.offset.reset", "none"))) {
            strict.assign(List.of(partition));
            strict.seek(partition, 3);
            assertThatThrownBy(() -> strict.poll(Duration.ofSeconds(10)))
                    .isInstanceOf(org.apache.kafka.clients.consumer.OffsetOutOfRangeException.class);
        }
        refused(
                OffsetOutOfRangeException.class,
                () -> admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(11)))
                        .all()
                        .get());
        var everything = admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(-1)));
        assertThat(Objects.requireNonNull(everything.lowWatermarks().get(partition))
                        .get()
                        .lowWatermark())
                .isEqualTo(10);
        assertThat(offset("trimmed", OffsetSpec.earliest()).offset()).isEqualTo(10);
        assertThat(offset("trimmed", OffsetSpec.latest()).offset()).isEqualTo(10);
    }

    @Test
    void offsetsAreFoundByTime() throws Exception {
        topic("timed", 1, Map.of());
        long base = System.currentTimeMillis() - 100_000;
        for (long after : List.of(0L, 10L, 50L, 30L)) { // the third has the highest timestamp
            try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
                producer.send(new ProducerRecord<>("timed", 0, base + after, null, "x"))
                        .get();
            }
        }
        assertThat(offset("timed", OffsetSpec.earliest()).offset()).isZero();
        assertThat(offset("timed", OffsetSpec.latest()).offset()).isEqualTo(4);
        assertThat(offset("timed", OffsetSpec.maxTimestamp()).offset()).isEqualTo(2);
        assertThat(offset("timed", OffsetSpec.maxTimestamp()).timestamp()).isEqualTo(base + 50);
        assertThat(offset("timed", OffsetSpec.forTimestamp(base + 5)).offset()).isEqualTo(1);
        assertThat(offset("timed", OffsetSpec.forTimestamp(base + 10)).offset()).isEqualTo(1);
        assertThat(offset("timed", OffsetSpec.forTimestamp(base + 11)).offset()).isEqualTo(2);
        assertThat(offset("timed", OffsetSpec.forTimestamp(base + 51)).offset()).isEqualTo(-1);
    }

    @Test
    void theClusterAndItsDirectoriesAreDescribed() throws Exception {
        topic("sized", 1, Map.of());
        send("sized", 0, null, "x".repeat(5000), Map.of());
        var cluster = admin.describeCluster();
        assertThat(cluster.clusterId().get()).isEqualTo(broker.clusterId());
        assertThat(cluster.controller().get().id()).isEqualTo(1);
        assertThat(cluster.nodes().get())
                .singleElement()
                .satisfies(node -> assertThat(node.port()).isEqualTo(broker.port()));
        var directories = Objects.requireNonNull(
                admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1));
        assertThat(directories).containsOnlyKeys(data.toString());
        var directory = Objects.requireNonNull(directories.get(data.toString()));
        assertThat(directory.error()).isNull();
        assertThat(directory.replicaInfos()).containsKey(new TopicPartition("sized", 0));
        assertThat(Objects.requireNonNull(directory.replicaInfos().get(new TopicPartition("sized", 0)))
                        .size())
                .isGreaterThan(5000);
    }

    @Test
    void anIdempotentProducerIsSeen() throws Exception {
        topic("produced", 1, Map.of());
        try (KafkaProducer<String, String> producer = broker.producer(Map.of("enable.idempotence", "true"))) {
            for (int i = 0; i < 3; i++) {
                producer.send(new ProducerRecord<>("produced", "x")).get();
            }
            TopicPartition partition = new TopicPartition("produced", 0);
            Collection<ProducerState> states = admin.describeProducers(List.of(partition))
                    .partitionResult(partition)
                    .get()
                    .activeProducers();
            assertThat(states).singleElement().satisfies(state -> {
                assertThat(state.lastSequence()).isEqualTo(2);
                assertThat(state.producerEpoch()).isZero();
                assertThat(state.currentTransactionStartOffset()).isEmpty();
            });
        }
    }

    @Test
    void groupsAreListedDescribedAndDeleted() throws Exception {
        topic("grouped", 2, Map.of());
        send("grouped", 0, null, "a", Map.of());
        send("grouped", 1, null, "b", Map.of());
        TopicPartition first = new TopicPartition("grouped", 0);
        TopicPartition second = new TopicPartition("grouped", 1);
        try (KafkaConsumer<String, String> consumer =
                broker.consumer(Map.of("group.id", "g", "client.id", "the-reader"))) {
            consumer.subscribe(List.of("grouped"));
            int read = 0;
            while (read < 2) {
                read += consumer.poll(Duration.ofSeconds(5)).count();
            }
            consumer.commitSync();
            assertThat(admin.listGroups().all().get().stream().map(GroupListing::groupId))
                    .contains("g");
            var group = Objects.requireNonNull(
                    admin.describeConsumerGroups(List.of("g")).all().get().get("g"));
            assertThat(group.groupState()).isEqualTo(GroupState.STABLE);
            assertThat(group.members()).singleElement().satisfies(member -> {
                assertThat(member.clientId()).isEqualTo("the-reader");
                assertThat(member.assignment().topicPartitions()).containsExactlyInAnyOrder(first, second);
            });
            refused(
                    GroupNotEmptyException.class,
                    () -> admin.deleteConsumerGroups(List.of("g")).all().get());
        }
        admin.deleteConsumerGroupOffsets("g", Set.of(first)).all().get();
        assertThat(admin.listConsumerGroupOffsets("g")
                        .partitionsToOffsetAndMetadata()
                        .get())
                .containsOnlyKeys(second);
        admin.deleteConsumerGroups(List.of("g")).all().get();
        assertThat(admin.listGroups().all().get().stream().map(GroupListing::groupId))
                .doesNotContain("g");
        refused(
                GroupIdNotFoundException.class,
                () -> admin.deleteConsumerGroups(List.of("g")).all().get());
    }

    @Test
    void aTransactionalProducerIsToldAtOnceThatThereAreNoTransactions() {
        try (KafkaProducer<String, String> producer =
                broker.producer(Map.of("transactional.id", "t", "max.block.ms", "20000"))) {
            long begun = System.nanoTime();
            assertThatThrownBy(producer::initTransactions)
                    .isInstanceOf(KafkaException.class)
                    .isNotInstanceOf(org.apache.kafka.common.errors.TimeoutException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"uncompressed", "gzip", "snappy", "lz4", "zstd", "producer"})
    void aTopicsCompressionTypeRewritesBatchesAndKeepsTheirRecords(String codec) throws Exception {
        String topic = "rewritten-" + codec;
        topic(topic, 1, Map.of("compression.type", codec));
        List<String> values = new ArrayList<>();
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer =
                broker.producer(Map.of("compression.type", "lz4", "linger.ms", "20"))) {
            for (int i = 0; i < 100; i++) {
                values.add("value " + i);
                sent.add(producer.send(new ProducerRecord<>(topic, 0, "key " + i, values.getLast())));
            }
            for (int i = 0; i < 100; i++) {
                assertThat(sent.get(i).get().offset()).isEqualTo(i);
            }
        }
        assertThat(read(topic, 0, 100).stream().map(ConsumerRecord::value)).containsExactlyElementsOf(values);
        Set<String> stored = storedCodecs(data.resolve(topic + "-0"));
        assertThat(stored)
                .containsExactly(
                        switch (codec) {
                            case "producer" -> "lz4";
                            case "uncompressed" -> "none";
                            default -> codec;
                        });
    }

    @Test
    void aTopicOnTheBrokersClockIgnoresTheProducers() throws Exception {
        topic("appended", 1, Map.of("message.timestamp.type", "LogAppendTime"));
        long before = System.currentTimeMillis();
        try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
            RecordMetadata sent = producer.send(new ProducerRecord<>("appended", 0, 1L, null, "x"))
                    .get();
            assertThat(sent.timestamp()).isBetween(before, System.currentTimeMillis());
            assertThat(read("appended", 0, 1)).singleElement().satisfies(record -> {
                assertThat(record.timestamp()).isEqualTo(sent.timestamp());
                assertThat(record.timestampType()).isEqualTo(TimestampType.LOG_APPEND_TIME);
            });
        }
    }

    @Test
    void aBatchLargerThanItsTopicAllowsIsRefused() throws Exception {
        topic("small", 1, Map.of("max.message.bytes", "1000"));
        refused(RecordTooLargeException.class, () -> send("small", 0, null, "x".repeat(1000), Map.of()));
        assertThat(send("small", 0, null, "x".repeat(500), Map.of()).offset()).isZero();
    }

    @Test
    void aTimestampOutsideItsTopicsLimitsIsRefused() throws Exception {
        topic(
                "recent",
                1,
                Map.of("message.timestamp.before.max.ms", "60000", "message.timestamp.after.max.ms", "60000"));
        long now = System.currentTimeMillis();
        try (KafkaProducer<String, String> producer = broker.producer(Map.of("retries", "0"))) {
            for (long wrong : List.of(now - 120_000, now + 120_000)) {
                refused(
                        InvalidTimestampException.class,
                        () -> producer.send(new ProducerRecord<>("recent", 0, wrong, null, "x"))
                                .get());
            }
            assertThat(producer.send(new ProducerRecord<>("recent", 0, now, null, "x"))
                            .get()
                            .offset())
                    .isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "all"})
    void recordsAreThereWhateverAcknowledgementIsAskedFor(String acks) throws Exception {
        topic("acks-" + acks, 1, Map.of());
        try (KafkaProducer<String, String> producer =
                broker.producer(Map.of("acks", acks, "enable.idempotence", "false"))) {
            for (int i = 0; i < 20; i++) {
                RecordMetadata sent = producer.send(new ProducerRecord<>("acks-" + acks, 0, null, "" + i))
                        .get();
                assertThat(sent.offset()).isEqualTo(acks.equals("0") ? -1 : i);
            }
        }
        assertThat(read("acks-" + acks, 0, 20).stream().map(ConsumerRecord::value))
                .startsWith("0", "1", "2")
                .endsWith("19");
    }

    @Test
    void aCompactedTopicTakesNoRecordWithoutAKey() throws Exception {
        topic("compacted", 1, Map.of("cleanup.policy", "compact"));
        refused(
                org.apache.kafka.common.InvalidRecordException.class,
                () -> send("compacted", 0, null, "x", Map.of("retries", "0")));
        assertThat(send("compacted", 0, "key", "x", Map.of()).offset()).isZero();
    }

    private static void topic(String name, int partitions, Map<String, String> configs) throws Exception {
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs)))
                .all()
                .get();
    }

    private static TopicDescription describe(String name) throws Exception {
        return Objects.requireNonNull(
                admin.describeTopics(List.of(name)).allTopicNames().get().get(name));
    }

    private static RecordMetadata send(
            String topic, int partition, @Nullable String key, String value, Map<String, String> settings)
            throws Exception {
        try (KafkaProducer<String, String> producer = broker.producer(settings)) {
            return producer.send(new ProducerRecord<>(topic, partition, key, value))
                    .get();
        }
    }

    private static List<ConsumerRecord<String, String>> read(String topic, int partition, int count) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = broker.consumer(Map.of())) {
            consumer.assign(List.of(new TopicPartition(topic, partition)));
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (records.size() < count && System.nanoTime() < deadline) {
                consumer.poll(Duration.ofSeconds(1)).forEach(records::add);
            }
        }
        assertThat(records).hasSize(count);
        return records;
    }

    private static ListOffsetsResultInfo offset(String topic, OffsetSpec spec) throws Exception {
        TopicPartition partition = new TopicPartition(topic, 0);
        return admin.listOffsets(Map.of(partition, spec))
                .partitionResult(partition)
                .get();
    }

    private static void alter(ConfigResource resource, String key, String value, AlterConfigOp.OpType op)
            throws Exception {
        admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry(key, value), op))))
                .all()
                .get();
    }

    private static Config config(ConfigResource resource) throws Exception {
        return Objects.requireNonNull(
                admin.describeConfigs(List.of(resource)).all().get().get(resource));
    }

    private static ConfigEntry entry(Config config, String key) {
        return Objects.requireNonNull(config.get(key), key);
    }

    private static String value(Config config, String key) {
        return String.valueOf(entry(config, key).value());
    }

    private static void refused(Class<? extends Exception> error, ThrowableAssert.ThrowingCallable asked) {
        assertThatThrownBy(asked).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(error);
    }

    /** The codecs of the batches in a partition's files. */
    private static Set<String> storedCodecs(Path partition) throws IOException {
        Set<String> codecs = new TreeSet<>();
        try (var files = Files.list(partition)) {
            for (Path log :
                    files.filter(file -> file.toString().endsWith(".log")).toList()) {
                MemoryRecords.readableRecords(ByteBuffer.wrap(Files.readAllBytes(log)))
                        .batches()
                        .forEach(batch -> codecs.add(batch.compressionType().name));
            }
        }
        return codecs;
    }
}
