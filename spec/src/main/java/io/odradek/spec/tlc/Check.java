package io.odradek.spec.tlc;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What TLC is asked. It is asked by way of a module of its own, {@link #MODULE}, which extends the one that is checked.
 *
 * @param module several, with commas between them, where none extends the others
 * @param constants by name, as a TLC configuration has them
 * @param definitions constants by name that are TLA+ expressions
 * @param variables that are declared besides
 * @param operators that are defined besides, by name
 * @param bugs the flags of {@code Bugs}; empty where the module has no such constant
 * @param symmetry constants that are sets of model values, each of which is permuted
 * @param reached state predicates that some state must satisfy
 */
@RecordBuilder
record Check(
        String module,
        Map<String, String> constants,
        Map<String, String> definitions,
        List<String> variables,
        Map<String, String> operators,
        Optional<List<String>> bugs,
        Behaviour behaviour,
        List<String> invariants,
        List<String> properties,
        List<String> symmetry,
        Optional<String> view,
        List<String> constraints,
        List<String> actionConstraints,
        boolean checkDeadlock,
        List<String> reached,
        Resources resources)
        implements CheckBuilder.With {

    /** The module that is generated around the one that is checked. */
    static final String MODULE = "Checked";

    /** A variable of it: the action that was taken last. */
    static final String SAID = "CheckedSaid";

    static final int LIMIT_SECONDS = 60;
    private static final int HEAP_MB = 1024;

    private static final String WATCH = "CheckedWatch";
    private static final String SYMMETRY = "CheckedSymmetry";
    private static final String DEFINED = "Checked_";

    /** All behaviours of the module's {@code Spec}, of which nothing is asked yet. */
    static Check of(String module) {
        return new Check(
                module,
                Map.of(),
                Map.of(),
                List.of(),
                Map.of(),
                Optional.empty(),
                new Behaviour.Formula("Spec"),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                false,
                List.of(),
                new Resources(LIMIT_SECONDS, HEAP_MB, 1));
    }

    /** Where behaviours come from. */
    sealed interface Behaviour {
        /** What a step may be; by convention where a formula says it. */
        String next();

        record Formula(String spec) implements Behaviour {
            @Override
            public String next() {
                return "Next";
            }
        }

        record InitNext(String init, String next) implements Behaviour {}
    }

    /** @param limitSeconds of processor time; over it, it is ended */
    record Resources(int limitSeconds, int heapMb, int workers) {}

    /** Whether both walk through the same states, whatever is looked at on the way. */
    boolean hasStatesOf(Check other) {
        return asksNothing().equals(other.asksNothing());
    }

    private Check asksNothing() {
        return with(it -> it.invariants(List.of())
                .properties(List.of())
                .reached(List.of())
                .checkDeadlock(false)
                .resources(new Resources(0, 0, 0)));
    }

    String configuration() {
        StringBuilder text = new StringBuilder();
        switch (behaviour) {
            case Behaviour.Formula(String spec) -> line(text, "SPECIFICATION " + spec);
            case Behaviour.InitNext(String init, String next) -> {
                line(text, "INIT " + init);
                line(text, "NEXT " + next);
            }
        }
        if (!constants.isEmpty() || !definitions.isEmpty() || bugs.isPresent()) {
            line(text, "CONSTANTS");
        }
        constants.forEach((name, value) -> line(text, "  " + name + " = " + value));
        definitions.keySet().forEach(name -> line(text, "  " + name + " <- " + DEFINED + name));
        bugs.ifPresent(flags -> line(
                text, "  Bugs = " + flags.stream().map(Check::quoted).collect(Collectors.joining(", ", "{", "}"))));
        if (!reached.isEmpty()) {
            line(text, "INVARIANT " + WATCH);
        }
        invariants.forEach(name -> line(text, "INVARIANT " + name));
        properties.forEach(name -> line(text, "PROPERTY " + name));
        if (!symmetry.isEmpty()) {
            line(text, "SYMMETRY " + SYMMETRY);
        }
        view.ifPresent(name -> line(text, "VIEW " + name));
        constraints.forEach(name -> line(text, "CONSTRAINT " + name));
        actionConstraints.forEach(name -> line(text, "ACTION_CONSTRAINT " + name));
        line(text, "CHECK_DEADLOCK " + (checkDeadlock ? "TRUE" : "FALSE"));
        return text.toString();
    }

    /** The text of {@link #MODULE}. */
    String generatedModule() {
        StringBuilder text = new StringBuilder();
        line(text, "---- MODULE " + MODULE + " ----");
        line(text, "EXTENDS " + module + ", TLC, Witness");
        variables.forEach(name -> line(text, "VARIABLE " + name));
        definitions.forEach((name, expression) -> line(text, DEFINED + name + " == " + expression));
        operators.forEach((name, expression) -> line(text, name + " == " + expression));
        if (!symmetry.isEmpty()) {
            line(
                    text,
                    SYMMETRY + " == "
                            + symmetry.stream()
                                    .map(set -> "Permutations(" + set + ")")
                                    .collect(Collectors.joining(" \\cup ")));
        }
        if (!reached.isEmpty()) {
            line(text, WATCH + " ==");
        }
        // A predicate that was true once is not evaluated again.
        reached.forEach(name -> line(
                text, "  /\\ WitnessHas(" + quoted(name) + ") \\/ (" + name + " => WitnessAdd(" + quoted(name) + "))"));
        line(text, "====");
        return text.toString();
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }

    private static void line(StringBuilder text, String line) {
        text.append(line).append('\n');
    }
}
