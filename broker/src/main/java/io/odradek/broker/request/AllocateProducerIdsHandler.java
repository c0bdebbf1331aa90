package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.ProducerIdBlock;
import io.odradek.replication.controller.ControllerReply.ProducerIdsAllocated;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import org.apache.kafka.common.message.AllocateProducerIdsRequestData;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;
import org.apache.kafka.common.protocol.Errors;

/** AllocateProducerIds, version 0, of the controller's listener: a block of ids for a broker to give out. */
public final class AllocateProducerIdsHandler implements ApiHandler {

    private final ControllerHost controller;

    public AllocateProducerIdsHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        AllocateProducerIdsRequestData body = (AllocateProducerIdsRequestData) request.body();
        controller.submit(
                new AllocateProducerIds(body.brokerId(), body.brokerEpoch()),
                new ActiveController.ReplyTo<ProducerIdsAllocated>() {
                    @Override
                    public void reply(ProducerIdsAllocated allocated) {
                        reply.send(
                                switch (allocated.block()) {
                                    case Done<ProducerIdBlock>(ProducerIdBlock block) ->
                                        new AllocateProducerIdsResponseData()
                                                .setProducerIdStart(block.firstId())
                                                .setProducerIdLen(block.count());
                                    case Refused<ProducerIdBlock>(ControllerError error, String _) ->
                                        refused(ControllerErrors.toKafka(error));
                                });
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        reply.send(refused(ControllerErrors.toKafka(error)));
                    }
                });
    }

    private static AllocateProducerIdsResponseData refused(Errors error) {
        return new AllocateProducerIdsResponseData().setErrorCode(error.code());
    }
}
