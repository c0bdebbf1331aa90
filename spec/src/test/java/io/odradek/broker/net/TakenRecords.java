package io.odradek.broker.net;

import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import java.io.IOException;
import java.nio.ByteBuffer;

/** For simulated networks: does with the records of a response what a connection does when it sends them. */
public final class TakenRecords {

    /** Copies and closes. */
    public static ByteBuffer of(SlicedRecords records) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(records.sizeInBytes());
        for (var slice : records.slices().slices()) {
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

    private TakenRecords() {}
}
