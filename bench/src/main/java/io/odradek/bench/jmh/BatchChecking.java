package io.odradek.bench.jmh;

import io.odradek.engine.LogConfig;
import io.odradek.engine.record.BatchCheck;
import io.odradek.engine.record.BatchRules;
import io.odradek.engine.record.BatchVerdict;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.Codec;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.PrimitiveRef;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.common.RequestLocal;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogValidator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Whether a received batch may be appended: frame, checksum, every record. Kafka's {@code LogValidator} with the checksum that its
 * log takes before. {@code checksum} is CRC-32C alone.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class BatchChecking {
    private static final TopicPartition PARTITION = new TopicPartition("measured", 0);

    /** Kafka counts what it refuses; nothing is refused here. */
    private static final LogValidator.MetricsRecorder NOTHING_REFUSED = new LogValidator.MetricsRecorder() {
        @Override
        public void recordInvalidMagic() {
            throw new IllegalStateException("magic");
        }

        @Override
        public void recordInvalidOffset() {
            throw new IllegalStateException("offset");
        }

        @Override
        public void recordInvalidSequence() {
            throw new IllegalStateException("sequence");
        }

        @Override
        public void recordInvalidChecksums() {
            throw new IllegalStateException("checksum");
        }

        @Override
        public void recordNoKeyCompactedTopic() {
            throw new IllegalStateException("key");
        }
    };

    @Param({"1x100B", "16x1KiB", "64x1KiB", "1000x100B"})
    public String shape = "";

    @Param({"none", "gzip", "snappy", "lz4", "zstd"})
    public String codec = "";

    private final BatchRules rules = BatchRules.of(LogConfig.defaults());
    private final CRC32C crc = new CRC32C();
    private final RequestLocal memory = RequestLocal.withThreadConfinedCaching();
    private ByteBuffer direct = ByteBuffer.allocate(0);
    private ByteBuffer heap = ByteBuffer.allocate(0);
    private CompressionType type = CompressionType.NONE;

    /** For JMH. */
    public BatchChecking() {}

    static Amount perRun(Params params) {
        return new Amount(1, "batches", params.shape().payloadBytes());
    }

    @Setup
    public void prepare() {
        byte[] batch = Shape.of(shape).batch(Codec.valueOf(codec.toUpperCase(Locale.ROOT)));
        direct = Shape.direct(batch);
        heap = ByteBuffer.wrap(batch);
        type = CompressionType.forName(codec);
    }

    @Benchmark
    public BatchVerdict.Accepted odradek() {
        Shape.asSent(direct);
        if (BatchCheck.check(direct, BufferLease.UNPOOLED, rules, System.currentTimeMillis())
                instanceof BatchVerdict.Accepted accepted) {
            return accepted;
        }
        throw new IllegalStateException("our own batch was refused");
    }

    @Benchmark
    public LogValidator.ValidationResult unifiedLog() {
        Shape.asSent(heap);
        MemoryRecords records = MemoryRecords.readableRecords(heap);
        for (MutableRecordBatch batch : records.batches()) {
            batch.ensureValid();
        }
        return new LogValidator(
                        records,
                        PARTITION,
                        Time.SYSTEM,
                        type,
                        Compression.of(type).build(),
                        false,
                        RecordBatch.MAGIC_VALUE_V2,
                        TimestampType.CREATE_TIME,
                        Long.MAX_VALUE,
                        3_600_000,
                        0,
                        AppendOrigin.CLIENT)
                .validateMessagesAndAssignOffsets(PrimitiveRef.ofLong(0), NOTHING_REFUSED, memory.bufferSupplier());
    }

    @Benchmark
    public long checksum() {
        crc.reset();
        crc.update(direct.clear());
        return crc.getValue();
    }
}
