package io.odradek.spec.architecture.planted.coordinator;

import io.odradek.spec.architecture.planted.engine.Log;

/** Planted: the engine. */
record KnowsTheEngine(Log log) {}
