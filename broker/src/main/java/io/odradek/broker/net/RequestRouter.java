package io.odradek.broker.net;

import java.util.EnumMap;
import java.util.Map;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.Nullable;

/** Which handler answers which API key, and in which versions. Immutable; any thread. */
public final class RequestRouter {

    /**
     * One API as this broker offers it.
     *
     * @param minVersion lowest one answered (one that is merely listed, as Produce 0, is below it)
     */
    public record Route(short minVersion, short maxVersion, ApiHandler handler) {}

    private final Map<ApiKeys, Route> routes;

    public RequestRouter(Map<ApiKeys, Route> routes) {
        this.routes = routes.isEmpty() ? Map.of() : new EnumMap<>(routes);
    }

    /** Null: this key is not offered, or not in this version. */
    @Nullable
    ApiHandler find(ApiKeys api, short version) {
        Route route = routes.get(api);
        return route == null || version < route.minVersion() || version > route.maxVersion() ? null : route.handler();
    }
}
