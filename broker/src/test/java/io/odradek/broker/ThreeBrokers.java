package io.odradek.broker;

import io.odradek.broker.Formatting.InitialController;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Uuid;

/** Three brokers that are controllers, too, in this process, on sockets of this machine. Used by one thread, but for {@link #start} and {@link #stop}. */
final class ThreeBrokers implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    static final int NODES = 3;

    private final Path data;
    private final Map<String, String> settings;
    private final Map<Integer, Map<String, String>> ofNode = new ConcurrentHashMap<>();
    private final Map<Integer, FileStore> stores = new ConcurrentHashMap<>();
    private final Map<Integer, Broker> running = new ConcurrentHashMap<>();
    private final List<InitialController> controllers = new ArrayList<>();
    private final List<Integer> clientPorts = new ArrayList<>();

    /** @param settings of all, beside those of a small cluster with three replicas of everything */
    ThreeBrokers(Path data, Map<String, String> settings) throws IOException {
        this.data = data;
        this.settings = Map.copyOf(settings);
        List<ServerSocket> held = new ArrayList<>();
        for (int id = 1; id <= NODES; id++) {
            ServerSocket quorum = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            ServerSocket clients = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            held.add(quorum);
            held.add(clients);
            controllers.add(
                    new InitialController(id, "127.0.0.1", quorum.getLocalPort(), LogDirectory.Identity.newId()));
            clientPorts.add(clients.getLocalPort());
        }
        for (ServerSocket socket : held) {
            socket.close();
        }
    }

    /** Of one node, from its next start on. */
    void configure(int id, Map<String, String> own) {
        ofNode.put(id, Map.copyOf(own));
    }

    /** What one node sees of the disk, from its next start on. */
    void store(int id, FileStore store) {
        stores.put(id, store);
    }

    /** Formats and starts them, side by side: one alone is no majority. */
    void startAll() throws Exception {
        String clusterId = Uuid.randomUuid().toString();
        for (int id = 1; id <= NODES; id++) {
            Formatting.format(config(id), new DiskFileStore(), clusterId, controllers);
        }
        List<CompletableFuture<Void>> started = new ArrayList<>();
        for (int id = 1; id <= NODES; id++) {
            int node = id;
            started.add(CompletableFuture.runAsync(
                    () -> start(node), task -> Thread.ofPlatform().start(task)));
        }
        for (CompletableFuture<Void> each : started) {
            each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private BrokerConfig config(int id) {
        Map<String, String> all = new HashMap<>();
        all.put("process.roles", "broker,controller");
        all.put("node.id", String.valueOf(id));
        all.put("log.dirs", directory(id).toString());
        all.put(
                "listeners",
                "PLAINTEXT://127.0.0.1:" + clientPorts.get(id - 1) + ",CONTROLLER://127.0.0.1:"
                        + controllers.get(id - 1).port());
        all.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        all.put("controller.listener.names", "CONTROLLER");
        all.put(
                "controller.quorum.bootstrap.servers",
                String.join(
                        ",",
                        controllers.stream()
                                .map(each -> each.host() + ":" + each.port())
                                .toList()));
        all.put("default.replication.factor", "3");
        all.put("offsets.topic.replication.factor", "3");
        all.put("offsets.topic.num.partitions", "3");
        all.put("group.initial.rebalance.delay.ms", "0");
        all.put("min.insync.replicas", "2");
        all.putAll(settings);
        all.putAll(ofNode.getOrDefault(id, Map.of()));
        return BrokerConfig.of(all);
    }

    /** A node's only log directory, unless it was configured otherwise. */
    Path directory(int id) {
        return data.resolve("node-" + id);
    }

    void start(int id) {
        try {
            running.put(id, Broker.start(config(id), stores.getOrDefault(id, new DiskFileStore())));
        } catch (IOException e) {
            throw new AssertionError("node " + id, e);
        }
    }

    Broker running(int id) {
        return Objects.requireNonNull(running.get(id), () -> "node " + id + " does not run");
    }

    void stop(int id) {
        Broker broker = running.remove(id);
        if (broker != null) {
            broker.close();
        }
    }

    /** A client's properties. */
    Properties client() {
        Properties properties = new Properties();
        properties.put(
                "bootstrap.servers",
                String.join(
                        ",",
                        clientPorts.stream().map(port -> "127.0.0.1:" + port).toList()));
        return properties;
    }

    @Override
    public void close() {
        List.copyOf(running.keySet()).forEach(this::stop);
    }
}
