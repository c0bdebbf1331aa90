package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.recovery.LogRecovery;
import io.odradek.engine.recovery.RecoveredLog;
import io.odradek.engine.segment.CheckpointText;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.SegmentFiles;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One {@code log.dirs} entry: the lock, {@code meta.properties}, the checkpoints, and the logs in it. Any thread; the logs
 * themselves belong to their shards.
 *
 * <p>A log that cannot be recovered stays out of service by itself ({@link #unusable}); a disk that fails takes the whole
 * directory offline.
 */
public final class LogDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LogDirectory.class);

    static final String LOCK = ".lock";
    static final String CLEAN_SHUTDOWN = ".kafka_cleanshutdown";
    static final String RECOVERY_POINTS = "recovery-point-offset-checkpoint";
    static final String LOG_STARTS = "log-start-offset-checkpoint";
    static final String HIGH_WATERMARKS = "replication-offset-checkpoint";

    /** Kafka's JSON, version 0; -1: no broker epoch is known. */
    private static final String CLEAN_SHUTDOWN_TEXT = "{\"version\":0,\"brokerEpoch\":-1}";

    /** More files than this are synced together with their file system. */
    private static final int SYNC_EACH_UP_TO = 4;

    /** Of received memory kept for readers at the tail, unless told otherwise. */
    public static final long DEFAULT_RECENT_BYTES = 32L << 20;

    /** What {@code meta.properties} says: whose data this is. */
    public record Identity(String clusterId, int nodeId, UUID directoryId) {}

    /** Told while logs are recovered; any recovering thread. */
    public interface RecoveryProgress {
        /** One log is done; {@code scannedBytes} had to be read for it. */
        void logRecovered(TopicPartition partition, long scannedBytes, int done, int total);
    }

    private final FileStore store;
    private final InstantSource clock;
    private final Path path;
    private final Identity identity;
    private final AutoCloseable lock;
    private final boolean syncTogether;
    private final boolean cleanStop;
    private final RecentMemory recentMemory;
    private final Home home = new Home();

    private final Map<TopicPartition, PartitionLog> logs = new ConcurrentHashMap<>();
    private final Map<TopicPartition, IOException> unusable = new ConcurrentHashMap<>();

    /** By directory name. What the files said at the start, for logs not opened yet; guarded by {@link #checkpoints}. */
    private final Map<String, Long> recoveryPoints;

    private final Map<String, Long> logStarts;
    private final Map<String, Long> highWatermarks;
    private final Object checkpoints = new Object();

    private final Deque<PendingDeletion> pendingDeletions = new ArrayDeque<>(); // guarded by itself
    private final List<Consumer<IOException>> offlineListeners = new ArrayList<>(); // guarded by itself
    private volatile @Nullable IOException offlineCause;
    private volatile boolean closed;

    /** Files or a directory that have to go; {@code sinceMs} is when housekeeping first saw them, or -1. Its thread's. */
    private static final class PendingDeletion {
        List<Path> paths;
        final long delayMs;
        /** Its start has to be on disk before the files, which still have their own names, are renamed; null: they are. */
        final @Nullable PartitionLog retiredFrom;

        long sinceMs = -1;

        PendingDeletion(List<Path> paths, long delayMs, @Nullable PartitionLog retiredFrom) {
            this.paths = paths;
            this.delayMs = delayMs;
            this.retiredFrom = retiredFrom;
        }
    }

    private LogDirectory(
            FileStore store, Path path, Identity identity, AutoCloseable lock, InstantSource clock, long recentBytes)
            throws IOException {
        this.store = store;
        this.clock = clock;
        this.recentMemory = new RecentMemory(recentBytes);
        this.path = path;
        this.identity = identity;
        this.lock = lock;
        this.syncTogether = store.canSyncFileSystem(path);
        this.recoveryPoints = OffsetCheckpoint.read(store, path.resolve(RECOVERY_POINTS));
        this.logStarts = OffsetCheckpoint.read(store, path.resolve(LOG_STARTS));
        this.highWatermarks = OffsetCheckpoint.read(store, path.resolve(HIGH_WATERMARKS));
        Path marker = path.resolve(CLEAN_SHUTDOWN);
        this.cleanStop = store.exists(marker);
        if (cleanStop) {
            store.delete(marker); // from here on a crash is a crash
        }
        store.syncDirectory(path); // also what a process that died alone created and did not sync
        removeDeletedLogs();
    }

    /**
     * Locks the directory and reads its identity; formats an empty one.
     *
     * @param clusterId null: keep what is there, or make one up
     * @throws IOException when it belongs to another cluster or node, holds foreign files, or can't be read
     */
    public static LogDirectory open(FileStore store, Path directory, @Nullable String clusterId, int nodeId)
            throws IOException {
        return open(store, directory, clusterId, nodeId, InstantSource.system());
    }

    /** The same with a clock of one's own; the clock only says when restored producers were last seen. */
    public static LogDirectory open(
            FileStore store, Path directory, @Nullable String clusterId, int nodeId, InstantSource clock)
            throws IOException {
        return open(store, directory, clusterId, nodeId, clock, DEFAULT_RECENT_BYTES);
    }

    /**
     * The same with a bound of one's own for recent batches.
     *
     * @param recentBytes received memory kept for readers at the tail, over all logs, each batch counted twice; 0: none, all
     *     reads are from files
     */
    public static LogDirectory open(
            FileStore store,
            Path directory,
            @Nullable String clusterId,
            int nodeId,
            InstantSource clock,
            long recentBytes)
            throws IOException {
        Path path = directory.toAbsolutePath().normalize();
        if (!store.isDirectory(path)) {
            createDurably(store, path);
        }
        AutoCloseable lock = store.lock(path.resolve(LOCK));
        boolean done = false;
        try {
            Identity identity = MetaProperties.readOrFormat(store, path, clusterId, nodeId);
            LogDirectory opened = new LogDirectory(store, path, identity, lock, clock, recentBytes);
            done = true;
            return opened;
        } finally {
            if (!done) {
                unlock(lock);
            }
        }
    }

    private static void createDurably(FileStore store, Path path) throws IOException {
        List<Path> missing = new ArrayList<>();
        for (Path at = path; at != null && !store.exists(at); at = at.getParent()) {
            missing.add(at);
        }
        store.createDirectories(path);
        for (Path created : missing) {
            Path parent = created.getParent();
            if (parent != null) {
                store.syncDirectory(parent);
            }
        }
    }

    private static void unlock(AutoCloseable lock) throws IOException {
        try {
            lock.close();
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("cannot give up the lock", e);
        }
    }

    public Identity identity() {
        return identity;
    }

    public Path path() {
        return path;
    }

    /** Whether the marker of a clean stop was there when the directory was opened. */
    public boolean wasStoppedCleanly() {
        return cleanStop;
    }

    /** Opens one log, recovering its tail when the last stop was not clean, or creates it durably. */
    public PartitionLog openOrCreate(TopicPartition partition, LogConfig config) throws IOException {
        createAll(Map.of(partition, config));
        PartitionLog log = logs.get(partition);
        if (log == null) {
            throw new IOException("log " + partition + " was closed while it was opened");
        }
        return log;
    }

    /**
     * Opens or creates many logs; what was created is durable when this returns, by one sync of the file system when there is
     * one.
     */
    public void createAll(Map<TopicPartition, LogConfig> wanted) throws IOException {
        throwIfOffline();
        Map<TopicPartition, LogConfig> created = new LinkedHashMap<>();
        for (Map.Entry<TopicPartition, LogConfig> entry : wanted.entrySet()) {
            TopicPartition partition = entry.getKey();
            IOException refused = unusable.get(partition);
            if (refused != null) {
                throw refused;
            }
            if (logs.containsKey(partition)) {
                continue;
            }
            Path directory = path.resolve(partition.directoryName());
            if (store.isDirectory(directory) && PartitionMetadata.exists(store, directory)) {
                PartitionMetadata.requireTopicId(store, directory, partition);
                open(partition, entry.getValue());
            } else {
                created.put(partition, entry.getValue());
            }
        }
        if (!created.isEmpty()) {
            create(created);
        }
    }

    private void create(Map<TopicPartition, LogConfig> created) throws IOException {
        forgetOffsetsOf(created.keySet());
        boolean together = syncTogether && created.size() > SYNC_EACH_UP_TO;
        for (TopicPartition partition : created.keySet()) {
            Path directory = path.resolve(partition.directoryName());
            store.createDirectories(directory);
            refuseRecordsWithoutMetadata(directory);
            PartitionMetadata.prepare(store, directory, partition, !together);
        }
        if (together) {
            store.syncFileSystem(path); // a renamed file has to have its content first
        }
        for (TopicPartition partition : created.keySet()) {
            Path directory = path.resolve(partition.directoryName());
            PartitionMetadata.publish(store, directory);
            Path firstLog = SegmentFiles.logPath(directory, 0);
            store.open(firstLog, FileStore.OpenMode.READ_WRITE).close();
            if (!together) {
                store.syncDirectory(directory);
            }
        }
        if (together) {
            store.syncFileSystem(path);
        } else {
            store.syncDirectory(path);
        }
        for (Map.Entry<TopicPartition, LogConfig> entry : created.entrySet()) {
            open(entry.getKey(), entry.getValue());
        }
    }

    /** A crash in the middle of a creation leaves an empty log or none; anything more is somebody's data. */
    private void refuseRecordsWithoutMetadata(Path directory) throws IOException {
        for (Path file : store.list(directory)) {
            if (file.getFileName().toString().endsWith(".log")) {
                try (var opened = store.open(file, FileStore.OpenMode.READ_ONLY)) {
                    if (opened.size() > 0) {
                        throw new CorruptLogException(
                                file,
                                -1,
                                -1,
                                "there are records, but no readable " + PartitionMetadata.FILE_NAME
                                        + " that says whose; restore it or move the directory away");
                    }
                }
                store.delete(file);
            }
        }
    }

    /** A log of this name existed before: its offsets must not be held against the new one. */
    private void forgetOffsetsOf(Collection<TopicPartition> partitions) throws IOException {
        synchronized (checkpoints) {
            boolean known = false;
            for (TopicPartition partition : partitions) {
                String name = partition.directoryName();
                known |= recoveryPoints.remove(name) != null;
                known |= logStarts.remove(name) != null;
                known |= highWatermarks.remove(name) != null;
            }
            if (known) {
                writeCheckpoints();
                OffsetCheckpoint.write(store, path.resolve(HIGH_WATERMARKS), highWatermarks);
            }
        }
    }

    private RecoveredLog open(TopicPartition partition, LogConfig config) throws IOException {
        String name = partition.directoryName();
        LogRecovery.Remembered remembered;
        synchronized (checkpoints) {
            remembered = new LogRecovery.Remembered(
                    cleanStop,
                    recoveryPoints.getOrDefault(name, 0L),
                    logStarts.getOrDefault(name, 0L),
                    highWatermarks.getOrDefault(name, 0L));
        }
        Path directory = path.resolve(name);
        try {
            RecoveredLog found = LogRecovery.open(store, directory, config, remembered, clock.millis());
            PartitionLog log = new PartitionLog(partition, directory, config, home, found);
            forgetHighWatermarkAbove(name, found.logEndOffset());
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

    /**
     * Readers were shown records that the machine lost with its page cache, and recovery has said so. Held against the log
     * again after the next, clean stop, it would keep it out of service.
     */
    private void forgetHighWatermarkAbove(String name, long logEndOffset) {
        synchronized (checkpoints) {
            highWatermarks.computeIfPresent(name, (n, shown) -> Math.min(shown, logEndOffset));
        }
    }

    /**
     * Opens every log in the directory that is not open yet, several at a time. Directories of topics that {@code configs}
     * answers with null are left alone and reported. A log that cannot be recovered is out of service ({@link #unusable}); the
     * others are opened all the same.
     */
    public void recoverAll(
            Function<TopicPartition, @Nullable LogConfig> configs, int threads, RecoveryProgress progress)
            throws IOException {
        throwIfOffline();
        List<TopicPartition> partitions = new ArrayList<>();
        List<LogConfig> partitionConfigs = new ArrayList<>();
        for (Path directory : store.list(path)) {
            if (!store.isDirectory(directory)) {
                continue;
            }
            TopicPartition partition = PartitionMetadata.partitionOf(store, directory);
            if (partition == null) {
                LOG.warn("{} is not the directory of a partition; it is left alone", directory);
                continue;
            }
            if (logs.containsKey(partition)) {
                continue;
            }
            LogConfig config = configs.apply(partition);
            if (config == null) {
                LOG.warn(
                        "{} belongs to no topic that exists (id {}); it is left alone", directory, partition.topicId());
                continue;
            }
            partitions.add(partition);
            partitionConfigs.add(config);
        }
        recover(partitions, partitionConfigs, threads, progress);
    }

    private void recover(
            List<TopicPartition> partitions, List<LogConfig> configs, int threads, RecoveryProgress progress)
            throws IOException {
        AtomicInteger next = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        ConcurrentHashMap<TopicPartition, IOException> failures = new ConcurrentHashMap<>();
        Runnable worker = () -> {
            for (int i = next.getAndIncrement(); i < partitions.size(); i = next.getAndIncrement()) {
                TopicPartition partition = partitions.get(i);
                long scanned = 0;
                try {
                    scanned = open(partition, configs.get(i)).scannedBytes();
                } catch (CorruptLogException e) {
                    // Said, and kept in unusable.
                    scanned = 0;
                } catch (IOException e) {
                    failures.put(partition, e);
                }
                progress.logRecovered(partition, scanned, done.incrementAndGet(), partitions.size());
            }
        };
        List<Thread> workers = new ArrayList<>();
        for (int i = 1; i < Math.min(threads, partitions.size()); i++) {
            workers.add(Thread.ofPlatform().name("log-recovery-" + i).start(worker));
        }
        worker.run();
        for (Thread other : workers) {
            try {
                other.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while logs were recovered", e);
            }
        }
        if (!failures.isEmpty()) {
            IOException first = new IOException(
                    failures.size() + " logs in " + path + " cannot be read, first "
                            + failures.keySet().iterator().next(),
                    failures.values().iterator().next());
            throw first;
        }
    }

    public Optional<PartitionLog> log(TopicPartition partition) {
        return Optional.ofNullable(logs.get(partition));
    }

    /** What recent batches count at present against their bound. Any thread. */
    public long recentBytes() {
        return recentMemory.heldBytes();
    }

    public Collection<PartitionLog> logs() {
        return List.copyOf(logs.values());
    }

    /** Logs that could not be recovered, and why. */
    public Map<TopicPartition, IOException> unusable() {
        return Map.copyOf(unusable);
    }

    /**
     * Renames the log's directory away at once (Kafka's {@code -delete} suffix) and deletes the files after {@code
     * file.delete.delay.ms}. Its shard must have let go of it.
     */
    public void delete(PartitionLog log) throws IOException {
        TopicPartition partition = log.partition();
        if (!logs.remove(partition, log)) {
            return;
        }
        log.stop();
        Path deleted = path.resolve(deletedName(partition));
        store.rename(log.directory(), deleted);
        store.syncDirectory(path);
        log.releaseFiles();
        synchronized (checkpoints) {
            String name = partition.directoryName();
            recoveryPoints.remove(name);
            logStarts.remove(name);
            highWatermarks.remove(name);
            writeCheckpoints();
            OffsetCheckpoint.write(store, path.resolve(HIGH_WATERMARKS), highWatermarks);
        }
        home.deleteLater(List.of(deleted), log.config().fileDeleteDelayMs());
    }

    /** Kafka's name: topic, partition and a number that is used once, cut to what a file system takes. */
    private static String deletedName(TopicPartition partition) {
        String suffix =
                "-" + partition.partition() + "." + UUID.randomUUID().toString().replace("-", "") + DELETE_SUFFIX;
        String topic = partition.topic();
        return topic.substring(0, Math.min(topic.length(), 255 - suffix.length())) + suffix;
    }

    private static final String DELETE_SUFFIX = "-delete";

    private void removeDeletedLogs() throws IOException {
        for (Path directory : store.list(path)) {
            if (directory.getFileName().toString().endsWith(DELETE_SUFFIX) && store.isDirectory(directory)) {
                deleteTree(directory);
            }
        }
    }

    /**
     * Renames away what logs have let go of, after writing their log starts down, and deletes what has waited long enough
     * since the first call that saw it. Housekeeping thread.
     */
    public void deletePending(long nowMs) throws IOException {
        throwIfOffline();
        List<PendingDeletion> fresh = new ArrayList<>();
        List<Path> due = new ArrayList<>();
        synchronized (pendingDeletions) {
            for (PendingDeletion pending : pendingDeletions) {
                if (pending.sinceMs < 0) {
                    pending.sinceMs = nowMs;
                    fresh.add(pending);
                }
            }
        }
        fresh.removeIf(pending -> pending.retiredFrom == null);
        if (!fresh.isEmpty()) {
            Set<PartitionLog> shortened = new LinkedHashSet<>();
            for (PendingDeletion pending : fresh) {
                PartitionLog log = pending.retiredFrom;
                if (log != null && logs.get(log.partition()) == log) {
                    shortened.add(log);
                }
            }
            persist(shortened, false);
            synchronized (checkpoints) {
                noteOffsets();
                writeCheckpoints();
            }
            for (PendingDeletion pending : fresh) {
                pending.paths = renamedAway(pending.paths);
            }
        }
        synchronized (pendingDeletions) {
            pendingDeletions.removeIf(pending -> {
                boolean isDue = pending.sinceMs >= 0 && nowMs - pending.sinceMs >= pending.delayMs;
                if (isDue) {
                    due.addAll(pending.paths);
                }
                return isDue;
            });
        }
        for (Path gone : due) {
            deleteTree(gone);
        }
    }

    private List<Path> renamedAway(List<Path> files) throws IOException {
        List<Path> renamed = new ArrayList<>();
        for (Path file : files) {
            if (store.exists(file)) { // not when the whole log was deleted meanwhile
                Path away = file.resolveSibling(file.getFileName() + SegmentNames.DELETED);
                store.rename(file, away);
                renamed.add(away);
            }
        }
        return renamed;
    }

    private void deleteTree(Path gone) throws IOException {
        try {
            if (store.isDirectory(gone)) {
                for (Path inside : store.list(gone)) {
                    deleteTree(inside);
                }
            }
            store.delete(gone);
        } catch (NoSuchFileException already) {
            LOG.debug("{} was deleted by somebody else", gone); // e.g. with its topic's directory
        }
    }

    /** High watermark that was checkpointed for a partition before the last stop; 0 when none was. */
    public long checkpointedHighWatermark(TopicPartition partition) {
        synchronized (checkpoints) {
            return highWatermarks.getOrDefault(partition.directoryName(), 0L);
        }
    }

    /** Writes {@code replication-offset-checkpoint}. Housekeeping thread. */
    public void checkpointHighWatermarks(Map<TopicPartition, Long> highWatermarks) throws IOException {
        throwIfOffline();
        synchronized (checkpoints) {
            highWatermarks.forEach((partition, offset) -> {
                if (logs.containsKey(partition)) {
                    this.highWatermarks.put(partition.directoryName(), offset);
                }
            });
            OffsetCheckpoint.write(store, path.resolve(HIGH_WATERMARKS), this.highWatermarks);
        }
    }

    /**
     * Brings the index files and leader epochs of all logs to the disk, then writes {@code recovery-point-offset-checkpoint}
     * and {@code log-start-offset-checkpoint}; also lets go of memory that no reader at a tail has used lately. Housekeeping
     * thread, every {@code log.flush.offset.checkpoint.interval.ms}.
     */
    public void checkpointRecoveryPoints() throws IOException {
        throwIfOffline();
        recentMemory.releaseIdle();
        try {
            persist(logs(), false);
            synchronized (checkpoints) {
                noteOffsets();
                writeCheckpoints();
            }
        } catch (IOException e) {
            takeOffline(e);
            throw e;
        }
    }

    /** Returns when what the logs keep besides their segments is durable. */
    private void persist(Collection<PartitionLog> these, boolean finishing) throws IOException {
        boolean together = syncTogether && these.size() > SYNC_EACH_UP_TO;
        List<PartitionLog.Persisted> waiting = new ArrayList<>();
        for (PartitionLog log : these) {
            waiting.add(finishing ? log.finish(!together) : log.persist(!together));
        }
        if (!together) {
            return;
        }
        store.syncFileSystem(path);
        boolean published = false;
        for (PartitionLog.Persisted persisted : waiting) {
            persisted.log().publish(persisted);
            published |= persisted.epochsWait();
        }
        if (published) {
            store.syncFileSystem(path);
        }
    }

    /** Holds {@link #checkpoints}. Logs that are not open keep what the files said. */
    private void noteOffsets() {
        for (PartitionLog log : logs.values()) {
            recoveryPoints.put(log.partition().directoryName(), log.recoveryPointToCheckpoint());
        }
        noteLogStarts();
    }

    /** Also where the first segment's name says the same: removed segments may come back after a crash. */
    private void noteLogStarts() {
        for (PartitionLog log : logs.values()) {
            long logStartOffset = log.logStartToCheckpoint();
            if (logStartOffset > 0) {
                logStarts.put(log.partition().directoryName(), logStartOffset);
            } else {
                logStarts.remove(log.partition().directoryName());
            }
        }
    }

    private void writeCheckpoints() throws IOException {
        OffsetCheckpoint.write(store, path.resolve(RECOVERY_POINTS), recoveryPoints);
        OffsetCheckpoint.write(store, path.resolve(LOG_STARTS), logStarts);
    }

    /** Calls {@code listener} when the directory goes offline, at once when it is; on the thread that found the fault. */
    public void onOffline(Consumer<IOException> listener) {
        IOException cause;
        synchronized (offlineListeners) {
            cause = offlineCause;
            if (cause == null) {
                offlineListeners.add(listener);
            }
        }
        if (cause != null) {
            listener.accept(cause);
        }
    }

    /** After this every append and sync is refused; told once with the first cause. Any thread. */
    public void takeOffline(IOException cause) {
        List<Consumer<IOException>> told;
        synchronized (offlineListeners) {
            if (offlineCause != null) {
                return;
            }
            offlineCause = cause;
            told = List.copyOf(offlineListeners);
        }
        LOG.error(
                "Log directory {} is offline: {}. Nothing more is written there; free or repair the disk and start"
                        + " again",
                path,
                cause.getMessage(),
                cause);
        told.forEach(listener -> listener.accept(cause));
    }

    public boolean isOffline() {
        return offlineCause != null;
    }

    private void throwIfOffline() throws IOException {
        IOException cause = offlineCause;
        if (cause != null) {
            throw new IOException("log directory " + path + " is offline: " + cause.getMessage(), cause);
        }
        if (closed) {
            throw new IOException("log directory " + path + " is closed");
        }
    }

    /** Syncs and closes every log, writes the checkpoints, and leaves the clean-shutdown marker unless offline. */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        Collection<PartitionLog> open = logs();
        try {
            for (PartitionLog log : open) {
                log.stop();
            }
            if (!isOffline()) {
                persist(open, true);
                synchronized (checkpoints) {
                    noteOffsets();
                    writeCheckpoints();
                    OffsetCheckpoint.write(store, path.resolve(HIGH_WATERMARKS), highWatermarks);
                }
                CheckpointText.replace(store, path.resolve(CLEAN_SHUTDOWN), CLEAN_SHUTDOWN_TEXT);
            }
        } catch (IOException e) {
            takeOffline(e);
            throw e;
        } finally {
            recentMemory.releaseAll();
            open.forEach(PartitionLog::releaseFiles);
            unlock(lock);
        }
    }

    private final class Home implements LogHome {
        @Override
        public FileStore store() {
            return store;
        }

        @Override
        public RecentMemory recentMemory() {
            return recentMemory;
        }

        @Override
        public long nowMs() {
            return clock.millis();
        }

        @Override
        public @Nullable String offlineReason() {
            IOException cause = offlineCause;
            return cause == null ? null : "log directory " + path + " is offline: " + cause.getMessage();
        }

        @Override
        public void takeOffline(IOException cause) {
            LogDirectory.this.takeOffline(cause);
        }

        @Override
        public void deleteLater(List<Path> files, long delayMs) {
            addPending(new PendingDeletion(files, delayMs, null));
        }

        @Override
        public void retireLater(PartitionLog log, List<Path> files, long delayMs) {
            addPending(new PendingDeletion(files, delayMs, log));
        }

        private void addPending(PendingDeletion pending) {
            synchronized (pendingDeletions) {
                pendingDeletions.add(pending);
            }
        }

        @Override
        public void lowerOffsets(PartitionLog log, long endOffset) throws IOException {
            synchronized (checkpoints) {
                String name = log.partition().directoryName();
                boolean pointLowered = lower(recoveryPoints, name, endOffset);
                boolean startLowered = lower(logStarts, name, endOffset);
                if (pointLowered || startLowered) {
                    writeCheckpoints();
                }
                if (lower(highWatermarks, name, endOffset)) {
                    OffsetCheckpoint.write(store, path.resolve(HIGH_WATERMARKS), highWatermarks);
                }
            }
        }

        private static boolean lower(Map<String, Long> offsets, String name, long endOffset) {
            Long written = offsets.get(name);
            if (written == null || written <= endOffset) {
                return false;
            }
            offsets.put(name, endOffset);
            return true;
        }
    }
}
