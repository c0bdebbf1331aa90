package io.odradek.engine.segment;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The entries of an index: a key of 4 or 8 bytes and a value of 4, both strictly increasing, big-endian.
 *
 * <p>Memory holds the same bytes as the file, so that one search serves a growing index and a mapped one. A mapped one is one
 * chunk. A growing one has chunks of {@link IndexMemory} that are never moved: each is as large as all before it, until
 * together they hold {@link #LARGEST_CHUNK} entries; from then on each has so many. So a small partition holds little, a large
 * one wastes little, and growing leaves nothing behind.
 *
 * <pre>
 *  chunk     0      1      2       3    ...      7          8           9
 *         +------+------+-------+-------------+------+-----------+-----------+--
 *  entry  0      64    128     256    ...    4096   8192       16384       24576
 * </pre>
 *
 * Appended by one thread; searched by any: an entry is written before the count that admits it.
 */
final class IndexEntries {
    private static final int FIRST_CHUNK_BITS = 6;
    private static final int LARGEST_CHUNK_BITS = 13;
    /** Entries of the first chunk. */
    static final int FIRST_CHUNK = 1 << FIRST_CHUNK_BITS;

    static final int LARGEST_CHUNK = 1 << LARGEST_CHUNK_BITS;
    /** Chunks that together hold {@link #LARGEST_CHUNK} entries: the first, and those that are as large as all before them. */
    private static final int GROWING_CHUNKS = LARGEST_CHUNK_BITS - FIRST_CHUNK_BITS + 1;

    private static final ByteBuffer[] NO_CHUNKS = {};

    private final int keyBytes;
    private final int entryBytes;
    /** Makes a chunk of so many bytes; null when this is a file. */
    private final @Nullable IntFunction<ByteBuffer> memory;

    private volatile ByteBuffer[] chunks;
    private volatile int count;

    private IndexEntries(int keyBytes, @Nullable IntFunction<ByteBuffer> memory, ByteBuffer[] chunks, int count) {
        this.keyBytes = keyBytes;
        this.entryBytes = entryBytes(keyBytes);
        this.memory = memory;
        this.chunks = chunks;
        this.count = count;
    }

    private static int entryBytes(int keyBytes) {
        assert keyBytes == Integer.BYTES || keyBytes == Long.BYTES : keyBytes;
        return keyBytes + Integer.BYTES;
    }

    /** None yet. */
    static IndexEntries empty(int keyBytes) {
        return empty(keyBytes, IndexMemory.SHARED::allocate);
    }

    /** None yet, and another memory: for tests. */
    static IndexEntries empty(int keyBytes, IntFunction<ByteBuffer> memory) {
        return new IndexEntries(keyBytes, memory, NO_CHUNKS, 0);
    }

    /** Over the bytes of a file, which stay the caller's. It does not grow: see {@link #first}. */
    static IndexEntries over(int keyBytes, ByteBuffer file) {
        return new IndexEntries(keyBytes, null, new ByteBuffer[] {file}, file.limit() / entryBytes(keyBytes));
    }

    int count() {
        return count;
    }

    long key(int n) {
        return keyIn(chunks, n);
    }

    int value(int n) {
        return valueIn(chunks, n);
    }

    private long keyIn(ByteBuffer[] in, int n) {
        int chunk = chunkOf(n);
        int at = (n - firstOf(chunk)) * entryBytes;
        return keyBytes == Long.BYTES ? in[chunk].getLong(at) : in[chunk].getInt(at);
    }

    private int valueIn(ByteBuffer[] in, int n) {
        int chunk = chunkOf(n);
        return in[chunk].getInt((n - firstOf(chunk)) * entryBytes + keyBytes);
    }

    private int chunkOf(int n) {
        if (memory == null) {
            return 0;
        }
        return n < LARGEST_CHUNK
                ? Integer.SIZE - Integer.numberOfLeadingZeros(n >>> FIRST_CHUNK_BITS)
                : GROWING_CHUNKS - 1 + (n >>> LARGEST_CHUNK_BITS);
    }

    private static int firstOf(int chunk) {
        if (chunk == 0) {
            return 0;
        }
        return chunk < GROWING_CHUNKS ? FIRST_CHUNK << (chunk - 1) : (chunk - GROWING_CHUNKS + 1) << LARGEST_CHUNK_BITS;
    }

    /** Appending thread. Both are above those of the last entry. */
    void append(long key, long value) {
        int n = count;
        assert n == 0 || (key > key(n - 1) && value > value(n - 1))
                : "index entry " + key + ", " + value + " is not above the last one";
        ByteBuffer room = roomFor(n);
        int at = (n - firstOf(chunkOf(n))) * entryBytes;
        if (keyBytes == Long.BYTES) {
            room.putLong(at, key);
        } else {
            room.putInt(at, (int) key);
        }
        room.putInt(at + keyBytes, (int) value);
        count = n + 1;
    }

    private ByteBuffer roomFor(int n) {
        if (memory == null) {
            throw new IllegalStateException("an index over a file does not grow");
        }
        int chunk = chunkOf(n);
        ByteBuffer[] current = chunks;
        if (chunk < current.length) {
            return current[chunk];
        }
        ByteBuffer[] larger = Arrays.copyOf(current, chunk + 1);
        larger[chunk] = memory.apply((firstOf(chunk + 1) - firstOf(chunk)) * entryBytes);
        chunks = larger; // before the count: who sees the count sees room for it
        return larger[chunk];
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
        ByteBuffer[] searched = chunks; // after the count: it has room for that many
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

    /** A copy of the first {@code kept}, which can grow. Byte by byte: nobody says yet that they are plausible. */
    IndexEntries first(int kept) {
        return first(kept, IndexMemory.SHARED::allocate);
    }

    /** The same in another memory: for tests. */
    IndexEntries first(int kept, IntFunction<ByteBuffer> memory) {
        List<ByteBuffer> copies = new ArrayList<>();
        for (int from = 0; from < kept; from = firstOf(copies.size())) {
            int end = firstOf(copies.size() + 1);
            ByteBuffer copy = memory.apply((end - from) * entryBytes);
            for (ByteBuffer part : parts(from, Math.min(kept, end))) {
                copy.put(part);
            }
            copies.add(copy.clear());
        }
        return new IndexEntries(keyBytes, memory, copies.toArray(NO_CHUNKS), kept);
    }

    /** The file's bytes of the entries {@code [from, to)}, chunk by chunk. */
    ByteBuffer[] parts(int from, int to) {
        if (from == to) {
            return NO_CHUNKS;
        }
        ByteBuffer[] in = chunks;
        int firstChunk = chunkOf(from);
        ByteBuffer[] parts = new ByteBuffer[chunkOf(to - 1) - firstChunk + 1];
        int begin = from;
        for (int i = 0; i < parts.length; i++) {
            int chunk = firstChunk + i;
            int end = i == parts.length - 1 ? to : firstOf(chunk + 1);
            parts[i] = in[chunk].slice((begin - firstOf(chunk)) * entryBytes, (end - begin) * entryBytes);
            begin = end;
        }
        return parts;
    }

    /** A copy of the file's bytes of the entries {@code [from, to)}. */
    ByteBuffer bytes(int from, int to) {
        ByteBuffer copy = ByteBuffer.allocate((to - from) * entryBytes);
        for (ByteBuffer part : parts(from, to)) {
            copy.put(part);
        }
        return copy.flip();
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
