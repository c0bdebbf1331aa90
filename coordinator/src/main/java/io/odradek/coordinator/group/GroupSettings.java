package io.odradek.coordinator.group;

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
        int offsetsTopicPartitions) {

    /** Kafka's defaults. */
    public static final GroupSettings DEFAULTS = new GroupSettings(
            6_000, 1_800_000, 3_000, Integer.MAX_VALUE, 300_000, 7L * 24 * 3_600_000, 600_000, 4_096, 5_000, 50);

    public GroupSettings withInitialRebalanceDelayMs(int delayMs) {
        return new GroupSettings(
                minSessionTimeoutMs,
                maxSessionTimeoutMs,
                delayMs,
                maxSize,
                newMemberJoinTimeoutMs,
                offsetsRetentionMs,
                offsetsRetentionCheckIntervalMs,
                offsetMetadataMaxChars,
                offsetsCommitTimeoutMs,
                offsetsTopicPartitions);
    }

    public GroupSettings withMaxSize(int size) {
        return new GroupSettings(
                minSessionTimeoutMs,
                maxSessionTimeoutMs,
                initialRebalanceDelayMs,
                size,
                newMemberJoinTimeoutMs,
                offsetsRetentionMs,
                offsetsRetentionCheckIntervalMs,
                offsetMetadataMaxChars,
                offsetsCommitTimeoutMs,
                offsetsTopicPartitions);
    }
}
