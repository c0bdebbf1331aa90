package io.odradek.spec.tlc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A check and what has to come of it.
 *
 * @param neverFires actions that may not be taken, and why; all others have to be
 * @param looksAtActions whether they are looked at: not of mutants, and not where the search ends early
 */
record Task(
        String name,
        Kind kind,
        Check check,
        Expectation expectation,
        Map<String, String> neverFires,
        boolean looksAtActions,
        boolean wantsCounts) {

    /** What a task is there for. */
    enum Kind {
        MODEL,
        CONTROL,
        MUTANT
    }

    /** What is wrong with what came of it, a line each; empty when all is as it should be. */
    List<String> complaints(TlcJvm.Named named) {
        TlcResult result = named.ran().result();
        List<String> complaints = new ArrayList<>();
        result.warnings().forEach(warning -> complaints.add("TLC warns: " + warning));
        switch (expectation) {
            case Expectation.Holds holds -> holds(holds, named, complaints);
            case Expectation.Violates violates -> violates(violates, named, complaints);
        }
        return complaints;
    }

    private void holds(Expectation.Holds expected, TlcJvm.Named named, List<String> complaints) {
        TlcResult result = named.ran().result();
        if (!(result.verdict() instanceof Verdict.Holds)) {
            complaints.add(said(named) + ", which should hold");
            return;
        }
        boolean counted = expected.distinct().isPresent() && expected.depth().isPresent();
        if (wantsCounts && !counted) {
            complaints.add("not counted yet: write \"expect\": {\"distinct\": " + result.distinct() + ", \"depth\": "
                    + result.depth().orElse(0) + "}");
        }
        expected.distinct().ifPresent(distinct -> {
            if (distinct != result.distinct()) {
                complaints.add(result.distinct() + " distinct states, where " + distinct + " are expected");
            }
        });
        expected.depth().ifPresent(depth -> {
            if (depth != result.depth().orElse(0)) {
                complaints.add("depth " + result.depth().orElse(0) + ", where " + depth + " is expected");
            }
        });
        for (String state : check.reached()) {
            if (!result.reached().contains(state)) {
                complaints.add("no state is " + state);
            }
        }
        if (looksAtActions) {
            actions(result, complaints);
        }
    }

    private void actions(TlcResult result, List<String> complaints) {
        if (result.taken().isEmpty()) {
            complaints.add("TLC did not say which actions were taken");
        }
        if (result.taken().containsKey(check.behaviour().next())) {
            complaints.add("a part of " + check.behaviour().next()
                    + " is no action with a name of its own: TLC names one in \"\\E x \\in S\""
                    + " only where S is a constant");
        }
        for (String action : new TreeSet<>(result.taken().keySet())) {
            boolean fires = result.taken().getOrDefault(action, 0L) > 0;
            if (!fires && !neverFires.containsKey(action)) {
                complaints.add("never taken: " + action);
            } else if (fires && neverFires.containsKey(action)) {
                complaints.add("taken, though \"neverFires\" has it: " + action);
            }
        }
        for (String action : neverFires.keySet()) {
            if (!result.taken().containsKey(action)) {
                complaints.add("\"neverFires\" has what is no action: " + action);
            }
        }
    }

    private void violates(Expectation.Violates expected, TlcJvm.Named named, List<String> complaints) {
        TlcResult result = named.ran().result();
        if (!named.failing().contains(expected.property())) {
            complaints.add(
                    kind == Kind.MUTANT && isSurvivor(result.verdict())
                            ? "survives: " + result.verdict().describe() + ", where " + expected.property()
                                    + " should fail"
                            : said(named) + ", where " + expected.property() + " should fail");
            return;
        }
        if (result.verdict() instanceof Verdict.Unnamed unnamed && unnamed.isLiveness()) {
            return; // how long a lasso is depends on the order in which TLC comes across states
        }
        int states = result.counterexample().states();
        boolean counted = expected.depth().isPresent();
        if (wantsCounts && !counted) {
            complaints.add("not counted yet: write \"expect\": {\"violates\": \"" + expected.property()
                    + "\", \"depth\": " + states + "}");
        }
        expected.depth().ifPresent(depth -> {
            if (depth != states) {
                complaints.add("a counterexample of " + states + " states, where " + depth + " are expected");
            }
        });
    }

    private static boolean isSurvivor(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Holds(), Verdict.TooSlow _ -> true;
            case Verdict.UnsafeBy _, Verdict.Unnamed _, Verdict.Deadlock(), Verdict.Failed _ -> false;
        };
    }

    private static String said(TlcJvm.Named named) {
        return named.failing().isEmpty()
                ? named.ran().result().verdict().describe()
                : "violates " + String.join(", ", named.failing());
    }
}
