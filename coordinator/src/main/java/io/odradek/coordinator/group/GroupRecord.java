package io.odradek.coordinator.group;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the coordinator writes to {@code __consumer_offsets}; the last record of a key says what holds. */
public sealed interface GroupRecord {

    String groupId();

    record OffsetCommitted(String groupId, String topic, int partition, CommittedOffset value) implements GroupRecord {}

    /** Tombstone of {@link OffsetCommitted}. */
    record OffsetRemoved(String groupId, String topic, int partition) implements GroupRecord {}

    /**
     * A group as it was when it became stable, lost its last member, replaced a static member, or came to be.
     *
     * @param protocolType empty while the group never had a member
     * @param sinceMs when the group entered its state; -1 when unknown
     */
    record GroupStored(
            String groupId,
            String protocolType,
            int generationId,
            @Nullable String protocolName,
            @Nullable String leaderId,
            long sinceMs,
            List<StoredMember> members)
            implements GroupRecord {}

    /** Tombstone of {@link GroupStored}. */
    record GroupRemoved(String groupId) implements GroupRecord {}

    /**
     * @param subscription what the member sent for the chosen protocol, and nothing of the others
     */
    record StoredMember(
            String memberId,
            @Nullable String groupInstanceId,
            String clientId,
            String clientHost,
            int rebalanceTimeoutMs,
            int sessionTimeoutMs,
            Opaque subscription,
            Opaque assignment) {}

    /**
     * @param leaderEpoch of the last consumed record; -1 when the client did not say
     * @param metadata the client's own words, empty when it sent none
     * @param expireTimestampMs from clients up to OffsetCommit v4; -1 otherwise
     */
    record CommittedOffset(
            long offset, int leaderEpoch, String metadata, long commitTimestampMs, long expireTimestampMs) {}
}
