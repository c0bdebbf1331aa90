package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.recovery.LogRecovery;
import io.odradek.engine.segment.CorruptLogException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files in which a log directory notes offsets of its logs: recovery points, log starts, high watermarks, and how far
 * compaction came. Keyed by
 * directory name; logs that are not open keep what the files said. Any thread; each call holds the lock while it writes, so
 * that the files never go back.
 */
final class DirectoryCheckpoints {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryCheckpoints.class);

    static final String RECOVERY_POINTS = "recovery-point-offset-checkpoint";
    static final String LOG_STARTS = "log-start-offset-checkpoint";
    static final String HIGH_WATERMARKS = "replication-offset-checkpoint";
    static final String FIRST_DIRTY = "cleaner-offset-checkpoint";

    private final FileStore store;
    private final Path directory;
    /** The open logs. Whoever removes one calls {@link #forget} afterwards, so that nothing of it is written again. */
    private final Map<TopicPartition, PartitionLog> open;

    // All guarded by this.
    private final Map<String, Long> recoveryPoints;
    private final Map<String, Long> logStarts;
    private final Map<String, Long> highWatermarks;
    /** Everything below has been compacted. */
    private final Map<String, Long> firstDirty;
    /** What {@link #LOG_STARTS} says for certain; of the last run, the directory was synced when it was opened. */
    private Map<String, Long> logStartsOnDisk;

    /**
     * Reads what the last run left.
     *
     * @param open the open logs, concurrent; changed by the caller
     */
    DirectoryCheckpoints(FileStore store, Path directory, Map<TopicPartition, PartitionLog> open) throws IOException {
        this.store = store;
        this.directory = directory;
        this.open = open;
        this.recoveryPoints = OffsetCheckpoint.read(store, directory.resolve(RECOVERY_POINTS));
        this.logStarts = OffsetCheckpoint.read(store, directory.resolve(LOG_STARTS));
        this.highWatermarks = OffsetCheckpoint.read(store, directory.resolve(HIGH_WATERMARKS));
        this.firstDirty = readOrForget(directory.resolve(FIRST_DIRTY));
        this.logStartsOnDisk = Map.copyOf(logStarts);
    }

    /** Nothing depends on it but work that need not be done twice. */
    private Map<String, Long> readOrForget(Path file) throws IOException {
        try {
            return OffsetCheckpoint.read(store, file);
        } catch (CorruptLogException e) {
            LOG.warn("{}; compaction begins anew", e.getMessage());
            return new TreeMap<>();
        }
    }

    synchronized LogRecovery.Remembered remembered(TopicPartition partition, boolean cleanStop) {
        String name = partition.directoryName();
        return new LogRecovery.Remembered(
                cleanStop,
                recoveryPoints.getOrDefault(name, 0L),
                logStarts.getOrDefault(name, 0L),
                highWatermarks.getOrDefault(name, 0L),
                firstDirty.getOrDefault(name, 0L));
    }

    /** 0 when none is noted. */
    synchronized long highWatermark(TopicPartition partition) {
        return highWatermarks.getOrDefault(partition.directoryName(), 0L);
    }

    /**
     * Readers were shown records that the machine lost with its page cache, and recovery has said so. Held against the log
     * again after the next, clean stop, it would keep it out of service.
     */
    synchronized void forgetHighWatermarkAbove(TopicPartition partition, long logEndOffset) {
        highWatermarks.computeIfPresent(partition.directoryName(), (n, shown) -> Math.min(shown, logEndOffset));
    }

    /** Logs of these names go, or come anew: a new one is not measured by its predecessor's offsets. */
    synchronized void forget(Collection<TopicPartition> partitions) throws IOException {
        boolean known = false;
        for (TopicPartition partition : partitions) {
            String name = partition.directoryName();
            known |= recoveryPoints.remove(name) != null;
            known |= logStarts.remove(name) != null;
            known |= highWatermarks.remove(name) != null;
            known |= firstDirty.remove(name) != null;
        }
        if (known) {
            writeFirstDirty();
            writeRecoveryPoints();
            writeLogStarts();
            writeHighWatermarks();
        }
    }

    /** Writes down what the open logs have persisted: recovery points and log starts. */
    synchronized void writeOffsets() throws IOException {
        Map<PartitionLog, LogPosition> points = new HashMap<>();
        for (PartitionLog log : open.values()) {
            LogPosition point = log.recoveryPointToCheckpoint();
            points.put(log, point);
            recoveryPoints.put(log.partition().directoryName(), point.offset());
        }
        writeRecoveryPoints();
        points.forEach(PartitionLog::recoveryPointIsWritten);
        writeNewLogStarts();
    }

    /** Writes down the log starts that the open logs have persisted; nothing when the file says so already. */
    synchronized void writeNewLogStarts() throws IOException {
        open.values().forEach(this::noteLogStart);
        if (!logStarts.equals(logStartsOnDisk)) {
            writeLogStarts();
        }
    }

    /** Also where the first segment's name says the same: removed segments may come back after a crash. */
    private void noteLogStart(PartitionLog log) {
        String name = log.partition().directoryName();
        long logStartOffset = log.logStartToCheckpoint();
        if (logStartOffset > 0) {
            logStarts.put(name, logStartOffset);
        } else {
            logStarts.remove(name);
        }
    }

    /**
     * @param changed asked here and now, so that none is written that was lowered, with its log, since somebody looked at it; those of logs
     *     that are not open are ignored
     */
    synchronized void writeHighWatermarks(Map<TopicPartition, LongSupplier> changed) throws IOException {
        changed.forEach((partition, offset) -> {
            PartitionLog log = open.get(partition);
            if (log != null) {
                highWatermarks.put(partition.directoryName(), Math.min(offset.getAsLong(), log.endToCheckpoint()));
            }
        });
        writeHighWatermarks();
    }

    /** A log is about to end at {@code endOffset}: no offset of it may stay above. Returns when that is durable. */
    synchronized void lower(PartitionLog log, long endOffset) throws IOException {
        String name = log.partition().directoryName();
        boolean pointLowered = lower(recoveryPoints, name, endOffset);
        boolean startLowered = lower(logStarts, name, endOffset);
        if (pointLowered || startLowered) {
            writeRecoveryPoints();
            writeLogStarts();
        }
        if (pointLowered) {
            log.recoveryPointIsWritten(LogPosition.ofOffset(endOffset));
        }
        if (lower(highWatermarks, name, endOffset)) {
            writeHighWatermarks();
        }
        if (lower(firstDirty, name, endOffset)) {
            writeFirstDirty();
        }
    }

    /** Offset below which the log has been compacted; -1 when none is noted. */
    synchronized long firstDirty(TopicPartition partition) {
        return firstDirty.getOrDefault(partition.directoryName(), -1L);
    }

    /**
     * Notes how far compaction came.
     *
     * @param cutSince whether the log was cut since it came that far: then nothing is noted, for other records may be there
     */
    synchronized void writeFirstDirty(TopicPartition partition, long offset, BooleanSupplier cutSince)
            throws IOException {
        if (!cutSince.getAsBoolean() && open.containsKey(partition)) {
            firstDirty.put(partition.directoryName(), offset);
            writeFirstDirty();
        }
    }

    /** A leader's compaction came at least as far, and this log will have the gaps that it has left. */
    synchronized void noteGaps(TopicPartition partition, long offset) throws IOException {
        Long noted = firstDirty.get(partition.directoryName());
        if (noted == null || noted < offset) {
            firstDirty.put(partition.directoryName(), offset);
            writeFirstDirty();
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

    private void writeRecoveryPoints() throws IOException {
        OffsetCheckpoint.write(store, directory.resolve(RECOVERY_POINTS), recoveryPoints);
    }

    private void writeLogStarts() throws IOException {
        OffsetCheckpoint.write(store, directory.resolve(LOG_STARTS), logStarts);
        logStartsOnDisk = Map.copyOf(logStarts);
    }

    private void writeFirstDirty() throws IOException {
        OffsetCheckpoint.write(store, directory.resolve(FIRST_DIRTY), firstDirty);
    }

    private void writeHighWatermarks() throws IOException {
        OffsetCheckpoint.write(store, directory.resolve(HIGH_WATERMARKS), highWatermarks);
    }
}
