package io.odradek.engine.record;

import java.nio.ByteBuffer;

/**
 * Protocol Buffers' variable-length integers as record batches use them: 7 bits a byte, low ones first, signed numbers zigzag
 * encoded. Hot style: absolute positions, primitives, no allocation. A read yields the value and its length at once, packed
 * in a long, because a second pass over the bytes would cost as much as the first.
 */
public final class Varints {
    /** What {@link #readInt} and {@link #lengthOfLong} answer when there is no well-formed number before the limit. */
    public static final long MALFORMED = -1;

    private static final int MAX_INT_BYTES = 5;
    private static final int MAX_LONG_BYTES = 10;

    private Varints() {}

    /**
     * Reads a zigzag varint of up to 32 bits.
     *
     * @return {@code length << 32 | value & 0xffffffff}, or {@link #MALFORMED}
     */
    public static long readInt(ByteBuffer buffer, int at, int limit) {
        if (at >= limit) {
            return MALFORMED;
        }
        int b = buffer.get(at);
        if (b >= 0) {
            return 1L << 32 | (zigzag(b) & 0xffffffffL); // one byte: nearly every field of a record
        }
        int value = b & 0x7f;
        int end = Math.min(limit, at + MAX_INT_BYTES);
        int shift = 7;
        for (int i = at + 1; i < end; i++, shift += 7) {
            b = buffer.get(i);
            value |= (b & 0x7f) << shift;
            if (b >= 0) {
                return (long) (i - at + 1) << 32 | (zigzag(value) & 0xffffffffL);
            }
        }
        return MALFORMED;
    }

    /** The value in what {@link #readInt} returned. */
    public static int value(long read) {
        return (int) read;
    }

    /** The number of bytes in what {@link #readInt} returned. */
    public static int length(long read) {
        return (int) (read >>> 32);
    }

    /** Bytes of the zigzag varint of up to 64 bits that begins at {@code at}, or -1 when it is not well-formed. */
    public static int lengthOfLong(ByteBuffer buffer, int at, int limit) {
        int end = Math.min(limit, at + MAX_LONG_BYTES);
        for (int i = at; i < end; i++) {
            if (buffer.get(i) >= 0) {
                return i - at + 1;
            }
        }
        return -1;
    }

    /** The zigzag varint of {@code length} bytes at {@code at}, as {@link #lengthOfLong} measured it. */
    public static long readLong(ByteBuffer buffer, int at, int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value |= (long) (buffer.get(at + i) & 0x7f) << (7 * i);
        }
        return value >>> 1 ^ -(value & 1);
    }

    private static int zigzag(int encoded) {
        return encoded >>> 1 ^ -(encoded & 1);
    }

    /** Appends a zigzag varint at the buffer's position. */
    public static void writeInt(ByteBuffer target, int value) {
        int rest = value << 1 ^ value >> 31;
        while ((rest & ~0x7f) != 0) {
            target.put((byte) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        target.put((byte) rest);
    }

    /** Appends a zigzag varint at the buffer's position. */
    public static void writeLong(ByteBuffer target, long value) {
        long rest = value << 1 ^ value >> 63;
        while ((rest & ~0x7fL) != 0) {
            target.put((byte) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        target.put((byte) rest);
    }

    /** Bytes that {@link #writeInt} takes: 1 to 5. */
    public static int sizeOf(int value) {
        int bits = 32 - Integer.numberOfLeadingZeros((value << 1 ^ value >> 31) | 1);
        return (bits + 6) / 7;
    }

    /** Bytes that {@link #writeLong} takes: 1 to 10. */
    public static int sizeOf(long value) {
        int bits = 64 - Long.numberOfLeadingZeros((value << 1 ^ value >> 63) | 1);
        return (bits + 6) / 7;
    }
}
