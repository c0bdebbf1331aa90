package io.odradek.spec.compatibility;

import io.odradek.broker.Broker;
import io.odradek.broker.Formatting;
import io.odradek.broker.Formatting.InitialController;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;

/** Three brokers inside this JVM, each a controller, too, on sockets of this machine. Brokers have the ids 1 to 3. Closing it is a clean stop. */
final class RunningCluster implements AutoCloseable {
    static final int NODES = 3;
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<InitialController> controllers = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final List<Broker> brokers = new ArrayList<>();
    private final String clusterId = Uuid.randomUuid().toString();

    private RunningCluster() {}

    static RunningCluster on(Path data, Map<String, String> overrides) throws IOException {
        RunningCluster cluster = new RunningCluster();
        List<ServerSocket> held = new ArrayList<>();
        for (int id = 1; id <= NODES; id++) {
            ServerSocket quorum = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            ServerSocket clients = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            held.addAll(List.of(quorum, clients));
            cluster.controllers.add(
                    new InitialController(id, "127.0.0.1", quorum.getLocalPort(), LogDirectory.Identity.newId()));
            cluster.ports.add(clients.getLocalPort());
        }
        for (ServerSocket socket : held) {
            socket.close();
        }
        List<BrokerConfig> configs = new ArrayList<>();
        for (int id = 1; id <= NODES; id++) {
            BrokerConfig config = BrokerConfig.builtIn(cluster.settings(id, data, overrides));
            configs.add(config);
            Formatting.format(config, new DiskFileStore(), cluster.clusterId, cluster.controllers);
        }
        List<CompletableFuture<Broker>> starting = new ArrayList<>();
        for (BrokerConfig config : configs) { // side by side: one alone is no majority
            starting.add(CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return Broker.start(config);
                        } catch (IOException e) {
                            throw new AssertionError("node " + config.nodeId(), e);
                        }
                    },
                    task -> Thread.ofPlatform().start(task)));
        }
        starting.forEach(each -> cluster.brokers.add(each.join()));
        return cluster;
    }

    private Map<String, String> settings(int id, Path data, Map<String, String> overrides) {
        Map<String, String> settings = new HashMap<>();
        settings.put("node.id", String.valueOf(id));
        settings.put("log.dirs", data.resolve("broker-" + id).toString());
        settings.put(
                "listeners",
                "PLAINTEXT://127.0.0.1:" + ports.get(id - 1) + ",CONTROLLER://127.0.0.1:"
                        + controllers.get(id - 1).port());
        settings.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("controller.quorum.bootstrap.servers", bootstrapControllers());
        settings.put("offsets.topic.num.partitions", "3");
        settings.put("offsets.topic.replication.factor", "3");
        settings.put("group.initial.rebalance.delay.ms", "0");
        settings.put("odradek.metrics.port", "-1");
        // Nobody dies here, so a machine that is busy is to fence nobody.
        settings.put("broker.session.timeout.ms", "9000");
        settings.put("controller.quorum.fetch.timeout.ms", "6000");
        settings.putAll(overrides);
        return settings;
    }

    String clusterId() {
        return clusterId;
    }

    int port(int broker) {
        return ports.get(broker - 1);
    }

    int controllerPort(int node) {
        return controllers.get(node - 1).port();
    }

    String bootstrap() {
        return IntStream.rangeClosed(1, NODES)
                .mapToObj(id -> "127.0.0.1:" + port(id))
                .collect(Collectors.joining(","));
    }

    String bootstrapControllers() {
        return IntStream.rangeClosed(1, NODES)
                .mapToObj(id -> "127.0.0.1:" + controllerPort(id))
                .collect(Collectors.joining(","));
    }

    Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", bootstrap()));
    }

    /** Partition 0 of the topic, as a client hears of it. */
    static TopicPartitionInfo partition(Admin admin, String topic) throws Exception {
        TopicDescription described =
                admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
        if (described == null) {
            throw new AssertionError(topic + " is not described");
        }
        return described.partitions().getFirst();
    }

    static List<Integer> replicas(TopicPartitionInfo partition) {
        return partition.replicas().stream().map(node -> node.id()).toList();
    }

    static List<Integer> inSync(TopicPartitionInfo partition) {
        return partition.isr().stream().map(node -> node.id()).sorted().toList();
    }

    @Override
    public void close() {
        brokers.forEach(Broker::close);
    }
}
