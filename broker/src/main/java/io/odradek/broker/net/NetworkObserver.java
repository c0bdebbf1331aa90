package io.odradek.broker.net;

import org.apache.kafka.common.protocol.ApiKeys;

/** Sees what passes over the sockets; for metrics. Called on network loops: counts and returns. */
public interface NetworkObserver {

    NetworkObserver NONE = new NetworkObserver() {};

    default void connectionOpened(String listener) {}

    default void connectionClosed(String listener) {}

    /** A connection is closed for what it sent, or was refused for there being too many. */
    default void clientRefused(String listener) {}

    /** A connection is not read for a while, for its client is over a quota. */
    default void connectionMuted(String listener) {}

    /** It is read again, or closed. */
    default void connectionUnmuted(String listener) {}

    /** A frame of {@code sizeBytes} was decoded. */
    default void received(ApiKeys api, short version, int sizeBytes) {}

    /**
     * A response was handed to the transport.
     *
     * @param sizeBytes 0 when nothing is sent, as to acks=0
     * @param handledNanos the handler's time on the network loop
     * @param totalNanos from the frame's decoding until now
     */
    default void answered(ApiKeys api, short version, long sizeBytes, long handledNanos, long totalNanos) {}

    /** A handler threw. */
    default void handlerFailed(ApiKeys api, short version) {}
}
