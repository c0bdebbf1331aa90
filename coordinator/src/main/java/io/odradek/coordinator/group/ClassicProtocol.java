package io.odradek.coordinator.group;

import io.odradek.coordinator.group.Aftermath.AssignmentStored;
import io.odradek.coordinator.group.Aftermath.GroupCreated;
import io.odradek.coordinator.group.Aftermath.StaticMemberReplaced;
import io.odradek.coordinator.group.Alarm.JoinPhaseEnds;
import io.odradek.coordinator.group.Alarm.SessionEnds;
import io.odradek.coordinator.group.Alarm.SyncPhaseEnds;
import io.odradek.coordinator.group.GroupEvent.Heartbeat;
import io.odradek.coordinator.group.GroupEvent.Join;
import io.odradek.coordinator.group.GroupEvent.Leave;
import io.odradek.coordinator.group.GroupEvent.LeavingMember;
import io.odradek.coordinator.group.GroupEvent.MemberAssignment;
import io.odradek.coordinator.group.GroupEvent.Sync;
import io.odradek.coordinator.group.GroupReply.HeartbeatAccepted;
import io.odradek.coordinator.group.GroupReply.JoinRefused;
import io.odradek.coordinator.group.GroupReply.Joined;
import io.odradek.coordinator.group.GroupReply.Left;
import io.odradek.coordinator.group.GroupReply.LeftMember;
import io.odradek.coordinator.group.GroupReply.Synced;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Membership in the classic group protocol: join, sync, heartbeat, leave, and what happens when time runs out. The rules
 * are those of Kafka's group coordinator, with KIP-134 (initial delay), KIP-345 and 814 (static members), KIP-394 (member
 * id required) and KIP-559 (protocol type and name in sync).
 *
 * <p>Members act on the group at once; only what must outlive the coordinator goes through the log: the assignment of a
 * generation, a replaced static member, a group that came to be or lost its last member. Where Kafka leaves a parked
 * request without an answer (its member left, or sent the same request again), this answers it, because the answers of a
 * connection leave in order and one missing would block the rest.
 */
final class ClassicProtocol {

    private static final String NO_MEMBER_ID = "";

    private final Ledger ledger;

    ClassicProtocol(Ledger ledger) {
        this.ledger = ledger;
    }

    // ---- join

    void join(Join request) {
        if (request.groupId().isEmpty()) {
            refuseJoin(request, GroupError.INVALID_GROUP_ID, request.memberId());
            return;
        }
        GroupSettings settings = ledger.settings;
        if (request.sessionTimeoutMs() < settings.minSessionTimeoutMs()
                || request.sessionTimeoutMs() > settings.maxSessionTimeoutMs()) {
            refuseJoin(request, GroupError.INVALID_SESSION_TIMEOUT, request.memberId());
            return;
        }
        boolean newcomer = request.memberId().isEmpty();
        Group group = ledger.live(request.groupId());
        if (group == null) {
            if (newcomer) {
                joinAsFounder(request);
            } else {
                refuseJoin(request, GroupError.UNKNOWN_MEMBER_ID, request.memberId());
            }
        } else if (!hasRoomFor(group, request.memberId())) {
            if (!newcomer) {
                removeMember(group, request.memberId());
            }
            refuseJoin(request, GroupError.GROUP_MAX_SIZE_REACHED, NO_MEMBER_ID);
        } else if (group.is(GroupState.DEAD)) {
            refuseJoin(request, GroupError.COORDINATOR_NOT_AVAILABLE, request.memberId());
        } else if (!group.accepts(request.protocolType(), request.protocols())) {
            refuseJoin(request, GroupError.INCONSISTENT_GROUP_PROTOCOL, request.memberId());
        } else if (newcomer) {
            joinAsNewcomer(group, request);
        } else {
            joinAsKnown(group, request);
        }
    }

