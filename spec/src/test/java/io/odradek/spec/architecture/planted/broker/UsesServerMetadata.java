package io.odradek.spec.architecture.planted.broker;

import org.apache.kafka.common.metadata.TopicRecord;

/** Planted: Kafka's server, in a package that looks like the clients'. */
record UsesServerMetadata(TopicRecord topic) {}
