package io.odradek.broker.config;

import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.jspecify.annotations.Nullable;

/** Configurations as they are told to clients: value, where it comes from, and what stands behind it. Pure; any thread. */
public final class ConfigDescriptions {

    /** Kafka's ids. */
    public enum Source {
        DYNAMIC_TOPIC_CONFIG(1),
        DYNAMIC_BROKER_CONFIG(2),
        DYNAMIC_DEFAULT_BROKER_CONFIG(3),
        STATIC_BROKER_CONFIG(4),
        DEFAULT_CONFIG(5);

        private final byte id;

        Source(int id) {
            this.id = (byte) id;
        }

        public byte id() {
            return id;
        }
    }

    /** @param value null when sensitive, or when there is none */
    public record Synonym(String name, @Nullable String value, Source source) {}

    /**
     * @param synonyms what the value was chosen from, the chosen one first
     * @param type Kafka's id of the value's type
     */
    public record Description(
            String name,
            @Nullable String value,
            Source source,
            boolean readOnly,
            boolean sensitive,
            List<Synonym> synonyms,
            byte type,
            @Nullable String documentation) {}

    private final BrokerConfig broker;
    private final TopicConfigs topics;

    public ConfigDescriptions(BrokerConfig broker) {
        this.broker = broker;
        this.topics = new TopicConfigs(broker);
    }

    /** Of a topic whose creator does not say. */
    public int defaultPartitions() {
        return broker.defaultPartitions();
    }

    /** Every key of a topic with these overrides, in order of name. */
    public List<Description> topic(ClusterImage image, Map<String, String> overrides) {
        Map<String, @Nullable Object> values = topics.effective(topics.dynamicDefaults(image), overrides);
        List<Description> descriptions = new ArrayList<>();
        for (ConfigKey key : new TreeMap<>(TopicConfigs.DEFINITION.configKeys()).values()) {
            String value = TopicConfigs.text(key, values.get(key.name));
            List<Synonym> synonyms = new ArrayList<>();
            if (overrides.containsKey(key.name)) {
                synonyms.add(new Synonym(key.name, value, Source.DYNAMIC_TOPIC_CONFIG));
            }
            List<String> brokerKeys = TopicConfigs.SYNONYMS.getOrDefault(key.name, List.of()).stream()
                    .map(TopicConfigs.Synonym::brokerKey)
                    .toList();
            synonyms.addAll(brokerSynonyms(image, brokerKeys));
            descriptions.add(new Description(
                    key.name,
                    value,
                    synonyms.isEmpty()
                            ? Source.DEFAULT_CONFIG
                            : synonyms.getFirst().source(),
                    false,
                    false,
                    List.copyOf(synonyms),
                    typeId(key.type),
                    key.documentation));
        }
        return descriptions;
    }

    /** Every key of this broker's file, and what else is set while it runs, in order of name. */
    public List<Description> broker(ClusterImage image) {
        Map<String, String> dynamic = topics.dynamicDefaults(image);
        List<Description> descriptions = new ArrayList<>();
        Map<String, ConfigKey> keys = new TreeMap<>(BrokerKeys.DEFINITION.configKeys());
        BrokerKeys.DYNAMIC_ONLY.configKeys().forEach((name, key) -> {
            if (dynamic.containsKey(name)) {
                keys.put(name, key);
            }
        });
        for (ConfigKey key : keys.values()) {
            boolean sensitive = key.type == ConfigDef.Type.PASSWORD;
            String changed = dynamic.get(key.name);
            Object current =
                    changed == null ? broker.value(key.name) : ConfigDef.parseType(key.name, changed, key.type);
            List<Synonym> synonyms = brokerSynonyms(image, List.of(key.name));
            descriptions.add(new Description(
                    key.name,
                    sensitive ? null : TopicConfigs.text(key, current),
                    synonyms.isEmpty()
                            ? Source.DEFAULT_CONFIG
                            : synonyms.getFirst().source(),
                    !TopicConfigs.DYNAMIC_BROKER_KEYS.contains(key.name) && !dynamicOnly(key.name),
                    sensitive,
                    synonyms,
                    typeId(key.type),
                    key.documentation));
        }
        return descriptions;
    }

    private static boolean dynamicOnly(String name) {
        return BrokerKeys.DYNAMIC_ONLY.configKeys().containsKey(name);
    }

    /** What was set for all brokers at once, in order of name. */
    public List<Description> allBrokers(ClusterImage image) {
        List<Description> descriptions = new ArrayList<>();
        image.config(new ConfigResource(ConfigResource.Type.BROKER, "")).forEach((name, value) -> {
            ConfigKey key = BrokerKeys.known(name);
            if (key != null) {
                Synonym synonym = new Synonym(name, value, Source.DYNAMIC_DEFAULT_BROKER_CONFIG);
                descriptions.add(new Description(
                        name,
                        value,
                        synonym.source(),
                        false,
                        false,
                        List.of(synonym),
                        typeId(key.type),
                        key.documentation));
            }
        });
        return descriptions;
    }

    private List<Synonym> brokerSynonyms(ClusterImage image, List<String> keys) {
        List<Synonym> synonyms = new ArrayList<>();
        Map<String, String> own =
                image.config(new ConfigResource(ConfigResource.Type.BROKER, Integer.toString(broker.nodeId())));
        Map<String, String> all = image.config(new ConfigResource(ConfigResource.Type.BROKER, ""));
        add(synonyms, keys, own, Source.DYNAMIC_BROKER_CONFIG);
        add(synonyms, keys, all, Source.DYNAMIC_DEFAULT_BROKER_CONFIG);
        add(synonyms, keys, broker.given(), Source.STATIC_BROKER_CONFIG);
        for (String name : keys) {
            ConfigKey key = BrokerKeys.DEFINITION.configKeys().get(name);
            if (key != null && key.defaultValue != null) {
                boolean sensitive = key.type == ConfigDef.Type.PASSWORD;
                String value = sensitive ? null : TopicConfigs.text(key, key.defaultValue);
                synonyms.add(new Synonym(name, value, Source.DEFAULT_CONFIG));
            }
        }
        return synonyms;
    }

    private static void add(List<Synonym> synonyms, List<String> keys, Map<String, String> values, Source source) {
        for (String name : keys) {
            String value = values.get(name);
            if (value != null) {
                ConfigKey key = BrokerKeys.DEFINITION.configKeys().get(name);
                boolean sensitive = key != null && key.type == ConfigDef.Type.PASSWORD;
                synonyms.add(new Synonym(name, sensitive ? null : value, source));
            }
        }
    }

    /** DescribeConfigs' ids of types. */
    private static byte typeId(ConfigDef.Type type) {
        return switch (type) {
            case BOOLEAN -> 1;
            case STRING -> 2;
            case INT -> 3;
            case SHORT -> 4;
            case LONG -> 5;
            case DOUBLE -> 6;
            case LIST -> 7;
            case CLASS -> 8;
            case PASSWORD -> 9;
        };
    }
}
