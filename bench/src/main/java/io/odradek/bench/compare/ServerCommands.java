package io.odradek.bench.compare;

import io.odradek.bench.compare.ServersUnderTest.Product;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The commands that start servers as their users do, and what has to be done before; clients' commands begin in the same way. */
final class ServerCommands {
    private static final String CLUSTER_ID = "AAAAAAAAQACAAAAAAAAAAA";

    private ServerCommands() {}

    /** Each is one process; formats what is formatted by hand. Brokers are numbered from 1, and listen at {@code port} and the following ones. */
    static List<List<String>> of(Product product, int brokers, Path directory, int port, Map<String, String> overrides)
            throws IOException, InterruptedException {
        return switch (product) {
            case ODRADEK -> List.of(odradek(brokers, directory, port, overrides));
            case KAFKA -> {
                List<List<String>> commands = new ArrayList<>();
                for (int node = 1; node <= brokers; node++) {
                    commands.add(kafka(node, brokers, directory, port, overrides));
                }
                yield commands;
            }
        };
    }

    private static List<String> odradek(int brokers, Path directory, int port, Map<String, String> overrides) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("odradek.home", "."), "odradek").toString(),
                "start",
                "--data",
                directory.resolve("data").toString()));
        command.addAll(
                brokers == 1
                        ? List.of("-o", "listeners=PLAINTEXT://127.0.0.1:" + port)
                        : List.of("--brokers", String.valueOf(brokers), "--port", String.valueOf(port)));
        overrides.forEach((key, value) -> {
            command.add("-o");
            command.add(key + "=" + value);
        });
        return command;
    }

    /** A broker that is controller, too. The replicas and who has to be in sync are what {@code odradek start --brokers} makes them. */
    private static List<String> kafka(int node, int brokers, Path directory, int port, Map<String, String> overrides)
            throws IOException, InterruptedException {
        String replicas = String.valueOf(Math.min(3, brokers));
        Properties properties = new Properties();
        properties.putAll(Map.of(
                "process.roles",
                "broker,controller",
                "node.id",
                String.valueOf(node),
                "listeners",
                "PLAINTEXT://127.0.0.1:" + (port + node - 1) + ",CONTROLLER://127.0.0.1:" + (port + brokers + node - 1),
                "controller.listener.names",
                "CONTROLLER",
                "controller.quorum.voters",
                IntStream.rangeClosed(1, brokers)
                        .mapToObj(voter -> voter + "@127.0.0.1:" + (port + brokers + voter - 1))
                        .collect(Collectors.joining(",")),
                "log.dirs",
                directory.resolve("data").resolve("broker-" + node).toString(),
                "default.replication.factor",
                replicas,
                "min.insync.replicas",
                brokers > 2 ? "2" : "1",
                "offsets.topic.replication.factor",
                replicas,
                "group.initial.rebalance.delay.ms",
                "0"));
        properties.putAll(overrides);
        Path file = directory.resolve("server-" + node + ".properties");
        try (var out = Files.newBufferedWriter(file)) {
            properties.store(out, null);
        }
        List<String> format = jvm("-Xmx256m");
        format.addAll(List.of("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", file.toString()));
        Path said = directory.resolve("format-" + node + ".out");
        Process formatting = new ProcessBuilder(format)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        if (formatting.waitFor() != 0) {
            throw new IOException("formatting Kafka's storage failed: " + Files.readString(said));
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
}
