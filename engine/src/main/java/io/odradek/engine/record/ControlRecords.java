package io.odradek.engine.record;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Records that the broker writes between its clients' records, in batches with the control bit.
 *
 * <pre>
 *  key    version int16, type int16 (0 abort, 1 commit; others belong to the quorum)
 *  value  version int16, coordinator epoch int32
 * </pre>
 */
public final class ControlRecords {
    private static final short ABORT = 0;
    private static final short COMMIT = 1;
    private static final int KEY_BYTES = 4;
    private static final int VALUE_BYTES = 6;

    /** The end of a producer's transaction (KIP-98). */
    public record EndTransaction(boolean committed, int coordinatorEpoch) {}

    /**
     * The marker the cursor stands on; null when it is a control record of another type.
     *
     * @throws CorruptBatchException a marker that is too short
     */
    public static @Nullable EndTransaction endTransaction(RecordCursor record) throws CorruptBatchException {
        ByteBuffer key = record.key();
        if (key == null || key.remaining() < KEY_BYTES) {
            throw new CorruptBatchException("control record at offset " + record.offset() + " has no type");
        }
        short type = key.getShort(2);
        if (type != ABORT && type != COMMIT) {
            return null;
        }
        ByteBuffer value = record.value();
        if (value == null || value.remaining() < VALUE_BYTES) {
            throw new CorruptBatchException("transaction marker at offset " + record.offset() + " has no epoch");
        }
        return new EndTransaction(type == COMMIT, value.getInt(2));
    }

    public static byte[] endTransactionKey(boolean committed) {
        return ByteBuffer.allocate(KEY_BYTES)
                .putShort((short) 0)
                .putShort(committed ? COMMIT : ABORT)
                .array();
    }

    public static byte[] endTransactionValue(int coordinatorEpoch) {
        return ByteBuffer.allocate(VALUE_BYTES)
                .putShort((short) 0)
                .putInt(coordinatorEpoch)
                .array();
    }

    private ControlRecords() {}
}
