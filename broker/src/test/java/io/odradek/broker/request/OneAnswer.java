package io.odradek.broker.request;

import io.odradek.broker.net.Reply;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.protocol.ApiMessage;

/** A reply that has to be a response, and only one. */
public final class OneAnswer implements Reply {
    public final CompletableFuture<ApiMessage> response = new CompletableFuture<>();

    @Override
    public void send(ApiMessage sent) {
        if (!response.complete(sent)) {
            throw new AssertionError("answered twice");
        }
    }

    @Override
    public void nothing() {
        response.completeExceptionally(new AssertionError("nothing is sent"));
    }

    @Override
    public void close(String reason) {
        response.completeExceptionally(new AssertionError("closed: " + reason));
    }
}
