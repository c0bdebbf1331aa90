package io.odradek.broker.quorum;

import io.odradek.engine.record.CorruptBatchException;
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.EntryBatch;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.QuorumAnswer;
import io.odradek.replication.quorum.QuorumAnswer.Diverging;
import io.odradek.replication.quorum.QuorumAnswer.Entries;
import io.odradek.replication.quorum.QuorumAnswer.SnapshotNeeded;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.FetchRequest;
import org.jspecify.annotations.Nullable;

/**
 * Fetch between servers of the quorum (KIP-595, 630, 853, 1166), in all its versions: below 12 a fetch does not say which epoch its last
 * record has, and is refused as Kafka does; 13 names the topic by id, 15 has the replica elsewhere, 17 names its disk, 18 says what
 * it knows to be committed. There are no sessions.
 */
final class FetchMessages {

    private static final short LEADERS_SINCE = 12;
    private static final short TOPIC_IDS_SINCE = 13;
    private static final short REPLICA_STATE_SINCE = 15;
    private static final short ENDPOINTS_SINCE = 16;

    /** @param maxBytes of records that are wanted, if there is no single larger batch */
    static FetchRequestData request(QuorumWire wire, Fetch fetch, int maxBytes, short version) {
        FetchRequestData request = new FetchRequestData()
                .setClusterId(wire.clusterId())
                .setMaxWaitMs(fetch.maxWaitMs())
                .setMaxBytes(maxBytes)
                .setTopics(List.of(new FetchRequestData.FetchTopic()
                        .setTopic(MetadataPartition.TOPIC)
                        .setTopicId(MetadataPartition.ID)
                        .setPartitions(List.of(new FetchRequestData.FetchPartition()
                                .setPartition(MetadataPartition.INDEX)
                                .setCurrentLeaderEpoch(fetch.epoch())
                                .setFetchOffset(fetch.logEnd().offset())
                                .setLastFetchedEpoch(fetch.logEnd().epoch())
                                .setPartitionMaxBytes(maxBytes)
                                .setReplicaDirectoryId(QuorumWire.directoryOf(fetch.replica()))
                                .setHighWatermark(fetch.highWatermark())))));
        return version < REPLICA_STATE_SINCE
                ? request.setReplicaId(fetch.replica().id())
                : request.setReplicaState(new FetchRequestData.ReplicaState()
                        .setReplicaId(fetch.replica().id()));
    }

    static Received<Fetch> read(QuorumWire wire, FetchRequestData data, Standing standing, short version) {
        if (wire.isOfAnotherCluster(data.clusterId())) {
            return new Received.Refused<>(failed(Errors.INCONSISTENT_CLUSTER_ID));
        }
        FetchRequestData.FetchPartition asked = MetadataPartition.only(
                data.topics(),
                topic -> version < TOPIC_IDS_SINCE
                        ? topic.topic().equals(MetadataPartition.TOPIC)
                        : topic.topicId().equals(MetadataPartition.ID),
                FetchRequestData.FetchTopic::partitions,
                FetchRequestData.FetchPartition::partition);
        if (asked == null) {
            return new Received.Refused<>(failed(Errors.INVALID_REQUEST));
        }
        if (data.maxWaitMs() < 0
                || asked.fetchOffset() < 0
                || asked.lastFetchedEpoch() < 0
                || asked.lastFetchedEpoch() > asked.currentLeaderEpoch()) {
            return new Received.Refused<>(
                    answer(partition(Errors.INVALID_REQUEST, standing, version), standing, version));
        }
        return new Received.Request<>(new Fetch(
                asked.currentLeaderEpoch(),
                QuorumWire.key(FetchRequest.replicaId(data), asked.replicaDirectoryId()),
                new OffsetAndEpoch(asked.fetchOffset(), asked.lastFetchedEpoch()),
                asked.highWatermark(),
                data.maxWaitMs()));
    }

    /** To a fetch that got no entries. */
    static FetchResponseData answer(QuorumAnswer answer, Standing standing, short version) {
        return switch (answer) {
            case QuorumAnswer.Refused refused ->
                answer(partition(QuorumErrors.of(refused.why()), standing, version), standing, version);
            case Diverging(int _, int _, OffsetAndEpoch end) -> {
                FetchResponseData.PartitionData partition = partition(Errors.NONE, standing, version);
                partition.divergingEpoch().setEpoch(end.epoch()).setEndOffset(end.offset());
                yield answer(partition, standing, version);
            }
            case SnapshotNeeded(int _, int _, OffsetAndEpoch snapshot) -> {
                FetchResponseData.PartitionData partition = partition(Errors.NONE, standing, version);
                partition.snapshotId().setEpoch(snapshot.epoch()).setEndOffset(snapshot.offset());
                yield answer(partition, standing, version);
            }
            case QuorumAnswer.Voted _, QuorumAnswer.Noted _, Entries _ ->
                throw new IllegalArgumentException("no answer to a fetch without its records: " + answer);
        };
    }

