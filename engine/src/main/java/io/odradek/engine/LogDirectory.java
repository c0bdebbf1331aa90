package io.odradek.engine;

import io.odradek.engine.compaction.CompactionPass;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.journal.JournalReplay;
import io.odradek.engine.recovery.CleanStopRecord;
import io.odradek.engine.recovery.StoppedLog;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One {@code log.dirs} entry: the lock, {@code meta.properties}, the checkpoints, and the logs in it. Any thread; the logs
 * themselves belong to their shards.
 *
 * <p>A log that cannot be recovered stays out of service by itself ({@link #unusable}); a disk that fails takes the whole
 * directory offline.
 */
public final class LogDirectory implements AutoCloseable {
    static final String LOCK = ".lock";

    /** Of received memory kept for readers at the tail, unless told otherwise. */
    public static final long DEFAULT_RECENT_BYTES = 32L << 20;

    /** What a log has to have grown by before a checkpoint snapshots its producers, unless told otherwise. */
    public static final long DEFAULT_SNAPSHOT_BYTES = 1 << 20;

    /**
     * What may differ from directory to directory.
     *
     * @param clock only says when restored producers were last seen
     * @param recentBytes received memory kept for readers at the tail, over all logs, each batch counted twice; 0: none, all
     *     reads are from files
     * @param snapshotBytes a log that has grown by as much without a snapshot of its producers gets one with the next
     *     checkpoints; of that, recovery reads the headers only
     */
    @RecordBuilder
    public record Options(InstantSource clock, long recentBytes, long snapshotBytes)
            implements LogDirectoryOptionsBuilder.With {

        public static Options defaults() {
            return new Options(InstantSource.system(), DEFAULT_RECENT_BYTES, DEFAULT_SNAPSHOT_BYTES);
        }
    }

    /** What {@code meta.properties} says: whose data this is. */
    public record Identity(String clusterId, int nodeId, UUID directoryId) {
        private static final int DASH = 62;

        /** For a directory or a cluster: random, and such that its text does not begin with '-', which command lines would take for an option. */
        public static UUID newId() {
            while (true) {
                UUID id = UUID.randomUUID();
                if (mayBeTyped(id)) {
                    return id;
                }
            }
        }

        /** In base64 the first six bits are the first letter. */
        static boolean mayBeTyped(UUID id) {
            return id.getMostSignificantBits() >>> (Long.SIZE - 6) != DASH;
        }
    }

    /** Told while logs are recovered; any recovering thread. */
    public interface RecoveryProgress {
        /** One log is done; {@code scannedBytes} had to be read for it. */
        void logRecovered(TopicPartition partition, long scannedBytes, int done, int total);
    }

    private final FileStore store;
    private final Options options;
    private final Path path;
    private final Identity identity;
    private final AutoCloseable lock;
    private final JointPersist joint;
    private final CleanStop lastStop;
    private final RecentMemory recentMemory;
    private final DirectoryFault fault;

    private final Map<TopicPartition, PartitionLog> logs = new ConcurrentHashMap<>();
    /** One for each shard that has one. */
    private final List<Journal> journals = new CopyOnWriteArrayList<>();

    private final Map<TopicPartition, IOException> unusable = new ConcurrentHashMap<>();

    private final DirectoryCheckpoints checkpoints;
    /**
     * Held by whoever persists logs and writes down what has become true by it, and while a log's directory is renamed away:
     * files must not change their names under somebody who syncs them. Of append threads only one that has a log {@link #startOver} takes it.
     */
    private final Object persisting = new Object();

    private final PendingDeletions deletions;
    private final LogOpener opener;
    private volatile boolean closed;
    private volatile long brokerEpoch = CleanStop.UNKNOWN;

    private LogDirectory(FileStore store, Path path, Identity identity, AutoCloseable lock, Options options)
            throws IOException {
        this.store = store;
        this.options = options;
        this.recentMemory = new RecentMemory(options.recentBytes());
        this.path = path;
        this.identity = identity;
        this.lock = lock;
        this.fault = new DirectoryFault(path);
        this.joint = new JointPersist(store, path);
        this.checkpoints = new DirectoryCheckpoints(store, path, logs);
        this.deletions = new PendingDeletions(store);
        this.lastStop = CleanStop.find(store, path);
        List<Path> entries = store.list(path);
        refuseJournalsOfOthers(entries);
        lastStop.remove(store, path);
        store.syncDirectory(path); // also what a process that died alone created and did not sync
        JournalReplay.run(store, path, entries, directory -> PartitionMetadata.topicId(store, directory));
        deletions.deleteLeftovers(entries);
        this.opener = new LogOpener(store, path, new Home(), lastStop, checkpoints, logs, unusable);
    }

    /**
     * Locks the directory and reads its identity; formats an empty one.
     *
     * @param clusterId null: keep what is there, or make one up
     * @throws IOException when it belongs to another cluster or node, holds foreign files, or can't be read
     */
    public static LogDirectory open(FileStore store, Path directory, @Nullable String clusterId, int nodeId)
            throws IOException {
        return open(store, directory, clusterId, nodeId, Options.defaults());
    }

    /** The same with options of one's own. */
    public static LogDirectory open(
            FileStore store, Path directory, @Nullable String clusterId, int nodeId, Options options)
            throws IOException {
        Path path = directory.toAbsolutePath().normalize();
        if (!store.isDirectory(path)) {
            store.createDirectoriesDurably(path);
        }
        AutoCloseable lock = store.lock(path.resolve(LOCK));
        boolean done = false;
        try {
            Identity identity = MetaProperties.readOrFormat(store, path, clusterId, nodeId);
            LogDirectory opened = new LogDirectory(store, path, identity, lock, options);
            done = true;
            return opened;
        } finally {
            if (!done) {
                unlock(lock);
            }
        }
    }

    /**
     * Gives an empty directory the identity that was decided for it; one that has it already is left alone. Durable when it returns.
     *
     * @throws IOException it has another, holds foreign files, is in use, or can't be written
     */
    public static void format(FileStore store, Path directory, Identity identity) throws IOException {
        Path path = directory.toAbsolutePath().normalize();
        if (!store.isDirectory(path)) {
            store.createDirectoriesDurably(path);
        }
        AutoCloseable lock = store.lock(path.resolve(LOCK));
        try {
            MetaProperties.format(store, path, identity);
        } finally {
            unlock(lock);
        }
    }

    /** What {@code meta.properties} says; empty when the directory is not there or was never formatted. */
    public static Optional<Identity> identityOf(FileStore store, Path directory) throws IOException {
        return MetaProperties.read(store, directory.toAbsolutePath().normalize());
    }

    /** A clean stop of ours leaves no journal: who stopped cleanly beside one has opened the logs without what it holds. */
    private void refuseJournalsOfOthers(List<Path> entries) throws IOException {
        if (lastStop.happened() && JournalReplay.isNeeded(entries)) {
            throw new UnsuitableDirectoryException("log directory " + path
                    + " has a journal of acknowledged batches, but was stopped cleanly since by somebody who does not"
                    + " know journals; delete its odradek-journal files to open the logs with what they have");
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
        return lastStop.happened();
    }

    /**
     * The broker's epoch at the last stop, if that was clean; -1 when it was not or the marker doesn't say (KIP-966).
     */
    public long lastBrokerEpoch() {
        return lastStop.brokerEpoch();
    }

    /** What {@link #lastBrokerEpoch} is to say after the next clean stop. Any thread, before {@link #close}. */
    public void rememberBrokerEpoch(long epoch) {
        brokerEpoch = epoch;
    }

    /** Opens one log, recovering its tail when the last stop was not clean, or creates it durably. */
    public PartitionLog openOrCreate(TopicPartition partition, LogConfig config) throws IOException {
        IOException failure = createAll(Map.of(partition, config)).get(partition);
        if (failure != null) {
            throw failure;
        }
        PartitionLog log = logs.get(partition);
        if (log == null) {
            throw new IOException("log " + partition + " was closed while it was opened");
        }
        return log;
    }

    /**
     * Opens or creates many logs; what was created is durable when this returns, by two syncs of the file system when it can
     * be synced as a whole. A log that can't be had keeps no other from being opened.
     *
     * @return which can't be had, and why; a failed sync takes the directory offline, too
     * @throws IOException the directory is offline: none can be had
     */
    public Map<TopicPartition, IOException> createAll(Map<TopicPartition, LogConfig> wanted) throws IOException {
        throwIfOffline();
        Map<TopicPartition, IOException> failures = new LinkedHashMap<>();
        Map<TopicPartition, LogConfig> created = new LinkedHashMap<>();
        for (Map.Entry<TopicPartition, LogConfig> entry : wanted.entrySet()) {
            TopicPartition partition = entry.getKey();
            IOException refused = unusable.get(partition);
            if (refused != null) {
                failures.put(partition, refused);
                continue;
            }
            if (logs.containsKey(partition)) {
                continue;
            }
            try {
                if (!opener.openIfThere(partition, entry.getValue())) {
                    created.put(partition, entry.getValue());
                }
            } catch (IOException e) {
                failures.put(partition, e);
            }
        }
        if (!created.isEmpty()) {
            create(created, failures);
        }
        return failures;
    }

    private void create(Map<TopicPartition, LogConfig> created, Map<TopicPartition, IOException> failures)
            throws IOException {
        LogCreation creation =
                new LogCreation(store, path, fault, joint.syncsTogether(created.size()), created.keySet(), failures);
        // Before anything is forgotten: what is refused may come back, with its partition.metadata restored.
        creation.refuseRecordsWithoutMetadata();
        checkpoints.forget(creation.going());
        creation.going().forEach(partition -> lastStop.logs().forget(partition.directoryName()));
        creation.make();
        creation.each(partition -> {
            LogConfig config = created.get(partition);
            if (config != null) {
                opener.openNew(partition, config);
            }
        });
    }

    /**
     * Opens every log in the directory that is not open yet, several at a time; {@code configs} is asked by several threads, too.
     * Directories of topics that it answers with null are renamed away (Kafka's {@code -stray} suffix), kept and reported: another topic may have the name. A log that cannot be recovered is out of service ({@link #unusable}); the
     * others are opened all the same.
     */
    public void recoverAll(
            Function<TopicPartition, @Nullable LogConfig> configs, int threads, RecoveryProgress progress)
            throws IOException {
        throwIfOffline();
        opener.openAll(configs, threads, progress);
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

    /** What recovery would have to read if the process died now, about ({@link RecoveryDistance}). Any thread. */
    public long bytesToRecover() {
        long bytes = 0;
        for (PartitionLog log : logs.values()) {
            bytes += log.bytesToRecover();
        }
        return bytes;
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
        deleteAll(List.of(log));
    }

    /**
     * Like {@link #delete} for many logs, with one sync of the directory and the checkpoints written once: a checkpoint has a
     * line for every log, so one at a time costs the square of their number.
     *
     * @throws IOException the first failure; the other logs have been deleted all the same
     */
    public void deleteAll(Collection<PartitionLog> doomed) throws IOException {
        @Nullable IOException failure = null;
        Map<PartitionLog, Path> renamed = new LinkedHashMap<>();
        for (PartitionLog log : doomed) {
            if (!logs.remove(log.partition(), log)) {
                continue;
            }
            Path deleted = path.resolve(PendingDeletions.deletedName(log.partition()));
            try {
                // housekeeping may be about to rename a file in there
                synchronized (persisting) {
                    log.stop();
                    fault.guard(() -> retireJournals(log)); // another log may have its name, and even its id
                    deletions.forget(log);
                    store.rename(log.directory(), deleted);
                }
                renamed.put(log, deleted);
            } catch (IOException e) {
                log.releaseFiles();
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (!renamed.isEmpty()) {
            fault.guard(() -> store.syncDirectory(path));
            renamed.forEach((log, deleted) -> {
                log.releaseFiles();
                deletions.delete(List.of(deleted), log.config().fileDeleteDelayMs());
            });
            checkpoints.forget(
                    renamed.keySet().stream().map(PartitionLog::partition).toList());
        }
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Renames away what logs have let go of, after writing their log starts down, and deletes what has waited long enough
     * since the first call that saw it. Housekeeping thread.
     */
    public void deletePending(long nowMs) throws IOException {
        throwIfOffline();
        synchronized (persisting) {
            deletions.renameRetired(this::checkpointLogStarts);
        }
        deletions.deleteDue(nowMs);
    }

    /**
     * Makes the present starts of these logs durable, by one write for all of them: what {@link
     * PartitionLog#deleteRecordsBefore} removed before the call stays removed, whatever crash follows. Logs that were deleted
     * are ignored. Waits for the disk; any thread but an append thread and a network loop.
     *
     * @throws IOException the directory is offline, by this or before: nothing may be answered
     */
    public void checkpointLogStarts(Collection<PartitionLog> shortened) throws IOException {
        throwIfOffline();
        fault.guard(() -> {
            synchronized (persisting) {
                List<PartitionLog> behind = new ArrayList<>(shortened);
                behind.removeIf(log -> logs.get(log.partition()) != log);
                Map<PartitionLog, Long> wanted = new HashMap<>();
                behind.forEach(log -> wanted.put(log, log.view().logStartOffset()));
                while (!behind.isEmpty()) { // again when a truncation has spoiled what was persisted
                    joint.persist(behind, JointPersist.Extent.LOG_START);
                    behind.removeIf(log -> log.logStartToCheckpoint()
                            >= Math.min(wanted.getOrDefault(log, 0L), log.view().logStartOffset()));
                }
                checkpoints.writeNewLogStarts();
            }
        });
    }

    /**
     * Nothing of {@code log} stays, and it goes on at {@code offset}, at or above its end: a snapshot stands for what lies below
     * (KIP-630). Durable when it returns; a crash before that leaves the log as it was, or as it will be. The thread that appends to the log;
     * waits for whoever persists, who waits for no append thread.
     *
     * @throws IOException the directory is offline, by this or before
     */
    public void startOver(PartitionLog log, long offset) throws IOException {
        if (offset < log.logEndOffset()) {
            throw new IllegalArgumentException(log.partition() + " ends at " + log.logEndOffset()
                    + " and cannot go on at " + offset + ": cut it first");
        }
        beginAgain(log, offset);
    }

    /**
     * The same, below the log's end, too: its leader has nothing of it. Then a crash before it returns may also leave the log cut somewhere,
     * or empty.
     */
    public void beginAgain(PartitionLog log, long offset) throws IOException {
        throwIfOffline();
        fault.guard(() -> {
            synchronized (persisting) {
                if (offset < log.view().firstSegmentBaseOffset()) {
                    // What has left the log there still has its names, which may be wanted again.
                    deletions.renameRetired(this::checkpointLogStarts);
                }
                log.startOverAt(offset, checkpoints::writeNewLogStarts);
            }
        });
    }

    /**
     * A journal for one shard, without a thread: the caller {@linkplain Journal#start starts} it, or works itself. It ends with
     * the directory.
     *
     * @param name tells it from those of other shards
     */
    public Journal openJournal(String name, Journal.Limits limits, LongSupplier nanoClock) throws IOException {
        throwIfOffline();
        Journal journal = new Journal(store, path, name, limits, nanoClock, this::takeOffline);
        journals.add(journal);
        return journal;
    }

    private void retireJournals(PartitionLog log) throws IOException {
        for (Journal journal : journals) {
            journal.retire(log);
        }
    }

    /** High watermark that was checkpointed for a partition before the last stop; 0 when none was. */
    public long checkpointedHighWatermark(TopicPartition partition) {
        return checkpoints.highWatermark(partition);
    }

    /** Writes {@code replication-offset-checkpoint}. Housekeeping thread. */
    public void checkpointHighWatermarks(Map<TopicPartition, Long> highWatermarks) throws IOException {
        Map<TopicPartition, LongSupplier> fixed = new HashMap<>();
        highWatermarks.forEach((partition, offset) -> fixed.put(partition, () -> offset));
        checkpointPresentHighWatermarks(fixed);
    }

    /**
     * The same for high watermarks that may go back, as those of followers do: each is asked while no log is cut, so it is not written as it
     * was before a cut that is on disk already. Whoever cuts has lowered it first.
     */
    public void checkpointPresentHighWatermarks(Map<TopicPartition, LongSupplier> highWatermarks) throws IOException {
        throwIfOffline();
        checkpoints.writeHighWatermarks(highWatermarks);
    }

    /** Offset below which {@code log} has been compacted; -1 when that is not known. Any thread. */
    long firstDirtyOffset(PartitionLog log) {
        return checkpoints.firstDirty(log.partition());
    }

    /**
     * Notes in {@code cleaner-offset-checkpoint} how far compaction came, unless the log was cut since. The thread that compacts.
     *
     * @param truncations {@link PartitionLog#truncations} when it began
     */
    void noteFirstDirty(PartitionLog log, long offset, long truncations) throws IOException {
        throwIfOffline();
        fault.guard(() -> checkpoints.writeFirstDirty(log.partition(), offset, () -> log.truncations() != truncations));
    }

    /**
     * Gives the compacted segment the names of those it replaces. The thread that compacts.
     *
     * @return false when the swap was called off: nothing was changed
     */
    boolean commit(PartitionLog log, SegmentSwap swap, CompactionPass.Rewritten written) throws IOException {
        synchronized (persisting) {
            throwIfOffline();
            if (log.isClosed()) {
                return false;
            }
            try {
                swap.run().forEach(old -> old.files().giveNameAway()); // first, for what is on its way to a journal
                retireJournals(log);
                return swap.commit(written);
            } catch (IOException e) {
                takeOffline(e);
                throw e;
            }
        }
    }

    /**
     * Brings records, index files and leader epochs of all logs to the disk, then writes {@code recovery-point-offset-checkpoint}
     * and {@code log-start-offset-checkpoint}; also lets go of memory that no reader at a tail has used lately. Housekeeping,
     * every {@code log.flush.offset.checkpoint.interval.ms} and when {@link RecoveryBound} says so.
     */
    public void checkpointRecoveryPoints() throws IOException {
        throwIfOffline();
        recentMemory.releaseIdle();
        fault.guard(() -> {
            synchronized (persisting) {
                joint.persist(logs(), JointPersist.Extent.RECORDS);
                checkpoints.writeOffsets();
            }
        });
    }

    /** Calls {@code listener} when the directory goes offline, at once when it is; on the thread that found the fault. */
    public void onOffline(Consumer<IOException> listener) {
        fault.onFault(listener);
    }

    /** After this every append and sync is refused; told once with the first cause. Any thread. */
    public void takeOffline(IOException cause) {
        fault.happened(cause);
    }

    public boolean isOffline() {
        return fault.hasHappened();
    }

    private void throwIfOffline() throws IOException {
        fault.throwIfHappened();
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
            boolean cleanly = !isOffline();
            for (Journal journal : journals) {
                journal.close(cleanly);
            }
            if (cleanly) {
                synchronized (persisting) {
                    joint.persist(open, JointPersist.Extent.STOPPED);
                    checkpoints.writeOffsets();
                }
                checkpoints.writeHighWatermarks(Map.of());
                CleanStop.leave(store, path, brokerEpoch, record(open));
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

    /** What the next start should find. */
    private CleanStopRecord record(Collection<PartitionLog> open) throws IOException {
        CleanStopRecord record = CleanStopRecord.none();
        for (PartitionLog log : open) {
            StoppedLog found = log.stopped();
            if (found != null) {
                record.put(log.partition().directoryName(), found);
            }
        }
        record.keep(lastStop.logs(), store, path);
        return record;
    }

    FileStore store() {
        return store;
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
        public long snapshotBytes() {
            return options.snapshotBytes();
        }

        @Override
        public long nowMs() {
            return options.clock().millis();
        }

        @Override
        public @Nullable String offlineReason() {
            return fault.reason();
        }

        @Override
        public void takeOffline(IOException cause) {
            LogDirectory.this.takeOffline(cause);
        }

        @Override
        public void deleteLater(List<Path> files, long delayMs) {
            deletions.delete(files, delayMs);
        }

        @Override
        public void retireLater(PartitionLog log, List<Path> files, long delayMs) {
            deletions.retire(log, files, delayMs);
        }

        @Override
        public void retireJournals(PartitionLog log) throws IOException {
            LogDirectory.this.retireJournals(log);
        }

        @Override
        public void lowerOffsets(PartitionLog log, long endOffset) throws IOException {
            checkpoints.lower(log, endOffset);
        }

        @Override
        public void noteGaps(PartitionLog log, long offset) throws IOException {
            fault.guard(() -> checkpoints.noteGaps(log.partition(), offset));
        }
    }
}
