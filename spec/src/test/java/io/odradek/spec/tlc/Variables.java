package io.odradek.spec.tlc;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The variables of a module, and how their values are written. What was written once is remembered, as states have most of their values in
 * common.
 *
 * @param <S> states
 */
final class Variables<S> {
    private final Map<String, Function<S, String>> texts = new LinkedHashMap<>();

    <V> Variables<S> with(String name, Function<S, V> value, Function<V, String> text) {
        Map<V, String> written = new HashMap<>();
        texts.put(name, state -> written.computeIfAbsent(value.apply(state), text));
        return this;
    }

    /** Texts by names. */
    Map<String, String> of(S state) {
        Map<String, String> all = new LinkedHashMap<>();
        texts.forEach((name, text) -> all.put(name, text.apply(state)));
        return all;
    }
}
