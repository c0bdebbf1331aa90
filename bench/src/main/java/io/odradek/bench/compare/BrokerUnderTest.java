package io.odradek.bench.compare;

import io.odradek.bench.process.ProcessFigures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * One broker process on an empty directory, on loopback. Used by one thread.
 */
final class BrokerUnderTest implements AutoCloseable {

    /** Which broker. */
    enum Product {
        ODRADEK,
        KAFKA
    }

    private static final long STOP_TIMEOUT_S = 60;

    private final Process process;
    private final Path directory;
    private final int port;
    private final double startSeconds;

    private BrokerUnderTest(Process process, Path directory, int port, double startSeconds) {
        this.process = process;
        this.directory = directory;
        this.port = port;
        this.startSeconds = startSeconds;
    }

    /**
     * Starts a broker and waits until it has acknowledged a first record (acks=all, to a topic created by that very send).
     *
     * @param overrides server.properties keys beside the ones this class sets
     */
    static BrokerUnderTest start(Product product, Path directory, int port, Map<String, String> overrides)
            throws IOException, InterruptedException {
        Files.createDirectories(directory);
        deleteRecursively(directory.resolve("data")); // of a run that was interrupted
        refuseTakenPort(port);
        List<String> command = switch (product) {
            case ODRADEK -> odradek(directory, port, overrides);
            case KAFKA -> kafka(directory, port, overrides);
        };
        long startedAt = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("broker.out").toFile())
                .directory(directory.toFile())
                .start();
        try {
            awaitListening(process, directory, port);
            firstAcknowledgement(process, directory, port);
        } catch (IOException e) {
            process.destroyForcibly().waitFor();
            throw e;
        }
        return new BrokerUnderTest(process, directory, port, (System.nanoTime() - startedAt) / 1e9);
    }

    private static List<String> odradek(Path directory, int port, Map<String, String> overrides) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("odradek.home", "."), "odradek").toString(),
                "start",
                "--data",
                directory.resolve("data").toString(),
                "-o",
                "listeners=PLAINTEXT://127.0.0.1:" + port));
        overrides.forEach((key, value) -> {
            command.add("-o");
            command.add(key + "=" + value);
        });
        return command;
    }

    private static List<String> kafka(Path directory, int port, Map<String, String> overrides)
            throws IOException, InterruptedException {
        Properties properties = new Properties();
        properties.putAll(Map.of(
                "process.roles", "broker,controller",
                "node.id", "1",
                "listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + (port + 1),
                "controller.listener.names", "CONTROLLER",
                "controller.quorum.voters", "1@127.0.0.1:" + (port + 1),
                "log.dirs", directory.resolve("data").toString(),
                "offsets.topic.replication.factor", "1",
                "group.initial.rebalance.delay.ms", "0"));
        properties.putAll(overrides);
        Path file = directory.resolve("server.properties");
        try (var out = Files.newBufferedWriter(file)) {
            properties.store(out, null);
        }
        List<String> format = jvm("-Xmx256m");
        format.addAll(
                List.of("kafka.tools.StorageTool", "format", "-t", "AAAAAAAAQACAAAAAAAAAAA", "-c", file.toString()));
        Process formatting = new ProcessBuilder(format)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("format.out").toFile())
                .start();
        if (formatting.waitFor() != 0) {
            throw new IOException(
                    "formatting Kafka's storage failed: " + Files.readString(directory.resolve("format.out")));
        }
        // The flags of Kafka's own kafka-server-start.sh and kafka-run-class.sh.
        List<String> command = jvm("-Xmx1G");
        command.addAll(
                1,
                List.of(
                        "-Xms1G",
                        "-server",
                        "-XX:+UseG1GC",
                        "-XX:MaxGCPauseMillis=20",
                        "-XX:InitiatingHeapOccupancyPercent=35",
                        "-XX:+ExplicitGCInvokesConcurrent",
                        "-XX:MaxInlineLevel=15"));
        command.addAll(List.of("kafka.Kafka", file.toString()));
        return command;
    }

    /** A JVM with this process's class path, which holds Kafka's jars and its tools. */
    static List<String> jvm(String maxHeap) {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                maxHeap,
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dlogback.configurationFile="
                        + Path.of(System.getProperty("odradek.home", "."), "bench/src/main/kafka/logback.xml"),
                "-cp",
                System.getProperty("java.class.path")));
    }

    /** Else somebody else's broker would be measured. */
    private static void refuseTakenPort(int port) throws IOException {
        try (ServerSocket free = new ServerSocket()) {
            free.setReuseAddress(true);
            free.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException taken) {
            throw new IOException(
                    "port " + port + " is taken: stop who listens there, or choose another --port", taken);
        }
    }

    /** Until somebody accepts, so that the client does not meet, and report, one refused connection after another. */
    private static void awaitListening(Process process, Path directory, int port)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try (Socket probe = new Socket()) {
                probe.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
                return;
            } catch (IOException refused) {
                if (process.waitFor(2, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
                    throw new IOException(
                            "the broker does not listen on port " + port + "; it said:\n"
                                    + Files.readString(directory.resolve("broker.out")),
                            refused);
                }
            }
        }
    }

    private static void firstAcknowledgement(Process process, Path directory, int port)
            throws IOException, InterruptedException {
        Map<String, Object> config = Map.of(
                "bootstrap.servers", "127.0.0.1:" + port,
                "acks", "all",
                "reconnect.backoff.ms", "10",
                "reconnect.backoff.max.ms", "10",
                "retry.backoff.ms", "10",
                "retry.backoff.max.ms", "10",
                "max.block.ms", "60000");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>("first-record", new byte[] {1})).get(60, TimeUnit.SECONDS);
        } catch (ExecutionException
                | java.util.concurrent.TimeoutException
                | org.apache.kafka.common.KafkaException e) {
            throw new IOException(
                    "the broker " + (process.isAlive() ? "runs but" : "has exited and")
                            + " did not acknowledge a record; it said:\n"
                            + Files.readString(directory.resolve("broker.out")),
                    e);
        }
    }

    String bootstrap() {
        return "127.0.0.1:" + port;
    }

    /** Seconds from starting the process to the first acknowledged record. */
    double startSeconds() {
        return startSeconds;
    }

    /** What the operating system knows of the broker's process. */
    ProcessFigures figures() {
        return new ProcessFigures(process.pid());
    }

    /** Stops the broker (SIGTERM, then SIGKILL) and deletes its data. */
    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(STOP_TIMEOUT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        deleteRecursively(directory.resolve("data"));
    }

    private static void deleteRecursively(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (var walk = Files.walk(path)) {
            for (Path each : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}
