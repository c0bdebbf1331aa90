package io.odradek.spec.tlc;

import io.odradek.spec.protocol.StateGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The state graph that TLC found beside the one that a reference model has. Equal are two whose initial states, states and steps are: a
 * step is from, to, and its action with those of the parameters that TLC knows.
 */
final class GraphComparison {
    private static final int SHOWN = 12;

    private final List<String> variables;
    /** Of both, numbered together: by the texts of their variables. */
    private final Map<List<String>, Integer> numbers = new LinkedHashMap<>();

    private final Side tlc = new Side();
    private final Side java = new Side();

    /** One of the two graphs. */
    private static final class Side {
        final Set<Integer> states = new LinkedHashSet<>();
        final Set<Integer> initial = new LinkedHashSet<>();
        final Map<Integer, Set<Step>> steps = new HashMap<>();

        Set<Step> from(int state) {
            return steps.getOrDefault(state, Set.of());
        }
    }

    private record Step(String action, int to) {}

    private GraphComparison(List<String> variables) {
        this.variables = variables;
    }

    /** @return nothing when they are equal; else what is different, to be read */
    static <S> String differences(TlcGraph tlc, StateGraph<S> java, InTla<S> inTla) {
        GraphComparison comparison = new GraphComparison(tlc.variables());
        comparison.take(java, inTla, namesWithParameters(tlc));
        comparison.take(tlc);
        return comparison.differences();
    }

    /** TLC knows the parameters of an action when they are of constant sets. */
    private static Set<String> namesWithParameters(TlcGraph tlc) {
        return tlc.steps().stream()
                .filter(TlcGraph.Step::hasParameters)
                .map(TlcGraph.Step::name)
                .collect(Collectors.toSet());
    }

    private <S> void take(StateGraph<S> graph, InTla<S> inTla, Set<String> namesWithParameters) {
        List<Integer> numbered = new ArrayList<>();
        Variables<S> written = inTla.variables();
        for (S state : graph.states()) {
            Map<String, String> texts = written.of(state);
            if (!texts.keySet().equals(Set.copyOf(variables))) {
                throw new IllegalArgumentException("variables " + variables + ", in Java " + texts.keySet());
            }
            int number = number(variables.stream().map(texts::get).toList());
            if (!java.states.add(number)) {
                throw new IllegalArgumentException("two states of Java are one in TLA+: " + state);
            }
            numbered.add(number);
        }
        java.initial.addAll(numbered.subList(0, graph.initialStates()));
        for (int from = 0; from < numbered.size(); from++) {
            Set<Step> steps = new HashSet<>();
            for (StateGraph.Edge edge : graph.from(from)) {
                String name = edge.action().name();
                steps.add(new Step(
                        namesWithParameters.contains(name) ? inTla.text(edge.action()) : name,
                        numbered.get(edge.to())));
            }
            java.steps.put(numbered.get(from), steps);
        }
    }

    private void take(TlcGraph graph) {
        List<Integer> numbered = new ArrayList<>();
        for (List<String> state : graph.states()) {
            numbered.add(number(state));
        }
        tlc.states.addAll(numbered);
        graph.initial().forEach(state -> tlc.initial.add(numbered.get(state)));
        for (TlcGraph.Step step : graph.steps()) {
            tlc.steps
                    .computeIfAbsent(numbered.get(step.from()), _ -> new HashSet<>())
                    .add(new Step(step.action(), numbered.get(step.to())));
        }
    }

    private int number(List<String> state) {
        return numbers.computeIfAbsent(state, _ -> numbers.size());
    }

    private String differences() {
        List<List<String>> states = List.copyOf(numbers.keySet());
        StringBuilder text = new StringBuilder();
        describe(text, "initial only in TLC", without(tlc.initial, java.initial), states);
        describe(text, "initial only in Java", without(java.initial, tlc.initial), states);
        List<Integer> differing = java.states.stream()
                .filter(tlc.states::contains)
                .filter(state -> !tlc.from(state).equals(java.from(state)))
                .toList();
        if (!differing.isEmpty()) {
            int first = differing.getFirst();
            text.append(differing.size()).append(" states have other steps. The first:\n");
            text.append(table(states.get(first)));
            steps(text, "steps only in TLC", first, without(tlc.from(first), java.from(first)), states);
            steps(text, "steps only in Java", first, without(java.from(first), tlc.from(first)), states);
        }
        int onlyInTlc = without(tlc.states, java.states).size();
        int onlyInJava = without(java.states, tlc.states).size();
        if (text.isEmpty() && onlyInTlc + onlyInJava == 0) {
            return "";
        }
        return text.append(String.format(
                        "states: %d in TLC, %d in Java; %d only in TLC, %d only in Java%n"
                                + "actions whose steps differ: %s%n",
                        tlc.states.size(), java.states.size(), onlyInTlc, onlyInJava, actions(differing)))
                .toString();
    }

    private Set<String> actions(List<Integer> differing) {
        Set<String> actions = new TreeSet<>();
        for (int state : differing) {
            without(tlc.from(state), java.from(state)).forEach(step -> actions.add(step.action()));
            without(java.from(state), tlc.from(state)).forEach(step -> actions.add(step.action()));
        }
        return actions;
    }

    private void describe(StringBuilder text, String what, Set<Integer> some, List<List<String>> states) {
        if (!some.isEmpty()) {
            text.append(some.size()).append(" states are ").append(what).append(". The first:\n");
            text.append(table(states.get(some.iterator().next())));
        }
    }

    private void steps(StringBuilder text, String what, int from, Set<Step> steps, List<List<String>> states) {
        if (steps.isEmpty()) {
            return;
        }
        text.append(what).append(", which change\n");
        steps.stream().limit(SHOWN).forEach(step -> {
            text.append("  ").append(step.action()).append('\n');
            List<Change> changes = Change.between(values(states.get(from)), values(states.get(step.to())));
            changes.forEach(change -> text.append(String.format("      %-24s %s%n", change.part(), change.what())));
            if (changes.isEmpty()) {
                text.append("      nothing\n");
            }
        });
        if (steps.size() > SHOWN) {
            text.append("  and ").append(steps.size() - SHOWN).append(" more\n");
        }
    }

    private String table(List<String> state) {
        StringBuilder table = new StringBuilder();
        for (int i = 0; i < variables.size(); i++) {
            table.append(String.format("  %-16s %s%n", variables.get(i), state.get(i)));
        }
        return table.toString();
    }

    private Map<String, TlaValue> values(List<String> state) {
        Map<String, TlaValue> values = new LinkedHashMap<>();
        for (int i = 0; i < variables.size(); i++) {
            values.put(variables.get(i), TlaValue.parse(state.get(i)));
        }
        return values;
    }

    private static <T> Set<T> without(Set<T> all, Set<T> some) {
        Set<T> rest = new LinkedHashSet<>(all);
        rest.removeAll(some);
        return rest;
    }
}
