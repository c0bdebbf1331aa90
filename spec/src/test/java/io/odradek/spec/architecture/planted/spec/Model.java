package io.odradek.spec.architecture.planted.spec;

/** Keeps the rules. */
public record Model(String name) {}
