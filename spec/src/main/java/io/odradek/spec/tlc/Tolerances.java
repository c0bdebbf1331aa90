package io.odradek.spec.tlc;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Which protocol bears which failures, as TLC found it. */
final class Tolerances {
    private Tolerances() {}

    static boolean hasRow(List<ModelFile> files, Task task) {
        return row(files, task).isPresent();
    }

    static String table(List<ModelFile> files, List<Suite.Outcome> outcomes) {
        Map<String, String> rows = new TreeMap<>();
        for (Suite.Outcome outcome : outcomes) {
            row(files, outcome.task())
                    .ifPresent(row -> rows.put(
                            String.format(
                                    Locale.ROOT,
                                    "%-32s %8d %14d %7d",
                                    row.protocol(),
                                    row.replicas(),
                                    row.lossyCrashes(),
                                    row.fences()),
                            outcome(outcome.result().verdict())));
        }
        StringBuilder table = new StringBuilder(String.format(
                Locale.ROOT,
                "%n%-32s %8s %14s %7s  %s%n",
                "protocol",
                "replicas",
                "lossy crashes",
                "fences",
                "outcome"));
        rows.forEach(
                (row, outcome) -> table.append(row).append("  ").append(outcome).append('\n'));
        return table.toString();
    }

    private static Optional<Model.Tolerance> row(List<ModelFile> files, Task task) {
        return files.stream()
                .flatMap(file -> file.models().stream())
                .filter(model -> model.name().equals(task.name()))
                .findFirst()
                .flatMap(Model::tolerance);
    }

    private static String outcome(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Holds() -> "safe";
            case Verdict.UnsafeBy(String property) -> "loses (" + property + ")";
            case Verdict.Unnamed unnamed when unnamed.isLiveness() -> "blocks";
            case Verdict.Unnamed unnamed -> "loses (" + unnamed.place() + ")";
            case Verdict.Deadlock() -> "blocks";
            case Verdict.Failed _, Verdict.TooSlow _ -> "unknown: " + verdict.describe();
        };
    }
}
