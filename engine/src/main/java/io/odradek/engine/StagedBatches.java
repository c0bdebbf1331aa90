package io.odradek.engine;

import io.odradek.engine.journal.WrittenBytes;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.SegmentFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Batches of one log that have their offsets and are not written yet, with the leases of their memory. Append thread. */
final class StagedBatches {
    private static final int FIRST_STAGED = 16;

    private @Nullable ValidatedBatch[] batches = new @Nullable ValidatedBatch[FIRST_STAGED];
    private ByteBuffer[] bytes = new ByteBuffer[FIRST_STAGED];
    private int count;
    private int sizeBytes;
    private long endOffset;

    StagedBatches(long endOffset) {
        this.endOffset = endOffset;
    }

    int count() {
        return count;
    }

    int sizeBytes() {
        return sizeBytes;
    }

    /** Where the log ends with what is staged. */
    long endOffset() {
        return endOffset;
    }

    ValidatedBatch get(int i) {
        ValidatedBatch batch = batches[i];
        if (batch == null) {
            throw new AssertionError("slot " + i + " of " + count + " staged batches is empty");
        }
        return batch;
    }

    void add(ValidatedBatch batch) {
        if (count == batches.length) {
            batches = Arrays.copyOf(batches, 2 * count);
            bytes = Arrays.copyOf(bytes, 2 * count);
        }
        batches[count] = batch;
        bytes[count] = batch.bytes();
        count++;
        sizeBytes += batch.sizeBytes();
        endOffset = batch.lastOffset() + 1;
    }

    /** One gathering write; they stay staged. */
    void appendTo(ActiveSegment segment, int aheadBytes) throws IOException {
        segment.append(bytes, count, aheadBytes);
    }

    /** Has them kept, now that they were written at {@code position}; see {@link WrittenBytes#keep}. */
    int keepIn(WrittenBytes written, SegmentFiles segment, int position) {
        return written.keep(segment, position, bytes, count);
    }

    /** They are the log's now, and whoever took them has their leases. */
    void written() {
        Arrays.fill(batches, 0, count, null);
        Arrays.fill(bytes, 0, count, null);
        count = 0;
        sizeBytes = 0;
    }

    /** They will not be written: the log ends at {@code logEndOffset}. */
    void release(long logEndOffset) {
        for (int i = 0; i < count; i++) {
            get(i).lease().release();
        }
        written();
        endOffset = logEndOffset;
    }

    /** The log was cut, with nothing staged. */
    void cutTo(long logEndOffset) {
        endOffset = logEndOffset;
    }
}
