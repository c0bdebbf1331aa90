package io.odradek.engine;

import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.segment.HeaderScan;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentSearch;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads from a {@link LogView}. Stateless; any thread; takes no lock. */
public final class LogReader {

    /** @param leaderEpoch of the batch that holds the offset */
    public record TimestampedOffset(long timestamp, long offset, int leaderEpoch) {}

    /**
     * Whole batches, starting with the one that contains {@code fromOffset} (it may begin below), of one segment: from memory
     * when they are all there, else one run of the file. Costs two small reads at most to find where the run begins and
     * ends, when the index has an entry near both.
     *
     * @param upTo exclusive bound, a batch boundary: high watermark, last stable offset or log end; not beyond the view's end
     * @param maxBytes soft limit
     * @param atLeastOneBatch return the first batch even when it is larger than {@code maxBytes} (KIP-74)
     * @throws OffsetOutOfRangeException below {@code logStartOffset} or above {@code upTo}; also when the view is so old that
     *     its segment has gone: look at the newer view
     */
    public static FetchedSlices read(
            LogView view, long fromOffset, LogPosition upTo, int maxBytes, boolean atLeastOneBatch)
            throws IOException, OffsetOutOfRangeException {
        if (fromOffset < view.logStartOffset() || fromOffset > upTo.offset()) {
            throw new OffsetOutOfRangeException(fromOffset, view.logStartOffset(), upTo.offset());
        }
        if (fromOffset == upTo.offset()) {
            view.noteTailRead();
            return Slices.EMPTY;
        }
        FetchedSlices recent =
                RecentBatches.read(view.recentWindow(), fromOffset, upTo.offset(), maxBytes, atLeastOneBatch);
        if (recent != null) {
            view.noteTailRead();
            return recent;
        }
        return readFile(view, fromOffset, upTo, maxBytes, atLeastOneBatch);
    }

    private static FetchedSlices readFile(
            LogView view, long fromOffset, LogPosition upTo, int maxBytes, boolean atLeastOneBatch)
            throws IOException, OffsetOutOfRangeException {
        for (int n = view.segmentFor(fromOffset); n < view.segmentCount(); n++) {
            Segment segment = view.segment(n);
            if (segment.baseOffset() >= upTo.offset()) {
                return Slices.EMPTY;
            }
            if (!segment.tryRetain()) {
                throw new OffsetOutOfRangeException(fromOffset, view.logStartOffset(), upTo.offset());
            }
            FetchedSlices read = null;
            try {
                int limit = limitIn(view, n, upTo);
                long endOffset = Math.min(view.segmentEndOffset(n), upTo.offset());
                read = readSegment(segment, limit, endOffset, fromOffset, maxBytes, atLeastOneBatch);
                if (read != null) {
                    return read;
                }
            } catch (IOException e) {
                if (segment.files().isRemoved()) { // its index files went under our eyes
                    throw new OffsetOutOfRangeException(fromOffset, view.logStartOffset(), upTo.offset());
                }
                throw e;
            } finally {
                if (read == null || read.slices().isEmpty()) {
                    segment.release();
                }
            }
            // Compaction may have emptied the end of the segment: the next batch is in the next one.
        }
        return Slices.EMPTY;
    }

    /** Where the readable bytes of segment {@code n} end. */
    static int limitIn(LogView view, int n, LogPosition upTo) throws IOException {
        Segment segment = view.segment(n);
        int size = view.segmentBytes(n);
        if (upTo.offset() >= view.segmentEndOffset(n)) {
            return size;
        }
        boolean samePlaces = !(segment instanceof SealedSegment sealed && sealed.isCompacted());
        if (samePlaces && upTo.segmentBaseOffset() == segment.baseOffset() && upTo.position() != LogPosition.UNKNOWN) {
            return Math.min(upTo.position(), size);
        }
        HeaderScan scan = HeaderScan.ofThread();
        boolean found = SegmentSearch.seek(scan, segment, size, upTo.offset(), view.segmentEndOffset(n));
        return found ? scan.position() : size;
    }

    /** Null when the segment has nothing at or above {@code fromOffset} before {@code limit}. The slice takes over the share. */
    private static @Nullable FetchedSlices readSegment(
            Segment segment, int limit, long endOffset, long fromOffset, int maxBytes, boolean atLeastOneBatch)
            throws IOException {
        HeaderScan scan = HeaderScan.ofThread();
        if (!SegmentSearch.seek(scan, segment, limit, fromOffset, endOffset)) {
            return null;
        }
        int from = scan.position();
        int to = scan.endPosition();
        if (to - from > maxBytes) {
            if (!atLeastOneBatch) {
                return Slices.EMPTY;
            }
        } else if (limit - from <= maxBytes) {
            to = limit;
        } else {
            to = lastBoundaryAtOrBelow(scan, segment, to, from + maxBytes, limit);
        }
        int bytes = to - from;
        return new Slices(List.of(new FileSlice(segment.log(), from, bytes)), bytes, segment::release);
    }

    /** The last batch boundary at or below {@code wanted}; {@code known} is one. */
    private static int lastBoundaryAtOrBelow(HeaderScan scan, Segment segment, int known, int wanted, int limit)
            throws IOException {
        int boundary = SegmentSearch.boundaryNear(scan, segment, known, wanted, limit);
        while (boundary < wanted && scan.moveTo(segment.log(), boundary, limit) && scan.endPosition() <= wanted) {
            boundary = scan.endPosition();
        }
        return boundary;
    }

    /**
     * The first record below {@code upTo} whose timestamp is at least {@code timestamp}.
     *
     * @throws IOException the disk failed, or the view is so old that a segment has gone: when there is a newer view, look at that
     */
    public static Optional<TimestampedOffset> offsetForTimestamp(LogView view, long timestamp, LogPosition upTo)
            throws IOException {
        return TimestampSearch.first(view, timestamp, upTo);
    }

    /**
     * The first record that has the largest timestamp below {@code upTo} (KIP-734); empty when no record has one.
     *
     * @throws IOException as for {@link #offsetForTimestamp}
     */
    public static Optional<TimestampedOffset> maxTimestamp(LogView view, LogPosition upTo) throws IOException {
        return TimestampSearch.latest(view, upTo);
    }

    private LogReader() {}
}
