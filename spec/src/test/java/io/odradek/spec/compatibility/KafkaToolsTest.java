package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.spec.compatibility.KafkaTools.Said;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kafka's own tools against three brokers: what they print, and what the metadata says afterwards. */
@Timeout(120)
final class KafkaToolsTest {

    @TempDir
    static Path data;

    @SuppressWarnings("NullAway.Init") // by start()
    private static RunningCluster cluster;

    @SuppressWarnings("NullAway.Init") // by start()
    private static Admin admin;

    @BeforeAll
    static void start() throws IOException {
        cluster = RunningCluster.on(data, Map.of("replica.fetch.max.bytes", "100000"));
        admin = cluster.admin();
    }

    @AfterAll
    static void stop() {
        admin.close();
        cluster.close();
    }

    /** Of a tool that reaches brokers. */
    private static Said tool(String commandLine) {
        return run(commandLine, "--bootstrap-server " + cluster.bootstrap());
    }

    /** Of one that reaches controllers (KIP-919). */
    private static Said controllerTool(String commandLine) {
        return run(commandLine, "--bootstrap-controller " + cluster.bootstrapControllers());
    }

    /** Some tools want it before what they are to do, some behind, the rest does not care. */
    private static Said run(String commandLine, String at) {
        int name = commandLine.indexOf(' ');
        boolean before = commandLine.startsWith("metadata-quorum ") || commandLine.startsWith("features ");
        return KafkaTools.run(
                before
                        ? commandLine.substring(0, name) + " " + at + commandLine.substring(name)
                        : commandLine + " " + at);
    }

    /** What a tool printed that has done what it was to do. */
    private static String done(Said said) {
        assertThat(said.exitCode()).as(said.text()).isZero();
        assertThat(said.text()).doesNotContainIgnoringCase("exception").doesNotContainIgnoringCase("error:");
        return said.text();
    }

    /** Any broker may be asked, and hears of what was done a little later than the one that did it. */
    private static void awaitSaid(Supplier<Said> tool, String... texts) {
        await().atMost(RunningCluster.PATIENCE)
                .untilAsserted(() -> assertThat(done(tool.get())).contains(texts));
    }

    private static void awaitConfig(ConfigResource.Type type, String name, String key, @Nullable String value) {
        await().atMost(RunningCluster.PATIENCE)
                .untilAsserted(() -> assertThat(config(type, name, key)).isEqualTo(value));
    }

