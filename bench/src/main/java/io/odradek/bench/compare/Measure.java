package io.odradek.bench.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One thing to measure on a fresh broker, and what each side is configured to promise while it is measured.
 *
 * @param goal the ratio Odradek / Kafka that is aimed at, as text for the report
 * @param lowerIsBetter whether a ratio below 1 is in Odradek's favour
 * @param repetition runs one broker's workload and returns the figure
 */
record Measure(
        String name,
        String what,
        String unit,
        String goal,
        boolean lowerIsBetter,
        Arm odradek,
        Arm kafka,
        Repetition repetition) {

    /**
     * One side of a comparison.
     *
     * @param durability D1: acknowledged from the leader's page cache; D3: acknowledged when the leader has synced
     */
    record Arm(String durability, Map<String, String> topicConfigs) {}

    /** One workload on one fresh broker. */
    interface Repetition {
        double run(BrokerUnderTest broker, Arm arm, Path logs, double scale) throws IOException, InterruptedException;
    }

    private static final String TOPIC = "measured";
    private static final Arm ODRADEK_SYNCED = new Arm("D3", Map.of("odradek.durability", "sync"));
    private static final Arm ODRADEK_UNSYNCED = new Arm("D1", Map.of("odradek.durability", "page-cache"));
    private static final Arm KAFKA_SYNCED = new Arm("D3", Map.of("flush.messages", "1"));
    private static final Arm KAFKA_UNSYNCED = new Arm("D1", Map.of());
    private static final Map<String, String> BATCHES_64K =
            Map.of("acks", "all", "batch.size", "65536", "linger.ms", "5", "buffer.memory", "67108864");
    private static final Map<String, String> BATCHES_16K =
            Map.of("acks", "all", "batch.size", "16384", "linger.ms", "5");

    static final List<Measure> ALL = List.of(
            new Measure(
                    "cpu-1k",
                    "broker CPU, 1 KiB records, 64 KiB batches, 6 partitions",
                    "CPU s/GB",
                    "<= 0.5",
                    true,
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    (broker, arm, logs, scale) ->
                            cpuPerGb(broker, arm, logs, 6, (long) (4_000_000 * scale), 1024, BATCHES_64K)),
            new Measure(
                    "cpu-100b",
                    "broker CPU, 100 B records, 16 KiB batches, 6 partitions",
                    "CPU s/GB",
                    "<= 0.35",
                    true,
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    (broker, arm, logs, scale) ->
                            cpuPerGb(broker, arm, logs, 6, (long) (20_000_000 * scale), 100, BATCHES_16K)),
            new Measure(
                    "synced-6",
                    "synced produce, 6 partitions, 1 KiB",
                    "MiB/s",
                    ">= 3",
                    false,
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    (broker, arm, logs, scale) ->
                            throughput(broker, arm, logs, 6, (long) (1_000_000 * scale), 1024, BATCHES_64K)),
            new Measure(
                    "synced-1000",
                    "synced produce, 1,000 partitions, 1 KiB",
                    "MiB/s",
                    ">= 8",
                    false,
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    (broker, arm, logs, scale) ->
                            throughput(broker, arm, logs, 1_000, (long) (300_000 * scale), 1024, BATCHES_64K)),
            new Measure(
                    "durable-price",
                    "produce, 6 partitions, 1 KiB: Odradek synced against Kafka unsynced",
                    "MiB/s",
                    ">= 0.8",
                    false,
                    ODRADEK_SYNCED,
                    KAFKA_UNSYNCED,
                    (broker, arm, logs, scale) ->
                            throughput(broker, arm, logs, 6, (long) (3_000_000 * scale), 1024, BATCHES_64K)),
            new Measure(
                    "latency",
                    "p99 of produce at 10,000 records/s, 1 KiB, synced, linger 0",
                    "ms",
                    "<= 0.2",
                    true,
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    Measure::latency),
            new Measure(
                    "catch-up",
                    "warm catch-up read of 2 GB, stock consumer",
                    "MiB/s",
                    ">= 1.0",
                    false,
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    Measure::catchUp),
            new Measure(
                    "start",
                    "start to first acknowledged record, empty directory",
                    "s",
                    "<= 0.3",
                    true,
                    ODRADEK_SYNCED,
                    KAFKA_UNSYNCED,
                    (broker, arm, logs, scale) -> broker.startSeconds()),
            new Measure(
                    "memory",
                    "resident memory after 5 GB produced, default heap",
                    "MiB",
                    "<= 0.4",
                    true,
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    (broker, arm, logs, scale) -> {
                        produceAll(broker, arm, logs, 6, (long) (5_000_000 * scale), 1024, BATCHES_64K);
                        return broker.residentMib();
                    }));

    private static double cpuPerGb(
            BrokerUnderTest broker,
            Arm arm,
            Path logs,
            int partitions,
            long records,
            int recordBytes,
            Map<String, String> producer)
            throws IOException, InterruptedException {
        StockClients.createTopic(broker.bootstrap(), TOPIC, partitions, arm.topicConfigs());
        double before = broker.cpuSeconds();
        StockClients.produce(
                broker.bootstrap(), TOPIC, records, recordBytes, -1, 0, producer, logs.resolve("producer.out"));
        return (broker.cpuSeconds() - before) / (records * (double) recordBytes / 1e9);
    }

    private static double throughput(
            BrokerUnderTest broker,
            Arm arm,
            Path logs,
            int partitions,
            long records,
            int recordBytes,
            Map<String, String> producer)
            throws IOException, InterruptedException {
        return produceAll(broker, arm, logs, partitions, records, recordBytes, producer)
                .mibPerSecond();
    }

    private static StockClients.ProduceResult produceAll(
            BrokerUnderTest broker,
            Arm arm,
            Path logs,
            int partitions,
            long records,
            int recordBytes,
            Map<String, String> producer)
            throws IOException, InterruptedException {
        StockClients.createTopic(broker.bootstrap(), TOPIC, partitions, arm.topicConfigs());
        return StockClients.produce(
                broker.bootstrap(), TOPIC, records, recordBytes, -1, 0, producer, logs.resolve("producer.out"));
    }

    private static double latency(BrokerUnderTest broker, Arm arm, Path logs, double scale)
            throws IOException, InterruptedException {
        StockClients.createTopic(broker.bootstrap(), TOPIC, 6, arm.topicConfigs());
        long records = (long) (300_000 * scale);
        return StockClients.produce(
                        broker.bootstrap(),
                        TOPIC,
                        records,
                        1024,
                        10_000,
                        records / 3,
                        Map.of("acks", "all", "linger.ms", "0"),
                        logs.resolve("producer.out"))
                .p99Ms();
    }

    private static double catchUp(BrokerUnderTest broker, Arm arm, Path logs, double scale)
            throws IOException, InterruptedException {
        long records = (long) (2_000_000 * scale);
        produceAll(broker, arm, logs, 6, records, 1024, BATCHES_64K);
        return StockClients.consume(broker.bootstrap(), TOPIC, records, logs.resolve("consumer.out"));
    }
}
