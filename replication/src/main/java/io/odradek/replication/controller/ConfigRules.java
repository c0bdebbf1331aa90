package io.odradek.replication.controller;

import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** What configurations may say. A pure function: the controller asks it before it writes a {@code ConfigRecord}. */
public interface ConfigRules {

    /** Whether the key holds a list, to which one can append. */
    boolean isList(ConfigResource.Type type, String key);

    /** The list that appending starts from when the resource does not set the key; null when there is none. */
    @Nullable
    String defaultValue(ConfigResource.Type type, String key);

    /**
     * Why the resource can't be configured so, or null when it can.
     *
     * @param overrides all of the resource's settings, as they would be
     */
    @Nullable
    Refusal check(ConfigResource resource, Map<String, String> overrides);

    /**
     * What a topic runs with.
     *
     * @param allBrokers dynamic configuration of all brokers
     * @param overrides of the topic
     */
    TopicPolicy policy(Map<String, String> allBrokers, Map<String, String> overrides);

    /**
     * Keys of which the controller and every leader have to know one value, or the one elects by what the other never promised: with what they
     * are in this node's file. They are set for all brokers or for a topic, never for one broker; a cluster that has none is given these, and
     * files say nothing from then on. Kafka does the same with {@code min.insync.replicas} where it has eligible leader replicas (KIP-966).
     */
    SortedMap<String, String> agreed();

    record Refusal(ControllerError error, String message) {}
}
