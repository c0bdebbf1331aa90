package io.odradek.broker.config;

import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Range.atLeast;
import static org.apache.kafka.common.config.ConfigDef.Range.between;
import static org.apache.kafka.common.config.ConfigDef.Type.BOOLEAN;
import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LIST;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogConfig.CompressionPolicy;
import io.odradek.engine.LogConfig.CompressionType;
import io.odradek.engine.LogConfig.TimestampType;
import io.odradek.engine.LogConfigBuilder;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigDef.LambdaValidator;
import org.apache.kafka.common.config.ConfigDef.ValidList;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/**
 * What a topic can be configured with: Kafka's keys and {@code odradek.durability}, each with the broker keys that its default
 * comes from, in Kafka's order of precedence:
 *
 * <pre>
 *   topic override  >  dynamic config of this broker  >  of all brokers  >  the broker's file  >  built-in default
 * </pre>
 *
 * Stateless but for the broker's file; any thread.
 */
public final class TopicConfigs {

    public static final String DURABILITY = "odradek.durability";

    static final String DURABILITY_DOC =
            "What an acknowledgement means: sync (the records are on disk), page-cache (the kernel has them, as in"
                    + " Kafka), or interval:<ms> (synced at least so often).";

    public static final String APPEND_AHEAD = "odradek.append.ahead.bytes";

    static final String APPEND_AHEAD_DOC =
            "By how much a segment with many small appends is lengthened at a time, which makes them cheap: the file"
                    + " ends in zeros until it is rolled or closed. 0: it grows with each append.";

    static final ConfigDef.Validator APPEND_AHEAD_BYTES = ConfigDef.Range.between(0, 1 << 30);

    static final ConfigDef.Validator GZIP_LEVEL = LambdaValidator.with(
            (name, value) -> {
                if (!(value instanceof Integer level) || (level != -1 && (level < 1 || level > 9))) {
                    throw new ConfigException(name, value, "must be -1 or in [1,...,9]");
                }
            },
            () -> "[1,...,9] or -1");

    static final ConfigDef.Validator CLEANUP_POLICY = ValidList.in(true, "compact", "delete");

    static final ConfigDef.Validator DURABILITY_VALUES = LambdaValidator.with(
            (name, value) -> {
                if (!(value instanceof String text) || durability(text) == null) {
                    throw new ConfigException(name, value, "must be sync, page-cache or interval:<ms>");
                }
            },
            () -> "[sync, page-cache, interval:<ms>]");

    private static final ConfigDef.Validator THROTTLED_REPLICAS = LambdaValidator.with(
            (name, value) -> {
                List<?> replicas = value instanceof List<?> list ? list : List.of();
                if (!replicas.equals(List.of("*")) && !replicas.stream().allMatch(TopicConfigs::isThrottledReplica)) {
                    throw new ConfigException(name, value, "must be * or [partitionId]:[brokerId],...");
                }
            },
            () -> "[partitionId]:[brokerId],[partitionId]:[brokerId],... or *");

    private static boolean isThrottledReplica(@Nullable Object replica) {
        return replica instanceof String text && text.trim().matches("[0-9]+:[0-9]+");
    }

    /** A broker key that gives a topic key its default, in the broker key's own unit. */
    record Synonym(String brokerKey, long factor) {}

    static final ConfigDef DEFINITION = new ConfigDef();

    /** Topic key to its synonyms, the first that is set wins. Keys without an entry have no default in the broker's file. */
    static final Map<String, List<Synonym>> SYNONYMS = new LinkedHashMap<>();