    /** A group that did not exist. It goes to the log at once, so that it can be listed while its members gather. */
    private void joinAsFounder(Join request) {
        if (request.protocolType().isEmpty() || request.protocols().isEmpty()) {
            refuseJoin(request, GroupError.INCONSISTENT_GROUP_PROTOCOL, NO_MEMBER_ID);
            return;
        }
        Group group = ledger.create(request.groupId());
        GroupRecord founded = group.toStored(Map.of());
        joinAsNewcomer(group, request);
        ledger.append(List.of(founded), group, new GroupCreated(group));
    }

    private void joinAsNewcomer(Group group, Join request) {
        String newMemberId = request.newMemberId();
        String instanceId = request.groupInstanceId();
        if (instanceId != null) {
            String current = group.staticMemberId(instanceId);
            Member member = current == null ? null : group.member(current);
            if (member != null) {
                replaceStaticMember(group, member, request);
            } else {
                addMember(group, newMemberId, request);
            }
        } else if (request.memberIdRequired()) {
            group.addPendingJoin(newMemberId);
            startSession(group, newMemberId, request.sessionTimeoutMs());
            refuseJoin(request, GroupError.MEMBER_ID_REQUIRED, newMemberId);
        } else {
            addMember(group, newMemberId, request);
        }
    }

    private void joinAsKnown(Group group, Join request) {
        String memberId = request.memberId();
        if (group.isPendingJoin(memberId) && request.groupInstanceId() == null) {
            addMember(group, memberId, request);
            return;
        }
        GroupError error = group.checkMember(memberId, request.groupInstanceId());
        Member member = group.member(memberId);
        if (error != null || member == null) {
            refuseJoin(request, error == null ? GroupError.UNKNOWN_MEMBER_ID : error, memberId);
            return;
        }
        boolean sameAsBefore = member.protocols.equals(request.protocols());
        switch (group.state()) {
            case PREPARING_REBALANCE -> rejoin(group, member, request, "joins again");
            case COMPLETING_REBALANCE -> {
                if (sameAsBefore) {
                    // It probably never got the answer to its join.
                    ledger.answer(request.requestId(), currentGeneration(group, member));
                } else {
                    rejoin(group, member, request, "changed its metadata");
                }
            }
            case STABLE -> {
                if (group.isLeader(memberId)) {
                    // Only the leader knows when something outside the members' metadata asks for a new assignment,
                    // such as more partitions.
                    rejoin(group, member, request, "is the leader and joins again");
                } else if (!sameAsBefore) {
                    rejoin(group, member, request, "changed its metadata");
                } else {
                    ledger.answer(request.requestId(), currentGeneration(group, member));
                }
            }
            case EMPTY, DEAD -> refuseJoin(request, GroupError.UNKNOWN_MEMBER_ID, memberId);
        }
    }

    /**
     * Counts those who wait for the next generation, not all members: when the limit was lowered, the last to join again are
     * turned away.
     */
    private boolean hasRoomFor(Group group, String memberId) {
        Member member = group.member(memberId);
        int maxSize = ledger.settings.maxSize();
        return switch (group.state()) {
            case EMPTY, DEAD -> true;
            case PREPARING_REBALANCE -> (member != null && member.awaitsJoin()) || group.awaitingJoins() < maxSize;
            case COMPLETING_REBALANCE, STABLE -> member != null || group.size() < maxSize;
        };
    }

    private void addMember(Group group, String memberId, Join request) {
        Member member = new Member(
                memberId,
                request.groupInstanceId(),
                request.clientId(),
                request.clientHost(),
                request.protocolType(),
                request.rebalanceTimeoutMs(),
                request.sessionTimeoutMs(),
                request.protocols(),
                Opaque.EMPTY);
        member.isNew = true;
        member.joinRequest = request.requestId();
        if (group.isInInitialRebalance()) {
            group.newMemberAdded = true;
        }
        group.add(member);
        // A new member that disconnects while parked cannot be noticed and comes back under another id. Its own session
        // timeout would be too short for a long rebalance, so a fixed time bounds how long such ghosts stay.
        startSession(group, memberId, ledger.settings.newMemberJoinTimeoutMs());
        rebalanceOrCompleteJoin(group, "member " + memberId + " joins" + reasonOf(request));
    }

