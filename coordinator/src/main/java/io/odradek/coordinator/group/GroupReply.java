package io.odradek.coordinator.group;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An answer, free of versions and codes of the wire. */
public sealed interface GroupReply {

    /** The whole request was refused; possible for every kind of request. */
    record Refused(GroupError error) implements GroupReply {}

    /**
     * A join was refused.
     *
     * @param memberId the id to go on with; empty means: ask for a new one
     */
    record JoinRefused(GroupError error, String memberId) implements GroupReply {}

    /**
     * The member is in.
     *
     * @param members of the whole group when this member is its leader and must assign; empty otherwise
     * @param skipAssignment the member is the leader, but the old assignment stays (KIP-814)
     */
    record Joined(
            String memberId,
            int generationId,
            @Nullable String protocolType,
            @Nullable String protocolName,
            @Nullable String leaderId,
            boolean skipAssignment,
            List<JoinedMember> members)
            implements GroupReply {}

    record JoinedMember(String memberId, @Nullable String groupInstanceId, Opaque metadata) {}

    record Synced(@Nullable String protocolType, @Nullable String protocolName, Opaque assignment)
            implements GroupReply {}

    record HeartbeatAccepted() implements GroupReply {}

    /** In the order of the request. */
    record Left(List<LeftMember> members) implements GroupReply {}

    record LeftMember(
            String memberId,
            @Nullable String groupInstanceId,
            @Nullable GroupError error) {}

    /** In the order of the request. */
    record OffsetsCommitted(List<PartitionOutcome> partitions) implements GroupReply {}

    /** In the order of the request. */
    record OffsetsDeleted(List<PartitionOutcome> partitions) implements GroupReply {}

    record PartitionOutcome(
            String topic, int partition, @Nullable GroupError error) {}

    /** In the order of the request; by topic and partition when all were asked for. */
    record OffsetsFetched(List<FetchedOffset> offsets) implements GroupReply {}

    /**
     * @param value null when nothing is committed
     */
    record FetchedOffset(String topic, int partition, GroupRecord.@Nullable CommittedOffset value) {}

    record GroupsListed(List<ListedGroup> groups) implements GroupReply {}

    record ListedGroup(String groupId, String protocolType, GroupState state) {}

    /** In the order of the request. */
    record GroupsDescribed(List<GroupDescription> groups) implements GroupReply {}

    sealed interface GroupDescription {
        String groupId();
    }

    record UnknownGroup(String groupId) implements GroupDescription {}

    /**
     * @param protocolName empty unless the group is stable
     */
    record DescribedGroup(
            String groupId, GroupState state, String protocolType, String protocolName, List<DescribedMember> members)
            implements GroupDescription {}

    record DescribedMember(
            String memberId,
            @Nullable String groupInstanceId,
            String clientId,
            String clientHost,
            Opaque metadata,
            Opaque assignment) {}

    /** In the order of the request. */
    record GroupsDeleted(List<GroupOutcome> groups) implements GroupReply {}

    record GroupOutcome(String groupId, @Nullable GroupError error) {}
}
