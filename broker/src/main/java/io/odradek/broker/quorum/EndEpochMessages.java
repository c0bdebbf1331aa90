package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.QuorumAnswer;
import io.odradek.replication.quorum.QuorumAnswer.Noted;
import io.odradek.replication.quorum.QuorumRequest.EndEpoch;
import io.odradek.replication.quorum.ReplicaKey;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.EndQuorumEpochRequestData;
import org.apache.kafka.common.message.EndQuorumEpochResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** EndQuorumEpoch, versions 0 and 1 (KIP-595, 853). Version 0 names successors without their disks. */
final class EndEpochMessages {

    private static final short ENDPOINTS_SINCE = 1;
    private static final short KEYS_SINCE = 1;

    static EndQuorumEpochRequestData request(QuorumWire wire, EndEpoch end, @Nullable Endpoint leaderAt) {
        EndQuorumEpochRequestData.PartitionData partition = new EndQuorumEpochRequestData.PartitionData()
                .setPartitionIndex(MetadataPartition.INDEX)
                .setLeaderId(end.leader())
                .setLeaderEpoch(end.epoch());
        List<Integer> ids = new ArrayList<>();
        List<EndQuorumEpochRequestData.ReplicaInfo> keys = new ArrayList<>();
        for (ReplicaKey successor : end.successors()) { // each version writes the one it has a place for
            ids.add(successor.id());
            keys.add(new EndQuorumEpochRequestData.ReplicaInfo()
                    .setCandidateId(successor.id())
                    .setCandidateDirectoryId(QuorumWire.directoryOf(successor)));
        }
        EndQuorumEpochRequestData request = new EndQuorumEpochRequestData()
                .setClusterId(wire.clusterId())
                .setTopics(List.of(new EndQuorumEpochRequestData.TopicData()
                        .setTopicName(MetadataPartition.TOPIC)
                        .setPartitions(
                                List.of(partition.setPreferredSuccessors(ids).setPreferredCandidates(keys)))));
        if (leaderAt != null) {
            request.leaderEndpoints()
                    .add(new EndQuorumEpochRequestData.LeaderEndpoint()
                            .setName(wire.listener())
                            .setHost(leaderAt.host())
                            .setPort(leaderAt.port()));
        }
        return request;
    }

    static Received<EndEpoch> read(QuorumWire wire, EndQuorumEpochRequestData data, short version) {
        if (wire.isOfAnotherCluster(data.clusterId())) {
            return new Received.Refused<>(failed(Errors.INCONSISTENT_CLUSTER_ID));
        }
        EndQuorumEpochRequestData.PartitionData said = MetadataPartition.only(
                data.topics(),
                topic -> topic.topicName().equals(MetadataPartition.TOPIC),
                EndQuorumEpochRequestData.TopicData::partitions,
                EndQuorumEpochRequestData.PartitionData::partitionIndex);
        if (said == null) {
            return new Received.Refused<>(failed(Errors.INVALID_REQUEST));
        }
        List<ReplicaKey> successors = version < KEYS_SINCE
                ? said.preferredSuccessors().stream().map(ReplicaKey::of).toList()
                : said.preferredCandidates().stream()
                        .map(key -> QuorumWire.key(key.candidateId(), key.candidateDirectoryId()))
                        .toList();
        EndQuorumEpochRequestData.LeaderEndpoint at = data.leaderEndpoints().find(wire.listener());
        return new Received.Request<>(
                new EndEpoch(said.leaderEpoch(), said.leaderId(), successors),
                at == null ? null : wire.endpoint(at.host(), at.port()));
    }

    static EndQuorumEpochResponseData answer(QuorumAnswer answer, Standing standing, short version) {
        EndQuorumEpochResponseData response = new EndQuorumEpochResponseData()
                .setTopics(List.of(new EndQuorumEpochResponseData.TopicData()
                        .setTopicName(MetadataPartition.TOPIC)
                        .setPartitions(List.of(new EndQuorumEpochResponseData.PartitionData()
                                .setPartitionIndex(MetadataPartition.INDEX)
                                .setErrorCode(QuorumErrors.ofNotice(answer).code())
                                .setLeaderId(standing.leader())
                                .setLeaderEpoch(standing.epoch())))));
        Endpoint leaderAt = standing.leaderAt(version, ENDPOINTS_SINCE);
        if (leaderAt != null) {
            response.nodeEndpoints()
                    .add(new EndQuorumEpochResponseData.NodeEndpoint()
                            .setNodeId(standing.leader())
                            .setHost(leaderAt.host())
                            .setPort(leaderAt.port()));
        }
        return response;
    }

    private static EndQuorumEpochResponseData failed(Errors error) {
        return new EndQuorumEpochResponseData().setErrorCode(error.code());
    }

    static Heard heard(QuorumWire wire, EndQuorumEpochResponseData data) {
        EndQuorumEpochResponseData.PartitionData said = MetadataPartition.only(
                data.topics(),
                topic -> topic.topicName().equals(MetadataPartition.TOPIC),
                EndQuorumEpochResponseData.TopicData::partitions,
                EndQuorumEpochResponseData.PartitionData::partitionIndex);
        if (said == null) {
            return Heard.of(data, data.errorCode(), null, _ -> null);
        }
        EndQuorumEpochResponseData.NodeEndpoint at = data.nodeEndpoints().find(said.leaderId());
        return Heard.of(
                data,
                data.errorCode(),
                Heard.Said.of(
                        said.errorCode(),
                        said.leaderEpoch(),
                        said.leaderId(),
                        at == null ? null : wire.endpoint(at.host(), at.port())),
                standing -> new Noted(standing.epoch(), standing.leader()));
    }

    private EndEpochMessages() {}
}
