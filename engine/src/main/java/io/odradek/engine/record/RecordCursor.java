package io.odradek.engine.record;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes the records of one stored batch out of it, decompressing when needed. The plain way: objects for each record. */
public final class RecordCursor {
    private RecordCursor() {}

    /**
     * All records of the batch at {@code at}, in order.
     *
     * @throws IOException when they are not what the header says; the message names the record
     */
    public static List<StoredRecord> records(ByteBuffer buffer, int at) throws IOException {
        int size = RecordBatch.sizeBytes(buffer, at);
        int count = RecordBatch.recordCount(buffer, at);
        if (count < 0) {
            throw new IOException("the batch declares " + count + " records");
        }
        Codec codec = Codec.of(RecordBatch.compressionId(buffer, at));
        if (codec == null) {
            throw new IOException("no codec has the number " + RecordBatch.compressionId(buffer, at));
        }
        ByteBuffer body = buffer.slice(at + BatchLayout.RECORDS_AT, size - BatchLayout.RECORDS_AT);
        if (codec != Codec.NONE) {
            body = decompressed(codec, body);
        }
        boolean logAppendTime = RecordBatch.isLogAppendTime(buffer, at);
        long baseOffset = RecordBatch.baseOffset(buffer, at);
        long baseTimestamp = RecordBatch.baseTimestamp(buffer, at);
        long maxTimestamp = RecordBatch.maxTimestamp(buffer, at);
        List<StoredRecord> records = new ArrayList<>();
        for (int index = 0; index < count; index++) {
            int length = varint(body, index);
            int end = body.position() + length;
            if (length < 0 || end > body.limit()) {
                throw malformed(index);
            }
            if (length == 0) {
                throw malformed(index);
            }
            body.get(); // attributes: unused
            long timestampDelta = varlong(body, index);
            int offsetDelta = varint(body, index);
            byte[] key = bytes(body, index);
            byte[] value = bytes(body, index);
            int headerCount = varint(body, index);
            if (headerCount < 0 || headerCount > end - body.position()) {
                throw malformed(index);
            }
            List<Header> headers = new ArrayList<>(headerCount);
            for (int header = 0; header < headerCount; header++) {
                byte[] name = bytes(body, index);
                if (name == null) {
                    throw malformed(index);
                }
                headers.add(new Header(new String(name, StandardCharsets.UTF_8), bytes(body, index)));
            }
            if (body.position() != end) {
                throw malformed(index);
            }
            records.add(new StoredRecord(
                    baseOffset + offsetDelta,
                    logAppendTime ? maxTimestamp : baseTimestamp + timestampDelta,
                    key,
                    value,
                    headers));
        }
        if (body.hasRemaining()) {
            throw new IOException(body.remaining() + " bytes follow the last of " + count + " records");
        }
        return records;
    }

    /** All of it in memory: only for batches that were checked when they came in, or that we made. */
    private static ByteBuffer decompressed(Codec codec, ByteBuffer body) throws IOException {
        ByteArrayOutputStream plain = new ByteArrayOutputStream(body.remaining() * 2);
        try (InputStream in = codec.decompressing(body)) {
            in.transferTo(plain);
        }
        return ByteBuffer.wrap(plain.toByteArray());
    }

    private static int varint(ByteBuffer body, int index) throws IOException {
        long read = Varints.readInt(body, body.position(), body.limit());
        if (read == Varints.MALFORMED) {
            throw malformed(index);
        }
        body.position(body.position() + Varints.length(read));
        return Varints.value(read);
    }

    private static long varlong(ByteBuffer body, int index) throws IOException {
        int length = Varints.lengthOfLong(body, body.position(), body.limit());
        if (length < 0) {
            throw malformed(index);
        }
        long value = Varints.readLong(body, body.position(), length);
        body.position(body.position() + length);
        return value;
    }

    private static byte @Nullable [] bytes(ByteBuffer body, int index) throws IOException {
        int length = varint(body, index);
        if (length < 0) {
            return null;
        }
        if (length > body.remaining()) {
            throw malformed(index);
        }
        byte[] bytes = new byte[length];
        body.get(bytes);
        return bytes;
    }

    private static IOException malformed(int index) {
        return new IOException("record " + index + " of the batch is malformed");
    }
}
