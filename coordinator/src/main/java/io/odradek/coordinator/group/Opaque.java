package io.odradek.coordinator.group;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * Bytes that members exchange through the coordinator and that it never interprets (subscriptions, assignments), compared
 * by value. The array is handed over, not copied: nobody may write to it after {@link #of}.
 */
public final class Opaque {

    public static final Opaque EMPTY = new Opaque(new byte[0]);

    private final byte[] bytes;

    private Opaque(byte[] bytes) {
        this.bytes = bytes;
    }

    public static Opaque of(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new Opaque(bytes);
    }

    /** The array itself; read only. */
    public byte[] bytes() {
        return bytes;
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Opaque that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes);
    }
}
