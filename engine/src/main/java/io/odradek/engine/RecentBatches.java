package io.odradek.engine;

import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.ValidatedBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The last batches of one log, in the memory they were received in, so that a reader at the tail needs no file. Kept only
 * while somebody reads there: memory that is not held goes back to its pool while the processor's caches still know it.
 *
 * <p>A ring that the append thread fills; views carry the part of it they may look at. A slot may be overwritten under a
 * reader: he then finds a batch that does not continue what he has, and stops.
 */
final class RecentBatches {
    private static final int FIRST_SLOTS = 16;
    /** At the bound the oldest slot is overwritten. */
    private static final int MAX_SLOTS = 1024;
    /** Appended without a reader at the tail: after that nothing is kept until one comes. */
    private static final long UNREAD_BYTES = 4 << 20;
    /** More batches than this are cheaper to send as one run of the file. */
    private static final int MAX_SLICES = 64;

    /** The part of the ring a view may look at: sequence numbers, {@code next} exclusive. */
    static final class Window {
        static final Window EMPTY = new Window(new @Nullable RecentBatch[0], 0, 0);

        private final @Nullable RecentBatch[] ring;
        private final long first;
        private final long next;

        Window(@Nullable RecentBatch[] ring, long first, long next) {
            this.ring = ring;
            this.first = first;
            this.next = next;
        }

        private @Nullable RecentBatch at(long sequence) {
            return ring[(int) sequence & (ring.length - 1)];
        }
    }

    private final RecentMemory memory;
    /** Written by the append thread. */
    private volatile Window window = Window.EMPTY;

    private long unreadBytes = UNREAD_BYTES;
    /** Raised by readers at the tail, lowered by the append thread. */
    private volatile boolean readAtTail;

    RecentBatches(RecentMemory memory) {
        this.memory = memory;
    }

    /** Somebody read at, or waits at, the log's end. Any thread. */
    void noteTailRead() {
        if (!readAtTail) {
            readAtTail = true;
        }
    }

    /** What a view that is made now may look at: bounds of its own keep it from seeing more than it should. Any thread. */
    Window window() {
        return window;
    }

    /** Keeps the batch or releases its lease. Append thread, after the batch was written. */
    void written(ValidatedBatch batch) {
        if (readAtTail) {
            readAtTail = false;
            unreadBytes = 0;
        } else {
            unreadBytes += batch.sizeBytes();
        }
        BufferLease lease = batch.lease();
        if (unreadBytes > UNREAD_BYTES) {
            lease.release();
            clear();
            return;
        }
        RecentBatch kept = new RecentBatch(batch.baseOffset(), batch.lastOffset(), batch.bytes(), lease);
        memory.hold(kept);
        append(kept);
    }

    private void append(RecentBatch batch) {
        Window seen = window;
        @Nullable RecentBatch[] ring = seen.ring;
        long first = seen.first;
        while (first < seen.next && isGone(seen.at(first))) {
            first++;
        }
        if (seen.next - first == ring.length) {
            if (ring.length < MAX_SLOTS) {
                @Nullable RecentBatch[] larger = new @Nullable RecentBatch[Math.max(FIRST_SLOTS, 2 * ring.length)];
                for (long sequence = first; sequence < seen.next; sequence++) {
                    larger[(int) sequence & (larger.length - 1)] = seen.at(sequence);
                }
                ring = larger;
            } else {
                drop(seen.at(first++));
            }
        }
        ring[(int) seen.next & (ring.length - 1)] = batch;
        window = new Window(ring, first, seen.next + 1);
    }

    private static boolean isGone(@Nullable RecentBatch batch) {
        return batch == null || batch.isGone();
    }

    private void drop(@Nullable RecentBatch batch) {
        if (batch != null) {
            memory.drop(batch);
        }
    }

    /** Lets go of everything. Append thread. */
    void clear() {
        Window seen = window;
        if (seen.ring.length == 0) {
            return;
        }
        for (long sequence = seen.first; sequence < seen.next; sequence++) {
            drop(seen.at(sequence));
        }
        Arrays.fill(seen.ring, null);
        window = Window.EMPTY;
    }

    /**
     * Reads from memory what {@link LogReader#read} wants; null when it has to come from the file.
     *
     * @param upTo exclusive
     */
    static @Nullable FetchedSlices read(
            Window window, long fromOffset, long upTo, int maxBytes, boolean atLeastOneBatch) {
        long sequence = find(window, fromOffset);
        if (sequence < 0) {
            return null;
        }
        List<RecentBatch> retained = new ArrayList<>();
        int bytes = 0;
        long nextOffset = -1;
        boolean whole = true;
        for (; sequence < window.next; sequence++) {
            RecentBatch batch = window.at(sequence);
            boolean continues = batch != null
                    && (nextOffset < 0
                            ? batch.baseOffset <= fromOffset && fromOffset <= batch.lastOffset
                            : batch.baseOffset == nextOffset);
            if (batch == null || !continues || batch.lastOffset >= upTo) {
                break;
            }
            boolean fits = (long) bytes + batch.sizeBytes() <= maxBytes;
            if (!fits && !(atLeastOneBatch && retained.isEmpty())) {
                break;
            }
            if (retained.size() == MAX_SLICES) {
                whole = false;
                break;
            }
            if (!batch.tryRetain()) {
                break;
            }
            retained.add(batch);
            bytes += batch.sizeBytes();
            nextOffset = batch.lastOffset + 1;
        }
        if (retained.isEmpty() || !whole) {
            retained.forEach(RecentBatch::release);
            return null;
        }
        List<FetchedSlices.Slice> slices = new ArrayList<>(retained.size());
        for (RecentBatch batch : retained) {
            slices.add(new MemorySlice(batch.bytes()));
        }
        return new Slices(slices, bytes, () -> retained.forEach(RecentBatch::release));
    }

    /** The last batch in the window that begins at or below {@code offset}; -1 when there is none. */
    private static long find(Window window, long offset) {
        long low = window.first;
        long high = window.next - 1;
        while (low <= high) {
            long middle = (low + high) >>> 1;
            RecentBatch batch = window.at(middle);
            if (batch == null || batch.baseOffset <= offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high < window.first ? -1 : high;
    }
}
