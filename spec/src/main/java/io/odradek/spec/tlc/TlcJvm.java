package io.odradek.spec.tlc;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A JVM for each run of TLC: two in one disturb each other. It gets a directory of its own, with the modules side by side, since TLC
 * looks for them where it was started; with its own place for temporary files, where TLC unpacks its standard modules; and for its
 * states, whose directory is otherwise named by the second.
 */
final class TlcJvm {
    /** Values nest as deep as specifications recurse. */
    private static final String THREAD_STACK = "-Xss8m";

    /** With a limit up to this a run is over before what the second compiler makes pays for its making: a third of the time is saved. */
    private static final int BRIEF_SECONDS = 60;

    /** How often the limit may pass on the clock. */
    private static final int PATIENCE = 20;

    /** What {@link StartUpCache} is made of. */
    private static final Check REHEARSAL = Check.of("Rehearsal")
            .with(it -> it.constants(Map.of("Nodes", "{n1, n2}"))
                    .invariants(List.of("TypeOK", "Counted"))
                    .properties(List.of("OnlyGrows", "Sends"))
                    .reached(List.of("HasVoted")));

    private final List<Path> specifications;
    private final Path runs;

    /**
     * @param specifications directories with modules, at any depth; no two of a name
     * @param runs where directories are made, and removed when a run is over
     */
    TlcJvm(List<Path> specifications, Path runs) {
        this.specifications = specifications;
        // The JVMs are started elsewhere.
        this.runs = runs.toAbsolutePath();
    }

    /** @param took from the start of the JVM to its end */
    record Ran(TlcResult result, Duration took) {}

    /** Hears how far a run is, on the thread that reads what it prints. */
    interface Progress {
        Progress NONE = (_, _) -> {};

        void at(long distinct, long queued);
    }

    /**
     * Where TLC does not name what failed, the properties are checked again, each by itself.
     *
     * @param failing what fails, more than one if TLC could not tell; empty when everything holds, or nothing could be said
     */
    record Named(Ran ran, List<String> failing) {}

    Named runAndName(Check check, Progress progress) throws IOException, InterruptedException {
        Ran ran = run(check, progress);
        return switch (ran.result().verdict()) {
            case Verdict.UnsafeBy(String property) -> new Named(ran, List.of(property));
            case Verdict.Deadlock() -> new Named(ran, List.of("deadlock"));
            case Verdict.Unnamed _ when check.properties().size() == 1 -> new Named(ran, check.properties());
            case Verdict.Unnamed unnamed -> new Named(ran, thatFailLike(unnamed, check));
            case Verdict.Holds(), Verdict.Failed _, Verdict.TooSlow _ -> new Named(ran, List.of());
        };
    }

    private List<String> thatFailLike(Verdict.Unnamed unnamed, Check check) throws IOException, InterruptedException {
        List<String> failing = new ArrayList<>();
        for (String property : check.properties()) {
            Check alone = check.with(it -> it.invariants(List.of()).properties(List.of(property)));
            if (run(alone, Progress.NONE).result().verdict().equals(unnamed)) {
                failing.add(property);
            }
        }
        return failing;
    }

    /** Evaluates a trace module over recorded runs. */
    TlcResult read(Check check, Path runs, TraceIo.Purpose purpose) throws IOException, InterruptedException {
        List<String> properties =
                List.of("-D" + TraceIo.DIRECTORY + "=" + runs.toAbsolutePath(), "-D" + TraceIo.PURPOSE + "=" + purpose);
        return inDirectory(check, directory -> start(check, directory, Progress.NONE, properties, List.of()))
                .result();
    }

    /**
     * Walks through all states of a check and writes them down. Without reductions: with them, TLC leaves out states.
     *
     * @param file where the graph is written to, for {@link TlcGraph} to read
     */
    TlcResult writeGraph(Check check, Path file) throws IOException, InterruptedException {
        List<String> properties = List.of("-D" + GraphWriter.FILE + "=" + file.toAbsolutePath());
        return inDirectory(check, directory -> start(check, directory, Progress.NONE, properties, List.of()))
                .result();
    }

    Ran run(Check check, Progress progress) throws IOException, InterruptedException {
        return inDirectory(check, directory -> start(check, directory, progress, List.of(), List.of()));
    }

    /** What {@link Cover} asks: all counterexamples, not only the first. */
    TlcResult coverOf(Check check) throws IOException, InterruptedException {
        List<String> properties = List.of("-D" + TraceIo.PURPOSE + "=" + TraceIo.Purpose.COVER);
        return inDirectory(check, directory -> start(check, directory, Progress.NONE, properties, List.of("-continue")))
                .result();
    }

    /** @param depth how many states a walk has, unless it ends before */
    record Walks(int count, int depth, long seed) {}

    /** Random walks: the states of each, without names of actions. */
    List<Counterexample> walk(Check check, Walks walks) throws IOException, InterruptedException {
        return inDirectory(check, directory -> {
            Path files = Files.createDirectory(directory.resolve("walks"));
            List<String> arguments = List.of(
                    "-simulate",
                    "file=" + files.resolve("walk") + ",num=" + walks.count(),
                    "-depth",
                    Integer.toString(walks.depth()),
                    "-seed",
                    Long.toString(walks.seed()));
            TlcResult result =
                    start(check, directory, Progress.NONE, List.of(), arguments).result();
            if (!(result.verdict() instanceof Verdict.Holds)
                    || !result.warnings().isEmpty()) {
                throw new IllegalStateException(result.verdict().describe() + " " + result.warnings());
            }
            List<Counterexample> found = new ArrayList<>();
            for (int i = 0; i < walks.count(); i++) {
                found.add(TlcOutput.walk(Files.readString(files.resolve("walk_0_" + i))));
            }
            return found;
        });
    }

