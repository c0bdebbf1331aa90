package io.odradek.broker.partition;

import io.odradek.engine.LogConfig;
import io.odradek.engine.TopicPartition;
import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * Makes the partitions on this broker what the cluster image says. Called by one thread, image after image; it may block on
 * the disk and on a full ring, so that thread is neither a network loop nor a shard's.
 */
public final class MetadataPublisher {
    private final int brokerId;
    private final Partitions partitions;
    private final BiFunction<ClusterImage, String, LogConfig> configs;

    /** @param configs a topic's configuration in an image */
    public MetadataPublisher(int brokerId, Partitions partitions, BiFunction<ClusterImage, String, LogConfig> configs) {
        this.brokerId = brokerId;
        this.partitions = partitions;
        this.configs = configs;
    }

    /**
     * Begins with the image that the metadata log holds after a start.
     *
     * @return done when every partition that can be led is led
     */
    public CompletableFuture<Void> start(ClusterImage image) {
        List<Partitions.Reign> reigns = new ArrayList<>();
        for (var entry : image.topicsById()) {
            follow(image, null, entry.getValue(), reigns);
        }
        return partitions.leadAll(reigns, brokerId);
    }

    /**
     * Follows one change.
     *
     * @return done when reigns have begun and files of deleted topics are out of the way
     */
    public CompletableFuture<Void> apply(ClusterImage.Step step) {
        ClusterDelta delta = step.delta();
        List<CompletableFuture<?>> done = new ArrayList<>();
        for (TopicImage deleted : delta.deletedTopics()) {
            done.add(partitions.delete(Partitions.kafkaId(deleted.id())));
        }
        boolean allConfigs = false;
        for (ConfigResource changed : delta.changedConfigs()) {
            switch (changed.type()) {
                case TOPIC -> reconfigure(step.after(), changed.name());
                case BROKER -> allConfigs = true; // topics inherit from brokers
                case GROUP, CLIENT_METRICS -> {}
            }
        }
        if (allConfigs) {
            for (HostedTopic topic : partitions.topics()) {
                reconfigure(step.after(), topic.name());
            }
        }
        List<Partitions.Reign> reigns = new ArrayList<>();
        for (TopicImage created : delta.createdTopics()) {
            follow(step.after(), null, created, reigns);
        }
        for (ClusterDelta.TopicChange change : delta.changedTopics()) {
            follow(step.after(), change.before(), change.after(), reigns);
        }
        done.add(partitions.leadAll(reigns, brokerId));
        return Partitions.allOf(done);
    }

    private void reconfigure(ClusterImage image, String name) {
        TopicImage topic = image.topic(name);
        if (topic != null) {
            partitions.reconfigure(Partitions.kafkaId(topic.id()), configs.apply(image, name));
        }
    }

    /** Gathers what is to be led from now on, so that many logs are opened together. */
    private void follow(
            ClusterImage image, @Nullable TopicImage before, TopicImage topic, List<Partitions.Reign> reigns) {
        Uuid id = Partitions.kafkaId(topic.id());
        @Nullable LogConfig config = null;
        for (int p = 0; p < topic.partitions().size(); p++) {
            PartitionImage now = topic.partitions().get(p);
            PartitionImage old = before != null && p < before.partitions().size()
                    ? before.partitions().get(p)
                    : null;
            if (old != null && old.leader() == now.leader() && old.leaderEpoch() == now.leaderEpoch()) {
                if (now.leader() == brokerId && old.partitionEpoch() != now.partitionEpoch()) {
                    partitions.changeInSyncReplicas(id, p, now);
                }
                continue;
            }
            if (now.leader() != brokerId) {
                partitions.resign(id, p);
                continue;
            }
            config = config == null ? configs.apply(image, topic.name()) : config;
            reigns.add(new Partitions.Reign(new TopicPartition(topic.name(), topic.id(), p), config, now));
        }
    }
}
