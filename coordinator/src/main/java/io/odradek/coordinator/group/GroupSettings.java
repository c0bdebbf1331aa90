package io.odradek.coordinator.group;

import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * What the operator may set, by Kafka's configuration names.
 *
 * @param minSessionTimeoutMs {@code group.min.session.timeout.ms}
 * @param maxSessionTimeoutMs {@code group.max.session.timeout.ms}
 * @param initialRebalanceDelayMs {@code group.initial.rebalance.delay.ms}: how long an empty group waits for more members
 * @param maxSize {@code group.max.size}, members per group
 * @param newMemberJoinTimeoutMs how long a member that never saw its id may stay parked in a join; fixed in Kafka
 * @param offsetsRetentionMs {@code offsets.retention.minutes}, in milliseconds
 * @param offsetsRetentionCheckIntervalMs {@code offsets.retention.check.interval.ms}
 * @param offsetMetadataMaxChars {@code offset.metadata.max.bytes}, which Kafka counts in UTF-16 units
 * @param offsetsCommitTimeoutMs {@code offsets.commit.timeout.ms}: how long an answer waits for its records to be committed
 * @param offsetsTopicPartitions {@code offsets.topic.num.partitions}
 */
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED)
public record GroupSettings(
        int minSessionTimeoutMs,
        int maxSessionTimeoutMs,
        int initialRebalanceDelayMs,
        int maxSize,
        int newMemberJoinTimeoutMs,
        long offsetsRetentionMs,
        long offsetsRetentionCheckIntervalMs,
        int offsetMetadataMaxChars,
        int offsetsCommitTimeoutMs,
        int offsetsTopicPartitions)
        implements GroupSettingsBuilder.With {

    /** Kafka's defaults. */
    public static final GroupSettings DEFAULTS = GroupSettingsBuilder.builder()
            .minSessionTimeoutMs(6_000)
            .maxSessionTimeoutMs(1_800_000)
            .initialRebalanceDelayMs(3_000)
            .maxSize(Integer.MAX_VALUE)
            .newMemberJoinTimeoutMs(300_000)
            .offsetsRetentionMs(7L * 24 * 3_600_000)
            .offsetsRetentionCheckIntervalMs(600_000)
            .offsetMetadataMaxChars(4_096)
            .offsetsCommitTimeoutMs(5_000)
            .offsetsTopicPartitions(50)
            .build();
}
