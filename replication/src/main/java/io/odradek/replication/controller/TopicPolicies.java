package io.odradek.replication.controller;

import java.util.HashMap;
import java.util.Map;

/** Each topic's {@link TopicPolicy}, computed when it is first asked for. Confined to the metadata loop. */
final class TopicPolicies {

    static final ConfigResource ALL_BROKERS = new ConfigResource(ConfigResource.Type.BROKER, "");

    private final ConfigRules rules;
    private final Map<String, TopicPolicy> known = new HashMap<>();

    TopicPolicies(ConfigRules rules) {
        this.rules = rules;
    }

    /** As of the image that was last {@link #follow followed}. */
    TopicPolicy of(ClusterImage image, String topic) {
        return known.computeIfAbsent(
                topic, name -> rules.policy(image.config(ALL_BROKERS), image.config(ConfigResource.topic(name))));
    }

    /** Keeps up with what was decided. */
    void follow(ClusterDelta delta) {
        for (ConfigResource changed : delta.changedConfigs()) {
            if (changed.equals(ALL_BROKERS)) {
                known.clear();
            } else if (changed.type() == ConfigResource.Type.TOPIC) {
                known.remove(changed.name());
            }
        }
        delta.deletedTopics().forEach(topic -> known.remove(topic.name()));
        delta.createdTopics().forEach(topic -> known.remove(topic.name()));
    }
}
