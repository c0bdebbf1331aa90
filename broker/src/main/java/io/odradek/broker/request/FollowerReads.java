package io.odradek.broker.request;

import io.odradek.broker.partition.FollowerAnswer;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.LogPosition;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads for followers, who get what is not committed yet. A run of a file is read when it is sent, long after it was decided that it may be:
 * by then a later reign may have cut the file and written other batches there. So only what is committed is sent from files, and what lies
 * above it in a file is copied, before the caller looks whether the log was cut.
 */
final class FollowerReads {

    /** What was copied. */
    private record Copied(List<Slice> slices, int sizeBytes) implements FetchedSlices {
        @Override
        public void close() {}
    }

    static FetchedSlices read(PartitionHost host, FollowerAnswer.Granted granted, int maxBytes, boolean atLeastOneBatch)
            throws IOException, OffsetOutOfRangeException {
        while (true) {
            LogView view = host.log().view();
            try {
                return read(view, granted, maxBytes, atLeastOneBatch);
            } catch (OffsetOutOfRangeException | IOException e) {
                if (host.log().view().hasSegmentsOf(view)) {
                    throw e;
                } // else its segment went while it was read
            }
        }
    }

    private static FetchedSlices read(
            LogView view, FollowerAnswer.Granted granted, int maxBytes, boolean atLeastOneBatch)
            throws IOException, OffsetOutOfRangeException {
        FetchedSlices slices =
                LogReader.read(view, granted.from(), bound(view, granted.to()), maxBytes, atLeastOneBatch);
        if (slices.slices().stream().noneMatch(slice -> slice instanceof FetchedSlices.FileSlice)) {
            return slices;
        }
        if (granted.from() < granted.highWatermark()) {
            slices.close();
            slices = LogReader.read(
                    view, granted.from(), bound(view, granted.highWatermark()), maxBytes, atLeastOneBatch);
            if (slices.sizeBytes() > 0) {
                return slices;
            } // compaction has left nothing there
            slices.close();
            slices = LogReader.read(view, granted.from(), bound(view, granted.to()), maxBytes, atLeastOneBatch);
        }
        try (FetchedSlices inFile = slices) {
            return copy(inFile);
        }
    }

    private static LogPosition bound(LogView view, long offset) {
        LogPosition end = view.end();
        return end.offset() <= offset ? end : LogPosition.ofOffset(offset);
    }

    private static FetchedSlices copy(FetchedSlices slices) throws IOException {
        List<FetchedSlices.Slice> copied = new ArrayList<>();
        for (FetchedSlices.Slice slice : slices.slices()) {
            ByteBuffer bytes = ByteBuffer.allocate(slice.lengthBytes());
            switch (slice) {
                case FetchedSlices.MemorySlice(ByteBuffer memory) -> bytes.put(memory.duplicate());
                case FetchedSlices.FileSlice file -> {
                    if (file.file().read(bytes, file.position()) < file.lengthBytes()) {
                        throw new EOFException(
                                file.file().path() + " ends before byte " + (file.position() + file.lengthBytes()));
                    }
                }
            }
            copied.add(new FetchedSlices.MemorySlice(bytes.flip().asReadOnlyBuffer()));
        }
        return new Copied(copied, slices.sizeBytes());
    }

    private FollowerReads() {}
}
