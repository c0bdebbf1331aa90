package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.Gathering;
import io.odradek.broker.coordination.GroupErrors;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupEvent.TopicPartition;
import io.odradek.coordinator.group.GroupRecord.CommittedOffset;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.FetchedOffset;
import io.odradek.coordinator.group.GroupReply.OffsetsFetched;
import io.odradek.coordinator.group.GroupReply.Refused;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartition;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopic;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopics;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Translates reads of offsets: one group up to version 7, several since, each asked of its own partition. An unknown group
 * has no offsets, which is no error.
 */
public final class OffsetFetchHandler implements ApiHandler {

    private static final short FIRST_WITH_GROUP_ERROR = 2;
    private static final short FIRST_WITH_SEVERAL_GROUPS = 8;
    private static final long NO_OFFSET = -1;
    private static final int NO_LEADER_EPOCH = -1;

    /** One group of the request and where its answer stands in the response. */
    private record Asked(
            int index, String groupId, @Nullable List<TopicPartition> partitions) {}

    private record Answered(int index, OffsetFetchResponseGroup group) {}

    private final CoordinatorHost host;

    public OffsetFetchHandler(CoordinatorHost host) {
        this.host = host;
    }

    @Override
    public void handle(Request request, Reply reply) {
        OffsetFetchRequestData body = (OffsetFetchRequestData) request.body();
        short version = request.version();
        List<Asked> asked = version >= FIRST_WITH_SEVERAL_GROUPS ? groups(body) : List.of(onlyGroup(body));
        Gathering<Answered> gathering = new Gathering<>(asked.size(), answers -> {
            OffsetFetchResponseGroup[] inOrder = new OffsetFetchResponseGroup[asked.size()];
            for (Answered answer : answers) {
                inOrder[answer.index()] = answer.group();
            }
            reply.send(
                    version >= FIRST_WITH_SEVERAL_GROUPS
                            ? new OffsetFetchResponseData().setGroups(List.of(inOrder))
                            : ofOneGroup(inOrder[0], version));
        });
        for (Asked group : asked) {
            host.ask(
                    group.groupId(),
                    (nowMs, requestId) -> new GroupEvent.FetchOffsets(
                            nowMs, requestId, group.groupId(), group.partitions(), body.requireStable()),
                    answer -> gathering.add(new Answered(group.index(), respond(group, answer))));
        }
    }

    private static List<Asked> groups(OffsetFetchRequestData body) {
        List<Asked> asked = new ArrayList<>(body.groups().size());
        for (OffsetFetchRequestGroup group : body.groups()) {
            List<TopicPartition> partitions = null;
            if (group.topics() != null) {
                partitions = new ArrayList<>();
                for (OffsetFetchRequestTopics topic : group.topics()) {
                    for (int partition : topic.partitionIndexes()) {
                        partitions.add(new TopicPartition(topic.name(), partition));
                    }
                }
            }
            asked.add(new Asked(asked.size(), group.groupId(), partitions));
        }
        return asked;
    }

    private static Asked onlyGroup(OffsetFetchRequestData body) {
        List<TopicPartition> partitions = null;
        if (body.topics() != null) {
            partitions = new ArrayList<>();
            for (OffsetFetchRequestTopic topic : body.topics()) {
                for (int partition : topic.partitionIndexes()) {
                    partitions.add(new TopicPartition(topic.name(), partition));
                }
            }
        }
        return new Asked(0, body.groupId(), partitions);
    }

    private static OffsetFetchResponseGroup respond(Asked asked, GroupReply answer) {
        OffsetFetchResponseGroup group = new OffsetFetchResponseGroup().setGroupId(asked.groupId());
        return switch (answer) {
            case OffsetsFetched(List<FetchedOffset> offsets) -> group.setTopics(topics(offsets));
            case Refused(GroupError error) -> {
                // Consumers before 3.9 do not retry on COORDINATOR_NOT_AVAILABLE here; on NOT_COORDINATOR all look
                // again.
                GroupError told = error == GroupError.COORDINATOR_NOT_AVAILABLE ? GroupError.NOT_COORDINATOR : error;
                if (asked.partitions() != null) {
                    group.setTopics(topics(asked.partitions().stream()
                            .map(p -> new FetchedOffset(p.topic(), p.partition(), null))
                            .toList()));
                }
                yield group.setErrorCode(GroupErrors.code(told));
            }
            case GroupReply other -> throw new IllegalStateException("answer to an offset fetch: " + other);
        };
    }

    /** Consecutive partitions of a topic stand together. */
    private static List<OffsetFetchResponseTopics> topics(List<FetchedOffset> offsets) {
        List<OffsetFetchResponseTopics> topics = new ArrayList<>();
        OffsetFetchResponseTopics current = null;
        for (FetchedOffset offset : offsets) {
            if (current == null || !current.name().equals(offset.topic())) {
                current = new OffsetFetchResponseTopics().setName(offset.topic());
                topics.add(current);
            }
            CommittedOffset value = offset.value();
            current.partitions()
                    .add(new OffsetFetchResponsePartitions()
                            .setPartitionIndex(offset.partition())
                            .setCommittedOffset(value == null ? NO_OFFSET : value.offset())
                            .setCommittedLeaderEpoch(value == null ? NO_LEADER_EPOCH : value.leaderEpoch())
                            .setMetadata(value == null ? "" : value.metadata()));
        }
        return topics;
    }

    /** Before version 2 there is no place for the group's error but at each partition. */
    private static OffsetFetchResponseData ofOneGroup(OffsetFetchResponseGroup group, short version) {
        OffsetFetchResponseData response = new OffsetFetchResponseData().setErrorCode(group.errorCode());
        short partitionError = version < FIRST_WITH_GROUP_ERROR ? group.errorCode() : Errors.NONE.code();
        boolean hasPartitions = group.errorCode() == Errors.NONE.code() || version < FIRST_WITH_GROUP_ERROR;
        if (hasPartitions) {
            for (OffsetFetchResponseTopics topic : group.topics()) {
                OffsetFetchResponseTopic answered = new OffsetFetchResponseTopic().setName(topic.name());
                for (OffsetFetchResponsePartitions partition : topic.partitions()) {
                    answered.partitions()
                            .add(new OffsetFetchResponsePartition()
                                    .setPartitionIndex(partition.partitionIndex())
                                    .setErrorCode(partitionError)
                                    .setCommittedOffset(partition.committedOffset())
                                    .setCommittedLeaderEpoch(partition.committedLeaderEpoch())
                                    .setMetadata(partition.metadata()));
                }
                response.topics().add(answered);
            }
        }
        return response;
    }
}
