package io.odradek.broker.quorum;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.VoterSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a snapshot as Kafka does (KIP-630): a control batch with header, {@code kraft.version} and voters, batches of data, a control
 * batch with the footer; offsets from 0 on, all in the epoch of the snapshot. It has its name only when it is whole and on disk.
 * Confined to the metadata loop.
 */
public final class SnapshotWriter implements AutoCloseable {

    private final FileStore store;
    private final Path directory;
    private final OffsetAndEpoch snapshot;
    private final long nowMs;
    private final StoreFile file;
    private long nextOffset;
    private boolean finished;

    /** @param lastContainedMs timestamp of the last record that the snapshot stands for */
    SnapshotWriter(
            FileStore store, Path directory, OffsetAndEpoch snapshot, VoterSet voters, long lastContainedMs, long nowMs)
            throws IOException {
        this.store = store;
        this.directory = directory;
        this.snapshot = snapshot;
        this.nowMs = nowMs;
        this.file = store.open(SnapshotNames.part(directory, snapshot), OpenMode.READ_WRITE);
        boolean begun = false;
        try {
            file.truncate(0);
            append(ControlBatches.snapshotHeader(lastContainedMs, voters, nowMs));
            begun = true;
        } finally {
            if (!begun) {
                file.close();
            }
        }
    }

    /** @param values of records that go into one batch; at least one */
    public void append(List<byte[]> values) throws IOException {
        BatchBuilder batch = new BatchBuilder();
        for (byte[] value : values) {
            batch.add(nowMs, null, value);
        }
        append(batch);
    }

    private void append(BatchBuilder builder) throws IOException {
        int count = builder.recordCount();
        ByteBuffer bytes =
                ControlBatches.placed(builder, nextOffset, snapshot.epoch()).bytes();
        file.append(new ByteBuffer[] {bytes.duplicate().position(0)}, 1);
        nextOffset += count;
    }

    /** Durable, and under its name, when it returns. */
    void finish() throws IOException {
        append(ControlBatches.snapshotFooter(nowMs));
        file.sync();
        store.rename(SnapshotNames.part(directory, snapshot), SnapshotNames.whole(directory, snapshot));
        store.syncDirectory(directory);
        finished = true;
    }

    /** What is not finished goes. */
    @Override
    public void close() throws IOException {
        file.close();
        if (!finished) {
            store.delete(SnapshotNames.part(directory, snapshot));
        }
    }
}
