package io.odradek.engine.compaction;

import io.odradek.engine.producer.LastBatch;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.Codec;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.record.Varints;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;

/**
 * Decides what stays of each batch of a log, in order, and writes that: as Kafka cleans, record for record.
 *
 * <ul>
 *   <li>A record stays when it is the last one of its key, or lies above what the map has seen. One without a key goes.
 *   <li>A tombstone that is its key's last stays until its batch's <em>delete horizon</em> has passed: {@code
 *       delete.retention.ms} behind the first pass that met it, kept in the batch's header (KIP-534).
 *   <li>Records of aborted transactions go; a marker goes like a tombstone, once nothing of its transaction is left.
 *   <li>A batch that is left without records goes, too, unless it is the last its producer wrote: without it, a broker that
 *       lost its snapshots would take the producer's next retry for new (KIP-98). Or unless it is the last of its run of segments:
 *       without it, nobody could tell from the segment how far it reaches, and which older ones it replaces.
 * </ul>
 *
 * Offsets, sequences, epochs and codecs never change; a batch that loses nothing is copied to the byte. For one pass over one
 * log, by one thread.
 */
final class BatchCleaner {
    private static final long NO_HORIZON = -1;

    /** What became of a batch. */
    enum Fate {
        COPIED,
        REWRITTEN,
        EMPTIED,
        REMOVED
    }

    private final OffsetMap latest;
    private final TransactionMarks marks;
    private Map<Long, LastBatch> lastBatches = Map.of();
    private final long nowMs;
    private final long deleteRetentionMs;

    /** Bodies of the records that stay, without attributes and timestamp, one behind the other. */
    private final CleanedBytes bodies = new CleanedBytes();

    private long[] timestamps = new long[64];
    private int[] ends = new int[64];
    private int kept;

    private final ByteBuffer field = ByteBuffer.allocate(1 + Varints.MAX_INT_BYTES + Varints.MAX_LONG_BYTES);

    private long recordsRead;
    private long recordsKept;

    BatchCleaner(OffsetMap latest, TransactionMarks marks, long nowMs, long deleteRetentionMs) {
        this.latest = latest;
        this.marks = marks;
        this.nowMs = nowMs;
        this.deleteRetentionMs = deleteRetentionMs;
    }

    /** What each producer wrote last, by producer id: as of a moment at which everything that is cleaned had been written. */
    void lastBatches(Map<Long, LastBatch> now) {
        lastBatches = now;
    }

    /**
     * Adds to {@code out} what stays of the whole batch at {@code at}: nothing, or one batch.
     *
     * @param isLastOfRun it ends what becomes one segment
     * @throws IOException the batch cannot be read as what it claims to be
     */
    Fate clean(ByteBuffer buffer, int at, boolean isLastOfRun, CleanedBytes out) throws IOException {
        boolean isControl = RecordBatch.isControl(buffer, at);
        boolean spent = isControl && marks.isSpent(buffer, at);
        boolean aborted = !isControl && marks.isAborted(buffer, at);
        long horizon = horizonOf(buffer, at);
        boolean discarded = aborted || (spent && horizon != NO_HORIZON && horizon <= nowMs);
        int count = RecordBatch.recordCount(buffer, at);
        recordsRead += count;
        boolean needsHorizon = false;
        kept = 0;
        if (!discarded) {
            boolean hasTombstones = keep(buffer, at, isControl, horizon);
            needsHorizon = horizon == NO_HORIZON && (hasTombstones || (spent && count > 0));
        }
        recordsKept += kept;
        if (kept == 0) {
            if (!isLastOfRun && !isLastOfProducer(buffer, at, isControl)) {
                return Fate.REMOVED;
            }
            writeEmpty(buffer, at, out);
            return Fate.EMPTIED;
        }
        if (kept == count && !needsHorizon) {
            out.write(buffer, at, RecordBatch.sizeInBytes(buffer, at));
            return Fate.COPIED;
        }
        rewrite(buffer, at, needsHorizon ? horizonFromNow() : horizon, out);
        return Fate.REWRITTEN;
    }

    private long horizonFromNow() {
        return deleteRetentionMs > Long.MAX_VALUE - nowMs ? Long.MAX_VALUE : nowMs + deleteRetentionMs;
    }

    private static long horizonOf(ByteBuffer buffer, int at) {
        return (RecordBatch.attributes(buffer, at) & BatchLayout.DELETE_HORIZON_BIT) == 0
                ? NO_HORIZON
                : RecordBatch.baseTimestamp(buffer, at);
    }

