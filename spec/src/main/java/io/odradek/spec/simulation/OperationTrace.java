package io.odradek.spec.simulation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The last operations on a store, as text when asked; forgets the oldest at its bound. Guarded by its store. */
final class OperationTrace {
    private static final int CAPACITY = 512;

    private record Operation(long number, String what, Path path, String detail, long first, long second) {
        @Override
        public String toString() {
            return "#" + number + " " + what + " " + path + String.format(detail, first, second);
        }
    }

    private final Operation[] ring = new Operation[CAPACITY];
    private long recorded;

    /** @param detail a format of two numbers, made text only when somebody looks */
    void record(long number, String what, Path path, String detail, long first, long second) {
        ring[(int) (recorded++ % CAPACITY)] = new Operation(number, what, path, detail, first, second);
    }

    /** Oldest first. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (long i = Math.max(0, recorded - CAPACITY); i < recorded; i++) {
            lines.add(ring[(int) (i % CAPACITY)].toString());
        }
        return lines;
    }
}
