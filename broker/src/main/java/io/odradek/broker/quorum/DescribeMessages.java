package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.ReplicaState;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.message.DescribeQuorumResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** DescribeQuorum, versions 0 to 2 (KIP-595, 836, 853). Only the leader knows. */
final class DescribeMessages {

    private static final short KEYS_SINCE = 2;

    /** What is answered to a request that is not about the metadata partition alone; null when it is. */
    static @Nullable DescribeQuorumResponseData objection(DescribeQuorumRequestData data) {
        DescribeQuorumRequestData.PartitionData asked = MetadataPartition.only(
                data.topics(),
                topic -> topic.topicName().equals(MetadataPartition.TOPIC),
                DescribeQuorumRequestData.TopicData::partitions,
                DescribeQuorumRequestData.PartitionData::partitionIndex);
        if (asked != null) {
            return null;
        }
        List<DescribeQuorumResponseData.TopicData> topics = new ArrayList<>();
        for (DescribeQuorumRequestData.TopicData topic : data.topics()) {
            List<DescribeQuorumResponseData.PartitionData> partitions = new ArrayList<>();
            for (DescribeQuorumRequestData.PartitionData partition : topic.partitions()) {
                partitions.add(failed(partition.partitionIndex(), Errors.UNKNOWN_TOPIC_OR_PARTITION));
            }
            topics.add(new DescribeQuorumResponseData.TopicData()
                    .setTopicName(topic.topicName())
                    .setPartitions(partitions));
        }
        return new DescribeQuorumResponseData().setTopics(topics);
    }

    static DescribeQuorumResponseData notLeading() {
        return answer(failed(MetadataPartition.INDEX, Errors.NOT_LEADER_OR_FOLLOWER));
    }

    /**
     * @param replicas as the leader knows them; those without an id, which are readers and no servers, are left out
     * @param wallMs from the machine's time to ms since 1970
     */
    static DescribeQuorumResponseData answer(
            Standing standing,
            long highWatermark,
            VoterSet voters,
            List<ReplicaState> replicas,
            LongUnaryOperator wallMs,
            short version) {
        List<DescribeQuorumResponseData.ReplicaState> voting = new ArrayList<>();
        List<DescribeQuorumResponseData.ReplicaState> observing = new ArrayList<>();
        for (ReplicaState replica : replicas) {
            if (replica.replica().id() >= 0) {
                (replica.votes() ? voting : observing).add(state(replica, wallMs, version));
            }
        }
        DescribeQuorumResponseData response = answer(new DescribeQuorumResponseData.PartitionData()
                .setPartitionIndex(MetadataPartition.INDEX)
                .setLeaderId(standing.leader())
                .setLeaderEpoch(standing.epoch())
                .setHighWatermark(highWatermark)
                .setCurrentVoters(voting)
                .setObservers(observing));
        if (version >= KEYS_SINCE) {
            for (Voter voter : voters.voters()) {
                DescribeQuorumResponseData.Node node = new DescribeQuorumResponseData.Node()
                        .setNodeId(voter.key().id());
                for (Endpoint at : voter.endpoints()) {
                    node.listeners()
                            .add(new DescribeQuorumResponseData.Listener()
                                    .setName(at.listener())
                                    .setHost(at.host())
                                    .setPort(at.port()));
                }
                response.nodes().add(node);
            }
        }
        return response;
    }

    private static DescribeQuorumResponseData.ReplicaState state(
            ReplicaState replica, LongUnaryOperator wallMs, short version) {
        DescribeQuorumResponseData.ReplicaState state = new DescribeQuorumResponseData.ReplicaState()
                .setReplicaId(replica.replica().id())
                .setLogEndOffset(replica.logEndOffset())
                .setLastFetchTimestamp(replica.lastFetchMs() < 0 ? -1 : wallMs.applyAsLong(replica.lastFetchMs()))
                .setLastCaughtUpTimestamp(
                        replica.lastCaughtUpMs() < 0 ? -1 : wallMs.applyAsLong(replica.lastCaughtUpMs()));
        return version < KEYS_SINCE ? state : state.setReplicaDirectoryId(QuorumWire.directoryOf(replica.replica()));
    }

    private static DescribeQuorumResponseData.PartitionData failed(int index, Errors error) {
        return new DescribeQuorumResponseData.PartitionData()
                .setPartitionIndex(index)
                .setErrorCode(error.code())
                .setErrorMessage(error.message());
    }

    private static DescribeQuorumResponseData answer(DescribeQuorumResponseData.PartitionData partition) {
        return new DescribeQuorumResponseData()
                .setTopics(List.of(new DescribeQuorumResponseData.TopicData()
                        .setTopicName(MetadataPartition.TOPIC)
                        .setPartitions(List.of(partition))));
    }

    private DescribeMessages() {}
}
