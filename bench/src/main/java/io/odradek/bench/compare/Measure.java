package io.odradek.bench.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * One thing to do with fresh brokers, what each side is configured to promise meanwhile, and the figures that come of it.
 *
 * @param brokers 1 or 3; three are a cluster, in which everything has three replicas
 * @param repetition runs one side's workload and returns a figure for each of {@code readings}
 */
record Measure(String name, int brokers, Arm odradek, Arm kafka, List<Reading> readings, Repetition repetition) {

    /** @param goal the ratio Odradek / Kafka that is aimed at, as text for the report */
    record Reading(String name, String what, String unit, String goal) {}

    /**
     * One side of a comparison.
     *
     * @param durability D1: acknowledged from page caches; D3: acknowledged when it is synced; of all replicas in sync
     */
    record Arm(String durability, Map<String, String> topicConfigs) {}

    /** One workload on fresh brokers. */
    interface Repetition {
        double[] run(Bench bench) throws IOException, InterruptedException;
    }

    /**
     * What a workload works on.
     *
     * @param logs where the clients' output goes
     * @param scale multiplies records
     * @param warmUp multiplies, beside {@code scale}, the records that come before the measured ones; 0 measures from cold
     */
    record Bench(ServersUnderTest servers, Arm arm, Path logs, double scale, double warmUp) {}

