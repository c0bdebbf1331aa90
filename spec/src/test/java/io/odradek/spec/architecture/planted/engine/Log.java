package io.odradek.spec.architecture.planted.engine;

/** Keeps the rules. */
public record Log(String name) {}
