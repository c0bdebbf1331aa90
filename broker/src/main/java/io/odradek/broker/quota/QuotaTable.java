package io.odradek.broker.quota;

import io.odradek.replication.controller.QuotaEntity;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Every quota of one image of the metadata. Immutable.
 *
 * @param producer bytes a second ({@code producer_byte_rate})
 * @param consumer bytes a second ({@code consumer_byte_rate})
 * @param request percent of one thread's time ({@code request_percentage})
 * @param mutations partitions a second ({@code controller_mutation_rate})
 * @param connections connections a second from one address ({@code connection_creation_rate})
 * @param connectionsOfOthers the same from each that is not named; null: unbounded
 */
record QuotaTable(
        ClientBounds producer,
        ClientBounds consumer,
        ClientBounds request,
        ClientBounds mutations,
        Map<InetAddress, Double> connections,
        @Nullable Double connectionsOfOthers) {

    static final QuotaTable NONE =
            new QuotaTable(ClientBounds.NONE, ClientBounds.NONE, ClientBounds.NONE, ClientBounds.NONE, Map.of(), null);

    static QuotaTable of(Iterable<Map.Entry<QuotaEntity, SortedMap<String, Double>>> quotas) {
        Map<QuotaKind, Map<QuotaEntity, Double>> byKind = new HashMap<>();
        for (Map.Entry<QuotaEntity, SortedMap<String, Double>> quota : quotas) {
            for (QuotaKind kind : QuotaKind.values()) {
                Double bound = quota.getValue().get(kind.key());
                if (bound != null) {
                    byKind.computeIfAbsent(kind, _ -> new HashMap<>()).put(quota.getKey(), bound);
                }
            }
        }
        if (byKind.isEmpty()) {
            return NONE;
        }
        Map<InetAddress, Double> connections = new HashMap<>();
        @Nullable Double ofOthers = null;
        for (Map.Entry<QuotaEntity, Double> quota :
                byKind.getOrDefault(QuotaKind.CONNECTIONS, Map.of()).entrySet()) {
            for (QuotaEntity.Part part : quota.getKey().parts()) {
                if (part.name() == null) {
                    ofOthers = quota.getValue();
                } else {
                    InetAddress address = address(part.name());
                    if (address != null) {
                        connections.merge(
                                address, quota.getValue(), Math::min); // one address can be written in two ways
                    }
                }
            }
        }
        return new QuotaTable(
                clients(byKind, QuotaKind.PRODUCER),
                clients(byKind, QuotaKind.CONSUMER),
                clients(byKind, QuotaKind.REQUEST),
                clients(byKind, QuotaKind.MUTATIONS),
                Map.copyOf(connections),
                ofOthers);
    }

    private static ClientBounds clients(Map<QuotaKind, Map<QuotaEntity, Double>> byKind, QuotaKind kind) {
        return ClientBounds.of(byKind.getOrDefault(kind, Map.of()));
    }

    /** Null: it is none that a client could come from. */
    static @Nullable InetAddress address(String literal) {
        try {
            return InetAddress.ofLiteral(literal);
        } catch (IllegalArgumentException noAddress) {
            return null;
        }
    }

    /** Null: unbounded. */
    @Nullable
    Double connectionsFrom(InetAddress address) {
        Double own = connections.get(address);
        return own != null ? own : connectionsOfOthers;
    }
}
