package io.odradek.replication.controller;

import io.odradek.replication.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One fact of the metadata log, in Kafka's vocabulary (its {@code *Record} schemas). Replaying all of them in order is the only
 * way a {@link ClusterImage} comes to be.
 */
public sealed interface MetadataRecord {

    /** A feature is finalised at {@code level}; 0 takes it back. */
    record FeatureLevel(String name, short level) implements MetadataRecord {}

    /** A broker's process introduced itself. Replaces any earlier registration of the same id. */
    record RegisterBroker(
            int brokerId,
            long brokerEpoch,
            UUID incarnationId,
            List<Endpoint> endpoints,
            Map<String, VersionRange> features,
            @Nullable String rack,
            boolean fenced,
            boolean inControlledShutdown,
            List<UUID> directories)
            implements MetadataRecord {}

    /** The broker is gone for good. */
    record UnregisterBroker(int brokerId, long brokerEpoch) implements MetadataRecord {}

    /**
     * @param fenced null: as before
     * @param inControlledShutdown null: as before
     * @param directories empty: as before
     */
    record BrokerRegistrationChange(
            int brokerId,
            long brokerEpoch,
            @Nullable Boolean fenced,
            @Nullable Boolean inControlledShutdown,
            List<UUID> directories)
            implements MetadataRecord {}

    /** The older way to say {@code fenced = true}; read, never written. */
    record FenceBroker(int brokerId, long brokerEpoch) implements MetadataRecord {}

    /** The older way to say {@code fenced = false}; read, never written. */
    record UnfenceBroker(int brokerId, long brokerEpoch) implements MetadataRecord {}

    record Topic(String name, UUID topicId) implements MetadataRecord {}

    /** Whether the leader was elected uncleanly and has not yet recovered (KIP-704). */
    enum LeaderRecovery {
        RECOVERED,
        RECOVERING
    }

    /** A partition as a whole. Its topic's partitions come in order of their number. */
    record Partition(UUID topicId, int partition, PartitionImage image) implements MetadataRecord {}

    /** What changed in a partition; null fields did not. */
    record PartitionChange(
            UUID topicId,
            int partition,
            @Nullable List<Integer> inSyncReplicas,
            int leader,
            @Nullable List<Integer> replicas,
            @Nullable List<Integer> removingReplicas,
            @Nullable List<Integer> addingReplicas,
            @Nullable LeaderRecovery leaderRecovery,
            @Nullable List<UUID> directories,
            @Nullable List<Integer> eligibleLeaderReplicas,
            @Nullable List<Integer> lastKnownEligibleLeaderReplicas)
            implements MetadataRecord {

        /** Kafka's {@code leader} for "as before, and the same reign". */
        public static final int NO_LEADER_CHANGE = -2;

        /** Begins a new reign, of {@code leader} or of nobody, over an unchanged or a new in-sync set. */
        public static PartitionChange newReign(
                UUID topicId, int partition, int leader, @Nullable List<Integer> inSyncReplicas) {
            return new PartitionChange(
                    topicId, partition, inSyncReplicas, leader, null, null, null, null, null, null, null);
        }
    }

    /** The topic, its partitions and its configs are gone. */
    record RemoveTopic(UUID topicId) implements MetadataRecord {}

    /** @param value null: back to the default */
    record Config(
            ConfigResource resource, String key, @Nullable String value) implements MetadataRecord {}

    /** @param value null: no quota of that kind any more */
    record ClientQuota(
            QuotaEntity entity, String key, @Nullable Double value) implements MetadataRecord {}

    /** A broker got the ids up to {@code nextProducerId}, exclusive. */
    record ProducerIds(int brokerId, long brokerEpoch, long nextProducerId) implements MetadataRecord {}

    /** Only moves the offset. */
    record NoOp() implements MetadataRecord {}
}
