package io.odradek.bench.jmh;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
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
 * Opening logs after a crash without any recovery point: every batch is read and checked. Both systems read the same bytes, from the
 * page cache if they fit, with as many threads as there are processors. Before each run goes what a crash makes worthless: the
 * marker of the clean stop, recovery points, indexes, producer snapshots.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class RecoveryScan {
    private static final Shape SHAPE = new Shape(16, 1024);
    private static final int READ_BYTES = 1 << 20;

    @Param("10240")
    public int volumeMiB;

    @Param("100")
    public int partitions;

    private final LogConfig config = LogConfig.defaults().withDurability(new Durability.PageCache());
    private Workplace place;
    private @Nullable LogDirectory recovered;
    private @Nullable KafkaLogs recoveredByKafka;

    /** For JMH. */
    @SuppressWarnings("NullAway.Init") // set up before the first run
    public RecoveryScan() {}

    static Amount perRun(Map<String, String> params) {
        long batches = batchesEach(
                Long.parseLong(params.getOrDefault("volumeMiB", "1")),
                Integer.parseInt(params.getOrDefault("partitions", "1")));
        double bytes =
                (double) batches * Integer.parseInt(params.getOrDefault("partitions", "1")) * SHAPE.batch().length;
        return new Amount(1, "recoveries", bytes);
    }

    private static long batchesEach(long volumeMiB, int partitions) {
        return Math.max(1, (volumeMiB << 20) / partitions / SHAPE.payloadBytes());
    }

    @Setup(Level.Trial)
    public void write() throws IOException {
        place = Workplace.create();
        byte[] batch = SHAPE.batch();
        try (OdradekLogs logs = new OdradekLogs(place.path(), partitions, config)) {
            for (int partition = 0; partition < partitions; partition++) {
                logs.fill(
                        logs.log(partition),
                        batch,
                        batchesEach(volumeMiB, partitions),
                        System.currentTimeMillis() - 1_000_000_000,
                        0);
            }
        }
    }

    @Setup(Level.Iteration)
    public void crash() throws IOException {
        Files.walkFileTree(place.path(), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String name = file.getFileName().toString();
                if (name.equals(".kafka_cleanshutdown")
                        || name.equals("recovery-point-offset-checkpoint")
                        || name.endsWith(".index")
                        || name.endsWith(".timeindex")
                        || name.endsWith(".snapshot")) {
                    Files.delete(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static int threads() {
        return Runtime.getRuntime().availableProcessors();
    }

    @Benchmark
    public long odradek() throws IOException {
        LogDirectory directory = OdradekLogs.openDirectory(new DiskFileStore(), place.path());
        recovered = directory;
        long[] scanned = {0};
        directory.recoverAll(_ -> config, threads(), (_, bytes, _, _) -> {
            synchronized (scanned) {
                scanned[0] += bytes;
            }
        });
        if (directory.logs().size() != partitions || scanned[0] == 0) {
            throw new IllegalStateException(
                    directory.logs().size() + " logs were recovered, " + scanned[0] + " bytes read");
        }
        return scanned[0];
    }

    @Benchmark
    public long unifiedLog() throws IOException {
        KafkaLogs logs = new KafkaLogs(KafkaLogs.directories(place.path(), partitions), Map.of(), false, threads());
        recoveredByKafka = logs;
        long end = logs.log(partitions - 1).logEndOffset();
        if (end != batchesEach(volumeMiB, partitions) * SHAPE.records()) {
            throw new IllegalStateException("the last log ends at " + end);
        }
        return end;
    }

    /** One thread for each processor reads all files and takes CRC-32C of every byte. */
    @Benchmark
    public int ceiling() throws IOException {
        try (Stream<Path> files = Files.walk(place.path())) {
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

    @TearDown(Level.Iteration)
    public void stop() throws IOException {
        LogDirectory ours = recovered;
        if (ours != null) {
            ours.close();
            recovered = null;
        }
        KafkaLogs theirs = recoveredByKafka;
        if (theirs != null) {
            theirs.close();
            recoveredByKafka = null;
        }
    }

    @TearDown(Level.Trial)
    public void delete() throws IOException {
        place.close();
    }
}
