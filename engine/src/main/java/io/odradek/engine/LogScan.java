package io.odradek.engine;

import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.FetchedSlices.Slice;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.segment.CorruptLogException;
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
     * Visits every batch below the present end, control batches left out. Each CRC is checked. What is compacted meanwhile is
     * seen as it was, or as it is now.
     *
     * @throws IOException when the log can't be read to its end
     */
    public static void forEachBatch(PartitionLog log, BatchVisitor visitor) throws IOException {
        LogView view = log.view();
        LogPosition end = view.end();
        long next = view.logStartOffset();
        while (next < end.offset()) {
            long from = next;
            try (FetchedSlices slices = LogReader.read(view, next, end, READ_BYTES, true)) {
                for (Slice slice : slices.slices()) {
                    next = visit(log.partition(), slice, next, visitor);
                }
                if (next == from) {
                    return; // nothing is left up to the end
                }
            } catch (OffsetOutOfRangeException e) {
                LogView now = log.view();
                if (now.hasSegmentsOf(view)) {
                    throw new IOException("log " + log.partition() + " has no offset " + next, e);
                }
                view = now; // its segment went while it was read
                next = Math.max(next, now.logStartOffset());
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

    private static long visit(TopicPartition partition, Slice slice, long from, BatchVisitor visitor)
            throws IOException {
        ByteBuffer bytes = bytes(slice);
        long next = from;
        for (int at = 0; at < bytes.limit(); at += RecordBatch.sizeInBytes(bytes, at)) {
            if (!RecordBatch.isWhole(bytes, at, bytes.limit())) { // a length that lies within what was read as one run
                throw broken(partition, slice, at, next, "no whole batch of format 2 begins here");
            }
            if (!RecordBatch.crcMatches(bytes, at)) {
                long baseOffset = RecordBatch.baseOffset(bytes, at);
                throw broken(partition, slice, at, baseOffset, "the batch does not have the CRC that its header says");
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

    private static IOException broken(TopicPartition partition, Slice slice, int at, long offset, String problem) {
        String wanted = problem + "; restore the file from a replica or a backup";
        return switch (slice) {
            case MemorySlice _ -> new IOException("log " + partition + ", offset " + offset + ": " + wanted);
            case FileSlice file -> new CorruptLogException(file.file().path(), file.position() + at, offset, wanted);
        };
    }
}
