package io.odradek.coordinator.group;

import io.odradek.coordinator.group.Alarm.JoinPhaseEnds;
import io.odradek.coordinator.group.Alarm.RetentionCheck;
import io.odradek.coordinator.group.Alarm.SessionEnds;
import io.odradek.coordinator.group.Alarm.SyncPhaseEnds;
import io.odradek.coordinator.group.GroupEvent.AppendRefused;
import io.odradek.coordinator.group.GroupEvent.Appended;
import io.odradek.coordinator.group.GroupEvent.CommitOffsets;
import io.odradek.coordinator.group.GroupEvent.DeleteGroups;
import io.odradek.coordinator.group.GroupEvent.DeleteOffsets;
import io.odradek.coordinator.group.GroupEvent.DescribeGroups;
import io.odradek.coordinator.group.GroupEvent.FetchOffsets;
import io.odradek.coordinator.group.GroupEvent.Heartbeat;
import io.odradek.coordinator.group.GroupEvent.Join;
import io.odradek.coordinator.group.GroupEvent.Leave;
import io.odradek.coordinator.group.GroupEvent.ListGroups;
import io.odradek.coordinator.group.GroupEvent.Loaded;
import io.odradek.coordinator.group.GroupEvent.Sync;
import io.odradek.coordinator.group.GroupEvent.TimePassed;
import io.odradek.coordinator.group.GroupEvent.TopicsDeleted;
import io.odradek.coordinator.group.GroupEvent.Unloaded;
import io.odradek.coordinator.group.GroupReply.DescribedGroup;
import io.odradek.coordinator.group.GroupReply.DescribedMember;
import io.odradek.coordinator.group.GroupReply.GroupDescription;
import io.odradek.coordinator.group.GroupReply.GroupsDescribed;
import io.odradek.coordinator.group.GroupReply.GroupsListed;
import io.odradek.coordinator.group.GroupReply.ListedGroup;
import io.odradek.coordinator.group.GroupReply.UnknownGroup;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The coordinator of the groups that live in one partition of {@code __consumer_offsets}: a pure machine.
 *
 * <pre>
 *   replay(record)*  →  step(Loaded)  →  step(request | Appended | AppendRefused | TimePassed ...)*  →  step(Unloaded)
 * </pre>
 *
 * <p>Same settings, records and events give the same effects. Several appends may be under way at once; they are
 * reported in the order they were made. An answer that claims something is kept comes out only when the records
 * behind it are committed, and reads see committed offsets only. What members do to each other (joining, heartbeats) acts
 * at once, as in Kafka: it is not kept, and a new coordinator starts from the last stored generation.
 *
 * <p>Confined to one loop. Not usable after {@link Unloaded}.
 */
public final class GroupMachine {

    private final Ledger ledger;
    private final ClassicProtocol protocol;
    private final OffsetKeeping offsets;

    public GroupMachine(GroupSettings settings) {
        this.ledger = new Ledger(settings);
        this.protocol = new ClassicProtocol(ledger);
        this.offsets = new OffsetKeeping(ledger, protocol);
    }

    /** Applies a committed record found in the log, in log order, before {@link Loaded}. */
    public void replay(GroupRecord record) {
        ledger.replay(record);
    }

    /** Takes one event; the effects are to be carried out in list order. */
    public List<GroupEffect> step(GroupEvent event) {
        ledger.advanceTo(event.nowMs());
        switch (event) {
            case Join join -> protocol.join(join);
            case Sync sync -> protocol.sync(sync);
            case Heartbeat heartbeat -> protocol.heartbeat(heartbeat);
            case Leave leave -> protocol.leave(leave);
            case CommitOffsets commit -> offsets.commit(commit);
            case FetchOffsets fetch -> offsets.fetch(fetch);
            case DeleteOffsets delete -> offsets.delete(delete);
            case DeleteGroups delete -> offsets.deleteGroups(delete);
            case ListGroups list -> list(list);
            case DescribeGroups describe -> describe(describe);
            case TopicsDeleted deleted -> offsets.topicsDeleted(deleted.topics());
            case Appended appended -> onAppended(ledger.committed(appended.appendId()));
            case AppendRefused refused ->
                onRefused(ledger.refused(refused.appendId(), refused.error()), refused.error());
            case Loaded loaded -> {
                protocol.loaded();
                armRetentionCheck();
            }
            case Unloaded unloaded -> {
                protocol.unloaded();
                ledger.abandonAppends(GroupError.NOT_COORDINATOR);
                ledger.deadlines.clear();
            }
            case TimePassed time -> onTime();
        }
        return ledger.takeEffects();
    }

    /** When {@link TimePassed} will next have an effect, in the time of the events; {@link Long#MAX_VALUE} for never. */
    public long nextDeadlineMs() {
        return Math.min(ledger.deadlines.nextMs(), ledger.nextOverdueMs());
    }

    /** The topics that have committed offsets in any group. */
    public Set<String> topicsWithOffsets() {
        return ledger.offsets.topics();
    }

    /** Records that, replayed into a new machine, give all that is committed here. For tests and snapshots. */
    public List<GroupRecord> committedRecords() {
        List<GroupRecord> records = new ArrayList<>();
        for (Ledger.Visible visible : ledger.visibleGroups()) {
            String groupId = visible.group().groupId;
            if (visible.stored() != null) {
                records.add(visible.stored());
            }
            ledger.offsets
                    .committed(groupId)
                    .forEach((partition, value) -> records.add(
                            new GroupRecord.OffsetCommitted(groupId, partition.topic(), partition.partition(), value)));
        }
        return records;
    }

