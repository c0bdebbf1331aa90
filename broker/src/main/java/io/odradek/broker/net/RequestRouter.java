package io.odradek.broker.net;

import java.util.EnumMap;
import java.util.Map;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.Nullable;

/** Which handler answers which API key in which versions, on one listener. Immutable. */
public final class RequestRouter {

    /** Versions {@code lowest} to {@code highest}, both inclusive, go to the handler. */
    public record Route(short lowest, short highest, ApiHandler handler) {
        public Route {
            if (lowest < 0 || lowest > highest) {
                throw new IllegalArgumentException("versions " + lowest + " to " + highest);
            }
        }

        public boolean takes(short version) {
            return version >= lowest && version <= highest;
        }
    }

    private final EnumMap<ApiKeys, Route> routes;

    /** @throws IllegalArgumentException a route takes a version that the protocol's schemas do not have */
    public RequestRouter(Map<ApiKeys, Route> routes) {
        this.routes = new EnumMap<>(ApiKeys.class);
        this.routes.putAll(routes);
        this.routes.forEach((api, route) -> {
            if (route.lowest < api.messageType.lowestSupportedVersion()
                    || route.highest > api.messageType.highestSupportedVersion(true)) {
                throw new IllegalArgumentException(
                        api + " has no schema for all of versions " + route.lowest + " to " + route.highest);
            }
        });
    }

    /** Null: this key is not answered in any version. */
    public @Nullable Route route(ApiKeys api) {
        return routes.get(api);
    }
}
