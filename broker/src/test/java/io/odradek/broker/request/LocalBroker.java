package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.net.SentBytes;
import io.odradek.broker.net.SlicedRecords;
import io.odradek.broker.partition.FetchSessions;
import io.odradek.broker.partition.HostedShard;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.OutOfReach;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.broker.partition.ReplicaClock;
import io.odradek.broker.partition.ReplicaPorts;
import io.odradek.broker.partition.ShardSettlement;
import io.odradek.broker.quota.FetchQuota;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.PartitionImage;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.RequestHeader;
import org.jspecify.annotations.Nullable;

/** The data plane of a broker without sockets: shards, logs on a real disk, and the handlers. */
final class LocalBroker implements AutoCloseable {
    static final int BROKER_ID = 1;
    static final int MAX_FETCH_BYTES = 1 << 20;

    final LogDirectory directory;
    final List<HostedShard> shards = new ArrayList<>();
    final Partitions partitions;
    final LeaderHints hints;
    final FetchSessions sessions = new FetchSessions(100, InstantSource.system());
    final Map<String, UUID> ids = new HashMap<>();
    final List<String> elsewhere = new ArrayList<>();
    final ProduceHandler produce;
    final FetchHandler fetch;
    /** Of consumers; may be changed between requests. */
    volatile FetchQuota quota = FetchQuota.NONE;

    private boolean closed;
    final ListOffsetsHandler listOffsets;
    final OffsetForLeaderEpochHandler epochs;
    final DeleteRecordsHandler deleteRecords;
    final DescribeProducersHandler describeProducers;
    final DescribeLogDirsHandler describeLogDirs;
    final ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();
    final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    final AtomicLong leaseEndMs = new AtomicLong(Long.MAX_VALUE);

    LocalBroker(Path path, int shardCount, int ringSlots) throws IOException {
        this(path, new DiskFileStore(), shardCount, ringSlots);
    }

    LocalBroker(Path path, FileStore store, int shardCount, int ringSlots) throws IOException {
        directory = LogDirectory.open(store, path, "test-cluster", BROKER_ID);
        for (int i = 0; i < shardCount; i++) {
            ShardSettlement settlement = new ShardSettlement();
            Shard shard = new Shard(
                    new Shard.Options("test-" + i, ringSlots, 1 << 20, "auto"),
                    directory,
                    new GroupSync(store, path, GroupSync.Strategy.FDATASYNC),
                    settlement,
                    InstantSource.system());
            shard.start();
            shards.add(new HostedShard(shard, directory, settlement));
        }
        ReplicaPorts alone = ReplicaPorts.alone(BROKER_ID, () -> -1, ReplicaClock.of(timer));
        partitions = new Partitions(
                shards,
                blocking,
                OutOfReach.NOTHING,
                new ReplicaPorts(
                        alone.brokerId(),
                        alone.brokerEpoch(),
                        leaseEndMs::get,
                        alone.settings(),
                        alone.fetching(),
                        alone.clock(),
                        alone.proposals(),
                        alone.sources()));
        hints = new Hints();
        produce = new ProduceHandler(partitions, hints, InstantSource.system());
        fetch = new FetchHandler(
                partitions,
                hints,
                sessions,
                MAX_FETCH_BYTES,
                new FetchQuota() {
                    @Override
                    public long mostBytes(@Nullable String clientId) {
                        return quota.mostBytes(clientId);
                    }

                    @Override
                    public Verdict fetched(@Nullable String clientId, long bytes) {
                        return quota.fetched(clientId, bytes);
                    }
                },
                ReadReplicaSelector.LEADER);
        listOffsets = new ListOffsetsHandler(partitions, hints);
        epochs = new OffsetForLeaderEpochHandler(partitions, hints);
        describeProducers = new DescribeProducersHandler(partitions, hints, blocking);
        describeLogDirs = new DescribeLogDirsHandler(partitions, blocking);
        deleteRecords = new DeleteRecordsHandler(partitions, hints, blocking);
    }

    /** Leaders as the cluster image would have them: here, but for topics that are said to be elsewhere. */
    private final class Hints implements LeaderHints {
        @Override
        public @Nullable Leader leaderOf(Uuid topicId, int partition, String listener) {
            String name = topicName(topicId);
            return name == null ? null : leaderOf(name, partition, listener);
        }

