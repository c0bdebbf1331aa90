package io.odradek.spec.tlc;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model as its file has it, with what it took over from the one it is like.
 *
 * @param neverFires actions that it does not take, and why
 * @param unreduced what switches its reductions off
 */
@RecordBuilder
record Model(
        String name,
        String claim,
        Profile profile,
        Check check,
        Expectation expectation,
        Map<String, String> neverFires,
        Unreduced unreduced,
        Optional<Tolerance> tolerance)
        implements ModelBuilder.With {

    /** @param expectation when the states without reductions were counted */
    record Unreduced(
            Map<String, String> constants, Map<String, String> definitions, Optional<Expectation> expectation) {
        static final Unreduced NOTHING = new Unreduced(Map.of(), Map.of(), Optional.empty());

        boolean changes(Check check) {
            return !check.symmetry().isEmpty()
                    || check.view().isPresent()
                    || !constants.isEmpty()
                    || !definitions.isEmpty();
        }

        Check of(Check check) {
            return check.with(it -> it.constants(ModelFile.over(check.constants(), constants))
                    .definitions(ModelFile.over(check.definitions(), definitions))
                    .symmetry(List.of())
                    .view(Optional.empty()));
        }
    }

    /**
     * What it says for the table that compares protocols under the same faults.
     *
     * @param lossyCrashes at most so many, and so many fences
     */
    record Tolerance(String protocol, String durability, int replicas, int lossyCrashes, int fences, Question asks) {}

    /** What may come of faults. */
    enum Question {
        /** Whether somebody serves a log without a committed record. */
        LOSES,
        /** Whether writes are not decided, though faults are over but for replicas that stay fenced. */
        BLOCKS
    }
}
