package io.odradek.broker.request;

import io.odradek.broker.metadata.ProducerIds;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.Errors;

/**
 * InitProducerId, versions 0 to 5, for idempotent producers: always a new id with epoch 0, whatever id and epoch the client
 * already has, as Kafka answers a request without a transactional id.
 *
 * <p>One with a transactional id gets UNSUPPORTED_VERSION. Clients take it as final (Java: fatal, librdkafka: fatal, kafkajs: not
 * retriable) and print that the API is not supported, which is the case. COORDINATOR_NOT_AVAILABLE would be retried for ever and
 * TRANSACTIONAL_ID_AUTHORIZATION_FAILED would send people looking for ACLs.
 */
public final class InitProducerIdHandler implements ApiHandler {

    private static final short NO_EPOCH = -1;

    private final ProducerIds producerIds;

    public InitProducerIdHandler(ProducerIds producerIds) {
        this.producerIds = producerIds;
    }

    @Override
    public void handle(Request request, Reply reply) {
        InitProducerIdRequestData body = (InitProducerIdRequestData) request.body();
        if (body.transactionalId() != null) {
            // An empty one is malformed, as in Kafka.
            reply.send(refused(body.transactionalId().isEmpty() ? Errors.INVALID_REQUEST : Errors.UNSUPPORTED_VERSION));
            return;
        }
        producerIds.next(new ProducerIds.Taker() {
            @Override
            public void take(long producerId) {
                reply.send(new InitProducerIdResponseData()
                        .setProducerId(producerId)
                        .setProducerEpoch((short) 0));
            }

            @Override
            public void refused(ControllerError error, String message) {
                // The one retriable code that every client takes from this API without looking for another broker.
                reply.send(InitProducerIdHandler.refused(Errors.COORDINATOR_LOAD_IN_PROGRESS));
            }
        });
    }

    private static InitProducerIdResponseData refused(Errors error) {
        return new InitProducerIdResponseData()
                .setErrorCode(error.code())
                .setProducerId(-1)
                .setProducerEpoch(NO_EPOCH);
    }
}
