package io.odradek.broker.net;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

/** A request to another server, to be written in the newest version that both sides have. */
public interface PeerRequest {

    ApiKeys api();

    /**
     * The message; on the connection's loop.
     *
     * @throws org.apache.kafka.common.errors.UnsupportedVersionException here, or when it is written: the version has no place for
     *     something that must not be left out. Then the request has failed, and was not sent
     */
    ApiMessage at(short version);
}
