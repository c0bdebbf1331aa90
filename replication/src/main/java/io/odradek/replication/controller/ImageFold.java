package io.odradek.replication.controller;

import io.odradek.replication.controller.ClusterDelta.TopicChange;
import io.odradek.replication.controller.MetadataRecord.BrokerRegistrationChange;
import io.odradek.replication.controller.MetadataRecord.ClientQuota;
import io.odradek.replication.controller.MetadataRecord.Config;
import io.odradek.replication.controller.MetadataRecord.FeatureLevel;
import io.odradek.replication.controller.MetadataRecord.FenceBroker;
import io.odradek.replication.controller.MetadataRecord.NoOp;
import io.odradek.replication.controller.MetadataRecord.Partition;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import io.odradek.replication.controller.MetadataRecord.ProducerIds;
import io.odradek.replication.controller.MetadataRecord.RegisterBroker;
import io.odradek.replication.controller.MetadataRecord.RemoveTopic;
import io.odradek.replication.controller.MetadataRecord.Topic;
import io.odradek.replication.controller.MetadataRecord.UnfenceBroker;
import io.odradek.replication.controller.MetadataRecord.UnregisterBroker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One batch on its way into an image. Topics, configs and features touched by the batch are copied once, at their first record,
 * however many records follow: a topic of 10,000 partitions would otherwise be copied 10,000 times.
 */
final class ImageFold {

    /** A topic while its batch lasts. */
    private static final class OpenTopic {
        final TopicImage before;
        final boolean created;
        final ArrayList<PartitionImage> partitions;

        OpenTopic(TopicImage before, boolean created) {
            this.before = before;
            this.created = created;
            this.partitions = new ArrayList<>(before.partitions());
        }

        TopicImage finish() {
            return new TopicImage(before.name(), before.id(), List.copyOf(partitions));
        }
    }

    private final ClusterImage before;
    private SortedTree<Integer, BrokerImage> brokers;
    private SortedTree<String, TopicImage> topicsByName;
    private SortedTree<UUID, TopicImage> topicsById;
    private SortedTree<ConfigResource, SortedMap<String, String>> configs;
    private SortedTree<QuotaEntity, SortedMap<String, Double>> quotas;
    private long nextProducerId;
    private long partitionCount;

    private final TreeMap<UUID, OpenTopic> openTopics = new TreeMap<>();
    private final TreeMap<ConfigResource, TreeMap<String, String>> openConfigs = new TreeMap<>();
    private @Nullable TreeMap<String, Short> openFeatures;

    private final TreeMap<UUID, TopicImage> deleted = new TreeMap<>();
    private final TreeSet<ConfigResource> changedConfigs = new TreeSet<>();
    private final TreeSet<Integer> changedBrokers = new TreeSet<>();

    ImageFold(ClusterImage before) {
        this.before = before;
        this.brokers = before.brokers();
        this.topicsByName = before.topicsByName();
        this.topicsById = before.topicsById();
        this.configs = before.configs();
        this.quotas = before.quotas();
        this.nextProducerId = before.nextProducerId();
        this.partitionCount = before.partitionCount();
    }

    void apply(MetadataRecord record) {
        switch (record) {
            case FeatureLevel feature -> setFeature(feature);
            case RegisterBroker broker -> register(broker);
            case UnregisterBroker(int id, long epoch) -> {
                registered(id, epoch, record);
                brokers = brokers.without(id);
                changedBrokers.add(id);
            }
            case BrokerRegistrationChange change ->
                changeBroker(
                        registered(change.brokerId(), change.brokerEpoch(), record),
                        change.fenced(),
                        change.inControlledShutdown(),
                        change.directories());
            case FenceBroker(int id, long epoch) -> changeBroker(registered(id, epoch, record), true, null, List.of());
            case UnfenceBroker(int id, long epoch) ->
                changeBroker(registered(id, epoch, record), false, null, List.of());
            case Topic(String name, UUID topicId) -> create(name, topicId);
            case Partition partition -> setPartition(partition);
            case PartitionChange change -> changePartition(change);
            case RemoveTopic(UUID topicId) -> remove(topicId);
            case Config config -> setConfig(config);
            case ClientQuota quota -> setQuota(quota);
            case ProducerIds ids -> nextProducerId = Math.max(nextProducerId, ids.nextProducerId());
            case NoOp() -> {}
        }
    }

    private void setFeature(FeatureLevel feature) {
        if (openFeatures == null) {
            openFeatures = new TreeMap<>(before.features());
        }
        if (feature.level() == 0) {
            openFeatures.remove(feature.name());
        } else {
            openFeatures.put(feature.name(), feature.level());
        }
    }

    private void register(RegisterBroker r) {
        brokers = brokers.with(
                r.brokerId(),
                new BrokerImage(
                        r.brokerId(),
                        r.brokerEpoch(),
                        r.incarnationId(),
                        r.endpoints(),
                        r.features(),
                        r.rack(),
                        r.fenced(),
                        r.inControlledShutdown(),
                        r.directories()));
        changedBrokers.add(r.brokerId());
    }

    private BrokerImage registered(int id, long epoch, MetadataRecord record) {
        BrokerImage broker = brokers.get(id);
        if (broker == null || broker.epoch() != epoch) {
            throw new IllegalStateException(
                    record + " needs broker " + id + " registered in epoch " + epoch + ", the image has " + broker);
        }
        return broker;
    }

