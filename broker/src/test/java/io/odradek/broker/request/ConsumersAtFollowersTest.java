package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.LogConfig;
import io.odradek.engine.TopicPartition;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.PartitionImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Consumers at a replica that follows (KIP-392). It has four records and knows of the first two that they are committed:
 *
 * <pre>
 *   a    b    c    d
 *   0    1  | 2    3  |
 *   epoch 1 | epoch 2 |     it follows in epoch 3
 *           high watermark
 * </pre>
 */
class ConsumersAtFollowersTest {
    private static final int IDS = 17;
    private static final int FOREVER_MS = 120_000;
    private static final int OTHER = 2;

    @TempDir
    Path directory;

    private LocalBroker broker;
    private TestConnection client;
    private Uuid topic;

    @BeforeEach
    void followWithMoreThanIsCommitted() throws Exception {
        broker = new LocalBroker(directory, 1, 64);
        client = new TestConnection();
        topic = broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(client, "t", 0, "a", "b");
        hear(image(List.of(LocalBroker.BROKER_ID, OTHER), LocalBroker.BROKER_ID, 2));
        broker.produce(client, (short) 1, "t", 0, LocalBroker.records("c", "d")).get(20, TimeUnit.SECONDS);
        hear(image(List.of(LocalBroker.BROKER_ID, OTHER), OTHER, 3));
    }

    @AfterEach
    void stop() throws Exception {
        broker.close();
        client.close();
    }

    private static PartitionImage image(List<Integer> replicas, int leader, int epoch) {
        return new PartitionImage(
                replicas,
                IntStream.range(0, replicas.size())
                        .mapToObj(i -> new UUID(0, i + 1))
                        .toList(),
                replicas,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                leader,
                LeaderRecovery.RECOVERED,
                epoch,
                epoch);
    }

    private void hear(PartitionImage image) throws Exception {
        UUID id = Objects.requireNonNull(broker.ids.get("t"));
        broker.partitions
                .follow(new TopicPartition("t", id, 0), LogConfig.defaults(), image)
                .get(20, TimeUnit.SECONDS);
    }

    private FetchRequestData request(long offset, int currentEpoch, int lastFetchedEpoch) {
        FetchRequestData request = LocalBroker.fetchRequest(null, topic, 0, offset, 1, 0);
        request.topics()
                .getFirst()
                .partitions()
                .getFirst()
                .setCurrentLeaderEpoch(currentEpoch)
                .setLastFetchedEpoch(lastFetchedEpoch);
        return request;
    }

    private PartitionData fetch(FetchRequestData request, int version) throws Exception {
        return LocalBroker.parts(LocalBroker.await(broker.fetch(client, request, version), FetchResponseData.class))
                .getFirst();
    }

    @Test
    void whatItKnowsToBeCommittedIsRead() throws Exception {
        PartitionData read = fetch(request(0, 3, -1), IDS);
        assertThat(Errors.forCode(read.errorCode())).isEqualTo(Errors.NONE);
        assertThat(LocalBroker.values(read, 0)).containsExactly(Map.entry(0L, "a"), Map.entry(1L, "b"));
        assertThat(read.highWatermark()).isEqualTo(2);
        assertThat(read.lastStableOffset()).isEqualTo(2);
        assertThat(read.preferredReadReplica()).isEqualTo(-1);
    }

    /** Nobody who has read more elsewhere is told to go back; epochs are as at a leader (KIP-320). */
    @ParameterizedTest
    @CsvSource({
        "2, 3, -1, NONE", // waits
        "3, 3, -1, NONE", // knows more than the replica
        "4, 3, -1, NONE",
        "5, 3, -1, OFFSET_NOT_AVAILABLE", // has more than the replica
        "500, -1, -1, OFFSET_NOT_AVAILABLE",
        "2, 3, 1, NONE",
        "3, 3, 1, NONE", // what lies there now may not be what will be
        "2, 3, 7, OFFSET_NOT_AVAILABLE", // an epoch it has not heard of
        "2, 3, 0, OFFSET_NOT_AVAILABLE", // the leader may tell where they part
        "0, 2, -1, FENCED_LEADER_EPOCH",
        "0, 4, -1, UNKNOWN_LEADER_EPOCH",
    })
    void whoeverKnowsMoreWaitsOrAsksTheLeader(long offset, int currentEpoch, int lastFetchedEpoch, Errors error)
            throws Exception {
        PartitionData answer = fetch(request(offset, currentEpoch, lastFetchedEpoch), IDS);
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(error);
        assertThat(FetchRound.sizeBytes(answer)).isZero();
        assertThat(answer.divergingEpoch().endOffset()).isEqualTo(-1);
    }

    @Test
    void whatLiesBelowItsLogIsOutOfRange() throws Exception {
        assertThat(Errors.forCode(fetch(request(-1, 3, -1), IDS).errorCode())).isEqualTo(Errors.OFFSET_OUT_OF_RANGE);
    }

    @Test
    void clientsFromBeforeThatReadFromLeadersOnly() throws Exception {
        FetchRequestData request = LocalBroker.fetchRequest("t", Uuid.ZERO_UUID, 0, 0, 1, 0);
        assertThat(Errors.forCode(fetch(request, 10).errorCode())).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
        assertThat(Errors.forCode(fetch(request, 11).errorCode())).isEqualTo(Errors.NONE);
    }

    @Test
    void aFetchThatWaitsThereEndsWhenItFollowsNoMore() throws Exception {
        FetchRequestData request = request(2, 3, -1);
        request.setMaxWaitMs(FOREVER_MS);
        CompletableFuture<LocalBroker.Answer> waiting = broker.fetch(client, request, IDS);
        hear(image(List.of(OTHER), OTHER, 4));
        PartitionData answer = LocalBroker.parts(LocalBroker.await(waiting, FetchResponseData.class))
                .getFirst();
        assertThat(Errors.forCode(answer.errorCode())).isIn(Errors.NOT_LEADER_OR_FOLLOWER, Errors.FENCED_LEADER_EPOCH);
    }

    /** Back as the leader, what it had not known of is committed, and the fetch that waited for it gets it. */
    @Test
    void aFetchThatWaitsThereGoesOnWhenItLeads() throws Exception {
        FetchRequestData request = request(2, -1, -1);
        request.setMaxWaitMs(FOREVER_MS);
        CompletableFuture<LocalBroker.Answer> waiting = broker.fetch(client, request, IDS);
        hear(image(List.of(LocalBroker.BROKER_ID), LocalBroker.BROKER_ID, 4));
        PartitionData answer = LocalBroker.parts(LocalBroker.await(waiting, FetchResponseData.class))
                .getFirst();
        assertThat(LocalBroker.values(answer, 2)).containsExactly(Map.entry(2L, "c"), Map.entry(3L, "d"));
    }
}
