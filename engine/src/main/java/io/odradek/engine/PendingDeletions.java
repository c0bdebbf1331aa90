package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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
 * Any thread adds; housekeeping does the rest.
 */
final class PendingDeletions {
    private static final Logger LOG = LoggerFactory.getLogger(PendingDeletions.class);

    private final FileStore store;
    private final Deque<Pending> pending = new ArrayDeque<>(); // guarded by itself

    /** {@code sinceMs} is when housekeeping first saw them, or -1. Its thread's. */
    private static final class Pending {
        List<Path> paths;
        final long delayMs;
        /** Its start has to be on disk before the files, which still have their own names, are renamed; null: they are. */
        final @Nullable PartitionLog retiredFrom;

        long sinceMs = -1;

        Pending(List<Path> paths, long delayMs, @Nullable PartitionLog retiredFrom) {
            this.paths = paths;
            this.delayMs = delayMs;
            this.retiredFrom = retiredFrom;
        }
    }

    /** Makes the starts of these logs durable. */
    interface LogStarts {
        void write(Set<PartitionLog> logs) throws IOException;
    }

    PendingDeletions(FileStore store) {
        this.store = store;
    }

    /** What was renamed away: goes {@code delayMs} after housekeeping has seen it. */
    void delete(List<Path> paths, long delayMs) {
        add(new Pending(paths, delayMs, null));
    }

    /** Segment files of {@code log}, some of which may not exist. */
    void retire(PartitionLog log, List<Path> files, long delayMs) {
        add(new Pending(files, delayMs, log));
    }

    private void add(Pending added) {
        synchronized (pending) {
            pending.add(added);
        }
    }

    /** Renames away what was retired, after {@code logStarts}, and deletes what has waited long enough. */
    void proceed(long nowMs, LogStarts logStarts) throws IOException {
        List<Pending> fresh = new ArrayList<>();
        synchronized (pending) {
            for (Pending seen : pending) {
                if (seen.sinceMs < 0) {
                    seen.sinceMs = nowMs;
                    fresh.add(seen);
                }
            }
        }
        Set<PartitionLog> shortened = new LinkedHashSet<>();
        for (Pending seen : fresh) {
            if (seen.retiredFrom != null) {
                shortened.add(seen.retiredFrom);
            }
        }
        if (!shortened.isEmpty()) {
            logStarts.write(shortened);
            for (Pending seen : fresh) {
                if (seen.retiredFrom != null) {
                    seen.paths = renamedAway(seen.paths);
                }
            }
        }
        for (Path due : takeDue(nowMs)) {
            deleteTree(due);
        }
    }

    private List<Path> takeDue(long nowMs) {
        List<Path> due = new ArrayList<>();
        synchronized (pending) {
            pending.removeIf(seen -> {
                boolean isDue = seen.sinceMs >= 0 && nowMs - seen.sinceMs >= seen.delayMs;
                if (isDue) {
                    due.addAll(seen.paths);
                }
                return isDue;
            });
        }
        return due;
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

    /** A file, or a directory with all that is in it. */
    void deleteTree(Path gone) throws IOException {
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
