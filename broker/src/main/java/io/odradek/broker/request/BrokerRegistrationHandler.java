package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.VersionRange;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.message.BrokerRegistrationRequestData;
import org.apache.kafka.common.message.BrokerRegistrationResponseData;
import org.apache.kafka.common.protocol.Errors;

/** BrokerRegistration, versions 0 to 4, of the controller's listener: a broker's process introduces itself. */
public final class BrokerRegistrationHandler implements ApiHandler {

    private final ControllerHost controller;

    public BrokerRegistrationHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        BrokerRegistrationRequestData body = (BrokerRegistrationRequestData) request.body();
        if (!controller.image().clusterId().equals(body.clusterId())) {
            reply.send(refused(Errors.INCONSISTENT_CLUSTER_ID));
            return;
        }
        List<Endpoint> endpoints = body.listeners().stream()
                .map(listener ->
                        new Endpoint(listener.name(), listener.host(), listener.port(), listener.securityProtocol()))
                .toList();
        Map<String, VersionRange> features = new TreeMap<>();
        body.features()
                .forEach(feature -> features.put(
                        feature.name(),
                        new VersionRange(feature.minSupportedVersion(), feature.maxSupportedVersion())));
        controller.submit(
                new RegisterBroker(
                        body.brokerId(),
                        TopicIds.fromKafka(body.incarnationId()),
                        endpoints,
                        features,
                        body.rack(),
                        body.logDirs().stream()
                                .map(TopicIds::fromKafka)
                                .sorted()
                                .toList(),
                        body.previousBrokerEpoch()),
                new ActiveController.ReplyTo<BrokerRegistered>() {
                    @Override
                    public void reply(BrokerRegistered registered) {
                        reply.send(
                                switch (registered.epoch()) {
                                    case Done<Long>(Long epoch) ->
                                        new BrokerRegistrationResponseData().setBrokerEpoch(epoch);
                                    case Refused<Long>(ControllerError error, String _) ->
                                        refused(ControllerErrors.toKafka(error));
                                });
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        reply.send(refused(ControllerErrors.toKafka(error)));
                    }
                });
    }

    private static BrokerRegistrationResponseData refused(Errors error) {
        return new BrokerRegistrationResponseData().setErrorCode(error.code());
    }
}
