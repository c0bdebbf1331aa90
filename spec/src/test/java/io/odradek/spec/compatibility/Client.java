package io.odradek.spec.compatibility;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A stock client as a process: produces lines, and reads them back. */
enum Client {
    /** librdkafka (C). */
    KCAT {
        @Override
        boolean isInstalled() {
            return onPath("kcat");
        }

        @Override
        void produce(String bootstrap, String topic, String codec, List<Entry> entries) throws IOException {
            List<String> command = new ArrayList<>(
                    List.of("kcat", "-P", "-b", bootstrap, "-t", topic, "-z", codec, "-X", "enable.idempotence=true"));
            if (entries.getFirst().key() != null) {
                command.addAll(List.of("-K", "\t"));
            }
            run(command, lines(entries));
        }

        @Override
        List<Fetched> consume(String bootstrap, String topic, Optional<String> group, int count) throws IOException {
            List<String> command = new ArrayList<>(List.of("kcat", "-b", bootstrap, "-q", "-c", "" + count));
            command.addAll(List.of("-f", "%p\t%o\t%k\t%s\n", "-X", "auto.offset.reset=earliest"));
            if (group.isPresent()) {
                command.addAll(List.of("-G", group.get(), topic));
            } else {
                command.addAll(List.of("-C", "-t", topic, "-o", "beginning"));
            }
            return run(command, "")
                    .lines()
                    .map(line -> line.split("\t", 4))
                    .map(f -> new Fetched(
                            Integer.parseInt(f[0]), Long.parseLong(f[1]), new Entry(emptyIsNull(f[2]), f[3])))
                    .toList();
        }
    },

    /** Apache Kafka's console tools (Java). */
    CONSOLE {
        @Override
        boolean isInstalled() {
            return true;
        }

        @Override
        void produce(String bootstrap, String topic, String codec, List<Entry> entries) throws IOException {
            List<String> command = tool("org.apache.kafka.tools.ConsoleProducer");
            command.addAll(List.of("--bootstrap-server", bootstrap, "--topic", topic, "--compression-codec", codec));
            if (entries.getFirst().key() != null) {
                command.addAll(List.of("--reader-property", "parse.key=true"));
            }
            run(command, lines(entries));
        }

        @Override
        List<Fetched> consume(String bootstrap, String topic, Optional<String> group, int count) throws IOException {
            List<String> command = tool("org.apache.kafka.tools.consumer.ConsoleConsumer");
            command.addAll(List.of("--bootstrap-server", bootstrap, "--topic", topic, "--max-messages", "" + count));
            command.addAll(List.of("--from-beginning", "--timeout-ms", "60000"));
            for (String property : List.of("print.partition=true", "print.offset=true", "print.key=true")) {
                command.addAll(List.of("--formatter-property", property));
            }
            group.ifPresent(name -> command.addAll(List.of("--group", name)));
            return run(command, "")
                    .lines()
                    .map(line -> line.split("\t", 4))
                    .map(f -> new Fetched(
                            Integer.parseInt(f[0].substring("Partition:".length())),
                            Long.parseLong(f[1].substring("Offset:".length())),
                            new Entry("null".equals(f[2]) ? null : f[2], f[3])))
                    .toList();
        }
    },

    /** kafkajs (JavaScript). */
    KAFKAJS {
        @Override
        boolean isInstalled() {
            return onPath("node") && Files.isDirectory(script().resolveSibling("node_modules"));
        }

        @Override
        void produce(String bootstrap, String topic, String codec, List<Entry> entries) throws IOException {
            String input = entries.stream()
                    .map(entry -> base64(entry.key()) + " " + base64(entry.value()) + "\n")
                    .collect(Collectors.joining());
            run(List.of("node", script().toString(), "produce", bootstrap, topic, codec), input);
        }

        @Override
        List<Fetched> consume(String bootstrap, String topic, Optional<String> group, int count) throws IOException {
            String member = group.orElse("alone-" + topic);
            return run(List.of("node", script().toString(), "consume", bootstrap, topic, member, "" + count), "")
                    .lines()
                    .map(line -> line.split(" ", 4))
                    .map(f -> new Fetched(
                            Integer.parseInt(f[0]), Long.parseLong(f[1]), new Entry(plain(f[2]), plainOrEmpty(f[3]))))
                    .toList();
        }
    };

    /** @param key null: none */
    record Entry(@Nullable String key, String value) {}

    record Fetched(int partition, long offset, Entry entry) {}

    private static final long TIMEOUT_S = 120;

    /** The three in a circle. */
    Client next() {
        return switch (this) {
            case KCAT -> CONSOLE;
            case CONSOLE -> KAFKAJS;
            case KAFKAJS -> KCAT;
        };
    }

    /** Whether this machine has it. */
    abstract boolean isInstalled();

    /** Sends the entries in order; returns when all are acknowledged by every in-sync replica. */
    abstract void produce(String bootstrap, String topic, String codec, List<Entry> entries) throws IOException;

    /** Reads {@code count} records from the beginning, as a member of a group or alone. */
    abstract List<Fetched> consume(String bootstrap, String topic, Optional<String> group, int count)
            throws IOException;

    private static String lines(List<Entry> entries) {
        StringBuilder lines = new StringBuilder();
        for (Entry entry : entries) {
            if (entry.key() != null) {
                lines.append(entry.key()).append('\t');
            }
            lines.append(entry.value()).append('\n');
        }
        return lines.toString();
    }

    private static List<String> tool(String mainClass) {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dlogback.configurationFile=" + BrokerProcess.repository().resolve("bench/src/main/kafka/logback.xml"),
                "-cp",
                System.getProperty("java.class.path"),
                mainClass));
    }

    private static Path script() {
        return BrokerProcess.repository().resolve("spec/src/test/kafkajs/client.js");
    }

    private static boolean onPath(String program) {
        for (String directory : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            if (Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    /** Bytes pass through ISO 8859-1 unharmed, whatever they are. */
    private static String run(List<String> command, String input) throws IOException {
        Path errors = Files.createTempFile("client", ".err");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        try {
            Thread writer = Thread.ofVirtual().start(() -> {
                try (var in = process.getOutputStream()) {
                    in.write(input.getBytes(StandardCharsets.ISO_8859_1));
                } catch (IOException e) {
                    process.destroyForcibly(); // it closed its input early: its exit code tells why
                }
            });
            Thread watchdog = Thread.ofVirtual().start(() -> {
                try {
                    if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
                        process.destroyForcibly();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            int exit = process.waitFor();
            writer.join();
            watchdog.interrupt();
            if (exit != 0) {
                throw new IOException(
                        "exit " + exit + " from " + String.join(" ", command) + "\n" + Files.readString(errors));
            }
            return output;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            Files.delete(errors);
        }
    }

    private static @Nullable String emptyIsNull(String text) {
        return text.isEmpty() ? null : text;
    }

    private static String base64(@Nullable String text) {
        return text == null ? "-" : Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static @Nullable String plain(String base64) {
        return "-".equals(base64) ? null : new String(Base64.getDecoder().decode(base64), StandardCharsets.ISO_8859_1);
    }

    private static String plainOrEmpty(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.ISO_8859_1);
    }
}
