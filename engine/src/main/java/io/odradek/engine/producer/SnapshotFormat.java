package io.odradek.engine.producer;

import io.odradek.engine.record.Crc32c;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Kafka's {@code <offset>.snapshot}, version 1, big-endian. The CRC-32C covers everything behind it. Of each producer only
 * the newest batch is kept, as Kafka does: a retry of an older one that crosses a restart is refused as out of order.
 *
 * <pre>
 *  0         2        6       10
 *  +---------+--------+-------+--------------------------------------------------------------------- - -
 *  | version | crc32c | count | producer  epoch  last      last    offset  time-  coordinator  current
 *  | int16   | uint32 | int32 | id int64  int16  sequence  offset  delta   stamp  epoch        txn first
 *  |         |        |       |                  int32     int64   int32   int64  int32        offset int64
 *  +---------+--------+-------+--------------------------------------------------------------------- - -
 * </pre>
 */
final class SnapshotFormat {
    private static final short VERSION = 1;
    private static final int CRC_AT = 2;
    private static final int COUNT_AT = 6;
    private static final int ENTRIES_AT = 10;
    private static final int ENTRY_BYTES = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8;

    static ByteBuffer encode(Collection<ProducerEntry> entries) {
        ByteBuffer bytes = ByteBuffer.allocate(ENTRIES_AT + entries.size() * ENTRY_BYTES);
        bytes.putShort(VERSION).putInt(0).putInt(entries.size());
        for (ProducerEntry entry : entries) {
            bytes.putLong(entry.producerId)
                    .putShort(entry.producerEpoch)
                    .putInt(entry.lastSequence())
                    .putLong(entry.lastOffset())
                    .putInt(entry.lastOffsetDelta())
                    .putLong(entry.lastTimestamp)
                    .putInt(entry.coordinatorEpoch)
                    .putLong(entry.currentTxnFirstOffset);
        }
        bytes.putInt(CRC_AT, Crc32c.of(bytes, COUNT_AT, bytes.capacity() - COUNT_AT));
        return bytes.flip();
    }

    /** @param bytes the whole file, from position to limit, left untouched */
    static List<ProducerEntry> decode(ByteBuffer bytes, long nowMs) throws CorruptSnapshotException {
        ByteBuffer in = bytes.slice();
        if (in.remaining() < ENTRIES_AT) {
            throw new CorruptSnapshotException("producer snapshot has " + in.remaining() + " bytes");
        }
        short version = in.getShort(0);
        if (version != VERSION) {
            throw new CorruptSnapshotException("producer snapshot has version " + version + ", expected " + VERSION);
        }
        int claimed = in.getInt(CRC_AT);
        int computed = Crc32c.of(in, COUNT_AT, in.limit() - COUNT_AT);
        if (claimed != computed) {
            throw new CorruptSnapshotException("producer snapshot has CRC " + Integer.toHexString(computed)
                    + ", its header says " + Integer.toHexString(claimed));
        }
        int count = in.getInt(COUNT_AT);
        if (count < 0 || in.limit() - ENTRIES_AT < (long) count * ENTRY_BYTES) {
            throw new CorruptSnapshotException(
                    "producer snapshot has " + in.limit() + " bytes for " + count + " producers");
        }
        in.position(ENTRIES_AT);
        var entries = new ArrayList<ProducerEntry>(count);
        for (int i = 0; i < count; i++) {
            entries.add(entry(in, nowMs));
        }
        return entries;
    }

    private static ProducerEntry entry(ByteBuffer in, long nowMs) {
        var entry = new ProducerEntry(in.getLong());
        entry.moveToEpoch(in.getShort());
        int lastSequence = in.getInt();
        long lastOffset = in.getLong();
        int offsetDelta = in.getInt();
        long timestamp = in.getLong();
        if (lastOffset >= 0) {
            entry.addBatch(lastSequence, lastOffset, offsetDelta, timestamp);
        }
        entry.lastTimestamp = timestamp;
        entry.coordinatorEpoch = in.getInt();
        entry.currentTxnFirstOffset = Math.max(-1, in.getLong());
        entry.seenMs = nowMs;
        return entry;
    }

    private SnapshotFormat() {}
}
