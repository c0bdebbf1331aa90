package io.odradek.broker.partition;

import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/** Hints from the newest {@link ClusterImage}. */
public final class ImageHints implements LeaderHints {
    private final Supplier<ClusterImage> newest;

    /** @param newest answers at once, on any thread */
    public ImageHints(Supplier<ClusterImage> newest) {
        this.newest = newest;
    }

    @Override
    public @Nullable Leader leaderOf(Uuid topicId, int partition, String listener) {
        ClusterImage image = newest.get();
        return leader(image, image.topic(uuid(topicId)), partition, listener);
    }

    @Override
    public @Nullable Leader leaderOf(String topic, int partition, String listener) {
        ClusterImage image = newest.get();
        return leader(image, image.topic(topic), partition, listener);
    }

    @Override
    public List<InSync> inSync(Uuid topicId, int partition, String listener) {
        ClusterImage image = newest.get();
        return inSync(image, image.topic(uuid(topicId)), partition, listener);
    }

    @Override
    public List<InSync> inSync(String topic, int partition, String listener) {
        ClusterImage image = newest.get();
        return inSync(image, image.topic(topic), partition, listener);
    }

    private static List<InSync> inSync(ClusterImage image, @Nullable TopicImage topic, int partition, String listener) {
        if (topic == null || partition < 0 || partition >= topic.partitions().size()) {
            return List.of();
        }
        List<InSync> found = new ArrayList<>();
        for (int id : topic.partitions().get(partition).inSyncReplicas()) {
            BrokerImage broker = image.broker(id);
            if (broker != null && broker.isActive() && broker.endpoint(listener) != null) {
                found.add(new InSync(id, broker.rack()));
            }
        }
        return found;
    }

    @Override
    public @Nullable Uuid topicId(String topic) {
        TopicImage found = newest.get().topic(topic);
        return found == null ? null : Partitions.kafkaId(found.id());
    }

    @Override
    public @Nullable String topicName(Uuid topicId) {
        TopicImage found = newest.get().topic(uuid(topicId));
        return found == null ? null : found.name();
    }

    private static @Nullable Leader leader(
            ClusterImage image, @Nullable TopicImage topic, int partition, String listener) {
        if (topic == null || partition < 0 || partition >= topic.partitions().size()) {
            return null;
        }
        PartitionImage known = topic.partitions().get(partition);
        BrokerImage broker = image.broker(known.leader());
        Endpoint endpoint = broker == null ? null : broker.endpoint(listener);
        return new Leader(
                known.leader(),
                known.leaderEpoch(),
                endpoint == null ? null : endpoint.host(),
                endpoint == null ? -1 : endpoint.port(),
                broker == null ? null : broker.rack());
    }

    private static UUID uuid(Uuid id) {
        return new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }
}
