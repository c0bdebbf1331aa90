package io.odradek.broker.config;

import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.ConfigRules;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.TopicPolicy;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/** What dynamic configuration may say, by Kafka's definitions. Pure; any thread. */
public final class BrokerConfigRules implements ConfigRules {

    private final TopicConfigs topics;
    private final BrokerConfig broker;
    private final SortedMap<String, String> agreed;

    public BrokerConfigRules(BrokerConfig broker) {
        this.broker = broker;
        this.topics = new TopicConfigs(broker);
        this.agreed = TopicConfigs.agreed(broker);
    }

    @Override
    public boolean isList(ConfigResource.Type type, String key) {
        ConfigKey definition = definition(type).configKeys().get(key);
        return definition != null && definition.type == ConfigDef.Type.LIST;
    }

    @Override
    public @Nullable String defaultValue(ConfigResource.Type type, String key) {
        ConfigKey definition = definition(type).configKeys().get(key);
        if (definition == null) {
            return null;
        }
        return type == ConfigResource.Type.TOPIC
                ? TopicConfigs.text(
                        definition, topics.effective(Map.of(), Map.of()).get(key))
                : TopicConfigs.text(definition, broker.value(key));
    }

    @Override
    public TopicPolicy policy(Map<String, String> allBrokers, Map<String, String> overrides) {
        Map<String, @Nullable Object> values = topics.effective(allBrokers, overrides);
        return new TopicPolicy(
                Integer.parseInt(String.valueOf(values.get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG))),
                Boolean.TRUE.equals(values.get(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG)),
                "sync".equals(values.get(TopicConfigs.DURABILITY)));
    }

    @Override
    public SortedMap<String, String> agreed() {
        return agreed;
    }

    private static ConfigDef definition(ConfigResource.Type type) {
        return switch (type) {
            case TOPIC -> TopicConfigs.DEFINITION;
            case BROKER -> BrokerKeys.DEFINITION;
            case GROUP, CLIENT_METRICS -> new ConfigDef();
        };
    }

    @Override
    public @Nullable Refusal check(ConfigResource resource, Map<String, String> overrides) {
        return switch (resource.type()) {
            case TOPIC -> refusal(topics.check(overrides));
            case BROKER -> checkBroker(overrides);
            case GROUP, CLIENT_METRICS ->
                new Refusal(
                        ControllerError.INVALID_REQUEST,
                        "Configuration of resources of type " + resource.type() + " is not supported yet.");
        };
    }

    private static @Nullable Refusal refusal(@Nullable String problem) {
        return problem == null ? null : new Refusal(ControllerError.INVALID_CONFIG, problem);
    }

    private static @Nullable Refusal checkBroker(Map<String, String> overrides) {
        Set<String> fixed = new TreeSet<>(overrides.keySet());
        fixed.removeAll(TopicConfigs.DYNAMIC_BROKER_KEYS);
        fixed.removeAll(BrokerKeys.DYNAMIC_ONLY.names());
        if (!fixed.isEmpty()) {
            // Kafka refuses keys that are fixed for good in the same words, and lets more be changed than we can.
            return new Refusal(
                    ControllerError.INVALID_REQUEST,
                    "Cannot update these configs dynamically: " + fixed + "; allowed: "
                            + TopicConfigs.DYNAMIC_BROKER_KEYS + " and "
                            + new TreeSet<>(BrokerKeys.DYNAMIC_ONLY.names())
                            + "; others are read when the broker starts");
        }
        for (Map.Entry<String, String> override : overrides.entrySet()) {
            ConfigKey key = BrokerKeys.known(override.getKey());
            String problem = key == null ? "no such key" : BrokerConfig.problem(key, override.getValue());
            if (problem != null) {
                return refusal(problem);
            }
        }
        return null;
    }
}
