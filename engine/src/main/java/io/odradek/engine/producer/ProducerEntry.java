package io.odradek.engine.producer;

import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import java.util.Arrays;

/**
 * One producer: its epoch and the window of its last batches. The window is a ring of {@link #WINDOW} batches, three longs
 * each, in one array that starts with room for one batch: most producers of a large log are seen once and never again.
 *
 * <pre>
 *  +0              +1           +2
 *  +---------------+------------+------------------------------------+
 *  | last offset   | timestamp  | last sequence << 32 | offset delta |
 *  +---------------+------------+------------------------------------+
 * </pre>
 */
final class ProducerEntry {
    /** A producer may have this many unacknowledged requests ({@code max.in.flight.requests.per.connection}). */
    static final int WINDOW = 5;

    private static final int SLOT_LONGS = 3;

    final long producerId;
    short producerEpoch = BatchLayout.NO_PRODUCER_EPOCH;
    int coordinatorEpoch = -1;
    long currentTxnFirstOffset = -1;
    long lastTimestamp = BatchLayout.NO_TIMESTAMP;

    /** When we last heard of it, by the broker's clock. Not stored. */
    long seenMs;

    private long[] slots = new long[SLOT_LONGS];
    /** Slot of the oldest batch. */
    private int first;

    private int size;

    ProducerEntry(long producerId) {
        this.producerId = producerId;
    }

    void moveToEpoch(short epoch) {
        if (producerEpoch != epoch) {
            producerEpoch = epoch;
            first = 0;
            size = 0;
        }
    }

    void addBatch(int lastSequence, long lastOffset, int offsetDelta, long timestamp) {
        int slot;
        if (size < WINDOW) {
            // Until the window is full nothing has been overwritten, so the oldest batch is in slot 0.
            slot = size++;
            if (size * SLOT_LONGS > slots.length) {
                slots = Arrays.copyOf(slots, WINDOW * SLOT_LONGS);
            }
        } else {
            slot = first;
            first = (first + 1) % WINDOW;
        }
        int at = slot * SLOT_LONGS;
        slots[at] = lastOffset;
        slots[at + 1] = timestamp;
        slots[at + 2] = (long) lastSequence << 32 | (offsetDelta & 0xffff_ffffL);
        lastTimestamp = timestamp;
    }

    /** Index into the array of the batch with exactly these sequences; -1 when it is not in the window. */
    int find(int firstSequence, int lastSequence) {
        for (int i = 0; i < size; i++) {
            int at = i * SLOT_LONGS;
            if (lastSequence(at) == lastSequence
                    && RecordBatch.decrementSequence(lastSequence, offsetDelta(at)) == firstSequence) {
                return at;
            }
        }
        return -1;
    }

    long lastOffset(int at) {
        return slots[at];
    }

    long timestamp(int at) {
        return slots[at + 1];
    }

    int lastSequence(int at) {
        return (int) (slots[at + 2] >> 32);
    }

    int offsetDelta(int at) {
        return (int) slots[at + 2];
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Index of the newest batch; there must be one. */
    private int newest() {
        return (first + size - 1) % WINDOW * SLOT_LONGS;
    }

    int lastSequence() {
        return isEmpty() ? BatchLayout.NO_SEQUENCE : lastSequence(newest());
    }

    long lastOffset() {
        return isEmpty() ? -1 : lastOffset(newest());
    }

    int lastOffsetDelta() {
        return isEmpty() ? 0 : offsetDelta(newest());
    }

    ProducerState state() {
        return new ProducerState(
                producerId, producerEpoch, lastSequence(), lastTimestamp, coordinatorEpoch, currentTxnFirstOffset);
    }
}
