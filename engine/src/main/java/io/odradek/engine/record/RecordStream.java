package io.odradek.engine.record;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Decompressed records, seen through a window of fixed size: memory stays bounded whatever the bytes unfold to. The caller
 * lends the window. Confined to one thread. Hot style: read per field of every record.
 */
final class RecordStream implements AutoCloseable {
    private final InputStream source;
    private final byte[] window;
    private final long maxBytes;
    private int at;
    private int end;
    private long windowStart;

    /** @param maxBytes longest stream that is read; beyond it reading fails */
    RecordStream(InputStream source, byte[] window, long maxBytes) {
        this.source = source;
        this.window = window;
        this.maxBytes = maxBytes;
    }

    /** Bytes read so far. */
    long position() {
        return windowStart + at;
    }

    private boolean refill() throws IOException {
        windowStart += end;
        at = 0;
        end = 0;
        int count = source.read(window, 0, window.length);
        if (count <= 0) {
            return false;
        }
        end = count;
        if (windowStart + end > maxBytes) {
            throw new CorruptBatchException("the records unfold to more than " + maxBytes + " bytes");
        }
        return true;
    }

    boolean atEnd() throws IOException {
        return at == end && !refill();
    }

    byte readByte() throws IOException {
        if (at == end && !refill()) {
            throw endsEarly();
        }
        return window[at++];
    }

    private CorruptBatchException endsEarly() {
        return new CorruptBatchException("the records end at byte " + position() + ", within one");
    }

    int readInt() throws IOException {
        int raw = 0;
        for (int shift = 0; shift < 7 * Varints.MAX_INT_BYTES; shift += 7) {
            byte next = readByte();
            raw |= (next & 0x7f) << shift;
            if (next >= 0) {
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new CorruptBatchException("varint of more than " + Varints.MAX_INT_BYTES + " bytes");
    }

    long readLong() throws IOException {
        long raw = 0;
        for (int shift = 0; shift < 7 * Varints.MAX_LONG_BYTES; shift += 7) {
            byte next = readByte();
            raw |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new CorruptBatchException("varint of more than " + Varints.MAX_LONG_BYTES + " bytes");
    }

    void skip(int bytes) throws IOException {
        int left = bytes;
        while (left > end - at) {
            left -= end - at;
            at = end;
            if (!refill()) {
                throw endsEarly();
            }
        }
        at += left;
    }

    /**
     * Reads {@code bytes} into {@code target} or, when it is too small, into a larger array. It grows with what really
     * arrives, not with what was announced.
     */
    byte[] read(byte[] target, int bytes) throws IOException {
        int filled = 0;
        byte[] into = target;
        while (filled < bytes) {
            if (at == end && !refill()) {
                throw endsEarly();
            }
            int count = Math.min(bytes - filled, end - at);
            if (filled + count > into.length) {
                int doubled = (int) Math.min(Integer.MAX_VALUE - 8L, 2L * into.length);
                into = Arrays.copyOf(into, Math.min(bytes, Math.max(filled + count, doubled)));
            }
            System.arraycopy(window, at, into, filled, count);
            at += count;
            filled += count;
        }
        return into;
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
