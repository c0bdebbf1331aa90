package io.odradek.broker.quorum;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.CorruptBatchException;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.VoterSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.jspecify.annotations.Nullable;

/**
 * Reads a snapshot batch by batch, and believes it only when it is whole: every checksum, offsets without a gap, the header first,
 * the footer last. One batch is in memory at a time. Any thread.
 */
final class SnapshotReader {

    /** Sees each batch of data, in order. */
    interface Visitor {
        /** @param batch index 0 to limit; valid during the call */
        void batch(ByteBuffer batch) throws IOException;
    }

    /**
     * @return the voters that it carries; null when it says nothing of them
     * @throws CorruptLogException it is no whole snapshot; what was shown before that is worth nothing
     */
    static @Nullable VoterSet read(FileStore store, Path path, OffsetAndEpoch snapshot, Visitor visitor)
            throws IOException {
        try (StoreFile file = store.open(path, OpenMode.READ_ONLY)) {
            long size = file.size();
            long position = 0;
            long nextOffset = 0;
            VoterSet voters = null;
            List<ControlRecordType> last = List.of();
            while (position < size) {
                ByteBuffer batch = batchAt(path, file, position, size);
                if (RecordBatch.baseOffset(batch, 0) != nextOffset
                        || RecordBatch.leaderEpoch(batch, 0) != snapshot.epoch()) {
                    throw new CorruptLogException(
                            path,
                            position,
                            nextOffset,
                            "a batch at offset " + RecordBatch.baseOffset(batch, 0) + " of epoch "
                                    + RecordBatch.leaderEpoch(batch, 0) + ", expected " + nextOffset + " of epoch "
                                    + snapshot.epoch());
                }
                ControlBatches.Found found = controlIn(path, position, nextOffset, batch);
                boolean header = found.types().contains(ControlRecordType.SNAPSHOT_HEADER);
                if (header != (position == 0) || last.contains(ControlRecordType.SNAPSHOT_FOOTER)) {
                    throw new CorruptLogException(
                            path,
                            position,
                            nextOffset,
                            "a snapshot has its header at its beginning, its footer at its end");
                }
                if (found.voters() != null) {
                    voters = found.voters();
                }
                if (found.types().isEmpty()) {
                    visitor.batch(batch);
                }
                last = found.types();
                nextOffset = RecordBatch.nextOffset(batch, 0);
                position += batch.limit();
            }
            if (!last.contains(ControlRecordType.SNAPSHOT_FOOTER)) {
                throw new CorruptLogException(path, position, nextOffset, "the snapshot ends without its footer");
            }
            return voters;
        }
    }

    private static ByteBuffer batchAt(Path path, StoreFile file, long position, long size) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(BatchLayout.HEADER_BYTES);
        file.read(head, position);
        int length = head.position() < BatchLayout.HEADER_BYTES ? -1 : head.getInt(BatchLayout.LENGTH_AT);
        if (length < BatchLayout.HEADER_BYTES - BatchLayout.PREFIX_BYTES
                || length > size - position - BatchLayout.PREFIX_BYTES
                || length > Integer.MAX_VALUE - BatchLayout.PREFIX_BYTES) {
            throw new CorruptLogException(path, position, -1, "no whole batch begins here");
        }
        ByteBuffer batch = ByteBuffer.allocate(BatchLayout.PREFIX_BYTES + length);
        file.read(batch, position);
        batch.flip();
        if (!RecordBatch.isWhole(batch, 0, batch.limit())
                || !RecordBatch.crcMatches(batch, 0)
                || RecordBatch.lastOffsetDelta(batch, 0) < 0) {
            throw new CorruptLogException(path, position, -1, "the batch is not intact");
        }
        return batch;
    }

    private static ControlBatches.Found controlIn(Path path, long position, long offset, ByteBuffer batch)
            throws CorruptLogException {
        try {
            EntryBatches.requireUncompressed(batch);
            if (!RecordBatch.isControl(batch, 0)) {
                EntryBatches.requireValues(batch);
            }
            return ControlBatches.in(batch, 0);
        } catch (CorruptBatchException e) {
            throw new CorruptLogException(path, position, offset, String.valueOf(e.getMessage()));
        }
    }

    private SnapshotReader() {}
}
