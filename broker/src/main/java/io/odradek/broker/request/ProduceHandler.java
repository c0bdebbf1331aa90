package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.partition.HostedTopic;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.record.BatchCheck;
import io.odradek.engine.record.BatchVerdict;
import io.odradek.engine.record.RecordError;
import io.odradek.engine.record.Refusal;
import io.odradek.engine.record.ValidatedBatch;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData.BatchIndexAndErrorMessage;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.jspecify.annotations.Nullable;

/**
 * Produce. Checks each batch on the network loop, hands it to its partition's shard with a share in the received memory, and
 * answers when the last one is settled. Allocates a few objects per batch and none per record.
 *
 * <pre>
 *   network loop                     shard                        settle thread
 *   check --> ProducedBatch --tryWrite--> append, sync --> onSettled --acks=all--> ParkedProduces
 *                  |  no room                                  |                        |
 *                  '--> StalledWrites, reading stops           '---> PendingProduce <---'
 *                                                                    counts down, sends
 * </pre>
 */
public final class ProduceHandler implements ApiHandler {
    /** The client id that Kafka's own tools write internal topics with. */
    private static final String ADMIN_CLIENT_ID = "__admin_client";

    private static final short LEADER_ONLY = 1;
    /** KIP-110. */
    private static final short FIRST_VERSION_WITH_ZSTD = 7;

    private final Partitions partitions;
    private final LeaderHints hints;
    private final InstantSource clock;
    private final StalledWrites stalled = new StalledWrites();
    private final LongAdder parked = new LongAdder();
    /** Each reason has one from the beginning: any thread may look them up. */
    private final Map<Refusal, LongAdder> refusals;

    public ProduceHandler(Partitions partitions, LeaderHints hints, InstantSource clock) {
        this.partitions = partitions;
        this.hints = hints;
        this.clock = clock;
        Map<Refusal, LongAdder> byReason = new EnumMap<>(Refusal.class);
        for (Refusal reason : Refusal.values()) {
            byReason.put(reason, new LongAdder());
        }
        this.refusals = byReason;
    }

    /** Connections that are not read because a shard is full. Any thread. */
    public int stalledConnections() {
        return stalled.connections();
    }

    /** Requests that are written and wait for other replicas. Any thread. */
    public long parkedRequests() {
        return parked.sum();
    }

    /** Batches that were refused for this. Any thread. */
    public long refusedBatches(Refusal reason) {
        return refusals(reason).sum();
    }

    @Override
    public void handle(Request request, Reply reply) {
        ProduceRequestData body = (ProduceRequestData) request.body();
        PendingProduce produce = new PendingProduce(request, reply, hints, parked, body.acks(), body.timeoutMs());
        Errors refusal = refusal(body);
        long nowMs = clock.millis();
        try {
            produceAll(produce, body, refusal, nowMs);
        } finally {
            produce.announce();
        }
        produce.partAnswered();
    }

    private void produceAll(PendingProduce produce, ProduceRequestData body, Errors refusal, long nowMs) {
        for (TopicProduceData topic : body.topicData()) {
            List<PartitionProduceData> wanted = topic.partitionData();
            List<PartitionProduceResponse> parts = new ArrayList<>(wanted.size());
            produce.response()
                    .responses()
                    .add(new TopicProduceResponse().setName(topic.name()).setPartitionResponses(parts));
            HostedTopic hosted = partitions.topic(topic.name());
            for (int i = 0; i < wanted.size(); i++) {
                PartitionProduceData data = wanted.get(i);
                PartitionProduceResponse part =
                        new PartitionProduceResponse().setIndex(data.index()).setBaseOffset(-1);
                parts.add(part);
                if (refusal != Errors.NONE) {
                    String message = refusal == Errors.UNSUPPORTED_VERSION
                            ? "This broker does not support transactions: produce without transactional.id."
                            : null;
                    produce.fail(part, topic.name(), data.index(), refusal, message);
                } else {
                    produce(produce, hosted, topic.name(), data, part, nowMs);
                }
            }
        }
    }

    /** What is wrong with the request as a whole. */
    private static Errors refusal(ProduceRequestData body) {
        short acks = body.acks();
        if (acks != PendingProduce.ALL && acks != PendingProduce.NONE && acks != LEADER_ONLY) {
            return Errors.INVALID_REQUIRED_ACKS;
        }
        return body.transactionalId() == null ? Errors.NONE : Errors.UNSUPPORTED_VERSION;
    }

