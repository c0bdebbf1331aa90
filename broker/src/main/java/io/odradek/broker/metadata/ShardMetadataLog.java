package io.odradek.broker.metadata;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.LogScan;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.writepath.Shard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/** {@code __cluster_metadata-0} as a log of this broker: a cluster of one commits what it has synced. */
public final class ShardMetadataLog implements MetadataLog {
    /** Kafka's fixed id of the topic. */
    public static final TopicPartition PARTITION = new TopicPartition("__cluster_metadata", new UUID(0, 1), 0);

    private final PartitionLog log;
    private final Shard shard;
    private final InstantSource clock;
    private final int leaderEpoch;

    /** @param log with {@code sync} durability; its shard is {@code shard} */
    public ShardMetadataLog(PartitionLog log, Shard shard, InstantSource clock) {
        this.log = log;
        this.shard = shard;
        this.clock = clock;
        this.leaderEpoch = log.view().latestEpoch() + 1; // every start is a new reign
    }

    /** Begins this process's reign; before the first append, after the shard has started. May block. */
    public void begin() {
        shard.run(() -> log.beginEpoch(leaderEpoch));
    }

    /** Waits while the shard is full. A shard that is closed while it does, or that dies at any time, fails the append. */
    @Override
    public void append(List<byte[]> records, Completion whenDone) {
        BatchBuilder builder = new BatchBuilder();
        long now = clock.millis();
        for (byte[] record : records) {
            builder.add(now, null, record);
        }
        ValidatedBatch batch = builder.build();
        CompletableFuture<AppendOutcome> settled = new CompletableFuture<>();
        while (!shard.tryWrite(log, batch, leaderEpoch, outcome -> settled.complete(outcome.kept()))) {
            try {
                shard.awaitRoom();
            } catch (RejectedExecutionException noRoomWillCome) {
                whenDone.failed(new IOException("nothing can be appended to " + PARTITION, noRoomWillCome));
                return;
            }
        }
        // On the settle thread, or here and now when it was faster: in the order of the appends either way.
        var _ = shard.orDeath(settled).whenComplete((outcome, death) -> {
            if (death != null) {
                whenDone.failed(
                        new IOException("it is not known whether an append to " + PARTITION + " was made", death));
            } else if (outcome instanceof AppendOutcome.Appended appended) {
                whenDone.durable(appended.baseOffset());
            } else {
                whenDone.failed(new IOException("an append to " + PARTITION + " ended in " + outcome));
            }
        });
    }

    @Override
    public void replay(Visitor visitor) throws IOException {
        LogScan.forEachBatch(log, (baseOffset, records) -> {
            List<ByteBuffer> values = new ArrayList<>(records.recordCount());
            while (records.next()) {
                ByteBuffer value = records.value();
                if (value == null) {
                    throw new IOException(PARTITION + ": the record at offset " + records.offset() + " has no value");
                }
                // the cursor's memory is used again for the next record
                values.add(ByteBuffer.allocate(value.remaining()).put(value).flip());
            }
            visitor.batch(baseOffset, values);
        });
    }
}
