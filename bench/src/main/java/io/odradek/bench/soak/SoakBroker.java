package io.odradek.bench.soak;

import io.odradek.bench.process.ProcessFigures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The broker under the soak: one process after the other on the same data and port. Used by one thread, but for what it is asked. */
final class SoakBroker {
    private static final long START_TIMEOUT_S = 120;

    private final Path directory;
    private final int port;
    private final Map<String, String> settings;
    private volatile Process process;

    /** Starts it, and returns when it accepts connections. */
    SoakBroker(Path directory, int port, Map<String, String> settings) throws IOException, InterruptedException {
        this.directory = directory;
        this.port = port;
        this.settings = Map.copyOf(settings);
        this.process = launch();
        awaitListening();
    }

    private Process launch() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("odradek.home", "."), "odradek").toString(),
                "start",
                "--data",
                data().toString(),
                "-o",
                "listeners=PLAINTEXT://127.0.0.1:" + port));
        settings.forEach((key, value) -> command.addAll(List.of("-o", key + "=" + value)));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("broker.out").toFile()))
                .start();
    }

    private void awaitListening() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_TIMEOUT_S);
        while (true) {
            try (Socket probe = new Socket()) {
                probe.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
                return;
            } catch (IOException refused) {
                if (process.waitFor(10, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
                    throw new IOException(
                            "the broker does not listen on port " + port + "; see " + directory.resolve("broker.out"),
                            refused);
                }
            }
        }
    }

    /** {@code kill -9}, and a new start. */
    void killAndRestart() throws IOException, InterruptedException {
        process.destroyForcibly().waitFor();
        process = launch();
        awaitListening();
    }

    /** Ends it for good: SIGTERM, and after a minute SIGKILL. Returns its exit code. */
    int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        return process.exitValue();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String bootstrap() {
        return "127.0.0.1:" + port;
    }

    Path data() {
        return directory.resolve("data");
    }

    ProcessFigures figures() {
        return new ProcessFigures(process.pid());
    }

    /** Bytes of all files below the data directory; files that go meanwhile are left out. */
    long dataBytes() {
        long[] bytes = {0};
        try {
            Files.walkFileTree(data(), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    bytes[0] += attributes.size();
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException gone) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes[0];
    }
}
