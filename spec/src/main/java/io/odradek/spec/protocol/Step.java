package io.odradek.spec.protocol;

/** An action that may be taken, and one state that it may lead to. */
public record Step<S>(Action action, S next) {}
