package io.odradek.spec.protocol;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A value for each node: what the modules write {@code [r \in Replica |-> ...]}.
 *
 * @param values that of node 1 first
 */
public record Each<T>(List<T> values) {

    static <T> Each<T> all(int nodes, T value) {
        return new Each<>(Collections.nCopies(nodes, value));
    }

    public T of(Node node) {
        return values.get(node.number() - 1);
    }

    /** The same but for one node: {@code [... EXCEPT ![r] = ...]}. */
    Each<T> with(Node node, T value) {
        List<T> changed = new ArrayList<>(values);
        changed.set(node.number() - 1, value);
        return new Each<>(Collections.unmodifiableList(changed));
    }
}
