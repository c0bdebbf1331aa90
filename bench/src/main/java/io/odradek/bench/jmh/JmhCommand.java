package io.odradek.bench.jmh;

import io.odradek.bench.compare.Disk;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench jmh}: parts of the engine beside their peers, under JMH. */
@Command(
        name = "jmh",
        description = {
            "Runs suites of benchmarks in JVMs of their own and prints, beside each figure of ours, how many times as"
                    + " fast",
            "it is as each peer of the same run. Without a suite it lists them."
        },
        mixinStandardHelpOptions = true)
public final class JmhCommand implements Callable<Integer> {
    private static final int QUICK_MS = 200;

    @Parameters(arity = "0..*", paramLabel = "SUITE", description = "which to run, by name; 'all' for all")
    private List<String> names = List.of();

    @Option(
            names = "--dir",
            defaultValue = "bench/target/jmh",
            description = "where the benchmarks write; on the disk that is to be measured (default ${DEFAULT-VALUE})")
    private Path directory = Path.of("bench/target/jmh");

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "JMH's result; the tables go beside it, with .md at the end (default: jmh.json in --dir)")
    private @Nullable Path json;

    @Option(
            names = "--quick",
            description =
                    "one fork, one short iteration, little work: shows that everything runs, and measures nothing")
    private boolean quick;

    @Option(names = "--forks", description = "JVMs for each benchmark (default: as each says)")
    private @Nullable Integer forks;

    @Option(names = "--warm-ups", description = "iterations before those that count (default: as each says)")
    private @Nullable Integer warmUps;

    @Option(names = "--iterations", description = "iterations that count, in each fork (default: as each says)")
    private @Nullable Integer iterations;

    @Option(
            names = {"-p", "--param"},
            paramLabel = "NAME=VALUE[,VALUE]",
            description = "values of a parameter instead of the benchmark's own: -p shape=16x1KiB -p partitions=1,100")
    private Map<String, String> params = Map.of();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    /** For picocli. */
    public JmhCommand() {}

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (names.isEmpty()) {
            Suite.ALL.forEach(suite -> out.printf("%-12s %s%n", suite.name(), suite.what()));
            return 0;
        }
        List<Suite> suites = chosen();
        JmhRun run = settings(suites);
        Path result = json == null ? run.directory().resolve("jmh.json") : json.toAbsolutePath();
        Disk disk = prepare(run.directory(), result);
        String before = disk.probe();
        List<String> fio =
                suites.stream().anyMatch(Suite::writes) ? new Fio("fio").figures(run.directory(), quick) : List.of();
        Collection<RunResult> results;
        try {
            results = run.run(suites);
        } catch (RunnerException e) {
            out.println("JMH does not run: " + e.getMessage());
            return 1;
        }
        try (PrintStream file = new PrintStream(Files.newOutputStream(result), false, StandardCharsets.UTF_8)) {
            ResultFormatFactory.getInstance(ResultFormatType.JSON, file).writeOut(results);
        }
        List<Figure> figures = results.stream().map(Figure::of).toList();
        List<String> missing = new ArrayList<>();
        List<String> report = report(suites, figures, missing);
        report.addAll(fio);
        report.add("At the start, " + before + "; at the end, " + disk.probe());
        Path tables = result.resolveSibling(result.getFileName() + ".md");
        Files.write(tables, report);
        out.println();
        report.forEach(out::println);
        out.println("JMH's result is in " + result + ", these tables in " + tables);
        return missing.isEmpty() ? 0 : 1;
    }

    private List<Suite> chosen() {
        Set<String> unknown = new LinkedHashSet<>(names);
        Suite.ALL.forEach(suite -> unknown.remove(suite.name()));
        boolean all = unknown.remove("all");
        if (!unknown.isEmpty()) {
            throw bad("there is no suite " + String.join(", ", unknown) + "; the suites are "
                    + Suite.ALL.stream().map(Suite::name).collect(Collectors.joining(", ")) + ", and all");
        }
        return Suite.ALL.stream()
                .filter(suite -> all || names.contains(suite.name()))
                .toList();
    }

    private JmhRun settings(List<Suite> suites) {
        requireAtLeast("--forks", forks, 1);
        requireAtLeast("--warm-ups", warmUps, 0);
        requireAtLeast("--iterations", iterations, 1);
        Set<String> known = new TreeSet<>();
        suites.forEach(suite -> suite.measures().forEach(measure -> known.addAll(measure.params())));
        Map<String, String[]> values = new HashMap<>();
        params.forEach((name, value) -> {
            if (!known.contains(name)) {
                throw bad("-p " + name + ": the parameters of these suites are " + String.join(", ", known));
            }
            values.put(name, value.split(",", -1));
        });
        return new JmhRun(
                directory.toAbsolutePath().normalize(),
                forks == null && quick ? Integer.valueOf(1) : forks,
                warmUps == null && quick ? Integer.valueOf(1) : warmUps,
                iterations == null && quick ? Integer.valueOf(1) : iterations,
                quick ? QUICK_MS : null,
                quick,
                values,
                VerboseMode.NORMAL);
    }

    private void requireAtLeast(String option, @Nullable Integer value, int least) {
        if (value != null && value < least) {
            throw bad(option + " " + value + " is less than " + least);
        }
    }

    /** Hours of measuring should not end at a directory that can't be written. */
    private Disk prepare(Path where, Path result) {
        try {
            Files.createDirectories(where);
            Path beside = result.getParent();
            if (beside != null) {
                Files.createDirectories(beside);
            }
            Files.writeString(result, "");
            return new Disk(where);
        } catch (IOException e) {
            throw bad("cannot write there: " + e);
        }
    }

    private ParameterException bad(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private List<String> report(List<Suite> suites, List<Figure> figures, List<String> missing) {
        List<String> lines = new ArrayList<>();
        List<String> goals = new ArrayList<>();
        for (Suite suite : suites) {
            for (Measure measure : suite.measures()) {
                Comparison comparison = new Comparison(measure, figures);
                lines.addAll(comparison.table());
                goals.addAll(comparison.goals());
                missing.addAll(comparison.missing());
            }
        }
        if (!goals.isEmpty()) {
            lines.add("| to reach | rows | | measured |");
            lines.add("| --- | --- | --- | --- |");
            lines.addAll(goals);
            lines.add("");
        }
        missing.forEach(name -> lines.add(name + " gave no figure: it failed, see above."));
        if (quick) {
            lines.add(
                    "These are figures of a quick look: nothing was warm, little was written. They say that it runs.");
        }
        lines.add(
                "D1: acknowledged from the page cache. D3: acknowledged when synced. In brackets: where the ratio lies"
                        + " if both figures are as wrong as their 99.9 % intervals allow.");
        return lines;
    }
}
