package io.odradek.engine.record;

import java.nio.ByteBuffer;

/**
 * Zigzag varints as record batch v2 uses them (Protocol Buffers encoding): seven bits a byte, least significant first, at
 * most 5 bytes for an int and 10 for a long. Bits that do not fit the type are dropped, as Kafka's reader drops them.
 *
 * <p>Hot style: one call per field of every record. An int comes back together with where it ended, packed into a long, so
 * that nothing is allocated and no field has to hold the position:
 *
 * <pre>
 *  63            32 31             0
 *  +---------------+---------------+
 *  | end position  | value         |     negative: no whole varint before the limit
 *  +---------------+---------------+
 * </pre>
 */
public final class Varints {

    /** What {@link #readInt} answers when there is no whole, well-formed varint. The only negative answer. */
    public static final long MALFORMED = -1;

    public static final int MAX_INT_BYTES = 5;
    public static final int MAX_LONG_BYTES = 10;

    /** Reads an int in {@code [at, limit)}; take it apart with {@link #value} and {@link #end}. */
    public static long readInt(ByteBuffer buffer, int at, int limit) {
        if (at < limit) {
            int first = buffer.get(at);
            if (first >= 0) {
                return packed(at + 1, (first >>> 1) ^ -(first & 1));
            }
            if (at + 1 < limit) {
                int second = buffer.get(at + 1);
                if (second >= 0) {
                    int raw = (first & 0x7f) | second << 7;
                    return packed(at + 2, (raw >>> 1) ^ -(raw & 1));
                }
            }
        }
        return readLongerInt(buffer, at, limit);
    }

    /** Three bytes and more, and what is malformed: rare, and kept out of line so that the rest is small enough to inline. */
    private static long readLongerInt(ByteBuffer buffer, int at, int limit) {
        int raw = 0;
        int end = Math.min(limit, at + MAX_INT_BYTES);
        for (int shift = 0; at < end; shift += 7) {
            int next = buffer.get(at++);
            raw |= (next & 0x7f) << shift;
            if (next >= 0) {
                return packed(at, (raw >>> 1) ^ -(raw & 1));
            }
        }
        return MALFORMED;
    }

    private static long packed(int end, int value) {
        return (long) end << 32 | (value & 0xffff_ffffL);
    }

    public static int value(long packed) {
        return (int) packed;
    }

    /** Position behind the varint; negative when it was malformed. */
    public static int end(long packed) {
        return (int) (packed >> 32);
    }

    /** Where the long that begins at {@code at} ends, or -1 when there is no whole, well-formed one before the limit. */
    public static int longEnd(ByteBuffer buffer, int at, int limit) {
        int end = Math.min(limit, at + MAX_LONG_BYTES);
        while (at < end) {
            if (buffer.get(at++) >= 0) {
                return at;
            }
        }
        return -1;
    }

    /** Reads a long for which {@link #longEnd} found an end. */
    public static long readLong(ByteBuffer buffer, int at) {
        long raw = 0;
        int shift = 0;
        int next;
        do {
            next = buffer.get(at++);
            raw |= (long) (next & 0x7f) << shift;
            shift += 7;
        } while (next < 0);
        return (raw >>> 1) ^ -(raw & 1);
    }

    /** Writes at {@code at} and returns the position behind. */
    public static int writeInt(ByteBuffer buffer, int at, int value) {
        int raw = (value << 1) ^ (value >> 31);
        while ((raw & ~0x7f) != 0) {
            buffer.put(at++, (byte) (raw | 0x80));
            raw >>>= 7;
        }
        buffer.put(at++, (byte) raw);
        return at;
    }

    /** Writes at {@code at} and returns the position behind. */
    public static int writeLong(ByteBuffer buffer, int at, long value) {
        long raw = (value << 1) ^ (value >> 63);
        while ((raw & ~0x7fL) != 0) {
            buffer.put(at++, (byte) (raw | 0x80));
            raw >>>= 7;
        }
        buffer.put(at++, (byte) raw);
        return at;
    }

    /** Bytes that {@link #writeInt} takes: 1 to 5. */
    public static int sizeOf(int value) {
        int raw = (value << 1) ^ (value >> 31);
        // ceil(bits / 7), and one byte for zero
        return ((38 - Integer.numberOfLeadingZeros(raw)) / 7) + (raw == 0 ? 1 : 0);
    }

    /** Bytes that {@link #writeLong} takes: 1 to 10. */
    public static int sizeOf(long value) {
        long raw = (value << 1) ^ (value >> 63);
        return ((70 - Long.numberOfLeadingZeros(raw)) / 7) + (raw == 0 ? 1 : 0);
    }

    private Varints() {}
}
