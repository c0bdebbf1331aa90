package io.odradek.engine.producer;

import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.ValidatedBatch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a log remembers of its idempotent producers, so that a retry is answered and not written again (KIP-98). Confined to the
 * log's append thread; {@link #snapshot()} may be handed to others.
 *
 * <p>Bounded by expiry: a producer silent for {@code producer.id.expiration.ms} is forgotten. It may then continue with any
 * sequence (KIP-360).
 */
public final class ProducerStates {
    private static final SequenceCheck NEXT = new SequenceCheck.Next();

    private final Map<Long, SequenceWindow> windows = new HashMap<>();

    /** What the batch's producer may do here; {@link SequenceCheck.Next} for a batch without producer id. Changes nothing. */
    public SequenceCheck check(ValidatedBatch batch) {
        long producerId = batch.producerId();
        if (producerId == BatchLayout.NO_PRODUCER_ID) {
            return NEXT;
        }
        SequenceWindow window = windows.get(producerId);
        return window == null ? NEXT : window.check(batch);
    }

    /** The batch at index {@code at} has been appended; its offsets are assigned. Batches without producer id are passed over. */
    public void update(ByteBuffer buffer, int at) {
        long producerId = RecordBatch.producerId(buffer, at);
        if (producerId == BatchLayout.NO_PRODUCER_ID || RecordBatch.isControl(buffer, at)) {
            return;
        }
        short epoch = RecordBatch.producerEpoch(buffer, at);
        windows.computeIfAbsent(producerId, id -> new SequenceWindow(epoch))
                .add(
                        epoch,
                        RecordBatch.baseSequence(buffer, at),
                        RecordBatch.lastOffsetDelta(buffer, at),
                        RecordBatch.lastOffset(buffer, at),
                        RecordBatch.maxTimestamp(buffer, at));
    }

    /** Forgets producers that were silent since before {@code nowMs - expirationMs} and have no open transaction. */
    public void expire(long nowMs, long expirationMs) {
        windows.values()
                .removeIf(window -> !window.hasOpenTransaction() && nowMs - window.lastTimestamp() >= expirationMs);
    }

    /** Begins anew from a snapshot; what was remembered before is forgotten. */
    public void restore(List<ProducerState> states) {
        windows.clear();
        for (ProducerState state : states) {
            windows.put(state.producerId(), SequenceWindow.restored(state));
        }
    }

    public int size() {
        return windows.size();
    }

    /** Every producer, in no order. A copy. */
    public List<ProducerState> snapshot() {
        List<ProducerState> states = new ArrayList<>(windows.size());
        windows.forEach((id, window) -> states.add(window.state(id)));
        return states;
    }

    /** One producer; null when it is not known. */
    public @Nullable ProducerState state(long producerId) {
        SequenceWindow window = windows.get(producerId);
        return window == null ? null : window.state(producerId);
    }
}
