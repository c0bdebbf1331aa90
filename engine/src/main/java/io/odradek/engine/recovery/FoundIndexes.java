package io.odradek.engine.recovery;

import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.HeaderScan;
import io.odradek.engine.segment.OffsetIndex;
import io.odradek.engine.segment.SegmentFiles;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.SegmentSearch;
import io.odradek.engine.segment.SegmentWalk;
import io.odradek.engine.segment.TimeIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/**
 * What is believed of the index files of a segment that was found: all entries, if they look like an index and the last one points
 * to its batch, or nothing. What follows that batch is for the caller to walk through. Confined to the recovering thread.
 */
final class FoundIndexes {
    private final FoundFiles found;

    FoundIndexes(FoundFiles found) {
        this.found = found;
    }

    /**
     * As {@link #resumed}, from what the stop has written down: its CRC says that this is what the indexes were. Null when they are
     * not in there.
     */
    @Nullable
    ActiveSegment asWritten(SegmentFiles files) {
        StoppedLog known = found.stopped();
        if (known == null) {
            return null;
        }
        ByteBuffer offsetBytes = known.content(SegmentNames.of(files.baseOffset(), SegmentNames.OFFSET_INDEX));
        ByteBuffer timeBytes = known.content(SegmentNames.of(files.baseOffset(), SegmentNames.TIME_INDEX));
        if (offsetBytes == null || timeBytes == null) {
            return null;
        }
        return ActiveSegment.resuming(
                files,
                OffsetIndex.over(files.baseOffset(), offsetBytes),
                TimeIndex.over(files.baseOffset(), timeBytes),
                known.firstTimestamp(),
                true);
    }

    /** A picture of {@code files} that ends at its last index entry below {@code endOffset}, or at its beginning. */
    ActiveSegment resumed(SegmentFiles files, long endOffset, int fileBytes) throws IOException {
        ByteBuffer offsetBytes = indexOf(files, SegmentNames.OFFSET_INDEX);
        ByteBuffer timeBytes = indexOf(files, SegmentNames.TIME_INDEX);
        if (offsetBytes == null || timeBytes == null || fileBytes == 0) {
            return ActiveSegment.rebuilding(files);
        }
        OffsetIndex offsets = OffsetIndex.over(files.baseOffset(), wholeEntries(offsetBytes, OffsetIndex.ENTRY_BYTES))
                .truncatedTo(endOffset);
        int last = offsets.count() - 1;
        if (last < 0 || !offsets.isPlausible(fileBytes)) {
            return ActiveSegment.rebuilding(files);
        }
        TimeIndex times = TimeIndex.over(files.baseOffset(), wholeEntries(timeBytes, TimeIndex.ENTRY_BYTES))
                .truncatedTo(endOffset);
        if (!times.isPlausible(endOffset) || !pointsToItsBatch(files, offsets, last, fileBytes)) {
            return ActiveSegment.rebuilding(files);
        }
        ActiveSegment beginning = ActiveSegment.rebuilding(files);
        ActiveSegment resumed =
                ActiveSegment.resuming(files, offsets, times, SegmentWalk.firstTimestamp(beginning, fileBytes), true);
        // The largest timestamp so far is taken from there.
        int lastTime = resumed.timeIndex().count() - 1;
        boolean confirmed =
                SegmentSearch.confirmedTime(HeaderScan.ofThread(), resumed, lastTime, Long.MAX_VALUE, fileBytes)
                        == lastTime;
        return confirmed ? resumed : ActiveSegment.rebuilding(files);
    }

    /** Whether the index files are, to the byte, what {@code picture} has. */
    static boolean say(ActiveSegment picture) throws IOException {
        OffsetIndex offsets = picture.offsetIndex();
        TimeIndex times = picture.timeIndex();
        return offsets.bytes(0, offsets.count()).equals(picture.files().read(SegmentNames.OFFSET_INDEX))
                && times.bytes(0, times.count()).equals(picture.files().read(SegmentNames.TIME_INDEX));
    }

    /** Null when the file is missing. */
    private @Nullable ByteBuffer indexOf(SegmentFiles files, String suffix) throws IOException {
        try {
            return found.contentOf(files.path(suffix));
        } catch (NoSuchFileException missing) {
            return null;
        }
    }

    /** Kafka preallocates index files and leaves zeros behind a crash; a torn entry is none. */
    private static ByteBuffer wholeEntries(ByteBuffer bytes, int entryBytes) {
        int entries = bytes.limit() / entryBytes;
        while (entries > 0 && isZero(bytes, (entries - 1) * entryBytes, entryBytes)) {
            entries--;
        }
        return bytes.limit(entries * entryBytes);
    }

    private static boolean isZero(ByteBuffer bytes, int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (bytes.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean pointsToItsBatch(SegmentFiles files, OffsetIndex offsets, int entry, int fileBytes)
            throws IOException {
        HeaderScan scan = HeaderScan.ofThread();
        try {
            return scan.moveTo(files.log(), offsets.position(entry), fileBytes)
                    && scan.lastOffset() == offsets.offset(entry);
        } catch (CorruptLogException e) {
            return false; // the index may be wrong, or the log: walking the log will tell
        }
    }
}
