package io.odradek.spec.cluster;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.jspecify.annotations.Nullable;

/**
 * An idempotent producer that numbers the records of one partition from 1 on, as Kafka's does it: up to five requests under way, each sent again with
 * its sequence until it is acknowledged, in order.
 */
final class NumberingProducer {

    private static final int MOST_IN_FLIGHT = 5;
    private static final int MOST_RECORD_BYTES = 400;
    private static final int ACK_TIMEOUT_MS = 1_500;

    /** Errors that Kafka's producer tries again after. */
    private static final Set<Errors> RETRIED = EnumSet.of(
            Errors.NETWORK_EXCEPTION,
            Errors.REQUEST_TIMED_OUT,
            Errors.NOT_LEADER_OR_FOLLOWER,
            Errors.NOT_ENOUGH_REPLICAS,
            Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            Errors.UNKNOWN_TOPIC_OR_PARTITION,
            Errors.LEADER_NOT_AVAILABLE,
            Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
            Errors.KAFKA_STORAGE_ERROR);

    private static final class Batch {
        private final int firstSequence;
        private final MemoryRecords records;
        private final long lastNumber;

        Batch(int firstSequence, MemoryRecords records, long lastNumber) {
            this.firstSequence = firstSequence;
            this.records = records;
            this.lastNumber = lastNumber;
        }
    }

    private final ClientMachine client;
    private final Chronicle chronicle;
    private final SplittableRandom random;
    private final String topic;
    private final int partition;
    private final int recordBytes;

    /** Made and not acknowledged, in order; the first {@code sent} of them are under way. */
    private final ArrayDeque<Batch> open = new ArrayDeque<>();

    private int sent;
    private int underWay;
    private boolean goesBack;
    private long producerId = -1;
    private short producerEpoch = -1;
    private int nextSequence;
    private long nextNumber = 1;
    private long acknowledged;
    private boolean stopped;
    private Errors lastAnswer = Errors.NONE;

    NumberingProducer(ClientMachine client, Chronicle chronicle, SplittableRandom random, String topic, int partition) {
        this.client = client;
        this.chronicle = chronicle;
        this.random = random;
        this.topic = topic;
        this.partition = partition;
        this.recordBytes = 1 + random.nextInt(MOST_RECORD_BYTES);
    }

    void start() {
        client.ask(
                client.anyNode(),
                ApiKeys.INIT_PRODUCER_ID,
                new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(60_000),
                InitProducerIdResponseData.class,
                this::initialised);
    }

    private void initialised(@Nullable InitProducerIdResponseData response) {
        if (response == null || response.errorCode() != Errors.NONE.code()) {
            client.lookAgain(this::start);
            return;
        }
        producerId = response.producerId();
        producerEpoch = response.producerEpoch();
        make();
    }

    private void make() {
        if (stopped) {
            return;
        }
        if (open.size() < MOST_IN_FLIGHT) {
            List<SimpleRecord> records = new ArrayList<>();
            int count = 1 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                byte[] value = new byte[Long.BYTES + random.nextInt(recordBytes)];
                ByteBuffer.wrap(value).putLong(nextNumber++);
                records.add(new SimpleRecord(1_700_000_000_000L, null, value));
            }
            open.add(new Batch(
                    nextSequence,
                    MemoryRecords.withIdempotentRecords(
                            RecordBatch.CURRENT_MAGIC_VALUE,
                            0L,
                            Compression.NONE,
                            producerId,
                            producerEpoch,
                            nextSequence,
                            RecordBatch.NO_PARTITION_LEADER_EPOCH,
                            records.toArray(SimpleRecord[]::new)),
                    nextNumber - 1));
            nextSequence += count;
            send();
        }
        client.after(random.nextInt(60), this::make);
    }

    private void send() {
        if (goesBack) {
            return;
        }
        int leader = client.leaderOf(topic, partition);
        if (leader < 0) {
            goBack();
            return;
        }
        int skip = sent;
        for (Batch batch : List.copyOf(open)) {
            if (skip-- > 0) {
                continue;
            }
            if (acknowledged == 0 && underWay > 0) {
                return; // a log that knows nothing of a producer lets it begin with any sequence (KIP-360)
            }
            sent++;
            underWay++;
            ProduceRequestData request = new ProduceRequestData()
                    .setAcks((short) -1)
                    .setTimeoutMs(ACK_TIMEOUT_MS)
                    .setTransactionalId(null);
            request.topicData()
                    .add(new ProduceRequestData.TopicProduceData()
                            .setName(topic)
                            .setPartitionData(List.of(new ProduceRequestData.PartitionProduceData()
                                    .setIndex(partition)
                                    .setRecords(batch.records))));
            client.ask(
                    leader, ApiKeys.PRODUCE, request, ProduceResponseData.class, response -> answered(batch, response));
        }
    }

    private void answered(Batch batch, @Nullable ProduceResponseData response) {
        underWay--;
        Errors error = response == null
                ? Errors.NETWORK_EXCEPTION
                : Errors.forCode(response.responses()
                        .iterator()
                        .next()
                        .partitionResponses()
                        .getFirst()
                        .errorCode());
        lastAnswer = error;
        if (error == Errors.NONE) {
            chronicle.count("a batch is acknowledged");
            // Of a retry an earlier copy may have been acknowledged meanwhile.
            while (!open.isEmpty() && open.getFirst().firstSequence <= batch.firstSequence) {
                acknowledged = open.removeFirst().lastNumber;
                sent = Math.max(0, sent - 1);
            }
        } else if (batch.lastNumber > acknowledged) {
            chronicle.count("a producer hears " + error);
            if (!RETRIED.contains(error)) {
                throw new AssertionError("a producer of " + topic + "-" + partition + " hears " + error);
            }
            goesBack = true;
        }
        if (goesBack && underWay == 0) {
            goBack();
        } else if (!goesBack) {
            send();
        }
    }

    private void goBack() {
        goesBack = true;
        client.lookAgain(() -> {
            goesBack = false;
            sent = 0;
            send();
        });
    }

    /** Nothing new is sent; what was sent is acknowledged in the end. */
    void stop() {
        stopped = true;
    }

    boolean isDone() {
        return open.isEmpty();
    }

    /** Up to which number everything is acknowledged. */
    long acknowledged() {
        return acknowledged;
    }

    String describe() {
        return topic + "-" + partition + ": " + acknowledged + " of " + (nextNumber - 1) + " are acknowledged, "
                + underWay + " requests are under way, the last answer was " + lastAnswer;
    }
}
