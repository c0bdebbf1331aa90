package io.odradek.broker.quota;

/** A client's usage, which time makes undone. */
interface Forgettable {

    /** Whether it says the same as that of a client which was never seen. */
    boolean isForgettable(long nowMs);
}
