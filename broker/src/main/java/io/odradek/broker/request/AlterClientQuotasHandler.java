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
import java.net.InetAddress;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.apache.kafka.common.message.AlterClientQuotasRequestData;
import org.apache.kafka.common.message.AlterClientQuotasRequestData.EntityData;
import org.apache.kafka.common.message.AlterClientQuotasRequestData.EntryData;
import org.apache.kafka.common.message.AlterClientQuotasResponseData;
import org.jspecify.annotations.Nullable;

/** AlterClientQuotas, versions 0 and 1 (KIP-546). The nodes then do as the metadata says ({@code broker.quota}). */
public final class AlterClientQuotasHandler implements ApiHandler {

    private final ControllerHost controller;

    public AlterClientQuotasHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        AlterClientQuotasRequestData body = (AlterClientQuotasRequestData) request.body();
        // The controller's machine knows no addresses, and takes much for one that nobody can come from.
        List<EntryData> entries =
                body.entries().stream().filter(entry -> problem(entry) == null).toList();
        List<QuotaAlteration> alterations = entries.stream()
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
                        Iterator<Outcome<QuotaEntity>> decided =
                                altered.entities().iterator();
                        reply.send(response(body, _ -> decided.next()));
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        reply.send(response(body, _ -> new Refused<>(error, message)));
                    }
                });
    }

    private static @Nullable String problem(EntryData entry) {
        for (EntityData part : entry.entity()) {
            if (part.entityType().equals("ip") && part.entityName() != null && !isAddress(part.entityName())) {
                return part.entityName() + " is not an IP address";
            }
        }
        return null;
    }

    private static boolean isAddress(String name) {
        try {
            InetAddress address = InetAddress.ofLiteral(name);
            return !address.getHostAddress().contains("%"); // a scope is of one machine alone
        } catch (IllegalArgumentException noAddress) {
            return false;
        }
    }

    /** @param outcomes of those entries that were submitted, asked for in their order */
    private static AlterClientQuotasResponseData response(
            AlterClientQuotasRequestData body, Function<EntryData, Outcome<QuotaEntity>> outcomes) {
        AlterClientQuotasResponseData response = new AlterClientQuotasResponseData();
        for (EntryData entry : body.entries()) {
            String problem = problem(entry);
            Outcome<QuotaEntity> outcome =
                    problem == null ? outcomes.apply(entry) : new Refused<>(ControllerError.INVALID_REQUEST, problem);
            AlterClientQuotasResponseData.EntryData answer = new AlterClientQuotasResponseData.EntryData()
                    .setErrorMessage(null)
                    .setEntity(entry.entity().stream()
                            .map(part -> new AlterClientQuotasResponseData.EntityData()
                                    .setEntityType(part.entityType())
                                    .setEntityName(part.entityName()))
                            .toList());
            if (outcome instanceof Refused<QuotaEntity>(ControllerError error, String message)) {
                answer.setErrorCode(ControllerErrors.toKafka(error).code()).setErrorMessage(message);
            }
            response.entries().add(answer);
        }
        return response;
    }
}
