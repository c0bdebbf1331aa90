package io.odradek.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.config.ConfigDescriptions.Description;
import io.odradek.broker.config.ConfigDescriptions.Source;
import io.odradek.broker.config.ConfigDescriptions.Synonym;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.MetadataRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.ApiException;
import org.junit.jupiter.api.Test;

class TopicConfigsTest {

    private static final BrokerConfig BROKER = BrokerConfig.builtIn(Map.of());
    private static final TopicConfigs TOPICS = new TopicConfigs(BROKER);
    private static final ClusterImage EMPTY = ClusterImage.empty("c");

    /** Kafka's own definition, the oracle. */
    private static ConfigDef kafkas() {
        return org.apache.kafka.storage.internals.log.LogConfig.configDefCopy();
    }

    @Test
    void keysTypesAndDefaultsAreKafkas() {
        TreeSet<String> expected = new TreeSet<>(kafkas().names());
        expected.remove("internal.segment.bytes"); // for Kafka's own tests
        expected.add(TopicConfigs.DURABILITY);
        expected.add(TopicConfigs.APPEND_AHEAD);
        assertThat(new TreeSet<>(TopicConfigs.DEFINITION.names())).isEqualTo(expected);
        for (ConfigDef.ConfigKey key : TopicConfigs.DEFINITION.configKeys().values()) {
            ConfigDef.ConfigKey kafka = kafkas().configKeys().get(key.name);
            if (kafka != null) {
                assertThat(key.type).as(key.name).isEqualTo(kafka.type);
                assertThat(key.defaultValue).as(key.name).isEqualTo(kafka.defaultValue);
            }
        }
    }

    @Test
    void withoutOverridesALogRunsWithTheEnginesDefaults() {
        assertThat(TOPICS.logConfig(Map.of())).isEqualTo(LogConfig.defaults());
    }

    @Test
    void whatTheFileSaysAndTheClusterHasAnotherValueOfIsOverruled() {
        ConfigResource all = new ConfigResource(ConfigResource.Type.BROKER, "");
        ClusterImage cluster = EMPTY.apply(List.of(
                new MetadataRecord.Config(all, "min.insync.replicas", "2"),
                new MetadataRecord.Config(all, TopicConfigs.DURABILITY, "sync")));
        assertThat(new TopicConfigs(BrokerConfig.builtIn(
                                Map.of("min.insync.replicas", "1", TopicConfigs.DURABILITY, "page-cache")))
                        .overruled(cluster))
                .isEqualTo(Map.of("min.insync.replicas", "2", TopicConfigs.DURABILITY, "sync"));
        assertThat(new TopicConfigs(BrokerConfig.builtIn(
                                Map.of("min.insync.replicas", "2", TopicConfigs.DURABILITY, "sync")))
                        .overruled(cluster))
                .isEmpty();
        assertThat(TOPICS.overruled(cluster)).as("what the file does not say").isEmpty();
        assertThat(TOPICS.logConfig(cluster, "t").minInSyncReplicas()).isEqualTo(2);
    }

    @Provide
    Arbitrary<Map<String, String>> overrides() {
        Arbitrary<String> values = Arbitraries.of(
                "-1",
                "-2",
                "0",
                "1",
                "2",
                "9",
                "10",
                "22",
                "100",
                "0.5",
                "1.5",
                "1048575",
                "1048576",
                "99999999999",
                "true",
                "false",
                "yes",
                "",
                "delete",
                "compact",
                "compact,delete",
                "delete,delete",
                "CreateTime",
                "LogAppendTime",
                "gzip",
                "zstd",
                "producer",
                "1:2,3:4",
                "*",
                "x",
                " 5 ");
        Arbitrary<String> keys = Arbitraries.of(kafkas().names().stream()
                .filter(key -> !key.equals("internal.segment.bytes"))
                .toList());
        return Arbitraries.maps(
                        Arbitraries.frequencyOf(Tuple.of(40, keys), Tuple.of(1, Arbitraries.just("no.such"))), values)
                .ofMaxSize(4);
    }

