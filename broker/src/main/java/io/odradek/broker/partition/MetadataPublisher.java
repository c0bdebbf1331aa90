package io.odradek.broker.partition;

import io.odradek.engine.LogConfig;
import io.odradek.engine.TopicPartition;
import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the partitions on this broker what the cluster image says. Called by one thread, image after image; it may block on
 * the disk and on a full ring, so that thread is neither a network loop nor a shard's.
 */
public final class MetadataPublisher {
    private static final Logger LOG = LoggerFactory.getLogger(MetadataPublisher.class);

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
        List<CompletableFuture<?>> begun = new ArrayList<>();
        for (var entry : image.topicsById()) {
            lead(image, null, entry.getValue(), begun);
        }
        return allOf(begun);
    }

    /**
     * Follows one change.
     *
     * @return done when reigns have begun and files of deleted topics are out of the way
     */
    public CompletableFuture<Void> apply(ClusterImage.Step step) {
        ClusterDelta delta = step.delta();
        List<CompletableFuture<?>> begun = new ArrayList<>();
        for (TopicImage deleted : delta.deletedTopics()) {
            begun.add(partitions.delete(Partitions.kafkaId(deleted.id())));
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
        for (TopicImage created : delta.createdTopics()) {
            lead(step.after(), null, created, begun);
        }
        for (ClusterDelta.TopicChange change : delta.changedTopics()) {
            lead(step.after(), change.before(), change.after(), begun);
        }
        return allOf(begun);
    }

    private void reconfigure(ClusterImage image, String name) {
        TopicImage topic = image.topic(name);
        if (topic != null) {
            partitions.reconfigure(Partitions.kafkaId(topic.id()), configs.apply(image, name));
        }
    }

    private void lead(
            ClusterImage image, @Nullable TopicImage before, TopicImage topic, List<CompletableFuture<?>> begun) {
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
            try {
                begun.add(partitions.lead(new TopicPartition(topic.name(), topic.id(), p), config, brokerId, now));
            } catch (IOException e) {
                // The directory says the rest; the other partitions go on.
                LOG.error("{}-{} can't be opened", topic.name(), p, e);
                begun.add(CompletableFuture.failedFuture(e));
            }
        }
    }

    private static CompletableFuture<Void> allOf(List<CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new));
    }
}
