package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerReply.QuotasAltered;
import io.odradek.replication.controller.ControllerRequest.AlterQuotas;
import io.odradek.replication.controller.ControllerRequest.QuotaAlteration;
import io.odradek.replication.controller.ControllerRequest.QuotaChange;
import io.odradek.replication.controller.MetadataRecord.ClientQuota;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Client quotas (KIP-546), as metadata: they are kept and told; to throttle is for brokers. */
final class QuotaControl {

    private static final Set<String> TYPES = Set.of("user", "client-id", "ip");
    private static final Set<String> OF_CLIENTS =
            Set.of("producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate");
    private static final Set<String> OF_ADDRESSES = Set.of("connection_creation_rate");
    private static final Set<String> WHOLE =
            Set.of("producer_byte_rate", "consumer_byte_rate", "connection_creation_rate");

    /** An address, not a name: the controller asks no resolver. */
    private static final String ADDRESS = "[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F.]*:[0-9a-fA-F:.]*";

    private final ControllerSettings settings;

    QuotaControl(ControllerSettings settings) {
        this.settings = settings;
    }

    /** Each entity changes as a whole or not at all. */
    Decision alter(ClusterImage image, AlterQuotas request) {
        int changes = request.alterations().stream()
                .mapToInt(alteration -> alteration.changes().size())
                .sum();
        if (changes > settings.maxRecordsPerBatch()) {
            return Decision.only(new QuotasAltered(Collections.nCopies(
                    request.alterations().size(),
                    new Refused<>(
                            ControllerError.POLICY_VIOLATION,
                            "Unable to perform excessively large batch operation: " + changes
                                    + " quotas; allowed: at most " + settings.maxRecordsPerBatch()))));
        }
        List<MetadataRecord> records = new ArrayList<>();
        List<Outcome<QuotaEntity>> outcomes = new ArrayList<>();
        Set<QuotaEntity> seen = new HashSet<>();
        for (QuotaAlteration alteration : request.alterations()) {
            String problem = seen.add(alteration.entity()) ? problem(alteration) : "Duplicate entity in request.";
            if (problem != null) {
                outcomes.add(new Refused<>(ControllerError.INVALID_REQUEST, problem));
                continue;
            }
            Map<String, Double> before = image.quotas(alteration.entity());
            for (QuotaChange change : alteration.changes()) {
                if (!Objects.equals(before.get(change.key()), change.value())) {
                    records.add(new ClientQuota(alteration.entity(), change.key(), change.value()));
                }
            }
            outcomes.add(new Done<>(alteration.entity()));
        }
        QuotasAltered reply = new QuotasAltered(List.copyOf(outcomes));
        return request.validateOnly() ? Decision.only(reply) : Decision.atomic(records, reply);
    }

    private static @Nullable String problem(QuotaAlteration alteration) {
        List<QuotaEntity.Part> parts = alteration.entity().parts();
        if (parts.isEmpty()) {
            return "Invalid empty client quota entity";
        }
        Set<String> types = new HashSet<>();
        for (QuotaEntity.Part part : parts) {
            String name = part.name();
            if (!TYPES.contains(part.type())) {
                return "Unhandled client quota entity type: " + part.type();
            }
            if (!types.add(part.type())) {
                return "Entity type " + part.type() + " is named more than once";
            }
            if (name != null && name.isEmpty()) {
                return "Empty " + part.type() + " not supported";
            }
            if (name != null && part.type().equals("ip") && !name.matches(ADDRESS)) {
                return name + " is not an IP address";
            }
        }
        boolean ofAddress = types.contains("ip");
        if (ofAddress && types.size() > 1) {
            return "Invalid quota entity combination, IP entity should not be used with User or ClientId";
        }
        Set<String> keys = new HashSet<>();
        for (QuotaChange change : alteration.changes()) {
            Double value = change.value();
            if (!(ofAddress ? OF_ADDRESSES : OF_CLIENTS).contains(change.key())) {
                return "Invalid configuration key " + change.key();
            }
            if (!keys.add(change.key())) {
                return change.key() + " is named more than once";
            }
            if (value != null && !(value > 0 && Double.isFinite(value))) {
                return "Quota " + change.key() + " must be greater than 0";
            }
            if (value != null && WHOLE.contains(change.key()) && value != Math.rint(value)) {
                return change.key() + " must be a whole number";
            }
        }
        return null;
    }
}
