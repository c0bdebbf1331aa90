package io.odradek.spec.architecture.planted.replication;

import io.odradek.spec.architecture.planted.coordinator.Group;

/** Planted: a neighbour. */
record KnowsTheCoordinator(Group group) {}
