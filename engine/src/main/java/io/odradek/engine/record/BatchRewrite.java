package io.odradek.engine.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Builds a batch anew when the topic wants another codec ({@code compression.type}). Header and records stay as they are, byte
 * for byte: records count from the header, and the header only changes its codec and length.
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

    /**
     * @param source a whole batch at index 0
     * @return a batch on the heap, from index 0 to its limit; its checksum is not yet true
     */
    static ByteBuffer rewrite(ByteBuffer source, int sizeBytes, Codec from, Codec to, int level, int maxBytes)
            throws IOException {
        var target = new BoundedBytes(Math.min(maxBytes, Math.max(512, sizeBytes)), maxBytes);
        for (int at = 0; at < BatchLayout.RECORDS_AT; at++) {
            target.write(source.get(at));
        }
        try (InputStream plain = from.decompress(source, BatchLayout.RECORDS_AT, sizeBytes);
                OutputStream out = to.compress(target, level)) {
            plain.transferTo(out);
        }
        ByteBuffer batch = target.toBuffer();
        batch.putInt(BatchLayout.LENGTH_AT, batch.limit() - BatchLayout.PREFIX_BYTES);
        int kept =
                RecordBatch.attributes(source, 0) & (BatchLayout.TRANSACTIONAL_BIT | BatchLayout.LOG_APPEND_TIME_BIT);
        batch.putShort(BatchLayout.ATTRIBUTES_AT, (short) (kept | to.id()));
        return batch;
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
