package io.odradek.replication.controller;

import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Answers, one kind per kind of {@link ControllerRequest}. */
public sealed interface ControllerReply {

    /** @param overrides the topic's own configuration */
    record CreatedTopic(String name, UUID id, int partitions, int replicationFactor, Map<String, String> overrides) {}

    record TopicsCreated(List<Outcome<CreatedTopic>> topics) implements ControllerReply {}

    record DeletedTopic(String name, UUID id) {}

    record TopicsDeleted(List<Outcome<DeletedTopic>> topics) implements ControllerReply {}

    /** Each carries the topic's name. */
    record PartitionsCreated(List<Outcome<String>> topics) implements ControllerReply {}

    record ConfigsAltered(List<Outcome<ConfigResource>> resources) implements ControllerReply {}

    /** Carries the broker's epoch. */
    record BrokerRegistered(Outcome<Long> epoch) implements ControllerReply {}

    record BrokerState(boolean caughtUp, boolean fenced, boolean mayShutDown) {}

    record HeartbeatAnswered(Outcome<BrokerState> state) implements ControllerReply {}

    record ProducerIdBlock(long firstId, int count) {}

    record ProducerIdsAllocated(Outcome<ProducerIdBlock> block) implements ControllerReply {}
}
