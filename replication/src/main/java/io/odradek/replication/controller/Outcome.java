package io.odradek.replication.controller;

/** What became of one item of a request: done, with what it brought, or refused. */
public sealed interface Outcome<T> {

    record Done<T>(T value) implements Outcome<T> {}

    /** @param message for a person; says what was given and what is allowed */
    record Refused<T>(ControllerError error, String message) implements Outcome<T> {}
}
