package io.odradek.spec.architecture.planted.broker;

import org.apache.kafka.common.protocol.Errors;

/** Keeps the rules: the clients' jar. */
record UsesTheClients(Errors error) {}
