package io.odradek.spec.simulation;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A file's content (an inode), whatever it is called. Guarded by its store. */
final class FileNode implements Node {
    /** Lengths remembered between the durable and the cached one; the oldest is forgotten first. */
    private static final int MAX_LENGTHS_BETWEEN = 8;

    private final int mount;
    private @Nullable Page[] pages = new @Nullable Page[4];
    private final BitSet dirtyPages = new BitSet();
    private long length;
    private long durableLength;
    private boolean lengthDirty;
    private long[] lengthsBetween = new long[0];
    private long modifiedNs;
    private long durableModifiedNs;

    /** Who appended last: an opening that is no longer it must not append again. */
    @Nullable
    SimulatedFile appender;

    FileNode(int mount, long createdNs) {
        this.mount = mount;
        this.modifiedNs = createdNs;
        this.durableModifiedNs = createdNs;
    }

    long modifiedNs() {
        return modifiedNs;
    }

    void modifiedAt(long ns) {
        modifiedNs = ns;
    }

    @Override
    public int mount() {
        return mount;
    }

    long length() {
        return length;
    }

    boolean dirty() {
        return lengthDirty || !dirtyPages.isEmpty();
    }

    /** Longer than when it was synced last. */
    boolean hasGrown() {
        return lengthDirty && length > durableLength;
    }

    /** Of other lengths since the last sync than the present one. */
    boolean hadOtherLengths() {
        return lengthsBetween.length > 0;
    }

    int read(ByteBuffer target, long position) {
        int total = 0;
        while (target.hasRemaining() && position + total < length) {
            long at = position + total;
            int inPage = (int) (at % Page.BYTES);
            int count = (int) Math.min(Math.min(target.remaining(), Page.BYTES - inPage), length - at);
            Page page = page(at);
            target.put(page == null ? Page.HOLE : page.cached, inPage, count);
            total += count;
        }
        return total;
    }

    /** Writes the next {@code count} bytes of {@code source} at {@code position}. */
    void write(ByteBuffer source, int count, long position) {
        long end = position + count;
        if (end > length) {
            setLength(end);
        }
        for (long at = position; at < end; ) {
            int inPage = (int) (at % Page.BYTES);
            int inThisPage = (int) Math.min(Page.BYTES - inPage, end - at);
            int index = (int) (at / Page.BYTES);
            Page page = pageToWrite(index);
            byte[] version = inThisPage == Page.BYTES ? new byte[Page.BYTES] : page.cached.clone();
            source.get(version, inPage, inThisPage);
            page.write(version);
            dirtyPages.set(index);
            at += inThisPage;
        }
    }

    void truncate(long size) {
        if (size >= length) {
            return;
        }
        for (int index = (int) (size / Page.BYTES); index < pages.length; index++) {
            Page page = pages[index];
            if (page == null || Arrays.equals(page.cached, Page.HOLE)) {
                continue;
            }
            int kept = (int) Math.max(0, size - (long) index * Page.BYTES);
            page.write(kept == 0 ? Page.HOLE : zeroedFrom(page.cached, kept));
            dirtyPages.set(index);
        }
        setLength(size);
    }

    /** Longer by a hole. */
    void extend(long size) {
        setLength(size);
    }

    private void setLength(long size) {
        if (lengthDirty) {
            int from = lengthsBetween.length == MAX_LENGTHS_BETWEEN ? 1 : 0;
            long[] lengths = Arrays.copyOfRange(lengthsBetween, from, lengthsBetween.length + 1);
            lengths[lengths.length - 1] = length;
            lengthsBetween = lengths;
        }
        lengthDirty = true;
        length = size;
    }

    void sync() {
        for (int i = dirtyPages.nextSetBit(0); i >= 0; i = dirtyPages.nextSetBit(i + 1)) {
            dirtyPage(i).sync();
        }
        durableLength = length;
        durableModifiedNs = modifiedNs;
        clean();
    }

    /** A sync that fails as on Linux: some pages made it, the others are clean all the same, and nobody will write them. */
    void syncFails(SplittableRandom random) {
        for (int i = dirtyPages.nextSetBit(0); i >= 0; i = dirtyPages.nextSetBit(i + 1)) {
            Page page = dirtyPage(i);
            if (random.nextBoolean()) {
                page.sync();
            } else {
                page.clean();
            }
        }
        if (random.nextBoolean()) {
            durableLength = length;
        }
        clean();
    }

    private void clean() {
        dirtyPages.clear();
        lengthDirty = false;
        lengthsBetween = new long[0];
    }

    void corrupt(long position, int mask) {
        if (position < 0 || position >= length) {
            throw new IllegalArgumentException("no byte " + position + " in a file of " + length);
        }
        pageToWrite((int) (position / Page.BYTES)).corrupt((int) (position % Page.BYTES), mask);
    }

    /** The file as it lies on the platter after a crash. */
    FileNode afterCrash(Survival survival) {
        Survival.OfFile survives = survival.ofFile(this);
        FileNode survivor = new FileNode(mount, durableModifiedNs);
        long size = lengthDirty ? survives.length(durableLength, lengthsBetween, length) : durableLength;
        survivor.length = size;
        survivor.durableLength = size;
        int pageCount = (int) ((size + Page.BYTES - 1) / Page.BYTES);
        survivor.pages = new @Nullable Page[pageCount];
        for (int i = 0; i < pageCount && i < pages.length; i++) {
            Page page = pages[i];
            if (page == null) {
                continue;
            }
            byte[] content = survives.content(page, i == pageCount - 1, (int) (size - (long) i * Page.BYTES));
            if (i == pageCount - 1 && size % Page.BYTES != 0) {
                content = zeroedFrom(content, (int) (size % Page.BYTES));
            }
            survivor.pages[i] = Page.durable(content);
        }
        return survivor;
    }

    /** The same file in the same page cache, for another process. */
    FileNode copy() {
        FileNode copy = new FileNode(mount, modifiedNs);
        copy.durableModifiedNs = durableModifiedNs;
        copy.pages = new @Nullable Page[pages.length];
        for (int i = 0; i < pages.length; i++) {
            Page page = pages[i];
            copy.pages[i] = page == null ? null : page.copy();
        }
        copy.dirtyPages.or(dirtyPages);
        copy.length = length;
        copy.durableLength = durableLength;
        copy.lengthDirty = lengthDirty;
        copy.lengthsBetween = lengthsBetween;
        return copy;
    }

    private @Nullable Page page(long position) {
        long index = position / Page.BYTES;
        return index < pages.length ? pages[(int) index] : null;
    }

    private Page pageToWrite(int index) {
        if (index >= pages.length) {
            pages = Arrays.copyOf(pages, Math.max(index + 1, pages.length * 2));
        }
        Page page = pages[index];
        if (page == null) {
            page = new Page();
            pages[index] = page;
        }
        return page;
    }

    private Page dirtyPage(int index) {
        Page page = pages[index];
        if (page == null) {
            throw new AssertionError("page " + index + " is dirty and was never written");
        }
        return page;
    }

    private static byte[] zeroedFrom(byte[] content, int from) {
        byte[] copy = new byte[Page.BYTES];
        System.arraycopy(content, 0, copy, 0, from);
        return copy;
    }
}
