package io.odradek.engine.segment;

import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Walks the batch headers of a segment file without reading the records: one small read shows the headers of all batches
 * that lie in it. Hot style: one per thread, reused, allocates nothing; a thread walks one file at a time.
 */
public final class HeaderScan {
    /** Two index intervals: the walk from an index entry to the batch wanted takes one read. At most as much is read at once. */
    private static final int WINDOW_BYTES = 8192;

    private static final ThreadLocal<HeaderScan> PER_THREAD = ThreadLocal.withInitial(HeaderScan::new);

    private final ByteBuffer window = ByteBuffer.allocateDirect(WINDOW_BYTES);
    private long windowStart;
    private int windowEnd;
    private int at;
    private int position;
    /** Where the batch behind the one looked at begins, and the lowest offset it may begin with. */
    private int nextPosition;

    private long nextOffset;
    private int lookedAtPosition;

    private HeaderScan() {}

    /** This thread's scan, looking at no batch yet; valid until the thread calls this again. */
    public static HeaderScan ofThread() {
        HeaderScan scan = PER_THREAD.get();
        scan.windowStart = 0;
        scan.windowEnd = 0;
        scan.nextPosition = -1;
        return scan;
    }

    /**
     * Looks at the batch that begins at {@code position}.
     *
     * @param limit where readable bytes end: a batch boundary
     * @return false at the limit
     * @throws CorruptLogException when there is no whole batch v2 before the limit, or its offsets do not rise, also above those
     *     of the batch before it when that was the last looked at
     */
    public boolean moveTo(StoreFile file, int position, int limit) throws IOException {
        if (position >= limit) {
            return false;
        }
        if (limit - position < BatchLayout.HEADER_BYTES) {
            blameTheOneBefore(file, position);
            throw new CorruptLogException(file.path(), position, -1, (limit - position) + " bytes are no batch header");
        }
        if (position < windowStart || position + BatchLayout.HEADER_BYTES > windowStart + windowEnd) {
            fill(file, position, limit);
        }
        this.position = position;
        this.at = (int) (position - windowStart);
        int size = sizeBytes();
        if (size < BatchLayout.HEADER_BYTES
                || size > limit - position
                || window.get(at + BatchLayout.MAGIC_AT) != BatchLayout.MAGIC) {
            blameTheOneBefore(file, position);
            throw new CorruptLogException(
                    file.path(),
                    position,
                    baseOffset(),
                    "no batch of format 2 begins here (length field " + window.getInt(at + BatchLayout.LENGTH_AT)
                            + ", magic " + window.get(at + BatchLayout.MAGIC_AT) + ", " + (limit - position)
                            + " bytes left)");
        }
        long base = baseOffset();
        long last = lastOffset();
        if (base < 0 || last < base) {
            blameTheOneBefore(file, position);
            throw new CorruptLogException(
                    file.path(), position, base, "the batch claims offsets " + base + " to " + last);
        }
        if (position == nextPosition && base < nextOffset) {
            blameTheOneBefore(file, position);
            throw new CorruptLogException(
                    file.path(),
                    position,
                    base,
                    "the batch claims offset " + base + ", the one before it ends at " + (nextOffset - 1)
                            + ": one of the two is not what was written");
        }
        lookedAtPosition = position;
        nextPosition = endPosition();
        nextOffset = last + 1;
        return true;
    }

    /** What was found at {@code position} makes no sense: perhaps because the batch before it does not end there. */
    private void blameTheOneBefore(StoreFile file, int position) throws IOException {
        if (position == nextPosition) {
            BatchCrc.require(file, lookedAtPosition, nextPosition - lookedAtPosition);
        }
    }

    private void fill(StoreFile file, int position, int limit) throws IOException {
        window.clear();
        // Behind a batch larger than the window another is likely, of which no more than the header will be looked at.
        boolean alone = position == nextPosition && nextPosition - lookedAtPosition > WINDOW_BYTES;
        window.limit(Math.min(alone ? BatchLayout.HEADER_BYTES : WINDOW_BYTES, limit - position));
        windowEnd = file.read(window, position);
        windowStart = position;
        if (windowEnd < BatchLayout.HEADER_BYTES) {
            throw new CorruptLogException(
                    file.path(), position, -1, "the file ends after " + windowEnd + " of the bytes of a batch header");
        }
    }

    public int position() {
        return position;
    }

    /** Of the whole batch, prefix included. */
    public int sizeBytes() {
        return window.getInt(at + BatchLayout.LENGTH_AT) + BatchLayout.PREFIX_BYTES;
    }

    /** Where the next batch begins. */
    public int endPosition() {
        return position + sizeBytes();
    }

    public long baseOffset() {
        return window.getLong(at + BatchLayout.BASE_OFFSET_AT);
    }

    public long lastOffset() {
        return baseOffset() + window.getInt(at + BatchLayout.LAST_OFFSET_DELTA_AT);
    }

    public int leaderEpoch() {
        return window.getInt(at + BatchLayout.LEADER_EPOCH_AT);
    }

    /** {@link RecordBatch#maxRecordTimestamp}. */
    public long maxTimestamp() {
        return RecordBatch.maxRecordTimestamp(window, at);
    }

    /** The window: the current header begins at {@link #headerAt}. */
    public ByteBuffer header() {
        return window;
    }

    public int headerAt() {
        return at;
    }
}
