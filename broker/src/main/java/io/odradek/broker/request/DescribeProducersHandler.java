package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.producer.ProducerState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.DescribeProducersResponseData.PartitionResponse;
import org.apache.kafka.common.message.DescribeProducersResponseData.TopicResponse;
import org.apache.kafka.common.protocol.Errors;

/** DescribeProducers: who has written to a partition lately (KIP-664). The logs' append threads know. */
public final class DescribeProducersHandler implements ApiHandler {
    private final Partitions partitions;
    private final LeaderHints hints;
    private final Executor blocking;

    /** @param blocking where a task may wait for room in a shard's ring */
    public DescribeProducersHandler(Partitions partitions, LeaderHints hints, Executor blocking) {
        this.partitions = partitions;
        this.hints = hints;
        this.blocking = blocking;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DescribeProducersRequestData body = (DescribeProducersRequestData) request.body();
        DescribeProducersResponseData response = new DescribeProducersResponseData();
        // One more than there are partitions, so that the response isn't sent while it is being put together.
        AtomicInteger open = new AtomicInteger(1);
        Runnable oneDone = () -> {
            if (open.decrementAndGet() == 0) {
                reply.send(response);
            }
        };
        for (TopicRequest topic : body.topics()) {
            TopicResponse answers = new TopicResponse().setName(topic.name());
            response.topics().add(answers);
            for (int partition : topic.partitionIndexes()) {
                PartitionResponse answer = new PartitionResponse().setPartitionIndex(partition);
                answers.partitions().add(answer);
                PartitionHost host = partitions.find(topic.name(), partition);
                Errors refusal = host != null
                        ? host.status()
                        : hints.leaderOf(topic.name(), partition, request.listener()) == null
                                ? Errors.UNKNOWN_TOPIC_OR_PARTITION
                                : Errors.NOT_LEADER_OR_FOLLOWER;
                if (host == null || refusal != Errors.NONE) {
                    answer.setErrorCode(refusal.code()).setErrorMessage(refusal.message());
                } else {
                    open.incrementAndGet();
                    describe(host, answer, oneDone);
                }
            }
        }
        oneDone.run();
    }

    private void describe(PartitionHost host, PartitionResponse answer, Runnable oneDone) {
        List<ProducerState> found = new ArrayList<>();
        blocking.execute(() -> host.shard()
                .run(host.log(), () -> found.addAll(host.log().describeProducers()), failure -> {
                    if (failure == null) {
                        for (ProducerState producer : found) {
                            answer.activeProducers().add(describe(producer));
                        }
                    } else {
                        answer.setErrorCode(Errors.KAFKA_STORAGE_ERROR.code()).setErrorMessage(failure.getMessage());
                    }
                    oneDone.run();
                }));
    }

    private static DescribeProducersResponseData.ProducerState describe(ProducerState producer) {
        return new DescribeProducersResponseData.ProducerState()
                .setProducerId(producer.producerId())
                .setProducerEpoch(producer.producerEpoch())
                .setLastSequence(producer.lastSequence())
                .setLastTimestamp(producer.lastTimestamp())
                .setCoordinatorEpoch(producer.coordinatorEpoch())
                .setCurrentTxnStartOffset(producer.currentTxnStartOffset());
    }
}
