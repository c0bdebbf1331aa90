package io.odradek.broker.coordination;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What the metadata image says about {@code __consumer_offsets}. Any thread. */
public interface OffsetsTopic {

    /** How many partitions it has, or will have when it is created ({@code offsets.topic.num.partitions}). Never changes. */
    int partitions();

    boolean exists();

    /** Asks the controller to create it, unless that is under way. Does not block. */
    void ensureCreated();

    /** Whether a topic of that name, any topic, exists in the cluster as it is now; does not change with it. */
    Predicate<String> topicsNow();

    /** Where the leader of a partition listens; null when it has none, or none that is alive. */
    @Nullable
    Endpoint leader(int partition, String listener);

    /** An address as clients of one listener see it. */
    record Endpoint(int nodeId, String host, int port) {}
}
