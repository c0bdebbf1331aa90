package io.odradek.spec.architecture.planted.unmarked;

/** Planted: nulls nobody checks. */
record Unmarked(String name) {}
