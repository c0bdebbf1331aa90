package io.odradek.bench.jmh;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.Durability;
import io.odradek.engine.LogCleaner;
import io.odradek.engine.LogConfig;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.writepath.Shard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * What compaction of one log costs who appends to another on the same disk and, of ours, through the same shard. Synced appends of
 * one batch are due at a constant rate; how long each took is counted from when it was due, whenever it was sent
 * ("coordinated omission"). As long as a pass takes with the cleaner at work, unthrottled, then as long without, and so on in turn.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class CompactionDelay {
    private static final Shape SHAPE = new Shape(1, 1024);
    private static final long STUCK_SECONDS = 120;

    /** Of each log that is compacted. */
    @Param("256")
    public int volumeMiB;

    /** Logs that are compacted, one after the other, each followed by as much time without. */
    @Param("4")
    public int pairs;

    /** Appends that are due in a second. */
    @Param("200")
    public int ratePerS;

    /** For JMH. */
    public CompactionDelay() {}

    /** In us, of all phases of a run; JMH sums up the runs. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Latencies {
        public double p50Quiet;
        public double p50Compacting;
        public double p99Quiet;
        public double p99Compacting;
        public double maxQuiet;
        public double maxCompacting;
        public long runs;

        /** For JMH. */
        public Latencies() {}

        private void add(Histogram quiet, Histogram compacting) {
            p50Quiet += quiet.getValueAtPercentile(50) / 1e3;
            p50Compacting += compacting.getValueAtPercentile(50) / 1e3;
            p99Quiet += quiet.getValueAtPercentile(99) / 1e3;
            p99Compacting += compacting.getValueAtPercentile(99) / 1e3;
            maxQuiet += quiet.getMaxValue() / 1e3;
            maxCompacting += compacting.getMaxValue() / 1e3;
            runs++;
        }
    }

    /** The log that is appended to, and those that are compacted meanwhile. */
    interface Target {
        /** Sends one batch; notes in {@code latencies} when it was on disk. */
        void append(long dueNanos, Histogram latencies) throws IOException;

        /** Returns when all that was sent is on disk. */
        void awaitAll() throws IOException;

        void compact(int log) throws IOException;
    }

    private long alternate(Target target, Latencies counted) throws IOException {
        Histogram quiet = new ConcurrentHistogram(3);
        Histogram compacting = new ConcurrentHistogram(3);
        for (int pair = 0; pair < pairs; pair++) {
            int log = pair;
            FutureTask<Void> pass = new FutureTask<>(() -> {
                target.compact(log);
                return null;
            });
            long began = System.nanoTime();
            Thread.ofPlatform().name("cleaner").daemon().start(pass);
            send(target, compacting, () -> !pass.isDone());
            await(pass);
            long tookNanos = System.nanoTime() - began;
            long quietSince = System.nanoTime();
            send(target, quiet, () -> System.nanoTime() - quietSince < tookNanos);
        }
        counted.add(quiet, compacting);
        return quiet.getTotalCount() + compacting.getTotalCount();
    }

    /** At least one. */
    private void send(Target target, Histogram latencies, BooleanSupplier goesOn) throws IOException {
        long intervalNanos = TimeUnit.SECONDS.toNanos(1) / ratePerS;
        long dueNanos = System.nanoTime();
        do {
            for (long early = dueNanos - System.nanoTime(); early > 0; early = dueNanos - System.nanoTime()) {
                LockSupport.parkNanos(early);
            }
            target.append(dueNanos, latencies);
            dueNanos += intervalNanos;
        } while (goesOn.getAsBoolean());
        target.awaitAll();
    }

    private static void await(FutureTask<Void> pass) throws IOException {
        try {
            pass.get();
        } catch (ExecutionException e) {
            throw new IOException("the cleaner failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Odradek's shard, with the threads it would have in a broker. */
    @State(Scope.Benchmark)
    public static class Odradek extends OpenedPerRun implements Target {
        private final byte[] batch = SHAPE.batchWithKeys(new Random(1), 1);
        private final LogCleaner cleaner = CompactionRate.cleaner();
        private OdradekLogs logs;
        private Shard shard;
        private CompletableFuture<Void> last;
        private volatile @Nullable AppendOutcome refusal;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Odradek() {}

        /** The first log is the one that is appended to. */
        @Override
        void start(Params params, Path path) throws IOException {
            int volumeMiB = params.number("volumeMiB");
            int pairs = params.number("pairs");
            logs = new OdradekLogs(path, 1 + pairs, CompactionRate.compacted(volumeMiB));
            for (int i = 0; i < pairs; i++) {
                PartitionLog log = log(i);
                CompactionRate.fill(volumeMiB, next -> {
                    logs.stage(log, ByteBuffer.wrap(next));
                    log.writeStaged();
                });
            }
            logs.log(0).reconfigure(LogConfig.defaults().withDurability(new Durability.Sync()));
            logs.directory.checkpointRecoveryPoints(); // else the kernel would write all that while we measure
            shard = logs.startShard("auto");
            last = CompletableFuture.completedFuture(null);
        }

        private PartitionLog log(int compacted) {
            return logs.log(1 + compacted);
        }

        @Override
        public void append(long dueNanos, Histogram latencies) {
            CompletableFuture<Void> settled = new CompletableFuture<>();
            var checked = logs.checked(Shape.direct(batch), BufferLease.UNPOOLED);
            while (!shard.tryWrite(logs.log(0), checked, OdradekLogs.EPOCH, outcome -> {
                latencies.recordValue(System.nanoTime() - dueNanos);
                if (!(outcome instanceof AppendOutcome.Appended)) {
                    refusal = outcome;
                }
                settled.complete(null);
            })) {
                shard.awaitRoom();
            }
            last = settled;
        }

        /** The batches of one log are settled in order. */
        @Override
        public void awaitAll() throws IOException {
            try {
                shard.orDeath(last).get(STUCK_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new IOException("an append was not answered", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
            AppendOutcome refused = refusal;
            if (refused != null) {
                OdradekLogs.appended(refused);
            }
        }

        @Override
        public void compact(int compacted) {
            CompactionRate.clean(cleaner, logs, log(compacted), new AppendThread(shard, log(compacted)));
        }

        @Override
        void stop() throws IOException {
            shard.close();
            logs.close();
        }
    }

    /** As the broker asks it. */
    private record AppendThread(Shard shard, PartitionLog log) implements LogCleaner.AppendThread {
        @Override
        public <T> CompletableFuture<T> call(Callable<T> work) {
            CompletableFuture<T> done = new CompletableFuture<>();
            shard.run(
                    log,
                    () -> {
                        try {
                            done.complete(work.call());
                        } catch (Exception e) {
                            done.completeExceptionally(e);
                        }
                    },
                    failure -> {
                        if (failure != null) {
                            done.completeExceptionally(failure);
                        }
                    });
            return shard.orDeath(done);
        }
    }

    @Benchmark
    public long odradek(Odradek odradek, Latencies counted) throws IOException {
        return alternate(odradek, counted);
    }

    /** Kafka's logs; the append syncs on the thread that sends. */
    @State(Scope.Benchmark)
    public static class Kafka extends OpenedPerRun implements Target {
        private final ByteBuffer batch = ByteBuffer.wrap(SHAPE.batch());
        private KafkaLogs appended;
        private KafkaLogs compacted;
        private Cleaner cleaner;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Kafka() {}

        @Override
        void start(Params params, Path path) throws IOException {
            int volumeMiB = params.number("volumeMiB");
            int pairs = params.number("pairs");
            appended = new KafkaLogs(Files.createDirectory(path.resolve("appended")), 1, Map.of("flush.messages", 1L));
            compacted = new KafkaLogs(path, pairs, CompactionRate.compactedByKafka(volumeMiB));
            for (int i = 0; i < pairs; i++) {
                UnifiedLog log = compacted.log(i);
                CompactionRate.fill(volumeMiB, next -> KafkaLogs.append(log, ByteBuffer.wrap(next)));
                log.flush(true);
            }
            cleaner = CompactionRate.kafkasCleaner(compacted.log(0));
        }

        @Override
        public void append(long dueNanos, Histogram latencies) throws IOException {
            KafkaLogs.append(appended.log(0), batch);
            latencies.recordValue(System.nanoTime() - dueNanos);
        }

        @Override
        public void awaitAll() {}

        @Override
        public void compact(int log) throws IOException {
            CompactionRate.clean(cleaner, compacted.log(log));
        }

        @Override
        void stop() throws IOException {
            appended.close();
            compacted.close();
        }
    }

    @Benchmark
    public long unifiedLog(Kafka kafka, Latencies counted) throws IOException {
        return alternate(kafka, counted);
    }
}
