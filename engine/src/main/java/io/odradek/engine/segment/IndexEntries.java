package io.odradek.engine.segment;

import java.nio.ByteBuffer;

/**
 * The entries of an index: a key of 4 or 8 bytes and a value of 4, both strictly increasing, big-endian.
 *
 * <p>Memory holds the same bytes as the file, so that one search serves a growing index on the heap and a mapped one.
 * Appended by one thread; searched by any: an entry is written before the count that admits it.
 */
final class IndexEntries {
    private static final int FIRST_ENTRIES = 64;

    private final int keyBytes;
    private final int entryBytes;
    private volatile ByteBuffer bytes;
    private volatile int count;

    private IndexEntries(int keyBytes, ByteBuffer bytes) {
        assert keyBytes == Integer.BYTES || keyBytes == Long.BYTES : keyBytes;
        this.keyBytes = keyBytes;
        this.entryBytes = keyBytes + Integer.BYTES;
        this.bytes = bytes;
        this.count = bytes.limit() / entryBytes;
    }

    /** None yet. */
    static IndexEntries empty(int keyBytes) {
        return new IndexEntries(keyBytes, ByteBuffer.allocate(0));
    }

    /** Over the bytes of a file, which stay the caller's. Appending copies them first. */
    static IndexEntries over(int keyBytes, ByteBuffer file) {
        return new IndexEntries(keyBytes, file);
    }

    int count() {
        return count;
    }

    long key(int n) {
        return keyIn(bytes, n);
    }

    int value(int n) {
        return valueIn(bytes, n);
    }

    private long keyIn(ByteBuffer entries, int n) {
        int at = n * entryBytes;
        return keyBytes == Long.BYTES ? entries.getLong(at) : entries.getInt(at);
    }

    private int valueIn(ByteBuffer entries, int n) {
        return entries.getInt(n * entryBytes + keyBytes);
    }

    /** Appending thread. Both are above those of the last entry. */
    void append(long key, long value) {
        int n = count;
        assert n == 0 || (key > key(n - 1) && value > value(n - 1))
                : "index entry " + key + ", " + value + " is not above the last one";
        ByteBuffer room = roomFor(n);
        int at = n * entryBytes;
        if (keyBytes == Long.BYTES) {
            room.putLong(at, key);
        } else {
            room.putInt(at, (int) key);
        }
        room.putInt(at + keyBytes, (int) value);
        count = n + 1;
    }

    private ByteBuffer roomFor(int n) {
        ByteBuffer current = bytes;
        int needed = (n + 1) * entryBytes;
        if (current.capacity() >= needed && !current.isReadOnly() && !current.isDirect()) {
            return current;
        }
        ByteBuffer larger =
                ByteBuffer.allocate(Math.max(needed, Math.max(FIRST_ENTRIES * entryBytes, 2 * n * entryBytes)));
        larger.put(0, current, 0, n * entryBytes);
        bytes = larger; // before the count: who sees the count sees room for it
        return larger;
    }

    /** The last entry whose key is at or below {@code wanted}, or -1. Allocates nothing. */
    int lastKeyAtOrBelow(long wanted) {
        return lastAtOrBelow(wanted, true);
    }

    /** The last entry whose value is at or below {@code wanted}, or -1. Allocates nothing. */
    int lastValueAtOrBelow(long wanted) {
        return lastAtOrBelow(wanted, false);
    }

    private int lastAtOrBelow(long wanted, boolean byKey) {
        int low = 0;
        int high = count - 1;
        ByteBuffer searched = bytes; // after the count: it has room for that many
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long found = byKey ? keyIn(searched, middle) : valueIn(searched, middle);
            if (found <= wanted) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    /** A copy of the first {@code kept}. */
    IndexEntries first(int kept) {
        ByteBuffer copy = ByteBuffer.allocate(kept * entryBytes);
        copy.put(0, bytes, 0, kept * entryBytes);
        return new IndexEntries(keyBytes, copy);
    }

    /** The file's bytes of the entries {@code [from, to)}. */
    ByteBuffer bytes(int from, int to) {
        return bytes.slice(from * entryBytes, (to - from) * entryBytes);
    }

    /** Whether keys and values rise strictly, neither is negative, and the values stay below {@code valuesEnd}. */
    boolean arePlausible(long valuesEnd) {
        long previousKey = -1;
        long previousValue = -1;
        int n = count;
        for (int i = 0; i < n; i++) {
            long key = key(i);
            long value = value(i);
            if (key <= previousKey || value <= previousValue || value >= valuesEnd) {
                return false;
            }
            previousKey = key;
            previousValue = value;
        }
        return true;
    }
}
