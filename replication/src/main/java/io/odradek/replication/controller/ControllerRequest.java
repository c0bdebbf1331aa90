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
     *     have lost what was not synced, and is not eligible any more where that counts (KIP-966)
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
     *     its own registration, and whatever was decided since about a partition that it has a replica of
     * @param offlineDirectories ids of log directories that have failed, those told before included
     */
    record Heartbeat(
            int brokerId,
            long brokerEpoch,
            long metadataOffset,
            boolean wantFence,
            boolean wantShutdown,
            List<UUID> offlineDirectories)
            implements ControllerRequest<ControllerReply.HeartbeatAnswered> {

        /** Of a broker whose directories are all well. */
        public Heartbeat(int brokerId, long brokerEpoch, long metadataOffset, boolean wantFence, boolean wantShutdown) {
            this(brokerId, brokerEpoch, metadataOffset, wantFence, wantShutdown, List.of());
        }

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

    /** @param brokerEpoch of the process that has fetched; -1: not known, as in Kafka before KIP-903 */
    record ProposedMember(int brokerId, long brokerEpoch) {}

    /**
     * How a partition's leader wants its in-sync set.
     *
     * @param inSyncReplicas all of them, in any order; the set may be as it is, which makes a new partition epoch all the same
     * @param leaderRecovery whether the leader still recovers from an unclean election (KIP-704)
     */
    record ProposedInSync(
            UUID topicId,
            int partition,
            int leaderEpoch,
            int partitionEpoch,
            List<ProposedMember> inSyncReplicas,
            MetadataRecord.LeaderRecovery leaderRecovery) {}

    /** AlterPartition (KIP-497), of one broker's process for partitions that it leads. */
    record AlterPartition(int brokerId, long brokerEpoch, List<ProposedInSync> partitions)
            implements ControllerRequest<ControllerReply.PartitionsAltered> {
        @Override
        public Class<ControllerReply.PartitionsAltered> replyType() {
            return ControllerReply.PartitionsAltered.class;
        }
    }

    record TopicPartition(String topic, int partition) {}

    /**
     * @param unclean whether anybody may lead who can (KIP-460); else the preferred leader is wanted
     * @param partitions null: all that need it
     */
    record ElectLeaders(boolean unclean, @Nullable List<TopicPartition> partitions)
            implements ControllerRequest<ControllerReply.LeadersElected> {
        @Override
        public Class<ControllerReply.LeadersElected> replyType() {
            return ControllerReply.LeadersElected.class;
        }
    }

    /** A broker is gone for good. */
    record UnregisterBroker(int brokerId) implements ControllerRequest<ControllerReply.BrokerUnregistered> {
        @Override
        public Class<ControllerReply.BrokerUnregistered> replyType() {
            return ControllerReply.BrokerUnregistered.class;
        }
    }

    /** @param replicas null: the reassignment that runs is taken back */
    record Reassignment(TopicPartition partition, @Nullable List<Integer> replicas) {}

    /** AlterPartitionReassignments (KIP-455). */
    record AlterReassignments(List<Reassignment> reassignments, boolean mayChangeReplicationFactor)
            implements ControllerRequest<ControllerReply.ReassignmentsAltered> {
        @Override
        public Class<ControllerReply.ReassignmentsAltered> replyType() {
            return ControllerReply.ReassignmentsAltered.class;
        }
    }

    record DirectoryAssignment(UUID topicId, int partition, UUID directory) {}

    /** AssignReplicasToDirs (KIP-858): in which of its log directories a broker has put its replicas. */
    record AssignDirectories(int brokerId, long brokerEpoch, List<DirectoryAssignment> assignments)
            implements ControllerRequest<ControllerReply.DirectoriesAssigned> {
        @Override
        public Class<ControllerReply.DirectoriesAssigned> replyType() {
            return ControllerReply.DirectoriesAssigned.class;
        }
    }

    /** Whether a level may fall, and whether also when something is lost by it (KIP-584, KIP-778). */
    enum FeatureChange {
        UPGRADE,
        SAFE_DOWNGRADE,
        UNSAFE_DOWNGRADE
    }

    /** @param level 0: not finalised any more */
    record FeatureUpdate(String feature, short level, FeatureChange change) {}

    /** All or none. */
    record UpdateFeatures(List<FeatureUpdate> updates, boolean validateOnly)
            implements ControllerRequest<ControllerReply.FeaturesUpdated> {
        @Override
        public Class<ControllerReply.FeaturesUpdated> replyType() {
            return ControllerReply.FeaturesUpdated.class;
        }
    }

    /** @param value null: no quota of that kind any more */
    record QuotaChange(String key, @Nullable Double value) {}

    record QuotaAlteration(QuotaEntity entity, List<QuotaChange> changes) {}

    /** AlterClientQuotas (KIP-546). */
    record AlterQuotas(List<QuotaAlteration> alterations, boolean validateOnly)
            implements ControllerRequest<ControllerReply.QuotasAltered> {
        @Override
        public Class<ControllerReply.QuotasAltered> replyType() {
            return ControllerReply.QuotasAltered.class;
        }
    }
}
