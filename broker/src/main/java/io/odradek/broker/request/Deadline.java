package io.odradek.broker.request;

import io.odradek.broker.net.Connection;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * The first of answer and timeout gets the reply. A request that timed out may still be carried out, as in Kafka: the timeout is
 * how long the client waits, not how long the cluster tries.
 */
final class Deadline implements Reply {

    private final Reply reply;
    private final AtomicBoolean answered = new AtomicBoolean();
    private final Connection.Timer timer;

    /** @param onTimeout the answer when nothing came in {@code timeoutMs}; built only then, on the network loop */
    Deadline(Request request, Reply reply, int timeoutMs, Supplier<ApiMessage> onTimeout) {
        this.reply = reply;
        this.timer = request.connection().schedule(Math.max(1, timeoutMs), () -> {
            if (answered.compareAndSet(false, true)) {
                reply.send(onTimeout.get());
            }
        });
    }

    /** Whether the reply has been used: whatever comes now is in vain. */
    boolean isOver() {
        return answered.get();
    }

    @Override
    public void send(ApiMessage response) {
        if (end()) {
            reply.send(response);
        }
    }

    @Override
    public void nothing() {
        if (end()) {
            reply.nothing();
        }
    }

    @Override
    public void close(String reason) {
        if (end()) {
            reply.close(reason);
        }
    }

    private boolean end() {
        boolean first = answered.compareAndSet(false, true);
        if (first) {
            timer.cancel();
        }
        return first;
    }
}
