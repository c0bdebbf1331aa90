package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerReply.HeartbeatAnswered;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatResponseData;
import org.apache.kafka.common.protocol.Errors;

/** BrokerHeartbeat, versions 0 and 1, of the controller's listener. */
public final class BrokerHeartbeatHandler implements ApiHandler {

    private final ControllerHost controller;

    public BrokerHeartbeatHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        BrokerHeartbeatRequestData body = (BrokerHeartbeatRequestData) request.body();
        controller.submit(
                new Heartbeat(
                        body.brokerId(),
                        body.brokerEpoch(),
                        body.currentMetadataOffset(),
                        body.wantFence(),
                        body.wantShutDown(),
                        body.offlineLogDirs().stream().map(TopicIds::fromKafka).toList()),
                new ActiveController.ReplyTo<HeartbeatAnswered>() {
                    @Override
                    public void reply(HeartbeatAnswered answered) {
                        reply.send(
                                switch (answered.state()) {
                                    case Done<BrokerState>(BrokerState state) ->
                                        new BrokerHeartbeatResponseData()
                                                .setIsCaughtUp(state.caughtUp())
                                                .setIsFenced(state.fenced())
                                                .setShouldShutDown(state.mayShutDown());
                                    case Refused<BrokerState>(ControllerError error, String _) ->
                                        refused(ControllerErrors.toKafka(error));
                                });
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        reply.send(refused(ControllerErrors.toKafka(error)));
                    }
                });
    }

    private static BrokerHeartbeatResponseData refused(Errors error) {
        return new BrokerHeartbeatResponseData().setErrorCode(error.code());
    }
}
