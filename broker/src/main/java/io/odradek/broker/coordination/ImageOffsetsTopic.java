package io.odradek.broker.coordination;

import io.odradek.broker.metadata.TopicCreation;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.TopicImage;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code __consumer_offsets} as the newest cluster image has it. Any thread. */
public final class ImageOffsetsTopic implements OffsetsTopic, TopicLookup {
    private static final Logger LOG = LoggerFactory.getLogger(ImageOffsetsTopic.class);

    private final Supplier<ClusterImage> image;
    private final TopicCreation creation;
    private final int partitionsWhenCreated;
    private final AtomicBoolean creating = new AtomicBoolean();

    public ImageOffsetsTopic(Supplier<ClusterImage> image, TopicCreation creation, int partitionsWhenCreated) {
        this.image = image;
        this.creation = creation;
        this.partitionsWhenCreated = partitionsWhenCreated;
    }

    /** A topic that exists keeps its number whatever this broker's configuration says: groups must find their partition. */
    @Override
    public int partitions() {
        TopicImage topic = image.get().topic(TopicCreation.OFFSETS_TOPIC);
        return topic == null ? partitionsWhenCreated : topic.partitions().size();
    }

    @Override
    public boolean exists() {
        return image.get().topic(TopicCreation.OFFSETS_TOPIC) != null;
    }

    @Override
    public void ensureCreated() {
        if (exists() || !creating.compareAndSet(false, true)) {
            return;
        }
        creation.ensure(List.of(TopicCreation.OFFSETS_TOPIC), refused -> {
            creating.set(false);
            refused.forEach((topic, refusal) -> LOG.warn("{} can't be created: {}", topic, refusal.message()));
        });
    }

    @Override
    public Predicate<String> topicsNow() {
        ClusterImage now = image.get();
        return topic -> now.topic(topic) != null;
    }

    @Override
    public OffsetsTopic.@Nullable Endpoint leader(int partition, String listener) {
        ClusterImage now = image.get();
        TopicImage topic = now.topic(TopicCreation.OFFSETS_TOPIC);
        if (topic == null || partition >= topic.partitions().size()) {
            return null;
        }
        int leader = topic.partitions().get(partition).leader();
        BrokerImage broker = now.isActive(leader) ? now.broker(leader) : null;
        io.odradek.replication.Endpoint endpoint = broker == null ? null : broker.endpoint(listener);
        return endpoint == null ? null : new OffsetsTopic.Endpoint(leader, endpoint.host(), endpoint.port());
    }

    @Override
    public boolean exists(String topic, int partition) {
        TopicImage found = image.get().topic(topic);
        return found != null && partition >= 0 && partition < found.partitions().size();
    }
}
