package io.odradek.broker.quorum;

import io.odradek.engine.io.StoreFile;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.ReplicaKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.FetchSnapshotResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A snapshot that is being fetched, piece by piece, one request at a time. Confined to the metadata loop. */
final class SnapshotDownload {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotDownload.class);

    private final QuorumWire wire;
    private final ReplicaKey self;
    private final int from;
    private final int epoch;
    private final OffsetAndEpoch snapshot;
    private final StoreFile file;
    private long position;

    /** @param file empty; closed by {@link #finish} or {@link #abandon} */
    SnapshotDownload(QuorumWire wire, ReplicaKey self, int from, int epoch, OffsetAndEpoch snapshot, StoreFile file) {
        this.wire = wire;
        this.self = self;
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

    /** What to ask for: the piece behind those that were taken. */
    Peers.Request next() {
        SnapshotMessages.Wanted wanted = wanted();
        return new Peers.Request() {
            @Override
            public ApiKeys api() {
                return ApiKeys.FETCH_SNAPSHOT;
            }

            @Override
            public ApiMessage at(short version) {
                return SnapshotMessages.request(wire, wanted);
            }
        };
    }

    /** The piece that {@link #next} wants; null when the answer is anything else. */
    SnapshotMessages.@Nullable Piece heard(ApiMessage response) {
        return response instanceof FetchSnapshotResponseData data ? SnapshotMessages.heard(wanted(), data) : null;
    }

    private SnapshotMessages.Wanted wanted() {
        return new SnapshotMessages.Wanted(epoch, self, snapshot, position, SnapshotMessages.MOST_PIECE_BYTES);
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