    private void changeBroker(
            BrokerImage broker, @Nullable Boolean fenced, @Nullable Boolean leaving, List<UUID> directories) {
        brokers = brokers.with(
                broker.id(),
                broker.withState(
                        fenced != null ? fenced : broker.fenced(),
                        leaving != null ? leaving : broker.inControlledShutdown(),
                        directories.isEmpty() ? broker.directories() : directories));
        changedBrokers.add(broker.id());
    }

    private void create(String name, UUID topicId) {
        if (topicsByName.contains(name) || topicsById.contains(topicId)) {
            throw new IllegalStateException("topic " + name + " with id " + topicId + " exists already");
        }
        TopicImage topic = new TopicImage(name, topicId, List.of());
        topicsByName = topicsByName.with(name, topic);
        topicsById = topicsById.with(topicId, topic);
        openTopics.put(topicId, new OpenTopic(topic, true));
    }

    private OpenTopic open(UUID topicId, MetadataRecord record) {
        OpenTopic open = openTopics.get(topicId);
        if (open != null) {
            return open;
        }
        TopicImage topic = topicsById.get(topicId);
        if (topic == null) {
            throw new IllegalStateException(record + " names a topic that the log has not created");
        }
        open = new OpenTopic(topic, false);
        openTopics.put(topicId, open);
        return open;
    }

    private void setPartition(Partition record) {
        List<PartitionImage> partitions = open(record.topicId(), record).partitions;
        if (record.partition() == partitions.size()) {
            partitions.add(record.image());
            partitionCount++;
        } else if (record.partition() >= 0 && record.partition() < partitions.size()) {
            partitions.set(record.partition(), record.image());
        } else {
            throw new IllegalStateException(
                    record + " leaves a gap: the topic has " + partitions.size() + " partitions so far");
        }
    }

    private void changePartition(PartitionChange change) {
        List<PartitionImage> partitions = open(change.topicId(), change).partitions;
        if (change.partition() < 0 || change.partition() >= partitions.size()) {
            throw new IllegalStateException(change + " names a partition the topic does not have");
        }
        partitions.set(change.partition(), partitions.get(change.partition()).changedBy(change));
    }

    private void remove(UUID topicId) {
        OpenTopic open = openTopics.remove(topicId);
        TopicImage topic = open != null ? open.before : topicsById.get(topicId);
        if (topic == null) {
            throw new IllegalStateException("removal of topic " + topicId + ", which the log has not created");
        }
        partitionCount -=
                open != null ? open.partitions.size() : topic.partitions().size();
        topicsByName = topicsByName.without(topic.name());
        topicsById = topicsById.without(topicId);
        if (open == null || !open.created) {
            deleted.put(topicId, topic);
        }
        ConfigResource resource = ConfigResource.topic(topic.name());
        if (openConfigs.remove(resource) != null || configs.contains(resource)) {
            configs = configs.without(resource);
            changedConfigs.add(resource);
        }
    }

    private void setConfig(Config config) {
        TreeMap<String, String> open = openConfigs.computeIfAbsent(config.resource(), resource -> {
            SortedMap<String, String> existing = configs.get(resource);
            return existing == null ? new TreeMap<>() : new TreeMap<>(existing);
        });
        if (config.value() == null) {
            open.remove(config.key());
        } else {
            open.put(config.key(), config.value());
        }
        changedConfigs.add(config.resource());
    }

    private void setQuota(ClientQuota quota) {
        SortedMap<String, Double> known = quotas.get(quota.entity());
        TreeMap<String, Double> values = known == null ? new TreeMap<>() : new TreeMap<>(known);
        Double value = quota.value();
        if (value == null) {
            values.remove(quota.key());
        } else {
            values.put(quota.key(), value);
        }
        quotas = values.isEmpty()
                ? quotas.without(quota.entity())
                : quotas.with(quota.entity(), Collections.unmodifiableSortedMap(values));
    }

    ClusterImage.Step finish(long baseOffset, int count) {
        if (baseOffset <= before.lastOffset()) {
            throw new IllegalStateException(
                    "batch at offset " + baseOffset + " after the image of offset " + before.lastOffset());
        }
        List<TopicImage> created = new ArrayList<>();
        List<TopicChange> changed = new ArrayList<>();
        for (OpenTopic open : openTopics.values()) {
            TopicImage after = open.finish();
            topicsByName = topicsByName.with(after.name(), after);
            topicsById = topicsById.with(after.id(), after);
            if (open.created) {
                created.add(after);
            } else {
                changed.add(new TopicChange(open.before, after));
            }
        }
        for (Map.Entry<ConfigResource, TreeMap<String, String>> open : openConfigs.entrySet()) {
            configs = open.getValue().isEmpty()
                    ? configs.without(open.getKey())
                    : configs.with(open.getKey(), Collections.unmodifiableSortedMap(open.getValue()));
        }
        ClusterImage after = new ClusterImage(
                before.clusterId(),
                brokers,
                topicsByName,
                topicsById,
                configs,
                quotas,
                openFeatures == null ? before.features() : Collections.unmodifiableSortedMap(openFeatures),
                nextProducerId,
                baseOffset + count - 1,
                partitionCount);
        ClusterDelta delta = new ClusterDelta(
                List.copyOf(created),
                List.copyOf(deleted.values()),
                List.copyOf(changed),
                Collections.unmodifiableSet(changedConfigs),
                Collections.unmodifiableSet(changedBrokers));
        return new ClusterImage.Step(before, after, delta);
    }
}
