package io.odradek.engine.record;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC-32C (Castagnoli) over part of a buffer, whose position and limit stay untouched: other threads may read it too. */
public final class Crc32c {

    public static int of(ByteBuffer buffer, int from, int sizeBytes) {
        var crc = new CRC32C();
        if (buffer.hasArray()) {
            crc.update(buffer.array(), buffer.arrayOffset() + from, sizeBytes);
        } else {
            crc.update(buffer.slice(from, sizeBytes));
        }
        return (int) crc.getValue();
    }

    /** The same for who owns the buffer: position and limit are moved meanwhile, which spares a second one. */
    static int ofOwned(ByteBuffer buffer, int from, int sizeBytes) {
        int position = buffer.position();
        int limit = buffer.limit();
        var crc = new CRC32C();
        crc.update(buffer.limit(from + sizeBytes).position(from));
        buffer.limit(limit).position(position);
        return (int) crc.getValue();
    }

    private Crc32c() {}
}
