package io.odradek.engine;

import io.odradek.engine.io.StoreFile;
import java.nio.ByteBuffer;
import java.util.List;

/** Whole batches as they lie in files or in memory; keeps what they lie in alive until closed. */
public interface FetchedSlices extends AutoCloseable {

    /** A run of bytes. */
    sealed interface Slice {
        int lengthBytes();
    }

    record FileSlice(StoreFile file, long position, int lengthBytes) implements Slice {}

    /** @param bytes read-only, from position to limit */
    record MemorySlice(ByteBuffer bytes) implements Slice {
        @Override
        public int lengthBytes() {
            return bytes.remaining();
        }
    }

    List<Slice> slices();

    int sizeBytes();

    /** Gives up the files and buffers; once, from any thread. */
    @Override
    void close();
}
