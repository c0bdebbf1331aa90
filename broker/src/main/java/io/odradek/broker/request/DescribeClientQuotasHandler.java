package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.QuotaEntity;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.apache.kafka.common.message.DescribeClientQuotasRequestData;
import org.apache.kafka.common.message.DescribeClientQuotasRequestData.ComponentData;
import org.apache.kafka.common.message.DescribeClientQuotasResponseData;
import org.apache.kafka.common.message.DescribeClientQuotasResponseData.EntityData;
import org.apache.kafka.common.message.DescribeClientQuotasResponseData.EntryData;
import org.apache.kafka.common.message.DescribeClientQuotasResponseData.ValueData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** DescribeClientQuotas, versions 0 and 1 (KIP-546): what the committed metadata says. */
public final class DescribeClientQuotasHandler implements ApiHandler {

    private static final byte EXACT = 0;
    private static final byte DEFAULT = 1;
    private static final byte ANY = 2;

    private final Supplier<ClusterImage> image;

    public DescribeClientQuotasHandler(Supplier<ClusterImage> image) {
        this.image = image;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DescribeClientQuotasRequestData body = (DescribeClientQuotasRequestData) request.body();
        String problem = problem(body);
        if (problem != null) {
            reply.send(new DescribeClientQuotasResponseData()
                    .setErrorCode(Errors.INVALID_REQUEST.code())
                    .setErrorMessage(problem)
                    .setEntries(null));
            return;
        }
        List<EntryData> entries = new ArrayList<>();
        for (Map.Entry<QuotaEntity, SortedMap<String, Double>> quota :
                image.get().quotas()) {
            List<QuotaEntity.Part> parts = quota.getKey().parts();
            boolean fits = !body.strict() || parts.size() == body.components().size();
            if (fits && body.components().stream().allMatch(component -> matches(parts, component))) {
                entries.add(entry(parts, quota.getValue()));
            }
        }
        reply.send(new DescribeClientQuotasResponseData().setErrorMessage(null).setEntries(entries));
    }

    private static @Nullable String problem(DescribeClientQuotasRequestData body) {
        Set<String> types = new HashSet<>();
        for (ComponentData component : body.components()) {
            if (!types.add(component.entityType())) {
                return "Duplicate entity type " + component.entityType();
            }
            if (component.matchType() < EXACT || component.matchType() > ANY) {
                return "Unknown match type " + component.matchType();
            }
            if ((component.matchType() == EXACT) != (component.match() != null)) {
                return "Request specified " + (component.match() == null ? "no" : "a") + " name with match type "
                        + component.matchType();
            }
        }
        return types.contains("ip") && types.size() > 1
                ? "Invalid entity filter component combination, IP filter component should not be used with user or"
                        + " clientId filter component."
                : null;
    }

    private static boolean matches(List<QuotaEntity.Part> parts, ComponentData component) {
        for (QuotaEntity.Part part : parts) {
            if (part.type().equals(component.entityType())) {
                return switch (component.matchType()) {
                    case EXACT -> component.match().equals(part.name());
                    case DEFAULT -> part.name() == null;
                    default -> true;
                };
            }
        }
        return false;
    }

    private static EntryData entry(List<QuotaEntity.Part> parts, Map<String, Double> values) {
        return new EntryData()
                .setEntity(parts.stream()
                        .map(part -> new EntityData().setEntityType(part.type()).setEntityName(part.name()))
                        .toList())
                .setValues(values.entrySet().stream()
                        .map(value -> new ValueData().setKey(value.getKey()).setValue(value.getValue()))
                        .toList());
    }
}
