package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Connection;
import io.odradek.broker.net.EmbeddedMessages;
import io.odradek.broker.net.EmbeddedMessages.EmbeddedRequest;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.net.RequestRouter;
import io.odradek.broker.net.RequestRouter.Route;
import io.odradek.engine.record.BufferLease;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.message.DescribeQuorumResponseData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Envelope, version 0, of the controller's listener (KIP-590): a client's request that a broker has passed on. It goes to the handler that it
 * would have gone to, had the client come itself, and what that answers goes back in the Envelope's answer.
 *
 * <p>The errors of the Envelope are for the broker, in this order:
 *
 * <ul>
 *   <li>NOT_CONTROLLER: this node is not the active controller, or was not when the request came to be decided; ask the one that is
 *   <li>PRINCIPAL_DESERIALIZATION_FAILURE: who the client is can't be read. Nothing is made of it: everybody may do everything
 *   <li>INVALID_REQUEST: the client's address has no length of an address; the API is none that brokers pass on, as Envelope itself; the
 *       request is malformed or does not end where its bytes do. Kafka says UNSUPPORTED_VERSION to the latter, as if it were another
 *       version's, for which the broker sends the client away; but the version is offered, and the bytes are the broker's
 *   <li>UNSUPPORTED_VERSION: the API is unknown, or not offered in this version
 * </ul>
 */
final class EnvelopeHandler implements ApiHandler {

    private static final Logger LOG = LoggerFactory.getLogger(EnvelopeHandler.class);

    private static final int KEY_AND_VERSION_BYTES = 4;
    private static final DefaultKafkaPrincipalBuilder PRINCIPALS = new DefaultKafkaPrincipalBuilder(null, null);

    private final BooleanSupplier isActive;
    private final RequestRouter router;

    /** @param router of what is answered inside an Envelope */
    EnvelopeHandler(BooleanSupplier isActive, RequestRouter router) {
        this.isActive = isActive;
        this.router = router;
    }

    @Override
    public void handle(Request request, Reply reply) {
        EnvelopeRequestData envelope = (EnvelopeRequestData) request.body();
        if (!isActive.getAsBoolean()) {
            reply.send(refused(Errors.NOT_CONTROLLER));
            return;
        }
        if (!isPrincipal(envelope.requestPrincipal())) {
            reply.send(refused(Errors.PRINCIPAL_DESERIALIZATION_FAILURE));
            return;
        }
        InetAddress client = address(envelope.clientHostAddress());
        if (client == null) {
            reply.send(refused(Errors.INVALID_REQUEST));
            return;
        }
        open(request, envelope.requestData(), client, reply);
    }

    /** Nothing of what is read stays in the Envelope's bytes, which are gone when this returns: no request in the router's has raw bytes. */
    private void open(Request request, ByteBuffer bytes, InetAddress client, Reply reply) {
        if (bytes.remaining() < KEY_AND_VERSION_BYTES) {
            reply.send(refused(Errors.INVALID_REQUEST));
            return;
        }
        short key = bytes.getShort(bytes.position());
        short version = bytes.getShort(bytes.position() + Short.BYTES);
        if (!ApiKeys.hasId(key)) {
            reply.send(refused(Errors.UNSUPPORTED_VERSION));
            return;
        }
        ApiKeys api = ApiKeys.forId(key);
        if (!api.forwardable) {
            reply.send(refused(Errors.INVALID_REQUEST));
            return;
        }
        Route route = router.route(api);
        if (route == null || !route.takes(version)) {
            reply.send(refused(Errors.UNSUPPORTED_VERSION));
            return;
        }
        EmbeddedRequest inner;
        try {
            inner = EmbeddedMessages.readRequest(bytes);
        } catch (InvalidRequestException malformed) {
            LOG.debug("{} has passed on {} version {}", request.connection().id(), api, version, malformed);
            reply.send(refused(Errors.INVALID_REQUEST));
            return;
        }
        route.handler()
                .handle(
                        new Request(
                                inner.header(),
                                inner.body(),
                                BufferLease.UNPOOLED,
                                client,
                                request.listener(),
                                request.connection()),
                        new EnvelopedReply(inner.header(), request.connection(), reply));
    }

    private static boolean isPrincipal(byte[] bytes) {
        try {
            PRINCIPALS.deserialize(bytes);
            return true;
        } catch (RuntimeException malformed) {
            return false;
        }
    }

    private static @Nullable InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException noAddress) {
            return null;
        }
    }

    private static EnvelopeResponseData refused(Errors error) {
        return new EnvelopeResponseData().setErrorCode(error.code());
    }

    /** Puts the answer to the inner request into the answer to the Envelope. Other clients' requests share the connection, so it stays open. */
    private record EnvelopedReply(RequestHeader inner, Connection connection, Reply reply) implements Reply {

        /** Written on the network loop, as other answers are: whoever replies has other things to do. */
        @Override
        public void send(ApiMessage response) {
            connection.execute(() -> write(response));
        }

        private void write(ApiMessage response) {
            EnvelopeResponseData envelope;
            try {
                ByteBuffer answer = EmbeddedMessages.answer(inner, response);
                envelope = isOfNoController(inner, response, answer)
                        ? refused(Errors.NOT_CONTROLLER)
                        : new EnvelopeResponseData().setResponseData(answer);
            } catch (RuntimeException failure) {
                LOG.error("the answer to {} version {} can't be written", inner.apiKey(), inner.apiVersion(), failure);
                envelope = refused(Errors.UNKNOWN_SERVER_ERROR);
            }
            reply.send(envelope);
        }

        /** What nobody answers is of Produce, which is never passed on. */
        @Override
        public void nothing() {
            LOG.error("{} version {} was given no answer", inner.apiKey(), inner.apiVersion());
            reply.send(refused(Errors.UNKNOWN_SERVER_ERROR));
        }

        /** Whoever is closed comes back and asks again: the broker does that for it, of whoever is the controller then. */
        @Override
        public void close(String reason) {
            LOG.debug("{} version {} is to be asked again: {}", inner.apiKey(), inner.apiVersion(), reason);
            reply.send(refused(Errors.NOT_CONTROLLER));
        }

        /** As Kafka: what the client would be told is for the broker to hear, which looks for the controller. */
        private static boolean isOfNoController(RequestHeader inner, ApiMessage response, ByteBuffer answer) {
            return switch (response) {
                case DescribeQuorumResponseData _ -> errors(inner, answer).contains(Errors.NOT_LEADER_OR_FOLLOWER);
                default -> errors(inner, answer).contains(Errors.NOT_CONTROLLER);
            };
        }

        private static Set<Errors> errors(RequestHeader inner, ByteBuffer answer) {
            ApiKeys api = inner.apiKey();
            short version = inner.apiVersion();
            ByteBuffer bytes = answer.duplicate();
            ResponseHeader.parse(bytes, api.responseHeaderVersion(version));
            return AbstractResponse.parseResponse(api, new ByteBufferAccessor(bytes), version)
                    .errorCounts()
                    .keySet();
        }
    }
}
