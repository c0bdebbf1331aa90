package io.odradek.spec.cluster;

import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.jspecify.annotations.Nullable;

/**
 * Writes to a topic that comes and goes, by its name, and reads it by the id that it had when the reader came. Hears nothing but what may be heard then, and in
 * the end what is so.
 */
final class Visitor {
    private static final int PAUSE_MS = 150;
    private static final int ACK_TIMEOUT_MS = 1_000;
    private static final int FETCH_BYTES = 20_000;

    /** While a topic is there, is not, or is not known yet to whoever is asked. */
    private static final Set<Errors> WRITERS_HEAR = EnumSet.of(
            Errors.NONE,
            Errors.UNKNOWN_TOPIC_OR_PARTITION,
            Errors.NOT_LEADER_OR_FOLLOWER,
            Errors.LEADER_NOT_AVAILABLE,
            Errors.NOT_ENOUGH_REPLICAS,
            Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            Errors.REQUEST_TIMED_OUT,
            Errors.KAFKA_STORAGE_ERROR);

    private static final Set<Errors> READERS_HEAR = EnumSet.of(
            Errors.NONE,
            Errors.UNKNOWN_TOPIC_ID,
            Errors.UNKNOWN_TOPIC_OR_PARTITION,
            Errors.NOT_LEADER_OR_FOLLOWER,
            Errors.LEADER_NOT_AVAILABLE,
            Errors.OFFSET_NOT_AVAILABLE,
            Errors.KAFKA_STORAGE_ERROR);

    private final ClientMachine client;
    private final Chronicle chronicle;
    private final String topic;
    private @Nullable Uuid reads;
    private Errors wrote = Errors.UNKNOWN_TOPIC_OR_PARTITION;

    Visitor(ClientMachine client, Chronicle chronicle, String topic) {
        this.client = client;
        this.chronicle = chronicle;
        this.topic = topic;
    }

    void start() {
        client.lookAgain(this::write);
    }

    private void pause() {
        client.after(PAUSE_MS, this::start);
    }

    private void write() {
        // Whoever is not told of a leader asks somebody for what may not be there.
        int leader = client.leaderOf(topic, 0);
        ProduceRequestData request = new ProduceRequestData()
                .setAcks((short) -1)
                .setTimeoutMs(ACK_TIMEOUT_MS)
                .setTransactionalId(null);
        request.topicData()
                .add(new ProduceRequestData.TopicProduceData()
                        .setName(topic)
                        .setPartitionData(List.of(new ProduceRequestData.PartitionProduceData()
                                .setIndex(0)
                                .setRecords(MemoryRecords.withRecords(
                                        Compression.NONE,
                                        new SimpleRecord(
                                                1_700_000_000_000L,
                                                null,
                                                ByteBuffer.allocate(Long.BYTES).array()))))));
        client.ask(
                leader < 0 ? client.anyNode() : leader,
                ApiKeys.PRODUCE,
                request,
                ProduceResponseData.class,
                client.orElse(this::pause, response -> {
                    Errors error = Errors.forCode(response.responses()
                            .iterator()
                            .next()
                            .partitionResponses()
                            .getFirst()
                            .errorCode());
                    chronicle.count("a visitor writes and hears " + error);
                    if (!WRITERS_HEAR.contains(error)) {
                        throw new AssertionError("What visitors hear: who writes to " + topic + " hears " + error);
                    }
                    wrote = error;
                    read();
                }));
    }

    private void read() {
        if (reads == null) {
            reads = client.topicId(topic);
        }
        Uuid id = reads;
        int leader = client.leaderOf(topic, 0);
        if (id == null) {
            pause();
            return;
        }
        client.ask(
                leader < 0 ? client.anyNode() : leader,
                ApiKeys.FETCH,
                new FetchRequestData()
                        .setMaxWaitMs(0)
                        .setMinBytes(0)
                        .setMaxBytes(FETCH_BYTES)
                        .setTopics(List.of(new FetchRequestData.FetchTopic()
                                .setTopicId(id)
                                .setPartitions(List.of(new FetchRequestData.FetchPartition()
                                        .setPartition(0)
                                        .setFetchOffset(0)
                                        .setPartitionMaxBytes(FETCH_BYTES))))),
                FetchResponseData.class,
                client.orElse(this::pause, this::read));
    }

    private void read(FetchResponseData response) {
        Errors error = Errors.forCode(response.errorCode());
        if (error == Errors.NONE) {
            error = Errors.forCode(
                    response.responses().getFirst().partitions().getFirst().errorCode());
        }
        chronicle.count("a visitor reads and hears " + error);
        if (!READERS_HEAR.contains(error)) {
            throw new AssertionError("What visitors hear: who reads " + topic + " hears " + error);
        }
        if (error == Errors.UNKNOWN_TOPIC_ID) {
            reads = null; // and asks anew which one it is
        }
        pause();
    }

    /** Nobody reads what is gone for good; who writes hears whether it is there. */
    void hasHeard(@Nullable UUID present) {
        Uuid id = reads;
        if (id != null
                && (present == null
                        || id.getMostSignificantBits() != present.getMostSignificantBits()
                        || id.getLeastSignificantBits() != present.getLeastSignificantBits())) {
            throw new AssertionError("Heals: who reads " + topic + " does not hear that " + id + " is gone");
        }
        Errors expected = present == null ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.NONE;
        if (wrote != expected) {
            throw new AssertionError("Heals: who writes to " + topic + " hears " + wrote + ", not " + expected);
        }
    }
}
