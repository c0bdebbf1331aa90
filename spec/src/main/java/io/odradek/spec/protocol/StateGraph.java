package io.odradek.spec.protocol;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Every state that a model can come to, and every step between them, found breadth first as TLC finds them. Confined to one thread.
 *
 * @param <S> states
 */
public final class StateGraph<S> {
    private static final int SAY_EVERY_STATES = 20_000;

    private final List<S> states = new ArrayList<>();
    private final List<List<Edge>> edges = new ArrayList<>();
    private int initial;
    private int depth;

    private StateGraph() {}

    /** @param to number of a state */
    public record Edge(Action action, int to) {}

    /** Hears how far a walk is. */
    public interface Progress {
        Progress NONE = (_, _) -> {};

        void at(int states, int waiting);
    }

    /**
     * Which of the states a walk takes.
     *
     * @param identity states of which this is equal are one, and the first of them that is found stands for them: a symmetry, or a view
     * @param within states for which this does not hold are left out, and what follows from them alone: a constraint
     */
    public record Reduction<S>(Function<S, ?> identity, Predicate<S> within) {
        public static <S> Reduction<S> none() {
            return new Reduction<>(state -> state, _ -> true);
        }
    }

    public static <S> StateGraph<S> of(ReferenceModel<S> model) {
        return of(model, Reduction.none(), Progress.NONE);
    }

    public static <S> StateGraph<S> of(ReferenceModel<S> model, Reduction<S> reduction, Progress progress) {
        StateGraph<S> graph = new StateGraph<>();
        graph.walk(model, reduction, progress);
        return graph;
    }

    private void walk(ReferenceModel<S> model, Reduction<S> reduction, Progress progress) {
        Map<Object, Integer> numbers = new HashMap<>();
        for (S state : model.initialStates()) {
            if (reduction.within().test(state)) {
                number(state, reduction, numbers);
            }
        }
        initial = states.size();
        int levelEnd = 0;
        for (int from = 0; from < states.size(); from++) {
            if (from == levelEnd) {
                levelEnd = states.size();
                depth++;
            }
            Set<Edge> found = new HashSet<>();
            List<Edge> inOrder = new ArrayList<>();
            for (Step<S> step : model.successors(states.get(from))) {
                if (reduction.within().test(step.next())) {
                    Edge edge = new Edge(step.action(), number(step.next(), reduction, numbers));
                    if (found.add(edge)) {
                        inOrder.add(edge);
                    }
                }
            }
            edges.add(inOrder);
            if (from % SAY_EVERY_STATES == SAY_EVERY_STATES - 1) {
                progress.at(states.size(), states.size() - from - 1);
            }
        }
    }

    /** @param numbers by states, and by what they are identified by */
    private int number(S state, Reduction<S> reduction, Map<Object, Integer> numbers) {
        Integer known = numbers.get(state);
        if (known == null) {
            known = numbers.computeIfAbsent(reduction.identity().apply(state), _ -> {
                states.add(state);
                return states.size() - 1;
            });
            numbers.put(state, known);
        }
        return known;
    }

    /** In the order in which they were found: those that are initial, then those one step away, and so on. */
    public List<S> states() {
        return Collections.unmodifiableList(states);
    }

    /** How many of the states are initial; they come first. */
    public int initialStates() {
        return initial;
    }

    /** The steps from a state, each once. */
    public List<Edge> from(int state) {
        return Collections.unmodifiableList(edges.get(state));
    }

    public long edgeCount() {
        return edges.stream().mapToLong(List::size).sum();
    }

    /** How many states the longest of the shortest ways has, as TLC counts the depth of a search. */
    public int depth() {
        return depth;
    }
}
