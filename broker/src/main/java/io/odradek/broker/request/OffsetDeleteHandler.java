package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.GroupErrors;
import io.odradek.broker.coordination.TopicLookup;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupEvent.TopicPartition;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.OffsetsDeleted;
import io.odradek.coordinator.group.GroupReply.PartitionOutcome;
import io.odradek.coordinator.group.GroupReply.Refused;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponsePartition;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponseTopic;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponseTopicCollection;
import org.apache.kafka.common.protocol.Errors;

/** Translates deletes of offsets (KIP-496). Partitions that do not exist are refused here. */
public final class OffsetDeleteHandler implements ApiHandler {

    private final CoordinatorHost host;
    private final TopicLookup topics;

    public OffsetDeleteHandler(CoordinatorHost host, TopicLookup topics) {
        this.host = host;
        this.topics = topics;
    }

    @Override
    public void handle(Request request, Reply reply) {
        OffsetDeleteRequestData body = (OffsetDeleteRequestData) request.body();
        List<TopicPartition> known = new ArrayList<>();
        List<TopicPartition> unknown = new ArrayList<>();
        for (OffsetDeleteRequestTopic topic : body.topics()) {
            for (OffsetDeleteRequestPartition partition : topic.partitions()) {
                (topics.exists(topic.name(), partition.partitionIndex()) ? known : unknown)
                        .add(new TopicPartition(topic.name(), partition.partitionIndex()));
            }
        }
        List<TopicPartition> toDelete = List.copyOf(known);
        // Asked even with nothing to delete: the group may be unknown, which is what the client wants to hear.
        host.ask(
                body.groupId(),
                (nowMs, requestId) -> new GroupEvent.DeleteOffsets(nowMs, requestId, body.groupId(), toDelete),
                answer -> reply.send(respond(answer, unknown)));
    }

    private static OffsetDeleteResponseData respond(GroupReply answer, List<TopicPartition> unknown) {
        return switch (answer) {
            case OffsetsDeleted(List<PartitionOutcome> outcomes) -> {
                OffsetDeleteResponseTopicCollection answered = new OffsetDeleteResponseTopicCollection();
                for (PartitionOutcome outcome : outcomes) {
                    add(answered, outcome.topic(), outcome.partition(), GroupErrors.code(outcome.error()));
                }
                for (TopicPartition partition : unknown) {
                    add(answered, partition.topic(), partition.partition(), Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
                }
                yield new OffsetDeleteResponseData().setTopics(answered);
            }
            case Refused(GroupError error) -> new OffsetDeleteResponseData().setErrorCode(GroupErrors.code(error));
            case GroupReply other -> throw new IllegalStateException("answer to an offset delete: " + other);
        };
    }

    private static void add(OffsetDeleteResponseTopicCollection topics, String name, int partition, short code) {
        OffsetDeleteResponseTopic topic = topics.find(name);
        if (topic == null) {
            topic = new OffsetDeleteResponseTopic().setName(name);
            topics.add(topic);
        }
        topic.partitions()
                .add(new OffsetDeleteResponsePartition()
                        .setPartitionIndex(partition)
                        .setErrorCode(code));
    }
}
