package io.odradek.spec.protocol;

import java.util.ArrayList;
import java.util.List;

/** What {@code tla/lib/Logs} says of sequences: the first element is at offset 0, an end is exclusive. */
final class Sequences {
    private Sequences() {}

    static <T> List<T> append(List<T> sequence, T element) {
        List<T> longer = new ArrayList<>(sequence.size() + 1);
        longer.addAll(sequence);
        longer.add(element);
        return List.copyOf(longer);
    }

    static <T> List<T> concat(List<T> first, List<T> second) {
        List<T> both = new ArrayList<>(first.size() + second.size());
        both.addAll(first);
        both.addAll(second);
        return List.copyOf(both);
    }

    /** The elements below an offset: all, if there are no more. */
    static <T> List<T> cutTo(List<T> sequence, int end) {
        return end >= sequence.size() ? sequence : List.copyOf(sequence.subList(0, end));
    }

    /** The elements from an offset on, up to another one; none when that is not behind it. */
    static <T> List<T> between(List<T> sequence, int from, int end) {
        return from >= end ? List.of() : List.copyOf(sequence.subList(from, end));
    }

    /** How far two agree. */
    static <T> int agreedEnd(List<T> one, List<T> other) {
        int end = 0;
        while (end < one.size() && end < other.size() && one.get(end).equals(other.get(end))) {
            end++;
        }
        return end;
    }
}