    /** Gathers the records that stay; returns whether there are tombstones among them. */
    private boolean keep(ByteBuffer buffer, int at, boolean isControl, long horizon) throws IOException {
        boolean tombstones = false;
        bodies.clear();
        try (RecordCursor records = RecordCursor.open(buffer, at)) {
            while (records.next()) {
                ByteBuffer key = records.key();
                boolean isTombstone = !isControl && records.value() == null;
                boolean stays;
                if (isControl || records.offset() > latest.latestOffset()) {
                    stays = true;
                } else if (key == null) {
                    stays = false;
                } else {
                    stays = records.offset() >= latest.latest(key)
                            && (!isTombstone || horizon == NO_HORIZON || nowMs < horizon);
                }
                if (stays) {
                    tombstones |= isTombstone;
                    keep(records);
                }
            }
        }
        return tombstones;
    }

    private void keep(RecordCursor record) {
        if (kept == timestamps.length) {
            timestamps = Arrays.copyOf(timestamps, 2 * kept);
            ends = Arrays.copyOf(ends, 2 * kept);
        }
        ByteBuffer body = record.bodyFromOffsetDelta();
        bodies.write(body, 0, body.limit());
        timestamps[kept] = record.timestamp();
        ends[kept] = bodies.size();
        kept++;
    }

    private boolean isLastOfProducer(ByteBuffer buffer, int at, boolean isControl) {
        LastBatch last =
                RecordBatch.hasProducerId(buffer, at) ? lastBatches.get(RecordBatch.producerId(buffer, at)) : null;
        if (last == null) {
            return false;
        }
        return last.lastOffset() >= 0
                ? last.lastOffset() == RecordBatch.lastOffset(buffer, at)
                : isControl && last.producerEpoch() == RecordBatch.producerEpoch(buffer, at);
    }

    /** The header alone: its largest timestamp stays true of the batch that was. */
    private static void writeEmpty(ByteBuffer buffer, int at, CleanedBytes out) {
        int start = out.size();
        out.write(buffer, at, BatchLayout.HEADER_BYTES);
        ByteBuffer written = out.view();
        written.putInt(start + BatchLayout.LENGTH_AT, BatchLayout.HEADER_BYTES - BatchLayout.PREFIX_BYTES);
        int kinds = BatchLayout.LOG_APPEND_TIME_BIT | BatchLayout.TRANSACTIONAL_BIT | BatchLayout.CONTROL_BIT;
        written.putShort(start + BatchLayout.ATTRIBUTES_AT, (short) (RecordBatch.attributes(buffer, at) & kinds));
        written.putLong(start + BatchLayout.BASE_TIMESTAMP_AT, BatchLayout.NO_TIMESTAMP);
        written.putInt(start + BatchLayout.RECORD_COUNT_AT, 0);
        RecordBatch.sealCrc(written, start);
    }

    private void rewrite(ByteBuffer buffer, int at, long horizon, CleanedBytes out) throws IOException {
        int start = out.size();
        out.write(buffer, at, BatchLayout.HEADER_BYTES);
        long base = horizon == NO_HORIZON ? timestamps[0] : horizon;
        Codec codec = Codec.ofId(RecordBatch.codecId(buffer, at));
        if (codec == null) {
            throw new IllegalStateException("the cursor read a codec that is unknown");
        }
        if (codec == Codec.NONE) {
            writeRecords(base, out);
        } else {
            try (OutputStream packed = codec.compress(out, codec.defaultLevel())) {
                writeRecords(base, packed);
            }
        }
        long max = BatchLayout.NO_TIMESTAMP;
        for (int i = 0; i < kept; i++) {
            max = Math.max(max, timestamps[i]);
        }
        ByteBuffer written = out.view();
        written.putInt(start + BatchLayout.LENGTH_AT, out.size() - start - BatchLayout.PREFIX_BYTES);
        int attributes = RecordBatch.attributes(buffer, at) & ~BatchLayout.DELETE_HORIZON_BIT;
        written.putShort(start + BatchLayout.ATTRIBUTES_AT, (short)
                (horizon == NO_HORIZON ? attributes : attributes | BatchLayout.DELETE_HORIZON_BIT));
        written.putLong(start + BatchLayout.BASE_TIMESTAMP_AT, base);
        written.putLong(start + BatchLayout.MAX_TIMESTAMP_AT, max);
        written.putInt(start + BatchLayout.RECORD_COUNT_AT, kept);
        RecordBatch.sealCrc(written, start);
    }

    private void writeRecords(long base, OutputStream out) throws IOException {
        byte[] all = bodies.view().array();
        int from = 0;
        for (int i = 0; i < kept; i++) {
            long delta = timestamps[i] - base;
            int rest = ends[i] - from;
            int end = Varints.writeInt(field, 0, 1 + Varints.sizeOf(delta) + rest);
            field.put(end++, (byte) 0); // record attributes: none are defined
            end = Varints.writeLong(field, end, delta);
            out.write(field.array(), 0, end);
            out.write(all, from, rest);
            from = ends[i];
        }
    }

    long recordsRead() {
        return recordsRead;
    }

    long recordsKept() {
        return recordsKept;
    }
}
