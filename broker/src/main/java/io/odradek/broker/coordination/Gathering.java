package io.odradek.broker.coordination;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Waits for a number of parts, from any threads, then gives them on, on the thread of the last. The order is lost. */
public final class Gathering<T> {

    private final int expected;
    private final Consumer<List<T>> whole;
    private final List<T> parts = new ArrayList<>();

    /** With no parts expected the whole is given on at once. */
    public Gathering(int expected, Consumer<List<T>> whole) {
        this.expected = expected;
        this.whole = whole;
        if (expected == 0) {
            whole.accept(List.of());
        }
    }

    public void add(T part) {
        boolean last;
        synchronized (parts) {
            parts.add(part);
            last = parts.size() == expected;
        }
        if (last) {
            whole.accept(List.copyOf(parts));
        }
    }
}
