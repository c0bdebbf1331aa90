package io.odradek.engine.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;

/** Batches as Kafka's own builder makes them, ready to append. */
public final class KafkaBatches {
    private KafkaBatches() {}

    /** One batch without a producer id; record {@code i} has value {@code values.get(i)} and {@code timestamps.get(i)}. */
    public static ValidatedBatch of(List<String> values, List<Long> timestamps, Compression compression) {
        return of(values, timestamps, compression, BufferLease.UNPOOLED);
    }

    public static ValidatedBatch of(
            List<String> values, List<Long> timestamps, Compression compression, BufferLease lease) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(
                ByteBuffer.allocate(256),
                RecordBatch.CURRENT_MAGIC_VALUE,
                compression,
                TimestampType.CREATE_TIME,
                0,
                RecordBatch.NO_TIMESTAMP,
                RecordBatch.NO_PRODUCER_ID,
                RecordBatch.NO_PRODUCER_EPOCH,
                RecordBatch.NO_SEQUENCE,
                false,
                RecordBatch.NO_PARTITION_LEADER_EPOCH);
        for (int i = 0; i < values.size(); i++) {
            builder.append(timestamps.get(i), null, values.get(i).getBytes(StandardCharsets.UTF_8));
        }
        ByteBuffer bytes = builder.build().buffer();
        ByteBuffer copy = ByteBuffer.allocateDirect(bytes.remaining());
        copy.put(0, bytes, bytes.position(), bytes.remaining());
        long max = timestamps.stream().mapToLong(Long::longValue).max().orElse(-1);
        return new ValidatedBatch(copy, lease, values.size(), timestamps.getFirst(), max, timestamps.indexOf(max));
    }
}
