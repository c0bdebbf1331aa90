package io.odradek.engine.segment;

import io.odradek.engine.record.RecordBatch;
import java.io.IOException;

/**
 * Finds batches in a segment, and does not believe what a flipped bit may say.
 *
 * <ul>
 *   <li>An index entry counts when the batch it points to confirms it; else the one before it is asked, at last the segment's
 *       beginning. So a damaged index costs time and changes no answer.
 *   <li>A gap in the offsets counts when the batch before it has the CRC its header says and the one behind it ends below its
 *       successor: else the gap is what a damaged header has made of records that are there.
 * </ul>
 *
 * <p>A confirmation reads the header that the walk begins with anyway, and where offsets are dense there are no gaps: an intact
 * segment is searched by offset with the reads it always took, and by time also with those from the entry before. Hot style, as
 * {@link HeaderScan}.
 */
public final class SegmentSearch {
    private static final long UNKNOWN = -1;

    private SegmentSearch() {}

    /** A batch start from which walking forward meets {@code offset}. */
    public static int startFor(HeaderScan scan, Segment segment, long offset, int limit) throws IOException {
        int n = confirmedEntry(scan, segment, offset, limit);
        return n < 0 ? 0 : segment.offsetIndex().position(n);
    }

    /**
     * Looks at the first batch that ends at or above {@code offset}.
     *
     * @param limit where readable bytes end: a batch boundary
     * @param endOffset exclusive; the offset at which the segment's readable part ends
     * @return false when there is none before {@code limit}
     * @throws CorruptLogException on the way there was no batch, or one whose offsets cannot be
     */
    public static boolean seek(HeaderScan scan, Segment segment, int limit, long offset, long endOffset)
            throws IOException {
        int n = confirmedEntry(scan, segment, offset, limit);
        int position = n < 0 ? 0 : segment.offsetIndex().position(n);
        long expected = n < 0 ? segment.baseOffset() : UNKNOWN;
        int before = -1;
        while (scan.moveTo(segment.log(), position, limit)) {
            if (scan.baseOffset() < segment.baseOffset()) {
                throw new CorruptLogException(
                        segment.log().path(),
                        position,
                        scan.baseOffset(),
                        "the batch claims an offset below the segment's first, " + segment.baseOffset());
            }
            if (scan.lastOffset() >= offset) {
                if (expected != UNKNOWN && scan.baseOffset() != expected) {
                    believeGap(scan, segment, before, position, limit);
                }
                if (scan.lastOffset() >= endOffset) {
                    throw new CorruptLogException(
                            segment.log().path(),
                            position,
                            scan.baseOffset(),
                            "the batch claims offsets up to " + scan.lastOffset() + ", but offset " + endOffset
                                    + " is behind it");
                }
                return true;
            }
            before = position;
            expected = scan.lastOffset() + 1;
            position = scan.endPosition();
        }
        if (before >= 0 && expected < endOffset) {
            scan.moveTo(segment.log(), before, limit);
            requireCrc(scan, segment);
        }
        return false;
    }

    /**
     * Looks at the same batch again, as who looks for its last offset would find it.
     *
     * @throws CorruptLogException as {@link #seek}, or when another batch is found
     */
    public static void requireOffsets(HeaderScan scan, Segment segment, int limit, long endOffset) throws IOException {
        int position = scan.position();
        long baseOffset = scan.baseOffset();
        long lastOffset = scan.lastOffset();
        if (!seek(scan, segment, limit, lastOffset, endOffset) || scan.position() != position) {
            throw new CorruptLogException(
                    segment.log().path(),
                    position,
                    baseOffset,
                    "the batch claims offsets up to " + lastOffset + ", which are those of another");
        }
    }

    private static void believeGap(HeaderScan scan, Segment segment, int before, int position, int limit)
            throws IOException {
        if (before >= 0) {
            scan.moveTo(segment.log(), before, limit);
            requireCrc(scan, segment);
        }
        scan.moveTo(segment.log(), position, limit);
        scan.moveTo(segment.log(), scan.endPosition(), limit); // compares the offsets of the two
        scan.moveTo(segment.log(), position, limit);
    }

    /**
     * @throws CorruptLogException when the batch that {@code scan} looks at does not have the CRC its header says
     */
    public static void requireCrc(HeaderScan scan, Segment segment) throws IOException {
        BatchCrc.require(segment.log(), scan.position(), scan.sizeBytes());
    }

    /** A batch boundary at or below {@code wanted}, and not below {@code known}, which is one. */
    public static int boundaryNear(HeaderScan scan, Segment segment, int known, int wanted, int limit)
            throws IOException {
        OffsetIndex index = segment.offsetIndex();
        int n = index.entryAtOrBelowPosition(wanted);
        return n >= 0 && index.position(n) > known && isConfirmed(scan, segment, index, n, limit)
                ? index.position(n)
                : known;
    }

