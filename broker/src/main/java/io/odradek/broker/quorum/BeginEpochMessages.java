package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.QuorumAnswer;
import io.odradek.replication.quorum.QuorumAnswer.Noted;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
import io.odradek.replication.quorum.ReplicaKey;
import java.util.List;
import org.apache.kafka.common.message.BeginQuorumEpochRequestData;
import org.apache.kafka.common.message.BeginQuorumEpochResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** BeginQuorumEpoch, versions 0 and 1 (KIP-595, 853). Version 0 names neither the voter nor where the leader is reached. */
final class BeginEpochMessages {

    private static final short ENDPOINTS_SINCE = 1;

    /** @param leaderAt where this server, which leads, is reached; null when it is reached nowhere */
    static BeginQuorumEpochRequestData request(QuorumWire wire, BeginEpoch begin, @Nullable Endpoint leaderAt) {
        BeginQuorumEpochRequestData request = new BeginQuorumEpochRequestData()
                .setClusterId(wire.clusterId())
                .setVoterId(begin.voter().id())
                .setTopics(List.of(new BeginQuorumEpochRequestData.TopicData()
                        .setTopicName(MetadataPartition.TOPIC)
                        .setPartitions(List.of(new BeginQuorumEpochRequestData.PartitionData()
                                .setPartitionIndex(MetadataPartition.INDEX)
                                .setVoterDirectoryId(QuorumWire.directoryOf(begin.voter()))
                                .setLeaderId(begin.leader())
                                .setLeaderEpoch(begin.epoch())))));
        if (leaderAt != null) {
            request.leaderEndpoints()
                    .add(new BeginQuorumEpochRequestData.LeaderEndpoint()
                            .setName(wire.listener())
                            .setHost(leaderAt.host())
                            .setPort(leaderAt.port()));
        }
        return request;
    }

    /** @param self stands for the voter where a version has no place for it */
    static Received<BeginEpoch> read(QuorumWire wire, ReplicaKey self, BeginQuorumEpochRequestData data) {
        if (wire.isOfAnotherCluster(data.clusterId())) {
            return new Received.Refused<>(failed(Errors.INCONSISTENT_CLUSTER_ID));
        }
        BeginQuorumEpochRequestData.PartitionData said = MetadataPartition.only(
                data.topics(),
                topic -> topic.topicName().equals(MetadataPartition.TOPIC),
                BeginQuorumEpochRequestData.TopicData::partitions,
                BeginQuorumEpochRequestData.PartitionData::partitionIndex);
        if (said == null) {
            return new Received.Refused<>(failed(Errors.INVALID_REQUEST));
        }
        ReplicaKey voter = data.voterId() < 0 ? self : QuorumWire.key(data.voterId(), said.voterDirectoryId());
        BeginQuorumEpochRequestData.LeaderEndpoint at = data.leaderEndpoints().find(wire.listener());
        return new Received.Request<>(
                new BeginEpoch(said.leaderEpoch(), said.leaderId(), voter),
                at == null ? null : wire.endpoint(at.host(), at.port()));
    }

    static BeginQuorumEpochResponseData answer(QuorumAnswer answer, Standing standing, short version) {
        BeginQuorumEpochResponseData response = new BeginQuorumEpochResponseData()
                .setTopics(List.of(new BeginQuorumEpochResponseData.TopicData()
                        .setTopicName(MetadataPartition.TOPIC)
                        .setPartitions(List.of(new BeginQuorumEpochResponseData.PartitionData()
                                .setPartitionIndex(MetadataPartition.INDEX)
                                .setErrorCode(QuorumErrors.ofNotice(answer).code())
                                .setLeaderId(standing.leader())
                                .setLeaderEpoch(standing.epoch())))));
        Endpoint leaderAt = standing.leaderAt(version, ENDPOINTS_SINCE);
        if (leaderAt != null) {
            response.nodeEndpoints()
                    .add(new BeginQuorumEpochResponseData.NodeEndpoint()
                            .setNodeId(standing.leader())
                            .setHost(leaderAt.host())
                            .setPort(leaderAt.port()));
        }
        return response;
    }

    private static BeginQuorumEpochResponseData failed(Errors error) {
        return new BeginQuorumEpochResponseData().setErrorCode(error.code());
    }

    static Heard heard(QuorumWire wire, BeginQuorumEpochResponseData data) {
        BeginQuorumEpochResponseData.PartitionData said = MetadataPartition.only(
                data.topics(),
                topic -> topic.topicName().equals(MetadataPartition.TOPIC),
                BeginQuorumEpochResponseData.TopicData::partitions,
                BeginQuorumEpochResponseData.PartitionData::partitionIndex);
        if (said == null) {
            return Heard.of(data, data.errorCode(), null, _ -> null);
        }
        BeginQuorumEpochResponseData.NodeEndpoint at = data.nodeEndpoints().find(said.leaderId());
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

    private BeginEpochMessages() {}
}
