package io.odradek.broker.request;

import io.odradek.broker.net.Request;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.AbstractRequest;

/** Kafka's own answers to requests that have failed as a whole. */
final class ErrorResponses {

    /** Says the error wherever the API's answer has a place for it, so for each topic that the request names. */
    static ApiMessage of(Request request, ApiException failure) {
        return AbstractRequest.parseRequest(
                        request.api(),
                        request.version(),
                        MessageUtil.toByteBufferAccessor(request.body(), request.version()))
                .request
                .getErrorResponse(failure)
                .data();
    }

    private ErrorResponses() {}
}
