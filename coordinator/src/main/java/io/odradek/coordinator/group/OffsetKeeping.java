package io.odradek.coordinator.group;

import io.odradek.coordinator.group.GroupEvent.CommitOffsets;
import io.odradek.coordinator.group.GroupEvent.DeleteGroups;
import io.odradek.coordinator.group.GroupEvent.DeleteOffsets;
import io.odradek.coordinator.group.GroupEvent.FetchOffsets;
import io.odradek.coordinator.group.GroupEvent.OffsetToCommit;
import io.odradek.coordinator.group.GroupEvent.TopicPartition;
import io.odradek.coordinator.group.GroupRecord.CommittedOffset;
import io.odradek.coordinator.group.GroupReply.FetchedOffset;
import io.odradek.coordinator.group.GroupReply.GroupOutcome;
import io.odradek.coordinator.group.GroupReply.GroupsDeleted;
import io.odradek.coordinator.group.GroupReply.OffsetsCommitted;
import io.odradek.coordinator.group.GroupReply.OffsetsDeleted;
import io.odradek.coordinator.group.GroupReply.OffsetsFetched;
import io.odradek.coordinator.group.GroupReply.PartitionOutcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Commits, reads, deletes and expires offsets, and with the last of them the group. What is answered is committed: commits
 * wait for their records, reads see nothing that is still under way.
 */
final class OffsetKeeping {

    private static final long NO_RETENTION_GIVEN = -1;
    private static final long NO_TIMESTAMP = -1;

    private final Ledger ledger;
    private final ClassicProtocol protocol;

    OffsetKeeping(Ledger ledger, ClassicProtocol protocol) {
        this.ledger = ledger;
        this.protocol = protocol;
    }

    // ---- commit

    void commit(CommitOffsets request) {
        Group group = ledger.live(request.groupId());
        GroupError error = group == null ? checkCommitToNobody(request) : checkCommit(group, request);
        if (error != null) {
            ledger.refuse(request.requestId(), error);
            return;
        }
        if (group != null) {
            protocol.offsetsCommittedBy(group, request.memberId());
        }
        long nowMs = ledger.nowMs();
        long expireTimestampMs =
                request.retentionMs() == NO_RETENTION_GIVEN ? NO_TIMESTAMP : nowMs + request.retentionMs();
        List<PartitionOutcome> outcomes = new ArrayList<>(request.offsets().size());
        List<GroupRecord> records = new ArrayList<>(request.offsets().size());
        for (OffsetToCommit offset : request.offsets()) {
            String metadata = offset.metadata() == null ? "" : offset.metadata();
            if (metadata.length() > ledger.settings.offsetMetadataMaxChars()) {
                outcomes.add(
                        new PartitionOutcome(offset.topic(), offset.partition(), GroupError.OFFSET_METADATA_TOO_LARGE));
                continue;
            }
            outcomes.add(new PartitionOutcome(offset.topic(), offset.partition(), null));
            records.add(new GroupRecord.OffsetCommitted(
                    request.groupId(),
                    offset.topic(),
                    offset.partition(),
                    new CommittedOffset(offset.offset(), offset.leaderEpoch(), metadata, nowMs, expireTimestampMs)));
        }
        long before = ledger.lastAppendId();
        if (!records.isEmpty()) {
            if (group == null) {
                // Nobody's members: the group only keeps offsets, until someone joins it.
                Group founded = ledger.create(request.groupId());
                ledger.append(records, founded, new Aftermath.GroupCreated(founded));
            } else {
                ledger.append(records, group, new Aftermath.Nothing());
            }
        }
        ledger.answerOnceCommitted(before, request.requestId(), new OffsetsCommitted(outcomes));
    }

    private static @Nullable GroupError checkCommitToNobody(CommitOffsets request) {
        if (request.generationId() < 0) {
            return null;
        }
        return request.unknownGroupIsNotFound() ? GroupError.GROUP_ID_NOT_FOUND : GroupError.ILLEGAL_GENERATION;
    }

