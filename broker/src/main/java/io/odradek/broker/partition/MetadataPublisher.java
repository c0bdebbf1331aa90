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
import org.jspecify.annotations.Nullable;

/**
 * Makes the partitions on this broker what the cluster image says. Called by one thread, image after image; it may block on
 * the disk and on a full ring, so that thread is neither a network loop nor a shard's.
 */
public final class MetadataPublisher {
    private final int brokerId;
    private final Partitions partitions;
    private final BiFunction<ClusterImage, String, LogConfig> configs;
    /** Null once the first change is followed. */
    private @Nullable ClusterImage recovered;

    /**
     * @param configs a topic's configuration in an image
     * @param recovered by which logs were opened: what was deleted between it and the first change has logs, and nobody hosts them
     */
    public MetadataPublisher(
            int brokerId,
            Partitions partitions,
            BiFunction<ClusterImage, String, LogConfig> configs,
            ClusterImage recovered) {
        this.recovered = recovered;
        this.brokerId = brokerId;
        this.partitions = partitions;
        this.configs = configs;
    }

    /**
     * Begins with the image that the metadata log holds after a start.
     *
     * @return done when every replica that can be had leads, follows or stands by
     */
    public CompletableFuture<Void> start(ClusterImage image) {
        partitions.throttles().start(image);
        List<Partitions.Replica> replicas = new ArrayList<>();
        for (var entry : image.topicsById()) {
            follow(image, null, entry.getValue(), replicas, new ArrayList<>());
        }
        return partitions.followAll(replicas);
    }

    /**
     * The first half of following a change: what goes. To be waited for before {@link #apply}: a topic that comes in the same step, as many do when a snapshot was
     * taken over, may have the name of one that goes, and then needs the names of its directories.
     *
     * @return done when files of deleted topics are out of the way
     */
    public CompletableFuture<Void> delete(ClusterImage.Step step) {
        List<CompletableFuture<?>> done = new ArrayList<>();
        ClusterImage opened = recovered;
        if (opened != null) {
            recovered = null;
            for (var topic : opened.topicsById()) {
                if (step.after().topic(topic.getKey()) == null) {
                    done.add(partitions.deleteUnhosted(topic.getKey()));
                }
            }
        }
        for (TopicImage deleted : step.delta().deletedTopics()) {
            done.add(partitions.delete(Partitions.kafkaId(deleted.id())));
        }
        return Partitions.allOf(done);
    }

    /**
     * The second half: what comes, and what has changed.
     *
     * @return done when reigns have begun, and replicas that were taken away are gone
     */
    public CompletableFuture<Void> apply(ClusterImage.Step step) {
        ClusterDelta delta = step.delta();
        if (partitions.throttles().apply(step.after(), delta)) {
            partitions.throttlesChanged();
        }
        List<CompletableFuture<?>> done = new ArrayList<>();
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
        List<Partitions.Replica> replicas = new ArrayList<>();
        for (TopicImage created : delta.createdTopics()) {
            follow(step.after(), null, created, replicas, done);
        }
        for (ClusterDelta.TopicChange change : delta.changedTopics()) {
            follow(step.after(), change.before(), change.after(), replicas, done);
        }
        done.add(partitions.followAll(replicas));
        return Partitions.allOf(done);
    }

    private void reconfigure(ClusterImage image, String name) {
        TopicImage topic = image.topic(name);
        if (topic != null) {
            partitions.reconfigure(Partitions.kafkaId(topic.id()), configs.apply(image, name));
        }
    }

    /** Gathers what changed of this broker's replicas, so that many logs are opened together; those that were taken away go. */
    private void follow(
            ClusterImage image,
            @Nullable TopicImage before,
            TopicImage topic,
            List<Partitions.Replica> replicas,
            List<CompletableFuture<?>> done) {
        @Nullable LogConfig config = null;
        for (int p = 0; p < topic.partitions().size(); p++) {
            PartitionImage now = topic.partitions().get(p);
            PartitionImage old = before != null && p < before.partitions().size()
                    ? before.partitions().get(p)
                    : null;
            if (!now.replicas().contains(brokerId)) {
                if (old != null && old.replicas().contains(brokerId)) {
                    done.add(partitions.deleteReplica(Partitions.kafkaId(topic.id()), p));
                }
                continue;
            }
            if (old != null && old.partitionEpoch() == now.partitionEpoch()) {
                continue;
            }
            config = config == null ? configs.apply(image, topic.name()) : config;
            replicas.add(new Partitions.Replica(new TopicPartition(topic.name(), topic.id(), p), config, now));
        }
    }
}
