package io.odradek.broker.net;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * How long clients have to wait for what they use. A request is answered at once and told the time, and its connection is not read for as long
 * (KIP-219). Called on network loops; never blocks.
 */
public interface ClientThrottle {

    /** Nobody waits. */
    ClientThrottle NONE = new ClientThrottle() {};

    /**
     * A request has come, and goes to its handler in any case.
     *
     * @param sizeBytes of its frame
     * @return in ms; 0: not at all
     */
    default int received(Request request, int sizeBytes) {
        return 0;
    }

    /** Whether the time that the request takes is to be told. */
    default boolean isTimed(Request request) {
        return false;
    }

    /**
     * The loop has worked on a request of this client.
     *
     * @return in ms; 0: not at all
     */
    default int worked(@Nullable String clientId, long nanos) {
        return 0;
    }

    /**
     * A client has connected.
     *
     * @return 0: it is welcome; else it is closed after so many ms, without a word
     */
    default int connected(InetAddress client) {
        return 0;
    }
}