        @Override
        public @Nullable Leader leaderOf(String topic, int partition, String listener) {
            if (elsewhere.contains(topic)) {
                return new Leader(2, 7, "other.example", 9093, null);
            }
            return partitions.find(topic, partition) == null ? null : new Leader(BROKER_ID, 1, "here", 9092, null);
        }

        @Override
        public @Nullable Uuid topicId(String topic) {
            UUID id = ids.get(topic);
            return id == null ? null : Partitions.kafkaId(id);
        }

        @Override
        public @Nullable String topicName(Uuid topicId) {
            for (Map.Entry<String, UUID> entry : ids.entrySet()) {
                if (Partitions.kafkaId(entry.getValue()).equals(topicId)) {
                    return entry.getKey();
                }
            }
            return null;
        }
    }

    static PartitionImage image(int leaderEpoch) {
        return image(leaderEpoch, BROKER_ID, List.of(BROKER_ID));
    }

    /** All replicas are in sync. */
    static PartitionImage image(int leaderEpoch, int leader, List<Integer> replicas) {
        return image(leaderEpoch, leader, replicas, List.of());
    }

    /** All others are in sync. */
    static PartitionImage image(int leaderEpoch, int leader, List<Integer> replicas, List<Integer> eligible) {
        return new PartitionImage(
                replicas,
                replicas.stream().map(id -> new UUID(0, id)).toList(),
                replicas.stream().filter(id -> !eligible.contains(id)).toList(),
                List.of(),
                List.of(),
                eligible,
                List.of(),
                leader,
                LeaderRecovery.RECOVERED,
                leaderEpoch,
                leaderEpoch);
    }

    Uuid createTopic(String name, int partitionCount, LogConfig config) throws Exception {
        UUID id = ids.computeIfAbsent(name, _ -> UUID.randomUUID());
        for (int p = 0; p < partitionCount; p++) {
            lead(name, p, config, 1);
        }
        return Partitions.kafkaId(id);
    }

    PartitionHost lead(String name, int partition, LogConfig config, int epoch) throws Exception {
        return follow(name, partition, config, image(epoch));
    }

    PartitionHost follow(String name, int partition, LogConfig config, PartitionImage image) throws Exception {
        UUID id = ids.computeIfAbsent(name, _ -> UUID.randomUUID());
        return partitions
                .follow(new TopicPartition(name, id, partition), config, image)
                .get(20, TimeUnit.SECONDS);
    }

    /** What became of one request. */
    sealed interface Answer {
        record Sent(ApiMessage response) implements Answer {}

        record Nothing() implements Answer {}

        record Closed(String reason) implements Answer {}
    }

    /** Records leave by themselves. */
    private static final class WithoutRecords extends ByteBufferAccessor {
        WithoutRecords(ByteBuffer bytes) {
            super(bytes);
        }

        @Override
        public void writeRecords(BaseRecords records) {}
    }

    private static final class FutureReply implements Reply {
        final CompletableFuture<Answer> answer = new CompletableFuture<>();
        private final BufferLease frame;
        private final short version;

        FutureReply(BufferLease frame, short version) {
            this.frame = frame;
            this.version = version;
        }

        /** The schema of the request's version has to take what the handler has set. */
        @Override
        public void send(ApiMessage response) {
            ObjectSerializationCache cache = new ObjectSerializationCache();
            ByteBuffer bytes = ByteBuffer.allocate(response.size(cache, version));
            response.write(new WithoutRecords(bytes), cache, version);
            complete(new Answer.Sent(response));
        }

        @Override
        public void nothing() {
            complete(new Answer.Nothing());
        }

        @Override
        public void close(String reason) {
            complete(new Answer.Closed(reason));
        }

        private void complete(Answer now) {
            frame.release();
            if (!answer.complete(now)) {
                throw new IllegalStateException("answered twice, now with " + now);
            }
        }
    }

    CompletableFuture<Answer> send(
            ApiHandler handler, TestConnection connection, ApiKeys api, short version, ApiMessage body) {
        return send(handler, connection, api, version, body, new CountingLease());
    }

    CompletableFuture<Answer> send(
            ApiHandler handler,
            TestConnection connection,
            ApiKeys api,
            short version,
            ApiMessage body,
            CountingLease frame) {
        FutureReply reply = new FutureReply(frame, version);
        Request request = new Request(
                new RequestHeader(api, version, "client", 1),
                body,
                frame,
                InetAddress.getLoopbackAddress(),
                "PLAINTEXT",
                connection);
        connection.execute(() -> handler.handle(request, reply));
        return reply.answer;
    }

