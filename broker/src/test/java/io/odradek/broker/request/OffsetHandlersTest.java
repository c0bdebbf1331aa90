package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.partition.FollowerAnswer;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.engine.LogConfig;
import io.odradek.replication.partition.ReplicaFetch;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsPartitionResult;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OffsetHandlersTest {
    private static final List<Integer> REPLICAS = List.of(LocalBroker.BROKER_ID, 2);

    @TempDir
    Path directory;

    private LocalBroker broker;
    private TestConnection connection;

    @BeforeEach
    void start() throws Exception {
        broker = new LocalBroker(directory, 1, 64);
        connection = new TestConnection();
    }

    @AfterEach
    void stop() throws Exception {
        broker.close();
        connection.close();
    }

    private ListOffsetsPartitionResponse list(String topic, long timestamp, int version, int leaderEpoch)
            throws Exception {
        ListOffsetsRequestData request = new ListOffsetsRequestData()
                .setReplicaId(-1)
                .setTopics(List.of(new ListOffsetsTopic()
                        .setName(topic)
                        .setPartitions(List.of(new ListOffsetsPartition()
                                .setPartitionIndex(0)
                                .setCurrentLeaderEpoch(leaderEpoch)
                                .setTimestamp(timestamp)))));
        return LocalBroker.await(
                        broker.send(broker.listOffsets, connection, ApiKeys.LIST_OFFSETS, (short) version, request),
                        ListOffsetsResponseData.class)
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
    }

    @Test
    void namesBeginningAndEnd() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(connection, "t", 0, "a", "b", "c");
        assertThat(delete("t", 0, 1).lowWatermark()).isEqualTo(1);

        assertThat(list("t", -1, 11, -1).offset()).isEqualTo(3);
        assertThat(list("t", -1, 11, -1).leaderEpoch()).isEqualTo(1);
        assertThat(list("t", -2, 11, -1).offset()).isEqualTo(1);
        assertThat(list("t", -4, 11, -1).offset()).isEqualTo(1);
        // Nothing is tiered: KIP-1005 and KIP-1023 answer "unknown".
        assertThat(list("t", -5, 11, -1).offset()).isEqualTo(-1);
        assertThat(list("t", -6, 11, -1).offset()).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
    void everyVersionIsAnsweredInItsOwnSchema(int version) throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(connection, "t", 0, "a");
        assertThat(list("t", -1, version, -1).offset()).isEqualTo(1);
        assertThat(list("t", -2, version, -1).offset()).isZero();
        assertThat(list("nope", -1, version, -1).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
    }

    @Test
    void findsOffsetsByTime() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        long beforeMs = System.currentTimeMillis();
        broker.produceNow(connection, "t", 0, "a", "b");
        assertThat(list("t", beforeMs, 11, -1).offset()).isZero();
        assertThat(list("t", beforeMs + 3_600_000, 11, -1).offset()).isEqualTo(-1);
        assertThat(list("t", -3, 11, -1).timestamp()).isGreaterThanOrEqualTo(beforeMs);
    }

    @Test
    void refusesWhatAVersionDoesNotKnow() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        assertThat(list("t", -3, 6, -1).errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
        assertThat(list("t", -4, 7, -1).errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
        assertThat(list("t", -5, 8, -1).errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
        assertThat(list("t", -6, 10, -1).errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
        assertThat(list("t", -1, 11, 0).errorCode()).isEqualTo(Errors.FENCED_LEADER_EPOCH.code());
        assertThat(list("t", -1, 11, 2).errorCode()).isEqualTo(Errors.UNKNOWN_LEADER_EPOCH.code());
        assertThat(list("nope", -1, 11, -1).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
    }

    private EpochEndOffset epochEnd(int epoch) throws Exception {
        OffsetForLeaderEpochRequestData request = new OffsetForLeaderEpochRequestData();
        request.topics()
                .add(new OffsetForLeaderTopic()
                        .setTopic("t")
                        .setPartitions(List.of(new OffsetForLeaderPartition()
                                .setPartition(0)
                                .setCurrentLeaderEpoch(-1)
                                .setLeaderEpoch(epoch))));
        return LocalBroker.await(
                        broker.send(broker.epochs, connection, ApiKeys.OFFSET_FOR_LEADER_EPOCH, (short) 4, request),
                        OffsetForLeaderEpochResponseData.class)
                .topics()
                .iterator()
                .next()
                .partitions()
                .getFirst();
    }

    @Test
    void saysWhereAReignEnded() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(connection, "t", 0, "a", "b");
        broker.lead("t", 0, LogConfig.defaults(), 4);
        broker.produceNow(connection, "t", 0, "c");

        assertThat(epochEnd(1).endOffset()).isEqualTo(2);
        assertThat(epochEnd(2).leaderEpoch()).isEqualTo(1);
        assertThat(epochEnd(4).endOffset()).isEqualTo(3);
        assertThat(epochEnd(5).endOffset()).isEqualTo(-1);
        assertThat(epochEnd(5).leaderEpoch()).isEqualTo(-1);
    }

    private DeleteRecordsPartitionResult delete(String topic, int partition, long offset) throws Exception {
        return deleted(deletion(topic, partition, offset, 60_000));
    }

    private CompletableFuture<LocalBroker.Answer> deletion(String topic, int partition, long offset, int timeoutMs) {
        DeleteRecordsRequestData request = new DeleteRecordsRequestData()
                .setTimeoutMs(timeoutMs)
                .setTopics(List.of(new DeleteRecordsTopic()
                        .setName(topic)
                        .setPartitions(List.of(new DeleteRecordsPartition()
                                .setPartitionIndex(partition)
                                .setOffset(offset)))));
        return broker.send(broker.deleteRecords, connection, ApiKeys.DELETE_RECORDS, (short) 2, request);
    }

    private static DeleteRecordsPartitionResult deleted(CompletableFuture<LocalBroker.Answer> answer) throws Exception {
        return LocalBroker.await(answer, DeleteRecordsResponseData.class)
                .topics()
                .iterator()
                .next()
                .partitions()
                .iterator()
                .next();
    }

    @Test
    void aDeletionIsAnsweredWhenItIsOnDisk() throws Exception {
        broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(connection, "t", 0, "a", "b", "c");
        assertThat(delete("t", 0, 2).lowWatermark()).isEqualTo(2);
        assertThat(directory.resolve("log-start-offset-checkpoint")).content().contains("t 0 2");
    }

    /** Three records of a partition that broker 2 follows, in sync. */
    private PartitionHost followed() throws Exception {
        PartitionHost host =
                broker.follow("t", 0, LogConfig.defaults(), LocalBroker.image(1, LocalBroker.BROKER_ID, REPLICAS));
        LocalBroker.await(
                broker.produce(connection, (short) 1, "t", 0, LocalBroker.records("a", "b", "c")),
                ProduceResponseData.class);
        fetched(host, 0);
        return host;
    }

    /** Broker 2 says that it has all records from {@code logStartOffset} on. */
    private static void fetched(PartitionHost host, long logStartOffset) throws Exception {
        fetched(host, 1, logStartOffset);
    }

    private static void fetched(PartitionHost host, int leaderEpoch, long logStartOffset) throws Exception {
        CompletableFuture<FollowerAnswer> answer = new CompletableFuture<>();
        ReplicaFetch fetch = new ReplicaFetch(2, 7, leaderEpoch, 3, 1, logStartOffset, 0, 0);
        host.shard().settle(() -> host.followerFetched(fetch, answer::complete));
        answer.get(20, TimeUnit.SECONDS);
    }

    /** KIP-107: it may lead next, and would bring them back. */
    @Test
    void aDeletionIsAnsweredWhenWhoIsInSyncHasDeletedTheRecordsToo() throws Exception {
        PartitionHost host = followed();
        CompletableFuture<LocalBroker.Answer> answer = deletion("t", 0, 2, 60_000);
        await().untilAsserted(() -> assertThat(directory.resolve("log-start-offset-checkpoint"))
                .content()
                .contains("t 0 2"));
        fetched(host, 1);
        assertThat(answer).isNotDone();
        fetched(host, 3);
        assertThat(deleted(answer).lowWatermark())
                .as("the leader's own start, which is the lowest")
                .isEqualTo(2);
    }

    /** KIP-966: nor has it to be in sync, to lead next. */
    @Test
    void aDeletionWaitsForEligibleLeaders() throws Exception {
        PartitionHost host = followed();
        broker.follow("t", 0, LogConfig.defaults(), LocalBroker.image(2, LocalBroker.BROKER_ID, REPLICAS, List.of(2)));
        assertThat(Errors.forCode(deleted(deletion("t", 0, 2, 50)).errorCode())).isEqualTo(Errors.REQUEST_TIMED_OUT);
        CompletableFuture<LocalBroker.Answer> answer = deletion("t", 0, 2, 60_000);
        fetched(host, 2, 2);
        assertThat(deleted(answer).lowWatermark()).isEqualTo(2);
    }

    @Test
    void aDeletionThatOthersDoNotFollowTimesOut() throws Exception {
        followed();
        DeleteRecordsPartitionResult answer = deleted(deletion("t", 0, 2, 50));
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.REQUEST_TIMED_OUT);
        assertThat(answer.lowWatermark()).isEqualTo(-1);
    }

    @Test
    void whoHasDeletedRecordsIsToldWhenAnotherLeads() throws Exception {
        followed();
        CompletableFuture<LocalBroker.Answer> answer = deletion("t", 0, 2, 60_000);
        broker.follow("t", 0, LogConfig.defaults(), LocalBroker.image(2, 2, REPLICAS));
        assertThat(Errors.forCode(deleted(answer).errorCode())).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
    }

    @Test
    void deletedRecordsAreOutOfRange() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(connection, "t", 0, "a", "b", "c");
        assertThat(delete("t", 0, 4).errorCode()).isEqualTo(Errors.OFFSET_OUT_OF_RANGE.code());
        assertThat(delete("t", 0, -2).errorCode()).isEqualTo(Errors.OFFSET_OUT_OF_RANGE.code());
        assertThat(delete("t", 1, 0).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        assertThat(delete("t", 0, 2).lowWatermark()).isEqualTo(2);

        var below = broker.fetch(connection, LocalBroker.fetchRequest(null, id, 0, 1, 1, 0), 17);
        FetchResponseData response = LocalBroker.await(below, FetchResponseData.class);
        assertThat(LocalBroker.parts(response).getFirst().errorCode()).isEqualTo(Errors.OFFSET_OUT_OF_RANGE.code());

        // -1: everything below the high watermark (KIP-107)
        assertThat(delete("t", 0, -1).lowWatermark()).isEqualTo(3);
    }

    @Test
    void recordsOfInternalTopicsStay() throws Exception {
        broker.createTopic("__consumer_offsets", 1, LogConfig.defaults());
        assertThat(delete("__consumer_offsets", 0, -1).errorCode()).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION.code());
    }
}
