package io.odradek.spec.cluster;

import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** Has deleted what consumers have read, and says to the {@link Ledger} what it asked for and what it was told. */
final class RecordDeleter {
    private static final int TIMEOUT_MS = 2_000;
    /** A replica that starts over knows of a producer by its last records: without, it would take what is sent again for new. */
    private static final int KEPT = 50;

    private final ClientMachine client;
    private final Chronicle chronicle;
    private final Ledger ledger;
    private final List<CheckingConsumer> consumers;

    RecordDeleter(ClientMachine client, Chronicle chronicle, Ledger ledger, List<CheckingConsumer> consumers) {
        this.client = client;
        this.chronicle = chronicle;
        this.ledger = ledger;
        this.consumers = consumers;
    }

    void ask(Deletion deletion) {
        TopicPartition partition = new TopicPartition(deletion.topic(), deletion.partition());
        CheckingConsumer consumer = consumers.stream()
                .filter(each -> each.partition().equals(partition))
                .findFirst()
                .orElseThrow();
        int leader = client.leaderOf(deletion.topic(), deletion.partition());
        if (leader < 0) {
            client.lookAgain(() -> {}); // for the next one
            return;
        }
        long offset = Math.max(0, consumer.nextOffset() - KEPT);
        chronicle.say(deletion + ", up to offset " + offset);
        ledger.mayBeDeleted(partition, offset);
        client.ask(
                leader,
                ApiKeys.DELETE_RECORDS,
                new DeleteRecordsRequestData()
                        .setTimeoutMs(TIMEOUT_MS)
                        .setTopics(List.of(new DeleteRecordsRequestData.DeleteRecordsTopic()
                                .setName(deletion.topic())
                                .setPartitions(List.of(new DeleteRecordsRequestData.DeleteRecordsPartition()
                                        .setPartitionIndex(deletion.partition())
                                        .setOffset(offset))))),
                DeleteRecordsResponseData.class,
                client.orElse(() -> client.lookAgain(() -> {}), response -> told(partition, offset, response)));
    }

    private void told(TopicPartition partition, long offset, DeleteRecordsResponseData response) {
        DeleteRecordsResponseData.DeleteRecordsPartitionResult result =
                response.topics().iterator().next().partitions().iterator().next();
        Errors error = Errors.forCode(result.errorCode());
        chronicle.say("who deletes records of " + partition + " before offset " + offset + " hears " + error + ", "
                + result.lowWatermark());
        switch (error) {
            case NONE -> {
                if (result.lowWatermark() < offset) {
                    throw new AssertionError("DeletedStays: records of " + partition + " before offset " + offset
                            + " are said to be deleted, and the log to begin at " + result.lowWatermark());
                }
                chronicle.count("records are deleted");
                ledger.deleted(partition, offset);
            }
            case NOT_LEADER_OR_FOLLOWER,
                    REQUEST_TIMED_OUT,
                    KAFKA_STORAGE_ERROR,
                    OFFSET_OUT_OF_RANGE,
                    UNKNOWN_TOPIC_OR_PARTITION -> {
                chronicle.count("who deletes records hears " + error);
                client.lookAgain(() -> {});
            }
            default -> throw new AssertionError("who deletes records of " + partition + " hears " + error);
        }
    }
}
