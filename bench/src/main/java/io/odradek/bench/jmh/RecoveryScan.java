package io.odradek.bench.jmh;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.DiskFileStore;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
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
 * Opening logs after a crash, with as many threads as there are processors; the segments are in the page cache if they fit. After
 * two kinds of crash:
 *
 * <ul>
 *   <li>{@code nothing-written-down}: both systems get the same segments and no recovery point, index or producer snapshot, so that
 *       every batch is read and checked;
 *   <li>{@code as-killed}: each gets the files that it has left itself when its process was killed right after the last append
 *       ({@link KilledWriter}). What it wrote down before, it need not read again.
 * </ul>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class RecoveryScan {
    private static final String NOTHING_WRITTEN_DOWN = "nothing-written-down";
    private static final String AS_KILLED = "as-killed";
    private static final int READ_BYTES = 1 << 20;

    /** Small batches, below this many bytes, are written to {@link #SMALL_SHARE} of the volume: 3 million instead of 100. */
    private static final int SMALL_BATCH_BYTES = 4096;

    private static final int SMALL_SHARE = 32;

    @Param({"16x1KiB", "1x100B"})
    public String shape = "";

    @Param("10240")
    public int volumeMiB;

    @Param("100")
    public int partitions;

    /** For JMH. */
    public RecoveryScan() {}

    static Amount perRun(Params params) {
        Shape shape = params.shape();
        int partitions = params.number("partitions");
        long batches = batchesEach(shape, params.number("volumeMiB"), partitions);
        return new Amount(1, "recoveries", (double) batches * partitions * shape.batch().length);
    }

    private static long batchesEach(Shape shape, long volumeMiB, int partitions) {
        long bytes = (volumeMiB << 20) / (shape.payloadBytes() < SMALL_BATCH_BYTES ? SMALL_SHARE : 1);
        return Math.max(1, bytes / partitions / shape.payloadBytes());
    }

    private long batchesEach() {
        return batchesEach(Shape.of(shape), volumeMiB, partitions);
    }

    private void requireEnd(long end) {
        if (end != batchesEach() * Shape.of(shape).records()) {
            throw new IllegalStateException("a recovered log ends at " + end);
        }
    }

    private static int threads() {
        return Runtime.getRuntime().availableProcessors();
    }

    /** Logs as they lie there before each run. */
    public abstract static class Crashed {
        private Workplace place;
        private CrashedLogs logs;
        private @Nullable Closeable recovered;

        /** For JMH. */
        @SuppressWarnings("NullAway.Init") // set up before the first run
        protected Crashed() {}

        /** {@link #NOTHING_WRITTEN_DOWN} or {@link #AS_KILLED}. */
        abstract String crash();

        /** For {@link KilledWriter}. */
        abstract String writer();

        Path path() {
            return place.path();
        }

        void recovered(Closeable opened) {
            recovered = opened;
        }

        @Setup(Level.Trial)
        public void write(RecoveryScan load) throws IOException {
            place = Workplace.create();
            switch (crash()) {
                case NOTHING_WRITTEN_DOWN -> {
                    fill(load);
                    logs = new CrashedLogs(path(), Crashed::isWorthAnything);
                }
                case AS_KILLED -> {
                    KilledWriter.run(writer(), path(), load.shape, load.partitions, load.batchesEach());
                    logs = new CrashedLogs(path(), _ -> true);
                }
                default -> throw new IllegalArgumentException("crash '" + crash() + "' is not known");
            }
        }

        private void fill(RecoveryScan load) throws IOException {
            byte[] batch = Shape.of(load.shape).batch();
            try (OdradekLogs written = new OdradekLogs(place.path(), load.partitions, Odradek.PAGE_CACHE)) {
                for (int partition = 0; partition < load.partitions; partition++) {
                    written.fill(
                            written.log(partition),
                            batch,
                            load.batchesEach(),
                            System.currentTimeMillis() - 1_000_000_000,
                            0);
                }
            }
        }

        /** When nothing was written down: names of topics and leader epochs, which no scan brings back. */
        private static boolean isWorthAnything(String name) {
            return !(name.equals(".kafka_cleanshutdown")
                    || name.equals("recovery-point-offset-checkpoint")
                    || name.endsWith(".index")
                    || name.endsWith(".timeindex")
                    || name.endsWith(".snapshot"));
        }

        @Setup(Level.Iteration)
        public void crashAgain() throws IOException {
            logs.putBack();
        }

        @TearDown(Level.Iteration)
        public void stop() throws IOException {
            Closeable open = recovered;
            if (open != null) {
                open.close();
                recovered = null;
            }
        }

        @TearDown(Level.Trial)
        public void delete() throws IOException {
            place.close();
        }
    }

    /** Odradek's. */
    @State(Scope.Benchmark)
    public static class Odradek extends Crashed {
        private static final LogConfig PAGE_CACHE = LogConfig.defaults().withDurability(new Durability.PageCache());

        @Param({NOTHING_WRITTEN_DOWN, AS_KILLED})
        public String crash = "";

        /** What the killed process promised: how much it had synced. */
        @Param({"sync", "page-cache"})
        public String durability = "";

        /** For JMH. */
        public Odradek() {}

        @Override
        String crash() {
            return crash;
        }

        @Override
        String writer() {
            return durability;
        }

        LogConfig config() {
            return durability.equals("sync") ? LogConfig.defaults().withDurability(new Durability.Sync()) : PAGE_CACHE;
        }
    }

    /** Read, of all that was written; over all runs, JMH sums them up. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Scanned {
        public long scannedBytes;
        public long recoveries;

        /** For JMH. */
        public Scanned() {}
    }

    @Benchmark
    public long odradek(Odradek crashed, Scanned counted) throws IOException {
        LogDirectory directory = OdradekLogs.openDirectory(new DiskFileStore(), crashed.path());
        crashed.recovered(directory::close);
        long[] scanned = {0};
        LogConfig config = crashed.config();
        directory.recoverAll(_ -> config, threads(), (_, bytes, _, _) -> {
            synchronized (scanned) {
                scanned[0] += bytes;
            }
        });
        if (directory.wasStoppedCleanly() || directory.logs().size() != partitions) {
            throw new IllegalStateException(directory.logs().size() + " logs were recovered");
        }
        for (PartitionLog log : directory.logs()) {
            requireEnd(log.view().logEndOffset());
        }
        if (scanned[0] == 0 && crashed.crash.equals(NOTHING_WRITTEN_DOWN)) {
            throw new IllegalStateException("nothing was read");
        }
        counted.scannedBytes += scanned[0];
        counted.recoveries++;
        return scanned[0];
    }

    /** Kafka's. */
    @State(Scope.Benchmark)
    public static class Kafka extends Crashed {
        @Param({NOTHING_WRITTEN_DOWN, AS_KILLED})
        public String crash = "";

        /** For JMH. */
        public Kafka() {}

        @Override
        String crash() {
            return crash;
        }

        @Override
        String writer() {
            return "unifiedLog";
        }
    }

    @Benchmark
    public long unifiedLog(Kafka crashed) throws IOException {
        KafkaLogs logs = new KafkaLogs(KafkaLogs.directories(crashed.path(), partitions), Map.of(), false, threads());
        crashed.recovered(logs::close);
        for (int partition = 0; partition < partitions; partition++) {
            requireEnd(logs.log(partition).logEndOffset());
        }
        return partitions;
    }

    /** Segments. */
    @State(Scope.Benchmark)
    public static class Raw extends Crashed {
        /** For JMH. */
        public Raw() {}

        @Override
        String crash() {
            return NOTHING_WRITTEN_DOWN;
        }

        @Override
        String writer() {
            throw new UnsupportedOperationException("all kinds of crash leave the same segments");
        }
    }

    /** One thread for each processor reads all files and takes CRC-32C of every byte. */
    @Benchmark
    public int ceiling(Raw crashed) throws IOException {
        try (Stream<Path> files = Files.walk(crashed.path())) {
            return files.filter(file -> file.toString().endsWith(".log")).toList().parallelStream()
                    .mapToInt(RecoveryScan::checksum)
                    .sum();
        }
    }

    private static int checksum(Path file) {
        CRC32C crc = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
        try (FileChannel channel = FileChannel.open(file)) {
            while (channel.read(buffer.clear()) >= 0) {
                crc.update(buffer.flip());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return (int) crc.getValue();
    }
}