    private static @Nullable GroupError checkCommit(Group group, CommitOffsets request) {
        if (request.generationId() < 0 && group.is(GroupState.EMPTY)) {
            // An administrator, or a consumer that assigns its partitions itself.
            return null;
        }
        if (request.generationId() < 0 && request.memberId().isEmpty() && request.groupInstanceId() == null) {
            return GroupError.UNKNOWN_MEMBER_ID;
        }
        GroupError error = group.checkMember(request.memberId(), request.groupInstanceId());
        if (error != null) {
            return error;
        }
        if (request.generationId() != group.generationId()) {
            return GroupError.ILLEGAL_GENERATION;
        }
        // The member knows the new generation and not yet its part in it, so it cannot have consumed anything of it.
        return group.is(GroupState.COMPLETING_REBALANCE) ? GroupError.REBALANCE_IN_PROGRESS : null;
    }

    // ---- fetch

    void fetch(FetchOffsets request) {
        if (request.requireStable() && ledger.readOnceSettled(request)) {
            return;
        }
        answerFetch(request);
    }

    /** Answers with what is committed now. */
    void answerFetch(FetchOffsets request) {
        List<FetchedOffset> fetched = new ArrayList<>();
        List<TopicPartition> wanted = request.partitions();
        if (wanted == null) {
            ledger.offsets
                    .committed(request.groupId())
                    .forEach((partition, value) ->
                            fetched.add(new FetchedOffset(partition.topic(), partition.partition(), value)));
        } else {
            for (TopicPartition partition : wanted) {
                fetched.add(new FetchedOffset(
                        partition.topic(),
                        partition.partition(),
                        ledger.offsets.committed(request.groupId(), partition)));
            }
        }
        ledger.answer(request.requestId(), new OffsetsFetched(fetched));
    }

    // ---- delete

    void delete(DeleteOffsets request) {
        Group group = ledger.live(request.groupId());
        GroupError error = checkDelete(request.groupId(), group);
        if (error != null || group == null) {
            ledger.refuse(request.requestId(), error == null ? GroupError.GROUP_ID_NOT_FOUND : error);
            return;
        }
        List<PartitionOutcome> outcomes = new ArrayList<>(request.partitions().size());
        List<GroupRecord> tombstones = new ArrayList<>();
        Set<TopicPartition> seen = new HashSet<>();
        for (TopicPartition partition : request.partitions()) {
            boolean subscribed = group.isSubscribedTo(partition.topic());
            outcomes.add(new PartitionOutcome(
                    partition.topic(),
                    partition.partition(),
                    subscribed ? GroupError.GROUP_SUBSCRIBED_TO_TOPIC : null));
            if (!subscribed && seen.add(partition) && ledger.offsets.latest(request.groupId(), partition) != null) {
                tombstones.add(
                        new GroupRecord.OffsetRemoved(request.groupId(), partition.topic(), partition.partition()));
            }
        }
        answerAfterTombstones(request.requestId(), tombstones, Map.of(), new OffsetsDeleted(outcomes));
    }

    private static @Nullable GroupError checkDelete(String groupId, @Nullable Group group) {
        if (groupId.isEmpty()) {
            return GroupError.INVALID_GROUP_ID;
        }
        if (group == null || group.is(GroupState.DEAD)) {
            return GroupError.GROUP_ID_NOT_FOUND;
        }
        // Only of consumers is it known which topics they read.
        return !group.is(GroupState.EMPTY) && !group.usesConsumerProtocol() ? GroupError.NON_EMPTY_GROUP : null;
    }

