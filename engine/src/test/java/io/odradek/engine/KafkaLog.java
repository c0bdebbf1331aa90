package io.odradek.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.common.RequestLocal;
import org.apache.kafka.server.common.TransactionVersion;
import org.apache.kafka.server.util.Scheduler;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.log.VerificationGuard;
import org.apache.kafka.storage.internals.utils.Throttler;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/** Apache Kafka's own log, as an oracle: on a clock that the test moves, and without anything in the background. */
public final class KafkaLog {

    /** Stands still until it is set. */
    public static final class Clock implements Time {
        public long nowMs;

        public Clock(long nowMs) {
            this.nowMs = nowMs;
        }

        @Override
        public long milliseconds() {
            return nowMs;
        }

        @Override
        public long nanoseconds() {
            return 0;
        }

        @Override
        public void sleep(long ms) {
            throw new AssertionError("nobody sleeps here");
        }

        @Override
        public void waitObject(Object object, Supplier<Boolean> condition, long deadlineMs) {
            throw new AssertionError("nobody waits here");
        }

        @Override
        public <T> T waitForFuture(Future<T> future, long deadlineNanos) {
            throw new AssertionError("nobody waits here");
        }
    }

    private static final class NeverRun extends CompletableFuture<Object> implements ScheduledFuture<Object> {
        @Override
        public long getDelay(TimeUnit unit) {
            return Long.MAX_VALUE;
        }

        @Override
        public int compareTo(Delayed other) {
            return 0;
        }
    }

    private static final class Never implements Scheduler {
        @Override
        public void startup() {}

        @Override
        public void shutdown() {}

        @Override
        public ScheduledFuture<?> schedule(String name, Runnable task, long delayMs, long periodMs) {
            return new NeverRun();
        }

        @Override
        public void resizeThreadPool(int newSize) {}
    }

    /** @param directory has to exist; its name is the partition's */
    public static UnifiedLog open(Path directory, Map<String, Object> config, Clock clock) throws IOException {
        return UnifiedLog.create(
                directory.toFile(),
                new LogConfig(config),
                0,
                0,
                new Never(),
                new BrokerTopicStats(),
                clock,
                900_000,
                new ProducerStateManagerConfig(86_400_000, false),
                600_000,
                new LogDirFailureChannel(1),
                true,
                Optional.empty());
    }

    /**
     * Has Kafka's own cleaner compact everything in {@code [firstDirty, end)}.
     *
     * @return where it would begin the next time
     */
    public static long compact(UnifiedLog log, long firstDirty, long end, long nowMs) throws Exception {
        Cleaner cleaner = new Cleaner(
                0,
                new SkimpyOffsetMap(1 << 20),
                1 << 20,
                1 << 20,
                0.9,
                new Throttler(Double.MAX_VALUE, Long.MAX_VALUE, "cleaner-io", "bytes", new Clock(0)),
                new Clock(nowMs),
                _ -> {});
        return cleaner.doClean(new LogToClean(log, firstDirty, end, false), nowMs)
                .getKey();
    }

    /** Ends a producer's transaction, as a coordinator does. */
    public static void endTransaction(UnifiedLog log, long producer, ControlRecordType type, long nowMs) {
        log.appendAsLeader(
                MemoryRecords.withEndTransactionMarker(nowMs, producer, (short) 0, new EndTransactionMarker(type, 0)),
                0,
                AppendOrigin.COORDINATOR,
                RequestLocal.noCaching(),
                VerificationGuard.SENTINEL,
                TransactionVersion.TV_1.featureLevel());
    }

    private KafkaLog() {}
}
