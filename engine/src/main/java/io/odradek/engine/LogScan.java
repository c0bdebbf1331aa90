package io.odradek.engine;

import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.FetchedSlices.Slice;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads a whole log from its start, batch by batch, as the broker does with its own topics. Any thread; blocks. */
public final class LogScan {
    private static final int READ_BYTES = 1 << 20;

    /** Sees each data batch once, in order. */
    public interface BatchVisitor {
        /** @param records of one batch; open during the call */
        void batch(long baseOffset, RecordCursor records) throws IOException;
    }

    private LogScan() {}

    /**
     * Visits every batch below the view's end, control batches left out. Each CRC is checked.
     *
     * @throws IOException when the log can't be read to its end
     */
    public static void forEachBatch(TopicPartition partition, LogView view, BatchVisitor visitor) throws IOException {
        long next = view.logStartOffset();
        while (next < view.logEndOffset()) {
            try (FetchedSlices slices = LogReader.read(view, next, view.end(), READ_BYTES, true)) {
                for (Slice slice : slices.slices()) {
                    next = visit(partition, bytes(slice), next, visitor);
                }
            } catch (OffsetOutOfRangeException e) {
                throw new IOException("log " + partition + " has no offset " + next, e);
            }
        }
    }

    private static ByteBuffer bytes(Slice slice) throws IOException {
        return switch (slice) {
            case MemorySlice memory -> memory.bytes().slice();
            case FileSlice file -> {
                ByteBuffer bytes = ByteBuffer.allocate(file.lengthBytes());
                file.file().read(bytes, file.position());
                yield bytes.flip();
            }
        };
    }

    private static long visit(TopicPartition partition, ByteBuffer bytes, long from, BatchVisitor visitor)
            throws IOException {
        long next = from;
        for (int at = 0; at < bytes.limit(); at += RecordBatch.sizeInBytes(bytes, at)) {
            if (!RecordBatch.crcMatches(bytes, at)) {
                throw new IOException("log " + partition + ": the batch at offset " + RecordBatch.baseOffset(bytes, at)
                        + " has not the CRC its header says; restore the file from a replica or a backup");
            }
            next = RecordBatch.nextOffset(bytes, at);
            if (!RecordBatch.isControl(bytes, at)) {
                try (RecordCursor records = RecordCursor.open(bytes, at)) {
                    visitor.batch(RecordBatch.baseOffset(bytes, at), records);
                }
            }
        }
        return next;
    }
}
