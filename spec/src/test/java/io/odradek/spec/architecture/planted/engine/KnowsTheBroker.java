package io.odradek.spec.architecture.planted.engine;

import io.odradek.spec.architecture.planted.broker.Address;

/** Planted: the broker. */
record KnowsTheBroker(Address address) {}
