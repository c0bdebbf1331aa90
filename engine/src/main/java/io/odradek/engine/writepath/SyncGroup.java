package io.odradek.engine.writepath;

import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.JournalGroup;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Files that become durable together, and what is durable then. Has one owner at a time: the append thread while it fills
 * it, the sync thread from {@link SyncHandover#take} on. Grows with what is written during one sync.
 */
final class SyncGroup {
    private final Set<StoreFile> known = Collections.newSetFromMap(new IdentityHashMap<>());
    /** The same for a journal, filled by the logs. */
    final JournalGroup ranges = new JournalGroup();

    StoreFile[] files = new StoreFile[16];
    int fileCount;

    /** One entry for each time a log handed files out, in that order: each is reported back. */
    PartitionLog[] logs = new PartitionLog[16];

    long[] ends = new long[16];
    int logCount;

    /** Batches that wait for this group, for the figures. */
    int batches;
    /** Entries of the ring up to here need no further sync than this one. */
    long throughSequence;

    /** Everything of the log below {@code end} lies in {@code dirty} and in what was handed over before. */
    void add(PartitionLog log, List<StoreFile> dirty, long end) {
        if (logCount == logs.length) {
            logs = Arrays.copyOf(logs, 2 * logCount);
            ends = Arrays.copyOf(ends, 2 * logCount);
        }
        logs[logCount] = log;
        ends[logCount] = end;
        logCount++;
        for (int i = 0; i < dirty.size(); i++) {
            StoreFile file = dirty.get(i);
            if (known.add(file)) {
                if (fileCount == files.length) {
                    files = Arrays.copyOf(files, 2 * files.length);
                }
                files[fileCount++] = file;
            }
        }
    }

    /** Forgets everything, so that a group that waits for its next use keeps no file alive. */
    void clear() {
        Arrays.fill(files, 0, fileCount, null);
        Arrays.fill(logs, 0, logCount, null);
        known.clear();
        ranges.clear();
        fileCount = 0;
        logCount = 0;
        batches = 0;
    }
}
