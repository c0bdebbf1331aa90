package io.odradek.bench.soak;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./odradek bench soak}. */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description = {
            "A day in the life of a broker: compacted topics and topics kept short by time and by size are written and",
            "read, the broker is killed and started again in a loop, and everything acknowledged is read back each"
                    + " time.",
            "Fails when something is missing, twice or out of order, or when memory, descriptors or disk grow."
        })
public final class SoakCommand implements Callable<Integer> {
    private static final int ENDED_BY_SIGTERM = 128 + 15;

    @Option(names = "--minutes", description = "how long (default ${DEFAULT-VALUE})", defaultValue = "10")
    private double minutes;

    @Option(
            names = "--dir",
            description = "where data, samples and plot go (default ${DEFAULT-VALUE})",
            defaultValue = "bench/target/soak")
    private Path directory = Path.of("bench/target/soak");

    @Option(names = "--port", description = "loopback port (default ${DEFAULT-VALUE})", defaultValue = "19292")
    private int port;

    @Option(
            names = "--kill-every",
            description = "seconds between two kills; 0 for none (default ${DEFAULT-VALUE})",
            defaultValue = "30")
    private int killEverySeconds;

    @Option(
            names = "--rate",
            description = "records per second, over all topics (default ${DEFAULT-VALUE})",
            defaultValue = "3000")
    private int recordsPerSecond;

    @Option(names = "-o", description = "server.properties keys for the broker")
    private Map<String, String> overrides = Map.of();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    private final List<SoakSample> samples = Collections.synchronizedList(new ArrayList<>());
    private final List<String> problems = new ArrayList<>();
    private final AtomicInteger restarts = new AtomicInteger();

    @Override
    public Integer call() throws Exception {
        if (!(minutes > 0) || killEverySeconds < 0 || recordsPerSecond < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--minutes and --rate must be positive, --kill-every must not be negative");
        }
        PrintWriter out = spec.commandLine().getOut();
        // That a broker which was killed can't be reached is what they would say, again and again.
        ((Logger) LoggerFactory.getLogger("org.apache.kafka")).setLevel(Level.ERROR);
        Path run = directory.toAbsolutePath();
        Files.createDirectories(run);
        if (Files.exists(run.resolve("data"))) {
            throw new ParameterException(
                    spec.commandLine(), run.resolve("data") + " is there already: remove it, or choose another --dir");
        }
        SoakBroker broker = new SoakBroker(run, port, settings());
        try (SoakLoad load = new SoakLoad(broker.bootstrap(), recordsPerSecond)) {
            createTopics(broker);
            load.start();
            try (Sampler _ = new Sampler(broker, load)) {
                live(broker, load, out);
                load.finish();
                check(broker, load, out);
            }
            if (load.failure() != null) {
                problems.add("a record was given up: " + load.failure());
            }
        } finally {
            int exit = broker.stop();
            if (exit != 0 && exit != ENDED_BY_SIGTERM) {
                problems.add("the broker ended with exit code " + exit);
            }
        }
        return report(run, out);
    }

    /** Everything that a day brings, in minutes: small segments, short periods. */
    private Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(Map.of(
                "log.segment.bytes", "1048576",
                "log.retention.check.interval.ms", "1000",
                "log.cleaner.backoff.ms", "1000",
                "log.segment.delete.delay.ms", "2000",
                "log.flush.offset.checkpoint.interval.ms", "5000",
                "log.initial.task.delay.ms", "500"));
        settings.putAll(overrides);
        return settings;
    }

    private static void createTopics(SoakBroker broker) throws InterruptedException, IOException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            admin.createTopics(Arrays.stream(SoakTopic.values())
                            .map(topic -> new NewTopic(topic.topicName(), SoakTopic.PARTITIONS, (short) 1)
                                    .configs(topic.config()))
                            .toList())
                    .all()
                    .get();
        } catch (ExecutionException e) {
            throw new IOException("the topics could not be made", e.getCause());
        }
    }

    private void live(SoakBroker broker, SoakLoad load, PrintWriter out) throws IOException, InterruptedException {
        long end = System.nanoTime() + (long) (minutes * TimeUnit.MINUTES.toNanos(1));
        long pause = TimeUnit.SECONDS.toNanos(killEverySeconds == 0 ? 30 : killEverySeconds);
        while (System.nanoTime() < end && problems.isEmpty()) {
            TimeUnit.NANOSECONDS.sleep(Math.min(pause, Math.max(0, end - System.nanoTime())));
            if (!broker.isAlive()) {
                problems.add("the broker ended by itself");
                return;
            }
            if (killEverySeconds > 0 && System.nanoTime() < end) {
                broker.killAndRestart();
                restarts.incrementAndGet();
            }
            check(broker, load, out);
        }
    }

    private void check(SoakBroker broker, SoakLoad load, PrintWriter out) {
        SoakCheck check = new SoakCheck(broker.bootstrap(), load).run();
        problems.addAll(check.problems());
        out.printf(
                Locale.ROOT,
                "%d restarts, %,d records acknowledged, %,d of them read back: %s%n",
                restarts.get(),
                load.acknowledgedInAll(),
                check.records(),
                check.problems().isEmpty() ? "all is well" : check.problems().size() + " problems");
        out.flush();
    }

    private int report(Path run, PrintWriter out) throws IOException {
        List<SoakSample> all = List.copyOf(samples);
        List<String> rows = new ArrayList<>(List.of(SoakSample.HEADER));
        all.forEach(sample -> rows.add(sample.row()));
        Files.write(run.resolve("soak.csv"), rows);
        if (all.size() > 1) {
            SoakPlot.draw(all, run.resolve("soak.png"));
        }
        List<String> levels = Levels.judge(all);
        levels.forEach(out::println);
        problems.stream().limit(20).forEach(problem -> out.println("PROBLEM: " + problem));
        out.println("Every sample is in " + run.resolve("soak.csv") + ", drawn in " + run.resolve("soak.png"));
        return problems.isEmpty() && Levels.areLevel(levels) ? 0 : 1;
    }

    /** Looks at the broker twice a second. */
    private final class Sampler implements AutoCloseable {
        private static final long PERIOD_MS = 500;
        private final long begun = System.nanoTime();
        private final SoakBroker broker;
        private final SoakLoad load;
        private final Thread thread = Thread.ofPlatform().name("soak-sampler").unstarted(this::sampleAgainAndAgain);
        private volatile boolean stopped;

        Sampler(SoakBroker broker, SoakLoad load) {
            this.broker = broker;
            this.load = load;
            thread.start();
        }

        private void sampleAgainAndAgain() {
            while (!stopped) {
                samples.add(new SoakSample(
                        (System.nanoTime() - begun) / 1e9,
                        broker.figures().residentMib(),
                        broker.figures().openDescriptors(),
                        broker.dataBytes() / 1048576.0,
                        load.acknowledgedInAll(),
                        restarts.get()));
                try {
                    TimeUnit.MILLISECONDS.sleep(PERIOD_MS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }

        @Override
        public void close() {
            stopped = true;
            boolean interrupted = false;
            while (true) {
                try {
                    thread.join();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
