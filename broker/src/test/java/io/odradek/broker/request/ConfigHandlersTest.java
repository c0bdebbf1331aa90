package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.metadata.TestController;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResourceResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConfigHandlersTest extends HandlerTest {

    private static final byte TOPIC = 2;
    private static final byte BROKER = 4;
    private static final byte SET = 0;
    private static final byte APPEND = 2;

    private final DescribeConfigsHandler describe = new DescribeConfigsHandler(controller.host, configs, 1);

    @BeforeEach
    void createTopic() {
        TestController.await(
                controller.submit(new CreateTopics(List.of(new NewTopic("t", 1, 1, List.of(), List.of())), false)));
    }

    private DescribeConfigsResult describe(int version, byte type, String name, String... keys) {
        DescribeConfigsRequestData body = new DescribeConfigsRequestData()
                .setResources(List.of(new DescribeConfigsResource()
                        .setResourceType(type)
                        .setResourceName(name)
                        .setConfigurationKeys(keys.length == 0 ? null : List.of(keys))))
                .setIncludeSynonyms(true);
        if (version >= 3) {
            body.setIncludeDocumentation(true);
        }
        return ask(describe, body, version, DescribeConfigsResponseData.class)
                .results()
                .getFirst();
    }

    private Errors alter(byte type, String name, String key, byte operation, String value) {
        AlterConfigsResource resource =
                new AlterConfigsResource().setResourceType(type).setResourceName(name);
        resource.configs()
                .add(new AlterableConfig()
                        .setName(key)
                        .setConfigOperation(operation)
                        .setValue(value));
        IncrementalAlterConfigsRequestData body = new IncrementalAlterConfigsRequestData();
        body.resources().add(resource);
        return Errors.forCode(ask(
                        new IncrementalAlterConfigsHandler(controller.host),
                        body,
                        1,
                        IncrementalAlterConfigsResponseData.class)
                .responses()
                .getFirst()
                .errorCode());
    }

    @Test
    void aTopicsConfigIsToldWithSourcesInEveryVersion() {
        for (int version = 1; version <= 4; version++) {
            DescribeConfigsResult result = describe(version, TOPIC, "t", "cleanup.policy", "segment.bytes");
            assertThat(result.configs())
                    .hasSize(2)
                    .allSatisfy(config -> assertThat(config.configSource()).isEqualTo((byte) 5));
            assertThat(result.configs().getFirst().value()).isEqualTo("delete");
            if (version >= 3) {
                assertThat(result.configs().getFirst().documentation()).isNotEmpty();
            }
        }
        assertThat(Errors.forCode(describe(4, TOPIC, "absent").errorCode()))
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(describe(4, BROKER, "1").configs()).hasSizeGreaterThan(300);
        assertThat(Errors.forCode(describe(4, BROKER, "2").errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(Errors.forCode(describe(4, BROKER, "one").errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(Errors.forCode(describe(4, (byte) 77, "x").errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        // What leaders commit by, as where Kafka has eligible leader replicas.
        assertThat(describe(4, BROKER, "").configs())
                .extracting(DescribeConfigsResourceResult::name)
                .containsExactly("min.insync.replicas", "odradek.durability");
        assertThat(describe(4, TOPIC, "t", "min.insync.replicas")
                        .configs()
                        .getFirst()
                        .configSource())
                .isEqualTo((byte) 3);
    }

    @Test
    void changesAreCheckedAndThenSeen() {
        assertThat(alter(TOPIC, "t", "retention.ms", SET, "1234")).isEqualTo(Errors.NONE);
        assertThat(alter(TOPIC, "t", "cleanup.policy", APPEND, "compact")).isEqualTo(Errors.NONE);
        assertThat(alter(TOPIC, "t", "retention.ms", SET, "soon")).isEqualTo(Errors.INVALID_CONFIG);
        assertThat(alter(TOPIC, "t", "no.such", SET, "1")).isEqualTo(Errors.INVALID_CONFIG);
        assertThat(alter(TOPIC, "t", "retention.ms", APPEND, "1")).isEqualTo(Errors.INVALID_CONFIG);
        assertThat(alter(TOPIC, "t", "retention.ms", (byte) 9, "1")).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(alter(TOPIC, "absent", "retention.ms", SET, "1")).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(alter((byte) 77, "x", "retention.ms", SET, "1")).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(controller.host.image().config(ConfigResource.topic("t")))
                .isEqualTo(Map.of("retention.ms", "1234", "cleanup.policy", "delete,compact"));
        assertThat(describe(4, TOPIC, "t", "retention.ms").configs().getFirst().configSource())
                .isEqualTo((byte) 1);
    }

    /** The order of Kafka's ConfigAdminManager: what is named twice is refused before anybody asks what it is. */
    @Test
    void whatIsNamedTwiceOrIsNoResourceIsRefusedInEitherCallAndTheRestAltered() {
        byte unknown = 77;
        IncrementalAlterConfigsRequestData changes = new IncrementalAlterConfigsRequestData();
        AlterConfigsRequestData replacements = new AlterConfigsRequestData();
        for (String name : List.of("once", "twice", "twice", "t")) {
            byte type = name.equals("t") ? TOPIC : unknown;
            changes.resources()
                    .add(new AlterConfigsResource().setResourceType(type).setResourceName(name));
            replacements
                    .resources()
                    .add(new AlterConfigsRequestData.AlterConfigsResource()
                            .setResourceType(type)
                            .setResourceName(name));
        }
        String[] expected = {
            "once: Unexpected resource type 77",
            "twice: Each resource must appear at most once.",
            "twice: Each resource must appear at most once.",
            "t: null"
        };
        assertThat(ask(
                                new IncrementalAlterConfigsHandler(controller.host),
                                changes,
                                1,
                                IncrementalAlterConfigsResponseData.class)
                        .responses())
                .extracting(each -> each.resourceName() + ": " + each.errorMessage())
                .containsExactly(expected);
        assertThat(ask(new AlterConfigsHandler(controller.host), replacements, 2, AlterConfigsResponseData.class)
                        .responses())
                .extracting(each -> each.resourceName() + ": " + each.errorMessage())
                .containsExactly(expected);
    }

    @Test
    void brokerDefaultsChangeWhileRunningAndTopicsFollow() {
        assertThat(alter(BROKER, "", "log.retention.ms", SET, "99000")).isEqualTo(Errors.NONE);
        assertThat(describe(4, TOPIC, "t", "retention.ms").configs().getFirst().value())
                .isEqualTo("99000");
        assertThat(alter(BROKER, "1", "log.retention.ms", SET, "88000")).isEqualTo(Errors.NONE);
        assertThat(describe(4, TOPIC, "t", "retention.ms").configs().getFirst().value())
                .isEqualTo("88000");
        assertThat(alter(BROKER, "1", "num.network.threads", SET, "9")).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(alter(BROKER, "8", "log.retention.ms", SET, "9")).isEqualTo(Errors.BROKER_ID_NOT_REGISTERED);
        assertThat(describe(4, BROKER, "").configs())
                .extracting(DescribeConfigsResourceResult::name)
                .contains("log.retention.ms");
    }

    @Test
    void theOlderCallReplacesEverything() {
        alter(TOPIC, "t", "retention.ms", SET, "1234");
        AlterConfigsRequestData.AlterConfigsResource resource = new AlterConfigsRequestData.AlterConfigsResource()
                .setResourceType(TOPIC)
                .setResourceName("t");
        resource.configs()
                .add(new AlterConfigsRequestData.AlterableConfig()
                        .setName("segment.ms")
                        .setValue("60000"));
        AlterConfigsRequestData body = new AlterConfigsRequestData();
        body.resources().add(resource);
        for (int version = 0; version <= 2; version++) {
            AlterConfigsResponseData response =
                    ask(new AlterConfigsHandler(controller.host), body, version, AlterConfigsResponseData.class);
            assertThat(response.responses().getFirst().errorCode()).isZero();
        }
        assertThat(controller.host.image().config(ConfigResource.topic("t"))).isEqualTo(Map.of("segment.ms", "60000"));
    }
}
