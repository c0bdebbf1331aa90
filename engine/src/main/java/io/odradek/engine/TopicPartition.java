package io.odradek.engine;

import java.util.UUID;

/** Which log: a topic's name and id, and the partition's number. Equality is by topic id and partition. */
public record TopicPartition(String topic, UUID topicId, int partition) {

    /** Kafka's directory name: {@code <topic>-<partition>}. */
    public String directoryName() {
        return topic + "-" + partition;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TopicPartition that && partition == that.partition && topicId.equals(that.topicId);
    }

    @Override
    public int hashCode() {
        return 31 * topicId.hashCode() + partition;
    }

    @Override
    public String toString() {
        return directoryName();
    }
}
