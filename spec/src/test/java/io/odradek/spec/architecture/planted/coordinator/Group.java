package io.odradek.spec.architecture.planted.coordinator;

/** Keeps the rules. */
public record Group(String id) {}
