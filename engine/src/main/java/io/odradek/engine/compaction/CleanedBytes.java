package io.odradek.engine.compaction;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Bytes on the heap that grow and are used again. Not for several threads at once. */
final class CleanedBytes extends OutputStream {
    private byte[] bytes = new byte[16 << 10];
    private int size;

    @Override
    public void write(int b) {
        makeRoom(1);
        bytes[size++] = (byte) b;
    }

    @Override
    public void write(byte[] from, int offset, int length) {
        makeRoom(length);
        System.arraycopy(from, offset, bytes, size, length);
        size += length;
    }

    /** @param from from {@code at} on, by index */
    void write(ByteBuffer from, int at, int length) {
        makeRoom(length);
        from.get(at, bytes, size, length);
        size += length;
    }

    private void makeRoom(int more) {
        int needed = Math.addExact(size, more);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(needed, 2L * bytes.length)));
        }
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    /** All of them, by index from 0; valid until something is written. */
    ByteBuffer view() {
        return ByteBuffer.wrap(bytes, 0, size);
    }
}
