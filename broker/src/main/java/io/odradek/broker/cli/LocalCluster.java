package io.odradek.broker.cli;

import io.odradek.broker.Formatting;
import io.odradek.broker.Formatting.InitialController;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.segment.CheckpointText;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Several brokers on this machine, each a process of its own that is controller, too: what one machine can show of a cluster. Broker n listens at
 * {@code port + n - 1}, for the quorum at 1,000 above that, and has its data in {@code broker-n}. They stop with this process, however it ends:
 * each holds a pipe from it.
 */
final class LocalCluster {

    private static final Logger LOG = LoggerFactory.getLogger(LocalCluster.class);

    /** Between a port for clients and the one for the quorum. */
    private static final int QUORUM_PORTS_ABOVE = 1_000;

    private static final int LARGEST_PORT = 65_535;
    private static final int USUAL_REPLICAS = 3;
    private static final long STOP_SECONDS = 60;

    private final int brokers;
    private final Path data;
    private final int port;
    private final Map<String, String> overrides;
    /** Grows while they are launched, when it may be stopped already. */
    private final List<Process> processes = new CopyOnWriteArrayList<>();

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean stopping;

    /** @param overrides of every broker's keys */
    LocalCluster(int brokers, Path data, int port, Map<String, String> overrides) throws IOException {
        if (brokers < 1
                || brokers > QUORUM_PORTS_ABOVE
                || port < 1
                || port + QUORUM_PORTS_ABOVE + brokers - 1 > LARGEST_PORT) {
            throw new IOException("--brokers " + brokers + " --port " + port
                    + ": allowed: 1 to " + QUORUM_PORTS_ABOVE + " brokers, and ports from 1 to " + LARGEST_PORT
                    + ", those of the quorum included, which are " + QUORUM_PORTS_ABOVE + " higher");
        }
        this.brokers = brokers;
        this.data = data;
        this.port = port;
        this.overrides = Map.copyOf(overrides);
    }

    private int clientPort(int node) {
        return port + node - 1;
    }

    private int quorumPort(int node) {
        return clientPort(node) + QUORUM_PORTS_ABOVE;
    }

    private Map<String, String> settings(int node) {
        int replicas = Math.min(USUAL_REPLICAS, brokers);
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("node.id", String.valueOf(node));
        settings.put(
                "listeners",
                "PLAINTEXT://localhost:" + clientPort(node) + ",CONTROLLER://localhost:" + quorumPort(node));
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        settings.put(
                "controller.quorum.bootstrap.servers",
                IntStream.rangeClosed(1, brokers)
                        .mapToObj(each -> "localhost:" + quorumPort(each))
                        .collect(Collectors.joining(",")));
        settings.put("log.dirs", data.resolve("broker-" + node).toAbsolutePath().toString());
        settings.put("default.replication.factor", String.valueOf(replicas));
        settings.put("offsets.topic.replication.factor", String.valueOf(replicas));
        settings.put("min.insync.replicas", String.valueOf(replicas / 2 + 1 == replicas ? 1 : replicas / 2 + 1));
        settings.putAll(overrides);
        return settings;
    }

    /**
     * A cluster that was formatted stays what it is; one that was not becomes one; what was interrupted is finished.
     *
     * @throws IOException the directories are another cluster's, or one that cannot be run like this
     */
    void format() throws IOException {
        FileStore store = new DiskFileStore();
        store.createDirectoriesDurably(data.toAbsolutePath());
        LocalPlan plan = plan(store);
        if (plan.port() != port) {
            throw new IOException("--port " + port + ": the cluster in " + data + " knows its controllers by ports that"
                    + " follow from --port " + plan.port() + "; start it with that");
        }
        if (brokers < plan.majority()) {
            throw new IOException("--brokers " + brokers + ": the cluster in " + data + " began with "
                    + plan.voters().size() + ", of which " + plan.majority() + " at least have to be there to decide");
        }
        if (!plan.formatted()) {
            List<InitialController> controllers = new ArrayList<>();
            plan.voters()
                    .forEach((node, directory) ->
                            controllers.add(new InitialController(node, "localhost", quorumPort(node), directory)));
            for (int node : plan.voters().keySet()) {
                Formatting.format(BrokerConfig.builtIn(settings(node)), store, plan.clusterId(), controllers);
            }
            plan.done().write(store, data);
        }
        for (int node = 1; node <= brokers; node++) {
            BrokerConfig config = BrokerConfig.builtIn(settings(node));
            Optional<LogDirectory.Identity> identity = identity(store, config);
            if (identity.isEmpty()) {
                tellHowToVote(store, plan, node);
                Formatting.format(config, store, plan.clusterId(), List.of());
            } else if (!identity.get().clusterId().equals(plan.clusterId())) {
                throw new IOException(config.metadataLogDirectory() + " belongs to cluster "
                        + identity.get().clusterId() + ", " + data + " to " + plan.clusterId()
                        + "; take it away, or give another --data");
            }
        }
    }

