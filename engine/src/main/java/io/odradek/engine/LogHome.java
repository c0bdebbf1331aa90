package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a log needs of the directory it lives in. Any thread. */
interface LogHome {

    FileStore store();

    RecentMemory recentMemory();

    /** {@link LogDirectory.Options#snapshotBytes}. */
    long snapshotBytes();

    long nowMs();

    /** Why nothing is written here any more, or null. */
    @Nullable
    String offlineReason();

    void takeOffline(IOException cause);

    /** Removes files of that were renamed away, some time after {@code delayMs}. */
    void deleteLater(List<Path> files, long delayMs);

    /**
     * As {@link #deleteLater} for files still under their own names, some of which may not exist, once the log's start, and
     * what was only known from them, is on disk.
     */
    void retireLater(PartitionLog log, List<Path> files, long delayMs);

    /** No journal holds anything of the log when it returns: it is synced, and no crash will replay it. */
    void retireJournals(PartitionLog log) throws IOException;

    /** The log is about to end at {@code endOffset}: no offset of it that is on disk may stay above. Returns when that is durable. */
    void lowerOffsets(PartitionLog log, long endOffset) throws IOException;

    /** Below {@code offset} the log may have gaps, as after a compaction. Returns when that is durable. */
    void noteGaps(PartitionLog log, long offset) throws IOException;
}
