package io.odradek.broker.partition;

import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;

/** The port to the brokers that lead what this one follows. Called on settle threads, which it does not hold up. */
public interface SourceBrokers {

    /**
     * Asks another broker. Answers of one broker to one shard come in the order of the questions.
     *
     * @param shard of this broker: each has a connection of its own, since an answer may wait long
     * @param timeoutMs after which it has failed
     */
    void ask(int broker, int shard, PeerRequest request, int timeoutMs, PeerOutcome outcome);
}
