package io.odradek.broker.cli;

import io.odradek.broker.Broker;
import io.odradek.broker.config.BrokerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code odradek start}. */
@Command(
        name = "start",
        description = {
            "Runs a broker in the foreground until SIGTERM or Ctrl-C.",
            "Without a file: one node that is broker and controller, on port 9092, data under ./data.",
            "With --brokers: so many such nodes on this machine, a process each, on ports from 9092 on."
        },
        mixinStandardHelpOptions = true)
final class StartCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(StartCommand.class);

    private static final int USUAL_PORT = 9092;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--config", paramLabel = "FILE", description = "Kafka's server.properties")
    private @Nullable Path file;

    @Option(names = "--data", paramLabel = "DIR", description = "directory of the logs; sets log.dirs")
    private @Nullable Path data;

    @Option(names = "--port", paramLabel = "N", description = "sets listeners to PLAINTEXT://:N; 0 takes any free port")
    private @Nullable Integer port;

    @Option(
            names = "--brokers",
            paramLabel = "N",
            description = "runs a cluster of N nodes on this machine; topics get 3 replicas, or N if those are fewer")
    private @Nullable Integer brokers;

    /** How a process of a local cluster notices that its parent is gone, however that ended. */
    @Option(names = "--while-stdin", hidden = true)
    private boolean whileStdin;

    @Option(names = "-o", paramLabel = "key=value", description = "any key of server.properties; wins over the file")
    private Map<String, String> overrides = Map.of();

    @Override
    public Integer call() throws IOException, InterruptedException {
        Integer several = brokers;
        if (several != null) {
            if (file != null) {
                throw new CommandLine.ParameterException(
                        spec.commandLine(),
                        "--brokers and --config exclude each other: a file describes one node; -o sets keys of all");
            }
            return new LocalCluster(
                            several, data == null ? Path.of("data") : data, port == null ? USUAL_PORT : port, overrides)
                    .run();
        }
        long begun = System.nanoTime();
        Map<String, String> settings = new LinkedHashMap<>();
        if (data != null) {
            settings.put("log.dirs", data.toString());
        }
        if (port != null) {
            settings.put("listeners", "PLAINTEXT://:" + port);
        }
        settings.putAll(overrides);
        BrokerConfig config = file == null ? BrokerConfig.builtIn(settings) : BrokerConfig.load(file, settings);

        if (whileStdin) { // before what may take long: a start waits for a majority of the controllers
            Thread.ofPlatform().daemon().name("parent-watch").start(StartCommand::exitWithParent);
        }
        Broker broker = Broker.start(config);
        CountDownLatch stopped = new CountDownLatch(1);
        Thread stop = new Thread(
                () -> {
                    LOG.info("stopping");
                    broker.close();
                    LOG.info("stopped");
                    stopped.countDown();
                },
                "stop");
        Runtime.getRuntime().addShutdownHook(stop);
        System.out.println(line(broker, config, begun));

        broker.awaitFailure();
        LOG.error("this broker can't go on; see the first error above. What it acknowledged is on disk");
        Runtime.getRuntime().removeShutdownHook(stop);
        broker.close();
        return 1;
    }

    private static void exitWithParent() {
        try {
            while (System.in.read() >= 0) {} // nobody writes
        } catch (IOException gone) {
            LOG.debug("the parent's pipe is broken", gone);
        }
        LOG.warn("the process that started this broker is gone: it stops");
        System.exit(0);
    }

    private static String line(Broker broker, BrokerConfig config, long begun) {
        List<String> where = broker.addresses().stream()
                .map(address -> address.listener() + "://" + host(address) + ":" + address.port())
                .toList();
        return String.format(
                Locale.ROOT,
                "Odradek %s serves %s (cluster %s, node %d, data in %s) after %.2f s",
                VersionCommand.version(),
                String.join(", ", where),
                broker.clusterId(),
                config.nodeId(),
                config.logDirectories(),
                (System.nanoTime() - begun) / 1e9);
    }

    private static String host(Broker.ListenAddress address) {
        return address.host().isEmpty() ? "0.0.0.0" : address.host();
    }
}
