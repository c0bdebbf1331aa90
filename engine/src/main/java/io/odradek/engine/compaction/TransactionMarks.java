package io.odradek.engine.compaction;

import io.odradek.engine.record.ControlRecords;
import io.odradek.engine.record.ControlRecords.EndTransaction;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.segment.TransactionIndex.Aborted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Follows transactions along a walk over a log, from its beginning: which batches were aborted, and which markers nobody
 * needs any more because nothing of their transaction is left before them (KIP-98, as Kafka cleans). For one walk.
 */
final class TransactionMarks {
    private final PriorityQueue<Aborted> ahead = new PriorityQueue<>(Comparator.comparingLong(Aborted::firstOffset));
    /** By producer: the aborted transaction the walk is in, and whether a batch of it was met. */
    private final Map<Long, Open> aborted = new HashMap<>();

    /** Producers with batches of a transaction that was met and not aborted. */
    private final Set<Long> committed = new HashSet<>();

    private final List<Aborted> kept = new ArrayList<>();

    private static final class Open {
        final Aborted transaction;
        boolean hasBatches;

        Open(Aborted transaction) {
            this.transaction = transaction;
        }
    }

    /** Aborted transactions of segments that the walk is about to enter. */
    void expect(List<Aborted> transactions) {
        ahead.addAll(transactions);
    }

    /** Whether the data batch at {@code at} belongs to a transaction that was aborted. */
    boolean isAborted(ByteBuffer buffer, int at) {
        enterUpTo(RecordBatch.lastOffset(buffer, at));
        if (!RecordBatch.isTransactional(buffer, at)) {
            return false;
        }
        long producer = RecordBatch.producerId(buffer, at);
        Open open = aborted.get(producer);
        if (open != null) {
            open.hasBatches = true;
            return true;
        }
        committed.add(producer);
        return false;
    }

    /** Whether the control batch at {@code at} is a marker of which no data batch is left. */
    boolean isSpent(ByteBuffer buffer, int at) throws IOException {
        enterUpTo(RecordBatch.lastOffset(buffer, at));
        if (RecordBatch.recordCount(buffer, at) == 0) {
            return true; // it was emptied before
        }
        EndTransaction marker;
        try (RecordCursor records = RecordCursor.open(buffer, at)) {
            marker = records.next() ? ControlRecords.endTransaction(records) : null;
        }
        if (marker == null) {
            return false; // of another kind: not ours to judge
        }
        long producer = RecordBatch.producerId(buffer, at);
        if (marker.committed()) {
            return !committed.remove(producer);
        }
        Open open = aborted.remove(producer);
        if (open != null && open.hasBatches) {
            kept.add(open.transaction);
            return false;
        }
        return true;
    }

    /** Aborted transactions that stay in the index since the last call: something of them was met. */
    List<Aborted> takeKept() {
        List<Aborted> taken = List.copyOf(kept);
        kept.clear();
        return taken;
    }

    private void enterUpTo(long offset) {
        Aborted next = ahead.peek();
        while (next != null && next.firstOffset() <= offset) {
            ahead.remove();
            aborted.putIfAbsent(next.producerId(), new Open(next));
            next = ahead.peek();
        }
    }
}
