package io.odradek.spec.tlc;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Checks and tasks over the module {@code Planted}. */
final class PlantedChecks {
    private PlantedChecks() {}

    /** Counts to 3, twice: 8 states. */
    static Check counting(String... bugs) {
        return Check.of("Planted")
                .with(it -> it.constants(Map.of("Top", "3"))
                        .bugs(Optional.of(List.of(bugs)))
                        .invariants(List.of("Small"))
                        .resources(new Check.Resources(60, 256, 1)));
    }

    static Task model(Check check, Expectation expectation) {
        Map<String, String> neverFires = Map.of("Leap", "a bug", "Over", "a bug", "Warns", "a bug");
        return new Task("Planted.model", Task.Kind.MODEL, check, expectation, neverFires, true, true);
    }

    static Task mutant(Check check, String property) {
        return new Task(
                "Planted.mutant", Task.Kind.MUTANT, check, Expectation.violates(property), Map.of(), false, false);
    }
}
