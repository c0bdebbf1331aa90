package io.odradek.spec.tlc;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./odradek tla}: what was specified, checked by TLC. */
@Command(
        name = "tla",
        description = "Checks the models under tla/ with TLC, or mutants of them.",
        mixinStandardHelpOptions = true)
public final class TlaCommand implements Callable<Integer> {
    private static final double PROGRESS_EVERY_SECONDS = 10;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    @Parameters(
            paramLabel = "NAME",
            arity = "0..*",
            description = "Modules (Isr), models or mutants (Isr.fence, fence). All of the profile when there is none.")
    private List<String> names = new ArrayList<>();

    @Option(
            names = "--profile",
            paramLabel = "ci|nightly",
            defaultValue = "ci",
            description = "What is checked with every build"
                    + " (the default), or at night: everything, mutants and models also with reductions off.")
    private String profile = "ci";

    @Option(names = "--mutants", description = "Mutants, each with the same bounds without the bug.")
    private boolean mutants;

    @Option(
            names = "--table",
            description = "Which protocol bears which failures, from the models that say so, those of the night too.")
    private boolean table;

    @Option(
            names = "--trace",
            paramLabel = "NAME",
            description = "Prints how the property of this mutant or model fails.")
    private @Nullable String trace;

    @Option(names = "--write-traces", description = "Writes how each mutant fails to tla/mutants/.")
    private boolean writeTraces;

    @Option(
            names = "--schedules",
            paramLabel = "DIR",
            description =
                    "Writes what TLC finds as schedules, to be taken step by step by something else: how a property"
                            + " fails, or of a model that holds a way to every action and to every state that it has to"
                            + " reach.")
    private @Nullable Path schedules;

    @Option(names = "--list", description = "Lists models and mutants, without checking anything.")
    private boolean list;

    @Option(names = "--side-by-side", paramLabel = "N", description = "How many are checked at once (2).")
    private int sideBySide = 2;

    private final Map<String, Double> lastSaid = new ConcurrentHashMap<>();

    private final Path home;

    private TlaCommand(Path home) {
        this.home = home;
    }

    /** Exits with 0 when all is as it should be, 1 when it is not, 2 when it was called wrongly. */
    public static void main(String[] arguments) {
        System.exit(
                commandLine(Path.of(System.getProperty("odradek.home", "."))).execute(arguments));
    }

    /** @param home the directory that has {@code tla} */
    static CommandLine commandLine(Path home) {
        return new CommandLine(new TlaCommand(home)).addSubcommand(new TraceCommand(home));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path specifications = home.resolve("tla");
        List<ModelFile> files;
        List<Task> tasks;
        try {
            files = ModelFile.below(specifications);
            tasks = tasks(files);
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(spec.commandLine(), Objects.toString(e.getMessage()), e);
        }
        if (list) {
            list(files);
            return 0;
        }
        TlcJvm jvms = new TlcJvm(List.of(specifications), home.resolve("target").resolve("tla"));
        List<Suite.Outcome> outcomes = new ArrayList<>();
        StoredTraces traces = StoredTraces.of(specifications, files);
        try (Suite suite = new Suite(jvms, writeTraces ? Optional.empty() : Optional.of(traces), sideBySide)) {
            for (Suite.Begun begun : suite.begin(tasks, new Spoken())) {
                outcomes.add(begun.outcome());
            }
        }
        if (trace != null) {
            outcomes.stream()
                    .filter(outcome -> outcome.result().counterexample().states() > 0)
                    .forEach(outcome -> out().print("\n" + outcome.task().name() + "\n"
                            + outcome.result().counterexample().table()));
        }
        if (writeTraces) {
            traces.write(outcomes);
        }
        if (schedules != null) {
            write(new Scheduler(jvms, specifications, home.resolve("target").resolve("tla")), outcomes, schedules);
        }
        if (table) {
            out().print(Tolerances.table(files, outcomes));
        }
        return conclude(outcomes);
    }

    private List<Task> tasks(List<ModelFile> files) {
        Profile wantedProfile = Profile.named(profile);
        Plan.Wanted wanted = mutants || writeTraces ? Plan.Wanted.MUTANTS : Plan.Wanted.MODELS;
        if (trace != null) {
            return Plan.named(files, wantedProfile, wanted, List.of(trace));
        }
        if (table) {
            return Plan.named(files, Profile.CI, Plan.Wanted.MODELS, Tolerances.modelsOf(files));
        }
        return names.isEmpty()
                ? Plan.of(files, wantedProfile, wanted)
                : Plan.named(files, wantedProfile, wanted, names);
    }

    private void list(List<ModelFile> files) {
        for (ModelFile file : files) {
            for (Model model : file.models()) {
                out().printf("%-42s %-8s %s%n", model.name(), lower(model.profile()), model.claim());
            }
            for (Mutant mutant : file.mutants()) {
                String fate = switch (mutant.fate()) {
                    case Mutant.Fate.Dies(String property) -> "breaks " + property;
                    case Mutant.Fate.Survives(String reason) -> "equivalent: " + reason;
                };
                out().printf("%-42s %-8s %s (%s)%n", mutant.name(), lower(mutant.profile()), fate, mutant.cites());
            }
        }
    }

    private static String lower(Profile profile) {
        return profile.name().toLowerCase(Locale.ROOT);
    }

    private void write(Scheduler scheduler, List<Suite.Outcome> outcomes, Path directory)
            throws IOException, InterruptedException {
        Files.createDirectories(directory);
        for (Suite.Outcome outcome : outcomes) {
            try {
                List<Schedule> found = scheduler.of(outcome);
                for (Schedule schedule : found) {
                    Files.writeString(directory.resolve(schedule.fileName()), schedule.text());
                }
                out().println("        " + outcome.task().name() + ": " + found.size() + " schedules");
            } catch (IllegalArgumentException e) {
                out().println("        " + outcome.task().name() + ": no schedules, " + e.getMessage());
            }
        }
    }

    private int conclude(List<Suite.Outcome> outcomes) {
        long wrong = outcomes.stream().filter(outcome -> !outcome.isRight()).count();
        out().printf(
                        "%d of %d as it should be%s%n",
                        outcomes.size() - wrong,
                        outcomes.size(),
                        wrong == 0
                                ? ""
                                : ", not: "
                                        + outcomes.stream()
                                                .filter(outcome -> !outcome.isRight())
                                                .map(outcome -> outcome.task().name())
                                                .collect(Collectors.joining(", ")));
        out().flush();
        return wrong == 0 ? 0 : 1;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** Prints what it hears. */
    private final class Spoken implements Suite.Listener {
        @Override
        public void at(Task task, long distinct, long queued, double seconds) {
            double last = lastSaid.getOrDefault(task.name(), 0.0);
            if (seconds - last >= PROGRESS_EVERY_SECONDS) {
                lastSaid.put(task.name(), seconds);
                say(Report.progress(task, distinct, queued, seconds));
            }
        }

        @Override
        public void ended(Suite.Outcome outcome) {
            say(Report.of(outcome));
        }

        private void say(String text) {
            synchronized (lastSaid) {
                out().println(text);
                out().flush();
            }
        }
    }
}
