package io.odradek.broker;

import io.odradek.broker.quorum.Peers;
import io.odradek.replication.Endpoint;

/** A quorum of one asks nobody. */
final class NoPeers implements Peers {

    @Override
    public void ask(int to, Request request, int timeoutMs, Outcome outcome) {
        outcome.failed("no connection to server " + to);
    }

    @Override
    public void reachedAt(int server, Endpoint at) {}
}