    private interface InDirectory<T> {
        T go(Path directory) throws IOException, InterruptedException;
    }

    private <T> T inDirectory(Check check, InDirectory<T> work) throws IOException, InterruptedException {
        Files.createDirectories(runs);
        Path directory = Files.createTempDirectory(runs, check.module().replaceAll("\\W+", "-") + "-");
        try {
            layOut(check, directory);
            return work.go(directory);
        } finally {
            remove(directory);
        }
    }

    private void layOut(Check check, Path directory) throws IOException {
        for (Path root : specifications) {
            List<Path> modules;
            try (Stream<Path> files = Files.walk(root)) {
                modules = files.filter(file -> file.getFileName().toString().endsWith(".tla"))
                        .toList();
            }
            for (Path module : modules) {
                Files.copy(module, directory.resolve(module.getFileName().toString()));
            }
        }
        Files.writeString(directory.resolve(Check.MODULE + ".tla"), check.generatedModule());
        Files.writeString(directory.resolve(Check.MODULE + ".cfg"), check.configuration());
        Files.createDirectory(directory.resolve("tmp"));
        Files.createDirectory(directory.resolve("states"));
    }

    private Ran start(Check check, Path directory, Progress progress, List<String> properties, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> jvmOptions = new ArrayList<>(properties);
        jvmOptions.addAll(startUp().jvmOptions());
        return startJvm(check, directory, progress, jvmOptions, arguments);
    }

    StartUpCache startUp() throws InterruptedException {
        return StartUpCache.get(this::rehearse);
    }

    /** @return whether TLC found what there is to find */
    private boolean rehearse(List<String> jvmOptions) throws IOException, InterruptedException {
        return inDirectory(REHEARSAL, directory -> startJvm(REHEARSAL, directory, Progress.NONE, jvmOptions, List.of()))
                .result()
                .verdict()
                .equals(new Verdict.Holds());
    }

    private static Ran startJvm(
            Check check, Path directory, Progress progress, List<String> jvmOptions, List<String> arguments)
            throws IOException, InterruptedException {
        long began = System.nanoTime();
        Process process = new ProcessBuilder(command(check, directory, jvmOptions, arguments))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        Thread endsWithUs = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(endsWithUs);
        AtomicBoolean tooSlow = new AtomicBoolean();
        Thread limit = Thread.ofVirtual().start(() -> endAfter(check.resources().limitSeconds(), process, tooSlow));
        TlcOutput output = new TlcOutput();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line;
            while ((line = lines.readLine()) != null) {
                output.accept(line);
                hear(line, progress);
            }
            process.waitFor();
        } finally {
            process.destroyForcibly();
            limit.interrupt();
            forget(endsWithUs);
        }
        TlcResult result = output.result();
        if (tooSlow.get()) {
            result = result.withVerdict(new Verdict.TooSlow(check.resources().limitSeconds()));
        }
        return new Ran(result, Duration.ofNanos(System.nanoTime() - began));
    }

    /** What counts is the time of processors, so that a busy machine makes nothing fail; but nothing waits for ever. */
    private static void endAfter(int seconds, Process process, AtomicBoolean tooSlow) {
        try {
            for (int passed = 0; !process.waitFor(1, TimeUnit.SECONDS); passed++) {
                Duration used = process.info().totalCpuDuration().orElse(Duration.ofSeconds(passed));
                if (used.toSeconds() >= seconds || passed >= (long) PATIENCE * seconds) {
                    tooSlow.set(true);
                    process.destroyForcibly();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // We are being ended ourselves: then the hook runs.
        }
    }

    private static void hear(String line, Progress progress) {
        String begin = CheckedTlc.MARK + "progress ";
        if (line.startsWith(begin)) {
            List<String> counts = CheckedTlc.words(line.substring(begin.length()));
            progress.at(Long.parseLong(counts.get(0)), Long.parseLong(counts.get(1)));
        }
    }

    /** @param arguments of TLC, where they differ from those of every run */
    private static List<String> command(Check check, Path directory, List<String> jvmOptions, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + check.resources().heapMb() + "m",
                THREAD_STACK,
                // TLC warns about every other collector, and a warning is a failure. Each of its threads is one of two
                // processors.
                "-XX:+UseParallelGC",
                "-XX:ParallelGCThreads=1",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:-UsePerfData",
                "-Djava.io.tmpdir=" + directory.resolve("tmp")));
        if (check.resources().limitSeconds() <= BRIEF_SECONDS) {
            command.add("-XX:TieredStopAtLevel=1");
        }
        command.addAll(jvmOptions);
        command.addAll(List.of(
                CheckedTlc.class.getName(),
                "-tool",
                "-workers",
                Integer.toString(check.resources().workers()),
                "-metadir",
                directory.resolve("states").toString(),
                "-checkpoint",
                "0",
                // The same walk each time, and the same fingerprints.
                "-fp",
                "0"));
        if (!arguments.contains("-seed")) {
            command.addAll(List.of("-seed", "1"));
        }
        command.addAll(arguments);
        command.addAll(List.of("-lncheck", "final", "-config", Check.MODULE + ".cfg", Check.MODULE + ".tla"));
        return command;
    }

    /** With all that is in it. */
    static void remove(Path directory) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                Files.deleteIfExists(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
