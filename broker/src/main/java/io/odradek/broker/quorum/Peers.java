package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

/** The port to the other servers of the quorum. Called by the metadata loop; does not block it. */
public interface Peers {

    /** A request, to be written in whichever version both sides have. */
    interface Request {
        ApiKeys api();

        /**
         * @throws org.apache.kafka.common.errors.UnsupportedVersionException here, or when it is written: the version has no place for
         *     something that must not be left out. Then the request has failed
         */
        ApiMessage at(short version);
    }

    /** What becomes of it: one method is called, once, on any thread. */
    interface Outcome {
        /** @param version of request and response */
        void answered(ApiMessage response, short version);

        /** It may or may not have been carried out. */
        void failed(String why);
    }

    /**
     * Sends a request.
     *
     * @param to a server's id; negative for one of the addresses that were configured without an id
     * @param timeoutMs after which it has failed; any answer that comes later is nobody's
     */
    void ask(int to, Request request, int timeoutMs, Outcome outcome);

    /** A server is reached there, as the record of the voters says, or whoever spoke of it last: rather than where it was configured. */
    void reachedAt(int server, Endpoint at);
}