    private void produce(
            PendingProduce produce,
            @Nullable HostedTopic hosted,
            String topic,
            PartitionProduceData data,
            PartitionProduceResponse part,
            long nowMs) {
        Request request = produce.request();
        PartitionHost host = hosted == null ? null : hosted.host(data.index());
        if (hosted == null || host == null) {
            boolean elsewhere = hints.leaderOf(topic, data.index(), request.listener()) != null;
            produce.fail(
                    part,
                    topic,
                    data.index(),
                    elsewhere ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.UNKNOWN_TOPIC_OR_PARTITION,
                    null);
            return;
        }
        host.traffic().produceRequested();
        Errors error = host.status();
        if (error == Errors.NONE && produce.waitsForAll() && !host.admitsAcksAll()) {
            error = Errors.NOT_ENOUGH_REPLICAS;
        }
        if (error == Errors.NONE && hosted.isInternal() && !ADMIN_CLIENT_ID.equals(request.clientId())) {
            error = Errors.INVALID_TOPIC_EXCEPTION;
        }
        if (error != Errors.NONE) {
            refuse(produce, host, part, error, null);
            return;
        }
        ByteBuffer records = bytes(data);
        if (records == null) {
            refuse(produce, host, part, Errors.INVALID_RECORD, "The partition has no record batch.");
            return;
        }
        int receivedBytes = records.limit();
        boolean retained = request.frame().tryRetain();
        assert retained : "the frame of a request that is being handled was released";
        // The share goes with the batch: who refuses or rewrites it has given it back.
        switch (BatchCheck.check(
                records, request.frame(), host.batchRules(request.version() >= FIRST_VERSION_WITH_ZSTD), nowMs)) {
            case BatchVerdict.Refused refused -> {
                part.setLogStartOffset(host.log().view().logStartOffset());
                part.setRecordErrors(recordErrors(refused.recordErrors()));
                count(refused.reason(), host, receivedBytes);
                refuse(produce, host, part, ProduceErrors.of(refused.reason()), refused.message());
            }
            case BatchVerdict.Accepted(ValidatedBatch batch) -> {
                if (batch.isTransactional()) {
                    batch.lease().release();
                    refuse(
                            produce,
                            host,
                            part,
                            Errors.UNSUPPORTED_VERSION,
                            "This broker does not support transactions.");
                    return;
                }
                ProducedBatch produced = new ProducedBatch(produce, host, part, batch, receivedBytes);
                produce.add(produced);
                stalled.write(request.connection(), produced);
            }
        }
    }

    private static void refuse(
            PendingProduce produce,
            PartitionHost host,
            PartitionProduceResponse part,
            Errors error,
            @Nullable String message) {
        if (ProduceErrors.isUnexpected(error)) {
            host.traffic().produceFailed();
        }
        produce.fail(part, host.partition().topic(), host.partition().partition(), error, message);
    }

    private LongAdder refusals(Refusal reason) {
        return Objects.requireNonNull(refusals.get(reason));
    }

    private void count(Refusal reason, PartitionHost host, int receivedBytes) {
        refusals(reason).increment();
        switch (reason) {
            case TOO_LARGE -> host.traffic().rejected(receivedBytes);
            case CORRUPT -> host.traffic().corrupted();
            case INVALID_RECORD, INVALID_TIMESTAMP, UNSUPPORTED_COMPRESSION -> {}
        }
    }

    /** The batch as it was received, from index 0; null when there is none. */
    private static @Nullable ByteBuffer bytes(PartitionProduceData data) {
        if (!(data.records() instanceof MemoryRecords records) || records.sizeInBytes() == 0) {
            return null;
        }
        ByteBuffer bytes = records.buffer();
        return bytes.position() == 0 ? bytes : bytes.slice();
    }

    private static List<BatchIndexAndErrorMessage> recordErrors(List<RecordError> errors) {
        List<BatchIndexAndErrorMessage> list = new ArrayList<>(errors.size());
        for (RecordError error : errors) {
            list.add(new BatchIndexAndErrorMessage()
                    .setBatchIndex(error.batchIndex())
                    .setBatchIndexErrorMessage(error.message()));
        }
        return list;
    }
}
