package io.odradek.broker.net;

import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.FetchedSlices.Slice;
import java.io.IOException;
import java.nio.ByteBuffer;

/** For tests of handlers without sockets: does with the records of a response what a connection does. */
public final class SentBytes {

    /** Copies and closes. */
    public static ByteBuffer take(SlicedRecords records) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(records.sizeInBytes());
        for (Slice slice : records.slices().slices()) {
            switch (slice) {
                case FileSlice(var file, long position, int length) -> {
                    file.read(bytes.slice(bytes.position(), length), position);
                    bytes.position(bytes.position() + length);
                }
                case MemorySlice(ByteBuffer part) -> bytes.put(part.duplicate());
            }
        }
        records.close();
        return bytes.flip();
    }

    private SentBytes() {}
}
