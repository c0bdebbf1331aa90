package io.odradek.broker.request;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.OffsetsTopic;
import io.odradek.broker.coordination.OffsetsTopic.Endpoint;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData.Coordinator;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.FindCoordinatorRequest.CoordinatorType;
import org.jspecify.annotations.Nullable;

/**
 * Where a group's coordinator is: at the leader of its partition of {@code __consumer_offsets}. The first to ask has the
 * topic created, and is told to ask again.
 *
 * <p>Transactions have no coordinator yet. {@code COORDINATOR_NOT_AVAILABLE} would make producers ask for ever;
 * {@code UNSUPPORTED_VERSION} is not retriable, ends the Java producer's {@code initTransactions} with our message, and
 * claims nothing false about permissions or a malformed request.
 */
public final class FindCoordinatorHandler implements ApiHandler {

    private static final short FIRST_WITH_SEVERAL_KEYS = 4;
    static final String NO_TRANSACTIONS =
            "This broker does not support transactions yet: use the producer without transactional.id.";

    private final CoordinatorHost host;
    private final OffsetsTopic topic;

    public FindCoordinatorHandler(CoordinatorHost host, OffsetsTopic topic) {
        this.host = host;
        this.topic = topic;
    }

    @Override
    public void handle(Request request, Reply reply) {
        FindCoordinatorRequestData body = (FindCoordinatorRequestData) request.body();
        FindCoordinatorResponseData response = new FindCoordinatorResponseData();
        if (request.version() >= FIRST_WITH_SEVERAL_KEYS) {
            List<Coordinator> found = new ArrayList<>(body.coordinatorKeys().size());
            for (String key : body.coordinatorKeys()) {
                found.add(find(body.keyType(), key, request.listener()));
            }
            response.setCoordinators(found);
        } else {
            Coordinator found = find(body.keyType(), body.key(), request.listener());
            response.setErrorCode(found.errorCode())
                    .setErrorMessage(found.errorMessage())
                    .setNodeId(found.nodeId())
                    .setHost(found.host())
                    .setPort(found.port());
        }
        reply.send(response);
    }

    private Coordinator find(byte keyType, String key, String listener) {
        if (keyType == CoordinatorType.GROUP.id()) {
            Endpoint endpoint = coordinatorOf(key, listener);
            return endpoint == null
                    ? refused(key, Errors.COORDINATOR_NOT_AVAILABLE, Errors.COORDINATOR_NOT_AVAILABLE.message())
                    : new Coordinator()
                            .setKey(key)
                            .setNodeId(endpoint.nodeId())
                            .setHost(endpoint.host())
                            .setPort(endpoint.port())
                            .setErrorMessage(Errors.NONE.message());
        }
        if (keyType == CoordinatorType.TRANSACTION.id()) {
            return refused(key, Errors.UNSUPPORTED_VERSION, NO_TRANSACTIONS);
        }
        return refused(key, Errors.INVALID_REQUEST, "There is no coordinator of type " + keyType + ".");
    }

    private @Nullable Endpoint coordinatorOf(String groupId, String listener) {
        if (!topic.exists()) {
            topic.ensureCreated();
            return null;
        }
        return topic.leader(host.partitionFor(groupId), listener);
    }

    private static Coordinator refused(String key, Errors error, String message) {
        return new Coordinator()
                .setKey(key)
                .setNodeId(-1)
                .setHost("")
                .setPort(-1)
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }
}
