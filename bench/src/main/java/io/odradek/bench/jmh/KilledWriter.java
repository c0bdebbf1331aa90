package io.odradek.bench.jmh;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.RecoveryBound;
import io.odradek.engine.TopicPartition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Writes logs and dies of it: a JVM of its own, in which a system appends as in its broker, with its checkpoints at the times its
 * broker has for them, and which is halted when the last append is answered. What it leaves is what {@code kill -9} leaves:
 * nothing was closed, flushed or written down for the occasion.
 */
final class KilledWriter {
    private static final int SUBMITTERS = 8;
    private static final int IN_FLIGHT = 5;
    /** As the broker's. */
    private static final long RECOVERY_CHECK_MS = 100;

    private KilledWriter() {}

    /**
     * Runs one.
     *
     * @param system {@code unifiedLog}, or the durability of Odradek's logs
     */
    static void run(String system, Path directory, String shape, int partitions, long batchesEach) throws IOException {
        Process writer = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-XX:+UseG1GC",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Dlogback.configurationFile=logback-jmh.xml",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledWriter.class.getName(),
                        system,
                        directory.toString(),
                        shape,
                        Integer.toString(partitions),
                        Long.toString(batchesEach))
                .inheritIO()
                .start();
        try {
            int status = writer.waitFor();
            if (status != 0) {
                throw new IOException("the writer of " + directory + " ended with " + status);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            writer.destroyForcibly();
        }
    }

    /** What {@link #run} starts. */
    public static void main(String[] args) throws IOException {
        Path directory = Path.of(args[1]);
        int partitions = Integer.parseInt(args[3]);
        int rounds = Math.toIntExact(Long.parseLong(args[4]) - 1); // one comes with the opening
        SyncedAppends load = new SyncedAppends(Shape.of(args[2]), Math.min(SUBMITTERS, partitions), partitions, rounds);
        SyncedAppends.Target target = switch (args[0]) {
            case "unifiedLog" -> kafka(load, directory);
            case "sync" -> odradek(load, directory, new Durability.Sync());
            case "page-cache" -> odradek(load, directory, new Durability.PageCache());
            default -> throw new IllegalArgumentException("durability '" + args[0] + "' is not known");
        };
        target.run();
        Runtime.getRuntime().halt(0);
    }

    private static SyncedAppends.Target odradek(SyncedAppends load, Path path, Durability durability)
            throws IOException {
        ConnectedShard shard =
                new ConnectedShard(load, path, LogConfig.defaults().withDurability(durability), "auto", IN_FLIGHT);
        LogDirectory directory = shard.directory();
        RecoveryBound bound =
                new RecoveryBound(directory, BrokerConfig.builtIn(Map.of()).recoveryBytes());
        ScheduledExecutorService upkeep = Executors.newSingleThreadScheduledExecutor();
        every(upkeep, RECOVERY_CHECK_MS, RECOVERY_CHECK_MS, bound::checkpointIfDue);
        housekeeping(upkeep, Map.of("log.flush.offset.checkpoint.interval.ms", directory::checkpointRecoveryPoints));
        housekeeping(
                Executors.newSingleThreadScheduledExecutor(),
                Map.of("replica.high.watermark.checkpoint.interval.ms", () -> {
                    Map<TopicPartition, Long> ends = new HashMap<>();
                    for (PartitionLog log : directory.logs()) {
                        ends.put(log.partition(), log.view().logEndOffset());
                    }
                    directory.checkpointHighWatermarks(ends);
                }));
        return shard;
    }

    /** High watermarks are left out: Kafka recovers without them. */
    private static SyncedAppends.Target kafka(SyncedAppends load, Path path) throws IOException {
        List<Path> directories = KafkaLogs.directories(path, load.partitions());
        SyncedAppends.KafkasHandlers handlers = new SyncedAppends.KafkasHandlers(load, path, Map.of());
        housekeeping(
                Executors.newSingleThreadScheduledExecutor(),
                Map.of(
                        "log.flush.offset.checkpoint.interval.ms",
                        () -> handlers.logs().checkpointRecoveryPoints(directories)));
        return handlers;
    }

    private interface Chore {
        void run() throws IOException;
    }

    /** By the key of each one's period; both brokers have the same keys, defaults and first delay. */
    private static void housekeeping(ScheduledExecutorService thread, Map<String, Chore> chores) {
        BrokerConfig broker = BrokerConfig.builtIn(Map.of());
        chores.forEach((key, chore) -> {
            long periodMs = broker.intValue(key);
            every(thread, Math.min(periodMs, broker.longValue("log.initial.task.delay.ms")), periodMs, chore);
        });
    }

    private static void every(ScheduledExecutorService thread, long firstDelayMs, long periodMs, Chore chore) {
        var _ = thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        chore.run();
                    } catch (IOException | RuntimeException | Error e) {
                        // To the parent's error stream: a checkpoint that is missing would pass for a choice.
                        e.printStackTrace();
                        Runtime.getRuntime().halt(1);
                    }
                },
                firstDelayMs,
                periodMs,
                TimeUnit.MILLISECONDS);
    }
}