    /**
     * Records to produce.
     *
     * @param warmUp records produced first, by a client of its own, and left out of the figure: brokers run for months, and
     *     within the first GB a JVM spends as much time on compiling as on serving; of three brokers each compiles for itself
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
    /** Before a leader is killed. */
    private static final int STEADY_RECORDS = 2_000;

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
            one(
                    "cpu-1k",
                    "broker CPU, 1 KiB records, 64 KiB batches, 6 partitions",
                    "CPU s/GB",
                    "<= 0.5",
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    cpuPerGb(new Load(6, 1_000_000, 4_000_000, 1024, -1, BATCHES_64K))),
            one(
                    "cpu-100b",
                    "broker CPU, 100 B records, 16 KiB batches, 6 partitions",
                    "CPU s/GB",
                    "<= 0.35",
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    cpuPerGb(new Load(6, 10_000_000, 20_000_000, 100, -1, BATCHES_16K))),
            one(
                    "synced-6",
                    "synced produce, 6 partitions, 1 KiB",
                    "MiB/s",
                    ">= 3",
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    throughput(new Load(6, 500_000, 1_500_000, 1024, -1, BATCHES_64K))),
            one(
                    "synced-1000",
                    "synced produce, 1,000 partitions, 1 KiB",
                    "MiB/s",
                    ">= 8",
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    throughput(new Load(1_000, 100_000, 300_000, 1024, -1, BATCHES_64K))),
            one(
                    "durable-price",
                    "produce, 6 partitions, 1 KiB: Odradek synced against Kafka unsynced",
                    "MiB/s",
                    ">= 0.8",
                    ODRADEK_SYNCED,
                    KAFKA_UNSYNCED,
                    throughput(new Load(6, 500_000, 3_000_000, 1024, -1, BATCHES_64K))),
            one(
                    "latency",
                    "p99 of produce at 10,000 records/s, 1 KiB, synced, linger 0",
                    "ms",
                    "<= 0.2",
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    latency(new Load(6, 100_000, 200_000, 1024, 10_000, AT_ONCE))),
            one(
                    "catch-up",
                    "warm catch-up read of 2 GB, stock consumer",
                    "MiB/s",
                    ">= 1.0",
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    bench -> new double[] {catchUp(bench)}),
            one(
                    "start",
                    "start to first acknowledged record, empty directory",
                    "s",
                    "<= 0.3",
                    ODRADEK_SYNCED,
                    KAFKA_UNSYNCED,
                    bench -> new double[] {bench.servers().startSeconds()}),
            one(
                    "memory",
                    "resident memory after 5 GB produced, default heap",
                    "MiB",
                    "<= 0.4",
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    bench -> {
                        produce(bench, new Load(6, 0, 5_000_000, 1024, -1, BATCHES_64K));
                        return new double[] {bench.servers().residentMib()};
                    }),
            three(
                    "cluster-1k",
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    List.of(
                            new Reading(
                                    "cluster-1k", "produce, 6 partitions, 1 KiB, 64 KiB batches", "MiB/s", ">= 1.5"),
                            new Reading("cluster-1k", "the brokers' CPU meanwhile", "CPU s/GB", "<= 0.5")),
                    throughputAndCpu(new Load(6, 1_500_000, 1_500_000, 1024, -1, BATCHES_64K))),
            three(
                    "cluster-100b",
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    List.of(
                            new Reading(
                                    "cluster-100b", "produce, 6 partitions, 100 B, 16 KiB batches", "MiB/s", ">= 2"),
                            new Reading("cluster-100b", "the brokers' CPU meanwhile", "CPU s/GB", "<= 0.35")),
                    throughputAndCpu(new Load(6, 10_000_000, 5_000_000, 100, -1, BATCHES_16K))),
            three(
                    "cluster-durable-price",
                    ODRADEK_SYNCED,
                    KAFKA_UNSYNCED,
                    List.of(new Reading(
                            "cluster-durable-price",
                            "produce, 6 partitions, 1 KiB: Odradek synced against Kafka unsynced",
                            "MiB/s",
                            ">= 1.0")),
                    throughput(new Load(6, 1_500_000, 1_500_000, 1024, -1, BATCHES_64K))),
            three(
                    "cluster-synced-100",
                    ODRADEK_SYNCED,
                    KAFKA_SYNCED,
                    List.of(new Reading(
                            "cluster-synced-100", "synced produce, 100 partitions, 1 KiB", "MiB/s", ">= 5")),
                    throughput(new Load(100, 300_000, 300_000, 1024, -1, BATCHES_64K))),
            three(
                    "cluster-latency",
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    List.of(new Reading(
                            "cluster-latency",
                            "p99 of produce at 5,000 records/s, 6 partitions, 1 KiB, linger 0",
                            "ms",
                            "<= 0.5")),
                    latency(new Load(6, 100_000, 100_000, 1024, 5_000, AT_ONCE))),
            three(
                    "cluster-stall",
                    ODRADEK_UNSYNCED,
                    KAFKA_UNSYNCED,
                    List.of(new Reading(
                            "cluster-stall",
                            "from kill -9 of a leader to the next acknowledged record, all settings the defaults",
                            "s",
                            "<= 0.15")),
                    bench -> new double[] {stall(bench)}),
            three(
                    "cluster-idle",
                    ODRADEK_SYNCED,
                    KAFKA_UNSYNCED,
                    List.of(
                            new Reading(
                                    "cluster-idle",
                                    "start of all three to the first acknowledged record",
                                    "s",
                                    "<= 0.2"),
                            new Reading("cluster-idle", "resident memory of all, ten seconds later", "MiB", "<= 0.4")),
                    bench -> {
                        TimeUnit.SECONDS.sleep(10);
                        return new double[] {
                            bench.servers().startSeconds(), bench.servers().residentMib()
                        };
                    }));

    private static Measure one(
            String name, String what, String unit, String goal, Arm odradek, Arm kafka, Repetition repetition) {
        return new Measure(name, 1, odradek, kafka, List.of(new Reading(name, what, unit, goal)), repetition);
    }

    private static Measure three(String name, Arm odradek, Arm kafka, List<Reading> readings, Repetition repetition) {
        return new Measure(name, 3, odradek, kafka, readings, repetition);
    }

    static String names() {
        return ALL.stream().map(Measure::name).collect(Collectors.joining(", "));
    }

    private static Repetition throughputAndCpu(Load load) {
        return bench -> {
            createTopic(bench, load);
            warmUp(bench, load);
            double before = bench.servers().cpuSeconds();
            long records = scaled(load.records(), bench.scale());
            double mibPerSecond = pass(bench, load, records, "producer.out").mibPerSecond();
            double cpuSeconds = bench.servers().cpuSeconds() - before;
            return new double[] {mibPerSecond, cpuSeconds / (records * load.recordBytes() / 1e9)};
        };
    }

    private static Repetition cpuPerGb(Load load) {
        Repetition both = throughputAndCpu(load);
        return bench -> new double[] {both.run(bench)[1]};
    }

    private static Repetition throughput(Load load) {
        return bench -> new double[] {produce(bench, load).mibPerSecond()};
    }

    private static Repetition latency(Load load) {
        return bench -> new double[] {produce(bench, load).p99Ms()};
    }

    private static double stall(Bench bench) throws IOException, InterruptedException {
        String bootstrap = bench.servers().bootstrap();
        StockClients.createTopic(
                bootstrap,
                TOPIC,
                1,
                bench.servers().replicationFactor(),
                bench.arm().topicConfigs());
        int leader = StockClients.leader(bootstrap, TOPIC);
        try (SteadyProducer producer = new SteadyProducer(bootstrap, TOPIC)) {
            producer.send(STEADY_RECORDS);
            return producer.secondsUntilAcknowledged(bench.servers().kill(leader));
        }
    }

    private static double catchUp(Bench bench) throws IOException, InterruptedException {
        Load load = new Load(6, 0, 2_000_000, 1024, -1, BATCHES_64K);
        produce(bench, load);
        return StockClients.consume(
                bench.servers().bootstrap(),
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
                bench.servers().bootstrap(),
                TOPIC,
                load.partitions(),
                bench.servers().replicationFactor(),
                bench.arm().topicConfigs());
    }

    private static void warmUp(Bench bench, Load load) throws IOException, InterruptedException {
        double factor = bench.scale() * bench.warmUp();
        if (load.warmUp() > 0 && factor > 0) {
            pass(bench, load, scaled(load.warmUp(), factor), "warm-up.out");
        }
    }

    private static StockClients.ProduceResult pass(Bench bench, Load load, long records, String log)
            throws IOException, InterruptedException {
        return StockClients.produce(
                bench.servers().bootstrap(),
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
