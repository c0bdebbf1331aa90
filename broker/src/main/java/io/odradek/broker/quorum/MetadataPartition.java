package io.odradek.broker.quorum;

import io.odradek.engine.TopicPartition;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/** The one partition that the quorum's messages speak of: none speaks of several, though their format could. */
public final class MetadataPartition {

    /** With Kafka's fixed id of the topic. */
    public static final TopicPartition PARTITION = new TopicPartition("__cluster_metadata", new UUID(0, 1), 0);

    static final String TOPIC = PARTITION.topic();
    static final Uuid ID = Uuid.METADATA_TOPIC_ID;
    static final int INDEX = PARTITION.partition();

    /**
     * What a message says of it; null when it says nothing, or speaks of anything else as well.
     *
     * @param isIt whether a topic is the metadata's, by name or by id, whichever the message has
     */
    static <T, P> @Nullable P only(
            List<T> topics, Predicate<T> isIt, Function<T, List<P>> partitions, ToIntFunction<P> index) {
        if (topics.size() != 1 || !isIt.test(topics.getFirst())) {
            return null;
        }
        List<P> all = partitions.apply(topics.getFirst());
        return all.size() == 1 && index.applyAsInt(all.getFirst()) == INDEX ? all.getFirst() : null;
    }

    private MetadataPartition() {}
}