    private void rejoin(Group group, Member member, Join request, String what) {
        if (member.awaitsJoin()) {
            answerJoin(group, member, new JoinRefused(GroupError.REBALANCE_IN_PROGRESS, member.memberId));
        }
        group.update(member, request.protocols(), request.rebalanceTimeoutMs(), request.sessionTimeoutMs());
        group.awaitJoin(member, request.requestId());
        rebalanceOrCompleteJoin(group, "member " + member.memberId + " " + what + reasonOf(request));
    }

    private static String reasonOf(Join request) {
        return request.reason().isEmpty() ? "" : " (" + request.reason() + ")";
    }

    /** A static member came back without its id: the instance goes on under a new id, the old one is fenced (KIP-345). */
    private void replaceStaticMember(Group group, Member old, Join request) {
        String oldLeaderId = group.leaderId();
        if (old.awaitsJoin()) {
            answerJoin(group, old, new JoinRefused(GroupError.FENCED_INSTANCE_ID, old.memberId));
        }
        answerSync(old, new GroupReply.Refused(GroupError.FENCED_INSTANCE_ID));
        ledger.deadlines.cancel(new SessionEnds(group.groupId, old.memberId));
        Member member = group.rename(old, request.newMemberId());
        group.update(member, request.protocols(), request.rebalanceTimeoutMs(), request.sessionTimeoutMs());
        group.awaitJoin(member, request.requestId());
        startSession(group, member);
        String what = "static member " + request.groupInstanceId() + " is now " + member.memberId + reasonOf(request);
        switch (group.state()) {
            case STABLE -> {
                if (group.selectProtocol().equals(group.protocolName())) {
                    ledger.append(
                            List.of(group.toStored(Map.of())),
                            group,
                            new StaticMemberReplaced(
                                    group,
                                    member.memberId,
                                    request.requestId(),
                                    request.maySkipAssignment(),
                                    old.memberId,
                                    old.protocols,
                                    old.rebalanceTimeoutMs,
                                    old.sessionTimeoutMs,
                                    oldLeaderId));
                } else {
                    rebalanceOrCompleteJoin(group, what + " and changes the group's protocol");
                }
            }
            // The leader may already be assigning to the old id, so the new one would get nothing.
            case COMPLETING_REBALANCE -> prepareRebalance(group, what);
            case PREPARING_REBALANCE -> maybeCompleteJoin(group);
            case EMPTY, DEAD ->
                throw new IllegalStateException(
                        "group " + group.groupId + " is " + group.state() + " and has member " + old.memberId);
        }
    }

    void staticMemberReplaced(StaticMemberReplaced what) {
        Group group = what.group();
        Member member = group.member(what.newMemberId());
        if (member == null || member.joinRequest != what.requestId() || !group.is(GroupState.STABLE)) {
            // It was replaced again, or takes part in a rebalance that began meanwhile and will answer it.
            return;
        }
        boolean skips = what.maySkipAssignment() && group.isLeader(member.memberId);
        // A client that cannot be told to skip must not think it leads, or it would assign with nobody listening.
        String leaderToTell = what.maySkipAssignment() ? group.leaderId() : what.oldLeaderId();
        answerJoin(
                group,
                member,
                new Joined(
                        member.memberId,
                        group.generationId(),
                        group.protocolType(),
                        group.protocolName(),
                        leaderToTell,
                        skips,
                        skips ? group.joinedMembers() : List.of()));
    }

    void staticMemberNotReplaced(StaticMemberReplaced what, GroupError error) {
        Group group = what.group();
        Member member = group.member(what.newMemberId());
        if (member == null || member.joinRequest != what.requestId() || !group.is(GroupState.STABLE)) {
            return;
        }
        answerJoin(group, member, new JoinRefused(error, NO_MEMBER_ID));
        ledger.deadlines.cancel(new SessionEnds(group.groupId, member.memberId));
        group.update(member, what.oldProtocols(), what.oldRebalanceTimeoutMs(), what.oldSessionTimeoutMs());
        startSession(group, group.rename(member, what.oldMemberId()));
    }

