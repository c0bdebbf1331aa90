package io.odradek.spec.architecture.planted.broker;

import org.apache.kafka.storage.internals.log.LogConfig;

/** Planted: Kafka's server. */
record UsesTheServer(LogConfig config) {}
