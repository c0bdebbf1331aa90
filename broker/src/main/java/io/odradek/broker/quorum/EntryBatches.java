package io.odradek.broker.quorum;

import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.CorruptBatchException;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.replication.quorum.EntryBatch;
import io.odradek.replication.quorum.EntryBatch.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Record batches as the machine sees them: it wants to know of epoch, offsets, and who votes. */
final class EntryBatches {

    /**
     * A batch as it stands in the log, or is to stand there.
     *
     * @param bytes from index 0 to the limit, position 0; nobody moves it
     */
    record Stored(ByteBuffer bytes) implements Payload {}

    /**
     * The batches in what another server has sent; one that is cut off at the end is left out, as in Kafka, but for the first: of that
     * nothing would come for ever.
     *
     * @throws CorruptBatchException something in it is no batch that a leader could have in its log
     */
    static List<EntryBatch> read(ByteBuffer records) throws CorruptBatchException {
        ByteBuffer all = records.slice();
        List<EntryBatch> batches = new ArrayList<>();
        int at = 0;
        while (RecordBatch.isWhole(all, at, all.limit())) {
            int size = RecordBatch.sizeInBytes(all, at);
            batches.add(of(all.slice(at, size)));
            at += size;
        }
        if (at < all.limit() && (at == 0 || !mayBeCutOff(all, at))) {
            throw new CorruptBatchException("no whole batch of format 2 begins at byte " + at + " of " + all.limit());
        }
        return batches;
    }

    /** Whether more bytes could make a batch of it. */
    private static boolean mayBeCutOff(ByteBuffer all, int at) {
        return all.limit() - at < BatchLayout.PREFIX_BYTES
                || all.getInt(at + BatchLayout.LENGTH_AT) > all.limit() - at - BatchLayout.PREFIX_BYTES;
    }

    /**
     * @param batch from index 0 to the limit
     * @throws CorruptBatchException it is not intact, or has a place in no log
     */
    static EntryBatch of(ByteBuffer batch) throws CorruptBatchException {
        if (!RecordBatch.isWhole(batch, 0, batch.limit()) || RecordBatch.sizeInBytes(batch, 0) != batch.limit()) {
            throw new CorruptBatchException("not one whole batch of format 2 in " + batch.limit() + " bytes");
        }
        long baseOffset = RecordBatch.baseOffset(batch, 0);
        int last = RecordBatch.lastOffsetDelta(batch, 0);
        int epoch = RecordBatch.leaderEpoch(batch, 0);
        if (!RecordBatch.crcMatches(batch, 0)) {
            throw new CorruptBatchException(
                    "the batch at offset " + baseOffset + " does not have the CRC that it says");
        }
        if (baseOffset < 0
                || epoch < 0 // 0: from before there was a quorum, by a broker that was alone
                || last < 0
                || last == Integer.MAX_VALUE
                || baseOffset > Long.MAX_VALUE - last - 1
                || RecordBatch.recordCount(batch, 0) != last + 1) {
            throw new CorruptBatchException("a batch of " + RecordBatch.recordCount(batch, 0) + " records at offset "
                    + baseOffset + ", the last " + last + " behind it, in epoch " + epoch);
        }
        requireUncompressed(batch);
        if (!RecordBatch.isControl(batch, 0)) {
            requireValues(batch);
        }
        return new EntryBatch(
                epoch, baseOffset, last + 1, ControlBatches.in(batch, 0).voters(), new Stored(batch));
    }

    /** Nobody writes metadata compressed, Kafka included, and what would come out of it has no bound. */
    static void requireUncompressed(ByteBuffer batch) throws CorruptBatchException {
        if (RecordBatch.isCompressed(batch, 0)) {
            throw new CorruptBatchException("the batch at offset " + RecordBatch.baseOffset(batch, 0)
                    + " is compressed, which metadata is not");
        }
    }

    /** What is committed has to be folded: it is too late then to find out that it cannot be read. */
    static void requireValues(ByteBuffer batch) throws CorruptBatchException {
        try (RecordCursor records = RecordCursor.open(batch, 0)) {
            while (records.next()) {
                if (records.value() == null) {
                    throw new CorruptBatchException("the record at offset " + records.offset() + " has no value");
                }
            }
        } catch (CorruptBatchException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // whatever a codec throws at bytes that are none
            throw new CorruptBatchException("the records from offset " + RecordBatch.baseOffset(batch, 0)
                    + " on cannot be read: " + e.getMessage());
        }
    }

    private EntryBatches() {}
}
