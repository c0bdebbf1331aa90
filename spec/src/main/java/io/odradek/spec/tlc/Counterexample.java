package io.odradek.spec.tlc;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * How TLC came to where a property fails.
 *
 * @param backTo for liveness: the state with which it begins anew; as much as the last one, when nothing happens any more
 */
record Counterexample(List<Step> steps, OptionalInt backTo) {
    static final Counterexample NONE = new Counterexample(List.of(), OptionalInt.empty());

    /** In place of an action's name, where TLC does not say it. */
    static final String UNKNOWN = "";

    private static final String INITIAL = "Initial predicate";

    /** @param action its name; where that is unknown, its place */
    record Step(String action, Map<String, TlaValue> state) {}

    int states() {
        return steps.size();
    }

    private static String shown(Step step) {
        return step.action().equals(INITIAL) ? "(initial)" : step.action();
    }

    /** The first state as a whole, then what each action changed. */
    String table() {
        StringBuilder table = new StringBuilder();
        int widest = steps.stream().mapToInt(step -> shown(step).length()).max().orElse(0);
        Map<String, TlaValue> before = new LinkedHashMap<>();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            List<Change> changes = Change.between(before, step.state());
            int part = changes.stream()
                    .mapToInt(change -> change.part().length())
                    .max()
                    .orElse(0);
            String margin = String.format("%4d  %-" + Math.max(widest, 1) + "s", i + 1, shown(step));
            if (changes.isEmpty()) {
                table.append(margin).append("  nothing changed\n");
            }
            for (Change change : changes) {
                String row = String.format("%s  %-" + part + "s  %s", margin, change.part(), change.what());
                table.append(row.stripTrailing()).append('\n');
                margin = " ".repeat(margin.length());
            }
            before = step.state();
        }
        backTo.ifPresent(state -> table.append(
                state == steps.size()
                        ? "      nothing happens any more\n"
                        : "      and again from state " + state + "\n"));
        return table.toString();
    }
}
