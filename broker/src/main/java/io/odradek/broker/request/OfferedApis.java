package io.odradek.broker.request;

import static java.util.Map.entry;

import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.protocol.ApiKeys;

/** The APIs that this broker answers, and in which versions. What {@code ApiVersions} says comes from here. */
public final class OfferedApis {

    /**
     * One API.
     *
     * @param listedMin what clients are told; below {@code min} only for Produce
     * @param min lowest version that is answered
     */
    public record Range(short listedMin, short min, short max) {}

    private static final Map<ApiKeys, Range> RANGES = new TreeMap<>(Map.ofEntries(
            // Versions 0 to 2 are listed, not answered: older librdkafka decides by them what it may compress (KAFKA-18659).
            // From 12 on the second transaction protocol is spoken.
            entry(ApiKeys.PRODUCE, new Range((short) 0, (short) 3, (short) 11)),
            all(ApiKeys.FETCH),
            all(ApiKeys.LIST_OFFSETS),
            all(ApiKeys.METADATA),
            // From 10 on OffsetCommit and OffsetFetch speak topic ids and belong to KIP-848's group protocol.
            upTo(ApiKeys.OFFSET_COMMIT, 9),
            upTo(ApiKeys.OFFSET_FETCH, 9),
            all(ApiKeys.FIND_COORDINATOR),
            all(ApiKeys.JOIN_GROUP),
            all(ApiKeys.HEARTBEAT),
            all(ApiKeys.LEAVE_GROUP),
            all(ApiKeys.SYNC_GROUP),
            all(ApiKeys.DESCRIBE_GROUPS),
            all(ApiKeys.LIST_GROUPS),
            all(ApiKeys.API_VERSIONS),
            all(ApiKeys.CREATE_TOPICS),
            all(ApiKeys.DELETE_TOPICS),
            all(ApiKeys.DELETE_RECORDS),
            // 6 is two-phase commit, which Kafka itself marks unstable.
            upTo(ApiKeys.INIT_PRODUCER_ID, 5),
            all(ApiKeys.OFFSET_FOR_LEADER_EPOCH),
            all(ApiKeys.DESCRIBE_CONFIGS),
            all(ApiKeys.ALTER_CONFIGS),
            all(ApiKeys.DESCRIBE_LOG_DIRS),
            all(ApiKeys.CREATE_PARTITIONS),
            all(ApiKeys.DELETE_GROUPS),
            all(ApiKeys.INCREMENTAL_ALTER_CONFIGS),
            all(ApiKeys.OFFSET_DELETE),
            all(ApiKeys.DESCRIBE_CLUSTER),
            all(ApiKeys.DESCRIBE_PRODUCERS),
            all(ApiKeys.DESCRIBE_TOPIC_PARTITIONS)));

    private OfferedApis() {}

    private static Map.Entry<ApiKeys, Range> all(ApiKeys api) {
        return upTo(api, api.latestVersion());
    }

    private static Map.Entry<ApiKeys, Range> upTo(ApiKeys api, int max) {
        return entry(api, new Range(api.oldestVersion(), api.oldestVersion(), (short) max));
    }

    /** In order of their keys. */
    public static Map<ApiKeys, Range> ranges() {
        return RANGES;
    }

    /** As ApiVersions answers. */
    static ApiVersionCollection listed() {
        ApiVersionCollection versions = new ApiVersionCollection();
        RANGES.forEach((api, range) -> versions.add(new ApiVersion()
                .setApiKey(api.id)
                .setMinVersion(range.listedMin())
                .setMaxVersion(range.max())));
        return versions;
    }
}
