package io.odradek.broker.request;

import io.odradek.broker.net.Connection;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.engine.writepath.Shard;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.LeaderIdAndEpoch;
import org.apache.kafka.common.message.ProduceResponseData.NodeEndpoint;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * One produce request until its last batch is answered. Every batch writes its own part of the response and counts down; who
 * counts to zero sends it, on whatever thread that is.
 */
final class PendingProduce {
    /** {@code acks=all}: wait for the high watermark. */
    static final short ALL = -1;
    /** {@code acks=0}: the client reads no answer. */
    static final short NONE = 0;

    private static final short FIRST_VERSION_WITH_LEADERS = 10;

    private final Request request;
    private final Reply reply;
    private final LeaderHints hints;
    private final LongAdder parked;
    private final short acks;
    private final int timeoutMs;
    private final ProduceResponseData response = new ProduceResponseData();

    /** Batches without an answer, and one for the handler while it still adds some. */
    private final AtomicInteger openParts = new AtomicInteger(1);

    /** Settle threads of several shards may come here at once. */
    private final AtomicBoolean armed = new AtomicBoolean();

    private volatile Connection.@Nullable Timer deadline;
    /** The first thing that went wrong, where no error code can be sent. */
    private volatile @Nullable String failure;

    private volatile boolean redirected;
    /** All batches, newest first; network loop. */
    private @Nullable ProducedBatch newest;
    /** Has batches that it was not woken for; network loop. */
    private @Nullable Shard unannounced;

    /** @param parked how many requests wait for other replicas */
    PendingProduce(Request request, Reply reply, LeaderHints hints, LongAdder parked, short acks, int timeoutMs) {
        this.request = request;
        this.reply = reply;
        this.hints = hints;
        this.parked = parked;
        this.acks = acks;
        this.timeoutMs = timeoutMs;
    }

    Request request() {
        return request;
    }

    boolean waitsForAll() {
        return acks == ALL;
    }

    /** Filled in on the network loop until the handler calls {@link #partAnswered()} for itself. */
    ProduceResponseData response() {
        return response;
    }

    /** Network loop. */
    void add(ProducedBatch batch) {
        openParts.incrementAndGet();
        batch.older = newest;
        newest = batch;
    }

    /** A batch went to this shard, unannounced. Network loop. */
    void wrote(Shard shard) {
        if (unannounced != shard) {
            announce();
            unannounced = shard;
        }
    }

    /** Wakes who has batches of this request to write. Network loop, before it leaves the request. */
    void announce() {
        if (unannounced != null) {
            unannounced.announce();
            unannounced = null;
        }
    }

    /** Writes an error into a part of the response that the caller has taken. Any thread. */
    void fail(PartitionProduceResponse part, String topic, int partition, Errors error, @Nullable String message) {
        part.setErrorCode(error.code()).setErrorMessage(message);
        if (failure == null) {
            failure = topic + "-" + partition + ": " + error + (message == null ? "" : " (" + message + ")");
        }
        if (error == Errors.NOT_LEADER_OR_FOLLOWER && request.version() >= FIRST_VERSION_WITH_LEADERS) {
            LeaderHints.Leader leader = hints.leaderOf(topic, partition, request.listener());
            if (leader != null && leader.leaderId() >= 0) {
                part.setCurrentLeader(
                        new LeaderIdAndEpoch().setLeaderId(leader.leaderId()).setLeaderEpoch(leader.leaderEpoch()));
                redirected = true;
            }
        }
    }

    /** One part of the response is final; the last one sends it. Any thread. */
    void partAnswered() {
        if (openParts.decrementAndGet() > 0) {
            return;
        }
        if (armed.get()) {
            parked.decrement();
        }
        Connection.Timer timer = deadline;
        if (timer != null) {
            timer.cancel();
        }
        if (redirected) {
            addEndpoints();
        }
        String wrong = failure;
        if (acks != NONE) {
            reply.send(response);
        } else if (wrong == null) {
            reply.nothing();
        } else {
            reply.close(wrong);
        }
    }

    /** Where the leaders are that the response names: clients then need not ask for metadata first (KIP-951). */
    private void addEndpoints() {
        for (TopicProduceResponse topic : response.responses()) {
            for (PartitionProduceResponse part : topic.partitionResponses()) {
                int id = part.currentLeader().leaderId();
                if (id < 0 || response.nodeEndpoints().find(id) != null) {
                    continue;
                }
                LeaderHints.Leader leader = hints.leaderOf(topic.name(), part.index(), request.listener());
                if (leader != null && leader.leaderId() == id && leader.host() != null) {
                    response.nodeEndpoints()
                            .add(new NodeEndpoint()
                                    .setNodeId(id)
                                    .setHost(leader.host())
                                    .setPort(leader.port())
                                    .setRack(leader.rack()));
                }
            }
        }
    }

    /**
     * Begins to count the client's time-out, once. As in Kafka that is when the records are written and only other replicas
     * are missing, so that the usual request needs no timer. Any thread.
     */
    void armTimer() {
        if (armed.compareAndSet(false, true)) {
            parked.increment();
            deadline = request.connection().schedule(Math.max(0, timeoutMs), this::expire);
        }
    }

    private void expire() {
        for (ProducedBatch batch = newest; batch != null; batch = batch.older) {
            batch.timeOut();
        }
    }
}
