package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.BrokerUnregistered;
import io.odradek.replication.controller.ControllerRequest.UnregisterBroker;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import org.apache.kafka.common.message.UnregisterBrokerRequestData;
import org.apache.kafka.common.message.UnregisterBrokerResponseData;
import org.apache.kafka.common.protocol.Errors;

/** UnregisterBroker, version 0. */
public final class UnregisterBrokerHandler implements ApiHandler {

    private final ControllerHost controller;

    public UnregisterBrokerHandler(ControllerHost controller) {
        this.controller = controller;
    }

    /**
     * Of a broker's listener. Unlike in Kafka the broker that is asked stays registered: it would go on to run, lead nothing, and be found by
     * nobody, until it is started again.
     *
     * @param others takes every other broker
     */
    static ApiHandler butNot(int nodeId, ApiHandler others) {
        return (request, reply) -> {
            if (((UnregisterBrokerRequestData) request.body()).brokerId() == nodeId) {
                reply.send(response(
                        Errors.INVALID_REQUEST,
                        "Broker " + nodeId + " is the one that was asked, and runs. Stop it, and ask another broker."));
            } else {
                others.handle(request, reply);
            }
        };
    }

    @Override
    public void handle(Request request, Reply reply) {
        UnregisterBrokerRequestData body = (UnregisterBrokerRequestData) request.body();
        controller.submit(new UnregisterBroker(body.brokerId()), new ActiveController.ReplyTo<BrokerUnregistered>() {
            @Override
            public void reply(BrokerUnregistered unregistered) {
                reply.send(
                        switch (unregistered.epoch()) {
                            case Done<Long> _ -> new UnregisterBrokerResponseData();
                            case Refused<Long>(ControllerError error, String message) ->
                                response(ControllerErrors.toKafka(error), message);
                        });
            }

            @Override
            public void failed(ControllerError error, String message) {
                reply.send(response(ControllerErrors.toKafka(error), message));
            }
        });
    }

    private static UnregisterBrokerResponseData response(Errors error, String message) {
        return new UnregisterBrokerResponseData().setErrorCode(error.code()).setErrorMessage(message);
    }
}
