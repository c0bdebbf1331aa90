package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.Formatting;
import io.odradek.broker.Formatting.InitialController;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three broker processes, of which a leader, a follower and the active controller are killed ({@code kill -9}) in turn under load, and started
 * again: no acknowledged record is lost, doubled or out of order. How long a partition acknowledged nothing is printed, by whom it was that
 * went. More rounds with {@code -Dodradek.cluster.kills=N}; the moments come from {@code -Dodradek.seed=N}.
 */
final class ClusterKillTest {
    private static final int NODES = 3;
    private static final int PARTITIONS = 3;
    private static final String TOPIC = "killed";
    private static final int KILLS = Integer.getInteger("odradek.cluster.kills", 3);
    private static final long SEED = Long.getLong("odradek.seed", System.nanoTime());
    /** Records of all partitions in turn: so many are not acknowledged before each partition goes on. */
    private static final int MORE_THAN_THE_PRODUCER_HOLDS = 8_000;

    private static final List<String> VICTIMS = List.of("leader", "follower", "controller");

    @TempDir
    Path data;

    private final List<InitialController> controllers = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final Map<Integer, BrokerProcess> running = new HashMap<>();

    @BeforeEach
    void startAll() throws Exception {
        List<ServerSocket> held = new ArrayList<>();
        for (int id = 1; id <= NODES; id++) {
            ServerSocket quorum = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            ServerSocket clients = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            held.add(quorum);
            held.add(clients);
            controllers.add(
                    new InitialController(id, "127.0.0.1", quorum.getLocalPort(), LogDirectory.Identity.newId()));
            ports.add(clients.getLocalPort());
        }
        for (ServerSocket socket : held) {
            socket.close();
        }
        String clusterId = Uuid.randomUuid().toString();
        Map<Integer, CompletableFuture<BrokerProcess>> starting = new HashMap<>();
        for (int id = 1; id <= NODES; id++) {
            Map<String, String> settings = new HashMap<>(settings(id));
            settings.put("log.dirs", directory(id).toString());
            Formatting.format(BrokerConfig.builtIn(settings), new DiskFileStore(), clusterId, controllers);
        }
        for (int id = 1; id <= NODES; id++) { // side by side: one alone is no majority
            int node = id;
            starting.put(
                    node,
                    CompletableFuture.supplyAsync(
                            () -> start(node), task -> Thread.ofPlatform().start(task)));
        }
        for (int id = 1; id <= NODES; id++) {
            running.put(id, Objects.requireNonNull(starting.get(id)).get(2, TimeUnit.MINUTES));
        }
    }

    private Path directory(int id) {
        return data.resolve("broker-" + id);
    }

    private Map<String, String> settings(int id) {
        return Map.of(
                "node.id",
                String.valueOf(id),
                "listeners",
                "PLAINTEXT://127.0.0.1:" + ports.get(id - 1) + ",CONTROLLER://127.0.0.1:"
                        + controllers.get(id - 1).port(),
                "controller.listener.names",
                "CONTROLLER",
                "listener.security.protocol.map",
                "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                "controller.quorum.bootstrap.servers",
                String.join(
                        ",",
                        controllers.stream()
                                .map(each -> each.host() + ":" + each.port())
                                .toList()));
    }

    private BrokerProcess start(int id) {
        try {
            return BrokerProcess.start(directory(id), ports.get(id - 1), settings(id));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterEach
    void killAll() {
        running.values().forEach(BrokerProcess::close);
    }

    private String bootstrap() {
        return String.join(",", ports.stream().map(port -> "127.0.0.1:" + port).toList());
    }

    private static TopicDescription describe(Admin admin) throws Exception {
        return Objects.requireNonNull(admin.describeTopics(List.of(TOPIC))
                .allTopicNames()
                .get(1, TimeUnit.MINUTES)
                .get(TOPIC));
    }

    private static void awaitAllInSync(Admin admin) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (describe(admin).partitions().stream()
                .anyMatch(partition -> partition.isr().size() < NODES)) {
            assertThat(System.nanoTime()).as("until all are in sync").isLessThan(deadline);
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** Who is to go: leads the partition, follows it and does not lead the quorum, or leads the quorum. */
    private static int victim(Admin admin, String kind, int partition) throws Exception {
        int controller = admin.describeMetadataQuorum()
                .quorumInfo()
                .get(1, TimeUnit.MINUTES)
                .leaderId();
        int leader = describe(admin).partitions().get(partition).leader().id();
        return switch (kind) {
            case "leader" -> leader;
            case "controller" -> controller;
            default -> controller == leader ? leader % NODES + 1 : 6 - controller - leader; // ids add up to 6
        };
    }

    @Test
    void everyAcknowledgedRecordOutlivesWhoeverIsKilled() throws Exception {
        System.out.println("ClusterKillTest: seed " + SEED
                + "; repeat with ./odradek test -pl spec -am -Dtest=ClusterKillTest -Dodradek.seed=" + SEED);
        Random random = new Random(SEED);
        Map<String, List<Long>> gapsMs = new HashMap<>();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) NODES)
                            .configs(Map.of("min.insync.replicas", "2", "segment.bytes", "1048576"))))
                    .all()
                    .get(1, TimeUnit.MINUTES);
            awaitAllInSync(admin);
            try (NumberedLoad load = new NumberedLoad(bootstrap(), TOPIC, PARTITIONS)) {
                for (int kill = 0; kill < KILLS; kill++) {
                    String kind = VICTIMS.get(kill % VICTIMS.size());
                    int victim = victim(admin, kind, random.nextInt(PARTITIONS));
                    load.awaitAcknowledged(load.acknowledged() + 200 + random.nextInt(2_000));
                    load.longestGapMs(); // what was before counts no more
                    Objects.requireNonNull(running.get(victim)).kill();
                    load.awaitAcknowledged(load.acknowledged() + MORE_THAN_THE_PRODUCER_HOLDS);
                    running.put(victim, start(victim));
                    awaitAllInSync(admin);
                    gapsMs.computeIfAbsent(kind, _ -> new ArrayList<>()).add(load.longestGapMs());
                }
                load.awaitAcknowledged(load.acknowledged() + 1_000);
                load.stop();
                load.check();
                System.out.println("ClusterKillTest: " + KILLS + " kills, " + load.acknowledged()
                        + " acknowledged records, none lost, none doubled; longest silence of a partition in ms, by"
                        + " who was killed: " + gapsMs);
            }
        }
    }
}
