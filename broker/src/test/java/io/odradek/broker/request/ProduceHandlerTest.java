package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.partition.TopicTraffic;
import io.odradek.engine.LogConfig;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.record.Refusal;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.PartitionImage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProduceHandlerTest {
    private static final short ALL = -1;
    private static final short LEADER = 1;
    private static final short NONE = 0;

    @TempDir
    Path directory;

    private GatedFileStore store;
    private LocalBroker broker;
    private TestConnection connection;

    @BeforeEach
    void start() throws Exception {
        store = new GatedFileStore(new DiskFileStore());
        broker = new LocalBroker(directory, store, 2, 8);
        connection = new TestConnection();
    }

    @AfterEach
    void stop() throws Exception {
        store.letSyncsGo();
        broker.close();
        connection.close();
    }

    private PartitionProduceResponse produce(short acks, String topic, MemoryRecords records) throws Exception {
        return LocalBroker.onlyPart(
                LocalBroker.await(broker.produce(connection, acks, topic, 0, records), ProduceResponseData.class));
    }

    private static Errors error(PartitionProduceResponse part) {
        return Errors.forCode(part.errorCode());
    }

    @Test
    void acknowledgesWithTheOffsetsGiven() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        assertThat(produce(ALL, "t", LocalBroker.records("a", "b")).baseOffset())
                .isZero();
        PartitionProduceResponse second = produce(LEADER, "t", LocalBroker.records("c"));
        assertThat(error(second)).isEqualTo(Errors.NONE);
        assertThat(second.baseOffset()).isEqualTo(2);
        assertThat(second.logStartOffset()).isZero();
        assertThat(second.logAppendTimeMs()).isEqualTo(-1);
    }

    @Test
    void nothingIsAcknowledgedBeforeItIsSynced() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        store.holdSyncs();
        var one = broker.produce(connection, LEADER, "t", 0, LocalBroker.records("a"));
        var all = broker.produce(connection, ALL, "t", 0, LocalBroker.records("b"));
        store.awaitHeldSync();
        assertThat(one).isNotDone();
        assertThat(all).isNotDone();
        store.letSyncsGo();
        LocalBroker.await(one, ProduceResponseData.class);
        LocalBroker.await(all, ProduceResponseData.class);
    }

    @Test
    void acksZeroIsAnsweredByNothingOrAClosedConnection() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        assertThat(broker.produce(connection, NONE, "t", 0, LocalBroker.records("a"))
                        .get(20, TimeUnit.SECONDS))
                .isInstanceOf(LocalBroker.Answer.Nothing.class);
        assertThat(broker.produce(connection, NONE, "nope", 0, LocalBroker.records("a"))
                        .get(20, TimeUnit.SECONDS))
                .isInstanceOf(LocalBroker.Answer.Closed.class);
    }

    @Test
    void aRequestOverManyPartitionsIsAnsweredOnceWithEachOnesFate() throws Exception {
        broker.createTopic("t", 6, LogConfig.defaults());
        ProduceRequestData request = new ProduceRequestData().setAcks(ALL).setTimeoutMs(10_000);
        TopicProduceData topic = new TopicProduceData().setName("t");
        for (int p = 0; p < 8; p++) {
            topic.partitionData().add(new PartitionProduceData().setIndex(p).setRecords(LocalBroker.records("r" + p)));
        }
        request.topicData().add(topic);
        ProduceResponseData response = LocalBroker.await(
                broker.send(broker.produce, connection, ApiKeys.PRODUCE, (short) 11, request),
                ProduceResponseData.class);
        List<PartitionProduceResponse> parts =
                response.responses().iterator().next().partitionResponses();
        assertThat(parts).extracting(PartitionProduceResponse::index).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
        for (PartitionProduceResponse part : parts) {
            assertThat(error(part)).isEqualTo(part.index() < 6 ? Errors.NONE : Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
    }

    @Test
    void refusesWhatItCannotWrite() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        broker.createTopic("__consumer_offsets", 1, LogConfig.defaults());
        assertThat(error(produce((short) 2, "t", LocalBroker.records("a")))).isEqualTo(Errors.INVALID_REQUIRED_ACKS);
        assertThat(error(produce(ALL, "nope", LocalBroker.records("a")))).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(error(produce(ALL, "__consumer_offsets", LocalBroker.records("a"))))
                .isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
        assertThat(error(produce(ALL, "t", MemoryRecords.EMPTY))).isEqualTo(Errors.INVALID_RECORD);

        assertThat(error(produce(ALL, "t", damaged()))).isEqualTo(Errors.CORRUPT_MESSAGE);
    }

    @Test
    void transactionsAreRefusedClearly() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        ProduceRequestData named = LocalBroker.produceRequest(ALL, "t", 0, LocalBroker.records("a"))
                .setTransactionalId("tx");
        PartitionProduceResponse byId = LocalBroker.onlyPart(LocalBroker.await(
                broker.send(broker.produce, connection, ApiKeys.PRODUCE, (short) 11, named),
                ProduceResponseData.class));
        assertThat(error(byId)).isEqualTo(Errors.UNSUPPORTED_VERSION);
        assertThat(byId.errorMessage()).contains("transaction");

        MemoryRecords batch = LocalBroker.offHeap(MemoryRecords.withTransactionalRecords(
                Compression.NONE, 5, (short) 0, 0, new SimpleRecord(System.currentTimeMillis(), null, new byte[1])));
        assertThat(error(produce(ALL, "t", batch))).isNotEqualTo(Errors.NONE);
        assertThat(produce(ALL, "t", LocalBroker.records("b")).baseOffset()).isZero();
    }

    @ParameterizedTest
    @ValueSource(shorts = {3, 4, 5, 6, 7, 8, 9, 10, 11})
    void everyVersionIsAnsweredInItsOwnSchema(short version) throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        broker.elsewhere.add("other");
        for (String topic : List.of("t", "other", "nope")) {
            ProduceRequestData request = LocalBroker.produceRequest(ALL, topic, 0, LocalBroker.records("a"));
            PartitionProduceResponse part = LocalBroker.onlyPart(LocalBroker.await(
                    broker.send(broker.produce, connection, ApiKeys.PRODUCE, version, request),
                    ProduceResponseData.class));
            assertThat(part.errorCode() == 0).isEqualTo(topic.equals("t"));
        }
        ProduceRequestData future = LocalBroker.produceRequest(
                ALL,
                "t",
                0,
                LocalBroker.offHeap(MemoryRecords.withRecords(
                        Compression.NONE, new SimpleRecord(Long.MAX_VALUE - 1, null, new byte[1]))));
        assertThat(LocalBroker.onlyPart(LocalBroker.await(
                                broker.send(broker.produce, connection, ApiKeys.PRODUCE, version, future),
                                ProduceResponseData.class))
                        .errorCode())
                .isEqualTo(Errors.INVALID_TIMESTAMP.code());
    }

    /** KIP-951: who asks the wrong broker learns the right one. */
    @Test
    void namesTheLeaderThatItIsNot() throws Exception {
        broker.elsewhere.add("other");
        ProduceResponseData response = LocalBroker.await(
                broker.produce(connection, ALL, "other", 0, LocalBroker.records("a")), ProduceResponseData.class);
        PartitionProduceResponse part = LocalBroker.onlyPart(response);
        assertThat(error(part)).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
        assertThat(part.currentLeader().leaderId()).isEqualTo(2);
        assertThat(part.currentLeader().leaderEpoch()).isEqualTo(7);
        assertThat(response.nodeEndpoints().find(2).host()).isEqualTo("other.example");
    }

    /** KIP-98: "duplicates are acknowledged with the offset of the original". */
    @Test
    void aRetryIsAcknowledgedWithItsFirstOffset() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        produce(ALL, "t", LocalBroker.records("x"));
        long first =
                produce(ALL, "t", LocalBroker.idempotent(9, (short) 0, 0, "a")).baseOffset();
        produce(ALL, "t", LocalBroker.idempotent(9, (short) 0, 1, "b"));

        PartitionProduceResponse retry = produce(ALL, "t", LocalBroker.idempotent(9, (short) 0, 0, "a"));
        assertThat(error(retry)).isEqualTo(Errors.NONE);
        assertThat(retry.baseOffset()).isEqualTo(first);
        assertThat(produce(ALL, "t", LocalBroker.records("y")).baseOffset()).isEqualTo(3);
    }

    @Test
    void aGapAndAnOldEpochAreRefused() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        produce(ALL, "t", LocalBroker.idempotent(9, (short) 1, 0, "a"));
        assertThat(error(produce(ALL, "t", LocalBroker.idempotent(9, (short) 1, 2, "c"))))
                .isEqualTo(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER);
        assertThat(error(produce(ALL, "t", LocalBroker.idempotent(9, (short) 0, 0, "old"))))
                .isEqualTo(Errors.INVALID_PRODUCER_EPOCH);
    }

    @Test
    void keepsOrderWhileTheShardIsFullAndTheConnectionIsNotRead() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        store.holdSyncs();
        int count = 200;
        List<CompletableFuture<LocalBroker.Answer>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            answers.add(broker.produce(connection, LEADER, "t", 0, LocalBroker.records("r" + i)));
        }
        await().until(() -> !connection.isReading());
        assertThat(broker.produce.stalledConnections()).isEqualTo(1);
        store.letSyncsGo();
        for (int i = 0; i < count; i++) {
            PartitionProduceResponse part =
                    LocalBroker.onlyPart(LocalBroker.await(answers.get(i), ProduceResponseData.class));
            assertThat(part.baseOffset()).isEqualTo(i);
        }
        await().until(connection::isReading);
        assertThat(broker.produce.stalledConnections()).isZero();
    }

    @Test
    void keepsOrderWhileRoomComesAndGoes() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        int count = 3000;
        List<CompletableFuture<LocalBroker.Answer>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            answers.add(broker.produce(connection, LEADER, "t", 0, LocalBroker.records("r" + i)));
            if (i % 50 == 0) {
                answers.get(i).get(20, TimeUnit.SECONDS); // the ring drains while more come in
            }
        }
        for (int i = 0; i < count; i++) {
            assertThat(LocalBroker.onlyPart(LocalBroker.await(answers.get(i), ProduceResponseData.class))
                            .baseOffset())
                    .isEqualTo(i);
        }
        assertThat(connection.stops.get()).isPositive();
    }

    @Test
    void aFailedSyncAcknowledgesNothing() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        store.failSyncs();
        assertThat(error(produce(LEADER, "t", LocalBroker.records("a")))).isEqualTo(Errors.KAFKA_STORAGE_ERROR);
        assertThat(error(produce(ALL, "t", LocalBroker.records("b")))).isEqualTo(Errors.KAFKA_STORAGE_ERROR);
    }

    private static PartitionImage withFollower(List<Integer> inSync) {
        return new PartitionImage(
                List.of(1, 2),
                List.of(new UUID(0, 1), new UUID(0, 2)),
                inSync,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                1,
                LeaderRecovery.RECOVERED,
                1,
                1);
    }

    @Test
    void acksAllWaitsForTheFollowerAndTimesOut() throws Exception {
        UUID id = UUID.randomUUID();
        broker.partitions
                .follow(new TopicPartition("t", id, 0), LogConfig.defaults(), withFollower(List.of(1, 2)))
                .get(20, TimeUnit.SECONDS);
        assertThat(error(produce(LEADER, "t", LocalBroker.records("a")))).isEqualTo(Errors.NONE);

        ProduceRequestData hasty = LocalBroker.produceRequest(ALL, "t", 0, LocalBroker.records("b"))
                .setTimeoutMs(20);
        PartitionProduceResponse late = LocalBroker.onlyPart(LocalBroker.await(
                broker.send(broker.produce, connection, ApiKeys.PRODUCE, (short) 11, hasty),
                ProduceResponseData.class));
        assertThat(error(late)).isEqualTo(Errors.REQUEST_TIMED_OUT);

        // Those that still wait when the topic goes are told so.
        var waiting = broker.produce(connection, ALL, "t", 0, LocalBroker.records("c"));
        broker.partitions
                .delete(new Uuid(id.getMostSignificantBits(), id.getLeastSignificantBits()))
                .get(20, TimeUnit.SECONDS);
        PartitionProduceResponse gone = LocalBroker.onlyPart(LocalBroker.await(waiting, ProduceResponseData.class));
        assertThat(error(gone)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
    }

    /** KIP-966: below min.insync.replicas nothing is written for acks=all. */
    @Test
    void acksAllIsRefusedBelowTheMinimumOfInSyncReplicas() throws Exception {
        LogConfig twoInSync = LogConfig.defaults().withMinInSyncReplicas(2);
        broker.partitions
                .follow(new TopicPartition("t", UUID.randomUUID(), 0), twoInSync, withFollower(List.of(1)))
                .get(20, TimeUnit.SECONDS);
        assertThat(error(produce(ALL, "t", LocalBroker.records("a")))).isEqualTo(Errors.NOT_ENOUGH_REPLICAS);
        assertThat(produce(LEADER, "t", LocalBroker.records("b")).baseOffset()).isZero();
    }

    @Test
    void whatIsWrittenIsCountedForItsTopicAndForTheBrokerAsItWasReceived() throws Exception {
        broker.createTopic("t", 2, LogConfig.defaults());
        broker.createTopic("u", 1, LogConfig.defaults());
        MemoryRecords three = LocalBroker.records("a", "b", "c");
        MemoryRecords one = LocalBroker.records("d");
        int threeBytes = three.sizeInBytes();
        int oneBytes = one.sizeInBytes();
        produce(ALL, "t", three);
        broker.produce(connection, NONE, "t", 1, one).get(20, TimeUnit.SECONDS);
        produce(LEADER, "u", LocalBroker.records("e"));

        TopicTraffic t = traffic("t");
        assertThat(t.messagesIn()).isEqualTo(4);
        assertThat(t.bytesIn()).isEqualTo(threeBytes + oneBytes);
        assertThat(t.produceRequests()).isEqualTo(2);
        TopicTraffic all = broker.partitions.traffic();
        assertThat(all.messagesIn()).isEqualTo(5);
        assertThat(all.bytesIn()).isEqualTo(t.bytesIn() + traffic("u").bytesIn());
        assertThat(all.produceRequests()).isEqualTo(3);
        assertThat(all.failedProduceRequests()).isZero();
    }

    /** Kafka's ReplicaManager counts a duplicate's records and bytes as those of the batch it repeats. */
    @Test
    void aRetryIsCountedAgain() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        produce(ALL, "t", LocalBroker.idempotent(9, (short) 0, 0, "a"));
        produce(ALL, "t", LocalBroker.idempotent(9, (short) 0, 0, "a"));
        assertThat(traffic("t").messagesIn()).isEqualTo(2);
    }

    /** "Failed produce requests metric is not incremented for known exceptions": Kafka's ReplicaManager, appendToLocalLog. */
    @Test
    void refusalsAreFailuresOnlyWhereKafkaDoesNotExpectThem() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults().withMaxMessageBytes(200));
        broker.createTopic("__consumer_offsets", 1, LogConfig.defaults());
        MemoryRecords large = LocalBroker.records("x".repeat(300));
        int largeBytes = large.sizeInBytes();
        produce(ALL, "t", large);
        produce(ALL, "t", damaged());
        produce(ALL, "__consumer_offsets", LocalBroker.records("a"));
        produce(ALL, "nope", LocalBroker.records("a"));
        produce((short) 2, "t", LocalBroker.records("a"));
        TopicTraffic t = traffic("t");
        assertThat(t.failedProduceRequests()).isZero();
        assertThat(t.bytesRejected()).isEqualTo(largeBytes);
        assertThat(t.corruptBatches()).isEqualTo(1);
        assertThat(t.produceRequests()).isEqualTo(2);
        assertThat(broker.produce.refusedBatches(Refusal.TOO_LARGE)).isEqualTo(1);
        assertThat(broker.produce.refusedBatches(Refusal.CORRUPT)).isEqualTo(1);

        produce(ALL, "t", LocalBroker.idempotent(9, (short) 1, 0, "a"));
        produce(ALL, "t", LocalBroker.idempotent(9, (short) 1, 2, "gap"));
        produce(ALL, "t", LocalBroker.idempotent(9, (short) 0, 0, "fenced"));
        produce(ALL, "t", MemoryRecords.EMPTY);
        assertThat(t.failedProduceRequests()).isEqualTo(3);
        assertThat(t.messagesIn()).isEqualTo(1);
        assertThat(broker.partitions.traffic().failedProduceRequests()).isEqualTo(3);
        assertThat(broker.partitions.traffic().produceRequests()).isEqualTo(7);
    }

    @Test
    void aTopicMadeAnewIsCountedFromNothing() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        produce(ALL, "t", LocalBroker.records("a"));
        broker.partitions.delete(id).get(20, TimeUnit.SECONDS);
        broker.ids.remove("t");
        broker.createTopic("t", 1, LogConfig.defaults());
        assertThat(traffic("t").messagesIn()).isZero();
        assertThat(broker.partitions.traffic().messagesIn()).isEqualTo(1);
    }

    @Test
    void requestsThatWaitForFollowersAreCountedUntilTheyAreAnswered() throws Exception {
        UUID id = UUID.randomUUID();
        broker.partitions
                .follow(new TopicPartition("t", id, 0), LogConfig.defaults(), withFollower(List.of(1, 2)))
                .get(20, TimeUnit.SECONDS);
        var one = broker.produce(connection, ALL, "t", 0, LocalBroker.records("a"));
        var other = broker.produce(connection, ALL, "t", 0, LocalBroker.records("b"));
        produce(LEADER, "t", LocalBroker.records("c"));
        await().until(() -> broker.produce.parkedRequests() == 2);
        broker.partitions
                .delete(new Uuid(id.getMostSignificantBits(), id.getLeastSignificantBits()))
                .get(20, TimeUnit.SECONDS);
        LocalBroker.await(one, ProduceResponseData.class);
        LocalBroker.await(other, ProduceResponseData.class);
        assertThat(broker.produce.parkedRequests()).isZero();
    }

    private TopicTraffic traffic(String topic) {
        return Objects.requireNonNull(broker.partitions.topic(topic)).traffic();
    }

    private static MemoryRecords damaged() {
        MemoryRecords records = LocalBroker.records("a");
        ByteBuffer bytes = ByteBuffer.allocateDirect(records.sizeInBytes());
        bytes.put(records.buffer()).flip();
        bytes.put(bytes.limit() - 1, (byte) (bytes.get(bytes.limit() - 1) ^ 1));
        return MemoryRecords.readableRecords(bytes);
    }

    @Test
    void everyShareOfTheReceivedMemoryIsGivenBack() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        List<CountingLease> frames = new ArrayList<>();
        List<CompletableFuture<LocalBroker.Answer>> answers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            CountingLease frame = new CountingLease();
            frames.add(frame);
            MemoryRecords records = i % 3 == 0
                    ? LocalBroker.idempotent(5, (short) 0, i, "gap") // all but the first are out of order
                    : LocalBroker.records("r" + i);
            String topic = i % 7 == 6 ? "nope" : "t";
            answers.add(broker.send(
                    broker.produce,
                    connection,
                    ApiKeys.PRODUCE,
                    (short) 11,
                    LocalBroker.produceRequest(ALL, topic, 0, records),
                    frame));
        }
        for (CompletableFuture<LocalBroker.Answer> answer : answers) {
            answer.get(20, TimeUnit.SECONDS);
        }
        broker.close(); // the newest batches may be kept in memory for readers until then
        assertThat(frames).allSatisfy(frame -> assertThat(frame.shares()).isZero());
    }
}
