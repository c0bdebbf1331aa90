package io.odradek.engine.producer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Kafka's {@code <offset>.snapshot}, version 1: the producers as they were when the log ended at that offset.
 *
 * <pre>
 *  0         2        6        10
 *  +---------+--------+--------+---------------------------------------------------------------------
 *  | version | crc32c | count  | { id 8 | epoch 2 | last sequence 4 | last offset 8 | offset delta 4 |
 *  |  = 1    |        |        |   timestamp 8 | coordinator epoch 4 | current txn first offset 8 } ...
 *  +---------+--------+--------+---------------------------------------------------------------------
 * </pre>
 *
 * The CRC covers everything behind itself.
 */
public final class ProducerSnapshot {
    private static final short VERSION = 1;
    private static final int CRC_AT = 2;
    private static final int COUNT_AT = 6;
    private static final int ENTRIES_AT = 10;
    private static final int ENTRY_BYTES = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8;

    private ProducerSnapshot() {}

    /** A snapshot that is not one. */
    public static final class CorruptSnapshotException extends Exception {
        private static final long serialVersionUID = 1L;

        CorruptSnapshotException(String message) {
            super(message);
        }
    }

    /** The file's bytes, from 0 to limit. */
    public static ByteBuffer encode(List<ProducerState> states) {
        ByteBuffer file = ByteBuffer.allocate(ENTRIES_AT + states.size() * ENTRY_BYTES);
        file.putShort(VERSION).putInt(0).putInt(states.size());
        for (ProducerState state : states) {
            file.putLong(state.producerId())
                    .putShort(state.producerEpoch())
                    .putInt(state.lastSequence())
                    .putLong(state.lastOffset())
                    .putInt(state.offsetDelta())
                    .putLong(state.lastTimestamp())
                    .putInt(state.coordinatorEpoch())
                    .putLong(state.currentTransactionFirstOffset());
        }
        file.flip();
        file.putInt(CRC_AT, crc(file));
        return file;
    }

    /** @param file index 0 to limit */
    public static List<ProducerState> decode(ByteBuffer file) throws CorruptSnapshotException {
        if (file.limit() < ENTRIES_AT) {
            throw new CorruptSnapshotException(file.limit() + " bytes are no producer snapshot");
        }
        if (file.getShort(0) != VERSION) {
            throw new CorruptSnapshotException("version " + file.getShort(0) + " of a producer snapshot is not known");
        }
        if (file.getInt(CRC_AT) != crc(file)) {
            throw new CorruptSnapshotException("the CRC of the producer snapshot does not match its bytes");
        }
        int count = file.getInt(COUNT_AT);
        if (count < 0 || file.limit() != ENTRIES_AT + (long) count * ENTRY_BYTES) {
            throw new CorruptSnapshotException(
                    "a producer snapshot of " + count + " producers does not take " + file.limit() + " bytes");
        }
        List<ProducerState> states = new ArrayList<>(count);
        ByteBuffer entries = file.duplicate().position(ENTRIES_AT);
        for (int i = 0; i < count; i++) {
            states.add(new ProducerState(
                    entries.getLong(),
                    entries.getShort(),
                    entries.getInt(),
                    entries.getLong(),
                    entries.getInt(),
                    entries.getLong(),
                    entries.getInt(),
                    entries.getLong()));
        }
        return states;
    }

    private static int crc(ByteBuffer file) {
        CRC32C crc = new CRC32C();
        crc.update(file.slice(COUNT_AT, file.limit() - COUNT_AT));
        return (int) crc.getValue();
    }
}
