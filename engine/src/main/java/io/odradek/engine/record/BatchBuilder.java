package io.odradek.engine.record;

/** Builds batches for the topics the broker itself writes. */
public final class BatchBuilder {}
