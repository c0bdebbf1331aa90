package io.odradek.engine.segment;

import io.odradek.engine.LogConfig;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last segment of a log: the only one that grows. Its indexes live in memory and reach their files at checkpoints, at
 * a roll and at close.
 *
 * <p>Confined to the append thread, but for the indexes, which any thread may search, and {@link #persistIndexes}.
 */
public final class ActiveSegment implements Segment {
    private static final Logger LOG = LoggerFactory.getLogger(ActiveSegment.class);

    /** So many small appends are no sign of more: most logs are idle. */
    private static final int FEW_APPENDS = 4;

    private final SegmentFiles files;
    private final OffsetIndex offsetIndex;
    private final TimeIndex timeIndex;
    private int sizeBytes;
    private int bytesSinceIndexEntry;
    private long maxTimestamp = BatchLayout.NO_TIMESTAMP;
    /** Last offset of the first batch that has it; of no meaning while the time index ends with that timestamp, or none was met. */
    private long offsetOfMaxTimestamp;

    private long firstTimestamp = BatchLayout.NO_TIMESTAMP;

    // Guarded by this: housekeeping and a roll may meet.
    private int offsetEntriesInFile;
    private int timeEntriesInFile;
    private boolean filesAreOurs;

    /** The file is longer than what was written. Append thread. */
    private boolean preallocated;

    /** How long the file was made; 0 when it only grew. Append thread. */
    private long preallocatedBytes;

    /** Small appends so far, as far as they count. Append thread. */
    private int smallAppends;

    private ActiveSegment(SegmentFiles files, OffsetIndex offsetIndex, TimeIndex timeIndex) {
        this.files = files;
        this.offsetIndex = offsetIndex;
        this.timeIndex = timeIndex;
    }

    /** A new, empty segment; its directory entry still has to be synced. */
    public static ActiveSegment create(FileStore store, Path directory, long baseOffset) throws IOException {
        SegmentFiles files = SegmentFiles.open(store, directory, baseOffset, OpenMode.CREATE_NEW);
        return new ActiveSegment(files, OffsetIndex.empty(baseOffset), TimeIndex.empty(baseOffset));
    }

    /**
     * An empty picture of a segment's beginning, to be filled by {@link #wrote} as its batches are walked: what recovery and
     * truncation rebuild indexes with. The index files count as empty, so that the next persisting replaces them.
     */
    public static ActiveSegment rebuilding(SegmentFiles files) {
        return new ActiveSegment(files, OffsetIndex.empty(files.baseOffset()), TimeIndex.empty(files.baseOffset()));
    }

    /**
     * A picture of a segment up to the last index entry: what is behind it has to be walked with {@link #wrote}, beginning
     * with the batch of that entry at {@link #sizeBytes}.
     *
     * @param firstTimestamp max timestamp of the segment's first batch
     * @param inFiles whether the index files begin with these entries; else the next persisting replaces them
     */
    public static ActiveSegment resuming(
            SegmentFiles files, OffsetIndex offsetIndex, TimeIndex timeIndex, long firstTimestamp, boolean inFiles) {
        int entries = offsetIndex.count();
        if (entries == 0) {
            return rebuilding(files);
        }
        // The entry of the last indexed batch is written again when that batch is walked.
        long lastIndexed = offsetIndex.offset(entries - 1);
        int position = offsetIndex.position(entries - 1);
        int previous = entries > 1 ? offsetIndex.position(entries - 2) : 0;
        OffsetIndex offsets = offsetIndex.truncatedTo(lastIndexed);
        TimeIndex times = timeIndex.truncatedTo(lastIndexed);
        ActiveSegment segment = new ActiveSegment(files, offsets, times);
        segment.sizeBytes = position;
        segment.bytesSinceIndexEntry = position - previous;
        segment.firstTimestamp = firstTimestamp;
        segment.maxTimestamp = times.lastTimestamp();
        if (inFiles) {
            segment.offsetEntriesInFile = offsets.count();
            segment.timeEntriesInFile = times.count();
        }
        return segment;
    }

    @Override
    public SegmentFiles files() {
        return files;
    }

    @Override
    public OffsetIndex offsetIndex() {
        return offsetIndex;
    }

    @Override
    public TimeIndex timeIndex() {
        return timeIndex;
    }

    /** Bytes written: where the next batch will begin. */
    public int sizeBytes() {
        return sizeBytes;
    }

    /** Largest record timestamp so far, or -1. */
    public long maxTimestamp() {
        return maxTimestamp;
    }

    /** Max timestamp of the first batch: what {@code segment.ms} counts from; -1 when empty or without timestamps. */
    public long firstTimestamp() {
        return firstTimestamp;
    }

    /** Whether the indexes have no room for {@code batches} more, keeping the time index's last entry free for the roll. */
    public boolean indexesAreFull(int batches, int segmentIndexBytes) {
        return offsetIndex.count() + batches > segmentIndexBytes / OffsetIndex.ENTRY_BYTES
                || timeIndex.count() + batches > segmentIndexBytes / TimeIndex.ENTRY_BYTES - 1;
    }

    /** Writes the remaining bytes of {@code batches[0..count)} behind each other. {@link #wrote} has to follow for each. */
    public void append(ByteBuffer[] batches, int count) throws IOException {
        log().append(batches, count);
    }

    /**
     * As {@link #append(ByteBuffer[], int)}, and more such appends may follow.
     *
     * @param aheadBytes by how much the file is lengthened at a time for small appends ({@link LogConfig#appendAheadBytes}); 0: not
     */
    public void append(ByteBuffer[] batches, int count, int aheadBytes) throws IOException {
        if (aheadBytes > 0) {
            lengthenAhead(batches, count, aheadBytes);
        }
        append(batches, count);
    }

    /** A segment that gets many small appends is preallocated in steps: that makes them cheap, and {@link #trim} takes back what is left. */
    private void lengthenAhead(ByteBuffer[] batches, int count, int aheadBytes) throws IOException {
        int bytes = 0;
        for (int i = 0; i < count && bytes <= StoreFile.SMALL_APPEND_BYTES; i++) {
            bytes += batches[i].remaining();
        }
        if (bytes <= StoreFile.SMALL_APPEND_BYTES
                && sizeBytes + (long) bytes > preallocatedBytes
                && ++smallAppends > FEW_APPENDS) {
            long wantedBytes = sizeBytes + (long) Math.max(bytes, aheadBytes);
            preallocated = true;
            try {
                log().preallocate(wantedBytes);
                preallocatedBytes = wantedBytes;
            } catch (IOException e) {
                LOG.warn(
                        "{} was not made {} bytes long ahead of its records, which are appended all the same: {}",
                        log().path(),
                        wantedBytes,
                        String.valueOf(e));
                preallocatedBytes = Long.MAX_VALUE; // nor tried again
            }
        }
    }

    /** Takes note of a batch that lies at {@link #sizeBytes}: Kafka's rule for index entries, batch by batch. */
    public void wrote(int batchBytes, long lastOffset, long batchMaxTimestamp, int indexIntervalBytes) {
        if (sizeBytes == 0) {
            firstTimestamp = batchMaxTimestamp;
        }
        if (batchMaxTimestamp > maxTimestamp) {
            maxTimestamp = batchMaxTimestamp;
            offsetOfMaxTimestamp = lastOffset;
        }
        if (bytesSinceIndexEntry > indexIntervalBytes) {
            offsetIndex.append(lastOffset, sizeBytes);
            timeIndex.appendIfLater(maxTimestamp, offsetOfMaxTimestamp);
            bytesSinceIndexEntry = 0;
        }
        sizeBytes += batchBytes;
        bytesSinceIndexEntry += batchBytes;
    }

    /** Gives the empty segment's file its full length at once ({@code preallocate}); {@link #trim} takes back what is left. */
    public void preallocate(int segmentBytes) throws IOException {
        preallocated = true;
        preallocatedBytes = segmentBytes;
        log().preallocate(segmentBytes);
    }

    /** Ends the file behind the last batch; returns whether that changed it, so that it has to be synced again. */
    public boolean trim() throws IOException {
        boolean changed = preallocated;
        if (changed) {
            log().truncate(sizeBytes);
            preallocated = false;
            preallocatedBytes = 0;
        }
        return changed;
    }

    /** Gives the file up to {@link #sizeBytes} only: after a failed append. */
    public void cutToSize() throws IOException {
        log().truncate(sizeBytes);
        preallocatedBytes = 0;
    }

    /** Notes the largest timestamp last, as Kafka does when a segment is closed or sealed: retention reads it there. */
    public void finishTimeIndex() {
        timeIndex.appendIfLater(maxTimestamp, offsetOfMaxTimestamp);
    }

    /** Seals the segment: the index files are complete, in the page cache. */
    public SealedSegment seal() throws IOException {
        finishTimeIndex();
        boolean trimmed = trim();
        persistIndexes(false);
        return SealedSegment.rolled(files, sizeBytes, maxTimestamp, trimmed);
    }

    /**
     * Writes the entries the index files lack, and syncs them when {@code durably}. Any thread.
     *
     * @return whether a file was created or replaced: its directory has to be synced then
     */
    public synchronized boolean persistIndexes(boolean durably) throws IOException {
        // Time entries follow offset entries, so that taking the count first never takes a time without its offset.
        int timeEntries = timeIndex.count();
        int offsetEntries = offsetIndex.count();
        boolean replaced = false;
        if (!filesAreOurs || offsetEntries != offsetEntriesInFile) {
            replaced |= files.write(
                    SegmentNames.OFFSET_INDEX,
                    (long) offsetEntriesInFile * OffsetIndex.ENTRY_BYTES,
                    offsetIndex.parts(offsetEntriesInFile, offsetEntries),
                    durably);
            offsetEntriesInFile = offsetEntries;
        }
        if (!filesAreOurs || timeEntries != timeEntriesInFile) {
            replaced |= files.write(
                    SegmentNames.TIME_INDEX,
                    (long) timeEntriesInFile * TimeIndex.ENTRY_BYTES,
                    timeIndex.parts(timeEntriesInFile, timeEntries),
                    durably);
            timeEntriesInFile = timeEntries;
        }
        filesAreOurs = true;
        return replaced;
    }

    /** Whether {@link #persistIndexes} would write something worth a sync of its own. Any thread. */
    public synchronized boolean hasUnpersistedEntries() {
        return offsetIndex.count() != offsetEntriesInFile || timeIndex.count() != timeEntriesInFile;
    }
}
