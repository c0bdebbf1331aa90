package io.odradek.engine;

import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.JournalGroup;
import io.odradek.engine.journal.LogName;
import io.odradek.engine.journal.WrittenBytes;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What of one log was written and not yet handed out to be synced: segments, the directory, how many records, and by when they
 * have to be. What was handed out is {@link DurableProgress}'. Append thread, but for {@link #dueAtMs}.
 */
final class UnsyncedWrites {
    private final DirectoryEntries entries;
    private final LogName journalName;

    /** Segments with such writes, oldest first; each once, each with a share of its files. */
    private final List<Segment> dirty = new ArrayList<>();

    /** The last write, in {@link WrittenBytes} of its group. */
    private int lastWrite = WrittenBytes.NOT_KEPT;

    private boolean entriesDirty;
    private long records;
    private volatile long dueAtMs = Long.MAX_VALUE;

    /** What is handed out: files to be synced, and shares that keep those of segments open meanwhile. */
    record HandedOut(List<StoreFile> files, List<SegmentFiles> kept) {
        private static final HandedOut NOTHING = new HandedOut(List.of(), List.of());
    }

    UnsyncedWrites(DirectoryEntries entries, LogName journalName) {
        this.entries = entries;
        this.journalName = journalName;
    }

    /** Records are about to be written. */
    void count(int more, long nowMs, LogConfig config) {
        if (records == 0) {
            long within = config.durability() instanceof Durability.Interval(long intervalMs)
                    ? Math.min(intervalMs, config.flushMs())
                    : config.flushMs();
            dueAtMs = within > Long.MAX_VALUE - nowMs ? Long.MAX_VALUE : nowMs + within;
        }
        records += more;
    }

    /** Whether they have to be durable before they count: by durability, or because {@code flush.messages} was reached. */
    boolean mustSync(LogConfig config) {
        return config.durability() instanceof Durability.Sync || records >= config.flushMessages();
    }

    /** {@link Long#MAX_VALUE} when nothing has to be synced by a certain time. Any thread. */
    long dueAtMs() {
        return dueAtMs;
    }

    /**
     * @param recoveryPoint exclusive; what lies below it is durable by now
     * @param write in {@link WrittenBytes} of the group at hand
     */
    void wroteTo(Segment segment, long recoveryPoint, int write) {
        lastWrite = write;
        if (dirty.isEmpty() || dirty.getLast().files() != segment.files()) {
            forgetBelow(recoveryPoint);
            if (segment.tryRetain()) { // else the log was closed
                dirty.add(segment);
            }
        }
    }

    /** A file was made: nothing in it is durable before the directory is. */
    void changedEntries() {
        entriesDirty = true;
    }

    void syncedEntries() {
        entriesDirty = false;
    }

    /** What a checkpoint has synced needs no other sync; without this, a log that never syncs would keep removed files open. */
    void forgetBelow(long recoveryPoint) {
        while (dirty.size() > 1 && dirty.get(1).baseOffset() <= recoveryPoint) {
            dirty.removeFirst().release();
        }
    }

    /** The segment is no longer one of the log's. */
    void forget(SegmentFiles files) {
        if (dirty.removeIf(segment -> segment.files() == files)) {
            files.release();
        }
    }

    boolean isEmpty() {
        return dirty.isEmpty() && !entriesDirty;
    }

    /**
     * Hands all of it out, and tells {@code ranges} which bytes of the files were not handed out before.
     *
     * @param written what the group at hand has written
     */
    HandedOut handOut(ActiveSegment active, JournalGroup ranges, WrittenBytes written) {
        records = 0;
        dueAtMs = Long.MAX_VALUE;
        if (isEmpty()) {
            return HandedOut.NOTHING;
        }
        List<StoreFile> files = new ArrayList<>(dirty.size() + 1);
        List<SegmentFiles> kept = new ArrayList<>(dirty.size());
        for (Segment segment : dirty) {
            files.add(segment.log());
            kept.add(segment.files());
            handOutRange(segment.files(), active, ranges, written);
        }
        dirty.clear(); // their shares were passed on
        if (entriesDirty) {
            entriesDirty = false;
            files.add(entries);
            ranges.addOther();
        }
        return new HandedOut(files, kept);
    }

    /** Of an older segment it is not worth knowing: it is handed out with the entry of the next one, or was cut to. */
    private void handOutRange(SegmentFiles files, ActiveSegment active, JournalGroup ranges, WrittenBytes written) {
        if (files == active.files()) {
            ranges.add(journalName, files, files.handedOutBytes(), active.sizeBytes(), written, lastWrite);
            files.handedOut(active.sizeBytes());
        } else {
            ranges.addOther();
        }
    }

    void syncSegments() throws IOException {
        for (Segment segment : dirty) {
            segment.log().sync();
        }
    }

    /** The log is closed. */
    void releaseAll() {
        dirty.forEach(Segment::release);
        dirty.clear();
    }
}