    /**
     * @param records whole batches, from position to limit
     * @param logStartOffset where the leader's log goes on behind its snapshot
     */
    static FetchResponseData entries(
            ByteBuffer records, long highWatermark, long logStartOffset, Standing standing, short version) {
        return answer(
                partition(Errors.NONE, standing, version)
                        .setRecords(MemoryRecords.readableRecords(records.slice()))
                        .setHighWatermark(highWatermark)
                        .setLogStartOffset(logStartOffset),
                standing,
                version);
    }

    private static FetchResponseData.PartitionData partition(Errors error, Standing standing, short version) {
        FetchResponseData.PartitionData partition = new FetchResponseData.PartitionData()
                .setPartitionIndex(MetadataPartition.INDEX)
                .setErrorCode(error.code())
                .setHighWatermark(-1)
                .setRecords(MemoryRecords.EMPTY);
        if (version >= LEADERS_SINCE) {
            partition.currentLeader().setLeaderId(standing.leader()).setLeaderEpoch(standing.epoch());
        }
        return partition;
    }

    private static FetchResponseData answer(
            FetchResponseData.PartitionData partition, Standing standing, short version) {
        FetchResponseData response = new FetchResponseData()
                .setResponses(List.of(new FetchResponseData.FetchableTopicResponse()
                        .setTopic(MetadataPartition.TOPIC)
                        .setTopicId(MetadataPartition.ID)
                        .setPartitions(List.of(partition))));
        Endpoint leaderAt = standing.leaderAt(version, ENDPOINTS_SINCE);
        if (leaderAt != null) {
            response.nodeEndpoints()
                    .add(new FetchResponseData.NodeEndpoint()
                            .setNodeId(standing.leader())
                            .setHost(leaderAt.host())
                            .setPort(leaderAt.port()));
        }
        return response;
    }

    private static FetchResponseData failed(Errors error) {
        return new FetchResponseData().setErrorCode(error.code());
    }

    static Heard heard(QuorumWire wire, FetchResponseData data, short version) {
        FetchResponseData.PartitionData said = MetadataPartition.only(
                data.responses(),
                topic -> version < TOPIC_IDS_SINCE
                        ? topic.topic().equals(MetadataPartition.TOPIC)
                        : topic.topicId().equals(MetadataPartition.ID),
                FetchResponseData.FetchableTopicResponse::partitions,
                FetchResponseData.PartitionData::partitionIndex);
        if (said == null) {
            return Heard.of(data, data.errorCode(), null, _ -> null);
        }
        FetchResponseData.LeaderIdAndEpoch leads = said.currentLeader();
        FetchResponseData.NodeEndpoint at = data.nodeEndpoints().find(leads.leaderId());
        return Heard.of(
                data,
                data.errorCode(),
                Heard.Said.of(
                        said.errorCode(),
                        leads.leaderEpoch(),
                        leads.leaderId(),
                        at == null ? null : wire.endpoint(at.host(), at.port())),
                standing -> fine(said, standing));
    }

    /** Kafka looks at a divergence first, then at a snapshot, whichever of its two fields is there. */
    private static @Nullable QuorumAnswer fine(FetchResponseData.PartitionData said, Standing standing) {
        int epoch = standing.epoch();
        int leader = standing.leader();
        FetchResponseData.EpochEndOffset diverging = said.divergingEpoch();
        FetchResponseData.SnapshotId snapshot = said.snapshotId();
        if (diverging.epoch() >= 0) {
            return diverging.endOffset() < 0
                    ? null
                    : new Diverging(epoch, leader, new OffsetAndEpoch(diverging.endOffset(), diverging.epoch()));
        }
        if (snapshot.epoch() >= 0 || snapshot.endOffset() >= 0) {
            return snapshot.epoch() < 0 || snapshot.endOffset() < 0
                    ? null
                    : new SnapshotNeeded(epoch, leader, new OffsetAndEpoch(snapshot.endOffset(), snapshot.epoch()));
        }
        try {
            return new Entries(epoch, leader, batches(said), said.highWatermark());
        } catch (CorruptBatchException e) {
            return null;
        }
    }

    private static List<EntryBatch> batches(FetchResponseData.PartitionData said) throws CorruptBatchException {
        return switch (said.records()) {
            case null -> List.of();
            case MemoryRecords records -> EntryBatches.read(records.buffer());
            default ->
                throw new CorruptBatchException(
                        "records of type " + said.records().getClass());
        };
    }

    private FetchMessages() {}
}
