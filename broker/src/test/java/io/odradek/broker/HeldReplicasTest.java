package io.odradek.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replication throttles of 0 bytes per second hold up who is not in sync, and nobody else (KIP-73). */
@Timeout(180)
class HeldReplicasTest {
    private static final String TOPIC = "orders";
    private static final int NODE = 3;
    private static final ConfigResource TOPIC_RESOURCE = new ConfigResource(ConfigResource.Type.TOPIC, TOPIC);

    private ThreeBrokers brokers;
    private Admin admin;

    @BeforeEach
    void startAll(@TempDir Path data) throws Exception {
        brokers = new ThreeBrokers(data, Map.of());
        brokers.startAll();
        admin = Admin.create(brokers.client());
        admin.createTopics(List.of(new NewTopic(TOPIC, Map.of(0, List.of(1, 2, 3)))))
                .all()
                .get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stopAll() {
        admin.close();
        brokers.close();
    }

    private static Collection<AlterConfigOp> set(AlterConfigOp.OpType how, String value, String... keys) {
        List<AlterConfigOp> ops = new ArrayList<>();
        for (String key : keys) {
            ops.add(new AlterConfigOp(new ConfigEntry(key, value), how));
        }
        return ops;
    }

    private void rates(AlterConfigOp.OpType how, String value) throws Exception {
        Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
        for (int id = 1; id <= ThreeBrokers.NODES; id++) {
            changes.put(
                    new ConfigResource(ConfigResource.Type.BROKER, String.valueOf(id)),
                    set(how, value, "leader.replication.throttled.rate", "follower.replication.throttled.rate"));
        }
        admin.incrementalAlterConfigs(changes).all().get(60, TimeUnit.SECONDS);
    }

    private void produce(int records) throws Exception {
        Properties properties = brokers.client();
        properties.put("acks", "all");
        properties.put("delivery.timeout.ms", "60000");
        properties.put("request.timeout.ms", "5000");
        properties.put("linger.ms", "0");
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int n = 0; n < records; n++) {
                producer.send(new ProducerRecord<>(TOPIC, 0, null, "record " + n))
                        .get(60, TimeUnit.SECONDS);
            }
        }
    }

    private TopicPartitionInfo partition() throws Exception {
        return Objects.requireNonNull(admin.describeTopics(List.of(TOPIC))
                        .allTopicNames()
                        .get(60, TimeUnit.SECONDS)
                        .get(TOPIC))
                .partitions()
                .getFirst();
    }

    private void awaitInSync(int count) {
        await().atMost(ThreeBrokers.PATIENCE)
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(partition().isr()).hasSize(count));
    }

    @Test
    void whoLagsWaitsUntilTheRateIsLiftedAndWhoIsInSyncDoesNot() throws Exception {
        admin.incrementalAlterConfigs(Map.of(
                        TOPIC_RESOURCE,
                        set(
                                AlterConfigOp.OpType.SET,
                                "*",
                                "leader.replication.throttled.replicas",
                                "follower.replication.throttled.replicas")))
                .all()
                .get(60, TimeUnit.SECONDS);
        rates(AlterConfigOp.OpType.SET, "0");
        awaitInSync(3);
        produce(50);
        assertThat(partition().isr()).as("nobody in sync was held up").hasSize(3);

        brokers.stop(NODE);
        awaitInSync(2);
        produce(50); // which it lacks
        brokers.start(NODE);
        TopicPartition partition = new TopicPartition(TOPIC, 0);
        admin.alterPartitionReassignments(
                        Map.of(partition, Optional.of(new NewPartitionReassignment(List.of(2, 1, 3)))))
                .all()
                .get(60, TimeUnit.SECONDS);
        admin.electLeaders(ElectionType.PREFERRED, Set.of(partition)).all().get(60, TimeUnit.SECONDS);
        assertThat(Objects.requireNonNull(partition().leader()).id()).isEqualTo(2);
        produce(50);
        assertThat(partition().isr()).as("who lags is held up").noneMatch(node -> node.id() == NODE);

        rates(AlterConfigOp.OpType.DELETE, "");
        awaitInSync(3);
    }
}
