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

    /**
     * A broker's lease is counted from when it sent the heartbeat that this answers, and ends before the controller's session, which is
     * counted from when that arrived. While leadership moves between living brokers (a preferred leader comes back, a broker leaves, a
     * reassignment ends) the earlier leader acts until it reads of it, whatever its lease.
     */
    record HeartbeatAnswered(Outcome<BrokerState> state) implements ControllerReply {}

    record ProducerIdBlock(long firstId, int count) {}

    record ProducerIdsAllocated(Outcome<ProducerIdBlock> block) implements ControllerReply {}

    /** Refused as a whole when the broker's process is over; else each with the partition as it will be. */
    record PartitionsAltered(Outcome<List<Outcome<PartitionImage>>> partitions) implements ControllerReply {}

    /** @param outcome carries the new leader */
    record Elected(ControllerRequest.TopicPartition partition, Outcome<Integer> outcome) {}

    /** Those asked for, in their order; of all partitions only those that needed it. */
    record LeadersElected(List<Elected> partitions) implements ControllerReply {}

    /** Carries the epoch it had. */
    record BrokerUnregistered(Outcome<Long> epoch) implements ControllerReply {}

    /** Each with the partition as it will be. */
    record ReassignmentsAltered(List<Outcome<PartitionImage>> partitions) implements ControllerReply {}

    /** Refused as a whole when the broker's process is over; else each with the partition as it was. */
    record DirectoriesAssigned(Outcome<List<Outcome<PartitionImage>>> partitions) implements ControllerReply {}

    /** Carries the names of the features that were asked for. */
    record FeaturesUpdated(Outcome<List<String>> features) implements ControllerReply {}

    record QuotasAltered(List<Outcome<QuotaEntity>> entities) implements ControllerReply {}
}
