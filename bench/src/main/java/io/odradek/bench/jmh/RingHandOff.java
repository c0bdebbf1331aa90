package io.odradek.bench.jmh;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.writepath.Shard;
import java.io.IOException;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
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
 * A task from this thread to a shard's append thread, and the news of its end from the settle thread: three threads meet twice.
 * In a burst all are handed over before
 * the last is waited for. The waiting side spins. The peer is a JDK executor of one thread.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class RingHandOff {
    @Param({"1", "256"})
    public int burst;

    /** For JMH. */
    public RingHandOff() {}

    static Amount perRun(Params params) {
        return new Amount(params.number("burst"), "tasks", 0);
    }

    /** A shard with its own append, sync and settle threads. */
    @State(Scope.Benchmark)
    public static class Ring {
        @Param({"block", "yield", "spin", "auto"})
        public String waitStrategy = "";

        private Workplace place;
        private OdradekLogs logs;
        private Shard shard;
        private PartitionLog log;
        private volatile long settled;
        private long handedOver;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set up before the first run
        public Ring() {}

        @Setup(Level.Trial)
        public void open() throws IOException {
            place = Workplace.create();
            logs = new OdradekLogs(place.path(), 1, LogConfig.defaults().withDurability(new Durability.PageCache()));
            log = logs.log(0);
            shard = new Shard(
                    new Shard.Options("measured", 1024, 64 << 20, waitStrategy, Shard.Threads.SEPARATE),
                    logs.directory,
                    new GroupSync(logs.store, place.path(), GroupSync.Strategy.AUTO),
                    (_, _) -> {},
                    InstantSource.system());
            shard.start();
        }

        // Only the settle thread writes it.
        @SuppressWarnings("NonAtomicVolatileUpdate")
        private void handOver() {
            handedOver++;
            shard.run(log, () -> {}, failure -> {
                if (failure != null) {
                    throw new IllegalStateException("a task that does nothing failed", failure);
                }
                settled++;
            });
        }

        private long await() {
            while (settled < handedOver) {
                Thread.onSpinWait();
            }
            return handedOver;
        }

        @TearDown(Level.Trial)
        public void close() throws IOException {
            shard.close();
            logs.close();
            place.close();
        }
    }

    @Benchmark
    public long odradek(Ring ring) {
        for (int i = 0; i < burst; i++) {
            ring.handOver();
        }
        return ring.await();
    }

    /** One thread behind a linked queue. */
    @State(Scope.Benchmark)
    public static class Queue {
        private ExecutorService thread;
        private volatile long done;
        private long handedOver;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set up before the first run
        public Queue() {}

        @Setup(Level.Trial)
        public void open() {
            thread = Executors.newSingleThreadExecutor();
        }

        // Only the executor's thread writes it.
        @SuppressWarnings("NonAtomicVolatileUpdate")
        private void handOver() {
            handedOver++;
            thread.execute(() -> done++);
        }

        private long await() {
            while (done < handedOver) {
                Thread.onSpinWait();
            }
            return handedOver;
        }

        @TearDown(Level.Trial)
        public void close() {
            thread.close();
        }
    }

    @Benchmark
    public long executor(Queue queue) {
        for (int i = 0; i < burst; i++) {
            queue.handOver();
        }
        return queue.await();
    }
}
