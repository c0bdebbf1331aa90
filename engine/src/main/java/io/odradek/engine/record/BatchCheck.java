package io.odradek.engine.record;

/** Decides whether a producer's bytes may enter a log. */
public final class BatchCheck {
    private BatchCheck() {}
}