    @Property(tries = 5000)
    void whatKafkaRefusesIsRefusedAndWhatItTakesIsTaken(@ForAll("overrides") Map<String, String> overrides) {
        boolean kafkaTakesIt;
        try {
            org.apache.kafka.storage.internals.log.LogConfig.validate(Map.of(), overrides, kafkaDefaults(), false);
            kafkaTakesIt = true;
        } catch (ConfigException | ApiException e) {
            kafkaTakesIt = false;
        }
        assertThat(TOPICS.check(overrides) == null)
                .as("%s: %s", overrides, TOPICS.check(overrides))
                .isEqualTo(kafkaTakesIt);
        if (kafkaTakesIt) {
            assertThat(TOPICS.logConfig(overrides)).isNotNull();
        }
    }

    private static Map<String, Object> kafkaDefaults() {
        Map<String, Object> defaults = new HashMap<>();
        kafkas().configKeys().values().forEach(key -> {
            if (key.hasDefault() && key.defaultValue != null) {
                defaults.put(key.name, key.defaultValue);
            }
        });
        return defaults;
    }

    @Test
    void durabilityIsReadFromTopicThenBroker() {
        assertThat(TOPICS.logConfig(Map.of("odradek.durability", "page-cache")).durability())
                .isEqualTo(new Durability.PageCache());
        TopicConfigs interval = new TopicConfigs(BrokerConfig.builtIn(Map.of("odradek.durability", "interval:250")));
        assertThat(interval.logConfig(Map.of()).durability()).isEqualTo(new Durability.Interval(250));
    }

    @Test
    void valuesComeFromTheNearestPlaceAndTheOthersAreListedAsSynonyms() {
        BrokerConfig broker = BrokerConfig.builtIn(Map.of("log.retention.hours", "24", "log.segment.bytes", "2097152"));
        ClusterImage image = EMPTY.apply(List.of(
                new MetadataRecord.Config(
                        new ConfigResource(ConfigResource.Type.BROKER, ""), "log.segment.bytes", "4194304"),
                new MetadataRecord.Config(ConfigResource.topic("t"), "retention.ms", "77")));
        ConfigDescriptions descriptions = new ConfigDescriptions(broker);

        Description segment = find(descriptions.topic(image, Map.of()), "segment.bytes");
        assertThat(segment.value()).isEqualTo("4194304");
        assertThat(segment.source()).isEqualTo(Source.DYNAMIC_DEFAULT_BROKER_CONFIG);
        assertThat(segment.synonyms())
                .containsExactly(
                        new Synonym("log.segment.bytes", "4194304", Source.DYNAMIC_DEFAULT_BROKER_CONFIG),
                        new Synonym("log.segment.bytes", "2097152", Source.STATIC_BROKER_CONFIG),
                        new Synonym("log.segment.bytes", "1073741824", Source.DEFAULT_CONFIG));
        assertThat(new TopicConfigs(broker).logConfig(image, "t").segmentBytes())
                .isEqualTo(4194304);

        Description retention =
                find(descriptions.topic(image, image.config(ConfigResource.topic("t"))), "retention.ms");
        assertThat(retention.value()).isEqualTo("77");
        assertThat(retention.source()).isEqualTo(Source.DYNAMIC_TOPIC_CONFIG);
        assertThat(new TopicConfigs(broker).logConfig(image, "t").retentionMs()).isEqualTo(77);
        assertThat(new TopicConfigs(broker).logConfig(image, "other").retentionMs())
                .isEqualTo(24 * 3_600_000L);

        Description roles = find(descriptions.broker(image), "process.roles");
        assertThat(roles.readOnly()).isTrue();
        assertThat(roles.source()).isEqualTo(Source.STATIC_BROKER_CONFIG);
        assertThat(find(descriptions.broker(image), "log.segment.bytes").readOnly())
                .isFalse();
        assertThat(find(descriptions.broker(image), "log.segment.bytes").value())
                .isEqualTo("4194304");
        assertThat(find(descriptions.broker(image), "ssl.key.password").sensitive())
                .isTrue();
        assertThat(descriptions.allBrokers(image)).extracting(Description::name).containsExactly("log.segment.bytes");
    }

    private static Description find(List<Description> descriptions, String name) {
        return descriptions.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void brokerKeysThatCanNotBeAppliedWhileRunningAreRefused() {
        BrokerConfigRules rules = new BrokerConfigRules(BROKER);
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        assertThat(rules.check(broker, Map.of("log.retention.ms", "5"))).isNull();
        assertThat(rules.check(broker, Map.of("num.network.threads", "5"))).isNotNull();
        assertThat(rules.check(broker, Map.of("log.retention.ms", "x"))).isNotNull();
    }
}
