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
        double run(Bench bench) throws IOException, InterruptedException;
    }

    /**
     * What a workload works on.
     *
     * @param logs where the clients' output goes
     * @param scale multiplies records
     * @param warmUp multiplies, beside {@code scale}, the records that come before the measured ones; 0 measures from cold
     */
    record Bench(BrokerUnderTest broker, Arm arm, Path logs, double scale, double warmUp) {}

    /**
     * Records to produce.
     *
     * @param warmUp records produced first, by a client of its own, and left out of the figure: brokers run for months, and
     *     within the first GB a JVM spends as much time on compiling as on serving
     * @param recordsPerSecond -1: as fast as it goes
     */
    private record Load(
            int partitions,
            long warmUp,
            long records,
            int recordBytes,
            int recordsPerSecond,
            Map<String, String> producer) {}

    private static final String TOPIC = "measured";
    private static final Arm ODRADEK_SYNCED = new Arm("D3", Map.of("odradek.durability", "sync"));
    private static final Arm ODRADEK_UNSYNCED = new Arm("D1", Map.of("odradek.durability", "page-cache"));
    private static final Arm KAFKA_SYNCED = new Arm("D3", Map.of("flush.messages", "1"));
    private static final Arm KAFKA_UNSYNCED = new Arm("D1", Map.of());
    private static final Map<String, String> BATCHES_64K =
            Map.of("acks", "all", "batch.size", "65536", "linger.ms", "5", "buffer.memory", "67108864");
    private static final Map<String, String> BATCHES_16K =
            Map.of("acks", "all", "batch.size", "16384", "linger.ms", "5");
    private static final Map<String, String> AT_ONCE = Map.of("acks", "all", "linger.ms", "0");

    static final List<Measure> ALL = List.of(
            new Measure(
                    "cpu-1k",
                    "broker CPU, 1 KiB records, 64 KiB batches, 6 partitions",
                    "CPU s/GB",
                    "<= 0.5",
                    true,
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    cpuPerGb(new Load(6, 1_000_000, 4_000_000, 1024, -1, BATCHES_64K))),
            new Measure(
                    "cpu-100b",
                    "broker CPU, 100 B records, 16 KiB batches, 6 partitions",
                    "CPU s/GB",
                    "<= 0.35",
                    true,
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    cpuPerGb(new Load(6, 10_000_000, 20_000_000, 100, -1, BATCHES_16K))),
            new Measure(
                    "synced-6",
                    "synced produce, 6 partitions, 1 KiB",
                    "MiB/s",
                    ">= 3",
                    false,
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    throughput(new Load(6, 500_000, 1_500_000, 1024, -1, BATCHES_64K))),
            new Measure(
                    "synced-1000",
                    "synced produce, 1,000 partitions, 1 KiB",
                    "MiB/s",
                    ">= 8",
                    false,
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    throughput(new Load(1_000, 100_000, 300_000, 1024, -1, BATCHES_64K))),
            new Measure(
                    "durable-price",
                    "produce, 6 partitions, 1 KiB: Odradek synced against Kafka unsynced",
                    "MiB/s",
                    ">= 0.8",
                    false,
                    ODRADEK_SYNCED,
                    KAFKA_UNSYNCED,
                    throughput(new Load(6, 500_000, 3_000_000, 1024, -1, BATCHES_64K))),
            new Measure(
                    "latency",
                    "p99 of produce at 10,000 records/s, 1 KiB, synced, linger 0",
                    "ms",
                    "<= 0.2",
                    true,
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    bench -> produce(bench, new Load(6, 100_000, 200_000, 1024, 10_000, AT_ONCE))
                            .p99Ms()),
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
                    bench -> bench.broker().startSeconds()),
            new Measure(
                    "memory",
                    "resident memory after 5 GB produced, default heap",
                    "MiB",
                    "<= 0.4",
                    true,
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    bench -> {
                        produce(bench, new Load(6, 0, 5_000_000, 1024, -1, BATCHES_64K));
                        return bench.broker().figures().residentMib();
                    }));

    private static Repetition cpuPerGb(Load load) {
        return bench -> {
            createTopic(bench, load);
            warmUp(bench, load);
            double before = bench.broker().figures().cpuSeconds();
            double records = measured(bench, load);
            return (bench.broker().figures().cpuSeconds() - before) / (records * load.recordBytes() / 1e9);
        };
    }

    private static Repetition throughput(Load load) {
        return bench -> produce(bench, load).mibPerSecond();
    }

    private static double catchUp(Bench bench) throws IOException, InterruptedException {
        Load load = new Load(6, 0, 2_000_000, 1024, -1, BATCHES_64K);
        produce(bench, load);
        return StockClients.consume(
                bench.broker().bootstrap(),
                TOPIC,
                scaled(load.records(), bench.scale()),
                bench.logs().resolve("consumer.out"));
    }

    private static StockClients.ProduceResult produce(Bench bench, Load load) throws IOException, InterruptedException {
        createTopic(bench, load);
        warmUp(bench, load);
        return pass(bench, load, scaled(load.records(), bench.scale()), "producer.out");
    }

    private static void createTopic(Bench bench, Load load) throws IOException, InterruptedException {
        StockClients.createTopic(
                bench.broker().bootstrap(),
                TOPIC,
                load.partitions(),
                bench.arm().topicConfigs());
    }

    private static void warmUp(Bench bench, Load load) throws IOException, InterruptedException {
        double factor = bench.scale() * bench.warmUp();
        if (load.warmUp() > 0 && factor > 0) {
            pass(bench, load, scaled(load.warmUp(), factor), "warm-up.out");
        }
    }

    /** Produces, and returns how many. */
    private static long measured(Bench bench, Load load) throws IOException, InterruptedException {
        long records = scaled(load.records(), bench.scale());
        pass(bench, load, records, "producer.out");
        return records;
    }

    private static StockClients.ProduceResult pass(Bench bench, Load load, long records, String log)
            throws IOException, InterruptedException {
        return StockClients.produce(
                bench.broker().bootstrap(),
                TOPIC,
                records,
                load.recordBytes(),
                load.recordsPerSecond(),
                // the client's own first seconds: they would say nothing of the broker
                records / 5,
                load.producer(),
                bench.logs().resolve(log));
    }

    private static long scaled(long records, double factor) {
        return Math.max(1, Math.round(records * factor));
    }
}
