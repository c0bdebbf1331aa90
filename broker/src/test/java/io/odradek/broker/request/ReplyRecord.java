package io.odradek.broker.request;

import io.odradek.broker.net.Reply;
import java.util.Objects;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

/** What became of a reply, at once; twice is a mistake. */
final class ReplyRecord implements Reply {

    private @Nullable ApiMessage sent;
    private @Nullable String closed;
    private boolean nothing;

    boolean isOver() {
        return sent != null || closed != null || nothing;
    }

    private void first() {
        if (isOver()) {
            throw new AssertionError("replied twice");
        }
    }

    @Override
    public void send(ApiMessage response) {
        first();
        sent = response;
    }

    @Override
    public void nothing() {
        first();
        nothing = true;
    }

    @Override
    public void close(String reason) {
        first();
        closed = reason;
    }

    ApiMessage sent() {
        return Objects.requireNonNull(sent, () -> "nothing was sent; closed: " + closed);
    }

    String closed() {
        return Objects.requireNonNull(closed, () -> "not closed; sent: " + sent);
    }
}
