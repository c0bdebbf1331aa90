package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.LogView;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResult;
import org.apache.kafka.common.protocol.Errors;

/** OffsetForLeaderEpoch: where a reign ended, so that a reader can tell whether its log was cut (KIP-101, KIP-320). */
public final class OffsetForLeaderEpochHandler implements ApiHandler {
    private static final int UNDEFINED = -1;

    private final Partitions partitions;
    private final LeaderHints hints;

    public OffsetForLeaderEpochHandler(Partitions partitions, LeaderHints hints) {
        this.partitions = partitions;
        this.hints = hints;
    }

    @Override
    public void handle(Request request, Reply reply) {
        OffsetForLeaderEpochRequestData body = (OffsetForLeaderEpochRequestData) request.body();
        OffsetForLeaderEpochResponseData response = new OffsetForLeaderEpochResponseData();
        for (OffsetForLeaderTopic topic : body.topics()) {
            List<EpochEndOffset> answers = new ArrayList<>(topic.partitions().size());
            for (OffsetForLeaderPartition partition : topic.partitions()) {
                answers.add(answer(request, topic.topic(), partition));
            }
            response.topics()
                    .add(new OffsetForLeaderTopicResult()
                            .setTopic(topic.topic())
                            .setPartitions(answers));
        }
        reply.send(response);
    }

    private EpochEndOffset answer(Request request, String topic, OffsetForLeaderPartition wanted) {
        EpochEndOffset answer = new EpochEndOffset()
                .setPartition(wanted.partition())
                .setLeaderEpoch(UNDEFINED)
                .setEndOffset(UNDEFINED);
        PartitionHost host = partitions.find(topic, wanted.partition());
        if (host == null) {
            boolean elsewhere = hints.leaderOf(topic, wanted.partition(), request.listener()) != null;
            return answer.setErrorCode(
                    (elsewhere ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.UNKNOWN_TOPIC_OR_PARTITION).code());
        }
        Errors error = host.status();
        if (error == Errors.NONE) {
            error = host.checkEpoch(host.view(), wanted.currentLeaderEpoch());
        }
        if (error != Errors.NONE) {
            return answer.setErrorCode(error.code());
        }
        LogView.EpochEnd end = host.log().view().endOffsetFor(wanted.leaderEpoch());
        return end.leaderEpoch() < 0 || end.endOffset() < 0
                ? answer
                : answer.setLeaderEpoch(end.leaderEpoch()).setEndOffset(end.endOffset());
    }
}
