package io.odradek.spec.protocol;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What happens, as the module calls it.
 *
 * @param parameters of the module's definition, in its order; what an action chooses for itself is not among them
 */
public record Action(String name, List<Object> parameters) {

    static Action of(String name, Object... parameters) {
        return new Action(name, List.of(parameters));
    }

    /** As in {@code Fence(1)}. */
    @Override
    public String toString() {
        return parameters.isEmpty()
                ? name
                : name + parameters.stream().map(Object::toString).collect(Collectors.joining(", ", "(", ")"));
    }
}
