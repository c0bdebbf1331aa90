package io.odradek.broker.partition;

import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.CorruptBatchException;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.replication.partition.BatchSpan;
import io.odradek.replication.partition.EpochEnd;
import io.odradek.replication.partition.FetchAnswer;
import io.odradek.replication.partition.FetchAnswer.Diverging;
import io.odradek.replication.partition.FetchAnswer.OutOfRange;
import io.odradek.replication.partition.FetchAnswer.Records;
import io.odradek.replication.partition.FetchAnswer.Refusal;
import io.odradek.replication.partition.FetchAnswer.Refused;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.jspecify.annotations.Nullable;

/** Takes a leader's answer apart: each batch is looked at before anybody is told of it. On the connection's loop; stateless. */
final class FetchParts {

    /** @param ids of topics by name, for versions that have names */
    static List<Fetcher.Part> of(FetchResponseData data, short version, BufferLease memory, Map<String, Uuid> ids) {
        List<Fetcher.Part> parts = new ArrayList<>();
        for (FetchableTopicResponse topic : data.responses()) {
            Uuid id = version >= FetchQuestion.FIRST_WITH_TOPIC_IDS ? topic.topicId() : ids.get(topic.topic());
            if (id == null) {
                continue;
            }
            for (PartitionData partition : topic.partitions()) {
                parts.add(part(new Fetcher.Key(id, partition.partitionIndex()), partition, memory));
            }
        }
        return parts;
    }

    private static Fetcher.Part part(Fetcher.Key key, PartitionData said, BufferLease memory) {
        Errors error = Errors.forCode(said.errorCode());
        if (error == Errors.OFFSET_OUT_OF_RANGE && said.logStartOffset() >= 0) {
            // Where the leader's log ends is not said. It is below what was asked for, when its start is not above
            // that.
            return answered(key, new OutOfRange(said.logStartOffset(), said.logStartOffset()), null);
        }
        if (error != Errors.NONE) {
            Refusal refusal = refusal(error);
            return refusal != null
                    ? answered(key, new Refused(refusal), null)
                    : new Fetcher.Part(key, null, null, null);
        }
        if (said.divergingEpoch().endOffset() >= 0) { // with epoch -1: nothing that the leader has is so old
            return answered(
                    key,
                    new Diverging(new EpochEnd(
                            said.divergingEpoch().epoch(), said.divergingEpoch().endOffset())),
                    null);
        }
        if (said.highWatermark() < 0 || said.logStartOffset() < 0) {
            return new Fetcher.Part(
                    key,
                    null,
                    null,
                    "a high watermark of " + said.highWatermark() + " and a log start of " + said.logStartOffset());
        }
        try {
            FetchedBatches batches = batches(said, memory);
            List<BatchSpan> spans = new ArrayList<>(batches == null ? 0 : batches.count());
            for (int i = 0; batches != null && i < batches.count(); i++) {
                ValidatedBatch batch = batches.get(i);
                spans.add(new BatchSpan(batch.baseOffset(), batch.lastOffset() + 1, batch.leaderEpoch()));
            }
            return answered(key, new Records(spans, said.highWatermark(), said.logStartOffset()), batches);
        } catch (CorruptBatchException e) {
            return new Fetcher.Part(key, null, null, e.getMessage());
        }
    }

    private static Fetcher.Part answered(Fetcher.Key key, FetchAnswer answer, @Nullable FetchedBatches batches) {
        return new Fetcher.Part(key, answer, batches, null);
    }

    private static @Nullable FetchedBatches batches(PartitionData said, BufferLease memory)
            throws CorruptBatchException {
        if (!(said.records() instanceof MemoryRecords records) || records.sizeInBytes() == 0) {
            return null;
        }
        ByteBuffer bytes = records.buffer();
        return FetchedBatches.check(bytes.slice(), memory);
    }

    private static @Nullable Refusal refusal(Errors error) {
        return switch (error) {
            case FENCED_LEADER_EPOCH -> Refusal.FENCED_LEADER_EPOCH;
            case UNKNOWN_LEADER_EPOCH -> Refusal.UNKNOWN_LEADER_EPOCH;
            case NOT_LEADER_OR_FOLLOWER -> Refusal.NOT_LEADER_OR_FOLLOWER;
            case STALE_BROKER_EPOCH -> Refusal.STALE_BROKER_EPOCH;
            default -> null;
        };
    }

    private FetchParts() {}
}
