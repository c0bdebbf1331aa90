package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.GroupErrors;
import io.odradek.broker.coordination.TopicLookup;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupEvent.OffsetToCommit;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.OffsetsCommitted;
import io.odradek.coordinator.group.GroupReply.PartitionOutcome;
import io.odradek.coordinator.group.GroupReply.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponsePartition;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponseTopic;
import org.apache.kafka.common.protocol.Errors;

/** Translates commits. Partitions that do not exist are refused here; the coordinator hears of the others only. */
public final class OffsetCommitHandler implements ApiHandler {

    private static final short FIRST_TO_KNOW_GROUP_ID_NOT_FOUND = 9;

    private final CoordinatorHost host;
    private final TopicLookup topics;

    public OffsetCommitHandler(CoordinatorHost host, TopicLookup topics) {
        this.host = host;
        this.topics = topics;
    }

    @Override
    public void handle(Request request, Reply reply) {
        OffsetCommitRequestData body = (OffsetCommitRequestData) request.body();
        List<OffsetToCommit> offsets = new ArrayList<>();
        for (OffsetCommitRequestTopic topic : body.topics()) {
            for (OffsetCommitRequestPartition partition : topic.partitions()) {
                if (topics.exists(topic.name(), partition.partitionIndex())) {
                    offsets.add(new OffsetToCommit(
                            topic.name(),
                            partition.partitionIndex(),
                            partition.committedOffset(),
                            partition.committedLeaderEpoch(),
                            partition.committedMetadata()));
                }
            }
        }
        List<OffsetToCommit> known = List.copyOf(offsets);
        if (known.isEmpty()) {
            reply.send(respond(body, known, index -> Errors.NONE.code()));
            return;
        }
        host.ask(
                body.groupId(),
                (nowMs, requestId) -> new GroupEvent.CommitOffsets(
                        nowMs,
                        requestId,
                        body.groupId(),
                        body.generationIdOrMemberEpoch(),
                        body.memberId(),
                        body.groupInstanceId(),
                        body.retentionTimeMs(),
                        request.version() >= FIRST_TO_KNOW_GROUP_ID_NOT_FOUND,
                        known),
                answer -> reply.send(respond(body, known, codes(answer))));
    }

    /** The code of the n-th offset that was handed to the coordinator. */
    private static IntFunction<Short> codes(GroupReply answer) {
        return switch (answer) {
            case OffsetsCommitted(List<PartitionOutcome> outcomes) ->
                index -> GroupErrors.code(outcomes.get(index).error());
            case Refused(GroupError error) -> index -> GroupErrors.code(error);
            case GroupReply other -> throw new IllegalStateException("answer to a commit: " + other);
        };
    }

    /** In the order of the request. What exists was decided once, when the request came in. */
    private static OffsetCommitResponseData respond(
            OffsetCommitRequestData body, List<OffsetToCommit> known, IntFunction<Short> codes) {
        OffsetCommitResponseData response = new OffsetCommitResponseData();
        int next = 0;
        for (OffsetCommitRequestTopic topic : body.topics()) {
            OffsetCommitResponseTopic answered = new OffsetCommitResponseTopic().setName(topic.name());
            for (OffsetCommitRequestPartition partition : topic.partitions()) {
                short code = Errors.UNKNOWN_TOPIC_OR_PARTITION.code();
                if (next < known.size()
                        && known.get(next).topic().equals(topic.name())
                        && known.get(next).partition() == partition.partitionIndex()) {
                    code = codes.apply(next++);
                }
                answered.partitions()
                        .add(new OffsetCommitResponsePartition()
                                .setPartitionIndex(partition.partitionIndex())
                                .setErrorCode(code));
            }
            response.topics().add(answered);
        }
        return response;
    }
}
