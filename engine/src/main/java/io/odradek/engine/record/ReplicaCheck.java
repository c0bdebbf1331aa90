package io.odradek.engine.record;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Decides whether a batch that a partition's leader has sent may enter a follower's log. It was checked record by record when the
 * leader took it, so what is looked at here is what the way from there could have damaged, and what this log would trip over.
 * Unlike a producer's it has its offsets and its leader epoch, may hold control records, and compaction may have left gaps in it.
 * Stateless; touches nothing but its arguments.
 */
public final class ReplicaCheck {

    /**
     * @param batch exactly one, from index 0 to the limit; the batch that is returned wraps it
     * @param lease goes with the batch
     * @throws CorruptBatchException it may not; the lease is still the caller's
     */
    public static ValidatedBatch check(ByteBuffer batch, BufferLease lease) throws CorruptBatchException {
        int limit = batch.limit();
        if (!RecordBatch.isWhole(batch, 0, limit) || RecordBatch.sizeInBytes(batch, 0) != limit) {
            throw new CorruptBatchException("expected one whole batch of format 2 in " + limit + " bytes");
        }
        long baseOffset = RecordBatch.baseOffset(batch, 0);
        int epoch = RecordBatch.leaderEpoch(batch, 0);
        int lastOffsetDelta = RecordBatch.lastOffsetDelta(batch, 0);
        int count = RecordBatch.recordCount(batch, 0);
        if (!RecordBatch.crcMatches(batch, 0)) {
            throw new CorruptBatchException("the batch at offset " + baseOffset + " has another CRC than it says, "
                    + Integer.toHexString(RecordBatch.crc(batch, 0)));
        }
        if (baseOffset < 0
                || epoch < 0
                || lastOffsetDelta < 0
                || baseOffset > Long.MAX_VALUE - lastOffsetDelta - 1
                || count < 0
                || count - 1 > lastOffsetDelta) {
            throw new CorruptBatchException("a batch of " + count + " records at offset " + baseOffset + ", the last "
                    + lastOffsetDelta + " behind it, in epoch " + epoch);
        }
        if (Codec.ofId(RecordBatch.codecId(batch, 0)) == null) {
            throw new CorruptBatchException(
                    "the batch at offset " + baseOffset + " has an unknown codec, " + RecordBatch.codecId(batch, 0));
        }
        if (RecordBatch.hasProducerId(batch, 0) && RecordBatch.isControl(batch, 0)) {
            requireReadableMarker(batch, baseOffset);
        }
        return new ValidatedBatch(
                batch,
                lease,
                count,
                RecordBatch.baseTimestamp(batch, 0),
                RecordBatch.maxRecordTimestamp(batch, 0),
                Math.max(0, count - 1));
    }

    /** A producer's: the log will look what it ends. */
    private static void requireReadableMarker(ByteBuffer batch, long baseOffset) throws CorruptBatchException {
        try (RecordCursor records = RecordCursor.open(batch, 0)) {
            if (records.next()) {
                ControlRecords.endTransaction(records);
            }
        } catch (CorruptBatchException e) {
            throw e;
        } catch (IOException e) {
            throw new CorruptBatchException(
                    "the control batch at offset " + baseOffset + " can't be read: " + e.getMessage());
        }
    }

    private ReplicaCheck() {}
}
