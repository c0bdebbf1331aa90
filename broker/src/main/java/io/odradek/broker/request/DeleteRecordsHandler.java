package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.partition.HostedTopic;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.LogConfig;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsPartitionResult;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.DeleteRecordsResponse;

/**
 * DeleteRecords: moves the beginning of logs (KIP-107). The work is done by the logs' append threads; the answer waits until the new beginning
 * is on the disks of all replicas that may lead: who is in sync, and eligible leaders. Kafka waits for all that live, and for no disk: a crash may
 * bring the records back.
 */
public final class DeleteRecordsHandler implements ApiHandler {
    private static final long UP_TO_HIGH_WATERMARK = -1;

    private final Partitions partitions;
    private final LeaderHints hints;
    private final Executor blocking;

    /** @param blocking where a task may wait for room in a shard's ring */
    public DeleteRecordsHandler(Partitions partitions, LeaderHints hints, Executor blocking) {
        this.partitions = partitions;
        this.hints = hints;
        this.blocking = blocking;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DeleteRecordsRequestData body = (DeleteRecordsRequestData) request.body();
        DeleteRecordsResponseData response = new DeleteRecordsResponseData();
        // One more than there are partitions, so that the response isn't sent while it is being put together.
        AtomicInteger open = new AtomicInteger(1);
        Runnable oneDone = () -> {
            if (open.decrementAndGet() == 0) {
                reply.send(response);
            }
        };
        for (DeleteRecordsTopic topic : body.topics()) {
            DeleteRecordsTopicResult result = new DeleteRecordsTopicResult().setName(topic.name());
            response.topics().add(result);
            HostedTopic hosted = partitions.topic(topic.name());
            for (DeleteRecordsPartition partition : topic.partitions()) {
                DeleteRecordsPartitionResult answer = new DeleteRecordsPartitionResult()
                        .setPartitionIndex(partition.partitionIndex())
                        .setLowWatermark(DeleteRecordsResponse.INVALID_LOW_WATERMARK);
                result.partitions().add(answer);
                PartitionHost host = hosted == null ? null : hosted.host(partition.partitionIndex());
                if (host == null) {
                    boolean elsewhere =
                            hints.leaderOf(topic.name(), partition.partitionIndex(), request.listener()) != null;
                    answer.setErrorCode(
                            (elsewhere ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.UNKNOWN_TOPIC_OR_PARTITION).code());
                } else if (Topic.isInternal(topic.name())) {
                    answer.setErrorCode(Errors.INVALID_TOPIC_EXCEPTION.code());
                } else {
                    delete(host, partition.offset(), body.timeoutMs(), answer, open, oneDone);
                }
            }
        }
        oneDone.run();
    }

    private void delete(
            PartitionHost host,
            long requested,
            int timeoutMs,
            DeleteRecordsPartitionResult answer,
            AtomicInteger open,
            Runnable oneDone) {
        LogConfig config = host.log().config();
        long highWatermark = host.view().highWatermark().offset();
        long offset = requested == UP_TO_HIGH_WATERMARK ? highWatermark : requested;
        Errors refusal = host.status();
        if (refusal == Errors.NONE && config.compact() && !config.delete()) {
            refusal = Errors.POLICY_VIOLATION;
        }
        if (refusal == Errors.NONE && (offset < 0 || offset > highWatermark)) {
            refusal = Errors.OFFSET_OUT_OF_RANGE;
        }
        if (refusal != Errors.NONE) {
            answer.setErrorCode(refusal.code());
            return;
        }
        open.incrementAndGet();
        blocking.execute(() -> host.deleteRecords(offset, timeoutMs, (error, lowWatermark) -> {
            answer.setErrorCode(error.code()).setLowWatermark(lowWatermark);
            oneDone.run();
        }));
    }
}
