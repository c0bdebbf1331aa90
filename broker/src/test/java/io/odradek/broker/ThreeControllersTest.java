package io.odradek.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.Formatting.InitialController;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.Features;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerReply.ProducerIdBlock;
import io.odradek.replication.controller.ControllerReply.ProducerIdsAllocated;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.quorum.HardState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three controllers, each a process's worth of one, on sockets of this machine. */
@Timeout(120)
class ThreeControllersTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BROKER = 100;

    private final Map<Integer, Broker> running = new HashMap<>();
    private final List<InitialController> controllers = new ArrayList<>();
    private final String clusterId = Uuid.randomUuid().toString();
    private Path data = Path.of("");

    @BeforeEach
    void format(@TempDir Path directory) throws IOException {
        data = directory;
        List<ServerSocket> held = new ArrayList<>();
        for (int id = 1; id <= 3; id++) {
            ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            held.add(socket);
            controllers.add(new InitialController(id, "127.0.0.1", socket.getLocalPort(), UUID.randomUUID()));
        }
        for (ServerSocket socket : held) {
            socket.close();
        }
        for (int id = 1; id <= 3; id++) {
            Formatting.format(config(id), new DiskFileStore(), clusterId, controllers);
        }
    }

    private BrokerConfig config(int id) {
        List<String> voters = controllers.stream()
                .map(each -> each.id() + "@" + each.host() + ":" + each.port())
                .toList();
        Map<String, String> settings = new HashMap<>();
        settings.put("process.roles", "controller");
        settings.put("node.id", String.valueOf(id));
        settings.put("log.dirs", data.resolve("node-" + id).toString());
        settings.put(
                "listeners", "CONTROLLER://127.0.0.1:" + controllers.get(id - 1).port());
        settings.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT");
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("controller.quorum.voters", String.join(",", voters));
        settings.put("controller.quorum.election.timeout.ms", "300");
        settings.put("controller.quorum.election.backoff.max.ms", "100");
        settings.put("controller.quorum.fetch.timeout.ms", "1000");
        settings.put("metadata.log.max.record.bytes.between.snapshots", "2000");
        settings.put("odradek.metrics.port", "-1");
        return BrokerConfig.of(settings);
    }

    private void start(int id) throws IOException {
        running.put(id, Broker.start(config(id)));
    }

    private void stop(int id) {
        Broker broker = running.remove(id);
        if (broker != null) {
            broker.close();
        }
    }

    @AfterEach
    void stopAll() {
        List.copyOf(running.keySet()).forEach(this::stop);
    }

    private ControllerHost host(int id) {
        Broker broker = running.get(id);
        if (broker == null) {
            throw new AssertionError("node " + id + " is down");
        }
        return broker.controller();
    }

    private int active() {
        await().atMost(PATIENCE).until(() -> running.keySet().stream().anyMatch(id -> host(id).isActive()));
        return running.keySet().stream()
                .filter(id -> host(id).isActive())
                .findFirst()
                .orElseThrow();
    }

    private <R extends ControllerReply> R ask(ControllerRequest<R> request) throws Exception {
        for (int attempt = 0; attempt < 100; attempt++) {
            CompletableFuture<R> answer = new CompletableFuture<>();
            host(active()).submit(request, new ActiveController.ReplyTo<R>() {
                @Override
                public void reply(R reply) {
                    answer.complete(reply);
                }

                @Override
                public void failed(ControllerError error, String message) {
                    answer.completeExceptionally(new IOException(error + ": " + message));
                }
            });
            R reply = answer.handle((done, failed) -> done).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (reply != null) {
                return reply;
            }
        }
        throw new AssertionError("nobody answers " + request);
    }

    private long registeredEpoch = -1;

    private long register() throws Exception {
        RegisterBroker registration = new RegisterBroker(
                BROKER,
                UUID.randomUUID(),
                List.of(new Endpoint("PLAINTEXT", "b", 9092, (short) 0)),
                Features.supported(),
                null,
                List.of(new UUID(1, 1)),
                registeredEpoch); // the process before has stopped cleanly: its session is not waited for
        BrokerRegistered answer = ask(registration);
        registeredEpoch = ((Done<Long>) answer.epoch()).value();
        return registeredEpoch;
    }

    private long producerIds(long brokerEpoch) throws Exception {
        ProducerIdsAllocated answer = ask(new AllocateProducerIds(BROKER, brokerEpoch));
        return ((Done<ProducerIdBlock>) answer.block()).value().firstId();
    }

    private void awaitAllAgree(int nodes) {
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(running).hasSize(nodes);
            assertThat(running.keySet().stream().map(id -> host(id).image()).distinct())
                    .hasSize(1);
            assertThat(running.keySet().stream().map(id -> host(id).leader()).distinct())
                    .as("who leads, for all of them")
                    .hasSize(1)
                    .doesNotContain(HardState.NOBODY);
        });
    }

    @Test
    void aLeaderIsElectedItsLossIsSurvivedAndWhoComesBackCatchesUp() throws Exception {
        for (int id = 1; id <= 3; id++) {
            start(id);
        }
        long epoch = register();
        long last = producerIds(epoch);
        awaitAllAgree(3);

        int lost = active();
        stop(lost);
        long next = producerIds(epoch);
        assertThat(next).as("producer ids are given once").isGreaterThan(last);
        assertThat(host(active()).image().broker(BROKER)).isNotNull();

        start(lost); // from the log
        awaitAllAgree(3);
        assertThat(producerIds(epoch)).isGreaterThan(next);

        int away = active() == 1 ? 2 : 1;
        long end = host(away).image().lastOffset();
        stop(away);
        Path log = data.resolve("node-" + active()).resolve("__cluster_metadata-0");
        for (int i = 0; newestSnapshot(log) <= end + 1; i++) {
            assertThat(i).as("snapshots are taken").isLessThan(1_000);
            register();
        }
        start(away); // from a snapshot, for the log does not reach back so far
        awaitAllAgree(3);
        assertThat(newestSnapshot(data.resolve("node-" + away).resolve("__cluster_metadata-0")))
                .isGreaterThan(end);
    }

    /** End offset of the newest; 0 of the one that says who votes first. */
    private static long newestSnapshot(Path log) throws IOException {
        try (var files = Files.list(log)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".checkpoint") && name.length() == 42)
                    .mapToLong(name -> Long.parseLong(name.substring(0, 20)))
                    .max()
                    .orElse(-1);
        }
    }

    /** What Kafka's voters without disks allow: docs/decisions/0027. */
    @Test
    void whoComesBackWithAnEmptyDiskFollowsAndDoesNotVote() throws Exception {
        for (int id = 1; id <= 3; id++) {
            start(id);
        }
        long epoch = register();
        awaitAllAgree(3);
        int wiped = active() == 3 ? 2 : 3;
        int other = 6 - active() - wiped;
        stop(wiped);
        data = Files.createDirectory(data.resolve("again"));
        Formatting.format(config(wiped), new DiskFileStore(), clusterId, List.of());
        start(wiped);
        await().atMost(PATIENCE).until(() -> host(wiped).image().broker(BROKER) != null);
        stop(other);
        // One of the two that were voters is left, and an empty disk does not make up a majority.
        await().atMost(PATIENCE).until(() -> running.keySet().stream().noneMatch(id -> host(id).isActive()));
        assertThat(epoch).isNotNegative();
    }
}
