package io.odradek.engine.record;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Walks the records of one stored batch, decompressing as it goes.
 *
 * <pre>
 *  body    attri- timestamp offset key                value              headers
 *  size    butes  delta     delta  size    key        size    value      count   (key size, key, value size, value)*
 *  varint  int8   varlong   varint varint  bytes      varint  bytes      varint
 * </pre>
 *
 * {@snippet :
 * try (RecordCursor records = RecordCursor.open(buffer, at)) {
 *     while (records.next()) {
 *         use(records.offset(), records.key(), records.value());
 *     }
 * }
 * }
 *
 * What a record's accessors return is valid until the next call of {@link #next()}: uncompressed keys and values are views of
 * the batch's buffer, compressed ones of memory that is used again. Keeps one record in memory, never the batch. Confined to
 * one thread.
 */
public final class RecordCursor implements AutoCloseable {
    private static final int WINDOW_BYTES = 16 << 10;

    private final ByteBuffer batch;
    private final int batchAt;
    private final long baseOffset;
    private final long baseTimestamp;
    private final long appendTime;
    private final boolean hasAppendTime;
    private final int recordCount;

    /** Null when the batch is not compressed. */
    private final @Nullable RecordStream stream;

    private byte[] unpacked = new byte[512];

    /** Holds the current record's body in {@code [at, bodyEnd)}. */
    private ByteBuffer body;

    private int at;
    private int bodyEnd;
    private int read;

    private int bodySize;
    private int offsetDelta;
    private long timestampDelta;
    private int offsetDeltaAt;
    private int keyAt;
    private int keySize;
    private int valueAt;
    private int valueSize;
    private int headersAt;

    /**
     * Opens the batch that begins at {@code at}; it must be whole. Its checksum is not verified here.
     *
     * @throws IOException unknown codec, or the bytes do not begin as the codec's format does
     */
    public static RecordCursor open(ByteBuffer buffer, int at) throws IOException {
        return new RecordCursor(buffer, at);
    }

    public static RecordCursor open(ValidatedBatch batch) throws IOException {
        return new RecordCursor(batch.bytes(), 0);
    }

    /** All records of the whole batch at {@code at}, copied: for small batches of the broker's own, and for tests. */
    public static List<StoredRecord> records(ByteBuffer buffer, int at) throws IOException {
        try (RecordCursor cursor = open(buffer, at)) {
            var records = new ArrayList<StoredRecord>();
            while (cursor.next()) {
                var headers = new ArrayList<RecordHeader>();
                for (RecordHeader header : cursor.headers()) {
                    byte[] value = copy(header.value());
                    headers.add(new RecordHeader(header.key(), value == null ? null : ByteBuffer.wrap(value)));
                }
                records.add(new StoredRecord(
                        cursor.offset(), cursor.timestamp(), copy(cursor.key()), copy(cursor.value()), headers));
            }
            return records;
        }
    }

