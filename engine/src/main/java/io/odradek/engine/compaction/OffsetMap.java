package io.odradek.engine.compaction;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Where each key was written last, in a fixed amount of memory outside the heap. It keeps 16 bytes of a key's SHA-256 and 8
 * of its offset: open addressing, linear probing.
 *
 * <p>Two keys with the same 16 bytes pass for one, and the older is lost. By chance that takes some 2<sup>64</sup> keys in one
 * log. On purpose it takes some 2<sup>64</sup> hashes; Kafka uses MD5 here, for which anybody can make two such keys in
 * seconds, and a log that others may write to then loses a key they choose. Not for several threads at once.
 */
final class OffsetMap implements AutoCloseable {
    static final int ENTRY_BYTES = 24;

    private static final int HASH_BYTES = 32;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

    private final MessageDigest digest = sha256();
    private final byte[] hash = new byte[HASH_BYTES];
    private final ByteBuffer hashWords = ByteBuffer.wrap(hash);
    private final Arena arena = Arena.ofConfined();

    /** Entries of hash (two words) and offset + 1; an offset word of 0 is a free slot. */
    private final MemorySegment slots;

    private final long slotCount;
    private final long maxSize;
    private long size;
    private long latestOffset = -1;
    private long probes;
    private long searches;

    /**
     * @param memoryBytes at least one entry's worth; used to the last whole entry
     * @param loadFactor share of the slots that may be taken, above 0 and below 1: beyond some 0.9 searches get long
     */
    OffsetMap(long memoryBytes, double loadFactor) {
        if (memoryBytes < 2 * ENTRY_BYTES) {
            throw new IllegalArgumentException(memoryBytes + " bytes hold no two entries of " + ENTRY_BYTES);
        }
        if (!(loadFactor > 0 && loadFactor < 1)) {
            throw new IllegalArgumentException("load factor " + loadFactor + " is not between 0 and 1");
        }
        slotCount = memoryBytes / ENTRY_BYTES;
        maxSize = Math.max(1, (long) (slotCount * loadFactor));
        slots = arena.allocate(slotCount * ENTRY_BYTES, Long.BYTES);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException everyPlatformHasIt) {
            throw new IllegalStateException(everyPlatformHasIt);
        }
    }

    /** Memory that {@code keys} entries need. */
    static long bytesFor(long keys, double loadFactor) {
        return ((long) Math.ceil((keys + 1) / loadFactor) + 1) * ENTRY_BYTES;
    }

    /** Whether {@code more} keys fit for certain. */
    boolean hasRoomFor(long more) {
        return size + more <= maxSize;
    }

    /**
     * The key was written at {@code offset}, later than all before.
     *
     * @param key from position to limit, left untouched
     * @throws IllegalStateException when it is full
     */
    void put(ByteBuffer key, long offset) {
        long at = find(key);
        if (slots.get(WORD, at + 16) == 0) {
            if (size >= maxSize) {
                throw new IllegalStateException("the offset map is full with " + size + " keys");
            }
            slots.set(WORD, at, hashWords.getLong(0));
            slots.set(WORD, at + 8, hashWords.getLong(8));
            size++;
        }
        slots.set(WORD, at + 16, offset + 1);
        latestOffset = offset;
    }

    /** Where the key was written last; -1 when it was not. */
    long latest(ByteBuffer key) {
        return slots.get(WORD, find(key) + 16) - 1;
    }

    /** Everything up to here has been {@linkplain #put put} or {@linkplain #seen seen}; -1 in the beginning. */
    long latestOffset() {
        return latestOffset;
    }

    /** There is nothing to put up to {@code offset}. */
    void seen(long offset) {
        latestOffset = Math.max(latestOffset, offset);
    }

    long size() {
        return size;
    }

    /** Share of what may be taken that is, 0 to 1. */
    double use() {
        return (double) size / maxSize;
    }

    /** Slots looked at per search: 1 when no two keys want the same. */
    double probesPerSearch() {
        return searches == 0 ? 0 : (double) probes / searches;
    }

    /** Byte position of the slot that has the key, or of the free one where it belongs. */
    private long find(ByteBuffer key) {
        hash(key);
        long first = hashWords.getLong(0);
        long second = hashWords.getLong(8);
        long slot = Math.unsignedMultiplyHigh(first, slotCount); // spreads the whole range evenly over the slots
        searches++;
        while (true) {
            probes++;
            long at = slot * ENTRY_BYTES;
            if (slots.get(WORD, at + 16) == 0 || (slots.get(WORD, at) == first && slots.get(WORD, at + 8) == second)) {
                return at;
            }
            slot = slot + 1 == slotCount ? 0 : slot + 1;
        }
    }

    private void hash(ByteBuffer key) {
        digest.update(key.duplicate());
        try {
            digest.digest(hash, 0, HASH_BYTES);
        } catch (DigestException e) {
            throw new IllegalStateException("SHA-256 has " + HASH_BYTES + " bytes", e);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
