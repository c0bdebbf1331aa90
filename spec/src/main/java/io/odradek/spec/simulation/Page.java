package io.odradek.spec.simulation;

import java.util.Arrays;

/**
 * One page of a file's content: as it is cached, as it is on the platter, and as it was in between.
 *
 * <p>The kernel may write a dirty page back whenever it likes, so after a crash each sector holds what it held at some moment
 * since the last sync. Arrays are never changed once they are a version: versions and whole stores share them.
 */
final class Page {
    static final int BYTES = 4096;
    static final int SECTOR_BYTES = 512;

    /** A page never written. */
    static final byte[] HOLE = new byte[BYTES];

    /**
     * Versions kept between the durable and the cached one. Past it every second one is forgotten: the crash then cannot
     * land on those, but still before and after them.
     */
    private static final int MAX_BETWEEN = 8;

    /** What reads see. */
    byte[] cached = HOLE;

    /** What a crash leaves when nothing else survives. */
    byte[] durable = HOLE;

    /** Versions since the last sync, oldest first, without the cached one. */
    byte[][] between = new byte[0][];

    /** Whether a sync would write it. After a failed sync it is clean although {@code cached} never reached the platter. */
    boolean dirty;

    Page copy() {
        Page copy = new Page();
        copy.cached = cached;
        copy.durable = durable;
        copy.between = between;
        copy.dirty = dirty;
        return copy;
    }

    /** A page that holds {@code content} durably. */
    static Page durable(byte[] content) {
        Page page = new Page();
        page.cached = content;
        page.durable = content;
        return page;
    }

    /** Replaces the content by {@code version}, which nobody changes from now on. */
    void write(byte[] version) {
        if (dirty) {
            byte[][] kept = between;
            if (kept.length == MAX_BETWEEN) {
                kept = new byte[MAX_BETWEEN / 2][];
                for (int i = 0; i < kept.length; i++) {
                    kept[i] = between[2 * i + 1];
                }
            }
            between = Arrays.copyOf(kept, kept.length + 1);
            between[kept.length] = cached;
        }
        dirty = true;
        cached = version;
    }

    void sync() {
        durable = cached;
        clean();
    }

    /** What Linux does to a page whose write-back failed. */
    void clean() {
        dirty = false;
        between = new byte[0][];
    }

    /** Flips bits in every version, as a decaying medium does. */
    void corrupt(int at, int mask) {
        cached = flipped(cached, at, mask);
        durable = flipped(durable, at, mask);
        byte[][] versions = between.clone();
        for (int i = 0; i < versions.length; i++) {
            versions[i] = flipped(versions[i], at, mask);
        }
        between = versions;
    }

    private static byte[] flipped(byte[] version, int at, int mask) {
        byte[] copy = version.clone();
        copy[at] ^= (byte) mask;
        return copy;
    }

    /** The versions a crash chooses from, oldest (the durable one) first. */
    int versions() {
        return dirty ? between.length + 2 : 1;
    }

    byte[] version(int index) {
        return index == 0 ? durable : index <= between.length ? between[index - 1] : cached;
    }
}
