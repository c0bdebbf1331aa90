package io.odradek.spec.architecture.planted.broker;

/** Planted: a name without an idea. */
record OffsetManager(long offset) {}
