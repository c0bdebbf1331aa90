package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How each mutant fails, a file for each, to be read. When a specification has changed TLC may find another way that is as short, so a file
 * is out of date only when its heading is, or when it lacks a variable.
 */
final class StoredTraces {
    private static final String SUFFIX = ".txt";
    private static final int HEADING_LINES = 3;

    private final Path directory;
    private final Map<String, Mutant> mutants;

    private StoredTraces(Path directory, Map<String, Mutant> mutants) {
        this.directory = directory;
        this.mutants = mutants;
    }

    /** @param specifications those in which mutants have their traces under {@code mutants} */
    static StoredTraces of(Path specifications, List<ModelFile> files) {
        return new StoredTraces(
                specifications.resolve("mutants"),
                files.stream()
                        .flatMap(file -> file.mutants().stream())
                        .filter(mutant -> mutant.fate() instanceof Mutant.Fate.Dies)
                        .collect(Collectors.toMap(Mutant::name, Function.identity(), (one, _) -> one, TreeMap::new)));
    }

    /** What is wrong with the file of a mutant that was run; nothing, for any other task. */
    List<String> complaints(Task task, TlcJvm.Named named) throws IOException {
        Mutant mutant = mutants.get(task.name());
        Counterexample found = named.ran().result().counterexample();
        if (mutant == null || found.states() == 0) {
            return List.of();
        }
        String rewrite = "; ./odradek tla " + task.name() + " --write-traces writes it";
        Path file = file(mutant);
        if (!Files.exists(file)) {
            return List.of("its trace is not stored" + rewrite);
        }
        String stored = Files.readString(file);
        boolean sameHeading = stored.startsWith(heading(mutant, named));
        Optional<String> unknown = found.steps().getFirst().state().keySet().stream()
                .filter(variable -> !stored.contains(" " + variable))
                .findFirst();
        List<String> complaints = new ArrayList<>();
        if (!sameHeading) {
            complaints.add("its stored trace says otherwise: "
                    + stored.lines().limit(HEADING_LINES).collect(Collectors.joining(" / ")) + rewrite);
        }
        unknown.ifPresent(variable -> complaints.add("its stored trace has no variable " + variable + rewrite));
        return complaints;
    }

    /** Mutants without a file, and files that no mutant has. */
    List<String> complaints() throws IOException {
        List<String> complaints = new ArrayList<>();
        for (Mutant mutant : mutants.values()) {
            if (!Files.exists(file(mutant))) {
                complaints.add("no trace of " + mutant.name());
            }
        }
        try (Stream<Path> files = Files.list(directory)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(SUFFIX))
                    .filter(name -> !mutants.containsKey(name.substring(0, name.length() - SUFFIX.length())))
                    .forEach(name -> complaints.add("no mutant that dies is called as " + name));
        }
        return complaints;
    }

    /** Those of mutants that died as they should. */
    void write(List<Suite.Outcome> outcomes) throws IOException {
        for (Suite.Outcome outcome : outcomes) {
            Mutant mutant = mutants.get(outcome.task().name());
            Counterexample found = outcome.result().counterexample();
            if (mutant != null && outcome.isRight() && found.states() > 0) {
                Files.writeString(file(mutant), heading(mutant, outcome.named()) + "\n" + found.table());
            }
        }
    }

    private Path file(Mutant mutant) {
        return directory.resolve(mutant.name() + SUFFIX);
    }

    /** How long a lasso is depends on the order in which TLC comes across states, so of liveness it is not said. */
    private static String heading(Mutant mutant, TlcJvm.Named named) {
        TlcResult result = named.ran().result();
        boolean isLiveness = result.verdict() instanceof Verdict.Unnamed unnamed && unnamed.isLiveness();
        return String.format(
                Locale.ROOT,
                "%s%s violates %s%s\n%s\n%s\n",
                mutant.name(),
                mutant.id().map(id -> " (" + id + ")").orElse(""),
                String.join(", ", named.failing()),
                isLiveness ? "" : " in " + result.counterexample().states() + " states",
                mutant.cites(),
                mutant.story());
    }
}
