package io.odradek.spec.architecture.planted.broker;

/** Keeps the rules. */
public record Address(String host, int port) {}
