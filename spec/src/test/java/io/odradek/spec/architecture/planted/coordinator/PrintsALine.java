package io.odradek.spec.architecture.planted.coordinator;

/** Planted: a line on standard output. */
final class PrintsALine {
    static void print() {
        System.out.println("line");
    }

    private PrintsALine() {}
}