    /** A topic of one partition with these replicas, the first of which leads. */
    private static void create(String topic, Integer... replicas) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, Map.of(0, List.of(replicas)))))
                .all()
                .get();
        await().atMost(RunningCluster.PATIENCE)
                .until(() -> RunningCluster.inSync(RunningCluster.partition(admin, topic))
                                .size()
                        == replicas.length);
    }

    private static void awaitLeader(String topic, int leader) {
        await().atMost(RunningCluster.PATIENCE)
                .untilAsserted(() -> assertThat(
                                RunningCluster.partition(admin, topic).leader().id())
                        .isEqualTo(leader));
    }

    private static void produce(String topic, int records) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", cluster.bootstrap(), "acks", "all"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int n = 0; n < records; n++) {
                var _ = producer.send(
                        new ProducerRecord<>(topic, 0, null, ("record " + n).getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    private static String json(String name, String text) throws IOException {
        Path file = data.resolve(name + ".json");
        Files.writeString(file, text);
        return file.toString();
    }

    private static String reassignment(String topic, List<Integer> replicas) throws IOException {
        return json(
                topic,
                "{\"version\":1,\"partitions\":[{\"topic\":\"" + topic + "\",\"partition\":0,\"replicas\":" + replicas
                        + "}]}");
    }

    private static @Nullable String config(ConfigResource.Type type, String name, String key) throws Exception {
        ConfigResource resource = new ConfigResource(type, name);
        return Objects.requireNonNull(
                        admin.describeConfigs(List.of(resource)).all().get().get(resource))
                .entries()
                .stream()
                .filter(entry -> entry.name().equals(key))
                .map(entry -> entry.value())
                .findFirst()
                .orElse(null);
    }

    private static int activeController() throws Exception {
        return admin.describeMetadataQuorum().quorumInfo().get().leaderId();
    }

    // ---- Topics.

    @Test
    void topicsAreCreatedDescribedAlteredListedAndDeleted() throws Exception {
        assertThat(done(tool("topics --create --topic made --partitions 2 --replication-factor 3 --config"
                        + " retention.ms=60000")))
                .contains("Created topic made.");
        awaitSaid(() -> tool("topics --describe --topic made"), "Topic: made");
        String described = done(tool("topics --describe --topic made"));
        assertThat(described)
                .containsPattern("Topic: made\\s+TopicId: \\S+\\s+PartitionCount: 2\\s+ReplicationFactor: 3");
        assertThat(described).contains("retention.ms=60000");
        assertThat(described.lines().filter(line -> line.contains("Partition: ")))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .containsPattern("Leader: [123]\\s+Replicas: [123],[123],[123]\\s+Isr: [123],[123],[123]"));

        done(tool("topics --alter --topic made --partitions 4"));
        awaitSaid(() -> tool("topics --describe --topic made"), "PartitionCount: 4");
        assertThat(done(tool("topics --list")).lines()).contains("made");

        Said twice = tool("topics --create --topic made");
        assertThat(twice.exitCode()).isOne();
        assertThat(twice.text()).contains("Topic 'made' already exists.");
        Said fewer = tool("topics --alter --topic made --partitions 3");
        assertThat(fewer.exitCode()).isOne();
        assertThat(fewer.text()).contains("The topic made currently has 4 partition(s); 3 would not be an increase.");

        done(tool("topics --delete --topic made"));
        await().atMost(RunningCluster.PATIENCE)
                .untilAsserted(
                        () -> assertThat(admin.listTopics().names().get()).doesNotContain("made"));
        await().atMost(RunningCluster.PATIENCE)
                .untilAsserted(
                        () -> assertThat(tool("topics --describe --topic made").text())
                                .contains("Topic 'made' does not exist as expected"));
    }

    // ---- Replicas and leaders.

    @Test
    void partitionsAreReassignedAndTheirLeadersElected() throws Exception {
        create("moved", 1, 2);
        produce("moved", 100);
        String topics = json("topics", "{\"version\":1,\"topics\":[{\"topic\":\"moved\"}]}");
        String generated = done(
                tool("reassign-partitions --generate --topics-to-move-json-file " + topics + " --broker-list 2,3"));
        assertThat(generated)
                .containsPattern("Current partition replica assignment\\R\\{.*\"replicas\":\\[1,2]")
                .containsPattern("Proposed partition reassignment configuration\\R\\{.*\"replicas\":\\[[23],[23]]");

        String file = reassignment("moved", List.of(3, 2));
        assertThat(done(tool("reassign-partitions --execute --reassignment-json-file " + file)))
                .contains("Successfully started partition reassignment for moved-0");
        await().atMost(RunningCluster.PATIENCE)
                .untilAsserted(() -> assertThat(tool("reassign-partitions --verify --reassignment-json-file " + file)
                                .text())
                        .contains("Reassignment of partition moved-0 is completed."));
        assertThat(done(tool("reassign-partitions --list"))).contains("No partition reassignments found.");
        await().atMost(RunningCluster.PATIENCE).untilAsserted(() -> {
            assertThat(RunningCluster.replicas(RunningCluster.partition(admin, "moved")))
                    .containsExactly(3, 2);
            assertThat(RunningCluster.inSync(RunningCluster.partition(admin, "moved")))
                    .containsExactly(2, 3);
        });
        assertThat(admin.listOffsets(Map.of(new TopicPartition("moved", 0), OffsetSpec.latest()))
                        .partitionResult(new TopicPartition("moved", 0))
                        .get()
                        .offset())
                .isEqualTo(100);

        // The other order: who leads stays, and another is preferred.
        int leader = RunningCluster.partition(admin, "moved").leader().id();
        int other = leader == 3 ? 2 : 3;
        String turned = reassignment("moved", List.of(other, leader));
        done(tool("reassign-partitions --execute --reassignment-json-file " + turned));
        awaitLeader("moved", leader);
        assertThat(done(tool("leader-election --election-type preferred --topic moved --partition 0")))
                .contains("Successfully completed leader election (PREFERRED) for partitions moved-0");
        awaitLeader("moved", other);
        assertThat(done(tool("leader-election --election-type preferred --topic moved --partition 0")))
                .contains("Valid replica already elected for partitions moved-0");
        done(tool("reassign-partitions --execute --reassignment-json-file "
                + reassignment("moved", List.of(leader, other))));
        assertThat(done(tool("leader-election --election-type preferred --all-topic-partitions")))
                .containsPattern("Successfully completed leader election \\(PREFERRED\\) for partitions .*moved-0");
        awaitLeader("moved", leader);
        Said unclean = tool("leader-election --election-type unclean --topic moved --partition 0");
        assertThat(unclean.text()).contains("Valid replica already elected for partitions moved-0");
    }

    // ---- Throttles (KIP-73).

    private static final int RECORD_BYTES = 50_000;
    private static final int RECORDS = 48;
    private static final long SLOW = 10_000;
    private static final long FASTER = 1_000_000;

    /** Their bytes would take minutes at the slow rate. */
    private static final int RECORDS_MEANWHILE = 40;

    /** One answer to a fetch of one partition. */
    private static final long ANSWER_BYTES = 100_000 + 2 * RECORD_BYTES;

    @Test
    void aThrottledReassignmentTakesItsTimeAndHoldsUpNobodyInSync() throws Exception {
        create("throttled", 1, 2);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", cluster.bootstrap(), "acks", "all"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int n = 0; n < RECORDS; n++) {
                producer.send(new ProducerRecord<>("throttled", 0, null, new byte[RECORD_BYTES]))
                        .get();
            }
            String file = reassignment("throttled", List.of(1, 3));
            long beganNs = System.nanoTime();
            assertThat(done(tool("reassign-partitions --execute --throttle " + SLOW
                            + " --replica-alter-log-dirs-throttle 5000 --reassignment-json-file " + file)))
                    .contains("The inter-broker throttle limit was set to " + SLOW + " B/s")
                    .contains("Successfully started partition reassignment for throttled-0");
            awaitConfig(ConfigResource.Type.BROKER, "3", "follower.replication.throttled.rate", String.valueOf(SLOW));
            awaitConfig(ConfigResource.Type.BROKER, "1", "leader.replication.throttled.rate", String.valueOf(SLOW));
            awaitConfig(ConfigResource.Type.TOPIC, "throttled", "leader.replication.throttled.replicas", "0:1,0:2");
            awaitConfig(ConfigResource.Type.TOPIC, "throttled", "follower.replication.throttled.replicas", "0:3");

            // Whoever waits for all in sync does not notice, though these are named, too.
            done(tool("configs --entity-type topics --entity-name throttled --alter --add-config"
                    + " follower.replication.throttled.replicas=*"));
            for (int n = 0; n < RECORDS_MEANWHILE; n++) {
                producer.send(new ProducerRecord<>("throttled", 0, null, new byte[RECORD_BYTES]))
                        .get();
            }
            assertThat(done(tool("reassign-partitions --list")))
                    .containsPattern("throttled-0: replicas: .*\\. adding: 3\\. removing: 2\\.");
            assertThat(RunningCluster.inSync(RunningCluster.partition(admin, "throttled")))
                    .containsExactly(1, 2);

            assertThat(done(tool("reassign-partitions --cancel --preserve-throttles --reassignment-json-file " + file)))
                    .contains("Successfully cancelled partition reassignment for: throttled-0");
            await().atMost(RunningCluster.PATIENCE)
                    .untilAsserted(
                            () -> assertThat(RunningCluster.replicas(RunningCluster.partition(admin, "throttled")))
                                    .containsExactly(1, 2));
            done(tool("reassign-partitions --execute --throttle " + SLOW + " --reassignment-json-file " + file));
            double slowSeconds = (System.nanoTime() - beganNs) / 1e9;

            long fasterNs = System.nanoTime();
            assertThat(done(tool("reassign-partitions --execute --additional --throttle " + FASTER
                            + " --reassignment-json-file " + file)))
                    .contains("The inter-broker throttle limit was set to " + FASTER + " B/s");
            await().atMost(RunningCluster.PATIENCE)
                    .until(() -> admin.listPartitionReassignments()
                            .reassignments()
                            .get()
                            .isEmpty());
            double seconds = (System.nanoTime() - fasterNs) / 1e9;
            long size = (long) (RECORDS + RECORDS_MEANWHILE) * RECORD_BYTES;
            double before = SLOW * slowSeconds + 2 * ANSWER_BYTES; // that was cancelled is to be fetched again
            assertThat(seconds)
                    .as("seconds for %d bytes at %d bytes/s", size, FASTER)
                    .isGreaterThan((size - before - ANSWER_BYTES) / FASTER);

            assertThat(tool("reassign-partitions --verify --reassignment-json-file " + file)
                            .text())
                    .contains("Reassignment of partition throttled-0 is completed.")
                    .contains("Clearing broker-level throttles on brokers 1,2,3")
                    .contains("Clearing topic-level throttles on topic throttled");
        }
        await().atMost(RunningCluster.PATIENCE).untilAsserted(() -> {
            for (int id = 1; id <= RunningCluster.NODES; id++) {
                assertThat(config(
                                ConfigResource.Type.BROKER, String.valueOf(id), "follower.replication.throttled.rate"))
                        .isNull();
            }
            assertThat(config(ConfigResource.Type.TOPIC, "throttled", "leader.replication.throttled.replicas"))
                    .isEmpty();
            assertThat(RunningCluster.replicas(RunningCluster.partition(admin, "throttled")))
                    .containsExactly(1, 3);
        });
    }

    @Test
    void throttlesAreSetByHandAndChecked() throws Exception {
        String broker = "configs --entity-type brokers --entity-name 2";
        done(tool(broker + " --alter --add-config replica.alter.log.dirs.io.max.bytes.per.second=7000"));
        awaitSaid(
                () -> tool(broker + " --describe"),
                "replica.alter.log.dirs.io.max.bytes.per.second=7000 sensitive=false"
                        + " synonyms={DYNAMIC_BROKER_CONFIG:replica.alter.log.dirs.io.max.bytes.per.second=7000");
        done(tool(broker + " --alter --delete-config replica.alter.log.dirs.io.max.bytes.per.second"));
        Said negative = tool(broker + " --alter --add-config leader.replication.throttled.rate=-1");
        assertThat(negative.exitCode()).isOne();
        assertThat(negative.text()).contains("leader.replication.throttled.rate");
    }

    // ---- Records.

    @Test
    void recordsAreCountedAndDeleted() throws Exception {
        create("counted", 1, 2, 3);
        produce("counted", 50);
        assertThat(done(tool("get-offsets --topic counted"))).contains("counted:0:50");
        String file = json(
                "deleted", "{\"version\":1,\"partitions\":[{\"topic\":\"counted\",\"partition\":0,\"offset\":20}]}");
        assertThat(done(tool("delete-records --offset-json-file " + file)))
                .containsPattern("partition: counted-0\\s+low_watermark: 20");
        assertThat(done(tool("get-offsets --topic counted --time earliest"))).contains("counted:0:20");
        assertThat(done(tool("get-offsets --topic counted --time latest"))).contains("counted:0:50");
    }

    @Test
    void logDirectoriesAreDescribed() throws Exception {
        create("described", 2, 3);
        produce("described", 10);
        String text = done(tool("log-dirs --describe --topic-list described"));
        assertThat(text).contains("Received log directory information from brokers 1,2,3");
        assertThat(Pattern.compile("\"partition\":\"described-0\"")
                        .matcher(text)
                        .results())
                .as(text)
                .hasSize(2);
        assertThat(text).contains(data.resolve("broker-2").toString()).containsPattern("\"size\":[1-9]");
    }

    // ---- Groups.

    @Test
    void groupsAreListedDescribedResetAndDeleted() throws Exception {
        create("grouped", 1, 2, 3);
        produce("grouped", 30);
        await().atMost(RunningCluster.PATIENCE)
                .ignoreExceptions()
                .untilAsserted(() -> admin.alterConsumerGroupOffsets(
                                "readers", Map.of(new TopicPartition("grouped", 0), new OffsetAndMetadata(10)))
                        .all()
                        .get());
        assertThat(done(tool("consumer-groups --list")).lines()).contains("readers");
        assertThat(done(tool("consumer-groups --describe --group readers")))
                .containsPattern("readers\\s+grouped\\s+0\\s+10\\s+30\\s+20");
        assertThat(done(tool("consumer-groups --describe --group readers --state")))
                .contains("Empty");
        assertThat(done(tool(
                        "consumer-groups --reset-offsets --group readers --topic grouped --to-earliest --execute")))
                .containsPattern("readers\\s+grouped\\s+0\\s+0");
        assertThat(Objects.requireNonNull(admin.listConsumerGroupOffsets("readers")
                                .partitionsToOffsetAndMetadata()
                                .get()
                                .get(new TopicPartition("grouped", 0)))
                        .offset())
                .isZero();
        assertThat(done(tool("consumer-groups --delete --group readers")))
                .contains("Deletion of requested consumer groups ('readers') was successful.");
        assertThat(done(tool("consumer-groups --list")).lines()).doesNotContain("readers");
    }

    // ---- Configurations.

    /** By a broker and by a controller: the same is said and done. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void configurationsAreAlteredAndDescribed(boolean byController) throws Exception {
        String topic = "configured-" + byController;
        create(topic, 1, 2);
        String entity = "configs --entity-type topics --entity-name " + topic;
        assertThat(done(either(
                        byController, entity + " --alter --add-config retention.ms=1000,cleanup.policy=compact")))
                .contains("Completed updating config for topic " + topic + ".");
        awaitSaid( // of brokers: the tool lists topics for that
                () -> tool(entity + " --describe"),
                "retention.ms=1000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=1000",
                "cleanup.policy=compact");
        awaitConfig(ConfigResource.Type.TOPIC, topic, "retention.ms", "1000");
        done(either(byController, entity + " --alter --delete-config retention.ms"));
        awaitConfig(ConfigResource.Type.TOPIC, topic, "retention.ms", "604800000");
        Said refused = either(byController, entity + " --alter --add-config no.such.key=1");
        assertThat(refused.exitCode()).isOne();
        assertThat(refused.text()).contains("Unknown topic config name: no.such.key");

        String brokers = "configs --entity-type brokers --entity-default";
        assertThat(done(either(byController, brokers + " --alter --add-config log.retention.ms=70000")))
                .contains("Completed updating default config for brokers in the cluster.");
        awaitSaid(() -> either(byController, brokers + " --describe"), "log.retention.ms=70000");
        awaitConfig(ConfigResource.Type.TOPIC, topic, "retention.ms", "70000");
        done(either(byController, brokers + " --alter --delete-config log.retention.ms"));

        // A controller describes itself alone, as Kafka's do.
        String broker = "configs --entity-type brokers --entity-name " + activeController();
        done(either(byController, broker + " --alter --add-config log.segment.bytes=2000000"));
        awaitSaid(() -> either(byController, broker + " --describe"), "log.segment.bytes=2000000");
        done(either(byController, broker + " --alter --delete-config log.segment.bytes"));
        await().atMost(RunningCluster.PATIENCE)
                .untilAsserted(() -> assertThat(done(either(byController, broker + " --describe")))
                        .doesNotContain("log.segment.bytes=2000000"));
    }

    private static Said either(boolean byController, String commandLine) {
        return byController ? controllerTool(commandLine) : tool(commandLine);
    }

    @Test
    void quotasOfClientsAreKept() throws Exception {
        assertThat(done(tool("configs --entity-type clients --entity-name eager --alter --add-config"
                        + " producer_byte_rate=1024")))
                .contains("Completed updating config for client eager.");
        awaitSaid(
                () -> tool("configs --entity-type clients --entity-name eager --describe"),
                "Quota configs for client-id 'eager' are producer_byte_rate=1024.0");
        done(tool("configs --entity-type clients --entity-name eager --alter --delete-config producer_byte_rate"));
        await().atMost(RunningCluster.PATIENCE)
                .untilAsserted(
                        () -> assertThat(done(tool("configs --entity-type clients --entity-name eager --describe")))
                                .doesNotContain("producer_byte_rate"));
    }

    // ---- The cluster.

    @Test
    void theQuorumIsDescribedByBrokersAndControllers() throws Exception {
        int active = activeController();
        for (Said status : List.of(
                tool("metadata-quorum describe --status"), controllerTool("metadata-quorum describe --status"))) {
            assertThat(done(status))
                    .containsPattern("ClusterId:\\s+" + cluster.clusterId())
                    .containsPattern("LeaderId:\\s+" + active)
                    .containsPattern("CurrentVoters:.*\"id\": 1,")
                    .containsPattern("CurrentVoters:.*\"id\": 2,")
                    .containsPattern("CurrentVoters:.*\"id\": 3,");
        }
        for (Said replication : List.of(
                tool("metadata-quorum describe --replication"),
                controllerTool("metadata-quorum describe --replication"))) {
            List<String> rows = new ArrayList<>();
            for (String line : done(replication).lines().toList()) {
                String[] columns = line.trim().split("\\s+", -1);
                if (columns[0].matches("[0-9]+")) {
                    rows.add(columns[0] + " " + columns[columns.length - 1]);
                }
            }
            assertThat(rows)
                    .containsExactlyInAnyOrder(
                            "1 " + (active == 1 ? "Leader" : "Follower"),
                            "2 " + (active == 2 ? "Leader" : "Follower"),
                            "3 " + (active == 3 ? "Leader" : "Follower"));
        }
    }

    /** Which leaves two voters of three, and three again. */
    @Test
    void aControllerIsRemovedAndAdded() throws Exception {
        int active = activeController();
        int leaves = active == 1 ? 2 : 1;
        Path disk = data.resolve("broker-" + leaves);
        String directory = Files.readAllLines(disk.resolve("meta.properties")).stream()
                .filter(line -> line.startsWith("directory.id="))
                .map(line -> line.substring("directory.id=".length()))
                .findFirst()
                .orElseThrow();
        assertThat(done(controllerTool("metadata-quorum remove-controller --controller-id " + leaves
                        + " --controller-directory-id " + directory)))
                .containsPattern("Removed +KRaft controller " + leaves + " with directory id " + directory);
        assertThat(done(controllerTool("cluster list-endpoints")).lines().filter(line -> line.matches("[123] .*")))
                .hasSize(2);
        Path file = data.resolve("controller.properties");
        Files.writeString(
                file,
                "process.roles=broker,controller\nnode.id=" + leaves + "\nlisteners=CONTROLLER://127.0.0.1:"
                        + cluster.controllerPort(leaves)
                        + "\ncontroller.listener.names=CONTROLLER\nlistener.security.protocol.map=CONTROLLER:PLAINTEXT"
                        + "\nlog.dirs=" + disk + "\n");
        assertThat(done(KafkaTools.run("metadata-quorum --command-config " + file + " --bootstrap-controller "
                        + cluster.bootstrapControllers() + " add-controller")))
                .containsPattern("Added controller " + leaves + " with directory id " + directory);
        assertThat(admin.describeMetadataQuorum().quorumInfo().get().voters())
                .extracting(voter -> voter.replicaId())
                .containsExactlyInAnyOrder(1, 2, 3);
    }

    @Test
    void theClusterNamesItsEndpoints() {
        assertThat(done(tool("cluster cluster-id"))).contains("Cluster ID: " + cluster.clusterId());
        assertThat(done(controllerTool("cluster cluster-id"))).contains("Cluster ID: " + cluster.clusterId());
        String brokers = done(tool("cluster list-endpoints"));
        for (int id = 1; id <= RunningCluster.NODES; id++) {
            assertThat(brokers).containsPattern(id + "\\s+127.0.0.1\\s+" + cluster.port(id) + "\\s+.*broker");
        }
        String controllers = done(controllerTool("cluster list-endpoints"));
        for (int id = 1; id <= RunningCluster.NODES; id++) {
            assertThat(controllers)
                    .containsPattern(id + "\\s+127.0.0.1\\s+" + cluster.controllerPort(id) + "\\s+.*controller");
        }
    }

    /** What it says is Kafka's: the tool is told that it asks in the wrong place. */
    @Test
    void whoAsksBrokersForControllersIsTold() {
        Said wrong = KafkaTools.run("cluster cluster-id --bootstrap-controller " + cluster.bootstrap());
        assertThat(wrong.exitCode()).isOne();
        assertThat(wrong.text())
                .contains("The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type"
                        + " CONTROLLER");
    }

    @Test
    void featuresAreDescribed() {
        for (Said said : List.of(tool("features describe"), controllerTool("features describe"))) {
            assertThat(done(said))
                    .containsPattern("Feature: metadata.version\\s+SupportedMinVersion: \\S+\\s+SupportedMaxVersion:"
                            + " \\S+\\s+FinalizedVersionLevel: \\S+");
        }
    }

    @Test
    void brokersSayWhatTheySpeak() {
        String text = done(tool("broker-api-versions"));
        for (int id = 1; id <= RunningCluster.NODES; id++) {
            assertThat(text).contains("127.0.0.1:" + cluster.port(id) + " (id: " + id);
        }
        assertThat(text).contains("Fetch(1): 4 to 18 [usable: 18]").contains("AddPartitionsToTxn(24): UNSUPPORTED");
    }
}
