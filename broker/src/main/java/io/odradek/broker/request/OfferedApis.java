package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.RequestRouter;
import io.odradek.broker.net.RequestRouter.Route;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.protocol.ApiKeys;

/**
 * The one table of what this broker answers. ApiVersions lists it, the router enforces it, and
 * {@code docs/wire-coverage.md} is written from it. Clients choose the highest version both sides know, so a version
 * stands here only when all of it works.
 */
public final class OfferedApis {

    /**
     * One API key.
     *
     * @param listedLowest what ApiVersions says; below {@code lowest} only where clients need to be told more than is true
     * @param lowest first version that is answered
     * @param highest last version that is answered
     * @param note why the range is not all the schema has, or empty
     */
    public record Offer(ApiKeys api, short listedLowest, short lowest, short highest, String note) {}

    private static final List<Offer> TABLE = List.of(
            new Offer(
                    ApiKeys.PRODUCE,
                    (short) 0,
                    (short) 3,
                    (short) 11,
                    "listed from 0, because older librdkafka fails compressed produce otherwise (KAFKA-18659); 12 and"
                            + " 13 imply transaction.version 2"),
            all(ApiKeys.FETCH, 4, 18),
            all(ApiKeys.LIST_OFFSETS, 1, 11),
            all(ApiKeys.METADATA, 0, 13),
            upTo(ApiKeys.OFFSET_COMMIT, 2, 9, "10 has topic ids and comes with the consumer protocol (KIP-848)"),
            upTo(ApiKeys.OFFSET_FETCH, 1, 9, "10 has topic ids and comes with the consumer protocol (KIP-848)"),
            all(ApiKeys.FIND_COORDINATOR, 0, 6),
            all(ApiKeys.JOIN_GROUP, 0, 9),
            all(ApiKeys.HEARTBEAT, 0, 4),
            all(ApiKeys.LEAVE_GROUP, 0, 5),
            all(ApiKeys.SYNC_GROUP, 0, 5),
            all(ApiKeys.DESCRIBE_GROUPS, 0, 6),
            all(ApiKeys.LIST_GROUPS, 0, 5),
            upTo(ApiKeys.API_VERSIONS, 0, 4, "any other version is answered in version 0 (KIP-511)"),
            all(ApiKeys.CREATE_TOPICS, 2, 7),
            all(ApiKeys.DELETE_TOPICS, 1, 6),
            all(ApiKeys.DELETE_RECORDS, 0, 2),
            upTo(ApiKeys.INIT_PRODUCER_ID, 0, 5, "6 is two-phase commit (KIP-939), unstable; no transactional ids yet"),
            all(ApiKeys.OFFSET_FOR_LEADER_EPOCH, 2, 4),
            all(ApiKeys.DESCRIBE_CONFIGS, 1, 4),
            all(ApiKeys.ALTER_CONFIGS, 0, 2),
            all(ApiKeys.DESCRIBE_LOG_DIRS, 1, 5),
            all(ApiKeys.CREATE_PARTITIONS, 0, 3),
            all(ApiKeys.DELETE_GROUPS, 0, 2),
            all(ApiKeys.ELECT_LEADERS, 0, 2),
            all(ApiKeys.INCREMENTAL_ALTER_CONFIGS, 0, 1),
            all(ApiKeys.ALTER_PARTITION_REASSIGNMENTS, 0, 1),
            all(ApiKeys.LIST_PARTITION_REASSIGNMENTS, 0, 0),
            all(ApiKeys.OFFSET_DELETE, 0, 0),
            all(ApiKeys.DESCRIBE_CLIENT_QUOTAS, 0, 1),
            all(ApiKeys.ALTER_CLIENT_QUOTAS, 0, 1),
            all(ApiKeys.DESCRIBE_QUORUM, 0, 2),
            all(ApiKeys.UPDATE_FEATURES, 0, 2),
            all(ApiKeys.DESCRIBE_CLUSTER, 0, 2),
            all(ApiKeys.DESCRIBE_PRODUCERS, 0, 0),
            all(ApiKeys.UNREGISTER_BROKER, 0, 0),
            all(ApiKeys.DESCRIBE_TOPIC_PARTITIONS, 0, 0),
            all(ApiKeys.ADD_RAFT_VOTER, 0, 1),
            all(ApiKeys.REMOVE_RAFT_VOTER, 0, 0));

    /** What brokers pass on to the active controller (KIP-590), as Kafka's do. */
    private static final Set<ApiKeys> FORWARDED = EnumSet.of(
            ApiKeys.CREATE_TOPICS,
            ApiKeys.DELETE_TOPICS,
            ApiKeys.ALTER_CONFIGS,
            ApiKeys.CREATE_PARTITIONS,
            ApiKeys.ELECT_LEADERS,
            ApiKeys.INCREMENTAL_ALTER_CONFIGS,
            ApiKeys.ALTER_PARTITION_REASSIGNMENTS,
            ApiKeys.LIST_PARTITION_REASSIGNMENTS,
            ApiKeys.ALTER_CLIENT_QUOTAS,
            ApiKeys.DESCRIBE_QUORUM,
            ApiKeys.UPDATE_FEATURES,
            ApiKeys.UNREGISTER_BROKER,
            ApiKeys.ADD_RAFT_VOTER,
            ApiKeys.REMOVE_RAFT_VOTER);