    /** The group's first record did not make it: nobody must believe in it. */
    void groupNotCreated(Group group, GroupError error) {
        if (ledger.isVisible(group) || ledger.isOnItsWay(group)) {
            return;
        }
        dissolve(group, error);
        ledger.remove(group);
    }

    /** Answers everyone who waits in the group and forgets its deadlines. */
    private void dissolve(Group group, GroupError error) {
        for (Member member : group.members()) {
            if (member.awaitsJoin()) {
                answerJoin(group, member, new JoinRefused(error, member.memberId));
            }
            answerSync(member, new GroupReply.Refused(error));
            ledger.deadlines.cancel(new SessionEnds(group.groupId, member.memberId));
        }
        for (String memberId : group.pendingJoins()) {
            ledger.deadlines.cancel(new SessionEnds(group.groupId, memberId));
        }
        ledger.deadlines.cancel(new JoinPhaseEnds(group.groupId));
        ledger.deadlines.cancel(new SyncPhaseEnds(group.groupId));
    }

    // ---- rebalance

    private void rebalanceOrCompleteJoin(Group group, String reason) {
        if (group.state().mayBecome(GroupState.PREPARING_REBALANCE)) {
            prepareRebalance(group, reason);
        } else {
            maybeCompleteJoin(group);
        }
    }

    private void prepareRebalance(Group group, String reason) {
        if (group.is(GroupState.COMPLETING_REBALANCE)) {
            resetAssignments(group, GroupError.REBALANCE_IN_PROGRESS);
        }
        endSyncPhase(group);
        group.storingAssignment = false;
        boolean initial = group.is(GroupState.EMPTY);
        ledger.transition(group, GroupState.PREPARING_REBALANCE, reason);
        if (initial) {
            int delayMs = ledger.settings.initialRebalanceDelayMs();
            group.initialDelayMs = delayMs;
            group.initialRemainingMs = Math.max(group.rebalanceTimeoutMs() - delayMs, 0);
            ledger.alarm(new JoinPhaseEnds(group.groupId), delayMs);
        } else if (group.everyoneJoined()) {
            completeJoin(group);
        } else {
            ledger.alarm(new JoinPhaseEnds(group.groupId), group.rebalanceTimeoutMs());
        }
    }

    /** The initial rebalance is not cut short: more members may be starting up (KIP-134). */
    private void maybeCompleteJoin(Group group) {
        if (group.is(GroupState.PREPARING_REBALANCE) && !group.isInInitialRebalance() && group.everyoneJoined()) {
            completeJoin(group);
        }
    }

    void joinPhaseEnds(String groupId) {
        Group group = ledger.live(groupId);
        if (group == null || !group.is(GroupState.PREPARING_REBALANCE)) {
            return;
        }
        if (group.isInInitialRebalance() && group.newMemberAdded && group.initialRemainingMs != 0) {
            // Someone came during the delay: wait once more, in all no longer than the rebalance timeout.
            group.newMemberAdded = false;
            int delayMs = Math.min(ledger.settings.initialRebalanceDelayMs(), group.initialRemainingMs);
            group.initialRemainingMs = Math.max(group.initialRemainingMs - group.initialDelayMs, 0);
            group.initialDelayMs = delayMs;
            ledger.alarm(new JoinPhaseEnds(groupId), delayMs);
        } else {
            completeJoin(group);
        }
    }

    /** Who is here is in; the others are out, except static members, which keep their place until their session ends. */
    private void completeJoin(Group group) {
        ledger.deadlines.cancel(new JoinPhaseEnds(group.groupId));
        for (Member member : List.copyOf(group.members())) {
            if (!member.awaitsJoin() && !member.isStatic()) {
                removeMember(group, member.memberId);
            }
        }
        if (!group.electLeaderAmongJoined() && group.size() > 0) {
            // Only silent static members are left. Either one joins, or their sessions end.
            ledger.alarm(new JoinPhaseEnds(group.groupId), group.rebalanceTimeoutMs());
            return;
        }
        group.startNextGeneration(ledger.nowMs());
        if (group.is(GroupState.EMPTY)) {
            ledger.report(group, GroupState.PREPARING_REBALANCE, "no member is left");
            // When this record is lost, the generation before it comes back after a crash and its members time out.
            ledger.append(List.of(group.toStored(Map.of())), group, new Aftermath.Nothing());
            return;
        }
        ledger.report(group, GroupState.PREPARING_REBALANCE, "members have joined");
        for (Member member : group.members()) {
            if (member.awaitsJoin()) {
                answerJoin(group, member, currentGeneration(group, member));
            }
            startSession(group, member);
            member.isNew = false;
            group.pendingSyncs().add(member.memberId);
        }
        ledger.alarm(new SyncPhaseEnds(group.groupId), group.rebalanceTimeoutMs());
    }

