package io.odradek.bench.jmh;

import io.odradek.engine.Durability;
import io.odradek.engine.LogCleaner;
import io.odradek.engine.LogConfig;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.compaction.CleaningThrottle;
import io.odradek.engine.compaction.CompactionPass;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.utils.Throttler;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One pass over a log that was never compacted, eight segments of it: 16 x 1 KiB batches with keys of which each was written about
 * four times. 128 MiB for keys, buffers of 256 KiB, no throttle: Kafka's defaults for a cleaner of one thread, for both.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class CompactionRate {
    private static final Shape SHAPE = new Shape(16, 1024);
    private static final int SEGMENTS = 8;
    private static final int LEAST_SEGMENT_BYTES = 1 << 20;
    private static final int WRITES_OF_A_KEY = 4;
    private static final int MAP_BYTES = 128 << 20;
    private static final double MAP_LOAD = 0.9;
    private static final int BUFFER_BYTES = 256 << 10;

    @Param("512")
    public int volumeMiB;

    /** For JMH. */
    public CompactionRate() {}

    static Amount perRun(Params params) {
        long batches = batches(params.number("volumeMiB"));
        return new Amount(1, "passes", batches * SHAPE.payloadBytes());
    }

    private static long batches(int volumeMiB) {
        return ((long) volumeMiB << 20) / SHAPE.payloadBytes();
    }

    /** What takes the batches. */
    interface Log {
        void append(byte[] batch) throws IOException;
    }

    /** Fills a log that is to be compacted. */
    static void fill(int volumeMiB, Log log) throws IOException {
        long batches = batches(volumeMiB);
        int keys = (int) Math.max(1, batches * SHAPE.records() / WRITES_OF_A_KEY);
        Random random = new Random(volumeMiB);
        for (long i = 0; i < batches; i++) {
            log.append(SHAPE.batchWithKeys(random, keys));
        }
    }

    private static int segmentBytes(int volumeMiB) {
        return Math.max(LEAST_SEGMENT_BYTES, (volumeMiB << 20) / SEGMENTS);
    }

    /** For such a log. */
    static LogConfig compacted(int volumeMiB) {
        return LogConfig.defaults()
                .withDurability(new Durability.PageCache())
                .withCompact(true)
                .withDelete(false)
                .withSegmentBytes(segmentBytes(volumeMiB))
                .withMinCleanableDirtyRatio(0.01);
    }

    /** The same for Kafka. */
    static Map<String, Object> compactedByKafka(int volumeMiB) {
        return Map.of("cleanup.policy", "compact", "segment.bytes", segmentBytes(volumeMiB));
    }

    static LogCleaner cleaner() {
        return new LogCleaner(
                new CompactionPass.Limits(MAP_BYTES, MAP_LOAD, BUFFER_BYTES),
                new CleaningThrottle(Double.MAX_VALUE),
                InstantSource.system());
    }

    static Cleaner kafkasCleaner(UnifiedLog log) {
        try {
            return new Cleaner(
                    0,
                    new SkimpyOffsetMap(MAP_BYTES),
                    BUFFER_BYTES,
                    log.config().maxMessageSize(),
                    MAP_LOAD,
                    new Throttler(Double.MAX_VALUE, 300, "cleaner-io", "bytes", Time.SYSTEM),
                    Time.SYSTEM,
                    _ -> {});
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has MD5", e);
        }
    }

    /** One pass; returns bytes written. */
    static long clean(LogCleaner cleaner, OdradekLogs logs, PartitionLog log, LogCleaner.AppendThread appendThread) {
        LogCleaner.Cleaned cleaned = cleaner.cleanNext(
                List.of(new LogCleaner.Candidate(logs.directory, log, log.view().logEndOffset(), appendThread)));
        if (cleaned == null || cleaned.recordsKept() == 0 || cleaned.recordsKept() == cleaned.recordsRead()) {
            throw new IllegalStateException("not compacted: " + cleaned);
        }
        return cleaned.writtenBytes();
    }

    /** One pass; returns the offset up to which it came. */
    static long clean(Cleaner cleaner, UnifiedLog log) throws IOException {
        try {
            long cleanedTo = cleaner.doClean(
                            new LogToClean(log, 0, log.activeSegment().baseOffset(), false), System.currentTimeMillis())
                    .getKey();
            if (cleanedTo == 0) {
                throw new IllegalStateException("not compacted");
            }
            return cleanedTo;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has MD5", e);
        }
    }

    /** Odradek's. */
    @State(Scope.Benchmark)
    public static class Odradek extends OpenedPerRun {
        private OdradekLogs logs;
        private LogCleaner cleaner;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Odradek() {}

        @Override
        void start(Params params, Path path) throws IOException {
            int volumeMiB = params.number("volumeMiB");
            logs = new OdradekLogs(path, 1, compacted(volumeMiB));
            PartitionLog log = logs.log(0);
            fill(volumeMiB, batch -> {
                logs.stage(log, ByteBuffer.wrap(batch));
                log.writeStaged();
            });
            cleaner = CompactionRate.cleaner();
        }

        @Override
        void stop() throws IOException {
            logs.close();
        }
    }

    /** Nobody else writes to the log: the cleaner's own thread is the log's. */
    private static final class CallingThread implements LogCleaner.AppendThread {
        @Override
        public <T> CompletableFuture<T> call(Callable<T> work) {
            try {
                return CompletableFuture.completedFuture(work.call());
            } catch (Exception e) {
                return CompletableFuture.failedFuture(e);
            }
        }
    }

    @Benchmark
    public long odradek(Odradek odradek) {
        return clean(odradek.cleaner, odradek.logs, odradek.logs.log(0), new CallingThread());
    }

    /** Kafka's. */
    @State(Scope.Benchmark)
    public static class Kafka extends OpenedPerRun {
        private KafkaLogs logs;
        private Cleaner cleaner;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Kafka() {}

        @Override
        void start(Params params, Path path) throws IOException {
            int volumeMiB = params.number("volumeMiB");
            logs = new KafkaLogs(path, 1, compactedByKafka(volumeMiB));
            UnifiedLog log = logs.log(0);
            fill(volumeMiB, batch -> KafkaLogs.append(log, ByteBuffer.wrap(batch)));
            cleaner = kafkasCleaner(log);
        }

        @Override
        void stop() throws IOException {
            logs.close();
        }
    }

    @Benchmark
    public long unifiedLog(Kafka kafka) throws IOException {
        return clean(kafka.cleaner, kafka.logs.log(0));
    }
}
