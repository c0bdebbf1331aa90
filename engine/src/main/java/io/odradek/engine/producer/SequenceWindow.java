package io.odradek.engine.producer;

import io.odradek.engine.record.ValidatedBatch;

/**
 * The last five batches of one producer: as many as a client may have in flight, so that each of them can be recognised when it
 * is sent again (KIP-98). Confined to its log's append thread.
 */
final class SequenceWindow {
    static final int BATCHES = 5;
    static final int NO_SEQUENCE = -1;

    private short epoch;
    private int coordinatorEpoch = -1;
    private long currentTransactionFirstOffset = -1;
    private long lastTimestamp;

    /** Oldest first; the first {@link #size} are in use. */
    private final int[] lastSequence = new int[BATCHES];

    private final int[] offsetDelta = new int[BATCHES];
    private final long[] lastOffset = new long[BATCHES];
    private final long[] timestamp = new long[BATCHES];
    private int size;

    SequenceWindow(short epoch) {
        this.epoch = epoch;
    }

    static SequenceWindow restored(ProducerState state) {
        SequenceWindow window = new SequenceWindow(state.producerEpoch());
        window.coordinatorEpoch = state.coordinatorEpoch();
        window.currentTransactionFirstOffset = state.currentTransactionFirstOffset();
        window.lastTimestamp = state.lastTimestamp();
        if (state.lastSequence() != NO_SEQUENCE) {
            window.push(state.lastSequence(), state.lastOffset(), state.offsetDelta(), state.lastTimestamp());
        }
        return window;
    }

    SequenceCheck check(ValidatedBatch batch) {
        short received = batch.producerEpoch();
        int baseSequence = batch.baseSequence();
        if (received < epoch) {
            return new SequenceCheck.Fenced(epoch, received);
        }
        if (received > epoch) {
            return baseSequence == 0 ? NEXT : new SequenceCheck.OutOfOrder(0, baseSequence);
        }
        int batchLast = advance(baseSequence, batch.lastOffsetDelta());
        for (int i = 0; i < size; i++) {
            if (lastSequence[i] == batchLast && offsetDelta[i] == batch.lastOffsetDelta()) {
                return new SequenceCheck.Duplicate(lastOffset[i] - offsetDelta[i], lastOffset[i], timestamp[i]);
            }
        }
        if (size == 0) {
            return baseSequence == 0 ? NEXT : new SequenceCheck.OutOfOrder(0, baseSequence);
        }
        int expected = advance(lastSequence[size - 1], 1);
        return baseSequence == expected ? NEXT : new SequenceCheck.OutOfOrder(expected, baseSequence);
    }

    private static final SequenceCheck NEXT = new SequenceCheck.Next();

    /** Sequences count from 0 to 2^31 - 1 and begin again. */
    static int advance(int sequence, int by) {
        return sequence > Integer.MAX_VALUE - by ? by - (Integer.MAX_VALUE - sequence) - 1 : sequence + by;
    }

    void add(short batchEpoch, int baseSequence, int delta, long batchLastOffset, long batchTimestamp) {
        if (batchEpoch != epoch) {
            epoch = batchEpoch;
            size = 0;
        }
        push(advance(baseSequence, delta), batchLastOffset, delta, batchTimestamp);
    }

    private void push(int sequence, long offset, int delta, long batchTimestamp) {
        if (size == BATCHES) {
            for (int i = 1; i < BATCHES; i++) {
                lastSequence[i - 1] = lastSequence[i];
                offsetDelta[i - 1] = offsetDelta[i];
                lastOffset[i - 1] = lastOffset[i];
                timestamp[i - 1] = timestamp[i];
            }
            size--;
        }
        lastSequence[size] = sequence;
        offsetDelta[size] = delta;
        lastOffset[size] = offset;
        timestamp[size] = batchTimestamp;
        size++;
        lastTimestamp = batchTimestamp;
    }

    /** Last offset of the newest batch, inclusive; -1 when there is none. */
    long lastOffset() {
        return size == 0 ? -1 : lastOffset[size - 1];
    }

    long lastTimestamp() {
        return lastTimestamp;
    }

    boolean hasOpenTransaction() {
        return currentTransactionFirstOffset >= 0;
    }

    ProducerState state(long producerId) {
        int last = size - 1;
        return new ProducerState(
                producerId,
                epoch,
                size == 0 ? NO_SEQUENCE : lastSequence[last],
                size == 0 ? -1 : lastOffset[last],
                size == 0 ? 0 : offsetDelta[last],
                lastTimestamp,
                coordinatorEpoch,
                currentTransactionFirstOffset);
    }
}
