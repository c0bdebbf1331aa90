package io.odradek.spec.simulation;

import io.odradek.engine.FetchedSlices;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a log holds, for those who compare logs. */
public final class WholeBatches {
    private WholeBatches() {}

    /**
     * The batches from {@code from}, or from where the log begins, to {@code to}, by base offset, as copies.
     *
     * @throws AssertionError when one is damaged, or the log ends before {@code to}
     */
    public static SortedMap<Long, ByteBuffer> read(LogView view, long from, long to) throws IOException {
        TreeMap<Long, ByteBuffer> batches = new TreeMap<>();
        long next = Math.max(from, view.logStartOffset());
        while (next < to) {
            ByteBuffer batch = one(view, next);
            if (batch == null) {
                throw new AssertionError("there is no batch at or behind offset " + next + ", wanted are all to " + to);
            }
            if (!RecordBatch.crcMatches(batch, 0)) {
                throw new AssertionError("the batch at offset " + next + " is damaged");
            }
            batches.put(RecordBatch.baseOffset(batch, 0), batch);
            next = RecordBatch.nextOffset(batch, 0);
        }
        return batches;
    }

    private static @Nullable ByteBuffer one(LogView view, long offset) throws IOException {
        try (FetchedSlices slices = LogReader.read(view, offset, view.end(), 1, true)) {
            if (slices.sizeBytes() == 0) {
                return null;
            }
            return switch (slices.slices().getFirst()) {
                case FetchedSlices.MemorySlice(ByteBuffer memory) ->
                    ByteBuffer.allocate(memory.remaining())
                            .put(memory.duplicate())
                            .flip();
                case FetchedSlices.FileSlice(StoreFile file, long position, int length) -> {
                    ByteBuffer bytes = ByteBuffer.allocate(length);
                    file.read(bytes, position);
                    yield bytes.flip();
                }
            };
        } catch (OffsetOutOfRangeException e) {
            throw new AssertionError("offset " + offset + " of a log that ends at " + view.logEndOffset(), e);
        }
    }
}