    /** Kafka's tool reads in a file who is to vote, so there is one. */
    private void tellHowToVote(FileStore store, LocalPlan plan, int node) throws IOException {
        Path file = data.resolve("broker-" + node + ".properties").toAbsolutePath();
        StringBuilder text = new StringBuilder("process.roles=broker,controller\n");
        settings(node)
                .forEach((key, value) -> text.append(key)
                        .append('=')
                        .append(value.replace("\\", "\\\\"))
                        .append('\n'));
        CheckpointText.replace(store, file, text.toString());
        String tool = "./odradek kafka metadata-quorum --bootstrap-controller "
                + IntStream.rangeClosed(1, brokers)
                        .mapToObj(each -> "localhost:" + quorumPort(each))
                        .collect(Collectors.joining(","));
        UUID voted = plan.voters().get(node);
        if (voted != null) {
            LOG.info(
                    "the disk of broker {} is new to the cluster in {}: it follows the quorum and does not vote, but"
                            + " its old disk counts as a voter until: {} remove-controller --controller-id {}"
                            + " --controller-directory-id {}",
                    node,
                    data,
                    tool,
                    node,
                    TopicIds.toKafka(voted));
        } else {
            LOG.info("broker {} is new to the cluster in {}: it follows the quorum and does not vote", node, data);
        }
        LOG.info("broker {} votes after: {} --command-config {} add-controller", node, tool, file);
    }

    /** The one that is there, or one for what is there. */
    private LocalPlan plan(FileStore store) throws IOException {
        LocalPlan found = LocalPlan.read(store, data);
        if (found != null) {
            return found;
        }
        SortedMap<Integer, UUID> formatted = new TreeMap<>();
        @Nullable String clusterId = null;
        for (int node = 1; node <= brokers; node++) {
            Optional<LogDirectory.Identity> identity = identity(store, BrokerConfig.builtIn(settings(node)));
            if (identity.isPresent()) {
                clusterId = clusterId == null ? identity.get().clusterId() : clusterId;
                formatted.put(node, identity.get().directoryId());
            }
        }
        LocalPlan plan = clusterId == null
                ? LocalPlan.drawn(brokers, port)
                : new LocalPlan(clusterId, port, formatted, true); // whose file was lost, or never there
        plan.write(store, data);
        return plan;
    }

    private static Optional<LogDirectory.Identity> identity(FileStore store, BrokerConfig config) throws IOException {
        Path metadata = config.metadataLogDirectory().toAbsolutePath().normalize();
        return store.isDirectory(metadata) ? LogDirectory.identityOf(store, metadata) : Optional.empty();
    }

    /** Runs it until it is told to stop, or every broker has ended; the exit code. */
    int run() throws IOException, InterruptedException {
        format();
        Thread stop = new Thread(this::stop, "stop");
        Runtime.getRuntime().addShutdownHook(stop);
        List<Thread> readers = new ArrayList<>();
        for (int node = 1; node <= brokers && !stopping; node++) {
            Process process = launch(node);
            processes.add(process);
            int number = node;
            readers.add(Thread.ofVirtual().name("broker-" + node).start(() -> relay(number, process)));
        }
        System.out.println("Odradek starts " + brokers + " brokers: bootstrap.servers="
                + IntStream.rangeClosed(1, brokers)
                        .mapToObj(node -> "localhost:" + clientPort(node))
                        .collect(Collectors.joining(","))
                + ", data in " + data);
        for (Thread reader : readers) {
            reader.join();
        }
        ended.countDown();
        if (stopping) {
            stop.join();
            return 0;
        }
        LOG.error("every broker of this cluster has ended; see what they said");
        Runtime.getRuntime().removeShutdownHook(stop);
        return 1;
    }

    /** With this process's own java, options and classes. */
    private Process launch(int node) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Main.class.getName());
        command.add("start");
        command.add("--while-stdin");
        settings(node).forEach((key, value) -> {
            command.add("-o");
            command.add(key + "=" + value);
        });
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .directory(new File("."))
                .start();
    }

    private void relay(int node, Process process) {
        PrintStream out = System.out;
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                out.println("broker-" + node + " | " + line);
            }
            int code = process.waitFor();
            if (!stopping) {
                LOG.warn("broker {} (pid {}) has ended with code {}; the others go on", node, process.pid(), code);
            }
        } catch (IOException e) {
            LOG.warn("nothing more is heard of broker {}", node, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One after the other, so that each gives what it leads to one that stays. */
    private void stop() {
        stopping = true;
        for (Process process : processes) {
            process.toHandle().destroy(); // the process's own would close its output, too
            try {
                if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                    LOG.error("broker process {} has not ended within {} s and is killed", process.pid(), STOP_SECONDS);
                    process.toHandle().destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        try {
            ended.await(1, TimeUnit.SECONDS); // what they said last
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
