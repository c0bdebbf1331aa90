package io.odradek.spec.architecture.planted.replication;

/** Planted: a thread. */
final class StartsAThread {
    static Thread start(Runnable work) {
        return Thread.ofVirtual().start(work);
    }

    private StartsAThread() {}
}
