package io.odradek.spec.protocol;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Steps as they are found. An action gives the states that it may lead to, none when it may not be taken. */
final class Steps<S> {
    private final List<Step<S>> steps = new ArrayList<>();

    void add(Action action, Collection<S> next) {
        for (S state : next) {
            steps.add(new Step<>(action, state));
        }
    }

    List<Step<S>> all() {
        return steps;
    }
}
