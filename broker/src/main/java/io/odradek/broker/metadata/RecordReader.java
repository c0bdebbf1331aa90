package io.odradek.broker.metadata;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The reading side of {@link RecordWriter}. Lengths are checked against what is there before anything is allocated. */
final class RecordReader {

    private final ByteBuffer in;

    RecordReader(ByteBuffer in) {
        this.in = in;
    }

    int remaining() {
        return in.remaining();
    }

    byte int8() {
        return in.get();
    }

    boolean bool() {
        return in.get() != 0;
    }

    short int16() {
        return in.getShort();
    }

    int uint16() {
        return in.getShort() & 0xFFFF;
    }

    int int32() {
        return in.getInt();
    }

    long int64() {
        return in.getLong();
    }

    int uvarint() {
        int value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            byte next = in.get();
            value |= (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new MetadataFormatException("a varint is longer than 5 bytes");
    }

    UUID uuid() {
        return new UUID(in.getLong(), in.getLong());
    }

    /** A length or count, already without the 1 that compact encoding adds; -1 for null. */
    private int length(int bytesPerItem) {
        int length = uvarint() - 1;
        if (length < -1 || (long) length * bytesPerItem > in.remaining()) {
            throw new BufferUnderflowException();
        }
        return length;
    }

    @Nullable
    String nullableString() {
        int length = length(1);
        if (length < 0) {
            return null;
        }
        byte[] utf8 = new byte[length];
        in.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    String string() {
        String value = nullableString();
        if (value == null) {
            throw new MetadataFormatException("null where a text is required");
        }
        return value;
    }

    @Nullable
    List<Integer> nullableInt32s() {
        int count = length(Integer.BYTES);
        if (count < 0) {
            return null;
        }
        List<Integer> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(in.getInt());
        }
        return List.copyOf(values);
    }

    List<Integer> int32s() {
        List<Integer> values = nullableInt32s();
        return values == null ? List.of() : values;
    }

    @Nullable
    List<UUID> nullableUuids() {
        int count = length(2 * Long.BYTES);
        if (count < 0) {
            return null;
        }
        List<UUID> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(uuid());
        }
        return List.copyOf(values);
    }

    List<UUID> uuids() {
        List<UUID> values = nullableUuids();
        return values == null ? List.of() : values;
    }

    /** Count of an array whose items are read by the caller, of at least one byte each. */
    int count() {
        return Math.max(0, length(1));
    }

    /** A field of the tagged section. */
    interface TaggedField {
        void read(int tag, RecordReader content);
    }

    /** Hands every tagged field to {@code known}, which passes over tags it does not know: newer writers may add some. */
    void tagged(TaggedField known) {
        int count = uvarint();
        for (int i = 0; i < count; i++) {
            int tag = uvarint();
            int size = uvarint();
            if (size < 0 || size > in.remaining()) {
                throw new BufferUnderflowException();
            }
            known.read(tag, new RecordReader(in.slice(in.position(), size)));
            in.position(in.position() + size);
        }
    }

    void skipTagged() {
        tagged((tag, content) -> {});
    }
}
