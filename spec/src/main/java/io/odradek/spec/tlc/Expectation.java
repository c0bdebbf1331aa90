package io.odradek.spec.tlc;

import java.util.OptionalInt;
import java.util.OptionalLong;

/** What has to come of a check. */
sealed interface Expectation {
    /** Everything holds, in so many states. */
    record Holds(OptionalLong distinct, OptionalInt depth) implements Expectation {}

    /** @param depth how many states the counterexample has */
    record Violates(String property, OptionalInt depth) implements Expectation {}

    /** It holds; nobody counted the states. */
    static Expectation holds() {
        return new Holds(OptionalLong.empty(), OptionalInt.empty());
    }

    static Expectation violates(String property) {
        return new Violates(property, OptionalInt.empty());
    }
}
