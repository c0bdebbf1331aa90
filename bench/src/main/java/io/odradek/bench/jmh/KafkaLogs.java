package io.odradek.bench.jmh;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/** Apache Kafka's own logs, opened as its broker opens them, with a scheduler of one thread for what it puts off. */
final class KafkaLogs implements AutoCloseable {
    private static final int EPOCH = 0;
    private static final int PRODUCER_EXPIRATION_MS = 86_400_000;
    private static final int PRODUCER_EXPIRATION_CHECK_MS = 600_000;
    private static final int MAX_TRANSACTION_TIMEOUT_MS = 900_000;

    private final KafkaScheduler scheduler = new KafkaScheduler(1);
    private final BrokerTopicStats stats = new BrokerTopicStats();
    private final LogDirFailureChannel failures = new LogDirFailureChannel(1);
    private final LogConfig config;
    private final List<UnifiedLog> logs;

    /** Creates them, or opens them after a clean stop. */
    KafkaLogs(Path path, int partitions, Map<String, Object> config) throws IOException {
        this(directories(path, partitions), config, true, 1);
    }

    /**
     * Opens what is there.
     *
     * @param cleanly what the marker of a clean stop would say; false: everything behind the recovery point is read, and without a
     *     checkpoint that is all
     * @param threads that open at the same time ({@code num.recovery.threads.per.data.dir})
     */
    KafkaLogs(List<Path> directories, Map<String, Object> config, boolean cleanly, int threads) throws IOException {
        this.config = new LogConfig(config);
        scheduler.startup();
        this.logs = openAll(directories, cleanly, threads);
    }

    /** Writes what Kafka's {@code LogManager} does from time to time: how far each log was flushed, mostly when a segment was full. */
    void checkpointRecoveryPoints(List<Path> directories) throws IOException {
        Map<TopicPartition, Long> points = new HashMap<>();
        for (UnifiedLog log : logs) {
            points.put(log.topicPartition(), log.recoveryPoint());
        }
        new OffsetCheckpointFile(recoveryPoints(directories), failures).write(points);
    }

    private static File recoveryPoints(List<Path> directories) {
        return directories
                .getFirst()
                .resolveSibling("recovery-point-offset-checkpoint")
                .toFile();
    }

    private Map<TopicPartition, Long> checkpointedRecoveryPoints(List<Path> directories) throws IOException {
        File file = recoveryPoints(directories);
        return file.exists() ? new OffsetCheckpointFile(file, failures).read() : Map.of();
    }

    /** {@code measured-0} and so on, created where missing. */
    static List<Path> directories(Path path, int partitions) throws IOException {
        List<Path> directories = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            directories.add(Files.createDirectories(path.resolve("measured-" + partition)));
        }
        return directories;
    }

    private List<UnifiedLog> openAll(List<Path> directories, boolean cleanly, int threads) throws IOException {
        Map<TopicPartition, Long> recoveryPoints = checkpointedRecoveryPoints(directories);
        List<Future<UnifiedLog>> opening = new ArrayList<>();
        List<UnifiedLog> opened = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (Path directory : directories) {
                long recoveryPoint =
                        recoveryPoints.getOrDefault(UnifiedLog.parseTopicPartitionName(directory.toFile()), 0L);
                opening.add(pool.submit(() -> open(directory, recoveryPoint, cleanly)));
            }
            for (Future<UnifiedLog> log : opening) {
                opened.add(log.get());
            }
        } catch (ExecutionException e) {
            throw new IOException("Kafka cannot open its log", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return opened;
    }

    private UnifiedLog open(Path directory, long recoveryPoint, boolean cleanly) throws IOException {
        return UnifiedLog.create(
                directory.toFile(),
                config,
                0,
                recoveryPoint,
                scheduler,
                stats,
                Time.SYSTEM,
                MAX_TRANSACTION_TIMEOUT_MS,
                new ProducerStateManagerConfig(PRODUCER_EXPIRATION_MS, false),
                PRODUCER_EXPIRATION_CHECK_MS,
                failures,
                cleanly,
                Optional.empty());
    }

    UnifiedLog log(int partition) {
        return logs.get(partition);
    }

    /**
     * Validates and appends one batch, as Kafka's request handler does, on this thread.
     *
     * @param batch on the heap, where Kafka receives it
     */
    static void append(UnifiedLog log, ByteBuffer batch) throws IOException {
        Shape.asSent(batch);
        log.appendAsLeader(MemoryRecords.readableRecords(batch), EPOCH);
    }

    /** {@link OdradekLogs#fill}. */
    static void fill(UnifiedLog log, byte[] batch, long count, long fromMs, long stepMs) throws IOException {
        ByteBuffer next = ByteBuffer.wrap(batch.clone());
        for (long done = 0; done < count; done++) {
            Shape.asSentAt(next, fromMs + done * stepMs);
            log.appendAsLeader(MemoryRecords.readableRecords(next), EPOCH);
        }
    }

    /** A clean stop. */
    @Override
    public void close() throws IOException {
        for (UnifiedLog log : logs) {
            log.flush(false);
            log.close();
        }
        try {
            scheduler.shutdown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        stats.close();
    }
}