    static <T extends ApiMessage> T await(CompletableFuture<Answer> answer, Class<T> type) throws Exception {
        return type.cast(((Answer.Sent) answer.get(20, TimeUnit.SECONDS)).response());
    }

    static ProduceRequestData produceRequest(short acks, String topic, int partition, MemoryRecords records) {
        ProduceRequestData request = new ProduceRequestData().setAcks(acks).setTimeoutMs(10_000);
        TopicProduceData data = new TopicProduceData().setName(topic);
        data.partitionData().add(new PartitionProduceData().setIndex(partition).setRecords(records));
        request.topicData().add(data);
        return request;
    }

    CompletableFuture<Answer> produce(
            TestConnection connection, short acks, String topic, int partition, MemoryRecords records) {
        return send(produce, connection, ApiKeys.PRODUCE, (short) 11, produceRequest(acks, topic, partition, records));
    }

    PartitionProduceResponse produceNow(TestConnection connection, String topic, int partition, String... values)
            throws Exception {
        return onlyPart(
                await(produce(connection, (short) -1, topic, partition, records(values)), ProduceResponseData.class));
    }

    static PartitionProduceResponse onlyPart(ProduceResponseData response) {
        return response.responses().iterator().next().partitionResponses().getFirst();
    }

    static MemoryRecords records(String... values) {
        SimpleRecord[] records = new SimpleRecord[values.length];
        for (int i = 0; i < values.length; i++) {
            records[i] = new SimpleRecord(
                    System.currentTimeMillis(), ("k" + i).getBytes(StandardCharsets.UTF_8), bytes(values[i]));
        }
        return offHeap(MemoryRecords.withRecords(Compression.NONE, records));
    }

    static MemoryRecords idempotent(long producerId, short epoch, int sequence, String value) {
        return offHeap(MemoryRecords.withIdempotentRecords(
                Compression.NONE,
                producerId,
                epoch,
                sequence,
                new SimpleRecord(System.currentTimeMillis(), null, bytes(value))));
    }

    /** As frames are: direct memory of its own. */
    static MemoryRecords offHeap(MemoryRecords records) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(records.sizeInBytes());
        bytes.put(records.buffer()).flip();
        return MemoryRecords.readableRecords(bytes);
    }

    private static byte[] bytes(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }

    static FetchRequestData fetchRequest(
            @Nullable String topic, Uuid topicId, int partition, long offset, int minBytes, int maxWaitMs) {
        FetchTopic wanted = new FetchTopic().setTopicId(topicId);
        if (topic != null) {
            wanted.setTopic(topic);
        }
        wanted.partitions()
                .add(new FetchPartition()
                        .setPartition(partition)
                        .setFetchOffset(offset)
                        .setPartitionMaxBytes(1 << 20));
        return new FetchRequestData()
                .setMinBytes(minBytes)
                .setMaxWaitMs(maxWaitMs)
                .setMaxBytes(1 << 20)
                .setSessionEpoch(-1)
                .setTopics(new ArrayList<>(List.of(wanted)));
    }

    CompletableFuture<Answer> fetch(TestConnection connection, FetchRequestData request, int version) {
        return send(fetch, connection, ApiKeys.FETCH, (short) version, request);
    }

    /** Values of one partition's records at and above {@code fromOffset}, by offset; closes the slices. */
    static Map<Long, String> values(FetchResponseData.PartitionData data, long fromOffset) throws IOException {
        Map<Long, String> values = new TreeMap<>();
        if (data.records() instanceof SlicedRecords sliced) {
            for (Record record :
                    MemoryRecords.readableRecords(SentBytes.take(sliced)).records()) {
                if (record.offset() >= fromOffset) {
                    values.put(
                            record.offset(),
                            StandardCharsets.UTF_8.decode(record.value()).toString());
                }
            }
        }
        return values;
    }

    static List<FetchResponseData.PartitionData> parts(FetchResponseData response) {
        List<FetchResponseData.PartitionData> parts = new ArrayList<>();
        response.responses().forEach(topic -> parts.addAll(topic.partitions()));
        return parts;
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        shards.forEach(shard -> shard.shard().close());
        blocking.close();
        timer.shutdownNow();
        directory.close();
    }
}
