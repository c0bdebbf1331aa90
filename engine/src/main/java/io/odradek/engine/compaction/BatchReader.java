package io.odradek.engine.compaction;

import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.SealedSegment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the batches of a segment one behind the other, whole and with their checksums compared: what is broken must not be
 * taken for old. The buffer grows to the largest batch it met. For one thread.
 */
final class BatchReader {
    private ByteBuffer buffer;
    private @Nullable StoreFile file;
    private int fileBytes;
    /** Where in the file the buffer begins, and how much of it is filled. */
    private int bufferStart;

    private int filled;
    private int at;
    private int next;

    /** @param bufferBytes of one read, when no batch is larger */
    BatchReader(int bufferBytes) {
        this.buffer = ByteBuffer.allocate(Math.max(bufferBytes, BatchLayout.HEADER_BYTES));
    }

    /** Goes to a segment, at a position where a batch begins. */
    void open(SealedSegment segment, int position) {
        file = segment.log();
        fileBytes = segment.sizeBytes();
        bufferStart = position;
        filled = 0;
        at = 0;
        next = 0;
    }

    /**
     * Moves to the next batch; false behind the last.
     *
     * @throws CorruptLogException no intact batch begins there
     */
    boolean next() throws IOException {
        int position = bufferStart + next;
        if (position == fileBytes) {
            return false;
        }
        load(position, BatchLayout.HEADER_BYTES);
        int size = RecordBatch.sizeInBytes(buffer, next);
        if (size < BatchLayout.HEADER_BYTES || size > fileBytes - position) {
            throw broken(position, "the batch claims " + size + " bytes of the " + (fileBytes - position) + " left");
        }
        load(position, size);
        at = next;
        next = at + size;
        if (RecordBatch.magic(buffer, at) != BatchLayout.MAGIC) {
            throw broken(position, "the batch has format " + RecordBatch.magic(buffer, at));
        }
        if (RecordBatch.computeCrc(buffer, at, size) != RecordBatch.crc(buffer, at)) {
            throw broken(position, "the batch does not have the CRC that its header says");
        }
        return true;
    }

    /** Makes {@code bytes} from {@code position} on lie in the buffer, and {@link #next} say where. */
    private void load(int position, int bytes) throws IOException {
        if (bytes > fileBytes - position) {
            throw broken(position, (fileBytes - position) + " bytes are too few for a batch");
        }
        if (position - bufferStart + bytes <= filled) {
            return;
        }
        if (bytes > buffer.capacity()) {
            buffer = ByteBuffer.allocate(bytes);
        }
        buffer.clear().limit(Math.min(buffer.capacity(), fileBytes - position));
        filled = opened().read(buffer, position);
        bufferStart = position;
        next = 0;
        buffer.clear();
        if (filled < bytes) {
            throw broken(position, "the file ends after " + filled + " of " + bytes + " bytes");
        }
    }

    private StoreFile opened() {
        return Objects.requireNonNull(file, "no segment was opened");
    }

    private CorruptLogException broken(int position, String problem) {
        return new CorruptLogException(opened().path(), position, -1, problem);
    }

    /** Whether the batch is the last of its segment. */
    boolean isLast() {
        return bufferStart + next == fileBytes;
    }

    /** Holds the batch from {@link #at} on, until the next call of {@link #next()}. */
    ByteBuffer buffer() {
        return buffer;
    }

    int at() {
        return at;
    }

    int sizeBytes() {
        return next - at;
    }
}