    private Joined currentGeneration(Group group, Member member) {
        boolean mustAssign = group.isLeader(member.memberId) && group.is(GroupState.COMPLETING_REBALANCE);
        return new Joined(
                member.memberId,
                group.generationId(),
                group.protocolType(),
                group.protocolName(),
                group.leaderId(),
                false,
                mustAssign ? group.joinedMembers() : List.of());
    }

    // ---- sync

    void sync(Sync request) {
        if (request.groupId().isEmpty()) {
            ledger.refuse(request.requestId(), GroupError.INVALID_GROUP_ID);
            return;
        }
        Group group = ledger.live(request.groupId());
        GroupError error = group == null ? GroupError.UNKNOWN_MEMBER_ID : checkSync(group, request);
        Member member = group == null ? null : group.member(request.memberId());
        if (error != null || group == null || member == null) {
            ledger.refuse(request.requestId(), error == null ? GroupError.UNKNOWN_MEMBER_ID : error);
            return;
        }
        switch (group.state()) {
            case PREPARING_REBALANCE -> ledger.refuse(request.requestId(), GroupError.REBALANCE_IN_PROGRESS);
            case COMPLETING_REBALANCE -> {
                answerSync(member, new GroupReply.Refused(GroupError.REBALANCE_IN_PROGRESS));
                member.syncRequest = request.requestId();
                syncReceived(group, member);
                if (group.isLeader(member.memberId) && !group.storingAssignment) {
                    storeAssignments(group, request.assignments());
                }
            }
            case STABLE -> {
                syncReceived(group, member);
                ledger.answer(request.requestId(), syncedWith(group, member));
            }
            case EMPTY, DEAD -> ledger.refuse(request.requestId(), GroupError.UNKNOWN_MEMBER_ID);
        }
    }

    private static @Nullable GroupError checkSync(Group group, Sync request) {
        GroupError error = group.checkMember(request.memberId(), request.groupInstanceId());
        if (error != null) {
            return error;
        }
        if (request.generationId() != group.generationId()) {
            return GroupError.ILLEGAL_GENERATION;
        }
        return contradicts(request.protocolType(), group.protocolType())
                        || contradicts(request.protocolName(), group.protocolName())
                ? GroupError.INCONSISTENT_GROUP_PROTOCOL
                : null;
    }

    private static boolean contradicts(@Nullable String said, @Nullable String is) {
        return said != null && is != null && !said.equals(is);
    }

    private void storeAssignments(Group group, List<MemberAssignment> given) {
        Map<String, Opaque> assignments = new HashMap<>();
        for (Member member : group.members()) {
            assignments.put(member.memberId, Opaque.EMPTY);
        }
        for (MemberAssignment assignment : given) {
            assignments.replace(assignment.memberId(), assignment.assignment());
        }
        group.storingAssignment = true;
        ledger.append(
                List.of(group.toStored(assignments)),
                group,
                new AssignmentStored(group, group.generationId(), Map.copyOf(assignments)));
    }

    void assignmentStored(AssignmentStored what) {
        Group group = what.group();
        if (!isStillOf(group, what.generationId())) {
            return;
        }
        ledger.transition(group, GroupState.STABLE, "the leader's assignment is stored");
        for (Member member : group.members()) {
            member.assignment = what.assignments().getOrDefault(member.memberId, Opaque.EMPTY);
            if (answerSync(member, syncedWith(group, member))) {
                // Its session may have ended unnoticed while it was parked.
                startSession(group, member);
            }
        }
    }

