package io.odradek.spec.compatibility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The JVM of a broker process, with a start-up cache as the launcher gives it one: half the time of a start, and a build starts some dozens.
 * It is made before the first of them, from the jars that are there now, and goes when the tests are over.
 */
final class BrokerStartUp {
    private static final long REHEARSAL_TIMEOUT_S = 300;
    private static final List<String> FLAGS = List.of(
            "-ea:io.odradek...",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow");

    private BrokerStartUp() {}

    private static final class Cache {
        static final List<String> OPTIONS = make();
    }

    /** A command that ends with the name of the main class. */
    static List<String> command() {
        return command(Cache.OPTIONS);
    }

    private static List<String> command(List<String> cache) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(cache);
        command.addAll(FLAGS);
        command.addAll(List.of("-cp", classPath(), "io.odradek.broker.cli.Main"));
        return command;
    }

    /** @return no options where it can't be made: starts take longer then, and nothing else is different */
    private static List<String> make() {
        try {
            Path target = Files.createDirectories(BrokerProcess.repository().resolve("spec/target"));
            Path directory = Files.createTempDirectory(target, "broker-start-");
            directory.toFile().deleteOnExit();
            Path file = directory.resolve("broker.aot");
            Path said = directory.resolve("rehearsal.log");
            said.toFile().deleteOnExit();
            List<String> command = command(List.of("-XX:AOTCacheOutput=" + file));
            command.add("rehearse");
            Process rehearsal = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            boolean ended = rehearsal.waitFor(REHEARSAL_TIMEOUT_S, TimeUnit.SECONDS);
            rehearsal.destroyForcibly();
            file.toFile().deleteOnExit();
            directory.resolve("broker.aot.config").toFile().deleteOnExit(); // there when it was ended
            if (!ended || rehearsal.exitValue() != 0 || !Files.exists(file)) {
                System.out.println("no start-up cache for broker processes:\n" + Files.readString(said));
                return List.of();
            }
            return List.of("-XX:AOTCache=" + file, "-Xlog:disable", "-Xlog:all=error:stderr");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private static String classPath() {
        Path jars = BrokerProcess.repository().resolve("broker/target/app/lib");
        try (var list = Files.list(jars)) {
            return String.join(
                    System.getProperty("path.separator"),
                    list.map(Path::toString).sorted().toList());
        } catch (IOException e) {
            throw new UncheckedIOException("no broker under " + jars + ": run ./odradek build first", e);
        }
    }
}
