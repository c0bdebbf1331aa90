package io.odradek.bench.jmh;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
 * {@link SyncedAppends} under JMH. What extends this says which: by parameters of these names, and by what it lets Odradek choose.
 * Kafka's log syncs each append, the only way it has to promise the same.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 3)
@Measurement(iterations = 8)
public abstract class SyncedAppendMeasure {
    /** 256 for the whole of a run, less for a part of it. */
    @Param("256")
    public int volumeMiB;

    /** For JMH. */
    protected SyncedAppendMeasure() {}

    /** A system with those who submit to it. */
    public abstract static class Opened extends OpenedPerRun {
        private SyncedAppends.Target target;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set before each run
        protected Opened() {}

        abstract SyncedAppends.Target open(SyncedAppends load, Path path) throws IOException;

        @Override
        void start(Params params, Path path) throws IOException {
            target = open(SyncedAppends.of(params), path);
        }

        void run() throws IOException {
            target.run();
        }

        @Override
        void stop() throws IOException {
            target.close();
        }
    }

    /** A shard with its threads and network loops. */
    @State(Scope.Benchmark)
    public static class Odradek extends Opened {
        @Param("auto")
        public String strategy = "";

        /** For JMH. */
        public Odradek() {}

        @Override
        SyncedAppends.Target open(SyncedAppends load, Path path) throws IOException {
            return new ConnectedShard(
                    load, path, LogConfig.defaults().withDurability(new Durability.Sync()), strategy, 1);
        }
    }

    /** Kafka's logs and request handlers. */
    @State(Scope.Benchmark)
    public static class Kafka extends Opened {
        /** For JMH. */
        public Kafka() {}

        @Override
        SyncedAppends.Target open(SyncedAppends load, Path path) throws IOException {
            return new SyncedAppends.KafkasHandlers(load, path, Map.of("flush.messages", 1L));
        }
    }

    /** Plain files. */
    @State(Scope.Benchmark)
    public static class Raw extends Opened {
        /** For JMH. */
        public Raw() {}

        @Override
        SyncedAppends.Target open(SyncedAppends load, Path path) throws IOException {
            return new SyncedAppends.RawWrites(load, path);
        }
    }

    @Benchmark
    public void unifiedLog(Kafka kafka) throws IOException {
        kafka.run();
    }

    @Benchmark
    public void rawFile(Raw raw) throws IOException {
        raw.run();
    }
}
