package io.odradek.engine;

import io.odradek.engine.LogReader.TimestampedOffset;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.HeaderScan;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentSearch;
import io.odradek.engine.segment.TimeIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds records by timestamp: the time index says where to begin, batch headers say which batch, and one batch is read for
 * its records. Timestamps need not rise, so the first record that is late enough is found, not the earliest time.
 */
final class TimestampSearch {
    private TimestampSearch() {}

    /** The first record in {@code [logStartOffset, upTo)} that is at least as late as {@code timestamp}. */
    static Optional<TimestampedOffset> first(LogView view, long timestamp, LogPosition upTo) throws IOException {
        for (int n = view.segmentFor(view.logStartOffset()); n < view.segmentCount(); n++) {
            Segment segment = view.segment(n);
            if (segment.baseOffset() >= upTo.offset()) {
                break;
            }
            hold(segment);
            try {
                if (segment instanceof SealedSegment sealed && sealed.maxTimestamp() < timestamp) {
                    continue;
                }
                int limit = LogReader.limitIn(view, n, upTo);
                TimestampedOffset found = firstIn(
                        segment,
                        limit,
                        Math.min(view.segmentEndOffset(n), upTo.offset()),
                        timestamp,
                        view.logStartOffset());
                if (found != null) {
                    return Optional.of(found);
                }
            } finally {
                segment.release();
            }
        }
        return Optional.empty();
    }

    private static void hold(Segment segment) throws IOException {
        if (!segment.tryRetain()) {
            throw new IOException(
                    "segment " + segment.baseOffset() + " has gone since the view: look at the newer view");
        }
    }

    private static @Nullable TimestampedOffset firstIn(
            Segment segment, int limit, long endOffset, long timestamp, long logStartOffset) throws IOException {
        HeaderScan scan = HeaderScan.ofThread();
        long from = Math.max(SegmentSearch.offsetFor(scan, segment, timestamp, limit), logStartOffset);
        int position = SegmentSearch.startFor(scan, segment, from, limit);
        while (scan.moveTo(segment.log(), position, limit)) {
            position = scan.endPosition();
            // A timestamp that is wrong by a bit would hide the record, or show another.
            SegmentSearch.requireCrc(scan, segment);
            if (scan.maxTimestamp() >= timestamp && scan.lastOffset() >= logStartOffset) {
                TimestampedOffset found = recordIn(segment, scan, timestamp, logStartOffset);
                if (found != null) {
                    // The CRC does not cover the base offset.
                    SegmentSearch.requireOffsets(scan, segment, limit, endOffset);
                    return found;
                }
            }
        }
        return null;
    }

    private static @Nullable TimestampedOffset recordIn(
            Segment segment, HeaderScan scan, long timestamp, long fromOffset) throws IOException {
        ByteBuffer batch = ByteBuffer.allocate(scan.sizeBytes());
        int leaderEpoch = scan.leaderEpoch();
        int position = scan.position();
        if (segment.log().read(batch, position) < batch.capacity()) {
            throw new CorruptLogException(
                    segment.log().path(), position, scan.baseOffset(), "the file ends in this batch");
        }
        try (RecordCursor records = RecordCursor.open(batch.flip(), 0)) {
            while (records.next()) {
                if (records.timestamp() >= timestamp && records.offset() >= fromOffset) {
                    return new TimestampedOffset(records.timestamp(), records.offset(), leaderEpoch);
                }
            }
        }
        return null;
    }

    /** The first record with the largest timestamp in {@code [logStartOffset, upTo)}. */
    static Optional<TimestampedOffset> latest(LogView view, LogPosition upTo) throws IOException {
        Optional<TimestampedOffset> found = latest(view, upTo, true);
        // In Kafka's files a batch that compaction has emptied counts in the index.
        return found.isPresent() ? found : latest(view, upTo, false);
    }

    private static Optional<TimestampedOffset> latest(LogView view, LogPosition upTo, boolean byIndex)
            throws IOException {
        long largest = BatchLayout.NO_TIMESTAMP;
        for (int n = view.segmentFor(view.logStartOffset()); n < view.segmentCount(); n++) {
            Segment segment = view.segment(n);
            if (segment.baseOffset() >= upTo.offset()) {
                break;
            }
            hold(segment);
            try {
                boolean whole =
                        upTo.offset() >= view.segmentEndOffset(n) && segment.baseOffset() >= view.logStartOffset();
                long here = byIndex && whole && segment instanceof SealedSegment sealed
                        ? sealed.maxTimestamp()
                        : latestIn(view, n, upTo, byIndex);
                largest = Math.max(largest, here);
            } finally {
                segment.release();
            }
        }
        return largest < 0 ? Optional.empty() : first(view, largest, upTo);
    }

    /** Of the part of segment {@code n} that lies below {@code upTo} and at or above the log start. */
    private static long latestIn(LogView view, int n, LogPosition upTo, boolean byIndex) throws IOException {
        Segment segment = view.segment(n);
        int limit = LogReader.limitIn(view, n, upTo);
        long logStartOffset = view.logStartOffset();
        long largest = BatchLayout.NO_TIMESTAMP;
        int position = 0;
        HeaderScan scan = HeaderScan.ofThread();
        if (segment.baseOffset() < logStartOffset) {
            position = SegmentSearch.startFor(scan, segment, logStartOffset, limit);
        } else if (byIndex) {
            TimeIndex times = segment.timeIndex();
            int last = times.count() - 1;
            while (last >= 0 && times.offset(last) >= upTo.offset()) {
                last--;
            }
            last = SegmentSearch.confirmedTime(scan, segment, last, Long.MAX_VALUE, limit);
            if (last >= 0) { // nothing at or below its offset is later
                largest = times.timestamp(last);
                position = SegmentSearch.startFor(scan, segment, times.offset(last), limit);
            }
        }
        while (scan.moveTo(segment.log(), position, limit)) {
            position = scan.endPosition();
            SegmentSearch.requireCrc(scan, segment);
            if (scan.lastOffset() >= logStartOffset && scan.maxTimestamp() > largest) {
                largest = boundedMax(segment, scan, largest, logStartOffset);
            }
        }
        return largest;
    }

    /** The batch's max timestamp; of its records at or above the log start when that lies within it. */
    private static long boundedMax(Segment segment, HeaderScan scan, long largest, long logStartOffset)
            throws IOException {
        if (scan.baseOffset() >= logStartOffset) {
            return scan.maxTimestamp();
        }
        long found = largest;
        for (TimestampedOffset later = recordIn(segment, scan, found + 1, logStartOffset);
                later != null;
                later = recordIn(segment, scan, found + 1, logStartOffset)) {
            found = later.timestamp();
        }
        return found;
    }
}
