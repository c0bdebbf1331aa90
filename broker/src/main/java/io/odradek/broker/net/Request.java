package io.odradek.broker.net;

import io.odradek.engine.record.BufferLease;
import java.net.InetAddress;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.requests.RequestHeader;
import org.jspecify.annotations.Nullable;

/**
 * One decoded request.
 *
 * @param body record fields inside are slices of the received frame, not copies
 * @param frame the received memory; retain it to keep such a slice beyond the reply
 * @param listener name of the listener it came in on
 */
public record Request(
        RequestHeader header,
        ApiMessage body,
        BufferLease frame,
        InetAddress clientAddress,
        String listener,
        Connection connection) {

    public ApiKeys api() {
        return header.apiKey();
    }

    public short version() {
        return header.apiVersion();
    }

    /** As the client named itself; may be null. */
    public @Nullable String clientId() {
        return header.clientId();
    }
}
