package io.odradek.broker.coordination;

import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.partition.ParkedProduce;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.AppendOutcome;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogScan;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.Codec;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The partitions of {@code __consumer_offsets} that this broker hosts. */
public final class HostedOffsetsLog implements OffsetsLog {
    private final Partitions partitions;
    private final Codec codec;

    /** @param codec of what is written from now on: {@code offsets.topic.compression.codec} */
    public HostedOffsetsLog(Partitions partitions, Codec codec) {
        this.partitions = partitions;
        this.codec = codec;
    }

    @Override
    public void append(int partition, int leaderEpoch, List<KeyValue> records, Completion done) {
        PartitionHost host = partitions.find(TopicCreation.OFFSETS_TOPIC, partition);
        if (host == null || host.status() != Errors.NONE) {
            done.completed(Outcome.NOT_LEADER);
            return;
        }
        if (!host.admitsAcksAll()) {
            done.completed(Outcome.NOT_ENOUGH_REPLICAS);
            return;
        }
        BatchBuilder builder = new BatchBuilder().compressed(codec);
        for (KeyValue record : records) {
            builder.add(record.timestampMs(), bytes(record.key()), optionalBytes(record.value()));
        }
        ValidatedBatch batch = builder.build();
        if (batch.sizeBytes() > host.log().config().maxMessageBytes()) {
            done.completed(Outcome.TOO_LARGE);
            return;
        }
        host.traffic().produceRequested();
        int recordCount = batch.recordCount();
        int sizeBytes = batch.sizeBytes();
        if (!host.shard().tryWrite(host.log(), batch, leaderEpoch, outcome -> {
            if (outcome instanceof AppendOutcome.Appended) {
                host.traffic().appended(recordCount, sizeBytes);
            }
            settled(host, outcome, done);
        })) {
            done.completed(Outcome.OVERLOADED);
        }
    }

    private static void settled(PartitionHost host, AppendOutcome outcome, Completion done) {
        switch (outcome) {
            case AppendOutcome.Appended appended -> host.awaitCommit(new Commit(appended.lastOffset() + 1, done));
            case AppendOutcome.NotLeader _ -> done.completed(Outcome.NOT_LEADER);
            case AppendOutcome.TooLarge _ -> done.completed(Outcome.TOO_LARGE);
            case AppendOutcome.StorageFailed _ -> done.completed(Outcome.UNKNOWN);
            case AppendOutcome.Duplicate _,
                    AppendOutcome.OutOfOrderSequence _,
                    AppendOutcome.ProducerFenced _,
                    AppendOutcome.NotNext _ ->
                throw new IllegalStateException("the coordinator writes without a producer id, and got " + outcome);
        }
    }

    /** The coordinator has its own time-out: this waits as long as the partition is led. */
    private record Commit(long endOffset, Completion done) implements ParkedProduce {
        @Override
        public void parked() {}

        @Override
        public boolean isAnswered() {
            return false;
        }

        @Override
        public void committed() {
            done.completed(Outcome.COMMITTED);
        }

        @Override
        public void failed(Errors error) {
            done.completed(Outcome.UNKNOWN);
        }
    }

    @Override
    public void read(int partition, int leaderEpoch, RecordVisitor visitor) throws IOException {
        PartitionHost host = partitions.find(TopicCreation.OFFSETS_TOPIC, partition);
        if (host == null) {
            throw new IOException(TopicCreation.OFFSETS_TOPIC + "-" + partition + " is not on this broker");
        }
        LogScan.forEachBatch(host.log(), (_, records) -> {
            while (records.next()) {
                ByteBuffer key = records.key();
                if (key != null) {
                    visitor.record(records.offset(), key, records.value());
                }
            }
        });
    }

    @Override
    public void awaitCommitted(int partition, Completion done) {
        PartitionHost host = partitions.find(TopicCreation.OFFSETS_TOPIC, partition);
        if (host == null) {
            done.completed(Outcome.NOT_LEADER);
            return;
        }
        long end = host.log().view().logEndOffset();
        host.shard().settle(() -> host.awaitCommit(new Commit(end, done)));
    }

    @Override
    public boolean leads(int partition, int leaderEpoch) {
        PartitionHost host = partitions.find(TopicCreation.OFFSETS_TOPIC, partition);
        return host != null && host.status() == Errors.NONE && host.view().leaderEpoch() == leaderEpoch;
    }

    @Override
    public int maxBatchBytes(int partition) {
        PartitionHost host = partitions.find(TopicCreation.OFFSETS_TOPIC, partition);
        // Without a host the append will say so.
        return (host == null ? LogConfig.defaults() : host.log().config()).maxMessageBytes();
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    private static byte @Nullable [] optionalBytes(@Nullable ByteBuffer buffer) {
        return buffer == null ? null : bytes(buffer);
    }
}
