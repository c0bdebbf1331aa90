package io.odradek.spec.architecture.planted.replication;

/** Planted: a clock. */
final class ReadsTheTime {
    static long now() {
        return System.nanoTime();
    }

    private ReadsTheTime() {}
}
