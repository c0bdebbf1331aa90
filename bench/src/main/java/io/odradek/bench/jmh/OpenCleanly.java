package io.odradek.bench.jmh;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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

/** Opening logs with a few batches each after a clean stop, each system its own, with as many threads as there are processors. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3)
@Measurement(iterations = 8)
public class OpenCleanly {
    private static final Shape SHAPE = new Shape(16, 1024);
    private static final int BATCHES_EACH = 8;

    @Param("1000")
    public int partitions;

    /** For JMH. */
    public OpenCleanly() {}

    private static int threads() {
        return Runtime.getRuntime().availableProcessors();
    }

    /** Odradek's. */
    @State(Scope.Benchmark)
    public static class Odradek {
        private final LogConfig config = LogConfig.defaults().withDurability(new Durability.PageCache());
        private Workplace place;
        private LogDirectory opened;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set up before the first run
        public Odradek() {}

        @Setup(Level.Trial)
        public void write(OpenCleanly load) throws IOException {
            place = Workplace.create();
            try (OdradekLogs logs = new OdradekLogs(place.path(), load.partitions, config)) {
                for (int partition = 0; partition < load.partitions; partition++) {
                    logs.fill(logs.log(partition), SHAPE.batch(), BATCHES_EACH, System.currentTimeMillis() - 10_000, 1);
                }
            }
        }

        @TearDown(Level.Iteration)
        public void stop() throws IOException {
            opened.close();
        }

        @TearDown(Level.Trial)
        public void delete() throws IOException {
            place.close();
        }
    }

    @Benchmark
    public int odradek(Odradek odradek) throws IOException {
        odradek.opened = OdradekLogs.openDirectory(new DiskFileStore(), odradek.place.path());
        odradek.opened.recoverAll(_ -> odradek.config, threads(), (_, _, _, _) -> {});
        if (!odradek.opened.wasStoppedCleanly() || odradek.opened.logs().size() != partitions) {
            throw new IllegalStateException(odradek.opened.logs().size() + " logs were opened");
        }
        return partitions;
    }

    /** Kafka's. */
    @State(Scope.Benchmark)
    public static class Kafka {
        private Workplace place;
        private List<Path> directories;
        private KafkaLogs opened;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set up before the first run
        public Kafka() {}

        @Setup(Level.Trial)
        public void write(OpenCleanly load) throws IOException {
            place = Workplace.create();
            directories = KafkaLogs.directories(place.path(), load.partitions);
            try (KafkaLogs logs = new KafkaLogs(directories, Map.of(), true, 1)) {
                for (int partition = 0; partition < load.partitions; partition++) {
                    KafkaLogs.fill(
                            logs.log(partition), SHAPE.batch(), BATCHES_EACH, System.currentTimeMillis() - 10_000, 1);
                }
            }
        }

        @TearDown(Level.Iteration)
        public void stop() throws IOException {
            opened.close();
        }

        @TearDown(Level.Trial)
        public void delete() throws IOException {
            place.close();
        }
    }

    @Benchmark
    public long unifiedLog(Kafka kafka) throws IOException {
        kafka.opened = new KafkaLogs(kafka.directories, Map.of(), true, threads());
        long end = kafka.opened.log(partitions - 1).logEndOffset();
        if (end != (long) BATCHES_EACH * SHAPE.records()) {
            throw new IllegalStateException("the last log ends at " + end);
        }
        return end;
    }
}