    /** At a listener of {@code controller.listener.names}: besides what brokers pass on, in the same versions as there. */
    private static final List<Offer> OF_CONTROLLERS_ALONE = List.of(
            upTo(
                    ApiKeys.FETCH,
                    12,
                    18,
                    "of the metadata log, by servers of the quorum; before 12 nobody says which epoch"
                            + " its log ends in"),
            upTo(ApiKeys.API_VERSIONS, 0, 4, "any other version is answered in version 0 (KIP-511)"),
            all(ApiKeys.VOTE, 0, 2),
            all(ApiKeys.BEGIN_QUORUM_EPOCH, 0, 1),
            all(ApiKeys.END_QUORUM_EPOCH, 0, 1),
            all(ApiKeys.ALTER_PARTITION, 2, 3),
            all(ApiKeys.ENVELOPE, 0, 0),
            all(ApiKeys.FETCH_SNAPSHOT, 0, 1),
            upTo(
                    ApiKeys.DESCRIBE_CLUSTER,
                    0,
                    2,
                    "of the voters that are reached at this listener (KIP-919); 0 cannot ask for them"),
            all(ApiKeys.DESCRIBE_CONFIGS, 1, 4),
            all(ApiKeys.BROKER_REGISTRATION, 0, 4),
            upTo(ApiKeys.BROKER_HEARTBEAT, 0, 1, "2 has cordoned log directories (KIP-1066)"),
            all(ApiKeys.ALLOCATE_PRODUCER_IDS, 0, 0),
            all(ApiKeys.ASSIGN_REPLICAS_TO_DIRS, 0, 0),
            all(ApiKeys.UPDATE_RAFT_VOTER, 0, 0));

    private static final List<Offer> TO_CONTROLLERS = Stream.concat(OF_CONTROLLERS_ALONE.stream(), forwarded().stream())
            .sorted(Comparator.comparing(Offer::api))
            .toList();

    private static Offer all(ApiKeys api, int lowest, int highest) {
        return upTo(api, lowest, highest, "");
    }

    private static Offer upTo(ApiKeys api, int lowest, int highest, String note) {
        return new Offer(api, (short) lowest, (short) lowest, (short) highest, note);
    }

    /** Every offer to clients and brokers, by API key. */
    public static List<Offer> all() {
        return TABLE;
    }

    /** Every offer at a controller's listener, by API key. */
    public static List<Offer> toControllers() {
        return TO_CONTROLLERS;
    }

    /** The offers to clients that the active controller alone can keep. */
    static List<Offer> forwarded() {
        return TABLE.stream().filter(offer -> FORWARDED.contains(offer.api)).toList();
    }

    static boolean offers(ApiKeys api, short version) {
        return TABLE.stream()
                .anyMatch(offer -> offer.api == api && version >= offer.lowest && version <= offer.highest);
    }

    /** As ApiVersions says it. A new collection each time: its elements belong to one response. */
    static ApiVersionCollection listed(List<Offer> offers) {
        ApiVersionCollection listed = new ApiVersionCollection(offers.size());
        for (Offer offer : offers) {
            listed.add(new ApiVersion()
                    .setApiKey(offer.api.id)
                    .setMinVersion(offer.listedLowest)
                    .setMaxVersion(offer.highest));
        }
        return listed;
    }

    /**
     * A router for what is offered.
     *
     * @param handlers exactly one for each API key that is offered
     * @throws IllegalArgumentException a key is offered and has no handler, or has one and is not offered
     */
    public static RequestRouter router(Map<ApiKeys, ApiHandler> handlers) {
        return router(TABLE, handlers);
    }

    static RequestRouter router(List<Offer> offers, Map<ApiKeys, ApiHandler> handlers) {
        Map<ApiKeys, Route> routes = new EnumMap<>(ApiKeys.class);
        Set<ApiKeys> unknown = EnumSet.noneOf(ApiKeys.class);
        unknown.addAll(handlers.keySet());
        for (Offer offer : offers) {
            ApiHandler handler = handlers.get(offer.api);
            if (handler == null) {
                throw new IllegalArgumentException(offer.api + " is offered and has no handler");
            }
            unknown.remove(offer.api);
            routes.put(offer.api, new Route(offer.lowest, offer.highest, handler));
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(unknown + " have handlers and are not offered");
        }
        return new RequestRouter(routes);
    }

    private OfferedApis() {}
}
