package io.odradek.engine.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Builds a batch anew when it cannot be stored as it came: another codec ({@code compression.type}), or offset deltas that
 * are not 0, 1, 2... Header fields are kept, records are copied byte by byte, and only wrong offset deltas are replaced.
 *
 * <p>Runs after {@link RecordWalk} found every record well formed. Memory is bounded by {@code max.message.bytes}: output
 * that grows beyond is given up.
 */
final class BatchRewrite {

    /** The new batch would be larger than allowed. */
    static final class TooLargeException extends IOException {
        TooLargeException(int maxBytes) {
            super("more than " + maxBytes + " bytes");
        }
    }

    private static final int WINDOW_BYTES = 16 << 10;

    /**
     * @param source a whole batch at index 0
     * @param renumber give the records the offset deltas 0, 1, 2...
     * @return a batch on the heap, from index 0 to its limit; its checksum is not yet true
     */
    static ByteBuffer rewrite(
            ByteBuffer source, int sizeBytes, Codec from, Codec to, int level, boolean renumber, int maxBytes)
            throws IOException {
        var target = new BoundedBytes(Math.min(maxBytes, Math.max(512, sizeBytes)), maxBytes);
        for (int at = 0; at < BatchLayout.RECORDS_AT; at++) {
            target.write(source.get(at));
        }
        try (InputStream plain = from.decompress(source, BatchLayout.RECORDS_AT, sizeBytes);
                OutputStream out = to.compress(target, level)) {
            if (renumber) {
                renumber(plain, out, RecordBatch.recordCount(source, 0));
            } else {
                plain.transferTo(out);
            }
        }
        ByteBuffer batch = target.toBuffer();
        batch.putInt(BatchLayout.LENGTH_AT, batch.limit() - BatchLayout.PREFIX_BYTES);
        int kept =
                RecordBatch.attributes(source, 0) & (BatchLayout.TRANSACTIONAL_BIT | BatchLayout.LOG_APPEND_TIME_BIT);
        batch.putShort(BatchLayout.ATTRIBUTES_AT, (short) (kept | to.id()));
        return batch;
    }

    private static void renumber(InputStream plain, OutputStream out, int count) throws IOException {
        var records = new RecordStream(plain, new byte[WINDOW_BYTES], Long.MAX_VALUE);
        byte[] body = new byte[512];
        byte[] scratch = new byte[2 * Varints.MAX_INT_BYTES];
        ByteBuffer numbers = ByteBuffer.wrap(scratch);
        for (int index = 0; index < count; index++) {
            int size = records.readInt();
            body = records.read(body, size);
            ByteBuffer view = ByteBuffer.wrap(body, 0, size);
            int offsetAt = Varints.longEnd(view, 1, size);
            int offsetEnd = Varints.end(Varints.readInt(view, offsetAt, size));
            int newSize = size - (offsetEnd - offsetAt) + Varints.sizeOf(index);
            out.write(scratch, 0, Varints.writeInt(numbers, 0, newSize));
            out.write(body, 0, offsetAt);
            out.write(scratch, 0, Varints.writeInt(numbers, 0, index));
            out.write(body, offsetEnd, size - offsetEnd);
        }
    }

    /** Bytes on the heap, never more than a bound. */
    private static final class BoundedBytes extends OutputStream {
        private final int maxBytes;
        private byte[] bytes;
        private int size;

        BoundedBytes(int firstBytes, int maxBytes) {
            this.bytes = new byte[firstBytes];
            this.maxBytes = maxBytes;
        }

        @Override
        public void write(int b) throws IOException {
            makeRoom(1);
            bytes[size++] = (byte) b;
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            makeRoom(length);
            System.arraycopy(from, offset, bytes, size, length);
            size += length;
        }

        private void makeRoom(int more) throws TooLargeException {
            if (more > maxBytes - size) {
                throw new TooLargeException(maxBytes);
            }
            if (size + more > bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(maxBytes, Math.max(size + (long) more, 2L * bytes.length)));
            }
        }

        ByteBuffer toBuffer() {
            return ByteBuffer.wrap(bytes, 0, size).slice();
        }
    }

    private BatchRewrite() {}
}
