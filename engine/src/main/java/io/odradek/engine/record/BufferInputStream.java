package io.odradek.engine.record;

import java.io.InputStream;
import java.nio.ByteBuffer;

/** Part of a buffer as a stream; the buffer's own position and limit are not used. */
final class BufferInputStream extends InputStream {
    private final ByteBuffer buffer;
    private final int limit;
    private int at;

    BufferInputStream(ByteBuffer buffer, int from, int to) {
        this.buffer = buffer;
        this.at = from;
        this.limit = to;
    }

    @Override
    public int read() {
        return at < limit ? buffer.get(at++) & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        int count = Math.min(length, limit - at);
        if (count == 0) {
            return -1;
        }
        buffer.get(at, target, offset, count);
        at += count;
        return count;
    }

    @Override
    public int available() {
        return limit - at;
    }
}
