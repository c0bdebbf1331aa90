package io.odradek.engine.record;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a partition's leader sent in one answer: whole batches, each of which passed {@link ReplicaCheck}, at least one. Each has a share in
 * the received memory. Whether they follow a log is for the log to say. Owned by one stage at a time, as a {@link ValidatedBatch} is.
 */
public final class FetchedBatches {
    private final List<ValidatedBatch> batches;
    private final int sizeBytes;

    private FetchedBatches(List<ValidatedBatch> batches, int sizeBytes) {
        this.batches = batches;
        this.sizeBytes = sizeBytes;
    }

    /**
     * Takes the batches out of what was received. A leader may cut an answer off within its last batch: that part is left out.
     *
     * @param records from index 0 to the limit, begins with a batch
     * @param lease each batch takes a share; the caller's stays the caller's
     * @return the batches, none when there is not one whole batch
     * @throws CorruptBatchException one of them may not enter a log: then none is taken, and no share
     */
    public static FetchedBatches check(ByteBuffer records, BufferLease lease) throws CorruptBatchException {
        List<ValidatedBatch> batches = new ArrayList<>();
        int at = 0;
        boolean fine = false;
        try {
            while (RecordBatch.isWhole(records, at, records.limit())) {
                int size = RecordBatch.sizeInBytes(records, at);
                boolean retained = lease.tryRetain();
                assert retained : "the memory of an answer that is being looked at was released";
                try {
                    batches.add(ReplicaCheck.check(records.slice(at, size), lease));
                } catch (CorruptBatchException e) {
                    lease.release();
                    throw e;
                }
                at += size;
            }
            if (at == 0 && records.limit() >= BatchLayout.HEADER_BYTES) {
                requireCutOff(records);
            }
            fine = true;
        } finally {
            if (!fine) {
                batches.forEach(batch -> batch.lease().release());
            }
        }
        return new FetchedBatches(batches, at);
    }

    /** Nothing whole in it: else a leader that sends nonsense would look like one that has nothing to send. */
    private static void requireCutOff(ByteBuffer records) throws CorruptBatchException {
        byte magic = records.get(BatchLayout.MAGIC_AT);
        int length = records.getInt(BatchLayout.LENGTH_AT);
        if (magic != BatchLayout.MAGIC || length < BatchLayout.HEADER_BYTES - BatchLayout.PREFIX_BYTES) {
            throw new CorruptBatchException("expected batches of format 2, found format " + magic + ", length " + length
                    + " in " + records.limit() + " bytes");
        }
    }

    public int count() {
        return batches.size();
    }

    public ValidatedBatch get(int n) {
        return batches.get(n);
    }

    public int sizeBytes() {
        return sizeBytes;
    }

    /** Gives up the shares of the batches from the {@code n}th on. */
    public void releaseFrom(int n) {
        for (int i = n; i < batches.size(); i++) {
            batches.get(i).lease().release();
        }
    }
}
