package io.odradek.bench.jmh;

import io.odradek.engine.io.GroupSync;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
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

/** One submitter, one partition, one batch at a time: what the write path adds to write and {@code fdatasync}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 3)
@Measurement(iterations = 8)
public class SyncStream {
    @Param({"1x100B", "16x1KiB", "64x1KiB"})
    public String shape = "";

    /** 256 for the whole of a run, less for a part of it. */
    @Param("256")
    public int volumeMiB;

    /** For JMH. */
    public SyncStream() {}

    static Amount perRun(Map<String, String> params) {
        return SyncedAppends.of(1, 1, Integer.parseInt(params.getOrDefault("volumeMiB", "1")))
                .perRun(Shape.of(params.getOrDefault("shape", "")));
    }

    private SyncedAppends load() {
        return SyncedAppends.of(1, 1, volumeMiB);
    }

    /** A shard with its threads. */
    @State(Scope.Benchmark)
    public static class Odradek {
        @Param({"auto"})
        public String strategy = "";

        private SyncedAppends.ToOdradek to;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Odradek() {}

        @Setup(Level.Iteration)
        public void open(SyncStream measure) throws IOException {
            to = new SyncedAppends.ToOdradek(
                    measure.load(),
                    Shape.of(measure.shape).batch(),
                    GroupSync.Strategy.valueOf(strategy.toUpperCase(Locale.ROOT)));
        }

        @TearDown(Level.Iteration)
        public void close() throws IOException {
            to.close();
        }
    }

    @Benchmark
    public void odradek(Odradek odradek) throws IOException {
        odradek.to.run();
    }

    /** Kafka's logs. */
    @State(Scope.Benchmark)
    public static class Kafka {
        private SyncedAppends.ToKafka to;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Kafka() {}

        @Setup(Level.Iteration)
        public void open(SyncStream measure) throws IOException {
            to = new SyncedAppends.ToKafka(
                    measure.load(), Shape.of(measure.shape).batch());
        }

        @TearDown(Level.Iteration)
        public void close() throws IOException {
            to.close();
        }
    }

    @Benchmark
    public void unifiedLog(Kafka kafka) throws IOException {
        kafka.to.run();
    }

    /** Plain files. */
    @State(Scope.Benchmark)
    public static class Raw {
        private SyncedAppends.ToRawFiles to;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        public Raw() {}

        @Setup(Level.Iteration)
        public void open(SyncStream measure) throws IOException {
            to = new SyncedAppends.ToRawFiles(
                    measure.load(), Shape.of(measure.shape).batch());
        }

        @TearDown(Level.Iteration)
        public void close() throws IOException {
            to.close();
        }
    }

    @Benchmark
    public void rawFile(Raw raw) throws IOException {
        raw.to.run();
    }
}
