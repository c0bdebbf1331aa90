package io.odradek.broker.request;

import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.EndpointType;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBroker;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBrokerCollection;
import org.apache.kafka.common.protocol.Errors;

/**
 * DescribeCluster, versions 0 to 2: brokers tell of brokers, controllers of controllers (KIP-919), each of those that are reached at a
 * listener as the one that was asked at. Who asks for the others is told that it came to the wrong place.
 */
public final class DescribeClusterHandler implements ApiHandler {

    /** Before this version nobody says which endpoints are meant, so brokers are, and there are no errors of the question. */
    private static final short ENDPOINT_TYPE_SINCE = 1;

    private static final int NOBODY = -1;

    /** Whom to tell of. Any thread. */
    private interface Nodes {
        DescribeClusterBrokerCollection at(ClusterImage image, String listener, boolean fencedToo);

        /** Whoever does what only a controller can; negative when nobody is known. */
        int controllerId(ClusterImage image, String listener);
    }

    private final ControllerHost controller;
    private final EndpointType type;
    private final Nodes nodes;

    private DescribeClusterHandler(ControllerHost controller, EndpointType type, Nodes nodes) {
        this.controller = controller;
        this.type = type;
        this.nodes = nodes;
    }

    static DescribeClusterHandler ofBrokers(ControllerHost controller, int nodeId) {
        return new DescribeClusterHandler(controller, EndpointType.BROKER, new Nodes() {
            @Override
            public DescribeClusterBrokerCollection at(ClusterImage image, String listener, boolean fencedToo) {
                DescribeClusterBrokerCollection found = new DescribeClusterBrokerCollection();
                for (BrokerImage broker : image.brokers().values()) {
                    Endpoint endpoint = broker.endpoint(listener);
                    if (endpoint != null && (!broker.fenced() || fencedToo)) {
                        found.add(node(broker.id(), endpoint)
                                .setRack(broker.rack())
                                .setIsFenced(broker.fenced()));
                    }
                }
                return found;
            }

            @Override
            public int controllerId(ClusterImage image, String listener) {
                return new Topology(image, listener).controllerId(nodeId);
            }
        });
    }

    /** @param voters of the metadata quorum, or who is known of them: whoever follows it without a vote is nobody to ask */
    static DescribeClusterHandler ofControllers(ControllerHost controller, Supplier<VoterSet> voters) {
        return new DescribeClusterHandler(controller, EndpointType.CONTROLLER, new Nodes() {
            @Override
            public DescribeClusterBrokerCollection at(ClusterImage image, String listener, boolean fencedToo) {
                DescribeClusterBrokerCollection found = new DescribeClusterBrokerCollection();
                for (Voter voter : voters.get().voters()) {
                    for (Endpoint endpoint : voter.endpoints()) {
                        if (endpoint.listener().equals(listener)) {
                            found.add(node(voter.key().id(), endpoint));
                        }
                    }
                }
                return found;
            }

            @Override
            public int controllerId(ClusterImage image, String listener) {
                return controller.leader();
            }
        });
    }

    private static DescribeClusterBroker node(int id, Endpoint endpoint) {
        return new DescribeClusterBroker()
                .setBrokerId(id)
                .setHost(endpoint.host())
                .setPort(endpoint.port());
    }

    @Override
    public void handle(Request request, Reply reply) {
        DescribeClusterRequestData body = (DescribeClusterRequestData) request.body();
        EndpointType wanted = EndpointType.fromId(body.endpointType());
        if (wanted == EndpointType.UNKNOWN) {
            reply.send(refused(
                    request, Errors.UNSUPPORTED_ENDPOINT_TYPE, "Unsupported endpoint type " + body.endpointType()));
            return;
        }
        if (wanted != type) {
            reply.send(refused(
                    request,
                    Errors.MISMATCHED_ENDPOINT_TYPE,
                    "The request was sent to an endpoint of type " + type + ", but we wanted an endpoint of type "
                            + wanted));
            return;
        }
        ClusterImage image = controller.image();
        DescribeClusterBrokerCollection found = nodes.at(image, request.listener(), body.includeFencedBrokers());
        if (type == EndpointType.CONTROLLER && found.isEmpty()) {
            // Kafka's client would forget whom it was told to ask, and then ask nobody any more.
            reply.send(refused(
                    request, Errors.BROKER_NOT_AVAILABLE, "This controller has not found the others yet; ask again"));
            return;
        }
        int decides = nodes.controllerId(image, request.listener());
        DescribeClusterResponseData response = new DescribeClusterResponseData()
                .setClusterId(image.clusterId())
                .setEndpointType(type.id())
                .setBrokers(found)
                .setControllerId(found.find(decides) == null ? NOBODY : decides); // an id alone leads nowhere
        if (body.includeClusterAuthorizedOperations()) {
            response.setClusterAuthorizedOperations(AuthorizedOperations.ON_CLUSTER);
        }
        reply.send(response);
    }

    private static DescribeClusterResponseData refused(Request request, Errors error, String message) {
        Errors told = request.version() < ENDPOINT_TYPE_SINCE ? Errors.INVALID_REQUEST : error;
        return new DescribeClusterResponseData().setErrorCode(told.code()).setErrorMessage(message);
    }
}
