package io.odradek.spec.compatibility;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The broker as its users run it: a process of its own, from the jars that the launcher puts on the class path. */
final class BrokerProcess implements AutoCloseable {
    private static final Pattern SERVES = Pattern.compile("serves .*PLAINTEXT://127\\.0\\.0\\.1:(\\d+)");
    private static final long START_TIMEOUT_S = 60;

    private final Process process;
    private final Path data;
    private final Output output;
    private final int port;

    private BrokerProcess(Process process, Path data, Output output, int port) {
        this.process = process;
        this.data = data;
        this.output = output;
        this.port = port;
    }

    /** @param port 0: any free one */
    static BrokerProcess start(Path data, int port, Map<String, String> overrides) throws IOException {
        return start(List.of(), data, port, overrides);
    }

    /** @param wrapper a command that ends in becoming the one it is given, such as a shell that sets a limit first */
    static BrokerProcess start(List<String> wrapper, Path data, int port, Map<String, String> overrides)
            throws IOException {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(BrokerStartUp.command());
        command.addAll(List.of("start", "--data", data.toString(), "-o", "listeners=PLAINTEXT://127.0.0.1:" + port));
        overrides.forEach((key, value) -> command.addAll(List.of("-o", key + "=" + value)));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Output output = new Output();
        CompletableFuture<Integer> serving = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try (var lines = process.inputReader()) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    output.add(line);
                    Matcher serves = SERVES.matcher(line);
                    if (serves.find()) {
                        serving.complete(Integer.parseInt(serves.group(1)));
                    }
                }
            } catch (IOException e) {
                output.add(e.toString());
            }
            serving.completeExceptionally(new IOException("the broker has exited"));
        });
        try {
            return new BrokerProcess(process, data, output, serving.get(START_TIMEOUT_S, TimeUnit.SECONDS));
        } catch (ExecutionException | TimeoutException e) {
            process.destroyForcibly();
            throw new IOException("the broker did not begin to serve; it said:\n" + output, e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the broker started", e);
        }
    }

    static Path repository() {
        return Path.of(System.getProperty("basedir", ".")).toAbsolutePath().resolveSibling("");
    }

    int port() {
        return port;
    }

    String bootstrap() {
        return "127.0.0.1:" + port;
    }

    /** Everything it has printed. */
    String output() {
        return output.toString();
    }

    /** Of the process; a wrapper must have replaced itself by the broker. */
    long pid() {
        return process.pid();
    }

    /** Waits until it ends by itself. */
    int exitCode(Duration atMost) throws InterruptedException {
        if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("the broker has not ended within " + atMost + "; it said:\n" + output);
        }
        return process.exitValue();
    }

    /** {@code kill -9}; returns when the process is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** SIGTERM; whether it stopped by itself and said that nothing has to be recovered. */
    boolean stop() throws InterruptedException {
        process.toHandle().destroy(); // not Process.destroy(), which also closes what it prints
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError("the broker did not stop within a minute of SIGTERM; it said:\n" + output);
        }
        return Files.exists(data.resolve(".kafka_cleanshutdown"));
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** What the process has printed so far: written by its reader, read by the test. */
    private static final class Output {
        private final StringBuilder text = new StringBuilder();

        synchronized void add(String line) {
            text.append(line).append('\n');
        }

        @Override
        public synchronized String toString() {
            return text.toString();
        }
    }
}
