package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.ReplicaKey;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.message.FetchSnapshotRequestData;
import org.apache.kafka.common.message.FetchSnapshotResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.jspecify.annotations.Nullable;

/** FetchSnapshot, versions 0 and 1 (KIP-630, 853): a snapshot's file, piece by piece. A piece may end anywhere. */
final class SnapshotMessages {

    /** Of a piece, in bytes; it need not end with a batch. */
    static final int MOST_PIECE_BYTES = 1 << 20;

    private static final short ENDPOINTS_SINCE = 1;

    /**
     * @param epoch of the leader that is asked
     * @param position in the file, in bytes
     */
    record Wanted(int epoch, ReplicaKey replica, OffsetAndEpoch snapshot, long position, int maxBytes) {}

    /**
     * @param sizeBytes of the whole file
     * @param position of the first byte
     * @param bytes from position to limit
     */
    record Piece(OffsetAndEpoch snapshot, long sizeBytes, long position, ByteBuffer bytes) {}

    static FetchSnapshotRequestData request(QuorumWire wire, Wanted wanted) {
        FetchSnapshotRequestData.PartitionSnapshot partition = new FetchSnapshotRequestData.PartitionSnapshot()
                .setPartition(MetadataPartition.INDEX)
                .setCurrentLeaderEpoch(wanted.epoch())
                .setPosition(wanted.position())
                .setReplicaDirectoryId(QuorumWire.directoryOf(wanted.replica()));
        partition
                .snapshotId()
                .setEndOffset(wanted.snapshot().offset())
                .setEpoch(wanted.snapshot().epoch());
        return new FetchSnapshotRequestData()
                .setClusterId(wire.clusterId())
                .setReplicaId(wanted.replica().id())
                .setMaxBytes(wanted.maxBytes())
                .setTopics(List.of(new FetchSnapshotRequestData.TopicSnapshot()
                        .setName(MetadataPartition.TOPIC)
                        .setPartitions(List.of(partition))));
    }

    static Received<Wanted> read(QuorumWire wire, FetchSnapshotRequestData data, Standing standing, short version) {
        if (wire.isOfAnotherCluster(data.clusterId())) {
            return new Received.Refused<>(failed(Errors.INCONSISTENT_CLUSTER_ID));
        }
        if (data.topics().size() != 1 || data.topics().getFirst().partitions().size() != 1) {
            return new Received.Refused<>(failed(Errors.INVALID_REQUEST));
        }
        FetchSnapshotRequestData.TopicSnapshot topic = data.topics().getFirst();
        FetchSnapshotRequestData.PartitionSnapshot asked = topic.partitions().getFirst();
        if (!topic.name().equals(MetadataPartition.TOPIC) || asked.partition() != MetadataPartition.INDEX) {
            return new Received.Refused<>(answer(
                    topic.name(),
                    new FetchSnapshotResponseData.PartitionSnapshot()
                            .setIndex(asked.partition())
                            .setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code())
                            .setUnalignedRecords(MemoryRecords.EMPTY),
                    standing,
                    version));
        }
        return new Received.Request<>(new Wanted(
                asked.currentLeaderEpoch(),
                QuorumWire.key(data.replicaId(), asked.replicaDirectoryId()),
                new OffsetAndEpoch(
                        asked.snapshotId().endOffset(), asked.snapshotId().epoch()),
                asked.position(),
                data.maxBytes()));
    }

    static FetchSnapshotResponseData refused(Errors error, Standing standing, short version) {
        return answer(MetadataPartition.TOPIC, partition(error, standing), standing, version);
    }

    static FetchSnapshotResponseData piece(Piece piece, Standing standing, short version) {
        FetchSnapshotResponseData.PartitionSnapshot partition = partition(Errors.NONE, standing)
                .setSize(piece.sizeBytes())
                .setPosition(piece.position())
                .setUnalignedRecords(MemoryRecords.readableRecords(piece.bytes().slice()));
        partition
                .snapshotId()
                .setEndOffset(piece.snapshot().offset())
                .setEpoch(piece.snapshot().epoch());
        return answer(MetadataPartition.TOPIC, partition, standing, version);
    }

    private static FetchSnapshotResponseData.PartitionSnapshot partition(Errors error, Standing standing) {
        FetchSnapshotResponseData.PartitionSnapshot partition = new FetchSnapshotResponseData.PartitionSnapshot()
                .setIndex(MetadataPartition.INDEX)
                .setErrorCode(error.code())
                .setUnalignedRecords(MemoryRecords.EMPTY);
        partition.currentLeader().setLeaderId(standing.leader()).setLeaderEpoch(standing.epoch());
        return partition;
    }

    private static FetchSnapshotResponseData answer(
            String topic, FetchSnapshotResponseData.PartitionSnapshot partition, Standing standing, short version) {
        FetchSnapshotResponseData response = new FetchSnapshotResponseData()
                .setTopics(List.of(new FetchSnapshotResponseData.TopicSnapshot()
                        .setName(topic)
                        .setPartitions(List.of(partition))));
        Endpoint leaderAt = standing.leaderAt(version, ENDPOINTS_SINCE);
        if (leaderAt != null) {
            response.nodeEndpoints()
                    .add(new FetchSnapshotResponseData.NodeEndpoint()
                            .setNodeId(standing.leader())
                            .setHost(leaderAt.host())
                            .setPort(leaderAt.port()));
        }
        return response;
    }

    private static FetchSnapshotResponseData failed(Errors error) {
        return new FetchSnapshotResponseData().setErrorCode(error.code());
    }

    /** The piece that was asked for; null when the answer is anything else. */
    static @Nullable Piece heard(Wanted wanted, FetchSnapshotResponseData data) {
        FetchSnapshotResponseData.PartitionSnapshot said = MetadataPartition.only(
                data.topics(),
                topic -> topic.name().equals(MetadataPartition.TOPIC),
                FetchSnapshotResponseData.TopicSnapshot::partitions,
                FetchSnapshotResponseData.PartitionSnapshot::index);
        if (data.errorCode() != Errors.NONE.code() || said == null || said.errorCode() != Errors.NONE.code()) {
            return null;
        }
        ByteBuffer bytes = bytes(said);
        boolean fits = said.snapshotId().endOffset() == wanted.snapshot().offset()
                && said.snapshotId().epoch() == wanted.snapshot().epoch()
                && said.position() == wanted.position()
                && bytes != null
                && bytes.hasRemaining()
                && said.size() - said.position() >= bytes.remaining();
        return fits && bytes != null ? new Piece(wanted.snapshot(), said.size(), said.position(), bytes) : null;
    }

    private static @Nullable ByteBuffer bytes(FetchSnapshotResponseData.PartitionSnapshot said) {
        return said.unalignedRecords() instanceof MemoryRecords records ? records.buffer() : null;
    }

    private SnapshotMessages() {}
}
