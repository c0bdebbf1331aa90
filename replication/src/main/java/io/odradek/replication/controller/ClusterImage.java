package io.odradek.replication.controller;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as of one offset of the metadata log. Immutable; a later image shares with this one whatever did not change, so
 * keeping both costs what changed.
 *
 * @param topicsByName and {@code topicsById}: the same topics
 * @param configs dynamic configuration; resources without any are not in it
 * @param quotas of clients; entities without any are not in it
 * @param features finalised levels, without those at 0
 * @param nextProducerId below it every producer id may be in use
 * @param lastOffset of the last record folded in, inclusive; -1 before the first
 */
public record ClusterImage(
        String clusterId,
        SortedTree<Integer, BrokerImage> brokers,
        SortedTree<String, TopicImage> topicsByName,
        SortedTree<UUID, TopicImage> topicsById,
        SortedTree<ConfigResource, SortedMap<String, String>> configs,
        SortedTree<QuotaEntity, SortedMap<String, Double>> quotas,
        SortedMap<String, Short> features,
        long nextProducerId,
        long lastOffset,
        long partitionCount) {

    /** A cluster nothing is known of. The id is no metadata: each log directory carries it ({@code meta.properties}). */
    public static ClusterImage empty(String clusterId) {
        return new ClusterImage(
                clusterId,
                SortedTree.empty(),
                SortedTree.empty(),
                SortedTree.empty(),
                SortedTree.empty(),
                SortedTree.empty(),
                Collections.emptySortedMap(),
                0,
                -1,
                0);
    }

    /** The same as of another offset, that of a snapshot or behind records that are no metadata: what lies between says nothing of the cluster. */
    public ClusterImage at(long offset) {
        return new ClusterImage(
                clusterId,
                brokers,
                topicsByName,
                topicsById,
                configs,
                quotas,
                features,
                nextProducerId,
                offset,
                partitionCount);
    }

    public @Nullable TopicImage topic(String name) {
        return topicsByName.get(name);
    }

    public @Nullable TopicImage topic(UUID id) {
        return topicsById.get(id);
    }

    public @Nullable PartitionImage partition(UUID topicId, int partition) {
        TopicImage topic = topicsById.get(topicId);
        return topic == null || partition < 0 || partition >= topic.partitions().size()
                ? null
                : topic.partitions().get(partition);
    }

    public @Nullable BrokerImage broker(int id) {
        return brokers.get(id);
    }

    /** Registered, not fenced, not leaving. */
    public boolean isActive(int brokerId) {
        BrokerImage broker = brokers.get(brokerId);
        return broker != null && broker.isActive();
    }

    /** Overrides of that resource, empty when it has none. */
    public Map<String, String> config(ConfigResource resource) {
        SortedMap<String, String> config = configs.get(resource);
        return config == null ? Map.of() : config;
    }

    /** Quotas of that entity by key, empty when it has none. */
    public Map<String, Double> quotas(QuotaEntity entity) {
        SortedMap<String, Double> values = quotas.get(entity);
        return values == null ? Map.of() : values;
    }

    /** Finalised level of a feature, 0 when it is not. */
    public short feature(String name) {
        return features.getOrDefault(name, (short) 0);
    }

    /** The image after {@code records}, which follow this image's last offset. */
    public ClusterImage apply(List<? extends MetadataRecord> records) {
        return apply(lastOffset + 1, records).after();
    }

    /**
     * Folds one batch.
     *
     * @param baseOffset of the first record; above {@link #lastOffset()}
     * @throws IllegalStateException when a record contradicts the image: the log is not ours or we are wrong
     */
    public Step apply(long baseOffset, List<? extends MetadataRecord> records) {
        ImageFold fold = new ImageFold(this);
        for (MetadataRecord record : records) {
            fold.apply(record);
        }
        return fold.finish(baseOffset, records.size());
    }

    /** Two neighbouring images and what lies between them. */
    public record Step(ClusterImage before, ClusterImage after, ClusterDelta delta) {}
}
