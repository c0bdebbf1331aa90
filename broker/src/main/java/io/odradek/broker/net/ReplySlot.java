package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

/**
 * The place of one answer in its connection's queue. Filled once by any thread, emptied by the network loop when it is the first in
 * the queue.
 */
final class ReplySlot implements Reply {
    private static final AtomicReferenceFieldUpdater<ReplySlot, @Nullable Object> ANSWER =
            AtomicReferenceFieldUpdater.newUpdater(ReplySlot.class, Object.class, "answer");
    private static final Object NOTHING = new Object();

    /** A connection that has to be closed, and why. */
    private record Close(String reason) {}

    private final KafkaConnection connection;
    final ByteBuf frame;
    final ApiKeys api;
    final short version;
    final int correlationId;
    final short headerVersion;
    final int requestBytes;
    final long arrivedNanos;

    private volatile @Nullable Object answer;

    ReplySlot(
            KafkaConnection connection,
            ByteBuf frame,
            ApiKeys api,
            short version,
            int correlationId,
            short headerVersion,
            long arrivedNanos) {
        this.connection = connection;
        this.frame = frame;
        this.api = api;
        this.version = version;
        this.correlationId = correlationId;
        this.headerVersion = headerVersion;
        this.requestBytes = frame.readableBytes();
        this.arrivedNanos = arrivedNanos;
    }

    @Override
    public void send(ApiMessage response) {
        fill(response);
    }

    @Override
    public void nothing() {
        fill(NOTHING);
    }

    @Override
    public void close(String reason) {
        fill(new Close(reason));
    }

    private void fill(Object filling) {
        if (!ANSWER.compareAndSet(this, null, filling)) {
            throw new IllegalStateException("a second answer to " + api + " " + correlationId);
        }
        connection.answered();
    }

    boolean isAnswered() {
        return answer != null;
    }

    /** The body to send; null when there is nothing to send. */
    @Nullable
    ApiMessage body() {
        return answer instanceof ApiMessage message ? message : null;
    }

    /** Why the connection has to be closed; null: it hasn't. */
    @Nullable
    String closeReason() {
        return answer instanceof Close(String reason) ? reason : null;
    }
}
