package io.odradek.broker;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.RecoveryBound;
import io.odradek.engine.TopicPartition;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be done from time to time: syncs that {@code flush.ms} and interval durability ask for, retention, checkpoints,
 * and the deletion of files. One thread for what should be on time; work on a log is posted to its shard. A thread for each log
 * directory besides, for what waits for its disk.
 */
final class Housekeeping implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);
    /** How exactly {@code flush.ms} and {@code interval:<ms>} are kept, in milliseconds, once a topic has one. */
    private static final long SYNC_CHECK_MS = 5;
    /** How long it takes until the first topic that has one is noticed; an idle broker should sleep. */
    private static final long TIMED_TOPICS_CHECK_MS = 100;

    private static final long DELETION_CHECK_MS = 1_000;
    /** What is written meanwhile lies above {@code odradek.recovery.bytes}. */
    private static final long RECOVERY_CHECK_MS = 100;

    private final BrokerConfig config;
    private final List<LogDirectory> directories;
    private final Hosted partitions;
    private final InstantSource clock;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().name("housekeeping").unstarted(task));
    private final List<DirectoryUpkeep> upkeep = new ArrayList<>();

    /** The partitions that there are at the moment; a controller alone has none. */
    interface Hosted {
        Hosted NONE = each -> {};

        void forEach(Consumer<PartitionHost> each);
    }

    Housekeeping(BrokerConfig config, List<LogDirectory> directories, Hosted partitions, InstantSource clock) {
        this.config = config;
        this.directories = directories;
        this.partitions = partitions;
        this.clock = clock;
    }

    void start() {
        syncByTime();
        every(config.longValue("log.retention.check.interval.ms"), "retention", this::retain);
        every(
                config.intValue("producer.id.expiration.check.interval.ms"),
                "forgetting silent producers",
                this::expireProducers);
        every(config.intValue("replica.high.watermark.checkpoint.interval.ms"), "checkpointing high watermarks", () -> {
            checkpointHighWatermarks(directories, partitions);
        });
        for (LogDirectory directory : directories) {
            DirectoryUpkeep one = new DirectoryUpkeep(directory, upkeep.size());
            upkeep.add(one);
            one.start();
        }
    }

    /** What is done to one directory on a thread of its own: another disk may be slower. */
    private final class DirectoryUpkeep {
        private final LogDirectory directory;
        private final RecoveryBound recoveryBound;
        private final ScheduledExecutorService thread;

        DirectoryUpkeep(LogDirectory directory, int number) {
            this.directory = directory;
            this.recoveryBound = new RecoveryBound(directory, config.recoveryBytes());
            this.thread = Executors.newSingleThreadScheduledExecutor(task ->
                    Thread.ofPlatform().name("directory-upkeep-" + number).unstarted(task));
        }

        void start() {
            unlessOffline(DELETION_CHECK_MS, "deleting files", () -> directory.deletePending(clock.millis()));
            unlessOffline(
                    config.intValue("log.flush.offset.checkpoint.interval.ms"),
                    "checkpointing",
                    directory::checkpointRecoveryPoints);
            // Not later, as the others: a broker that has just been started may be written to at once.
            every(thread, RECOVERY_CHECK_MS, RECOVERY_CHECK_MS, "checkpointing", () -> {
                if (!directory.isOffline()) {
                    recoveryBound.checkpointIfDue();
                }
            });
        }

        private void unlessOffline(long periodMs, String what, Chore chore) {
            every(thread, firstDelayMs(periodMs), periodMs, what, () -> {
                if (!directory.isOffline()) {
                    chore.run();
                }
            });
        }
    }

    private interface Chore {
        void run() throws IOException;
    }

    /** The first time after {@code log.initial.task.delay.ms}, or a period when that is shorter. */
    private void every(long periodMs, String what, Chore chore) {
        every(thread, firstDelayMs(periodMs), periodMs, what, chore);
    }

    private long firstDelayMs(long periodMs) {
        return Math.min(periodMs, config.longValue("log.initial.task.delay.ms"));
    }

    private static void every(
            ScheduledExecutorService thread, long firstDelayMs, long periodMs, String what, Chore chore) {
        var _ = thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        chore.run();
                    } catch (IOException e) {
                        // The directory has been taken offline by whoever failed, or will be at its next write.
                        LOG.error("{} failed", what, e);
                    } catch (RejectedExecutionException e) {
                        LOG.debug("{} stops: a shard is closed", what, e);
                    } catch (RuntimeException | AssertionError e) {
                        LOG.error("{} failed, which it should not", what, e); // and goes on with the next period
                    }
                },
                firstDelayMs,
                periodMs,
                TimeUnit.MILLISECONDS);
    }

    private void syncByTime() {
        boolean timed = true;
        try {
            timed = syncDue();
        } catch (RejectedExecutionException e) {
            LOG.debug("syncing by time stops: a shard is closed", e);
        } catch (RuntimeException | AssertionError e) {
            LOG.error("syncing by time failed, which it should not", e);
        }
        if (!thread.isShutdown()) {
            var _ = thread.schedule(
                    this::syncByTime, timed ? SYNC_CHECK_MS : TIMED_TOPICS_CHECK_MS, TimeUnit.MILLISECONDS);
        }
    }

    /** Whether any log has to be synced by time at all. */
    private boolean syncDue() {
        long now = clock.millis();
        boolean[] timed = {false};
        partitions.forEach(host -> {
            LogConfig log = host.log().config();
            if (log.flushMs() != Long.MAX_VALUE || log.durability() instanceof Durability.Interval) {
                timed[0] = true;
                if (host.log().syncDueAtMs() <= now) {
                    host.shard().requestSync(host.log());
                }
            }
        });
        return timed[0];
    }

    private void retain() {
        partitions.forEach(host -> {
            PartitionLog log = host.log();
            if (log.config().delete()) {
                host.shard().run(log, () -> retain(host), _ -> {});
            }
        });
    }

    private void retain(PartitionHost host) throws IOException {
        int removed = host.log()
                .applyRetention(clock.millis(), host.view().highWatermark().offset());
        if (removed > 0) {
            LOG.info(
                    "{}: retention removed {} segments, the log begins at {}",
                    host,
                    removed,
                    host.log().view().logStartOffset());
        }
    }

    private void expireProducers() {
        long expirationMs = config.intValue("producer.id.expiration.ms");
        partitions.forEach(host ->
                host.shard().run(host.log(), () -> host.log().expireProducers(clock.millis(), expirationMs), _ -> {}));
    }

    /** Any thread, one at a time. */
    static void checkpointHighWatermarks(List<LogDirectory> directories, Hosted partitions) throws IOException {
        Map<LogDirectory, Map<TopicPartition, LongSupplier>> byDirectory = new HashMap<>();
        partitions.forEach(host -> byDirectory
                .computeIfAbsent(host.directory(), _ -> new HashMap<>())
                .put(host.partition(), host::checkpoint));
        for (LogDirectory directory : directories) {
            if (!directory.isOffline()) {
                directory.checkpointPresentHighWatermarks(byDirectory.getOrDefault(directory, Map.of()));
            }
        }
    }

    /** Ends after the chore at hand. */
    @Override
    public void close() {
        thread.shutdown();
        for (DirectoryUpkeep one : upkeep) {
            one.recoveryBound.hurry();
            one.thread.shutdown();
        }
        try {
            boolean ended = thread.awaitTermination(30, TimeUnit.SECONDS);
            for (DirectoryUpkeep one : upkeep) {
                ended &= one.thread.awaitTermination(30, TimeUnit.SECONDS);
            }
            if (!ended) {
                LOG.warn("housekeeping is still busy after 30 s; going on without it");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
