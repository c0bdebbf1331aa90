package io.odradek.coordinator.group;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What may happen to the groups of one partition. {@code nowMs} is wall-clock time as the host read it; the machine takes
 * the highest it has seen. Only {@link TimePassed} fires timers, so a host that was held up can first step the
 * heartbeats that arrived meanwhile.
 */
public sealed interface GroupEvent {

    long nowMs();

    /** Someone waits for an answer. */
    sealed interface Request extends GroupEvent {
        /** Not negative, and not used before. */
        long requestId();
    }

    /**
     * @param memberId empty when the client has none yet
     * @param newMemberId the id to give to a member without one; fresh, because a machine has no randomness
     * @param memberIdRequired the client knows MEMBER_ID_REQUIRED (KIP-394)
     * @param maySkipAssignment the client knows {@code skipAssignment} (KIP-814)
     */
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED)
    record Join(
            long nowMs,
            long requestId,
            String groupId,
            String memberId,
            @Nullable String groupInstanceId,
            String newMemberId,
            String clientId,
            String clientHost,
            int rebalanceTimeoutMs,
            int sessionTimeoutMs,
            String protocolType,
            List<MemberProtocol> protocols,
            boolean memberIdRequired,
            boolean maySkipAssignment,
            String reason)
            implements Request, GroupEventJoinBuilder.With {}

    /** One way of assigning that the member offers, most wanted first, with what it says about itself for it. */
    record MemberProtocol(String name, Opaque metadata) {}

    /**
     * @param protocolType null when the client does not say (before v5); likewise {@code protocolName}
     */
    record Sync(
            long nowMs,
            long requestId,
            String groupId,
            int generationId,
            String memberId,
            @Nullable String groupInstanceId,
            @Nullable String protocolType,
            @Nullable String protocolName,
            List<MemberAssignment> assignments)
            implements Request {}

    record MemberAssignment(String memberId, Opaque assignment) {}

    record Heartbeat(
            long nowMs,
            long requestId,
            String groupId,
            int generationId,
            String memberId,
            @Nullable String groupInstanceId)
            implements Request {}

    record Leave(long nowMs, long requestId, String groupId, List<LeavingMember> members) implements Request {}

    /**
     * @param memberId empty when an administrator names only the instance
     */
    record LeavingMember(
            String memberId,
            @Nullable String groupInstanceId,
            @Nullable String reason) {}

    /**
     * @param generationId negative from clients that manage their assignment themselves
     * @param retentionMs -1 for the coordinator's own
     * @param unknownGroupIsNotFound from v9 on; ILLEGAL_GENERATION before
     */
    record CommitOffsets(
            long nowMs,
            long requestId,
            String groupId,
            int generationId,
            String memberId,
            @Nullable String groupInstanceId,
            long retentionMs,
            boolean unknownGroupIsNotFound,
            List<OffsetToCommit> offsets)
            implements Request {}

    /**
     * @param leaderEpoch -1 when the client does not say
     */
    record OffsetToCommit(
            String topic,
            int partition,
            long offset,
            int leaderEpoch,
            @Nullable String metadata) {}

    /**
     * @param partitions null for all
     * @param requireStable wait for commits under way instead of answering with what they replace
     */
    record FetchOffsets(
            long nowMs,
            long requestId,
            String groupId,
            @Nullable List<TopicPartition> partitions,
            boolean requireStable)
            implements Request {}

    record DeleteOffsets(long nowMs, long requestId, String groupId, List<TopicPartition> partitions)
            implements Request {}

    record TopicPartition(String topic, int partition) {}

    record DeleteGroups(long nowMs, long requestId, List<String> groupIds) implements Request {}

    /**
     * @param states in lower case; empty for all
     * @param classicWanted false when the filter by type leaves out classic groups
     */
    record ListGroups(long nowMs, long requestId, Set<String> states, boolean classicWanted) implements Request {}

    record DescribeGroups(long nowMs, long requestId, List<String> groupIds) implements Request {}

    /** Their offsets go, whatever the groups say. */
    record TopicsDeleted(long nowMs, Set<String> topics) implements GroupEvent {}

    /** The records of this {@link GroupEffect.Append} are committed. */
    record Appended(long nowMs, long appendId) implements GroupEvent {}

    /** The records of this {@link GroupEffect.Append} are certainly not in the log and will not be. */
    record AppendRefused(long nowMs, long appendId, GroupError error) implements GroupEvent {}

    /** All records were replayed; sessions begin. */
    record Loaded(long nowMs) implements GroupEvent {}

    /** This broker no longer leads the partition; everyone waiting is told to look elsewhere. The last event. */
    record Unloaded(long nowMs) implements GroupEvent {}

    record TimePassed(long nowMs) implements GroupEvent {}
}
