package io.odradek.engine.journal;

import io.odradek.engine.io.StoreFile;
import io.odradek.engine.segment.SegmentFiles;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.IdentityHashMap;

/**
 * What a group would write to a journal: of each file, the bytes that are neither durable nor journaled yet. Has one owner at a
 * time, like the group it is part of.
 */
public final class JournalGroup {
    /** Where a file's unsynced bytes are is not known: it has to be synced itself. */
    public static final long UNKNOWN = -1;

    private static final int READ_BACK = -1;
    private static final int LAST = -1;

    private final IdentityHashMap<StoreFile, Integer> places = new IdentityHashMap<>();
    private LogName[] names = new LogName[16];
    private SegmentFiles[] segments = new SegmentFiles[16];
    private int[] from = new int[16];
    private int[] to = new int[16];
    /** The first and the last of the writes that an entry's bytes were kept of; {@link #READ_BACK} when not all of them were. */
    private int[] firstWrite = new int[16];

    private int[] lastWrite = new int[16];
    private int count;

    private ByteBuffer kept = ByteBuffer.allocateDirect(0);
    /** Of each kept write, in {@link #kept}; the next one's is where it ends. */
    private int[] writeBegin = new int[16];
    /** The next write of the same entry; {@link #LAST} of none. */
    private int[] nextWrite = new int[16];

    private int writes;
    /** Something in the group is no range of a segment's file: a directory, or a file whose unsynced part is not known. */
    private boolean whole = true;

    private JournaledLog[] logs = new JournaledLog[16];
    private long[] ends = new long[16];
    private long[] truncations = new long[16];
    private int logCount;

    /**
     * The bytes from {@code begin} to {@code end} of the segment's file; everything below {@code begin} was handed out before,
     * or is durable.
     *
     * @param begin {@link #UNKNOWN} when that cannot be said
     * @param written where they may be found
     * @param write which of {@code written}; anything else is noticed, and they are read back from the file
     */
    public void add(LogName name, SegmentFiles segment, long begin, long end, WrittenBytes written, int write) {
        if (begin == UNKNOWN) {
            whole = false;
            return;
        }
        Integer known = places.putIfAbsent(segment.log(), count);
        if (known != null) {
            whole &= to[known] == begin;
            to[known] = (int) end;
            keep(known, begin, end, written, write);
            return;
        }
        if (count == names.length) {
            names = Arrays.copyOf(names, 2 * count);
            segments = Arrays.copyOf(segments, 2 * count);
            from = Arrays.copyOf(from, 2 * count);
            to = Arrays.copyOf(to, 2 * count);
            firstWrite = Arrays.copyOf(firstWrite, 2 * count);
            lastWrite = Arrays.copyOf(lastWrite, 2 * count);
        }
        names[count] = name;
        segments[count] = segment;
        from[count] = (int) begin;
        to[count] = (int) end;
        firstWrite[count] = writes; // the next one, if it is kept
        lastWrite[count] = LAST;
        keep(count, begin, end, written, write);
        count++;
    }

    private void keep(int entry, long begin, long end, WrittenBytes written, int write) {
        if (firstWrite[entry] == READ_BACK) {
            return;
        }
        if (!written.isAll(write, segments[entry], begin, end)
                || kept.position() + (end - begin) > Journal.MOST_RECORD_BYTES) {
            firstWrite[entry] = READ_BACK;
            return;
        }
        if (writes == writeBegin.length) {
            writeBegin = Arrays.copyOf(writeBegin, 2 * writes);
            nextWrite = Arrays.copyOf(nextWrite, 2 * writes);
        }
        if (lastWrite[entry] != LAST) {
            nextWrite[lastWrite[entry]] = writes;
        }
        lastWrite[entry] = writes;
        nextWrite[writes] = LAST;
        writeBegin[writes] = kept.position();
        writes++;
        kept = written.copyTo(kept, write);
    }

    /** Whether the group has the bytes of entry {@code i}: else they have to be read from its file. */
    boolean isKept(int i) {
        return firstWrite[i] != READ_BACK;
    }

    /** Puts the bytes of entry {@code i}, which are kept. */
    void putKept(int i, ByteBuffer record) {
        for (int write = firstWrite[i]; write != LAST; write = nextWrite[write]) {
            int end = write + 1 < writes ? writeBegin[write + 1] : kept.position();
            int length = end - writeBegin[write];
            record.put(record.position(), kept, writeBegin[write], length);
            record.position(record.position() + length);
        }
    }

    /** Something that no journal can hold. */
    public void addOther() {
        whole = false;
    }

    /** One for each time that a log handed files out, in that order. */
    public void addLog(JournaledLog log, long end, long asOfTruncations) {
        if (logCount == logs.length) {
            logs = Arrays.copyOf(logs, 2 * logCount);
            ends = Arrays.copyOf(ends, 2 * logCount);
            truncations = Arrays.copyOf(truncations, 2 * logCount);
        }
        logs[logCount] = log;
        ends[logCount] = end;
        truncations[logCount] = asOfTruncations;
        logCount++;
    }

    public void clear() {
        places.clear();
        Arrays.fill(names, 0, count, null);
        Arrays.fill(segments, 0, count, null);
        Arrays.fill(logs, 0, logCount, null);
        count = 0;
        kept.clear();
        writes = 0;
        logCount = 0;
        whole = true;
    }

    /** Length of the group's record, without what fills it up to whole blocks; -1 when it can't be journaled. */
    long recordBytes() {
        if (!whole) {
            return -1;
        }
        long bytes = JournalFormat.HEADER_BYTES;
        for (int i = 0; i < count; i++) {
            bytes += JournalFormat.entryBytes(names[i], to[i] - from[i]);
        }
        return bytes;
    }

    long entryBytes() {
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += to[i] - from[i];
        }
        return bytes;
    }

    /** Whether a log was cut, or a file is about to give its name away, since this was collected. */
    boolean isStale() {
        for (int i = 0; i < logCount; i++) {
            if (logs[i].truncations() != truncations[i]) {
                return true;
            }
        }
        for (int i = 0; i < count; i++) {
            if (!segments[i].isJournalable()) {
                return true;
            }
        }
        return false;
    }

    int count() {
        return count;
    }

    LogName name(int i) {
        return names[i];
    }

    SegmentFiles segment(int i) {
        return segments[i];
    }

    int from(int i) {
        return from[i];
    }

    int to(int i) {
        return to[i];
    }

    int logCount() {
        return logCount;
    }

    JournaledLog log(int i) {
        return logs[i];
    }

    long end(int i) {
        return ends[i];
    }
}
