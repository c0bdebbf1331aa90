package io.odradek.broker.quota;

import io.odradek.replication.controller.QuotaEntity;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of one kind of quota, by whom they are for. Of those that fit a client one holds, the first of these (KIP-55):
 *
 * <ol>
 *   <li>user and client id; user and the default of its clients; user
 *   <li>default user and client id; default user and default client; default user
 *   <li>client id; default client
 * </ol>
 *
 * Immutable.
 */
final class ClientBounds {

    static final ClientBounds NONE = new ClientBounds(Map.of());

    /** Stands for the default; a quota's entity has no name that is empty. */
    private static final String DEFAULT = "";

    /** @param user null: the quota does not speak of users; {@code clientId} alike */
    private record Rule(@Nullable String user, @Nullable String clientId) {}

    /**
     * @param perSecond above 0
     * @param share who uses it
     * @param crowd the same for all that the quota is for
     */
    record Bound(double perSecond, Share share, Share crowd) {}

    private final Map<Rule, Double> rules;

    private ClientBounds(Map<Rule, Double> rules) {
        this.rules = rules;
    }

    /** Of these entities those that are clients. */
    static ClientBounds of(Map<QuotaEntity, Double> bounds) {
        Map<Rule, Double> rules = new HashMap<>();
        bounds.forEach((entity, bound) -> {
            @Nullable String user = null;
            @Nullable String clientId = null;
            boolean ofClients = true;
            for (QuotaEntity.Part part : entity.parts()) {
                String name = part.name() == null ? DEFAULT : part.name();
                switch (part.type()) {
                    case "user" -> user = name;
                    case "client-id" -> clientId = name;
                    default -> ofClients = false;
                }
            }
            if (ofClients) {
                rules.put(new Rule(user, clientId), bound);
            }
        });
        return rules.isEmpty() ? NONE : new ClientBounds(rules);
    }

    boolean isEmpty() {
        return rules.isEmpty();
    }

    /** Null: nothing bounds it. */
    @Nullable
    Bound of(String user, String clientId) {
        if (rules.isEmpty()) {
            return null;
        }
        Bound bound = ofUser(user, user, clientId);
        if (bound == null) {
            bound = ofUser(DEFAULT, user, clientId);
        }
        if (bound == null) {
            bound = rule(null, clientId, null, clientId);
        }
        return bound != null ? bound : rule(null, DEFAULT, null, clientId);
    }

    private @Nullable Bound ofUser(String named, String user, String clientId) {
        Bound bound = rule(named, clientId, user, clientId);
        if (bound == null) {
            bound = rule(named, DEFAULT, user, clientId);
        }
        return bound != null ? bound : rule(named, null, user, null);
    }

    private @Nullable Bound rule(
            @Nullable String ofUser, @Nullable String ofClientId, @Nullable String user, @Nullable String clientId) {
        Double perSecond = rules.get(new Rule(ofUser, ofClientId));
        return perSecond == null
                ? null
                : new Bound(perSecond, new Share(user, clientId, false), new Share(ofUser, ofClientId, true));
    }
}
