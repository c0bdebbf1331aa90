package io.odradek.engine;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Slices, and how what they lie in is given up. */
record Slices(List<Slice> slices, int sizeBytes, Runnable release, AtomicBoolean closed) implements FetchedSlices {
    static final FetchedSlices EMPTY = new Slices(List.of(), 0, () -> {});

    Slices(List<Slice> slices, int sizeBytes, Runnable release) {
        this(slices, sizeBytes, release, new AtomicBoolean());
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            release.run();
        }
    }
}