    /**
     * An offset at or below the first record that is at least as late as {@code timestamp}: that of the last entry of the time
     * index that is earlier, or the segment's first. Not of one that is as late: where many batches have the same timestamp, each
     * would confirm it.
     */
    public static long offsetFor(HeaderScan scan, Segment segment, long timestamp, int limit) throws IOException {
        TimeIndex index = segment.timeIndex();
        int n = confirmedTime(scan, segment, index.entryAtOrBelow(timestamp - 1), timestamp - 1, limit);
        if (n < 0) {
            return segment.baseOffset();
        }
        // A batch with the entry's timestamp has confirmed it. The entry may have been for another with the same,
        // before a later one.
        int earlier = confirmedTime(scan, segment, n - 1, timestamp - 1, limit);
        long from = earlier < 0 ? segment.baseOffset() : index.offset(earlier);
        long offset = index.offset(n);
        if (from > offset) {
            return segment.baseOffset(); // one of the two is damaged
        }
        return allAreEarlier(scan, segment, from, offset, timestamp, limit) ? offset : from;
    }

    /** Whether no batch from {@code from} to below {@code to} has a record as late as {@code timestamp}. */
    private static boolean allAreEarlier(
            HeaderScan scan, Segment segment, long from, long to, long timestamp, int limit) throws IOException {
        try {
            int position = startFor(scan, segment, from, limit);
            while (scan.moveTo(segment.log(), position, limit) && scan.baseOffset() < to) {
                if (scan.lastOffset() >= from && scan.maxTimestamp() >= timestamp) {
                    return false;
                }
                position = scan.endPosition();
            }
            return true;
        } catch (CorruptLogException e) {
            return false; // whoever walks there is told
        }
    }

    /**
     * The largest record timestamp before {@code limit}, or -1: by the last entry of the time index below {@code endOffset} that
     * is confirmed. When that is not the index's last, what follows is walked.
     */
    static long maxTimestamp(HeaderScan scan, Segment segment, int limit) throws IOException {
        TimeIndex index = segment.timeIndex();
        int last = index.count() - 1;
        int n = confirmedTime(scan, segment, last, Long.MAX_VALUE, limit);
        if (n == last && last >= 0) {
            return index.timestamp(n);
        }
        long largest = n < 0 ? -1 : index.timestamp(n);
        int position = startFor(scan, segment, n < 0 ? segment.baseOffset() : index.offset(n), limit);
        while (scan.moveTo(segment.log(), position, limit)) {
            requireCrc(scan, segment); // else the index may be right, and the batch wrong
            largest = Math.max(largest, scan.maxTimestamp());
            position = scan.endPosition();
        }
        return largest;
    }

    /** The last entry at or below {@code n}, and not later than {@code latest}, whose batch says the same; -1 when none does. */
    public static int confirmedTime(HeaderScan scan, Segment segment, int n, long latest, int limit)
            throws IOException {
        TimeIndex index = segment.timeIndex();
        int asked = n;
        for (int step = 1;
                asked >= 0 && (index.timestamp(asked) > latest || !isConfirmedTime(scan, segment, index, asked, limit));
                step *= 2) {
            asked -= step;
        }
        return Math.max(asked, -1);
    }

    private static boolean isConfirmedTime(HeaderScan scan, Segment segment, TimeIndex index, int n, int limit)
            throws IOException {
        try {
            long offset = index.offset(n);
            int position = startFor(scan, segment, offset, limit);
            while (scan.moveTo(segment.log(), position, limit)) {
                if (scan.lastOffset() >= offset) {
                    // Kafka counts a batch that compaction has emptied: its header still has the timestamp.
                    if (scan.baseOffset() <= offset
                            && RecordBatch.maxTimestamp(scan.header(), scan.headerAt()) == index.timestamp(n)) {
                        return true;
                    }
                    break;
                }
                position = scan.endPosition();
            }
        } catch (CorruptLogException e) {
            // Whoever walks there is told.
        }
        segment.files().reportPassedOver(SegmentNames.TIME_INDEX, n);
        return false;
    }

    /** The last entry at or below {@code offset} that is confirmed, -1 for the segment's beginning. */
    private static int confirmedEntry(HeaderScan scan, Segment segment, long offset, int limit) throws IOException {
        OffsetIndex index = segment.offsetIndex();
        int n = index.entryAtOrBelow(offset);
        // Further back each time: in an index that is nothing but damage this ends soon. What is found there may lie
        // above the
        // offset, for it was a damaged entry that sent the search to its right.
        for (int step = 1;
                n >= 0 && (index.offset(n) > offset || !isConfirmed(scan, segment, index, n, limit));
                step *= 2) {
            n -= step;
        }
        return Math.max(n, -1);
    }

    private static boolean isConfirmed(HeaderScan scan, Segment segment, OffsetIndex index, int n, int limit)
            throws IOException {
        int position = index.position(n);
        try {
            if (position >= 0 && scan.moveTo(segment.log(), position, limit) && scan.lastOffset() == index.offset(n)) {
                return true;
            }
        } catch (CorruptLogException e) {
            // The entry or the batch: whoever walks there is told.
        }
        segment.files().reportPassedOver(SegmentNames.OFFSET_INDEX, n);
        return false;
    }
}