    void assignmentNotStored(AssignmentStored what, GroupError error) {
        Group group = what.group();
        if (isStillOf(group, what.generationId())) {
            resetAssignments(group, error);
            rebalanceOrCompleteJoin(group, "the leader's assignment could not be stored: " + error);
        }
    }

    private static boolean isStillOf(Group group, int generationId) {
        return group.is(GroupState.COMPLETING_REBALANCE) && group.generationId() == generationId;
    }

    private void resetAssignments(Group group, GroupError error) {
        for (Member member : group.members()) {
            member.assignment = Opaque.EMPTY;
            if (answerSync(member, new GroupReply.Refused(error))) {
                startSession(group, member);
            }
        }
    }

    private static Synced syncedWith(Group group, Member member) {
        return new Synced(group.protocolType(), group.protocolName(), member.assignment);
    }

    private void syncReceived(Group group, Member member) {
        group.pendingSyncs().remove(member.memberId);
        if (group.pendingSyncs().isEmpty()) {
            ledger.deadlines.cancel(new SyncPhaseEnds(group.groupId));
        }
    }

    private void endSyncPhase(Group group) {
        group.pendingSyncs().clear();
        ledger.deadlines.cancel(new SyncPhaseEnds(group.groupId));
    }

    /** Members that joined and never asked for their part are out. */
    void syncPhaseEnds(String groupId) {
        Group group = ledger.live(groupId);
        if (group == null || group.pendingSyncs().isEmpty()) {
            return;
        }
        if (group.is(GroupState.COMPLETING_REBALANCE) || group.is(GroupState.STABLE)) {
            List<String> silent = List.copyOf(group.pendingSyncs());
            for (String memberId : silent) {
                removeMember(group, memberId);
            }
            prepareRebalance(group, "members " + silent + " did not sync in time");
        }
    }

    // ---- heartbeat

    void heartbeat(Heartbeat request) {
        if (request.groupId().isEmpty()) {
            ledger.refuse(request.requestId(), GroupError.INVALID_GROUP_ID);
            return;
        }
        Group group = ledger.live(request.groupId());
        GroupError error = group == null
                ? GroupError.UNKNOWN_MEMBER_ID
                : group.checkMember(request.memberId(), request.groupInstanceId());
        Member member = group == null ? null : group.member(request.memberId());
        if (error != null || group == null || member == null) {
            ledger.refuse(request.requestId(), error == null ? GroupError.UNKNOWN_MEMBER_ID : error);
        } else if (request.generationId() != group.generationId()) {
            ledger.refuse(request.requestId(), GroupError.ILLEGAL_GENERATION);
        } else {
            startSession(group, member);
            if (group.is(GroupState.PREPARING_REBALANCE)) {
                ledger.refuse(request.requestId(), GroupError.REBALANCE_IN_PROGRESS);
            } else {
                ledger.answer(request.requestId(), new HeartbeatAccepted());
            }
        }
    }

    // ---- leave

    void leave(Leave request) {
        if (request.groupId().isEmpty()) {
            ledger.refuse(request.requestId(), GroupError.INVALID_GROUP_ID);
            return;
        }
        long before = ledger.lastAppendId();
        Group group = ledger.live(request.groupId());
        List<LeftMember> left = new ArrayList<>(request.members().size());
        List<String> gone = new ArrayList<>();
        for (LeavingMember leaving : request.members()) {
            GroupError error = group == null ? GroupError.UNKNOWN_MEMBER_ID : leave(group, leaving);
            left.add(new LeftMember(leaving.memberId(), leaving.groupInstanceId(), error));
            if (error == null) {
                gone.add(leaving.memberId() + (leaving.reason() == null ? "" : " (" + leaving.reason() + ")"));
            }
        }
        if (group != null && !gone.isEmpty()) {
            switch (group.state()) {
                case STABLE, COMPLETING_REBALANCE -> rebalanceOrCompleteJoin(group, "members " + gone + " left");
                case PREPARING_REBALANCE -> maybeCompleteJoin(group);
                case EMPTY, DEAD -> {}
            }
        }
        ledger.answerOnceCommitted(before, request.requestId(), new Left(left));
    }

