package io.odradek.spec.architecture.planted.replication;

import java.time.InstantSource;

/** Planted: a clock. */
record HoldsAClock(InstantSource clock) {}
