package io.odradek.broker.metadata;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Kafka's flexible encoding (KIP-482), as far as metadata records use it. Grows as needed; not for hot paths. */
final class RecordWriter {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream(64);

    byte[] bytes() {
        return out.toByteArray();
    }

    void int8(int value) {
        out.write(value);
    }

    void bool(boolean value) {
        out.write(value ? 1 : 0);
    }

    void int16(int value) {
        out.write(value >>> 8);
        out.write(value);
    }

    void int32(int value) {
        int16(value >>> 16);
        int16(value);
    }

    void int64(long value) {
        int32((int) (value >>> 32));
        int32((int) value);
    }

    void uvarint(int value) {
        int rest = value;
        while ((rest & ~0x7F) != 0) {
            out.write((rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
    }

    void uuid(UUID value) {
        int64(value.getMostSignificantBits());
        int64(value.getLeastSignificantBits());
    }

    /** Compact: length + 1, 0 for null. */
    void string(@Nullable String value) {
        if (value == null) {
            uvarint(0);
            return;
        }
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        uvarint(utf8.length + 1);
        out.writeBytes(utf8);
    }

    void int32s(List<Integer> values) {
        uvarint(values.size() + 1);
        values.forEach(this::int32);
    }

    void uuids(List<UUID> values) {
        uvarint(values.size() + 1);
        values.forEach(this::uuid);
    }

    /** One tagged field: its content is written by {@code content}. */
    void tagged(int tag, Consumer<RecordWriter> content) {
        RecordWriter field = new RecordWriter();
        content.accept(field);
        uvarint(tag);
        uvarint(field.out.size());
        out.writeBytes(field.bytes());
    }
}