    private @Nullable GroupError leave(Group group, LeavingMember leaving) {
        String memberId = leaving.memberId();
        String instanceId = leaving.groupInstanceId();
        if (memberId.isEmpty()) {
            // An administrator removes whoever has this instance id.
            String current = instanceId == null ? null : group.staticMemberId(instanceId);
            if (current == null) {
                return GroupError.UNKNOWN_MEMBER_ID;
            }
            removeMember(group, current);
            return null;
        }
        if (!group.isPendingJoin(memberId)) {
            GroupError error = group.checkMember(memberId, instanceId);
            if (error != null) {
                return error;
            }
        }
        removeMember(group, memberId);
        return null;
    }

    // ---- sessions

    void sessionEnds(String groupId, String memberId) {
        Group group = ledger.live(groupId);
        if (group == null) {
            return;
        }
        Member member = group.member(memberId);
        if (group.isPendingJoin(memberId)) {
            removeMember(group, memberId);
            completeJoinWhenEveryoneJoined(group);
        } else if (member != null && !member.isAlive()) {
            removeMember(group, memberId);
            if (group.is(GroupState.STABLE) || group.is(GroupState.COMPLETING_REBALANCE)) {
                rebalanceOrCompleteJoin(group, "the session of member " + memberId + " ended");
            } else {
                completeJoinWhenEveryoneJoined(group);
            }
        }
    }

    private void completeJoinWhenEveryoneJoined(Group group) {
        if (group.is(GroupState.PREPARING_REBALANCE) && group.everyoneJoined()) {
            completeJoin(group);
        }
    }

    private void startSession(Group group, Member member) {
        startSession(group, member.memberId, member.sessionTimeoutMs);
    }

    private void startSession(Group group, String memberId, int timeoutMs) {
        ledger.alarm(new SessionEnds(group.groupId, memberId), timeoutMs);
    }

    /** A commit of a member shows that it lives. */
    void offsetsCommittedBy(Group group, String memberId) {
        Member member = group.member(memberId);
        if (member != null && (group.is(GroupState.STABLE) || group.is(GroupState.PREPARING_REBALANCE))) {
            startSession(group, member);
        }
    }

    // ---- coming and going of the coordinator

    /** Members of loaded groups get a full session to find the new coordinator. */
    void loaded() {
        for (Group group : List.copyOf(ledger.liveGroups())) {
            for (Member member : group.members()) {
                startSession(group, member);
            }
            if (group.size() > ledger.settings.maxSize()) {
                prepareRebalance(group, "the group is larger than group.max.size allows");
            }
        }
    }

    void unloaded() {
        for (Group group : List.copyOf(ledger.liveGroups())) {
            dissolve(group, GroupError.NOT_COORDINATOR);
            group.transitionTo(GroupState.DEAD, ledger.nowMs());
        }
    }

    // ---- parked requests

    private void removeMember(Group group, String memberId) {
        ledger.deadlines.cancel(new SessionEnds(group.groupId, memberId));
        Member member = group.member(memberId);
        if (member != null) {
            // UNKNOWN_MEMBER_ID makes a client that still lives join anew.
            if (member.awaitsJoin()) {
                answerJoin(group, member, new JoinRefused(GroupError.UNKNOWN_MEMBER_ID, NO_MEMBER_ID));
            }
            answerSync(member, new GroupReply.Refused(GroupError.UNKNOWN_MEMBER_ID));
        }
        group.remove(memberId);
    }

    private void answerJoin(Group group, Member member, GroupReply reply) {
        ledger.answer(member.joinRequest, reply);
        group.joinAnswered(member);
    }

    /** False when nobody waits. */
    private boolean answerSync(Member member, GroupReply reply) {
        if (!member.awaitsSync()) {
            return false;
        }
        ledger.answer(member.syncRequest, reply);
        member.syncRequest = Member.NOBODY;
        return true;
    }

    private void refuseJoin(Join request, GroupError error, String memberId) {
        ledger.answer(request.requestId(), new JoinRefused(error, memberId));
    }
}
