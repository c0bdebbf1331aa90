package io.odradek.broker.net;

import java.nio.ByteBuffer;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;
import org.apache.kafka.common.requests.ResponseHeader;

/**
 * Requests and answers that travel inside others, as the bytes of a header and a body without their size (KIP-590). What is read is copied
 * out of the bytes, but for records and raw bytes, which stay slices of them; what one message may become on the heap is bounded as for one
 * that travels by itself.
 */
public final class EmbeddedMessages {

    private static final FrameReadable.Limits OF_REQUEST =
            decoding(NetworkOptions.defaults().limits());

    /** A request with its header. */
    public record EmbeddedRequest(RequestHeader header, ApiMessage body) {}

    private static FrameReadable.Limits decoding(NetworkOptions.Limits limits) {
        return new FrameReadable.Limits(limits.maxRequestElements(), limits.maxRequestCopiedBytes());
    }

    /** The request as its client has sent it, in a buffer of its own on the heap. */
    public static ByteBuffer request(RequestHeader header, ApiMessage body) {
        return RequestUtils.serialize(header.data(), header.headerVersion(), body, header.apiVersion());
    }

    /**
     * The answer to a request, in a buffer of its own on the heap.
     *
     * @throws RuntimeException the request's version has no place for it
     */
    public static ByteBuffer answer(RequestHeader to, ApiMessage body) {
        short headerVersion = to.apiKey().responseHeaderVersion(to.apiVersion());
        ResponseHeader header = new ResponseHeader(to.correlationId(), headerVersion);
        return RequestUtils.serialize(header.data(), headerVersion, body, to.apiVersion());
    }

    /**
     * Reads a request.
     *
     * @param bytes all of it, and nothing else; of an API and a version that kafka-clients has
     * @throws InvalidRequestException they make no sense
     */
    public static EmbeddedRequest readRequest(ByteBuffer bytes) {
        ByteBuffer from = bytes.duplicate();
        try {
            RequestHeader header = RequestHeader.parse(from);
            ApiMessage body = header.apiKey().messageType.newRequest();
            body.read(new FrameReadable(from, OF_REQUEST), header.apiVersion());
            checkEnd(from);
            return new EmbeddedRequest(header, body);
        } catch (RuntimeException malformed) {
            throw new InvalidRequestException("malformed request: " + malformed.getMessage(), malformed);
        }
    }

    /**
     * Reads the answer to a request.
     *
     * @throws InvalidRequestException it makes no sense, or answers another request
     */
    public static ApiMessage readAnswer(RequestHeader to, ByteBuffer bytes) {
        ByteBuffer from = bytes.duplicate();
        ApiKeys api = to.apiKey();
        try {
            ResponseHeader header = ResponseHeader.parse(from, api.responseHeaderVersion(to.apiVersion()));
            if (header.correlationId() != to.correlationId()) {
                throw new InvalidRequestException(
                        "it answers request " + header.correlationId() + ", not " + to.correlationId());
            }
            ApiMessage body = api.messageType.newResponse();
            body.read(new FrameReadable(from, PeerSocket.DECODING), to.apiVersion());
            checkEnd(from);
            return body;
        } catch (RuntimeException malformed) {
            throw new InvalidRequestException("malformed answer: " + malformed.getMessage(), malformed);
        }
    }

    private static void checkEnd(ByteBuffer bytes) {
        if (bytes.hasRemaining()) {
            throw new InvalidRequestException(bytes.remaining() + " bytes are left over");
        }
    }

    private EmbeddedMessages() {}
}
