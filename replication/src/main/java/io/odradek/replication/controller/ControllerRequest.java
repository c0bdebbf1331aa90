package io.odradek.replication.controller;

import io.odradek.replication.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What brokers and clients ask of the controller.
 *
 * @param <R> the reply it gets, in whose lists the items stand in the order of the request's
 */
public sealed interface ControllerRequest<R extends ControllerReply> {

    /** The reply's class, so that a host can hand it on without an unchecked cast. */
    Class<R> replyType();

    /** @param value null is refused as Kafka refuses it */
    record Setting(String key, @Nullable String value) {}

    /**
     * A topic to be.
     *
     * @param partitions -1: the default
     * @param replicationFactor -1: the default
     * @param assignments replicas by partition; when given, the two numbers have to be -1
     */
    record NewTopic(
            String name,
            int partitions,
            int replicationFactor,
            List<ManualAssignment> assignments,
            List<Setting> configs) {}

    record ManualAssignment(int partition, List<Integer> replicas) {}

    record CreateTopics(List<NewTopic> topics, boolean validateOnly)
            implements ControllerRequest<ControllerReply.TopicsCreated> {
        @Override
        public Class<ControllerReply.TopicsCreated> replyType() {
            return ControllerReply.TopicsCreated.class;
        }
    }

    /** A topic by either of its names. */
    sealed interface TopicKey {
        record ByName(String name) implements TopicKey {}

        record ById(UUID id) implements TopicKey {}
    }

    record DeleteTopics(List<TopicKey> topics) implements ControllerRequest<ControllerReply.TopicsDeleted> {
        @Override
        public Class<ControllerReply.TopicsDeleted> replyType() {
            return ControllerReply.TopicsDeleted.class;
        }
    }

    /**
     * More partitions for a topic.
     *
     * @param count partitions in all, afterwards
     * @param assignments replicas of each added partition; null: placed by the controller
     */
    record MorePartitions(String topic, int count, @Nullable List<List<Integer>> assignments) {}

    record CreatePartitions(List<MorePartitions> topics, boolean validateOnly)
            implements ControllerRequest<ControllerReply.PartitionsCreated> {
        @Override
        public Class<ControllerReply.PartitionsCreated> replyType() {
            return ControllerReply.PartitionsCreated.class;
        }
    }

    /** KIP-339's operations. */
    enum ConfigOperation {
        SET,
        DELETE,
        APPEND,
        SUBTRACT
    }

    record ConfigChange(
            String key, ConfigOperation operation, @Nullable String value) {}

    record ConfigAlteration(ConfigResource resource, List<ConfigChange> changes) {}

    /** IncrementalAlterConfigs: each resource changes as a whole or not at all. */
    record AlterConfigs(List<ConfigAlteration> alterations, boolean validateOnly)
            implements ControllerRequest<ControllerReply.ConfigsAltered> {
        @Override
        public Class<ControllerReply.ConfigsAltered> replyType() {
            return ControllerReply.ConfigsAltered.class;
        }
    }

    record ConfigReplacement(ConfigResource resource, List<Setting> settings) {}

    /** AlterConfigs: what is not named goes back to its default. */
    record ReplaceConfigs(List<ConfigReplacement> replacements, boolean validateOnly)
            implements ControllerRequest<ControllerReply.ConfigsAltered> {
        @Override
        public Class<ControllerReply.ConfigsAltered> replyType() {
            return ControllerReply.ConfigsAltered.class;
        }
    }

    /**
     * A broker's process introduces itself.
     *
     * @param incarnationId made up by this process; a repeated request with the same one is the same registration
     * @param previousEpoch the epoch its last process held when it stopped cleanly, -1 when it can't tell: such a broker may
     *     have lost records and leaves the in-sync sets that have another member (KIP-966)
     */
    record RegisterBroker(
            int brokerId,
            UUID incarnationId,
            List<Endpoint> endpoints,
            Map<String, VersionRange> features,
            @Nullable String rack,
            List<UUID> directories,
            long previousEpoch)
            implements ControllerRequest<ControllerReply.BrokerRegistered> {
        @Override
        public Class<ControllerReply.BrokerRegistered> replyType() {
            return ControllerReply.BrokerRegistered.class;
        }
    }

    /**
     * A sign of life.
     *
     * @param metadataOffset up to where the broker has folded the metadata log, inclusive; it is unfenced once that includes
     *     its own registration
     */
    record Heartbeat(int brokerId, long brokerEpoch, long metadataOffset, boolean wantFence, boolean wantShutdown)
            implements ControllerRequest<ControllerReply.HeartbeatAnswered> {
        @Override
        public Class<ControllerReply.HeartbeatAnswered> replyType() {
            return ControllerReply.HeartbeatAnswered.class;
        }
    }

    /** A block of producer ids for a broker to give out. */
    record AllocateProducerIds(int brokerId, long brokerEpoch)
            implements ControllerRequest<ControllerReply.ProducerIdsAllocated> {
        @Override
        public Class<ControllerReply.ProducerIdsAllocated> replyType() {
            return ControllerReply.ProducerIdsAllocated.class;
        }
    }
}
