package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.EmbeddedMessages;
import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.engine.record.BufferLease;
import java.nio.ByteBuffer;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.message.AddRaftVoterRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.UpdateFeaturesRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker's handler of what is the active controller's work (KIP-590). While this node is the active controller it is done here; else the
 * client's request travels to it in an Envelope, as it is, and what is answered comes back to the client in the same way.
 *
 * <pre>
 *   client ── request ──► broker ── Envelope(request) ──► controller
 *          ◄── answer ──         ◄── Envelope(answer) ──
 *                          │  ▲ not the controller, not reached, no answer
 *                          └──┘ again after a pause, until the client's timeout
 * </pre>
 *
 * A request that was sent and not answered is sent again as well, as by Kafka, though it may have been carried out. What the controller is
 * asked for is a state, not a step towards it, so twice leaves the metadata as once does; the second answer may say that the topic exists
 * already, or no more. To answer that nobody knows would be no better: clients then ask again themselves, and get that same answer.
 */
final class ForwardedHandler implements ApiHandler {

    private static final Logger LOG = LoggerFactory.getLogger(ForwardedHandler.class);

    /** The longest that Kafka forwards, and what is waited when the request does not say how long. */
    static final int MOST_MS = 60_000;

    /** Kafka's, while it looks for a controller. */
    static final int PAUSE_MS = 100;

    /** {@code controller.socket.timeout.ms} in Kafka: what a controller that hangs may take. */
    private static final int ANSWER_MS = 30_000;

    /** In which the controller's own word that the time is over may arrive: a question without an answer takes the connection with it. */
    private static final int GRACE_MS = 5_000;

    /** Clients do not say who they are. */
    private static final byte[] PRINCIPAL =
            new DefaultKafkaPrincipalBuilder(null, null).serialize(KafkaPrincipal.ANONYMOUS);

    private final ControllerLine controller;
    private final ApiHandler here;

    /** Last reported; one that comes back with each request is one line. */
    private volatile String trouble = "";

    /** @param here does the work when this node is the active controller */
    ForwardedHandler(ControllerLine controller, ApiHandler here) {
        this.controller = controller;
        this.here = here;
    }

    @Override
    public void handle(Request request, Reply reply) {
        if (controller.isHere()) {
            here.handle(request, reply);
        } else {
            new Forwarding(request, reply).attempt();
        }
    }

    /** One request on its way. Attempts are made on the client's network loop, outcomes come on any thread. */
    private final class Forwarding implements PeerRequest, PeerOutcome {
        private final Request request;
        private final ByteBuffer bytes;
        private final int timeoutMs;
        private final Deadline deadline;
        private volatile String lastFailure = "no answer";

        Forwarding(Request request, Reply reply) {
            this.request = request;
            this.bytes = EmbeddedMessages.request(request.header(), request.body());
            this.timeoutMs = timeoutMs(request.body());
            this.deadline = new Deadline(request, reply, timeoutMs, this::timedOut);
        }

        void attempt() {
            if (deadline.isOver()) {
                return;
            }
            if (controller.isHere()) {
                here.handle(request, deadline);
            } else {
                controller.ask(this, Math.max(ANSWER_MS, timeoutMs + GRACE_MS), this);
            }
        }

        @Override
        public ApiKeys api() {
            return ApiKeys.ENVELOPE;
        }

        @Override
        public ApiMessage at(short version) {
            return new EnvelopeRequestData()
                    .setRequestData(bytes.duplicate()) // writing moves its position, and it may be written again
                    .setRequestPrincipal(PRINCIPAL)
                    .setClientHostAddress(request.clientAddress().getAddress());
        }

        @Override
        public void answered(ApiMessage response, short version, BufferLease memory) {
            EnvelopeResponseData envelope = (EnvelopeResponseData) response;
            Errors error = Errors.forCode(envelope.errorCode());
            switch (error) {
                case NONE -> unwrap(envelope.responseData());
                case NOT_CONTROLLER -> tryAgain("the node that was asked is not the active controller");
                case UNSUPPORTED_VERSION ->
                    // The client has chosen from what this broker offers, and may find something else when it comes
                    // back.
                    deadline.close("the active controller does not offer " + request.api() + " in version "
                            + request.version());
                // Ours or the controller's fault: nothing that the client could make anything of.
                default -> giveUp("the active controller refuses envelopes: " + error);
            }
        }

        private void unwrap(ByteBuffer answer) {
            ApiMessage body;
            try {
                body = EmbeddedMessages.readAnswer(request.header(), answer);
            } catch (InvalidRequestException malformed) {
                giveUp("the active controller's envelope holds a " + malformed.getMessage());
                return;
            }
            trouble = "";
            deadline.send(body);
        }

        private void giveUp(String why) {
            if (!why.equals(trouble)) {
                trouble = why;
                LOG.warn("{} version {} is answered UNKNOWN_SERVER_ERROR: {}", request.api(), request.version(), why);
            }
            deadline.send(ErrorResponses.of(request, Errors.UNKNOWN_SERVER_ERROR.exception()));
        }

        @Override
        public void failed(String why, boolean maybeDone) {
            tryAgain(why);
        }

        private void tryAgain(String why) {
            lastFailure = why;
            if (!deadline.isOver()) {
                request.connection().schedule(PAUSE_MS, this::attempt);
            }
        }

        private ApiMessage timedOut() {
            return ErrorResponses.of(
                    request,
                    new TimeoutException(
                            "The active controller has not answered within " + timeoutMs + " ms: " + lastFailure));
        }
    }

    private static int timeoutMs(ApiMessage body) {
        int own = switch (body) {
            case CreateTopicsRequestData data -> data.timeoutMs();
            case DeleteTopicsRequestData data -> data.timeoutMs();
            case CreatePartitionsRequestData data -> data.timeoutMs();
            case ElectLeadersRequestData data -> data.timeoutMs();
            case AlterPartitionReassignmentsRequestData data -> data.timeoutMs();
            case ListPartitionReassignmentsRequestData data -> data.timeoutMs();
            case UpdateFeaturesRequestData data -> data.timeoutMs();
            case AddRaftVoterRequestData data -> data.timeoutMs();
            default -> MOST_MS;
        };
        return Math.clamp(own, 1, MOST_MS);
    }
}
