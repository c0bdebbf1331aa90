package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files and directories that have to go, each some time after it was given up, so that readers elsewhere are not surprised.
 *
 * <pre>
 *   retire ──▶ still under their own names ──▶ log start on disk ──▶ renamed away ──▶ deleted
 *   delete ──────────────────────────────────────────────────────────────▲
 * </pre>
 *
 * Any thread adds and forgets; housekeeping does the rest.
 */
final class PendingDeletions {
    private static final Logger LOG = LoggerFactory.getLogger(PendingDeletions.class);

    private static final String DELETED_LOG = "-delete";
    private static final int NAME_LIMIT = 255;

    private final FileStore store;

    // Both guarded by this.
    private final List<Retired> retired = new ArrayList<>();
    private final List<RenamedAway> renamedAway = new ArrayList<>();

    /** Segment files under their own names, some of which may not exist. */
    private record Retired(PartitionLog log, List<Path> files, long delayMs) {}

    /** {@code sinceMs} is when housekeeping first saw them, or -1. */
    private record RenamedAway(List<Path> paths, long delayMs, long sinceMs) {}

    /** Makes the present starts of these logs durable. */
    interface LogStarts {
        void write(Set<PartitionLog> logs) throws IOException;
    }

    PendingDeletions(FileStore store) {
        this.store = store;
    }

    /** What a log's directory is called once the log is deleted; used once. */
    static String deletedName(TopicPartition partition) {
        return awayName(partition, UUID.randomUUID(), DELETED_LOG);
    }

    /** What a log's directory is called that is no partition's any more: Kafka's name, cut to what a file system takes. */
    static String awayName(TopicPartition partition, UUID unique, String why) {
        String suffix = "-" + partition.partition() + "." + unique.toString().replace("-", "") + why;
        String topic = partition.topic();
        return topic.substring(0, Math.min(topic.length(), NAME_LIMIT - suffix.length())) + suffix;
    }

    /** Deletes what a log directory has of logs that were deleted in another life. */
    void deleteLeftovers(List<Path> entries) throws IOException {
        for (Path directory : entries) {
            if (directory.getFileName().toString().endsWith(DELETED_LOG) && store.isDirectory(directory)) {
                deleteTree(directory);
            }
        }
    }

    /** What was renamed away: goes {@code delayMs} after housekeeping has seen it. */
    synchronized void delete(List<Path> paths, long delayMs) {
        renamedAway.add(new RenamedAway(paths, delayMs, -1));
    }

    /** Segment files of {@code log}, some of which may not exist, that its view no longer has. */
    synchronized void retire(PartitionLog log, List<Path> files, long delayMs) {
        retired.add(new Retired(log, files, delayMs));
    }

    /** The log's directory is gone with all that was retired from it: another may take its name, and have files of theirs. */
    synchronized void forget(PartitionLog log) {
        retired.removeIf(from -> from.log() == log);
    }

    /**
     * Renames away what was retired, once {@code logStarts} are on disk: a crash may keep any of several renames, and without
     * the log start what comes back would be a log with a hole. No log is deleted meanwhile. When this fails, what is left
     * keeps its names and is tried again.
     */
    void renameRetired(LogStarts logStarts) throws IOException {
        List<Retired> fresh;
        synchronized (this) {
            fresh = List.copyOf(retired);
        }
        if (fresh.isEmpty()) {
            return;
        }
        Set<PartitionLog> shortened = new LinkedHashSet<>();
        fresh.forEach(from -> shortened.add(from.log()));
        logStarts.write(shortened);
        for (Retired from : fresh) {
            List<Path> paths = renamedAway(from.files());
            synchronized (this) {
                retired.remove(from);
                delete(paths, from.delayMs());
            }
        }
    }

    /** Deletes what has waited long enough since the first call that saw it. */
    void deleteDue(long nowMs) throws IOException {
        for (Path due : takeDue(nowMs)) {
            deleteTree(due);
        }
    }

    private synchronized List<Path> takeDue(long nowMs) {
        List<Path> due = new ArrayList<>();
        renamedAway.replaceAll(
                seen -> seen.sinceMs() < 0 ? new RenamedAway(seen.paths(), seen.delayMs(), nowMs) : seen);
        renamedAway.removeIf(seen -> {
            boolean isDue = nowMs - seen.sinceMs() >= seen.delayMs();
            if (isDue) {
                due.addAll(seen.paths());
            }
            return isDue;
        });
        return due;
    }

    private List<Path> renamedAway(List<Path> files) throws IOException {
        List<Path> renamed = new ArrayList<>();
        for (Path file : files) {
            Path away = file.resolveSibling(file.getFileName() + SegmentNames.DELETED);
            if (store.exists(file)) { // not every segment has every file
                store.rename(file, away);
            }
            if (store.exists(away)) { // perhaps by a call that failed
                renamed.add(away);
            }
        }
        return renamed;
    }

    /** A file, or a directory with all that is in it. */
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
}
