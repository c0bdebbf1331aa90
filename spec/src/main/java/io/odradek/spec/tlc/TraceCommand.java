package io.odradek.spec.tlc;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./odradek tla trace}: whether recorded runs are behaviours of a specification. */
@Command(
        name = "trace",
        description = "Checks recorded runs against a specification: is there a behaviour of it that explains each?",
        mixinStandardHelpOptions = true)
final class TraceCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "MACHINE",
            description = "Whose runs they are: Isr, Quorum, Controller, IdempotentProducer, Truncation.")
    private String machine = "";

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "FILE",
            description = "A run each: newline-delimited JSON, an event a line; or a schedule (.json).")
    private List<Path> files = new ArrayList<>();

    @Option(names = "--limit", paramLabel = "SECONDS", description = "Of processor time, for all of them (600).")
    private int limitSeconds = 600;

    private final Path home;

    TraceCommand(Path home) {
        this.home = home;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path specifications = home.resolve("tla");
        List<RecordedRun> runs = new ArrayList<>();
        TraceModule module;
        try {
            module = TraceModule.named(specifications, machine);
            for (Path file : files) {
                runs.add(read(file));
            }
        } catch (IllegalArgumentException e) {
            throw wrong(e);
        } catch (NoSuchFileException e) {
            throw new CommandLine.ParameterException(spec.commandLine(), "there is no file " + e.getMessage(), e);
        }
        Path scratch = home.resolve("target").resolve("tla");
        TraceChecker checker = new TraceChecker(new TlcJvm(List.of(specifications), scratch), module, limitSeconds);
        Files.createDirectories(scratch);
        Path directory = Files.createTempDirectory(scratch, "trace-");
        try {
            return tell(checker, runs, directory);
        } catch (IllegalArgumentException e) {
            throw wrong(e);
        } finally {
            TlcJvm.remove(directory);
        }
    }

    private CommandLine.ParameterException wrong(IllegalArgumentException e) {
        return new CommandLine.ParameterException(spec.commandLine(), Objects.toString(e.getMessage()), e);
    }

    private static RecordedRun read(Path file) throws IOException {
        return file.getFileName().toString().endsWith(".json")
                ? Schedule.parse(file.toString(), Files.readString(file)).run().recorded()
                : RecordedRun.read(file);
    }

    private int tell(TraceChecker checker, List<RecordedRun> runs, Path directory)
            throws IOException, InterruptedException {
        List<TraceChecker.Explained> explained = checker.explain(runs, directory.resolve("runs"));
        List<TraceChecker.Explained> rejected =
                explained.stream().filter(one -> !one.isAccepted()).toList();
        List<Nearest> nearest = checker.nearest(rejected, directory.resolve("nearest"));
        PrintWriter out = spec.commandLine().getOut();
        for (int i = 0; i < runs.size(); i++) {
            TraceChecker.Explained one = explained.get(i);
            out.println(files.get(i) + ": " + one.describe());
            if (!one.isAccepted()) {
                nearest.get(rejected.indexOf(one)).lines().forEach(line -> out.println("        " + line));
            }
        }
        out.printf("%d of %d accepted%n", runs.size() - rejected.size(), runs.size());
        out.flush();
        return rejected.isEmpty() ? 0 : 1;
    }
}
