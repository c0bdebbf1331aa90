package io.odradek.spec.architecture.planted.broker;

import io.odradek.spec.architecture.planted.spec.Model;

/** Planted: the tests. */
record KnowsTheSpec(Model model) {}
