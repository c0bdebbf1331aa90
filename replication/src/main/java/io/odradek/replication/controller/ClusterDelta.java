package io.odradek.replication.controller;

import java.util.List;
import java.util.Set;

/**
 * What one batch of records touched, so that nobody compares whole images.
 *
 * @param createdTopics as they are after the batch
 * @param deletedTopics as they were before it
 * @param changedTopics in both images, with partitions that were added or changed
 * @param changedConfigs resources whose configuration changed or went
 * @param changedBrokers ids registered, unregistered, fenced, unfenced or otherwise changed
 */
public record ClusterDelta(
        List<TopicImage> createdTopics,
        List<TopicImage> deletedTopics,
        List<TopicChange> changedTopics,
        Set<ConfigResource> changedConfigs,
        Set<Integer> changedBrokers) {

    /** One topic before and after; partitions that did not change are the same objects in both. */
    public record TopicChange(TopicImage before, TopicImage after) {}

    public boolean isEmpty() {
        return createdTopics.isEmpty()
                && deletedTopics.isEmpty()
                && changedTopics.isEmpty()
                && changedConfigs.isEmpty()
                && changedBrokers.isEmpty();
    }
}
