package io.odradek.broker.net;

/** How other servers are reached: {@link SocketNetwork}, or what a simulator has instead. */
public interface PeerNetwork extends AutoCloseable {

    /**
     * A connection, made when something is asked and again after it was lost. What may wait long has a connection of its own.
     *
     * @param name of the other server, for messages
     * @param host name or address; looked up at each attempt
     */
    PeerConnection connection(String name, String host, int port);

    /** What is unanswered fails, and so does all that is asked later. */
    @Override
    void close();
}
