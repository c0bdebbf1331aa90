package io.odradek.broker.metadata;

import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterDelta.TopicChange;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.SortedTree;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** What lies between two images that are not neighbours: where a listener begins, and where a snapshot takes the place of records. */
final class ImageDifference {

    /** Costs what the two images hold, and not what changed. */
    static ClusterDelta between(ClusterImage before, ClusterImage after) {
        List<TopicImage> created = new ArrayList<>();
        List<TopicImage> deleted = new ArrayList<>();
        List<TopicChange> changed = new ArrayList<>();
        for (TopicImage topic : after.topicsById().values()) {
            TopicImage old = before.topic(topic.id());
            if (old == null) {
                created.add(topic);
            } else if (!old.equals(topic)) {
                changed.add(new TopicChange(old, topic));
            }
        }
        for (TopicImage topic : before.topicsById().values()) {
            if (after.topic(topic.id()) == null) {
                deleted.add(topic);
            }
        }
        Set<ConfigResource> configs = changedKeys(before.configs(), after.configs());
        Set<Integer> brokers = changedKeys(before.brokers(), after.brokers());
        return new ClusterDelta(created, deleted, changed, configs, brokers);
    }

    private static <K extends Comparable<K>, V> Set<K> changedKeys(SortedTree<K, V> before, SortedTree<K, V> after) {
        Set<K> changed = new TreeSet<>();
        for (Map.Entry<K, V> entry : after) {
            if (!Objects.equals(before.get(entry.getKey()), entry.getValue())) {
                changed.add(entry.getKey());
            }
        }
        for (Map.Entry<K, V> entry : before) {
            if (!after.contains(entry.getKey())) {
                changed.add(entry.getKey());
            }
        }
        return changed;
    }

    private ImageDifference() {}
}
