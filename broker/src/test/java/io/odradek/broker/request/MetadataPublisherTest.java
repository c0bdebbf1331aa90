package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.broker.partition.MetadataPublisher;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.LogConfig;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.MetadataRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetadataPublisherTest {
    @TempDir
    Path directory;

    private final UUID id = UUID.randomUUID();
    private final Uuid kafkaId = Partitions.kafkaId(id);
    private LocalBroker broker;
    private MetadataPublisher publisher;
    private TestConnection connection;
    private ClusterImage image = ClusterImage.empty("test-cluster");

    @BeforeEach
    void start() throws Exception {
        open();
    }

    private void open() throws Exception {
        broker = new LocalBroker(directory, 3, 64);
        publisher =
                new MetadataPublisher(LocalBroker.BROKER_ID, broker.partitions, MetadataPublisherTest::config, image);
        connection = new TestConnection();
    }

    @AfterEach
    void stop() throws Exception {
        broker.close();
        connection.close();
    }

    private static LogConfig config(ClusterImage image, String topic) {
        LogConfig defaults = LogConfig.defaults();
        String max = image.config(ConfigResource.topic(topic)).get("max.message.bytes");
        return max == null ? defaults : defaults.withMaxMessageBytes(Integer.parseInt(max));
    }

    private void apply(MetadataRecord... records) throws Exception {
        ClusterImage.Step step = image.apply(image.lastOffset() + 1, List.of(records));
        image = step.after();
        publisher.delete(step).get(20, TimeUnit.SECONDS);
        publisher.apply(step).get(20, TimeUnit.SECONDS);
    }

    private void create(int partitionCount) throws Exception {
        List<MetadataRecord> records = new ArrayList<>();
        records.add(new MetadataRecord.Topic("t", id));
        for (int p = 0; p < partitionCount; p++) {
            records.add(new MetadataRecord.Partition(id, p, LocalBroker.image(0)));
        }
        apply(records.toArray(MetadataRecord[]::new));
    }

    private FetchResponseData.PartitionData read() throws Exception {
        var answer = broker.fetch(connection, LocalBroker.fetchRequest(null, kafkaId, 0, 0, 1, 0), 17);
        return LocalBroker.parts(LocalBroker.await(answer, FetchResponseData.class))
                .getFirst();
    }

    @Test
    void aCreatedTopicIsSpreadOverTheShards() throws Exception {
        create(9);
        Map<Object, Integer> perShard = new HashMap<>();
        for (int p = 0; p < 9; p++) {
            PartitionHost host = Objects.requireNonNull(broker.partitions.find(kafkaId, p));
            assertThat(host.status()).isEqualTo(Errors.NONE);
            perShard.merge(host.shard(), 1, Integer::sum);
        }
        assertThat(perShard.values()).containsOnly(3);
        assertThat(broker.produceNow(connection, "t", 8, "a").baseOffset()).isZero();
    }

    @Test
    void onePartitionThatCannotBeOpenedDoesNotKeepTheOthers() throws Exception {
        Path inTheWay = broker.directory.path().resolve("t-3");
        Files.writeString(inTheWay, "not a directory");
        assertThatThrownBy(() -> create(9))
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("t-3 can't be opened");
        for (int p = 0; p < 9; p++) {
            PartitionHost host = broker.partitions.find(kafkaId, p);
            if (p == 3) {
                assertThat(host).isNull();
            } else {
                assertThat(Objects.requireNonNull(host).status()).isEqualTo(Errors.NONE);
            }
        }
        // The next image that gives it a reign finds the obstacle gone.
        Files.delete(inTheWay);
        apply(MetadataRecord.PartitionChange.newReign(id, 3, LocalBroker.BROKER_ID, null));
        assertThat(broker.produceNow(connection, "t", 3, "a").baseOffset()).isZero();
        apply(new MetadataRecord.RemoveTopic(id));
        assertThat(broker.directory.logs()).isEmpty();
    }

    /** As where a broker was away for a while, and is given a snapshot. */
    @Test
    void aTopicMayGoAndAnotherComeUnderItsNameInOneStep() throws Exception {
        create(4);
        for (int p = 0; p < 4; p++) {
            broker.produceNow(connection, "t", p, "a");
        }
        UUID next = new UUID(8, 8);
        List<MetadataRecord> records = new ArrayList<>();
        records.add(new MetadataRecord.RemoveTopic(id));
        records.add(new MetadataRecord.Topic("t", next));
        for (int p = 0; p < 4; p++) {
            records.add(new MetadataRecord.Partition(next, p, LocalBroker.image(0)));
        }
        apply(records.toArray(MetadataRecord[]::new));
        assertThat(broker.directory.logs())
                .extracting(log -> log.partition().topicId())
                .hasSize(4)
                .containsOnly(next);
        assertThat(broker.produceNow(connection, "t", 3, "b").baseOffset()).isZero();
    }

    /** A broker may wait long between the two: until it is registered, for one. */
    @Test
    void whatIsDeletedBetweenRecoveryAndTheFirstChangeIsDeleted() throws Exception {
        create(4);
        broker.close();
        connection.close();

        open();
        broker.directory.recoverAll(_ -> LogConfig.defaults(), 1, (_, _, _, _) -> {});
        assertThat(broker.directory.logs()).hasSize(4);
        image = image.apply(image.lastOffset() + 1, List.of(new MetadataRecord.RemoveTopic(id)))
                .after();
        UUID next = new UUID(8, 8);
        apply(new MetadataRecord.Topic("t", next), new MetadataRecord.Partition(next, 0, LocalBroker.image(0)));
        assertThat(broker.directory.logs())
                .extracting(log -> log.partition().topicId())
                .containsExactly(next);
        assertThat(broker.produceNow(connection, "t", 0, "b").baseOffset()).isZero();
    }

    /** A log is opened by what its broker knew when it stopped; while it was away the topic was configured. */
    @Test
    void whatIsConfiguredBetweenRecoveryAndTheFirstChangeCounts() throws Exception {
        create(1);
        broker.close();
        connection.close();

        open();
        broker.directory.recoverAll(_ -> LogConfig.defaults(), 1, (_, _, _, _) -> {});
        image = ClusterImage.empty("test-cluster"); // all of it is new to who listens from now on
        apply(
                new MetadataRecord.Topic("t", id),
                new MetadataRecord.Partition(id, 0, LocalBroker.image(0)),
                new MetadataRecord.Config(ConfigResource.topic("t"), "max.message.bytes", "1234"),
                MetadataRecord.PartitionChange.newReign(id, 0, LocalBroker.BROKER_ID, null));
        assertThat(Objects.requireNonNull(broker.partitions.find(kafkaId, 0))
                        .log()
                        .config()
                        .maxMessageBytes())
                .isEqualTo(1234);
    }

    @Test
    void whatWasCommittedIsCommittedAfterARestart() throws Exception {
        create(2);
        broker.produceNow(connection, "t", 0, "a", "b");
        broker.close();
        connection.close();

        open();
        publisher.start(image).get(20, TimeUnit.SECONDS);
        FetchResponseData.PartitionData data = read();
        assertThat(data.highWatermark()).isEqualTo(2);
        assertThat(LocalBroker.values(data, 0)).containsExactly(Map.entry(0L, "a"), Map.entry(1L, "b"));
        assertThat(broker.produceNow(connection, "t", 0, "c").baseOffset()).isEqualTo(2);
    }

    @Test
    void aChangedConfigurationHoldsForTheNextBatch() throws Exception {
        create(1);
        assertThat(broker.produceNow(connection, "t", 0, "x".repeat(500)).errorCode())
                .isZero();
        apply(new MetadataRecord.Config(ConfigResource.topic("t"), "max.message.bytes", "100"));
        assertThat(broker.produceNow(connection, "t", 0, "x".repeat(500)).errorCode())
                .isEqualTo(Errors.MESSAGE_TOO_LARGE.code());
    }

    @Test
    void addedPartitionsAndNewReignsAreTakenUp() throws Exception {
        create(1);
        apply(
                new MetadataRecord.Partition(id, 1, LocalBroker.image(0)),
                MetadataRecord.PartitionChange.newReign(id, 0, LocalBroker.BROKER_ID, null));
        assertThat(Objects.requireNonNull(broker.partitions.find(kafkaId, 0))
                        .view()
                        .leaderEpoch())
                .isEqualTo(1);
        assertThat(broker.produceNow(connection, "t", 0, "a").errorCode()).isZero();
        assertThat(broker.produceNow(connection, "t", 1, "a").errorCode()).isZero();
    }

    @Test
    void aTopicMadeAgainUnderItsNameIsAnotherTopic() throws Exception {
        create(1);
        broker.produceNow(connection, "t", 0, "old");
        UUID next = UUID.randomUUID();
        apply(new MetadataRecord.RemoveTopic(id));
        assertThat(broker.produceNow(connection, "t", 0, "none").errorCode())
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        apply(new MetadataRecord.Topic("t", next), new MetadataRecord.Partition(next, 0, LocalBroker.image(0)));

        assertThat(read().errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_ID.code());
        assertThat(broker.produceNow(connection, "t", 0, "new").baseOffset()).isZero();
    }
}
