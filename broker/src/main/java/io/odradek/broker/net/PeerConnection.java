package io.odradek.broker.net;

/** A connection to another server: made when something is asked, kept, and made again when something is asked after it was lost. Any thread. */
public interface PeerConnection extends AutoCloseable {

    /**
     * Sends a request. Answers come in the order of the requests; nothing is sent twice. When one is not answered in time the connection
     * is given up, for everything behind it would wait as well.
     *
     * @param timeoutMs from now on; after it the request has failed, whatever comes
     */
    void ask(PeerRequest request, int timeoutMs, PeerOutcome outcome);

    /** What is unanswered fails, and so does all that is asked later. */
    @Override
    void close();
}
