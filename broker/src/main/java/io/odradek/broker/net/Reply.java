package io.odradek.broker.net;

import org.apache.kafka.common.protocol.ApiMessage;

/** Where the answer to one request goes. Exactly one method is called, once, from any thread; replies leave in request order. */
public interface Reply {

    /** Sends the response body. Record fields may be file or memory slices; they are closed when written or when the connection dies. */
    void send(ApiMessage response);

    /** For Produce with acks=0: nothing is sent, the next reply may go. */
    void nothing();

    /** Closes the connection, as Kafka does where no error code can tell. */
    void close(String reason);
}