    void deleteGroups(DeleteGroups request) {
        List<GroupOutcome> outcomes = new ArrayList<>(request.groupIds().size());
        List<GroupRecord> tombstones = new ArrayList<>();
        Map<String, Group> removed = new HashMap<>();
        for (String groupId : request.groupIds()) {
            Group group = ledger.live(groupId);
            if (group == null || group.is(GroupState.DEAD)) {
                outcomes.add(new GroupOutcome(groupId, GroupError.GROUP_ID_NOT_FOUND));
            } else if (!group.is(GroupState.EMPTY)) {
                outcomes.add(new GroupOutcome(groupId, GroupError.NON_EMPTY_GROUP));
            } else {
                outcomes.add(new GroupOutcome(groupId, null));
                for (TopicPartition partition : ledger.offsets.latest(groupId).keySet()) {
                    tombstones.add(new GroupRecord.OffsetRemoved(groupId, partition.topic(), partition.partition()));
                }
                tombstones.add(new GroupRecord.GroupRemoved(groupId));
                removed.put(groupId, group);
                ledger.remove(group);
            }
        }
        answerAfterTombstones(request.requestId(), tombstones, removed, new GroupsDeleted(outcomes));
    }

    /** Without tombstones of its own the answer rests on what others have written, and waits for that. */
    private void answerAfterTombstones(
            long requestId, List<GroupRecord> tombstones, Map<String, Group> removed, GroupReply reply) {
        long since = tombstones.isEmpty() ? ledger.lastSettledOrBeforeLast() : ledger.lastAppendId();
        ledger.appendTombstones(tombstones, removed);
        ledger.answerOnceCommitted(since, requestId, reply);
    }

    void topicsDeleted(Set<String> topics) {
        List<GroupRecord> tombstones = new ArrayList<>();
        for (Group group : ledger.liveGroups()) {
            for (TopicPartition partition : ledger.offsets.latest(group.groupId).keySet()) {
                if (topics.contains(partition.topic())) {
                    tombstones.add(
                            new GroupRecord.OffsetRemoved(group.groupId, partition.topic(), partition.partition()));
                }
            }
        }
        ledger.appendTombstones(tombstones, Map.of());
    }

    // ---- expiry

    /** Removes what is too old, and empty groups that keep nothing more (KIP-211). */
    void expire() {
        List<GroupRecord> tombstones = new ArrayList<>();
        Map<String, Group> removed = new HashMap<>();
        for (Group group : List.copyOf(ledger.liveGroups())) {
            if (expire(group, tombstones) && group.is(GroupState.EMPTY)) {
                tombstones.add(new GroupRecord.GroupRemoved(group.groupId));
                removed.put(group.groupId, group);
                ledger.remove(group);
            }
        }
        ledger.appendTombstones(tombstones, removed);
    }

    /**
     * <pre>
     *  group                                  an offset's retention starts
     *  never had members                      at its commit
     *  has none                               when the last one went (at its commit, when that is not known)
     *  stable consumers, topic not subscribed at its commit
     *  any other                              not yet
     * </pre>
     *
     * @return whether nothing is left
     */
    private boolean expire(Group group, List<GroupRecord> tombstones) {
        Map<TopicPartition, CommittedOffset> offsets = ledger.offsets.latest(group.groupId);
        boolean empty = group.is(GroupState.EMPTY);
        boolean readsKnownTopics =
                group.is(GroupState.STABLE) && group.usesConsumerProtocol() && group.knowsSubscribedTopics();
        if (group.protocolType() != null && !empty && !readsKnownTopics) {
            return offsets.isEmpty();
        }
        boolean fromGroup = group.protocolType() != null && empty && group.sinceMs() != NO_TIMESTAMP;
        boolean nothingLeft = true;
        for (Map.Entry<TopicPartition, CommittedOffset> entry : offsets.entrySet()) {
            TopicPartition partition = entry.getKey();
            CommittedOffset value = entry.getValue();
            long startMs = fromGroup ? group.sinceMs() : value.commitTimestampMs();
            if (!group.isSubscribedTo(partition.topic()) && isOver(value, startMs)) {
                tombstones.add(new GroupRecord.OffsetRemoved(group.groupId, partition.topic(), partition.partition()));
            } else {
                nothingLeft = false;
            }
        }
        return nothingLeft;
    }

    private boolean isOver(CommittedOffset value, long startMs) {
        // Old clients said themselves how long to keep an offset.
        return value.expireTimestampMs() != NO_TIMESTAMP
                ? ledger.nowMs() >= value.expireTimestampMs()
                : ledger.nowMs() - startMs >= ledger.settings.offsetsRetentionMs();
    }
}
