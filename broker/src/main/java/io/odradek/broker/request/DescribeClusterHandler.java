package io.odradek.broker.request;

import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBroker;
import org.apache.kafka.common.protocol.Errors;

/** DescribeCluster, versions 0 to 2. */
public final class DescribeClusterHandler implements ApiHandler {

    /** KIP-919's endpoint type of this listener; 2 is a controller's. */
    private static final byte BROKERS = 1;

    private final ControllerHost controller;
    private final int nodeId;

    public DescribeClusterHandler(ControllerHost controller, int nodeId) {
        this.controller = controller;
        this.nodeId = nodeId;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DescribeClusterRequestData body = (DescribeClusterRequestData) request.body();
        ClusterImage image = controller.image();
        if (body.endpointType() != BROKERS) {
            boolean known = body.endpointType() == 2;
            reply.send(new DescribeClusterResponseData()
                    .setErrorCode((known ? Errors.MISMATCHED_ENDPOINT_TYPE : Errors.UNSUPPORTED_ENDPOINT_TYPE).code())
                    .setErrorMessage(
                            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type "
                                    + (known ? "CONTROLLER" : String.valueOf(body.endpointType()))));
            return;
        }
        Topology topology = new Topology(image, request.listener());
        DescribeClusterResponseData response = new DescribeClusterResponseData()
                .setClusterId(image.clusterId())
                .setEndpointType(BROKERS)
                .setControllerId(topology.controllerId(nodeId));
        for (BrokerImage broker : image.brokers().values()) {
            Endpoint endpoint = broker.endpoint(request.listener());
            if (endpoint != null && (!broker.fenced() || body.includeFencedBrokers())) {
                response.brokers()
                        .add(new DescribeClusterBroker()
                                .setBrokerId(broker.id())
                                .setHost(endpoint.host())
                                .setPort(endpoint.port())
                                .setRack(broker.rack())
                                .setIsFenced(broker.fenced()));
            }
        }
        if (body.includeClusterAuthorizedOperations()) {
            response.setClusterAuthorizedOperations(AuthorizedOperations.ON_CLUSTER);
        }
        reply.send(response);
    }
}
