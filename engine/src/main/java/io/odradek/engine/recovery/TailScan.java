package io.odradek.engine.recovery;

import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.LeaderEpochs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads a segment from some batch boundary to the end of its file, checks every batch, and rebuilds what is known about it:
 * index entries in the {@link ActiveSegment}, leader epochs, producers. Stops at the first bytes that are no intact batch, and where
 * nothing follows but zeros: the file was preallocated, or got its length and not its bytes. One per log, and one at a time on a
 * thread.
 */
final class TailScan {
    /** Small enough for what was read to be in the processor's cache still when its CRC is taken. */
    static final int CHUNK_BYTES = 1 << 18;

    /** A thread scans one log at a time. */
    private static final ThreadLocal<ByteBuffer> CHUNK =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(CHUNK_BYTES));

    private final int indexIntervalBytes;
    private final long compactedEnd;
    private final @Nullable ProducerReplay producers;
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer chunk = CHUNK.get().clear();
    private long chunkStart;
    private int chunkBytes;

    private long nextOffset;
    private long segmentEndOffset = Long.MAX_VALUE;
    private LeaderEpochs epochs;
    private long scannedBytes;
    private @Nullable String problem;

    /** Without producers: what is scanned tells nothing of them. */
    TailScan(long nextOffset, LeaderEpochs epochs, int indexIntervalBytes, long compactedEnd) {
        this(nextOffset, epochs, indexIntervalBytes, compactedEnd, null);
    }

    /**
     * @param nextOffset the lowest offset the next batch may begin with
     * @param epochs of everything below it
     * @param compactedEnd exclusive; batches that begin there or below may follow a gap
     * @param producers has replayed everything below {@code nextOffset}
     */
    TailScan(
            long nextOffset,
            LeaderEpochs epochs,
            int indexIntervalBytes,
            long compactedEnd,
            @Nullable ProducerReplay producers) {
        this.producers = producers;
        this.nextOffset = nextOffset;
        this.epochs = epochs;
        this.indexIntervalBytes = indexIntervalBytes;
        this.compactedEnd = compactedEnd;
    }

    /** A segment that begins at {@code baseOffset} has been reached: compaction may have left a gap. */
    void enter(long baseOffset) {
        if (producers != null) {
            producers.enter(baseOffset);
        }
        nextOffset = Math.max(nextOffset, baseOffset);
    }

    /** Exclusive end of the intact batches so far. */
    long nextOffset() {
        return nextOffset;
    }

    LeaderEpochs epochs() {
        return epochs;
    }

    long scannedBytes() {
        return scannedBytes;
    }

    /** Why the last scan stopped before the end of its file; null when it did not. */
    @Nullable
    String problem() {
        return problem;
    }

    /**
     * Scans from {@link ActiveSegment#sizeBytes} on; true when every byte up to {@code fileBytes} belongs to an intact batch or
     * is a zero behind the last.
     *
     * @param endOffset exclusive; where the next segment begins, {@link Long#MAX_VALUE} when there is none
     */
    boolean scan(ActiveSegment segment, int fileBytes, long endOffset) throws IOException {
        chunkStart = 0;
        chunkBytes = 0;
        problem = null;
        segmentEndOffset = endOffset;
        while (segment.sizeBytes() < fileBytes) {
            int position = segment.sizeBytes();
            problem = problemAt(segment.log(), segment.baseOffset(), position, fileBytes);
            if (problem == null) {
                problem = misplacedAt(segment.log(), segment.baseOffset(), position, fileBytes);
                if (problem != null) {
                    return false;
                }
                load(segment.log(), position, BatchLayout.HEADER_BYTES, fileBytes);
            } else {
                if (onlyZeros(segment.log(), position, fileBytes)) {
                    problem = null;
                    return true;
                }
                return false;
            }
            int at = (int) (position - chunkStart);
            long baseOffset = chunk.getLong(at + BatchLayout.BASE_OFFSET_AT);
            long lastOffset = baseOffset + chunk.getInt(at + BatchLayout.LAST_OFFSET_DELTA_AT);
            int size = sizeAt(at);
            epochs = epochs.begin(chunk.getInt(at + BatchLayout.LEADER_EPOCH_AT), baseOffset);
            segment.wrote(size, lastOffset, RecordBatch.maxRecordTimestamp(chunk, at), indexIntervalBytes);
            if (producers != null) {
                producers.batch(segment.log(), position, chunk, at);
            }
            nextOffset = lastOffset + 1;
            scannedBytes += size;
        }
        return true;
    }

    /** Null when an intact batch begins at {@code position}; it is in the chunk then. */
    private @Nullable String problemAt(StoreFile file, long segmentBase, int position, int fileBytes)
            throws IOException {
        int left = fileBytes - position;
        if (left < BatchLayout.HEADER_BYTES) {
            return left + " bytes are too few for a batch";
        }
        load(file, position, BatchLayout.HEADER_BYTES, fileBytes);
        int at = (int) (position - chunkStart);
        int length = chunk.getInt(at + BatchLayout.LENGTH_AT);
        if (length < BatchLayout.HEADER_BYTES - BatchLayout.PREFIX_BYTES || length > left - BatchLayout.PREFIX_BYTES) {
            return "the batch claims " + length + " bytes where " + (left - BatchLayout.PREFIX_BYTES) + " follow";
        }
        byte magic = chunk.get(at + BatchLayout.MAGIC_AT);
        if (magic != BatchLayout.MAGIC) {
            return "the batch has format " + magic + ", expected " + BatchLayout.MAGIC;
        }
        int stored = chunk.getInt(at + BatchLayout.CRC_AT);
        int computed = crc(file, position, BatchLayout.PREFIX_BYTES + length, fileBytes);
        if (computed != stored) {
            return "the batch has CRC " + Integer.toHexString(computed) + ", its header says "
                    + Integer.toHexString(stored);
        }
        load(file, position, BatchLayout.HEADER_BYTES, fileBytes);
        at = (int) (position - chunkStart);
        long baseOffset = chunk.getLong(at + BatchLayout.BASE_OFFSET_AT);
        int lastDelta = chunk.getInt(at + BatchLayout.LAST_OFFSET_DELTA_AT);
        if (baseOffset < nextOffset || lastDelta < 0 || baseOffset + lastDelta - segmentBase > Integer.MAX_VALUE) {
            return "the batch claims offsets " + baseOffset + " to " + (baseOffset + lastDelta) + ", expected "
                    + nextOffset + " or above, within reach of " + segmentBase;
        }
        int epoch = chunk.getInt(at + BatchLayout.LEADER_EPOCH_AT);
        if (epoch < epochs.latestEpoch()) {
            return "the batch has leader epoch " + epoch + ", the one before it " + epochs.latestEpoch();
        }
        return null;
    }

    /**
     * Why the intact batch at {@code position} cannot follow the one before it; null when it can. The CRC covers neither base
     * offset nor leader epoch: one that is too high would make the log seem to reach further than it does, or the batches behind
     * it old.
     */
    private @Nullable String misplacedAt(StoreFile file, long segmentBase, int position, int fileBytes)
            throws IOException {
        int at = (int) (position - chunkStart);
        long baseOffset = chunk.getLong(at + BatchLayout.BASE_OFFSET_AT);
        long lastOffset = baseOffset + chunk.getInt(at + BatchLayout.LAST_OFFSET_DELTA_AT);
        if (lastOffset >= segmentEndOffset) {
            return "the batch claims offsets up to " + lastOffset + ", the next segment begins at " + segmentEndOffset;
        }
        int epoch = chunk.getInt(at + BatchLayout.LEADER_EPOCH_AT);
        if (baseOffset == nextOffset && epoch == epochs.latestEpoch()) {
            return null;
        }
        if (baseOffset != nextOffset && baseOffset > compactedEnd) {
            return "the batch claims offset " + baseOffset + ", expected " + nextOffset;
        }
        int next = position + sizeAt(at);
        if (next >= fileBytes || problemAt(file, segmentBase, next, fileBytes) != null) {
            return null;
        }
        int behind = (int) (next - chunkStart);
        long offsetBehind = chunk.getLong(behind + BatchLayout.BASE_OFFSET_AT);
        int epochBehind = chunk.getInt(behind + BatchLayout.LEADER_EPOCH_AT);
        boolean offsetsDisagree = baseOffset != nextOffset && offsetBehind >= nextOffset && offsetBehind <= lastOffset;
        boolean epochsDisagree = epochBehind >= epochs.latestEpoch() && epochBehind < epoch;
        if (!offsetsDisagree && !epochsDisagree) {
            return null;
        }
        // One of the two is damaged; a third, if there is one, says which.
        int third = next + sizeAt(behind);
        if (third < fileBytes && problemAt(file, segmentBase, third, fileBytes) == null) {
            int beyond = (int) (third - chunkStart);
            boolean offsetsAgree = !offsetsDisagree || chunk.getLong(beyond + BatchLayout.BASE_OFFSET_AT) > lastOffset;
            boolean epochsAgree = !epochsDisagree || chunk.getInt(beyond + BatchLayout.LEADER_EPOCH_AT) >= epoch;
            if (offsetsAgree && epochsAgree) {
                return null;
            }
        }
        return offsetsDisagree
                ? "the batch claims offsets " + baseOffset + " to " + lastOffset + ", the one behind it " + offsetBehind
                : "the batch claims leader epoch " + epoch + ", the one behind it " + epochBehind;
    }

    /**
     * Of the batch at {@code position}. What is longer than a chunk goes piece by piece: a length that lies must not make us ask
     * for that much memory.
     */
    private int crc(StoreFile file, int position, int sizeBytes, int fileBytes) throws IOException {
        crc.reset();
        int from = position;
        int covered = position + BatchLayout.ATTRIBUTES_AT;
        int end = position + sizeBytes;
        while (covered < end) {
            int piece = Math.min(end - from, CHUNK_BYTES);
            load(file, from, piece, fileBytes);
            int at = (int) (covered - chunkStart);
            from += piece;
            crc.update(chunk.limit((int) (from - chunkStart)).position(at));
            chunk.clear();
            covered = from;
        }
        return (int) crc.getValue();
    }

    private int sizeAt(int at) {
        return chunk.getInt(at + BatchLayout.LENGTH_AT) + BatchLayout.PREFIX_BYTES;
    }

    /** Makes the chunk hold {@code needed} bytes, at most its size, from {@code position}; the file has them. */
    private void load(StoreFile file, int position, int needed, int fileBytes) throws IOException {
        if (position >= chunkStart && position + (long) needed <= chunkStart + chunkBytes) {
            return;
        }
        chunk.clear().limit(Math.min(chunk.capacity(), fileBytes - position));
        chunkBytes = file.read(chunk, position);
        chunkStart = position;
        chunk.clear();
        if (chunkBytes < needed) {
            throw new IOException(
                    file.path() + " ended at byte " + (position + chunkBytes) + ", its length is " + fileBytes);
        }
    }

    /** Whether {@code file} holds nothing but zeros in {@code [from, fileBytes)}. */
    static boolean onlyZeros(StoreFile file, int from, int fileBytes) throws IOException {
        ByteBuffer read = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, fileBytes - (long) from));
        ByteBuffer zeros = ByteBuffer.allocate(read.capacity());
        for (int position = from; position < fileBytes; position += read.limit()) {
            read.clear().limit(Math.min(read.capacity(), fileBytes - position));
            if (file.read(read, position) < read.limit()
                    || read.flip().mismatch(zeros.clear().limit(read.limit())) >= 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether an intact batch that could belong here begins anywhere in {@code [from, fileBytes)}: looked for byte by byte,
     * since lengths cannot be believed any more. For reporting what a cut removes, and how it came about.
     */
    boolean anythingIntactFrom(StoreFile file, long segmentBase, int from, int fileBytes) throws IOException {
        for (int position = from; position <= fileBytes - BatchLayout.HEADER_BYTES; position++) {
            load(file, position, BatchLayout.HEADER_BYTES, fileBytes);
            int at = (int) (position - chunkStart);
            // Most positions fall here: a zero, or text.
            if (chunk.get(at + BatchLayout.MAGIC_AT) == BatchLayout.MAGIC
                    && chunk.getLong(at + BatchLayout.BASE_OFFSET_AT) >= nextOffset
                    && chunk.getLong(at + BatchLayout.BASE_OFFSET_AT) - segmentBase <= Integer.MAX_VALUE
                    && problemAt(file, segmentBase, position, fileBytes) == null) {
                return true;
            }
        }
        return false;
    }
}
