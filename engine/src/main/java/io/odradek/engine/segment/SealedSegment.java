package io.odradek.engine.segment;

import io.odradek.engine.io.FileStore.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A segment that will not grow. Its indexes are mapped when first needed. Immutable but for that; any thread.
 */
public final class SealedSegment implements Segment {
    private static final long UNKNOWN = Long.MIN_VALUE;

    private final SegmentFiles files;
    private final int sizeBytes;
    /** The file was cut to its size when it was sealed: a sync before that does not count. */
    private final boolean trimmed;
    /** It took the place of others: positions in a segment of this base offset may have been in one of those. */
    private final boolean compacted;

    private volatile @Nullable OffsetIndex offsetIndex;
    private volatile @Nullable TimeIndex timeIndex;
    private volatile long maxTimestamp;
    private volatile boolean durable;

    private SealedSegment(
            SegmentFiles files, int sizeBytes, long maxTimestamp, boolean trimmed, boolean durable, boolean compacted) {
        this.files = files;
        this.sizeBytes = sizeBytes;
        this.trimmed = trimmed;
        this.maxTimestamp = maxTimestamp;
        this.durable = durable;
        this.compacted = compacted;
    }

    /** Found at start: its files are as durable as they will get. */
    public static SealedSegment found(SegmentFiles files, int sizeBytes) {
        return new SealedSegment(files, sizeBytes, UNKNOWN, false, true, false);
    }

    /** Took the place of others while the log was open; durable. */
    public static SealedSegment compacted(SegmentFiles files, int sizeBytes) {
        return new SealedSegment(files, sizeBytes, UNKNOWN, false, true, true);
    }

    /** Just rolled: index files are written, nothing is known to be synced. */
    static SealedSegment rolled(SegmentFiles files, int sizeBytes, long maxTimestamp, boolean trimmed) {
        return new SealedSegment(files, sizeBytes, maxTimestamp, trimmed, false, false);
    }

    @Override
    public SegmentFiles files() {
        return files;
    }

    public int sizeBytes() {
        return sizeBytes;
    }

    /** Whether it took the place of others since the log was opened: byte positions found before do not hold in it. */
    public boolean isCompacted() {
        return compacted;
    }

    /** The largest record timestamp, or -1 when none has one: the last entry of the time index, if its batch confirms it. */
    public long maxTimestamp() throws IOException {
        long known = maxTimestamp;
        if (known == UNKNOWN) {
            known = SegmentSearch.maxTimestamp(HeaderScan.ofThread(), this, sizeBytes);
            maxTimestamp = known;
        }
        return known;
    }

    @Override
    public OffsetIndex offsetIndex() throws IOException {
        OffsetIndex known = offsetIndex;
        return known != null ? known : mapOffsetIndex();
    }

    private synchronized OffsetIndex mapOffsetIndex() throws IOException {
        OffsetIndex known = offsetIndex;
        if (known == null) {
            known = OffsetIndex.over(baseOffset(), mapWhole(SegmentNames.OFFSET_INDEX, OffsetIndex.ENTRY_BYTES));
            offsetIndex = known;
        }
        return known;
    }

    @Override
    public TimeIndex timeIndex() throws IOException {
        TimeIndex known = timeIndex;
        return known != null ? known : mapTimeIndex();
    }

    private synchronized TimeIndex mapTimeIndex() throws IOException {
        TimeIndex known = timeIndex;
        if (known == null) {
            known = TimeIndex.over(baseOffset(), mapWhole(SegmentNames.TIME_INDEX, TimeIndex.ENTRY_BYTES));
            timeIndex = known;
        }
        return known;
    }

    private ByteBuffer mapWhole(String suffix, int entryBytes) throws IOException {
        ByteBuffer content = files.map(suffix);
        if (content.limit() % entryBytes != 0) {
            throw damaged(suffix);
        }
        return content;
    }

    private CorruptLogException damaged(String suffix) {
        return new CorruptLogException(
                files.path(suffix),
                -1,
                baseOffset(),
                "the index does not fit its segment; delete it while the broker is "
                        + "stopped and it is rebuilt from the segment");
    }

    /** Whether {@link #makeDurable} has done its work. */
    public boolean isDurable() {
        return durable;
    }

    /**
     * Syncs the index files (and the log file, unless its sync is known). Housekeeping thread.
     *
     * @param recordsAreSynced everything below the segment's end is known to be durable
     */
    public void makeDurable(boolean recordsAreSynced) throws IOException {
        if (!recordsAreSynced || trimmed) {
            log().sync();
        }
        syncFile(SegmentNames.OFFSET_INDEX);
        syncFile(SegmentNames.TIME_INDEX);
        durable = true;
    }

    /** The file system was synced as a whole, or will be before anybody relies on it. */
    public void noteDurable() {
        durable = true;
    }

    private void syncFile(String suffix) throws IOException {
        try (var file = files.store().open(files.path(suffix), OpenMode.READ_WRITE)) {
            file.sync();
        }
    }
}
