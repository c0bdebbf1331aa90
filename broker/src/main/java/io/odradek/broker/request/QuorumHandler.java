package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.quorum.QuorumHost;

/** Hands what is asked of the metadata quorum to this node's server of it, which answers on the metadata loop. */
public final class QuorumHandler implements ApiHandler {

    private final QuorumHost quorum;

    public QuorumHandler(QuorumHost quorum) {
        this.quorum = quorum;
    }

    @Override
    public void handle(Request request, Reply reply) {
        if (!quorum.receive(request.body(), request.version(), reply::send)) {
            reply.close("the metadata quorum's server takes no more requests"); // whoever asked asks again
        }
    }
}
