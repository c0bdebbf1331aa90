package io.odradek.broker.coordination;

/** What the metadata image says about a partition. Any thread. */
public interface TopicLookup {
    boolean exists(String topic, int partition);
}
