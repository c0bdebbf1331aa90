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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * One broker, or a cluster of them, on an empty directory, on loopback: each broker is a process. What starts several of Odradek's is one more,
 * whose CPU and memory count as theirs. Used by one thread.
 */
final class ServersUnderTest implements AutoCloseable {

    /** Whose servers. */
    enum Product {
        ODRADEK,
        KAFKA
    }

    private static final long STOP_TIMEOUT_S = 60;

    /** Started by us; Odradek's start the others. */
    private final List<Process> processes;

    private final List<ProcessHandle> all;
    private final int brokers;
    private final Path directory;
    private final int port;
    private final double startSeconds;

    private ServersUnderTest(List<Process> processes, int brokers, Path directory, int port, double startSeconds) {
        this.processes = processes;
        this.all = processes.stream()
                .flatMap(process -> Stream.concat(Stream.of(process.toHandle()), process.descendants()))
                .toList();
        this.brokers = brokers;
        this.directory = directory;
        this.port = port;
        this.startSeconds = startSeconds;
    }

    /**
     * Starts them all at once and waits until a first record is acknowledged (acks=all, to a topic created by that very send, with three replicas
     * where there are three brokers).
     *
     * @param overrides server.properties keys beside the ones that {@link ServerCommands} sets
     */
    static ServersUnderTest start(Product product, int brokers, Path directory, int port, Map<String, String> overrides)
            throws IOException, InterruptedException {
        Files.createDirectories(directory);
        deleteRecursively(directory.resolve("data")); // of a run that was interrupted
        for (int node = 1; node <= brokers; node++) {
            refuseTakenPort(port + node - 1);
        }
        List<List<String>> commands = ServerCommands.of(product, brokers, directory, port, overrides);
        long startedAt = System.nanoTime();
        List<Process> processes = new ArrayList<>();
        try {
            for (List<String> command : commands) {
                processes.add(new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output(directory, processes.size()).toFile())
                        .directory(directory.toFile())
                        .start());
            }
            awaitListening(processes, directory, port);
            firstAcknowledgement(processes, directory, bootstrap(port, brokers));
        } catch (IOException e) {
            for (Process process : processes) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            throw e;
        }
        return new ServersUnderTest(processes, brokers, directory, port, (System.nanoTime() - startedAt) / 1e9);
    }

    private static Path output(Path directory, int process) {
        return directory.resolve("broker-" + (process + 1) + ".out");
    }

    private static String said(Path directory, int processes) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int process = 0; process < processes; process++) {
            text.append(Files.readString(output(directory, process))).append('\n');
        }
        return text.toString();
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

    /** Until the first accepts, so that the client does not meet, and report, one refused connection after another. */
    private static void awaitListening(List<Process> processes, Path directory, int port)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try (Socket probe = new Socket()) {
                probe.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
                return;
            } catch (IOException refused) {
                if (processes.getFirst().waitFor(2, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
                    throw new IOException(
                            "nobody listens on port " + port + "; said was:\n" + said(directory, processes.size()),
                            refused);
                }
            }
        }
    }

    private static void firstAcknowledgement(List<Process> processes, Path directory, String bootstrap)
            throws IOException, InterruptedException {
        Map<String, Object> config = Map.of(
                "bootstrap.servers", bootstrap,
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
                    "no record was acknowledged, and "
                            + processes.stream().filter(Process::isAlive).count() + " of " + processes.size()
                            + " processes run; said was:\n" + said(directory, processes.size()),
                    e);
        }
    }

    private static String bootstrap(int port, int brokers) {
        return IntStream.range(port, port + brokers)
                .mapToObj(each -> "127.0.0.1:" + each)
                .collect(Collectors.joining(","));
    }

    String bootstrap() {
        return bootstrap(port, brokers);
    }

    /** As many as there may be. */
    short replicationFactor() {
        return (short) Math.min(3, brokers);
    }

    /** Seconds from starting the first process to the first acknowledged record. */
    double startSeconds() {
        return startSeconds;
    }

    /** User and system CPU seconds of all so far, those that have ended left out. */
    double cpuSeconds() {
        return sum(ProcessFigures::cpuSeconds);
    }

    /** Resident memory of all now, in MiB. */
    double residentMib() {
        return sum(ProcessFigures::residentMib);
    }

    /** The largest resident memory of each so far, added up, in MiB. */
    double peakResidentMib() {
        return sum(ProcessFigures::peakResidentMib);
    }

    private double sum(ToDoubleFunction<ProcessFigures> figure) {
        return all.stream()
                .filter(ProcessHandle::isAlive)
                .mapToDouble(process -> figure.applyAsDouble(new ProcessFigures(process.pid())))
                .sum();
    }

    /** SIGKILL for one of several; {@link System#nanoTime} of when it was sent. */
    long kill(int node) throws IOException {
        ProcessHandle victim =
                processes.size() == brokers ? processes.get(node - 1).toHandle() : startedAs(node);
        victim.destroyForcibly();
        return System.nanoTime();
    }

    /** By its command line, which is longer than what {@link ProcessHandle#info} reads of it. */
    private ProcessHandle startedAs(int node) throws IOException {
        for (ProcessHandle process : all) {
            if (new ProcessFigures(process.pid()).arguments().contains("node.id=" + node)) {
                return process;
            }
        }
        throw new IOException("no process is that of node " + node + ": " + all);
    }

    /** Stops them (SIGTERM, then SIGKILL) and deletes their data. */
    @Override
    public void close() throws IOException {
        processes.forEach(Process::destroy);
        try {
            for (Process process : processes) {
                if (!process.waitFor(STOP_TIMEOUT_S, TimeUnit.SECONDS)) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly().waitFor();
                }
            }
        } catch (InterruptedException e) {
            all.forEach(ProcessHandle::destroyForcibly);
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
