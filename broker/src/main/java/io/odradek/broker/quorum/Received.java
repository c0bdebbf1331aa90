package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

/** What another server's message is, once it was looked at. */
sealed interface Received<T> {

    /**
     * A request that makes sense by itself; whether it fits this server's state is not looked at.
     *
     * @param leaderAt where the sender, a leader, says that it is reached; null when it says nothing
     */
    record Request<T>(T request, @Nullable Endpoint leaderAt) implements Received<T> {
        Request(T request) {
            this(request, null);
        }
    }

    /** Nothing that the quorum could look at; this is the answer. */
    record Refused<T>(ApiMessage answer) implements Received<T> {}
}
