package io.odradek.broker.net;

import io.netty.channel.EventLoop;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;

/**
 * What the connections of one Netty event loop share: the queue through which other threads say that answers are ready. However
 * many are ready, the loop is woken once. The queue holds each connection at most once, so it is bounded by their number.
 */
final class NetworkLoop {
    private static final int QUEUE_CHUNK = 256;

    private final EventLoop eventLoop;
    private final MpscUnboundedAtomicArrayQueue<KafkaConnection> answered =
            new MpscUnboundedAtomicArrayQueue<>(QUEUE_CHUNK);
    private final AtomicBoolean woken = new AtomicBoolean();

    NetworkLoop(EventLoop eventLoop) {
        this.eventLoop = eventLoop;
    }

    EventLoop eventLoop() {
        return eventLoop;
    }

    /** The connection has answers to send. Any thread. */
    void answered(KafkaConnection connection) {
        answered.offer(connection);
        if (!woken.get() && woken.compareAndSet(false, true)) {
            eventLoop.execute(this::sendAnswers);
        }
    }

    private void sendAnswers() {
        woken.set(false); // before the queue is read: what comes later wakes again
        for (KafkaConnection connection = answered.poll(); connection != null; connection = answered.poll()) {
            connection.sendAnswers();
        }
    }
}
