package io.odradek.engine.producer;

import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.ControlRecords;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one log remembers of the producers that wrote to it, so that a retry is not written twice and a fenced producer
 * writes nothing (KIP-98). Confined to the log's append thread, recovery before that; no file is touched here.
 *
 * <p>A log restores it like this: {@link #clear}, {@link #load} the newest snapshot at or below its end, then {@link #replay}
 * every batch from the snapshot's offset on. Truncation does the same.
 *
 * <p>About 200 bytes a producer, 160 more once it has written a second batch. The number of producers has no bound but
 * time: {@link #expire}.
 */
public final class ProducerStates {
    private static final SequenceCheck NEXT = new SequenceCheck.Next();

    private final Map<Long, ProducerEntry> producers = new HashMap<>();

    /** Was asked for last: a batch asks twice, and batches of one producer often follow each other. Spares a boxed id. */
    private @Nullable ProducerEntry lately;

    /**
     * Whether the batch may be appended. Changes nothing.
     *
     * <ul>
     *   <li>An unknown producer may begin with any sequence: its earlier records may have been deleted (KIP-360).
     *   <li>A new epoch begins with sequence 0.
     *   <li>A retry of one of the last five batches is a duplicate when first and last sequence agree; a batch that overlaps
     *       them in part is out of order.
     * </ul>
     */
    public SequenceCheck check(ValidatedBatch batch) {
        if (batch.producerId() <= BatchLayout.NO_PRODUCER_ID) {
            return NEXT;
        }
        ProducerEntry entry = find(batch.producerId());
        if (entry == null) {
            return NEXT;
        }
        short epoch = batch.producerEpoch();
        int sequence = batch.baseSequence();
        if (epoch < entry.producerEpoch) {
            return new SequenceCheck.Fenced(entry.producerEpoch, epoch);
        }
        if (epoch > entry.producerEpoch) {
            return sequence == 0 || entry.producerEpoch == BatchLayout.NO_PRODUCER_EPOCH
                    ? NEXT
                    : new SequenceCheck.OutOfOrder(0, sequence);
        }
        int known = entry.find(sequence, RecordBatch.incrementSequence(sequence, batch.lastOffsetDelta()));
        if (known >= 0) {
            long lastOffset = entry.lastOffset(known);
            return new SequenceCheck.Duplicate(
                    lastOffset - entry.offsetDelta(known), lastOffset, entry.timestamp(known));
        }
        // With no batch in this epoch the last sequence is -1, and 0 is expected.
        int expected = RecordBatch.incrementSequence(entry.lastSequence(), 1);
        return sequence == expected ? NEXT : new SequenceCheck.OutOfOrder(expected, sequence);
    }

    /**
     * The batch, for which {@link #check} said {@link SequenceCheck.Next}, is in the log.
     *
     * @param baseOffset what the log assigned
     * @param nowMs the broker's clock
     */
    public void update(ValidatedBatch batch, long baseOffset, long nowMs) {
        if (batch.producerId() > BatchLayout.NO_PRODUCER_ID) {
            note(batch.bytes(), 0, baseOffset, nowMs);
        }
    }

    /**
     * A batch that already is in the log begins at {@code at} of the buffer, whole and intact; it is not judged again.
     * Control batches end their producer's transaction.
     *
     * @throws IOException a control batch whose record cannot be read
     */
    public void replay(ByteBuffer buffer, int at, long nowMs) throws IOException {
        if (!RecordBatch.hasProducerId(buffer, at)) {
            return;
        }
        if (RecordBatch.isControl(buffer, at)) {
            replayMarker(buffer, at, nowMs);
        } else {
            note(buffer, at, RecordBatch.baseOffset(buffer, at), nowMs);
        }
    }

    private void note(ByteBuffer buffer, int at, long baseOffset, long nowMs) {
        ProducerEntry entry = entry(RecordBatch.producerId(buffer, at));
        int delta = RecordBatch.lastOffsetDelta(buffer, at);
        entry.moveToEpoch(RecordBatch.producerEpoch(buffer, at));
        entry.addBatch(
                RecordBatch.lastSequence(buffer, at), baseOffset + delta, delta, RecordBatch.maxTimestamp(buffer, at));
        entry.seenMs = nowMs;
        if (RecordBatch.isTransactional(buffer, at) && entry.currentTxnFirstOffset < 0) {
            entry.currentTxnFirstOffset = baseOffset;
        }
    }

    private void replayMarker(ByteBuffer buffer, int at, long nowMs) throws IOException {
        try (RecordCursor records = RecordCursor.open(buffer, at)) {
            if (!records.next()) {
                return; // compaction removed the marker with its transaction
            }
            ControlRecords.@Nullable EndTransaction marker = ControlRecords.endTransaction(records);
            if (marker == null) {
                return; // another kind of control record: no producer's business
            }
            ProducerEntry entry = entry(RecordBatch.producerId(buffer, at));
            entry.moveToEpoch(RecordBatch.producerEpoch(buffer, at));
            entry.coordinatorEpoch = marker.coordinatorEpoch();
            entry.currentTxnFirstOffset = -1;
            entry.lastTimestamp = records.timestamp();
            entry.seenMs = nowMs;
        }
    }

    private @Nullable ProducerEntry find(long producerId) {
        ProducerEntry same = lately;
        if (same != null && same.producerId == producerId) {
            return same;
        }
        ProducerEntry found = producers.get(producerId);
        lately = found;
        return found;
    }

    private ProducerEntry entry(long producerId) {
        ProducerEntry known = find(producerId);
        if (known != null) {
            return known;
        }
        ProducerEntry added = new ProducerEntry(producerId);
        producers.put(producerId, added);
        lately = added;
        return added;
    }

    /**
     * Forgets producers that have not written for {@code expirationMs} ({@code producer.id.expiration.ms}) and have no
     * transaction open. Returns how many.
     *
     * <p>Measured by the broker's clock from the last append, or from loading: Kafka measures from the records' timestamps,
     * and so forgets a producer that backfills old data at once. A restart therefore lengthens a producer's life here.
     */
    public int expire(long nowMs, long expirationMs) {
        int before = producers.size();
        lately = null;
        producers.values().removeIf(entry -> entry.currentTxnFirstOffset < 0 && nowMs - entry.seenMs >= expirationMs);
        return before - producers.size();
    }

    public void clear() {
        lately = null;
        producers.clear();
    }

    /**
     * Takes over a snapshot's producers; those already known are replaced.
     *
     * @param snapshot the whole file, from position to limit, left untouched
     * @throws CorruptSnapshotException nothing was changed
     */
    public void load(ByteBuffer snapshot, long nowMs) throws CorruptSnapshotException {
        List<ProducerEntry> entries = SnapshotFormat.decode(snapshot, nowMs);
        lately = null;
        for (ProducerEntry entry : entries) {
            producers.put(entry.producerId, entry);
        }
    }

    /** The content of the file {@code <log end offset>.snapshot}, from position to limit. */
    public ByteBuffer snapshot() {
        return SnapshotFormat.encode(producers.values());
    }

    public int size() {
        return producers.size();
    }

    /** What each producer wrote last, by producer id; an immutable copy, for any thread. */
    public Map<Long, LastBatch> lastBatches() {
        Map<Long, LastBatch> last = HashMap.newHashMap(producers.size());
        producers.forEach((id, entry) -> last.put(id, new LastBatch(entry.producerEpoch, entry.lastOffset())));
        return Collections.unmodifiableMap(last);
    }

    /** An immutable copy for DescribeProducers, in order of producer id; may be handed to any thread. */
    public List<ProducerState> describe() {
        return producers.values().stream()
                .map(ProducerEntry::state)
                .sorted((a, b) -> Long.compare(a.producerId(), b.producerId()))
                .toList();
    }
}
