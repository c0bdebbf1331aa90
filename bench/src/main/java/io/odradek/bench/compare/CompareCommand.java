package io.odradek.bench.compare;

import io.odradek.bench.compare.ServersUnderTest.Product;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench compare}: Odradek and Apache Kafka in turn, the same stock clients, one figure a measure. */
@Command(
        name = "compare",
        description = {
            "Runs Odradek and Apache Kafka in turn, each on an empty directory, under Kafka's own performance tools,",
            "and prints the ratio of each pair of runs. The order within a pair alternates."
        },
        mixinStandardHelpOptions = true)
public final class CompareCommand implements Callable<Integer> {
    @Option(names = "--pairs", defaultValue = "5", description = "pairs of runs a measure (default ${DEFAULT-VALUE})")
    private int pairs;

    @Option(
            names = "--measure",
            split = ",",
            description = "which to run, by name; all when left out: cpu-1k, cpu-100b, synced-6, synced-1000,"
                    + " durable-price, latency, catch-up, start, memory, and of three brokers cluster-1k, cluster-100b,"
                    + " cluster-durable-price, cluster-synced-100, cluster-latency, cluster-stall, cluster-idle")
    private List<String> names = List.of();

    @Option(
            names = "--scale",
            defaultValue = "1",
            description = "multiplies the number of records (default ${DEFAULT-VALUE})")
    private double scale;

    @Option(
            names = "--warm-up",
            defaultValue = "1",
            description = "multiplies the number of records produced before those that count; 0 measures brokers that"
                    + " have just been started (default ${DEFAULT-VALUE})")
    private double warmUp;

    @Option(
            names = "--dir",
            defaultValue = "bench/target/compare",
            description = "where data and logs go; on the disk that is to be measured (default ${DEFAULT-VALUE})")
    private Path directory = Path.of("bench/target/compare");

    @Option(
            names = "--port",
            defaultValue = "19092",
            description =
                    "loopback port of the first broker; others take the next ones, quorums those up to 1,002 above it")
    private int port;

    @Option(names = "-o", description = "server.properties keys for Odradek")
    private Map<String, String> overrides = Map.of();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    /** For picocli. */
    public CompareCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (pairs < 1 || !(scale > 0) || !(warmUp >= 0)) {
            throw new ParameterException(
                    spec.commandLine(), "--pairs and --scale must be positive, --warm-up must not be negative");
        }
        List<Measure> chosen = new ArrayList<>();
        for (Measure measure : Measure.ALL) {
            if (names.isEmpty() || names.contains(measure.name())) {
                chosen.add(measure);
            }
        }
        if (!names.isEmpty() && chosen.size() != names.size()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--measure " + String.join(",", names) + ": the measures are " + Measure.names());
        }
        directory = directory.toAbsolutePath();
        if (directory.toString().contains(",")) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--dir " + directory + ": log.dirs is a list, a comma in it would split the path");
        }
        Files.createDirectories(directory);
        PrintWriter out = spec.commandLine().getOut();
        Path csv = directory.resolve("runs.csv");
        Disk disk = new Disk(directory);
        String probe = disk.probe();
        try (PrintWriter rows = new PrintWriter(Files.newBufferedWriter(csv))) {
            rows.println("measure,pair,system,durability,figure,unit,start_s,cpu_s,peak_rss_mib,device_bytes");
            List<String> table = new ArrayList<>();
            for (Measure measure : chosen) {
                List<Ratios> ratios = run(measure, disk, rows, out);
                for (int i = 0; i < ratios.size(); i++) {
                    table.add(row(measure, measure.readings().get(i), ratios.get(i)));
                }
            }
            out.println();
            out.println("| measure | Odradek | | Kafka | | ratio: median | least .. most | aimed at |");
            out.println("| --- | --- | --- | --- | --- | --- | --- | --- |");
            table.forEach(out::println);
            out.println();
            out.println(
                    "D1: acknowledged from page caches. D3: acknowledged when synced. Of clusters, by all replicas in"
                            + " sync. "
                            + pairs + " pairs each; every run is in " + csv);
            out.println("At the start, " + probe + "; at the end, " + disk.probe());
        }
        return 0;
    }

    private List<Ratios> run(Measure measure, Disk disk, PrintWriter rows, PrintWriter out)
            throws IOException, InterruptedException {
        int readings = measure.readings().size();
        double[][] odradek = new double[readings][pairs];
        double[][] kafka = new double[readings][pairs];
        for (int pair = 0; pair < pairs; pair++) {
            // ABBA: whatever drifts, drifts for both.
            List<Product> order =
                    pair % 2 == 0 ? List.of(Product.KAFKA, Product.ODRADEK) : List.of(Product.ODRADEK, Product.KAFKA);
            for (Product product : order) {
                double[] figures = once(measure, product, pair, disk, rows);
                for (int i = 0; i < readings; i++) {
                    (product == Product.ODRADEK ? odradek : kafka)[i][pair] = figures[i];
                    out.printf(
                            Locale.ROOT,
                            "%s, pair %d of %d: %s %.3g %s%n",
                            measure.name(),
                            pair + 1,
                            pairs,
                            product,
                            figures[i],
                            measure.readings().get(i).unit());
                }
                out.flush();
            }
        }
        List<Ratios> ratios = new ArrayList<>();
        for (int i = 0; i < readings; i++) {
            ratios.add(new Ratios(odradek[i], kafka[i]));
        }
        return ratios;
    }

    private double[] once(Measure measure, Product product, int pair, Disk disk, PrintWriter rows)
            throws IOException, InterruptedException {
        Measure.Arm arm = product == Product.ODRADEK ? measure.odradek() : measure.kafka();
        Path run = directory.resolve(
                measure.name() + "-" + pair + "-" + product.name().toLowerCase(Locale.ROOT));
        double written = disk.bytesWritten();
        try (ServersUnderTest servers = ServersUnderTest.start(
                product, measure.brokers(), run, port, product == Product.ODRADEK ? overrides : Map.of())) {
            double[] figures = measure.repetition().run(new Measure.Bench(servers, arm, run, scale, warmUp));
            for (int i = 0; i < figures.length; i++) {
                rows.printf(
                        Locale.ROOT,
                        "%s,%d,%s,%s,%.6g,%s,%.3f,%.2f,%.1f,%.0f%n",
                        measure.name(),
                        pair,
                        product,
                        arm.durability(),
                        figures[i],
                        measure.readings().get(i).unit(),
                        servers.startSeconds(),
                        servers.cpuSeconds(),
                        servers.peakResidentMib(),
                        disk.bytesWritten() - written);
            }
            rows.flush();
            return figures;
        }
    }

    private static String row(Measure measure, Measure.Reading reading, Ratios ratios) {
        return String.format(
                Locale.ROOT,
                "| %s: %s | %.3g %s | %s | %.3g %s | %s | %.3g | %.3g .. %.3g | %s |",
                reading.name(),
                reading.what(),
                ratios.medianOfOdradek(),
                reading.unit(),
                measure.odradek().durability(),
                ratios.medianOfKafka(),
                reading.unit(),
                measure.kafka().durability(),
                ratios.median(),
                ratios.smallest(),
                ratios.largest(),
                reading.goal());
    }
}
