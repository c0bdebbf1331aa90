package io.odradek.spec.cluster;

import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.Records;
import org.jspecify.annotations.Nullable;

/** Reads one partition from whoever leads it, and finds the numbers of its producer one after the other: none twice, none missing. */
final class CheckingConsumer {

    private static final int MAX_WAIT_MS = 200;
    private static final int FETCH_BYTES = 50_000;
    private static final int PAUSE_MS = 20;

    private final ClientMachine client;
    private final Chronicle chronicle;
    private final TopicPartition partition;
    private long nextOffset;
    private long lastNumber;

    CheckingConsumer(ClientMachine client, Chronicle chronicle, String topic, int partition) {
        this.client = client;
        this.chronicle = chronicle;
        this.partition = new TopicPartition(topic, partition);
    }

    TopicPartition partition() {
        return partition;
    }

    /** Of the record that it reads next. */
    long nextOffset() {
        return nextOffset;
    }

    /** Of the last record that it has read. */
    long lastNumber() {
        return lastNumber;
    }

    void start() {
        int leader = client.leaderOf(partition.topic(), partition.partition());
        Uuid topicId = client.topicId(partition.topic());
        if (leader < 0 || topicId == null) {
            client.lookAgain(this::start);
            return;
        }
        FetchRequestData request = new FetchRequestData()
                .setMaxWaitMs(MAX_WAIT_MS)
                .setMinBytes(1)
                .setMaxBytes(FETCH_BYTES)
                .setTopics(List.of(new FetchRequestData.FetchTopic()
                        .setTopicId(topicId)
                        .setPartitions(List.of(new FetchRequestData.FetchPartition()
                                .setPartition(partition.partition())
                                .setFetchOffset(nextOffset)
                                .setPartitionMaxBytes(FETCH_BYTES)))));
        client.ask(
                leader,
                ApiKeys.FETCH,
                request,
                FetchResponseData.class,
                client.orElse(() -> client.lookAgain(this::start), this::answered));
    }

    private void answered(FetchResponseData response) {
        Errors error = Errors.forCode(response.errorCode());
        FetchResponseData.@Nullable PartitionData data =
                error == Errors.NONE && !response.responses().isEmpty()
                        ? response.responses().getFirst().partitions().getFirst()
                        : null;
        if (data != null) {
            error = Errors.forCode(data.errorCode());
        }
        switch (error) {
            case NONE -> {
                if (data != null && data.records() instanceof Records records) {
                    read(records, data.highWatermark());
                }
                client.after(PAUSE_MS, this::start);
            }
            case NOT_LEADER_OR_FOLLOWER,
                    UNKNOWN_TOPIC_OR_PARTITION,
                    UNKNOWN_TOPIC_ID,
                    LEADER_NOT_AVAILABLE,
                    KAFKA_STORAGE_ERROR,
                    OFFSET_NOT_AVAILABLE -> {
                chronicle.count("a consumer hears " + error);
                client.lookAgain(this::start);
            }
            default -> throw new AssertionError("a consumer of " + partition + " at " + nextOffset + " hears " + error);
        }
    }

    private void read(Records records, long highWatermark) {
        for (RecordBatch batch : records.batches()) {
            for (Record record : batch) {
                if (record.offset() < nextOffset) {
                    continue; // of a batch that begins before
                }
                long number = record.value().getLong(record.value().position());
                if (record.offset() != nextOffset || number != lastNumber + 1 || record.offset() >= highWatermark) {
                    throw new AssertionError("Once, in order, committed: " + partition + " has number " + number
                            + " at offset " + record.offset() + ", read was up to " + lastNumber + " before offset "
                            + nextOffset + ", and the high watermark is " + highWatermark);
                }
                nextOffset++;
                lastNumber++;
                chronicle.count("a record is read");
            }
        }
    }
}
