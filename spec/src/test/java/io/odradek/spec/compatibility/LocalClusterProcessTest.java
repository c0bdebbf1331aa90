package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code odradek start --brokers 3}: a cluster whose processes end with the one that started them, however that ends. */
@Timeout(240)
final class LocalClusterProcessTest {
    private static final int NODES = 3;
    private static final int QUORUM_PORTS_ABOVE = 1_000;
    private static final int FIRST_PORT = 20_000;
    private static final int LAST_PORT = 29_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path data;

    private final Queue<String> said = new ConcurrentLinkedQueue<>();
    private final List<ProcessHandle> brokers = new ArrayList<>();
    private int port;

    @BeforeEach
    void findPorts() {
        port = FIRST_PORT + (int) (ProcessHandle.current().pid() % 1_000);
        while (!areFree(port)) {
            port += NODES;
            assertThat(port).as("looking for free ports").isLessThan(LAST_PORT);
        }
    }

    private static boolean areFree(int first) {
        return IntStream.range(first, first + NODES)
                .flatMap(at -> IntStream.of(at, at + QUORUM_PORTS_ABOVE))
                .allMatch(LocalClusterProcessTest::isFree);
    }

    private static boolean isFree(int at) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), at));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    @AfterEach
    void killWhatIsLeft() {
        brokers.forEach(ProcessHandle::destroyForcibly);
    }

    private Process start() throws IOException {
        List<String> command = new ArrayList<>(BrokerStartUp.command());
        command.addAll(List.of("start", "--brokers", String.valueOf(NODES)));
        command.addAll(List.of("--data", data.toString(), "--port", String.valueOf(port)));
        Process parent = new ProcessBuilder(command).redirectErrorStream(true).start();
        said.clear();
        Thread.ofVirtual().start(() -> parent.inputReader().lines().forEach(said::add));
        await().alias("all brokers serve; said: " + said)
                .atMost(PATIENCE)
                .until(() -> said.stream()
                                .filter(line -> line.contains("Odradek") && line.contains(" serves "))
                                .count()
                        == NODES);
        brokers.clear();
        brokers.addAll(parent.children().toList());
        assertThat(brokers).hasSize(NODES);
        return parent;
    }

    private String bootstrap() {
        return String.join(
                ",",
                IntStream.range(port, port + NODES)
                        .mapToObj(at -> "localhost:" + at)
                        .toList());
    }

    private void createTopic() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
            admin.createTopics(List.of(new NewTopic("orders", 1, (short) NODES)))
                    .all()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    /** The offset of one record more, which all that are in sync have. */
    private long produced() throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap(), "acks", "all"),
                new StringSerializer(),
                new StringSerializer())) {
            return producer.send(new ProducerRecord<>("orders", "one more"))
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .offset();
        }
    }

    private void awaitNobodyIsLeft() {
        await().alias("brokers end with their parent")
                .atMost(PATIENCE)
                .until(() -> brokers.stream().noneMatch(ProcessHandle::isAlive));
    }

    @Test
    void itEndsWithWhoStartedItAndGoesOnWhereItWas() throws Exception {
        Process parent = start();
        createTopic();
        assertThat(produced()).isZero();
        parent.toHandle().destroy(); // SIGTERM, as Ctrl-C does
        assertThat(parent.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        awaitNobodyIsLeft();
        assertThat(said)
                .as("each stops by itself")
                .filteredOn(line -> line.contains("stopped"))
                .hasSize(NODES);

        Process again = start();
        assertThat(produced()).isOne();
        again.destroyForcibly().waitFor();
        awaitNobodyIsLeft();
    }
}
