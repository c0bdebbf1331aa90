package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.QuotasAltered;
import io.odradek.replication.controller.ControllerRequest.AlterQuotas;
import io.odradek.replication.controller.ControllerRequest.QuotaAlteration;
import io.odradek.replication.controller.ControllerRequest.QuotaChange;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.QuotaEntity;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.kafka.common.message.AlterClientQuotasRequestData;
import org.apache.kafka.common.message.AlterClientQuotasResponseData;
import org.apache.kafka.common.message.AlterClientQuotasResponseData.EntityData;
import org.apache.kafka.common.message.AlterClientQuotasResponseData.EntryData;

/** AlterClientQuotas, versions 0 and 1 (KIP-546). Quotas are kept, and nobody is throttled by them yet. */
public final class AlterClientQuotasHandler implements ApiHandler {

    private final ControllerHost controller;

    public AlterClientQuotasHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        AlterClientQuotasRequestData body = (AlterClientQuotasRequestData) request.body();
        List<QuotaAlteration> alterations = body.entries().stream()
                .map(entry -> new QuotaAlteration(
                        new QuotaEntity(entry.entity().stream()
                                .map(part -> new QuotaEntity.Part(part.entityType(), part.entityName()))
                                .toList()),
                        entry.ops().stream()
                                .map(op -> new QuotaChange(op.key(), op.remove() ? null : op.value()))
                                .toList()))
                .toList();
        controller.submit(
                new AlterQuotas(alterations, body.validateOnly()), new ActiveController.ReplyTo<QuotasAltered>() {
                    @Override
                    public void reply(QuotasAltered altered) {
                        reply.send(response(body, altered.entities()::get));
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        reply.send(response(body, _ -> new Refused<>(error, message)));
                    }
                });
    }

    private static AlterClientQuotasResponseData response(
            AlterClientQuotasRequestData body, IntFunction<Outcome<QuotaEntity>> outcomes) {
        AlterClientQuotasResponseData response = new AlterClientQuotasResponseData();
        for (int i = 0; i < body.entries().size(); i++) {
            EntryData entry = new EntryData()
                    .setErrorMessage(null)
                    .setEntity(body.entries().get(i).entity().stream()
                            .map(part -> new EntityData()
                                    .setEntityType(part.entityType())
                                    .setEntityName(part.entityName()))
                            .toList());
            if (outcomes.apply(i) instanceof Refused<QuotaEntity>(ControllerError error, String message)) {
                entry.setErrorCode(ControllerErrors.toKafka(error).code()).setErrorMessage(message);
            }
            response.entries().add(entry);
        }
        return response;
    }
}
