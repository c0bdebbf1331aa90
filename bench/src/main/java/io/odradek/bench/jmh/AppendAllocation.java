package io.odradek.bench.jmh;

import com.sun.management.ThreadMXBean;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.writepath.AppendListener;
import io.odradek.engine.writepath.Shard;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Heap allocated per batch once all is warm, page-cache durability: by the threads of the ring ({@code inRing}), and by these and the
 * thread that checks the batches and hands them over ({@code inAll}). Sixteen batches at a time, of one partition. The JVM counts for
 * each thread; {@code -prof gc} counts the same runs with their preparation.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 10)
@Measurement(iterations = 5)
public class AppendAllocation {
    private static final int GROUP = 16;
    private static final ThreadMXBean THREADS = threads();

    @Param({"1x100B", "16x1KiB"})
    public String shape = "";

    /** In one run. */
    @Param("8000")
    public int batches;

    /** For JMH. */
    public AppendAllocation() {}

    static Amount perRun(Params params) {
        int batches = params.number("batches");
        Shape shape = params.shape();
        return new Amount(batches, "batches", (double) batches * shape.payloadBytes());
    }

    private static ThreadMXBean threads() {
        if (ManagementFactory.getThreadMXBean() instanceof ThreadMXBean counting) {
            return counting;
        }
        throw new IllegalStateException("this JVM does not count what its threads allocate");
    }

    /** Bytes over all runs; JMH sums them up. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Allocated {
        public long inRing;
        public long inAll;
        public long measuredBatches;

        /** For JMH. */
        public Allocated() {}
    }

    /** A shard with its own append, sync and settle threads. */
    @State(Scope.Benchmark)
    public static class Odradek {
        private final ByteBuffer[] buffers = new ByteBuffer[GROUP];
        private Workplace place;
        private OdradekLogs logs;
        private Shard shard;
        private long[] ringThreads;
        private AppendListener listener;
        private volatile long settled;
        private long handedOver;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set up before the first run
        public Odradek() {}

        @Setup(Level.Trial)
        public void open(AppendAllocation load) throws IOException {
            for (int i = 0; i < GROUP; i++) {
                buffers[i] = Shape.direct(Shape.of(load.shape).batch());
            }
            place = Workplace.create();
            logs = new OdradekLogs(place.path(), 1, LogConfig.defaults().withDurability(new Durability.PageCache()));
            shard = new Shard(
                    new Shard.Options("allocation", 1024, 64 << 20, "auto", Shard.Threads.SEPARATE),
                    logs.directory,
                    new GroupSync(logs.store, place.path(), GroupSync.Strategy.AUTO),
                    (_, _) -> {},
                    InstantSource.system());
            shard.start();
            ringThreads = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().startsWith("shard-allocation-"))
                    .mapToLong(Thread::threadId)
                    .toArray();
            listener = outcome -> {
                OdradekLogs.appended(outcome);
                countSettled();
            };
        }

        // Only the settle thread writes it.
        @SuppressWarnings("NonAtomicVolatileUpdate")
        private void countSettled() {
            settled++;
        }

        private void appendGroup() {
            for (ByteBuffer buffer : buffers) {
                Shape.asSent(buffer);
                if (!shard.tryWriteUnannounced(
                        logs.log(0), logs.checked(buffer, BufferLease.UNPOOLED), OdradekLogs.EPOCH, listener)) {
                    throw new IllegalStateException("the ring is full with one group in it");
                }
            }
            handedOver += GROUP;
            shard.announce();
            while (settled < handedOver) {
                Thread.onSpinWait();
            }
        }

        @TearDown(Level.Trial)
        public void close() throws IOException {
            shard.close();
            logs.close();
            place.close();
        }
    }

    private static long allocatedBy(long[] threads) {
        long sum = 0;
        for (long bytes : THREADS.getThreadAllocatedBytes(threads)) {
            sum += bytes;
        }
        return sum;
    }

    @Benchmark
    public long odradek(Odradek odradek, Allocated allocated) {
        long ringBefore = allocatedBy(odradek.ringThreads);
        long ownBefore = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < batches; i += GROUP) {
            odradek.appendGroup();
        }
        long own = THREADS.getCurrentThreadAllocatedBytes() - ownBefore;
        long inRing = allocatedBy(odradek.ringThreads) - ringBefore;
        allocated.inRing += inRing;
        allocated.inAll += inRing + own;
        allocated.measuredBatches += batches;
        return odradek.settled;
    }

    /** Kafka's log. */
    @State(Scope.Benchmark)
    public static class Kafka {
        private ByteBuffer batch;
        private Workplace place;
        private KafkaLogs logs;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set up before the first run
        public Kafka() {}

        @Setup(Level.Trial)
        public void open(AppendAllocation load) throws IOException {
            batch = ByteBuffer.wrap(Shape.of(load.shape).batch());
            place = Workplace.create();
            logs = new KafkaLogs(place.path(), 1, Map.of());
        }

        @TearDown(Level.Trial)
        public void close() throws IOException {
            logs.close();
            place.close();
        }
    }

    @Benchmark
    public long unifiedLog(Kafka kafka, Allocated allocated) throws IOException {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < batches; i++) {
            KafkaLogs.append(kafka.logs.log(0), kafka.batch);
        }
        allocated.inAll += THREADS.getCurrentThreadAllocatedBytes() - before;
        allocated.measuredBatches += batches;
        return kafka.logs.log(0).logEndOffset();
    }
}
