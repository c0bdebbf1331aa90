package io.odradek.spec.protocol;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A set that nobody changes, with the operators of TLA+.
 *
 * @param elements in the order in which they came, which makes no difference to what is equal
 */
public record FiniteSet<T>(Set<T> elements) {

    static <T> FiniteSet<T> empty() {
        return new FiniteSet<>(Set.of());
    }

    static <T> FiniteSet<T> single(T element) {
        return new FiniteSet<>(Set.of(element));
    }

    public static <T> FiniteSet<T> of(Collection<T> elements) {
        return new FiniteSet<>(Collections.unmodifiableSet(new LinkedHashSet<>(elements)));
    }

    public boolean has(T element) {
        return elements.contains(element);
    }

    public int size() {
        return elements.size();
    }

    public boolean isEmpty() {
        return elements.isEmpty();
    }

    public Stream<T> stream() {
        return elements.stream();
    }

    FiniteSet<T> with(T element) {
        return has(element) ? this : and(single(element));
    }

    FiniteSet<T> without(T element) {
        return has(element) ? minus(single(element)) : this;
    }

    FiniteSet<T> and(FiniteSet<T> others) {
        Set<T> both = new LinkedHashSet<>(elements);
        both.addAll(others.elements);
        return of(both);
    }

    FiniteSet<T> minus(FiniteSet<T> others) {
        return where(element -> !others.has(element));
    }

    FiniteSet<T> where(Predicate<T> holds) {
        return of(elements.stream().filter(holds).toList());
    }

    boolean meets(FiniteSet<T> others) {
        return elements.stream().anyMatch(others::has);
    }
}
