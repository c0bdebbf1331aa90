package io.odradek.broker.net;

/** Answers one API key. Called on the connection's network loop and must not block it. */
public interface ApiHandler {

    /**
     * Takes the request; answers through {@code reply} now or later, from any thread. Whatever the body's buffers hold is
     * valid until the reply is sent, unless the handler retained {@link Request#frame()}.
     */
    void handle(Request request, Reply reply);
}