    /** How much there is, for metrics; looks at each group. */
    public GroupCounts counts() {
        Map<GroupState, Integer> groups = new EnumMap<>(GroupState.class);
        for (Ledger.Visible visible : ledger.visibleGroups()) {
            groups.merge(visible.group().state(), 1, Integer::sum);
        }
        return new GroupCounts(groups, ledger.offsets.count());
    }

    // ---- the log answers

    private void onAppended(Ledger.InFlight append) {
        switch (append.aftermath) {
            case Aftermath.Nothing nothing -> {}
            case Aftermath.GroupCreated created -> {}
            case Aftermath.GroupsRemoved removed -> {}
            case Aftermath.AssignmentStored stored -> protocol.assignmentStored(stored);
            case Aftermath.StaticMemberReplaced replaced -> protocol.staticMemberReplaced(replaced);
        }
        answerReads(append);
    }

    private void onRefused(Ledger.InFlight append, GroupError error) {
        switch (append.aftermath) {
            case Aftermath.Nothing nothing -> {}
            case Aftermath.GroupCreated(Group group) -> protocol.groupNotCreated(group, error);
            case Aftermath.GroupsRemoved(List<Group> groups) -> groups.forEach(ledger::restore);
            case Aftermath.AssignmentStored stored -> protocol.assignmentNotStored(stored, error);
            case Aftermath.StaticMemberReplaced replaced -> protocol.staticMemberNotReplaced(replaced, error);
        }
        // What they waited for is decided: the refused records are not there.
        answerReads(append);
    }

    private void answerReads(Ledger.InFlight append) {
        ledger.takeReads(append).forEach(offsets::answerFetch);
    }

    /**
     * Nobody waits for ever. Members are told that the assignment failed although it may yet be committed: then the log has
     * a generation nobody uses, which does no harm. Groups come and go with the log alone.
     */
    private void onOverdue(Ledger.InFlight append) {
        GroupError error = GroupError.COORDINATOR_NOT_AVAILABLE;
        switch (append.aftermath) {
            case Aftermath.Nothing nothing -> {}
            case Aftermath.GroupCreated created -> {}
            case Aftermath.GroupsRemoved removed -> {}
            case Aftermath.AssignmentStored stored -> {
                append.aftermath = new Aftermath.Nothing();
                protocol.assignmentNotStored(stored, error);
            }
            case Aftermath.StaticMemberReplaced replaced -> {
                append.aftermath = new Aftermath.Nothing();
                protocol.staticMemberNotReplaced(replaced, error);
            }
        }
    }

    // ---- time

    private void onTime() {
        ledger.takeOverdue().forEach(this::onOverdue);
        long nowMs = ledger.nowMs();
        for (Alarm due = ledger.deadlines.takeDue(nowMs); due != null; due = ledger.deadlines.takeDue(nowMs)) {
            switch (due) {
                case SessionEnds(String groupId, String memberId) -> protocol.sessionEnds(groupId, memberId);
                case JoinPhaseEnds(String groupId) -> protocol.joinPhaseEnds(groupId);
                case SyncPhaseEnds(String groupId) -> protocol.syncPhaseEnds(groupId);
                case RetentionCheck check -> {
                    offsets.expire();
                    armRetentionCheck();
                }
            }
        }
    }

    private void armRetentionCheck() {
        ledger.alarm(new RetentionCheck(), ledger.settings.offsetsRetentionCheckIntervalMs());
    }

    // ---- what there is

    private void list(ListGroups request) {
        List<ListedGroup> listed = new ArrayList<>();
        if (request.classicWanted()) {
            for (Ledger.Visible visible : ledger.visibleGroups()) {
                Group group = visible.group();
                String state = group.state().protocolName().toLowerCase(Locale.ROOT);
                if (request.states().isEmpty() || request.states().contains(state)) {
                    String type = group.protocolType();
                    listed.add(new ListedGroup(group.groupId, type == null ? "" : type, group.state()));
                }
            }
        }
        ledger.answer(request.requestId(), new GroupsListed(listed));
    }

    private void describe(DescribeGroups request) {
        List<GroupDescription> described = new ArrayList<>(request.groupIds().size());
        for (String groupId : request.groupIds()) {
            Ledger.Visible visible = ledger.visible(groupId);
            described.add(visible == null ? new UnknownGroup(groupId) : describe(visible.group()));
        }
        ledger.answer(request.requestId(), new GroupsDescribed(described));
    }

    /** Only a stable group has a protocol that all its members' metadata is about. */
    private static DescribedGroup describe(Group group) {
        boolean stable = group.is(GroupState.STABLE);
        List<DescribedMember> members = new ArrayList<>(group.size());
        for (Member member : group.members()) {
            Opaque metadata = stable ? member.metadata(group.protocolName()) : null;
            members.add(new DescribedMember(
                    member.memberId,
                    member.groupInstanceId,
                    member.clientId,
                    member.clientHost,
                    metadata == null ? Opaque.EMPTY : metadata,
                    member.assignment));
        }
        String type = group.protocolType();
        String name = group.protocolName();
        return new DescribedGroup(
                group.groupId, group.state(), type == null ? "" : type, stable && name != null ? name : "", members);
    }
}
