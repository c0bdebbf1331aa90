package io.odradek.spec.compatibility;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.kafka.common.utils.Exit;
import org.jspecify.annotations.Nullable;

/**
 * Kafka's own tools, as {@code ./odradek kafka} names them, in this JVM: to start one for each takes longer than all that they do. One at a time,
 * since what a tool prints and how it exits is taken from the JVM's. What others print meanwhile, as brokers in this JVM do, is not taken for it.
 */
final class KafkaTools {

    /** A line of the launcher's list. */
    private static final Pattern LISTED =
            Pattern.compile("(?m)^([a-z0-9-]+) +((?:org\\.apache\\.kafka|kafka)\\.[\\w.]+)$");

    private static final Map<String, String> CLASSES = listed();

    /** @param text of both outputs, in order */
    record Said(int exitCode, String text) {

        List<String> lines() {
            return text.lines().toList();
        }
    }

    /** Instead of the JVM's end. Tools catch it, as they catch everything, and exit again: only the first time counts, and what was said by then. */
    private static final class Exited extends RuntimeException {
        private static final long serialVersionUID = 1;

        Exited(int code) {
            super("the tool exits with " + code);
        }
    }

    /** What the tool's own thread writes goes here, the rest where it went before. */
    private static final class OfOneThread extends OutputStream {
        private final Thread thread = Thread.currentThread();
        private final OutputStream taken;
        private final OutputStream rest;

        OfOneThread(OutputStream taken, OutputStream rest) {
            this.taken = taken;
            this.rest = rest;
        }

        private OutputStream now() {
            return Thread.currentThread().equals(thread) ? taken : rest;
        }

        @Override
        public void write(int b) throws IOException {
            now().write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            now().write(bytes, from, length);
        }

        @Override
        public void flush() throws IOException {
            now().flush();
        }
    }

    private KafkaTools() {}

    private static Map<String, String> listed() {
        try {
            Map<String, String> classes = new HashMap<>();
            for (MatchResult line : LISTED.matcher(
                            Files.readString(BrokerProcess.repository().resolve("odradek")))
                    .results()
                    .toList()) {
                classes.put(line.group(1), line.group(2));
            }
            return Map.copyOf(classes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A command line as a person types it, without quotes: {@code topics --list}. */
    static Said run(String commandLine) {
        return run(List.of(commandLine.trim().split(" +")));
    }

    /** @param command the tool's name and its arguments */
    static synchronized Said run(List<String> command) {
        String className = CLASSES.get(command.getFirst());
        if (className == null) {
            throw new IllegalArgumentException("./odradek kafka has no " + command.getFirst());
        }
        List<String> arguments = new ArrayList<>(command.subList(1, command.size()));
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream taken = new PrintStream(said, true, StandardCharsets.UTF_8);
        System.setOut(new PrintStream(new OfOneThread(taken, out), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new OfOneThread(taken, err), true, StandardCharsets.UTF_8));
        AtomicReference<@Nullable Said> exited = new AtomicReference<>();
        Exit.setExitProcedure((code, _) -> {
            exited.compareAndSet(null, new Said(code, said.toString(StandardCharsets.UTF_8)));
            throw new Exited(code);
        });
        try {
            // Scala's console is the JVM's as it was when it was first used.
            scala.Console.withOut(
                    taken,
                    () -> scala.Console.withErr(taken, () -> {
                        main(className, arguments.toArray(String[]::new));
                        return null;
                    }));
        } finally {
            Exit.resetExitProcedure();
            System.setOut(out);
            System.setErr(err);
        }
        Said first = exited.get();
        return first != null ? first : new Said(0, said.toString(StandardCharsets.UTF_8));
    }

    private static void main(String className, String[] arguments) {
        try {
            Class.forName(className).getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof Exited)) {
                throw new AssertionError(className + " has thrown", e.getCause());
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(className + " can't be run", e);
        }
    }
}
