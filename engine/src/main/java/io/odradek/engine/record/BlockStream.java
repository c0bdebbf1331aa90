package io.odradek.engine.record;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** What a sequence of compressed blocks holds. Each block is unpacked whole, when the one before it has been read. */
abstract class BlockStream extends InputStream {
    final ByteBuffer input;
    final int limit;

    /** Where the next byte of the input is read. */
    int at;

    private byte[] packed = new byte[0];
    private byte[] plain = new byte[0];
    private int plainAt;
    private int plainEnd;
    private boolean finished;

    /** Over {@code [from, to)} of {@code input}, whose position does not move. */
    BlockStream(ByteBuffer input, int from, int to) {
        this.input = input;
        this.at = from;
        this.limit = to;
    }

    /** Reads one step further; false at the end. A block may be empty, so there may still be nothing to read after true. */
    abstract boolean nextBlock() throws IOException;

    /** A copy of the next {@code size} bytes of the input, at the beginning of an array that every block uses. */
    final byte[] packed(int size) {
        if (packed.length < size) {
            packed = new byte[size];
        }
        input.get(at, packed, 0, size);
        return packed;
    }

    /** Room for an unpacked block of up to {@code size} bytes, in place of the one that has been read. */
    final byte[] roomFor(int size) {
        if (plain.length < size) {
            plain = new byte[size];
        }
        return plain;
    }

    /** The first {@code size} bytes of {@link #roomFor} are to be read now. */
    final void unpacked(int size) {
        plainAt = 0;
        plainEnd = size;
    }

    private boolean fill() throws IOException {
        while (!finished && plainAt == plainEnd) {
            finished = !nextBlock();
        }
        return !finished;
    }

    @Override
    public final int read() throws IOException {
        return fill() ? plain[plainAt++] & 0xff : -1;
    }

    @Override
    public final int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, plainEnd - plainAt);
        System.arraycopy(plain, plainAt, target, offset, count);
        plainAt += count;
        return count;
    }
}
