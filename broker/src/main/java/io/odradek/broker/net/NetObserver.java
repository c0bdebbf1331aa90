package io.odradek.broker.net;

import org.apache.kafka.common.protocol.ApiKeys;

/** Told what passes through the sockets. Called on network loops; must be quick. */
public interface NetObserver {

    /** Tells nobody. */
    NetObserver NONE = new NetObserver() {};

    /**
     * A request has been answered, or needs no answer.
     *
     * @param nanos from its last byte's arrival until its answer was handed to the socket
     */
    default void answered(ApiKeys api, short version, long nanos, int requestBytes, int responseBytes) {}

    default void connected() {}

    default void disconnected() {}

    /** @param delta frames that wait for their answers now hold this many bytes more, or less */
    default void inFlightBytes(long delta) {}
}
