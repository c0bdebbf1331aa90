package io.odradek.broker.quorum;

import io.odradek.engine.io.StoreFile;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.ReplicaKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A snapshot that is being fetched, piece by piece, one request at a time. Confined to the metadata loop. */
final class SnapshotDownload {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotDownload.class);

    private final int from;
    private final int epoch;
    private final OffsetAndEpoch snapshot;
    private final StoreFile file;
    private long position;

    /** @param file empty; closed by {@link #finish} or {@link #abandon} */
    SnapshotDownload(int from, int epoch, OffsetAndEpoch snapshot, StoreFile file) {
        this.from = from;
        this.epoch = epoch;
        this.snapshot = snapshot;
        this.file = file;
    }

    int from() {
        return from;
    }

    OffsetAndEpoch snapshot() {
        return snapshot;
    }

    SnapshotMessages.Wanted next(ReplicaKey self, int maxBytes) {
        return new SnapshotMessages.Wanted(epoch, self, snapshot, position, maxBytes);
    }

    /** Returns whether it was the last piece. */
    boolean take(SnapshotMessages.Piece piece) throws IOException {
        int size = piece.bytes().remaining();
        file.append(new ByteBuffer[] {piece.bytes().duplicate()}, 1);
        position += size;
        return position == piece.sizeBytes();
    }

    /** What was taken is on disk when it returns. */
    void finish() throws IOException {
        file.sync();
        file.close();
    }

    void abandon() {
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("closing {}", file.path(), e); // it goes anyway
        }
    }
}
