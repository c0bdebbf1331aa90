package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.TopicTraffic;
import io.odradek.broker.quota.FetchQuota;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.io.DiskFileStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FetchHandlerTest {
    /** Longer than any test may take: a fetch that is answered was woken. */
    private static final int FOREVER_MS = 120_000;

    private static final int IDS = 17;
    private static final int NAMES = 12;

    @TempDir
    Path directory;

    private GatedFileStore store;
    private LocalBroker broker;
    private TestConnection producer;
    private TestConnection consumer;

    @BeforeEach
    void start() throws Exception {
        store = new GatedFileStore(new DiskFileStore());
        broker = new LocalBroker(directory, store, 2, 64);
        producer = new TestConnection();
        consumer = new TestConnection();
    }

    @AfterEach
    void stop() throws Exception {
        store.letSyncsGo();
        broker.close();
        producer.close();
        consumer.close();
    }

    private FetchResponseData fetch(FetchRequestData request, int version) throws Exception {
        return LocalBroker.await(broker.fetch(consumer, request, version), FetchResponseData.class);
    }

    private PartitionData fetchOne(Uuid id, long offset) throws Exception {
        return LocalBroker.parts(fetch(LocalBroker.fetchRequest(null, id, 0, offset, 1, 0), IDS))
                .getFirst();
    }

    @Test
    void readsBackWhatWasProduced() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(producer, "t", 0, "a", "b");
        broker.produceNow(producer, "t", 0, "c");

        PartitionData byId = fetchOne(id, 0);
        assertThat(LocalBroker.values(byId, 0))
                .containsExactly(Map.entry(0L, "a"), Map.entry(1L, "b"), Map.entry(2L, "c"));
        assertThat(byId.highWatermark()).isEqualTo(3);
        assertThat(byId.lastStableOffset()).isEqualTo(3);
        assertThat(byId.logStartOffset()).isZero();

        PartitionData byName = LocalBroker.parts(
                        fetch(LocalBroker.fetchRequest("t", Uuid.ZERO_UUID, 0, 1, 1, 0), NAMES))
                .getFirst();
        assertThat(LocalBroker.values(byName, 1)).containsExactly(Map.entry(1L, "b"), Map.entry(2L, "c"));
    }

    /** Nobody gets records while it is over its quota. */
    private record Quota(boolean isOver, List<Long> asked) implements FetchQuota {
        @Override
        public long mostBytes(@Nullable String clientId) {
            return 1000;
        }

        @Override
        public Verdict fetched(@Nullable String clientId, long bytes) {
            asked.add(bytes);
            return new Verdict(isOver && bytes > 0 ? 700 : 0, isOver && bytes > 0);
        }
    }

    /** KIP-219: the answer has no records and says how long to wait; then they are there, also in a session. */
    @Test
    void whatIsWithheldFromASessionComesLater() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        FetchRequestData first = LocalBroker.fetchRequest(null, id, 0, 0, 1, 0);
        first.setSessionEpoch(0);
        FetchResponseData begun = fetch(first, IDS);
        broker.produceNow(producer, "t", 0, "a", "b");
        List<Long> asked = new ArrayList<>();
        broker.quota = new Quota(true, asked);
        FetchResponseData withheld = fetch(incremental(begun.sessionId(), 1), IDS);
        assertThat(withheld.throttleTimeMs()).isEqualTo(700);
        assertThat(withheld.errorCode()).isZero();
        assertThat(withheld.sessionId()).isEqualTo(begun.sessionId());
        assertThat(withheld.responses()).isEmpty();
        assertThat(asked).hasSize(1).allMatch(bytes -> bytes > 0);

        broker.quota = FetchQuota.NONE;
        FetchResponseData given = fetch(incremental(begun.sessionId(), 2), IDS);
        assertThat(given.throttleTimeMs()).isZero();
        assertThat(LocalBroker.values(LocalBroker.parts(given).getFirst(), 0))
                .containsExactly(Map.entry(0L, "a"), Map.entry(1L, "b"));
    }

    /** The client makes nothing of such an answer but the time, and begins anew; so must we, or it would take slot after slot. */
    @Test
    void aFullFetchThatIsWithheldLeavesNoSession() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(producer, "t", 0, "a");
        broker.quota = new Quota(true, new ArrayList<>());
        for (int i = 0; i < 3; i++) {
            FetchRequestData full = LocalBroker.fetchRequest(null, id, 0, 0, 1, 0);
            full.setSessionEpoch(0);
            FetchResponseData withheld = fetch(full, IDS);
            assertThat(withheld.throttleTimeMs()).isEqualTo(700);
            assertThat(withheld.sessionId()).isZero();
            assertThat(withheld.responses()).isEmpty();
        }
        assertThat(broker.sessions.count()).isZero();
    }

    @Test
    void noMoreIsReadThanMayPass() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        for (int i = 0; i < 5; i++) {
            broker.produceNow(producer, "t", 0, "0123456789".repeat(40));
        }
        List<Long> asked = new ArrayList<>();
        broker.quota = new Quota(false, asked);
        fetchOne(id, 0);
        assertThat(asked).singleElement().satisfies(bytes -> assertThat(bytes).isBetween(400L, 1000L));
    }

    private static FetchRequestData incremental(int sessionId, int epoch) {
        return new FetchRequestData()
                .setReplicaId(-1)
                .setMaxBytes(1 << 20)
                .setMinBytes(1)
                .setMaxWaitMs(FOREVER_MS) // the session may hear of what is produced later than its producer
                .setSessionId(sessionId)
                .setSessionEpoch(epoch);
    }

    @Test
    void aParkedFetchWaitsUntilEnoughBytesAreVisible() throws Exception {
        Uuid id = broker.createTopic("t", 2, LogConfig.defaults());
        int batchBytes = LocalBroker.records("0123456789").sizeInBytes();
        FetchRequestData request = LocalBroker.fetchRequest(null, id, 0, 0, 3 * batchBytes, FOREVER_MS);
        request.topics().getFirst().partitions().add(fetchPartition(1, 0));
        CompletableFuture<LocalBroker.Answer> answer = broker.fetch(consumer, request, IDS);

        broker.produceNow(producer, "t", 0, "0123456789");
        broker.produceNow(producer, "t", 1, "0123456789");
        settled();
        assertThat(answer).isNotDone();
        broker.produceNow(producer, "t", 0, "0123456789");

        List<PartitionData> parts = LocalBroker.parts(LocalBroker.await(answer, FetchResponseData.class));
        assertThat(LocalBroker.values(parts.get(0), 0)).hasSize(2);
        assertThat(LocalBroker.values(parts.get(1), 0)).hasSize(1);
    }

    /** What the settle threads and the consumer's loop had to do is done. */
    private void settled() throws Exception {
        for (var shard : broker.shards) {
            CompletableFuture<Void> passed = new CompletableFuture<>();
            shard.shard().settle(() -> passed.complete(null));
            passed.get(20, TimeUnit.SECONDS);
        }
        CompletableFuture<Void> passed = new CompletableFuture<>();
        consumer.execute(() -> passed.complete(null));
        passed.get(20, TimeUnit.SECONDS);
    }

    @Test
    void aFetchThatWaitsIsCountedUntilItIsAnswered() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        FetchRequestData request = LocalBroker.fetchRequest(null, id, 0, 0, 1, FOREVER_MS);
        CompletableFuture<LocalBroker.Answer> answer = broker.fetch(consumer, request, IDS);
        settled();
        assertThat(broker.fetch.parkedRequests()).isEqualTo(1);
        broker.produceNow(producer, "t", 0, "a");
        LocalBroker.await(answer, FetchResponseData.class);
        assertThat(broker.fetch.parkedRequests()).isZero();
    }

    @Test
    void whatIsFetchedIsCountedOnceHoweverOftenTheRequestLooked() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        broker.createTopic("u", 1, LogConfig.defaults());
        CompletableFuture<LocalBroker.Answer> waited =
                broker.fetch(consumer, LocalBroker.fetchRequest(null, id, 0, 0, 1, FOREVER_MS), IDS);
        int batchBytes = LocalBroker.records("a").sizeInBytes();
        broker.produceNow(producer, "t", 0, "a");
        LocalBroker.await(waited, FetchResponseData.class);
        fetchOne(id, 0);
        fetchOne(id, 1); // nothing there yet
        fetchOne(id, 7); // out of range: the client's affair
        fetchOne(Uuid.randomUuid(), 0); // no such topic
        TopicTraffic t = Objects.requireNonNull(broker.partitions.topic("t")).traffic();
        assertThat(t.fetchRequests()).isEqualTo(4);
        assertThat(t.bytesOut()).isEqualTo(2L * batchBytes);
        assertThat(t.failedFetchRequests()).isZero();
        assertThat(broker.partitions.traffic().fetchRequests()).isEqualTo(4);
        assertThat(broker.partitions.traffic().bytesOut()).isEqualTo(2L * batchBytes);
        assertThat(Objects.requireNonNull(broker.partitions.topic("u"))
                        .traffic()
                        .fetchRequests())
                .isZero();
    }

    @Test
    void anExpiredFetchIsAnsweredWithWhatThereIs() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(producer, "t", 0, "a");
        FetchResponseData response = fetch(LocalBroker.fetchRequest(null, id, 0, 0, 1 << 20, 30), IDS);
        assertThat(LocalBroker.values(LocalBroker.parts(response).getFirst(), 0))
                .hasSize(1);

        FetchResponseData empty = fetch(LocalBroker.fetchRequest(null, id, 0, 1, 1, 30), IDS);
        assertThat(LocalBroker.parts(empty).getFirst().errorCode()).isEqualTo(Errors.NONE.code());
        assertThat(LocalBroker.values(LocalBroker.parts(empty).getFirst(), 0)).isEmpty();
    }

    @Test
    void recordsAreInvisibleUntilTheyAreDurable() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        store.holdSyncs();
        var produced = broker.produce(producer, (short) 1, "t", 0, LocalBroker.records("a"));
        store.awaitHeldSync();

        PartitionData unseen = fetchOne(id, 0);
        assertThat(unseen.highWatermark()).isZero();
        assertThat(LocalBroker.values(unseen, 0)).isEmpty();
        assertThat(produced).isNotDone();

        store.letSyncsGo();
        LocalBroker.await(produced, ProduceResponseData.class);
        assertThat(LocalBroker.values(fetchOne(id, 0), 0)).hasSize(1);
    }

    @Test
    void aDeletedTopicAnswersItsParkedFetches() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        var answer = broker.fetch(consumer, LocalBroker.fetchRequest(null, id, 0, 0, 1, FOREVER_MS), IDS);
        settled();
        assertThat(answer).isNotDone();
        broker.ids.remove("t");
        broker.partitions.delete(id).get(20, TimeUnit.SECONDS);

        PartitionData part = LocalBroker.parts(LocalBroker.await(answer, FetchResponseData.class))
                .getFirst();
        assertThat(part.errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_ID.code());
    }

    @Test
    void aNewReignWakesThoseWhoBelieveInTheOldOne() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        FetchRequestData request = LocalBroker.fetchRequest(null, id, 0, 0, 1, FOREVER_MS);
        request.topics().getFirst().partitions().getFirst().setCurrentLeaderEpoch(1);
        var answer = broker.fetch(consumer, request, IDS);
        settled();
        assertThat(answer).isNotDone();
        broker.lead("t", 0, LogConfig.defaults(), 2);

        PartitionData part = LocalBroker.parts(LocalBroker.await(answer, FetchResponseData.class))
                .getFirst();
        assertThat(part.errorCode()).isEqualTo(Errors.FENCED_LEADER_EPOCH.code());
    }

    @Test
    void refusesWhatItCannotServe() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        broker.elsewhere.add("other");
        assertThat(fetchOne(id, 1).errorCode()).isEqualTo(Errors.OFFSET_OUT_OF_RANGE.code());
        assertThat(fetchOne(id, -1).errorCode()).isEqualTo(Errors.OFFSET_OUT_OF_RANGE.code());
        assertThat(fetchOne(Uuid.randomUuid(), 0).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_ID.code());
        assertThat(errorByName("nope", 0)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(errorByName("t", 1)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(errorByName("other", 0)).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
        assertThat(errorByEpoch(id, 0)).isEqualTo(Errors.FENCED_LEADER_EPOCH);
        assertThat(errorByEpoch(id, 2)).isEqualTo(Errors.UNKNOWN_LEADER_EPOCH);
        assertThat(errorByEpoch(id, 1)).isEqualTo(Errors.NONE);
    }

    /** A process that stood still has what came meanwhile before it the timer that says that its lease is over. */
    @Test
    void whoseLeaseIsOverIsNoLeaderThoughNobodyHasSaidSo() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        broker.leaseEndMs.set(Long.MIN_VALUE);
        assertThat(fetchOne(id, 0).errorCode()).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER.code());
        assertThat(fetchOne(id, 1).errorCode())
                .as("where its log does not reach, another's may")
                .isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER.code());
        ProduceResponseData produced = LocalBroker.await(
                broker.produce(producer, (short) -1, "t", 0, LocalBroker.records("a")), ProduceResponseData.class);
        assertThat(LocalBroker.onlyPart(produced).errorCode()).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER.code());
        broker.leaseEndMs.set(Long.MAX_VALUE);
        assertThat(fetchOne(id, 0).errorCode()).isEqualTo(Errors.NONE.code());
    }

    private Errors errorByName(String topic, int partition) throws Exception {
        return Errors.forCode(
                LocalBroker.parts(fetch(LocalBroker.fetchRequest(topic, Uuid.ZERO_UUID, partition, 0, 1, 0), NAMES))
                        .getFirst()
                        .errorCode());
    }

    private Errors errorByEpoch(Uuid id, int epoch) throws Exception {
        FetchRequestData request = LocalBroker.fetchRequest(null, id, 0, 0, 1, 0);
        request.topics().getFirst().partitions().getFirst().setCurrentLeaderEpoch(epoch);
        return Errors.forCode(LocalBroker.parts(fetch(request, IDS)).getFirst().errorCode());
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18})
    void everyVersionIsAnsweredInItsOwnSchema(int version) throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(producer, "t", 0, "a");
        broker.elsewhere.add("other");
        boolean ids = version >= 13;
        FetchRequestData good = LocalBroker.fetchRequest(ids ? null : "t", ids ? id : Uuid.ZERO_UUID, 0, 0, 1, 0)
                .setIsolationLevel((byte) 1);
        assertThat(LocalBroker.values(LocalBroker.parts(fetch(good, version)).getFirst(), 0))
                .hasSize(1);
        FetchRequestData bad =
                LocalBroker.fetchRequest(ids ? null : "other", ids ? Uuid.randomUuid() : Uuid.ZERO_UUID, 0, 0, 1, 0);
        assertThat(LocalBroker.parts(fetch(bad, version)).getFirst().errorCode())
                .isNotZero();
    }

    /** KIP-595: a reader whose last epoch ended earlier than it believes is told where. */
    @Test
    void tellsAReaderWhereItsHistoryEnds() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        broker.produceNow(producer, "t", 0, "a", "b");
        broker.lead("t", 0, LogConfig.defaults(), 3);
        broker.produceNow(producer, "t", 0, "c");

        FetchRequestData request = LocalBroker.fetchRequest(null, id, 0, 3, 1, FOREVER_MS);
        request.topics().getFirst().partitions().getFirst().setLastFetchedEpoch(1);
        PartitionData part = LocalBroker.parts(fetch(request, IDS)).getFirst();
        assertThat(part.errorCode()).isEqualTo(Errors.NONE.code());
        assertThat(part.divergingEpoch().epoch()).isEqualTo(1);
        assertThat(part.divergingEpoch().endOffset()).isEqualTo(2);
    }

    /** KIP-74: "the first message set is returned even if it exceeds the limit", so that a consumer gets past it. */
    @Test
    void theFirstBatchComesEvenWhenItIsLargerThanEveryLimit() throws Exception {
        Uuid id = broker.createTopic("t", 2, LogConfig.defaults());
        broker.produceNow(producer, "t", 0, "x".repeat(1000));
        broker.produceNow(producer, "t", 1, "y".repeat(1000));
        FetchRequestData request =
                LocalBroker.fetchRequest(null, id, 0, 0, 1, 0).setMaxBytes(10);
        request.topics().getFirst().partitions().getFirst().setPartitionMaxBytes(10);
        request.topics()
                .getFirst()
                .partitions()
                .add(new FetchPartition().setPartition(1).setPartitionMaxBytes(10));
        List<PartitionData> parts = LocalBroker.parts(fetch(request, IDS));
        assertThat(LocalBroker.values(parts.get(0), 0)).hasSize(1);
        assertThat(LocalBroker.values(parts.get(1), 0)).isEmpty();
        assertThat(parts.get(1).highWatermark()).isEqualTo(1);
    }

    @Test
    void anIncrementalFetchNamesOnlyWhatChanged() throws Exception {
        Uuid id = broker.createTopic("t", 3, LogConfig.defaults());
        FetchRequestData first = LocalBroker.fetchRequest(null, id, 0, 0, 1, 0).setSessionEpoch(0);
        for (int p = 1; p < 3; p++) {
            first.topics().getFirst().partitions().add(fetchPartition(p, 0));
        }
        FetchResponseData full = fetch(first, IDS);
        assertThat(full.sessionId()).isNotZero();
        assertThat(LocalBroker.parts(full)).hasSize(3);

        FetchResponseData idle = fetch(next(full.sessionId(), 1).setMaxWaitMs(10), IDS);
        assertThat(LocalBroker.parts(idle)).isEmpty();

        var waiting = broker.fetch(consumer, next(full.sessionId(), 2), IDS);
        broker.produceNow(producer, "t", 1, "a");
        FetchResponseData woken = LocalBroker.await(waiting, FetchResponseData.class);
        assertThat(LocalBroker.parts(woken)).hasSize(1);
        assertThat(LocalBroker.parts(woken).getFirst().partitionIndex()).isEqualTo(1);
        assertThat(LocalBroker.values(LocalBroker.parts(woken).getFirst(), 0)).hasSize(1);

        // The client did not move its offset: it is given the same records again.
        FetchResponseData again = fetch(next(full.sessionId(), 3), IDS);
        assertThat(LocalBroker.values(LocalBroker.parts(again).getFirst(), 0)).hasSize(1);
    }

    private static FetchRequestData next(int sessionId, int epoch) {
        return new FetchRequestData()
                .setSessionId(sessionId)
                .setSessionEpoch(epoch)
                .setMinBytes(1)
                .setMaxBytes(1 << 20)
                .setMaxWaitMs(FOREVER_MS);
    }

    private static FetchPartition fetchPartition(int partition, long offset) {
        return new FetchPartition()
                .setPartition(partition)
                .setFetchOffset(offset)
                .setPartitionMaxBytes(1 << 20);
    }

    /** Produces one record at a time to a partition at random, and pauses now and then. */
    private Thread startWriter(
            Random random, int partitionCount, int batches, List<CompletableFuture<LocalBroker.Answer>> answers) {
        return Thread.ofPlatform().start(() -> {
            for (int i = 0; i < batches; i++) {
                answers.add(broker.produce(
                        producer, (short) 1, "t", random.nextInt(partitionCount), LocalBroker.records("r" + i)));
                if (random.nextInt(10) == 0) {
                    LockSupport.parkNanos(random.nextInt(300_000));
                }
            }
        });
    }

    /**
     * A consumer that always waits, over partitions of two shards, reads everything: were a single wake-up lost, its last
     * fetch would wait for ever.
     */
    @ParameterizedTest
    @CsvSource({"1,false,1", "2,true,1", "3,false,300", "4,true,300", "5,true,1"})
    void noWakeUpIsLost(long seed, boolean session, int minBytes) throws Exception {
        int partitionCount = 4;
        int batches = 400;
        Uuid id = broker.createTopic("t", partitionCount, pageCache());
        List<CompletableFuture<LocalBroker.Answer>> answers = new ArrayList<>();
        Thread writer = startWriter(new Random(seed), partitionCount, batches, answers);
        long[] offsets = new long[partitionCount];
        Map<String, Integer> seen = new HashMap<>();
        int sessionId = 0;
        int epoch = 0;
        while (seen.size() < batches) {
            // Near the end fewer bytes than wanted may be left.
            int wanted = batches - seen.size() < 20 ? 1 : minBytes;
            FetchRequestData request = LocalBroker.fetchRequest(null, id, 0, offsets[0], wanted, FOREVER_MS)
                    .setSessionId(sessionId)
                    .setSessionEpoch(session ? epoch : -1);
            for (int p = 1; p < partitionCount; p++) {
                request.topics().getFirst().partitions().add(fetchPartition(p, offsets[p]));
            }
            FetchResponseData response = fetch(request, IDS);
            assertThat(response.errorCode()).isZero();
            sessionId = response.sessionId();
            epoch++;
            int bytes = 0;
            for (PartitionData part : LocalBroker.parts(response)) {
                bytes += part.records().sizeInBytes();
                for (Map.Entry<Long, String> record :
                        LocalBroker.values(part, offsets[part.partitionIndex()]).entrySet()) {
                    assertThat(record.getKey()).isEqualTo(offsets[part.partitionIndex()]++);
                    seen.merge(record.getValue(), 1, Integer::sum);
                }
            }
            assertThat(bytes).isGreaterThanOrEqualTo(wanted);
        }
        writer.join();
        // What is read may not have been answered yet.
        assertThat(answers).allSatisfy(answer -> assertThat(answer).succeedsWithin(Duration.ofSeconds(30)));
        assertThat(seen.values()).containsOnly(1);
    }

    /** As {@code noWakeUpIsLost}, with a session whose requests name only what the client has moved. */
    @Test
    void noWakeUpIsLostInAnIncrementalSession() throws Exception {
        int partitionCount = 8;
        int batches = 400;
        Uuid id = broker.createTopic("t", partitionCount, pageCache());
        List<CompletableFuture<LocalBroker.Answer>> answers = new ArrayList<>();
        Thread writer = startWriter(new Random(42), partitionCount, batches, answers);
        long[] offsets = new long[partitionCount];
        List<Integer> moved = new ArrayList<>();
        for (int p = 0; p < partitionCount; p++) {
            moved.add(p);
        }
        int sessionId = 0;
        int epoch = 0;
        int seen = 0;
        while (seen < batches) {
            FetchTopic topic = new FetchTopic().setTopicId(id);
            for (int p : moved) {
                topic.partitions().add(fetchPartition(p, offsets[p]));
            }
            FetchRequestData request = next(sessionId, epoch).setTopics(moved.isEmpty() ? List.of() : List.of(topic));
            FetchResponseData response = fetch(request, IDS);
            assertThat(response.errorCode()).isZero();
            sessionId = response.sessionId();
            epoch++;
            moved.clear();
            for (PartitionData part : LocalBroker.parts(response)) {
                int p = part.partitionIndex();
                int got = LocalBroker.values(part, offsets[p]).size();
                if (got > 0) {
                    offsets[p] += got;
                    seen += got;
                    moved.add(p);
                }
            }
        }
        writer.join();
        // What is read may not have been answered yet.
        assertThat(answers).allSatisfy(answer -> assertThat(answer).succeedsWithin(Duration.ofSeconds(30)));
        assertThat(seen).isEqualTo(batches);
    }

    @Test
    void fetchesThatWereAnsweredElsewhereLeaveNoPileBehind() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        PartitionHost idle = Objects.requireNonNull(broker.partitions.find(id, 0));
        for (int i = 0; i < 500; i++) {
            fetch(LocalBroker.fetchRequest(null, id, 0, 0, 1, 1), IDS);
        }
        settled();
        assertThat(idle.parkedFetchNodes()).isLessThan(100);
    }

    @Test
    void memoryThatWasReadWhileWaitingIsGivenBack() throws Exception {
        Uuid id = broker.createTopic("t", 1, LogConfig.defaults());
        fetch(LocalBroker.fetchRequest(null, id, 0, 0, 1, 0), IDS); // a tail reader: batches stay in memory
        List<CountingLease> frames = new ArrayList<>();
        var waiting = broker.fetch(consumer, LocalBroker.fetchRequest(null, id, 0, 0, 100_000, 200), IDS);
        for (int i = 0; i < 20; i++) {
            CountingLease frame = new CountingLease();
            frames.add(frame);
            LocalBroker.await(
                    broker.send(
                            broker.produce,
                            producer,
                            ApiKeys.PRODUCE,
                            (short) 11,
                            LocalBroker.produceRequest((short) -1, "t", 0, LocalBroker.records("r" + i)),
                            frame),
                    ProduceResponseData.class);
            assertThat(LocalBroker.values(fetchOne(id, 0), 0)).hasSize(i + 1);
        }
        FetchResponseData response = LocalBroker.await(waiting, FetchResponseData.class);
        assertThat(LocalBroker.values(LocalBroker.parts(response).getFirst(), 0))
                .isNotEmpty();
        broker.close();
        assertThat(frames).allSatisfy(frame -> assertThat(frame.shares()).isZero());
    }

    private static LogConfig pageCache() {
        return LogConfig.defaults().withDurability(new Durability.PageCache());
    }
}