    private static byte @Nullable [] copy(@Nullable ByteBuffer bytes) {
        if (bytes == null) {
            return null;
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return copy;
    }

    private RecordCursor(ByteBuffer batch, int batchAt) throws IOException {
        this.batch = batch;
        this.batchAt = batchAt;
        this.body = batch;
        this.baseOffset = RecordBatch.baseOffset(batch, batchAt);
        this.baseTimestamp = RecordBatch.baseTimestamp(batch, batchAt);
        this.hasAppendTime = RecordBatch.hasLogAppendTime(batch, batchAt);
        this.appendTime = RecordBatch.maxTimestamp(batch, batchAt);
        this.recordCount = RecordBatch.recordCount(batch, batchAt);
        this.at = batchAt + BatchLayout.RECORDS_AT;
        int end = batchAt + RecordBatch.sizeInBytes(batch, batchAt);
        this.bodyEnd = end;
        Codec codec = Codec.ofId(RecordBatch.codecId(batch, batchAt));
        if (codec == null) {
            throw corrupt("its codec is unknown: " + RecordBatch.codecId(batch, batchAt));
        }
        this.stream = codec == Codec.NONE
                ? null
                : new RecordStream(codec.decompress(batch, at, end), new byte[WINDOW_BYTES], Long.MAX_VALUE);
    }

    /**
     * Moves to the next record; false behind the last.
     *
     * @throws CorruptBatchException the batch does not hold what its header promises
     */
    public boolean next() throws IOException {
        if (read == recordCount) {
            return false;
        }
        read++;
        if (stream == null) {
            at = bodyEndOfPrevious();
            openInPlace();
        } else {
            unpack(stream);
        }
        parse();
        return true;
    }

    private int bodyEndOfPrevious() {
        return read == 1 ? batchAt + BatchLayout.RECORDS_AT : bodyEnd;
    }

    private void openInPlace() throws CorruptBatchException {
        int limit = batchAt + RecordBatch.sizeInBytes(batch, batchAt);
        long size = Varints.readInt(batch, at, limit);
        at = Varints.end(size);
        bodySize = Varints.value(size);
        if (at < 0 || bodySize < 0 || bodySize > limit - at) {
            throw corrupt("the size of record " + (read - 1) + " is wrong");
        }
        bodyEnd = at + bodySize;
    }

    private void unpack(RecordStream records) throws IOException {
        bodySize = records.readInt();
        if (bodySize < 0) {
            throw corrupt("record " + (read - 1) + " has size " + bodySize);
        }
        unpacked = records.read(unpacked, bodySize);
        body = ByteBuffer.wrap(unpacked);
        at = 0;
        bodyEnd = bodySize;
    }

    private void parse() throws CorruptBatchException {
        int timestampAt = at + 1;
        at = timestampAt < bodyEnd ? Varints.longEnd(body, timestampAt, bodyEnd) : -1;
        require(at >= 0);
        timestampDelta = Varints.readLong(body, timestampAt);
        offsetDeltaAt = at;
        offsetDelta = readInt();
        keySize = readInt();
        keyAt = skip(keySize);
        valueSize = readInt();
        valueAt = skip(valueSize);
        headersAt = at;
    }

    private int readInt() throws CorruptBatchException {
        long packed = Varints.readInt(body, at, bodyEnd);
        require(packed >= 0);
        at = Varints.end(packed);
        return Varints.value(packed);
    }

    /** Steps over a field whose size was read, and returns where it begins. */
    private int skip(int size) throws CorruptBatchException {
        int from = at;
        if (size > 0) {
            require(size <= bodyEnd - at);
            at += size;
        }
        return from;
    }

    private void require(boolean wellFormed) throws CorruptBatchException {
        if (!wellFormed) {
            throw corrupt("record " + (read - 1) + " does not fit its size of " + bodySize);
        }
    }

    private CorruptBatchException corrupt(String what) {
        return new CorruptBatchException("batch at offset " + baseOffset + " is corrupt: " + what);
    }

    /** Of the batch; a compacted batch can hold fewer than its offsets span. */
    public int recordCount() {
        return recordCount;
    }

    public long offset() {
        return baseOffset + offsetDelta;
    }

    public int offsetDelta() {
        return offsetDelta;
    }

    /** ms since 1970, or {@link BatchLayout#NO_TIMESTAMP}; the append time for every record under LogAppendTime. */
    public long timestamp() {
        return hasAppendTime ? appendTime : baseTimestamp + timestampDelta;
    }

    /** The record's bytes without its size field. */
    public int bodySizeBytes() {
        return bodySize;
    }

    /** The record's bytes from its offset delta on: what stays when its timestamp is written anew. */
    public ByteBuffer bodyFromOffsetDelta() {
        return body.slice(offsetDeltaAt, bodyEnd - offsetDeltaAt);
    }

    public @Nullable ByteBuffer key() {
        return keySize < 0 ? null : body.slice(keyAt, keySize);
    }

    /** Null for a tombstone. */
    public @Nullable ByteBuffer value() {
        return valueSize < 0 ? null : body.slice(valueAt, valueSize);
    }

    public List<RecordHeader> headers() throws CorruptBatchException {
        at = headersAt;
        int count = readInt();
        require(count >= 0 && count <= bodyEnd - at);
        var headers = new ArrayList<RecordHeader>(Math.min(count, 16));
        for (int i = 0; i < count; i++) {
            int size = readInt();
            require(size >= 0);
            int keyFrom = skip(size);
            String name =
                    StandardCharsets.UTF_8.decode(body.slice(keyFrom, size)).toString();
            int headerValueSize = readInt();
            int valueFrom = skip(headerValueSize);
            headers.add(new RecordHeader(name, headerValueSize < 0 ? null : body.slice(valueFrom, headerValueSize)));
        }
        return headers;
    }

    /** Gives back what the codec holds. */
    @Override
    public void close() throws IOException {
        if (stream != null) {
            stream.close();
        }
    }
}
