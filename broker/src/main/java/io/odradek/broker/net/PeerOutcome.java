package io.odradek.broker.net;

import io.odradek.engine.record.BufferLease;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * What becomes of a {@link PeerRequest}: one method is called, once, on the connection's loop, or by whoever asked when nothing can be
 * sent any more. Must not block.
 */
public interface PeerOutcome {

    /**
     * The other server's answer, errors included.
     *
     * @param response records and raw bytes in it are slices of the received memory, everything else is copied
     * @param version of request and response
     * @param memory what those slices lie in; retain it to keep them beyond this call
     */
    void answered(ApiMessage response, short version, BufferLease memory);

    /**
     * No answer.
     *
     * @param maybeDone whether the other server may have got the request, and may still carry it out
     */
    void failed(String why, boolean maybeDone);
}
