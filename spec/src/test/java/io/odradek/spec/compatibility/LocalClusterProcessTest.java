package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

    private Process start(int nodes, String... more) throws IOException {
        List<String> command = new ArrayList<>(BrokerStartUp.command());
        command.addAll(List.of("start", "--brokers", String.valueOf(nodes)));
        command.addAll(List.of("--data", data.toString(), "--port", String.valueOf(port)));
        command.addAll(List.of(more));
        Process parent = new ProcessBuilder(command).redirectErrorStream(true).start();
        said.clear();
        Thread.ofVirtual().start(() -> parent.inputReader().lines().forEach(said::add));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(said)
                        .filteredOn(line -> line.contains("Odradek") && line.contains(" serves "))
                        .as("all brokers serve; said: %s", said)
                        .hasSize(nodes));
        brokers.clear();
        brokers.addAll(parent.children().toList());
        assertThat(brokers).hasSize(nodes);
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
        Process parent = start(NODES);
        createTopic();
        assertThat(produced()).isZero();
        parent.toHandle().destroy(); // SIGTERM, as Ctrl-C does
        assertThat(parent.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        awaitNobodyIsLeft();
        assertThat(said)
                .as("each stops by itself")
                .filteredOn(line -> line.contains("stopped"))
                .hasSize(NODES);

        Process again = start(NODES);
        assertThat(produced()).isOne();
        again.destroyForcibly().waitFor();
        awaitNobodyIsLeft();
    }

    private void stop(Process parent) throws InterruptedException {
        parent.toHandle().destroy();
        assertThat(parent.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        awaitNobodyIsLeft();
    }

    /** What is said to be typed, after the words before it, is typed. */
    private KafkaTools.Said typed(String after) {
        String line = said.stream()
                .filter(each -> each.contains(after + ": ./odradek kafka "))
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing is said after '" + after + "': " + said));
        return KafkaTools.run(line.substring(line.indexOf("./odradek kafka ") + "./odradek kafka ".length()));
    }

    /** By id, the ids of their directories, as any controller says it. */
    private Map<String, String> voters() {
        KafkaTools.Said replication = KafkaTools.run("metadata-quorum --bootstrap-controller localhost:"
                + (port + QUORUM_PORTS_ABOVE) + " describe --replication");
        assertThat(replication.exitCode()).as(replication.text()).isZero();
        return replication.lines().stream()
                .map(line -> line.trim().split("\\s+", -1))
                .filter(columns -> List.of("Leader", "Follower").contains(columns[columns.length - 1]))
                .collect(Collectors.toMap(columns -> columns[0], columns -> columns[1]));
    }

    /** A broker more, and a disk that was replaced: what is said about their votes is all that has to be done. */
    @Test
    void whoIsNewVotesAfterTheCommandsThatAreSaid() throws Exception {
        stop(start(2));
        Process three = start(3);
        assertThat(voters()).containsOnlyKeys("1", "2");
        // Who does not vote, and was told of no voters, sends its clients on to the leader all the same.
        succeeds(
                KafkaTools.run("metadata-quorum --bootstrap-controller localhost:" + (port + QUORUM_PORTS_ABOVE + 2)
                        + " describe --status"),
                "CurrentVoters");
        succeeds(typed("broker 3 votes after"), "Added controller 3");
        assertThat(voters()).containsOnlyKeys("1", "2", "3");
        String lost = Objects.requireNonNull(voters().get("2"));
        stop(three);

        try (Stream<Path> files = Files.walk(data.resolve("broker-2"))) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> assertThat(file.toFile().delete()).isTrue());
        }
        Process replaced = start(3, "-o", "odradek.lost.log.directories=" + lost);
        succeeds(typed("counts as a voter until"), "Removed");
        assertThat(voters()).containsOnlyKeys("1", "3");
        succeeds(typed("broker 2 votes after"), "Added controller 2");
        assertThat(voters()).containsOnlyKeys("1", "2", "3").doesNotContainEntry("2", lost);
        stop(replaced);
    }

    private static void succeeds(KafkaTools.Said tool, String says) {
        assertThat(tool.exitCode()).as(tool.text()).isZero();
        assertThat(tool.text()).contains(says);
    }
}
