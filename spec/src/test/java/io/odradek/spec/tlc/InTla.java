package io.odradek.spec.tlc;

import io.odradek.spec.protocol.Action;
import io.odradek.spec.protocol.ReferenceModel;
import io.odradek.spec.protocol.StateGraph;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A reference model as TLC is given it: within the bounds of a check, and written as {@link CanonicalText}.
 *
 * @param <S> its states
 */
interface InTla<S> {

    /** For a module that there is a reference model of. */
    static InTla<?> of(Check check) {
        return switch (check.module()) {
            case "Truncation" -> new TruncationInTla(check);
            case "Isr" -> new IsrInTla(check);
            case "Quorum" -> new QuorumInTla(check);
            default -> throw new IllegalArgumentException("no reference model of " + check.module());
        };
    }

    ReferenceModel<S> model();

    Variables<S> variables();

    /** A parameter of an action. */
    String parameter(Object parameter);

    /** What the check leaves out: by a symmetry, a view, or a constraint. */
    StateGraph.Reduction<S> reduction();

    default String text(Action action) {
        return action.parameters().isEmpty()
                ? action.name()
                : action.parameters().stream()
                        .map(this::parameter)
                        .collect(Collectors.joining(", ", action.name() + "(", ")"));
    }

    static String number(int number) {
        return Integer.toString(number);
    }

    static List<String> numbers(Collection<Integer> numbers) {
        return numbers.stream().map(InTla::number).toList();
    }

    /** All orders of these, the one that they are in among them. */
    static <T> List<List<T>> permutations(List<T> elements) {
        if (elements.isEmpty()) {
            return List.of(List.of());
        }
        List<List<T>> all = new ArrayList<>();
        for (int i = 0; i < elements.size(); i++) {
            List<T> rest = new ArrayList<>(elements);
            T first = rest.remove(i);
            for (List<T> order : permutations(rest)) {
                List<T> whole = new ArrayList<>(List.of(first));
                whole.addAll(order);
                all.add(whole);
            }
        }
        return all;
    }
}
