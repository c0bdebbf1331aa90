package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.QuorumAnswer;
import io.odradek.replication.quorum.QuorumAnswer.Voted;
import io.odradek.replication.quorum.QuorumRequest.Vote;
import io.odradek.replication.quorum.ReplicaKey;
import java.util.List;
import org.apache.kafka.common.message.VoteRequestData;
import org.apache.kafka.common.message.VoteResponseData;
import org.apache.kafka.common.protocol.Errors;

/** Vote, versions 0 to 2 (KIP-595, 853, 996). Below 1 nobody names disks, below 2 nobody asks before an election. */
final class VoteMessages {

    private static final short ENDPOINTS_SINCE = 1;

    /** A pre-vote cannot be written in a version below 2. */
    static VoteRequestData request(QuorumWire wire, Vote vote) {
        VoteRequestData.PartitionData partition = new VoteRequestData.PartitionData()
                .setPartitionIndex(MetadataPartition.INDEX)
                .setReplicaEpoch(vote.epoch())
                .setReplicaId(vote.candidate().id())
                .setReplicaDirectoryId(QuorumWire.directoryOf(vote.candidate()))
                .setVoterDirectoryId(QuorumWire.directoryOf(vote.voter()))
                .setLastOffsetEpoch(vote.logEnd().epoch())
                .setLastOffset(vote.logEnd().offset())
                .setPreVote(vote.preVote());
        return new VoteRequestData()
                .setClusterId(wire.clusterId())
                .setVoterId(vote.voter().id())
                .setTopics(List.of(new VoteRequestData.TopicData()
                        .setTopicName(MetadataPartition.TOPIC)
                        .setPartitions(List.of(partition))));
    }

    /** @param self stands for the voter where a version has no place for it */
    static Received<Vote> read(
            QuorumWire wire, ReplicaKey self, VoteRequestData data, Standing standing, short version) {
        if (wire.isOfAnotherCluster(data.clusterId())) {
            return new Received.Refused<>(failed(Errors.INCONSISTENT_CLUSTER_ID));
        }
        VoteRequestData.PartitionData asked = MetadataPartition.only(
                data.topics(),
                topic -> topic.topicName().equals(MetadataPartition.TOPIC),
                VoteRequestData.TopicData::partitions,
                VoteRequestData.PartitionData::partitionIndex);
        if (asked == null) {
            return new Received.Refused<>(failed(Errors.INVALID_REQUEST));
        }
        int epoch = asked.replicaEpoch();
        int lastEpoch = asked.lastOffsetEpoch();
        if (asked.lastOffset() < 0
                || lastEpoch < 0
                || (asked.preVote() ? lastEpoch > epoch : lastEpoch >= epoch)
                || (asked.replicaId() < 0 && epoch >= standing.epoch())) {
            return new Received.Refused<>(answer(Errors.INVALID_REQUEST, false, standing, version));
        }
        ReplicaKey voter = data.voterId() < 0 ? self : QuorumWire.key(data.voterId(), asked.voterDirectoryId());
        return new Received.Request<>(new Vote(
                epoch,
                QuorumWire.key(asked.replicaId(), asked.replicaDirectoryId()),
                voter,
                new OffsetAndEpoch(asked.lastOffset(), lastEpoch),
                asked.preVote()));
    }

    static VoteResponseData answer(QuorumAnswer answer, Standing standing, short version) {
        return switch (answer) {
            case Voted voted -> answer(Errors.NONE, voted.granted(), standing, version);
            case QuorumAnswer.Refused refused -> answer(QuorumErrors.of(refused.why()), false, standing, version);
            case QuorumAnswer.Noted _,
                    QuorumAnswer.Entries _,
                    QuorumAnswer.Diverging _,
                    QuorumAnswer.SnapshotNeeded _ ->
                throw new IllegalArgumentException("no answer to a vote: " + answer);
        };
    }

    private static VoteResponseData answer(Errors error, boolean granted, Standing standing, short version) {
        VoteResponseData response = new VoteResponseData()
                .setTopics(List.of(new VoteResponseData.TopicData()
                        .setTopicName(MetadataPartition.TOPIC)
                        .setPartitions(List.of(new VoteResponseData.PartitionData()
                                .setPartitionIndex(MetadataPartition.INDEX)
                                .setErrorCode(error.code())
                                .setLeaderId(standing.leader())
                                .setLeaderEpoch(standing.epoch())
                                .setVoteGranted(granted)))));
        Endpoint leaderAt = standing.leaderAt(version, ENDPOINTS_SINCE);
        if (leaderAt != null) {
            response.nodeEndpoints()
                    .add(new VoteResponseData.NodeEndpoint()
                            .setNodeId(standing.leader())
                            .setHost(leaderAt.host())
                            .setPort(leaderAt.port()));
        }
        return response;
    }

    private static VoteResponseData failed(Errors error) {
        return new VoteResponseData().setErrorCode(error.code());
    }

    static Heard heard(QuorumWire wire, VoteResponseData data) {
        VoteResponseData.PartitionData said = MetadataPartition.only(
                data.topics(),
                topic -> topic.topicName().equals(MetadataPartition.TOPIC),
                VoteResponseData.TopicData::partitions,
                VoteResponseData.PartitionData::partitionIndex);
        if (said == null) {
            return Heard.of(data, data.errorCode(), null, _ -> null);
        }
        VoteResponseData.NodeEndpoint at = data.nodeEndpoints().find(said.leaderId());
        return Heard.of(
                data,
                data.errorCode(),
                Heard.Said.of(
                        said.errorCode(),
                        said.leaderEpoch(),
                        said.leaderId(),
                        at == null ? null : wire.endpoint(at.host(), at.port())),
                standing -> new Voted(standing.epoch(), standing.leader(), said.voteGranted()));
    }

    private VoteMessages() {}
}
