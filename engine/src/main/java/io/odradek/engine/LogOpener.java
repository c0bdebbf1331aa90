package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.recovery.LogRecovery;
import io.odradek.engine.recovery.RecoveredLog;
import io.odradek.engine.recovery.StoppedLog;
import io.odradek.engine.segment.CorruptLogException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the logs that lie in a log directory, each as its last run has left it. Any thread, several at a time. */
final class LogOpener {
    private static final Logger LOG = LoggerFactory.getLogger(LogOpener.class);

    /** Kafka's suffix for logs that nobody has a topic for. */
    private static final String STRAY_LOG = "-stray";

    /** Of the quorum. What an earlier {@code metadata.log.dir} has of it belongs to no topic, and is not stray. */
    private static final String METADATA_TOPIC = "__cluster_metadata";

    private final FileStore store;
    private final Path path;
    private final LogHome home;
    private final CleanStop lastStop;
    private final DirectoryCheckpoints checkpoints;
    private final Map<TopicPartition, PartitionLog> logs;
    private final Map<TopicPartition, IOException> unusable;
    private final AtomicInteger aside = new AtomicInteger();

    /**
     * @param path the log directory
     * @param logs where it puts those that it opens; concurrent
     * @param unusable where it says which can't be recovered; concurrent
     */
    LogOpener(
            FileStore store,
            Path path,
            LogHome home,
            CleanStop lastStop,
            DirectoryCheckpoints checkpoints,
            Map<TopicPartition, PartitionLog> logs,
            Map<TopicPartition, IOException> unusable) {
        this.store = store;
        this.path = path;
        this.home = home;
        this.lastStop = lastStop;
        this.checkpoints = checkpoints;
        this.logs = logs;
        this.unusable = unusable;
    }

    /**
     * Opens one log.
     *
     * @return false when there is none, or its directory does not say whose it is
     * @throws CorruptLogException it is another's, or can't be recovered
     */
    boolean openIfThere(TopicPartition partition, LogConfig config) throws IOException {
        Path directory = path.resolve(partition.directoryName());
        StoppedLog known = lastStop.logs().get(partition.directoryName());
        UUID topicId = topicId(directory, known);
        if (topicId == null) {
            return false;
        }
        PartitionMetadata.requireTopicId(directory, topicId, partition);
        open(partition, config, known);
        return true;
    }

    /** Opens a log whose files were just made. */
    void openNew(TopicPartition partition, LogConfig config) throws IOException {
        open(partition, config, null);
    }

    /** {@link LogDirectory#recoverAll}. */
    void openAll(
            Function<TopicPartition, @Nullable LogConfig> configs, int threads, LogDirectory.RecoveryProgress progress)
            throws IOException {
        List<Path> entries = store.list(path);
        @Nullable Wanted[] found = new @Nullable Wanted[entries.size()];
        RecoveryThreads.each(found.length, threads, n -> found[n] = wanted(entries.get(n), configs));
        if (aside.get() > 0) {
            store.syncDirectory(path); // before anything is made under their names
        }
        List<Wanted> wanted = new ArrayList<>(found.length);
        for (Wanted log : found) {
            if (log != null) {
                wanted.add(log);
            }
        }
        openEach(wanted, threads, progress);
    }

    private record Wanted(
            TopicPartition partition,
            LogConfig config,
            @Nullable StoppedLog known) {}

    /** Null when there is no log to be opened in {@code directory}. */
    private @Nullable Wanted wanted(Path directory, Function<TopicPartition, @Nullable LogConfig> configs)
            throws IOException {
        String name = directory.getFileName().toString();
        int number = PartitionMetadata.numberIn(name);
        StoppedLog known = lastStop.logs().get(name);
        UUID topicId = number < 0 ? null : topicId(directory, known);
        if (topicId == null) {
            if (store.isDirectory(directory)) {
                LOG.warn("{} is not the directory of a partition; it is left alone", directory);
            }
            return null;
        }
        TopicPartition partition = new TopicPartition(
                name.substring(0, number - 1), topicId, Integer.parseInt(name, number, name.length(), 10));
        if (logs.containsKey(partition)) {
            return null;
        }
        LogConfig config = configs.apply(partition);
        if (config == null) {
            setAside(directory, partition);
            return null;
        }
        return new Wanted(partition, config, known);
    }

    /**
     * The topic was deleted while this node was away, and another may have its name: then its partitions need these. Nothing is deleted, as in Kafka, which
     * calls such logs stray. The id is part of the name, so two of a name do not meet.
     */
    private void setAside(Path directory, TopicPartition partition) throws IOException {
        if (partition.topic().equals(METADATA_TOPIC)) {
            LOG.warn("{} is a metadata log, but not this node's; it is left alone", directory);
            return;
        }
        Path stray = path.resolve(PendingDeletions.awayName(partition, partition.topicId(), STRAY_LOG));
        store.rename(directory, stray);
        lastStop.logs().forget(partition.directoryName());
        aside.incrementAndGet();
        LOG.warn(
                "{} belongs to no topic that exists (id {}); it is kept as {}, to be deleted by hand",
                directory,
                partition.topicId(),
                stray.getFileName());
    }

    /** Null when the directory is not there, or does not say whose it is. */
    private @Nullable UUID topicId(Path directory, @Nullable StoppedLog known) throws IOException {
        if (known != null && known.isAsItWas(store, directory, PartitionMetadata.FILE_NAME)) {
            return known.topicId();
        }
        return store.isDirectory(directory) ? PartitionMetadata.topicId(store, directory) : null;
    }

    private void openEach(List<Wanted> wanted, int threads, LogDirectory.RecoveryProgress progress) throws IOException {
        AtomicInteger done = new AtomicInteger();
        ConcurrentHashMap<TopicPartition, IOException> failures = new ConcurrentHashMap<>();
        RecoveryThreads.each(wanted.size(), threads, n -> {
            Wanted log = wanted.get(n);
            long scanned = 0;
            try {
                scanned = open(log.partition(), log.config(), log.known()).scannedBytes();
            } catch (CorruptLogException e) {
                // Said, and kept in unusable.
                scanned = 0;
            } catch (IOException e) {
                failures.put(log.partition(), e);
            }
            progress.logRecovered(log.partition(), scanned, done.incrementAndGet(), wanted.size());
        });
        if (!failures.isEmpty()) {
            IOException first = new IOException(
                    failures.size() + " logs in " + path + " cannot be read, first "
                            + failures.keySet().iterator().next(),
                    failures.values().iterator().next());
            throw first;
        }
    }

    /** @param known what the last stop has written down of what lay in the directory */
    private RecoveredLog open(TopicPartition partition, LogConfig config, @Nullable StoppedLog known)
            throws IOException {
        LogRecovery.Remembered remembered = checkpoints.remembered(partition, lastStop.happened());
        String name = partition.directoryName();
        Path directory = path.resolve(name);
        // Else another log lies there since.
        StoppedLog its = known != null && known.topicId().equals(partition.topicId()) ? known : null;
        try {
            RecoveredLog found = LogRecovery.open(store, directory, config, remembered, its, home.nowMs());
            lastStop.logs().forget(name);
            PartitionLog log = PartitionLog.of(partition, directory, config, home, found, remembered.recoveryPoint());
            checkpoints.forgetHighWatermarkAbove(partition, found.logEndOffset());
            PartitionLog other = logs.putIfAbsent(partition, log);
            if (other != null) {
                log.releaseFiles();
            }
            return found;
        } catch (CorruptLogException e) {
            unusable.put(partition, e);
            LOG.error("Log {} is out of service: {}", partition, e.getMessage());
            throw e;
        }
    }
}