    static {
        key(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                LIST,
                "delete",
                CLEANUP_POLICY,
                TopicConfig.CLEANUP_POLICY_DOC,
                "log.cleanup.policy");
        key(
                TopicConfig.COMPRESSION_TYPE_CONFIG,
                STRING,
                "producer",
                ValidString.in("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
                TopicConfig.COMPRESSION_TYPE_DOC,
                "compression.type");
        key(
                TopicConfig.COMPRESSION_GZIP_LEVEL_CONFIG,
                INT,
                -1,
                GZIP_LEVEL,
                TopicConfig.COMPRESSION_GZIP_LEVEL_DOC,
                "compression.gzip.level");
        key(
                TopicConfig.COMPRESSION_LZ4_LEVEL_CONFIG,
                INT,
                9,
                between(1, 17),
                TopicConfig.COMPRESSION_LZ4_LEVEL_DOC,
                "compression.lz4.level");
        key(
                TopicConfig.COMPRESSION_ZSTD_LEVEL_CONFIG,
                INT,
                3,
                between(-131072, 22),
                TopicConfig.COMPRESSION_ZSTD_LEVEL_DOC,
                "compression.zstd.level");
        key(
                TopicConfig.DELETE_RETENTION_MS_CONFIG,
                LONG,
                86_400_000L,
                atLeast(0),
                TopicConfig.DELETE_RETENTION_MS_DOC,
                "log.cleaner.delete.retention.ms");
        key(
                TopicConfig.FILE_DELETE_DELAY_MS_CONFIG,
                LONG,
                60_000L,
                atLeast(0),
                TopicConfig.FILE_DELETE_DELAY_MS_DOC,
                "log.segment.delete.delay.ms");
        key(
                TopicConfig.FLUSH_MESSAGES_INTERVAL_CONFIG,
                LONG,
                Long.MAX_VALUE,
                atLeast(1),
                TopicConfig.FLUSH_MESSAGES_INTERVAL_DOC,
                "log.flush.interval.messages");
        key(
                TopicConfig.FLUSH_MS_CONFIG,
                LONG,
                Long.MAX_VALUE,
                atLeast(0),
                TopicConfig.FLUSH_MS_DOC,
                "log.flush.interval.ms",
                "log.flush.scheduler.interval.ms");
        key(
                "follower.replication.throttled.replicas",
                LIST,
                "",
                THROTTLED_REPLICAS,
                "Replicas whose fetching is throttled to the follower.replication.throttled.rate of their broker while"
                        + " they are not in sync.");
        key(
                "leader.replication.throttled.replicas",
                LIST,
                "",
                THROTTLED_REPLICAS,
                "Replicas which, while they lead, send no more than the leader.replication.throttled.rate of their"
                        + " broker to those that are not in sync.");
        key(
                TopicConfig.INDEX_INTERVAL_BYTES_CONFIG,
                INT,
                4096,
                atLeast(0),
                TopicConfig.INDEX_INTERVAL_BYTES_DOC,
                "log.index.interval.bytes");
        key(
                TopicConfig.LOCAL_LOG_RETENTION_BYTES_CONFIG,
                LONG,
                -2L,
                atLeast(-2),
                TopicConfig.LOCAL_LOG_RETENTION_BYTES_DOC,
                "log.local.retention.bytes");
        key(
                TopicConfig.LOCAL_LOG_RETENTION_MS_CONFIG,
                LONG,
                -2L,
                atLeast(-2),
                TopicConfig.LOCAL_LOG_RETENTION_MS_DOC,
                "log.local.retention.ms");
        key(
                TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG,
                LONG,
                Long.MAX_VALUE,
                atLeast(1),
                TopicConfig.MAX_COMPACTION_LAG_MS_DOC,
                "log.cleaner.max.compaction.lag.ms");
        key(
                TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                INT,
                1_048_588,
                atLeast(0),
                TopicConfig.MAX_MESSAGE_BYTES_DOC,
                "message.max.bytes");
        key(
                TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG,
                LONG,
                3_600_000L,
                atLeast(0),
                TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_DOC,
                "log.message.timestamp.after.max.ms");
        key(
                TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG,
                LONG,
                Long.MAX_VALUE,
                atLeast(0),
                TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_DOC,
                "log.message.timestamp.before.max.ms");
        key(
                TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
                STRING,
                "CreateTime",
                ValidString.in("CreateTime", "LogAppendTime"),
                TopicConfig.MESSAGE_TIMESTAMP_TYPE_DOC,
                "log.message.timestamp.type");
        key(
                TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG,
                DOUBLE,
                0.5,
                between(0, 1),
                TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_DOC,
                "log.cleaner.min.cleanable.ratio");
        key(
                TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG,
                LONG,
                0L,
                atLeast(0),
                TopicConfig.MIN_COMPACTION_LAG_MS_DOC,
                "log.cleaner.min.compaction.lag.ms");
        key(
                TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
                INT,
                1,
                atLeast(1),
                TopicConfig.MIN_IN_SYNC_REPLICAS_DOC,
                "min.insync.replicas");
        key(TopicConfig.PREALLOCATE_CONFIG, BOOLEAN, false, null, TopicConfig.PREALLOCATE_DOC, "log.preallocate");
        key(TopicConfig.REMOTE_LOG_COPY_DISABLE_CONFIG, BOOLEAN, false, null, TopicConfig.REMOTE_LOG_COPY_DISABLE_DOC);
        key(
                TopicConfig.REMOTE_LOG_DELETE_ON_DISABLE_CONFIG,
                BOOLEAN,
                false,
                null,
                TopicConfig.REMOTE_LOG_DELETE_ON_DISABLE_DOC);
        key(
                TopicConfig.REMOTE_LOG_STORAGE_ENABLE_CONFIG,
                BOOLEAN,
                false,
                null,
                TopicConfig.REMOTE_LOG_STORAGE_ENABLE_DOC);
        key(
                TopicConfig.RETENTION_BYTES_CONFIG,
                LONG,
                -1L,
                null,
                TopicConfig.RETENTION_BYTES_DOC,
                "log.retention.bytes");
        key(
                TopicConfig.RETENTION_MS_CONFIG,
                LONG,
                604_800_000L,
                atLeast(-1),
                TopicConfig.RETENTION_MS_DOC,
                "log.retention.ms",
                "log.retention.minutes",
                "log.retention.hours");
        key(
                TopicConfig.SEGMENT_BYTES_CONFIG,
                INT,
                1 << 30,
                atLeast(1024 * 1024),
                TopicConfig.SEGMENT_BYTES_DOC,
                "log.segment.bytes");
        key(
                TopicConfig.SEGMENT_INDEX_BYTES_CONFIG,
                INT,
                10 * 1024 * 1024,
                atLeast(4),
                TopicConfig.SEGMENT_INDEX_BYTES_DOC,
                "log.index.size.max.bytes");
        key(
                TopicConfig.SEGMENT_JITTER_MS_CONFIG,
                LONG,
                0L,
                atLeast(0),
                TopicConfig.SEGMENT_JITTER_MS_DOC,
                "log.roll.jitter.ms",
                "log.roll.jitter.hours");
        key(
                TopicConfig.SEGMENT_MS_CONFIG,
                LONG,
                604_800_000L,
                atLeast(1),
                TopicConfig.SEGMENT_MS_DOC,
                "log.roll.ms",
                "log.roll.hours");
        key(
                TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG,
                BOOLEAN,
                false,
                null,
                TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_DOC,
                "unclean.leader.election.enable");
        key(DURABILITY, STRING, "sync", DURABILITY_VALUES, DURABILITY_DOC, DURABILITY);
        key(
                APPEND_AHEAD,
                INT,
                LogConfig.DEFAULT_APPEND_AHEAD_BYTES,
                APPEND_AHEAD_BYTES,
                APPEND_AHEAD_DOC,
                APPEND_AHEAD);
    }

    /** Broker keys that can be changed while it runs: those that give topics their defaults, by their first name, as in Kafka. */
    static final Set<String> DYNAMIC_BROKER_KEYS = dynamicBrokerKeys();

    private static void key(
            String name,
            ConfigDef.Type type,
            Object defaultValue,
            ConfigDef.@Nullable Validator validator,
            String doc,
            String... brokerKeys) {
        DEFINITION.define(name, type, defaultValue, validator, MEDIUM, doc);
        List<Synonym> synonyms = new ArrayList<>();
        for (String brokerKey : brokerKeys) {
            synonyms.add(new Synonym(
                    brokerKey, brokerKey.endsWith(".hours") ? 3_600_000 : brokerKey.endsWith(".minutes") ? 60_000 : 1));
        }
        SYNONYMS.put(name, List.copyOf(synonyms));
    }

    private static Set<String> dynamicBrokerKeys() {
        Set<String> keys = new TreeSet<>();
        for (List<Synonym> synonyms : SYNONYMS.values()) {
            if (!synonyms.isEmpty()) {
                keys.add(synonyms.getFirst().brokerKey());
            }
        }
        return keys;
    }

    /** What the controller elects by and leaders commit by: {@link io.odradek.replication.controller.ConfigRules#agreed}. Named alike for topics and for brokers. */
    private static final List<String> AGREED = List.of(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, DURABILITY);

    static SortedMap<String, String> agreed(BrokerConfig broker) {
        SortedMap<String, String> agreed = new TreeMap<>();
        AGREED.forEach(key -> agreed.put(key, String.valueOf(broker.value(key))));
        return agreed;
    }

    private final BrokerConfig broker;

    public TopicConfigs(BrokerConfig broker) {
        this.broker = broker;
    }

    /** What the topic's logs run with, by the image: overrides, dynamic broker configuration, the broker's file. */
    public LogConfig logConfig(ClusterImage image, String topic) {
        return toLogConfig(effective(dynamicDefaults(image), image.config(ConfigResource.topic(topic))));
    }

    /** What a topic would run with that has just these overrides and no dynamic broker configuration. */
    public LogConfig logConfig(Map<String, String> overrides) {
        return toLogConfig(effective(Map.of(), overrides));
    }

    /** What the broker's file gives and the cluster has another value of, which is what counts; with that value. */
    public SortedMap<String, String> overruled(ClusterImage image) {
        Map<String, String> cluster = image.config(new ConfigResource(ConfigResource.Type.BROKER, ""));
        SortedMap<String, String> overruled = new TreeMap<>();
        agreed(broker).forEach((key, value) -> {
            String counts = cluster.getOrDefault(key, value);
            if (broker.given().containsKey(key) && !counts.equals(value)) {
                overruled.put(key, counts);
            }
        });
        return overruled;
    }

    /** Broker keys set while running, for all brokers and then for this one. */
    Map<String, String> dynamicDefaults(ClusterImage image) {
        Map<String, String> all = image.config(new ConfigResource(ConfigResource.Type.BROKER, ""));
        Map<String, String> own =
                image.config(new ConfigResource(ConfigResource.Type.BROKER, Integer.toString(broker.nodeId())));
        if (all.isEmpty() || own.isEmpty()) {
            return own.isEmpty() ? all : own;
        }
        Map<String, String> merged = new HashMap<>(all);
        merged.putAll(own);
        return merged;
    }

    /** Every key with its parsed value. Overrides are valid: the controller let nothing else into the log. */
    Map<String, @Nullable Object> effective(Map<String, String> dynamicBroker, Map<String, String> overrides) {
        Map<String, @Nullable Object> values = new HashMap<>();
        for (ConfigKey key : DEFINITION.configKeys().values()) {
            String override = overrides.get(key.name);
            values.put(
                    key.name,
                    override != null
                            ? ConfigDef.parseType(key.name, override, key.type)
                            : defaultValue(key, dynamicBroker));
        }
        return values;
    }

    private @Nullable Object defaultValue(ConfigKey key, Map<String, String> dynamicBroker) {
        for (Synonym synonym : SYNONYMS.getOrDefault(key.name, List.of())) {
            String dynamic = dynamicBroker.get(synonym.brokerKey());
            if (dynamic != null) {
                return converted(key, synonym, broker.parse(synonym.brokerKey(), dynamic));
            }
            Object fromFile = broker.value(synonym.brokerKey());
            if (fromFile != null) {
                return converted(key, synonym, fromFile);
            }
        }
        return key.defaultValue;
    }

    private static @Nullable Object converted(ConfigKey key, Synonym synonym, @Nullable Object value) {
        if (key.name.equals(TopicConfig.RETENTION_MS_CONFIG) && value instanceof Number n && n.longValue() < 0) {
            return -1L; // whatever the unit, negative means for ever
        }
        return key.type == LONG && value instanceof Number n ? (Object) (n.longValue() * synonym.factor()) : value;
    }

    /** The value as Kafka prints it; null when there is none. */
    static @Nullable String text(ConfigKey key, @Nullable Object value) {
        return ConfigDef.convertToString(value, key.type);
    }

    /**
     * Why a topic can't have these overrides, or null when it can.
     *
     * @param overrides all of them, as they would be after the change
     */
    public @Nullable String check(Map<String, String> overrides) {
        for (Map.Entry<String, String> override : overrides.entrySet()) {
            ConfigKey key = DEFINITION.configKeys().get(override.getKey());
            if (key == null) {
                return "Unknown topic config name: " + override.getKey();
            }
            String problem = BrokerConfig.problem(key, override.getValue());
            if (problem != null) {
                return problem;
            }
        }
        Map<String, @Nullable Object> values = effective(Map.of(), overrides);
        if (number(values, TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG)
                > number(values, TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG)) {
            return "conflict topic config setting min.compaction.lag.ms ("
                    + values.get(TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG) + ") > max.compaction.lag.ms ("
                    + values.get(TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG) + ")";
        }
        if (flag(values, TopicConfig.REMOTE_LOG_STORAGE_ENABLE_CONFIG)) {
            return "remote.storage.enable=true: tiered storage is disabled in this cluster; allowed: false";
        }
        return null;
    }

    private static long number(Map<String, @Nullable Object> values, String key) {
        if (values.get(key) instanceof Number n) {
            return n.longValue();
        }
        throw new IllegalStateException(key + " has no number: " + values.get(key));
    }

    private static int intNumber(Map<String, @Nullable Object> values, String key) {
        return Math.toIntExact(number(values, key));
    }

    private static boolean flag(Map<String, @Nullable Object> values, String key) {
        return Boolean.TRUE.equals(values.get(key));
    }

    private static LogConfig toLogConfig(Map<String, @Nullable Object> values) {
        Durability durability = durability(String.valueOf(values.get(DURABILITY)));
        List<?> cleanup = values.get(TopicConfig.CLEANUP_POLICY_CONFIG) instanceof List<?> list ? list : List.of();
        if (durability == null
                || !(values.get(TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG) instanceof Double dirtyRatio)) {
            throw new IllegalStateException("unchecked topic configuration: " + values);
        }
        return LogConfigBuilder.builder()
                .durability(durability)
                .segmentBytes(intNumber(values, TopicConfig.SEGMENT_BYTES_CONFIG))
                .segmentMs(number(values, TopicConfig.SEGMENT_MS_CONFIG))
                .segmentJitterMs(number(values, TopicConfig.SEGMENT_JITTER_MS_CONFIG))
                .segmentIndexBytes(intNumber(values, TopicConfig.SEGMENT_INDEX_BYTES_CONFIG))
                .indexIntervalBytes(intNumber(values, TopicConfig.INDEX_INTERVAL_BYTES_CONFIG))
                .retentionMs(number(values, TopicConfig.RETENTION_MS_CONFIG))
                .retentionBytes(number(values, TopicConfig.RETENTION_BYTES_CONFIG))
                .fileDeleteDelayMs(number(values, TopicConfig.FILE_DELETE_DELAY_MS_CONFIG))
                .flushMessages(number(values, TopicConfig.FLUSH_MESSAGES_INTERVAL_CONFIG))
                .flushMs(number(values, TopicConfig.FLUSH_MS_CONFIG))
                .maxMessageBytes(intNumber(values, TopicConfig.MAX_MESSAGE_BYTES_CONFIG))
                .timestampType(
                        "LogAppendTime".equals(values.get(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG))
                                ? TimestampType.LOG_APPEND_TIME
                                : TimestampType.CREATE_TIME)
                .timestampBeforeMaxMs(number(values, TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG))
                .timestampAfterMaxMs(number(values, TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG))
                .compression(compression(values))
                .delete(cleanup.contains(TopicConfig.CLEANUP_POLICY_DELETE))
                .compact(cleanup.contains(TopicConfig.CLEANUP_POLICY_COMPACT))
                .minCompactionLagMs(number(values, TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG))
                .maxCompactionLagMs(number(values, TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG))
                .deleteRetentionMs(number(values, TopicConfig.DELETE_RETENTION_MS_CONFIG))
                .minCleanableDirtyRatio(dirtyRatio)
                .preallocate(flag(values, TopicConfig.PREALLOCATE_CONFIG))
                .appendAheadBytes(intNumber(values, APPEND_AHEAD))
                .minInSyncReplicas(intNumber(values, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG))
                .uncleanLeaderElection(flag(values, TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG))
                .build();
    }

    private static CompressionPolicy compression(Map<String, @Nullable Object> values) {
        CompressionType type = CompressionType.valueOf(
                String.valueOf(values.get(TopicConfig.COMPRESSION_TYPE_CONFIG)).toUpperCase(Locale.ROOT));
        return switch (type) {
            case PRODUCER, UNCOMPRESSED, SNAPPY -> new CompressionPolicy(type, 0);
            case GZIP -> new CompressionPolicy(type, intNumber(values, TopicConfig.COMPRESSION_GZIP_LEVEL_CONFIG));
            case LZ4 -> new CompressionPolicy(type, intNumber(values, TopicConfig.COMPRESSION_LZ4_LEVEL_CONFIG));
            case ZSTD -> new CompressionPolicy(type, intNumber(values, TopicConfig.COMPRESSION_ZSTD_LEVEL_CONFIG));
        };
    }

    /** Null when the text is none of the three. */
    static @Nullable Durability durability(String text) {
        if (text.equals("sync")) {
            return new Durability.Sync();
        }
        if (text.equals("page-cache")) {
            return new Durability.PageCache();
        }
        if (text.matches("interval:[1-9][0-9]{0,17}")) {
            return new Durability.Interval(Long.parseLong(text.substring("interval:".length())));
        }
        return null;
    }
}
