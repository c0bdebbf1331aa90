package io.odradek.engine.writepath;

import io.odradek.engine.io.StoreFile;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Files that become durable together, and what is durable then. Has one owner at a time: the append thread while it fills
 * it, the sync thread from {@link SyncHandover#take} on. Grows to the number of logs and files written during one sync, no
 * further.
 */
final class SyncGroup {
    private long number;
    private final Set<StoreFile> known = Collections.newSetFromMap(new IdentityHashMap<>());
    StoreFile[] files = new StoreFile[16];
    int fileCount;

    LogSlot[] logs = new LogSlot[16];
    long[] ends = new long[16];
    long[] generations = new long[16];
    int logCount;

    /** Batches that wait for this group, for the figures. */
    int batches;
    /** Entries of the ring up to here need no further sync than this one. */
    long throughSequence;

    /** Everything of {@code slot}'s log below {@code end} lies in {@code dirty} and in what was handed over before. */
    void add(LogSlot slot, List<StoreFile> dirty, long end, long generation) {
        assert number > 0 : "a group is begun before it is filled";
        if (slot.syncGroup != number) {
            slot.syncGroup = number;
            slot.syncIndex = logCount++;
            if (slot.syncIndex == logs.length) {
                logs = Arrays.copyOf(logs, 2 * logs.length);
                ends = Arrays.copyOf(ends, logs.length);
                generations = Arrays.copyOf(generations, logs.length);
            }
            logs[slot.syncIndex] = slot;
        }
        ends[slot.syncIndex] = end;
        generations[slot.syncIndex] = generation;
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

    boolean isEmpty() {
        return logCount == 0;
    }

    void begin(long groupNumber) {
        number = groupNumber;
    }

    /** Forgets everything, so that a group that waits for its next use keeps no file alive. */
    void clear() {
        Arrays.fill(files, 0, fileCount, null);
        Arrays.fill(logs, 0, logCount, null);
        known.clear();
        fileCount = 0;
        logCount = 0;
        batches = 0;
        number = 0;
    }
}
