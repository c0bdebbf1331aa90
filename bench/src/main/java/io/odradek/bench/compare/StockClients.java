package io.odradek.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Apache Kafka's own performance tools, each run in a JVM of its own, and what they printed. */
final class StockClients {

    /** @param p99Ms as the tool measures it: from {@code send} to the acknowledgement, in whole milliseconds */
    record ProduceResult(double mibPerSecond, double recordsPerSecond, double p50Ms, double p99Ms, double p999Ms) {}

    private static final Pattern SUMMARY =
            Pattern.compile("([0-9.]+) records/sec \\(([0-9.]+) MB/sec\\).* ms avg latency.*"
                    + "max latency, ([0-9.]+) ms 50th, ([0-9.]+) ms 95th, ([0-9.]+) ms 99th, ([0-9.]+) ms 99.9th");

    private StockClients() {}

    /** Creates the topic, and makes sure that it is what was asked for: else another thing would be measured. */
    static void createTopic(
            String bootstrap, String topic, int partitions, short replicationFactor, Map<String, String> configs)
            throws InterruptedException, IOException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            try {
                admin.createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.of(replicationFactor))
                                .configs(configs)))
                        .all()
                        .get();
            } catch (ExecutionException e) {
                // The client asks again when an answer is late, and then hears that its own topic exists.
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
            int made = partitionsOf(admin, topic);
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
            Config config = answer(admin.describeConfigs(List.of(resource)).all(), resource);
            for (Map.Entry<String, String> wanted : configs.entrySet()) {
                String value = config.get(wanted.getKey()).value();
                if (!wanted.getValue().equals(value)) {
                    throw new IOException("topic " + topic + " has " + wanted.getKey() + "=" + value + " instead of "
                            + wanted.getValue());
                }
            }
            if (made != partitions) {
                throw new IOException("topic " + topic + " has " + made + " partitions instead of " + partitions);
            }
        } catch (ExecutionException e) {
            throw new IOException("topic " + topic + " could not be created: " + e.getCause(), e);
        }
    }

    /** A topic that was made a moment ago is known everywhere a little later: asks until it is, at most ten seconds. */
    private static int partitionsOf(Admin admin, String topic) throws InterruptedException, ExecutionException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (true) {
            try {
                return answer(admin.describeTopics(List.of(topic)).allTopicNames(), topic)
                        .partitions()
                        .size();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException) || System.nanoTime() > deadline) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
    }

    private static <K, V> V answer(KafkaFuture<Map<K, V>> answers, K key)
            throws InterruptedException, ExecutionException {
        return Objects.requireNonNull(answers.get().get(key), () -> "no answer for " + key);
    }

    /** The broker that leads the first partition. */
    static int leader(String bootstrap, String topic) throws InterruptedException, IOException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            return answer(admin.describeTopics(List.of(topic)).allTopicNames(), topic)
                    .partitions()
                    .getFirst()
                    .leader()
                    .id();
        } catch (ExecutionException e) {
            throw new IOException("nobody says who leads " + topic + ": " + e.getCause(), e);
        }
    }

    /**
     * Runs {@code producer-perf-test}.
     *
     * @param recordsPerSecond -1: as fast as it goes
     * @param warmUp records left out of the figures
     */
    static ProduceResult produce(
            String bootstrap,
            String topic,
            long records,
            int recordBytes,
            long recordsPerSecond,
            long warmUp,
            Map<String, String> producerConfig,
            Path log)
            throws IOException, InterruptedException {
        List<String> command = ServerCommands.jvm("-Xmx512m");
        command.addAll(List.of(
                "org.apache.kafka.tools.ProducerPerformance",
                "--topic",
                topic,
                "--num-records",
                Long.toString(records),
                "--record-size",
                Integer.toString(recordBytes),
                "--throughput",
                Long.toString(recordsPerSecond),
                "--bootstrap-server",
                bootstrap));
        if (warmUp > 0) {
            command.addAll(List.of("--warmup-records", Long.toString(warmUp)));
        }
        if (!producerConfig.isEmpty()) {
            command.add("--command-property"); // once: the tool keeps only the last of several
            producerConfig.forEach((key, value) -> command.add(key + "=" + value));
        }
        String printed = run(command, log);
        Matcher summary = SUMMARY.matcher(printed);
        ProduceResult result = null;
        while (summary.find()) {
            result = new ProduceResult(
                    Double.parseDouble(summary.group(2)),
                    Double.parseDouble(summary.group(1)),
                    Double.parseDouble(summary.group(3)),
                    Double.parseDouble(summary.group(5)),
                    Double.parseDouble(summary.group(6)));
        }
        if (result == null) {
            throw new IOException("producer-perf-test printed no summary; see " + log + ":\n" + printed);
        }
        return result;
    }

    /** Runs {@code consumer-perf-test} over the whole topic; MiB/s while fetching, joining the group left out. */
    static double consume(String bootstrap, String topic, long records, Path log)
            throws IOException, InterruptedException {
        List<String> command = ServerCommands.jvm("-Xmx512m");
        command.addAll(List.of(
                "org.apache.kafka.tools.ConsumerPerformance",
                "--topic",
                topic,
                "--num-records",
                Long.toString(records),
                "--bootstrap-server",
                bootstrap,
                "--timeout",
                "60000",
                "--hide-header"));
        String[] lines = run(command, log).strip().split("\n", -1);
        // start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms,
        // fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
        String[] fields = lines[lines.length - 1].split(",", -1);
        if (fields.length < 10 || Long.parseLong(fields[4].strip()) < records) {
            throw new IOException("consumer-perf-test did not read all " + records + " records; see " + log);
        }
        return Double.parseDouble(fields[8].strip());
    }

    private static String run(List<String> command, Path log) throws IOException, InterruptedException {
        int exit = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        String printed = Files.readString(log);
        if (exit != 0) {
            throw new IOException("exit " + exit + " from " + command + ":\n" + printed);
        }
        return printed;
    }
}
