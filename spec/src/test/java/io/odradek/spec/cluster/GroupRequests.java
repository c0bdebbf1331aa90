package io.odradek.spec.cluster;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;

/** What a group is asked by whoever commits, member or not. */
final class GroupRequests {

    static FindCoordinatorRequestData whoCoordinates(String group) {
        return new FindCoordinatorRequestData().setKeyType((byte) 0).setCoordinatorKeys(List.of(group));
    }

    /** By nobody; who is a member says so. */
    static OffsetCommitRequestData commit(String group, Map<TopicPartition, Long> offsets) {
        OffsetCommitRequestData request = new OffsetCommitRequestData()
                .setGroupId(group)
                .setGenerationIdOrMemberEpoch(-1)
                .setMemberId("");
        byTopic(offsets.keySet())
                .forEach((topic, partitions) -> request.topics()
                        .add(new OffsetCommitRequestTopic()
                                .setName(topic)
                                .setPartitions(partitions.stream()
                                        .map(partition -> new OffsetCommitRequestPartition()
                                                .setPartitionIndex(partition)
                                                .setCommittedOffset(
                                                        offsets.getOrDefault(new TopicPartition(topic, partition), 0L))
                                                .setCommittedLeaderEpoch(-1)
                                                .setCommittedMetadata(""))
                                        .toList())));
        return request;
    }

    static OffsetFetchRequestData whatIsCommitted(String group, Collection<TopicPartition> of) {
        List<OffsetFetchRequestTopics> topics = new ArrayList<>();
        byTopic(of)
                .forEach((topic, partitions) ->
                        topics.add(new OffsetFetchRequestTopics().setName(topic).setPartitionIndexes(partitions)));
        return new OffsetFetchRequestData()
                .setGroups(List.of(new OffsetFetchRequestGroup()
                        .setGroupId(group)
                        .setMemberId(null)
                        .setMemberEpoch(-1)
                        .setTopics(topics)));
    }

    /** In the same order whatever order they come in. */
    private static Map<String, List<Integer>> byTopic(Collection<TopicPartition> partitions) {
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        partitions.forEach(partition -> byTopic.computeIfAbsent(partition.topic(), _ -> new ArrayList<>())
                .add(partition.partition()));
        byTopic.values().forEach(numbers -> numbers.sort(null));
        return byTopic;
    }

    private GroupRequests() {}
}
