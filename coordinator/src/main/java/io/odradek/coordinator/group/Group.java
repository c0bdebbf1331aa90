package io.odradek.coordinator.group;

import io.odradek.coordinator.group.GroupEvent.MemberProtocol;
import io.odradek.coordinator.group.GroupRecord.GroupStored;
import io.odradek.coordinator.group.GroupRecord.StoredMember;
import io.odradek.coordinator.group.GroupReply.JoinedMember;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is in a group, which protocol they share, who leads. It keeps its counts consistent and answers questions; what
 * happens when is decided by {@link ClassicProtocol}.
 *
 * <p>Members stand in the order they came, so that equal histories give equal choices.
 */
final class Group {

    final String groupId;
    private GroupState state;
    private GroupState previousState = GroupState.DEAD;
    private long sinceMs;
    private int generationId;
    private @Nullable String protocolType;
    private @Nullable String protocolName;
    private @Nullable String leaderId;
    private final Map<String, Member> members = new LinkedHashMap<>();
    /** Instance id to member id. */
    private final Map<String, String> staticMembers = new HashMap<>();
    /** Ids given out by MEMBER_ID_REQUIRED that have not come back yet. */
    private final Set<String> pendingJoins = new LinkedHashSet<>();
    /** Members of this generation that have not sent their sync yet. */
    private final Set<String> pendingSyncs = new LinkedHashSet<>();
    /** Protocol name to the number of members that offer it. */
    private final Map<String, Integer> offered = new HashMap<>();

    private int awaitingJoins;
    /** Null when unknown. */
    private @Nullable Set<String> subscribedTopics;
    /** Someone joined since the initial delay was last extended. */
    boolean newMemberAdded;
    /** Length of the running part of the initial delay, and what may still be added to it. */
    int initialDelayMs;

    int initialRemainingMs;
    /** The leader's assignment of this generation is on its way to the log. */
    boolean storingAssignment;

    Group(String groupId, long nowMs) {
        this.groupId = groupId;
        this.state = GroupState.EMPTY;
        this.sinceMs = nowMs;
    }

    /** As the log has it. */
    Group(GroupStored stored) {
        this.groupId = stored.groupId();
        this.state = stored.members().isEmpty() ? GroupState.EMPTY : GroupState.STABLE;
        this.sinceMs = stored.sinceMs();
        this.generationId = stored.generationId();
        this.protocolType = stored.protocolType().isEmpty() ? null : stored.protocolType();
        this.protocolName = stored.protocolName();
        this.leaderId = stored.leaderId();
        for (StoredMember member : stored.members()) {
            String offers = protocolName == null ? "" : protocolName;
            add(new Member(
                    member.memberId(),
                    member.groupInstanceId(),
                    member.clientId(),
                    member.clientHost(),
                    stored.protocolType(),
                    // Records before v1 had no rebalance timeout; the session's stood for both.
                    member.rebalanceTimeoutMs() == -1 ? member.sessionTimeoutMs() : member.rebalanceTimeoutMs(),
                    member.sessionTimeoutMs(),
                    List.of(new MemberProtocol(offers, member.subscription())),
                    member.assignment()));
        }
        subscribedTopics = computeSubscribedTopics();
    }

    /**
     * What the log should have.
     *
     * @param assignments for members that are not in it, what they have now
     */
    GroupStored toStored(Map<String, Opaque> assignments) {
        List<StoredMember> stored = new ArrayList<>(members.size());
        for (Member member : members.values()) {
            Opaque subscription = member.metadata(protocolName);
            if (subscription == null) {
                throw new IllegalStateException("member " + member.memberId + " of group " + groupId
                        + " does not offer the group's protocol " + protocolName);
            }
            stored.add(new StoredMember(
                    member.memberId,
                    member.groupInstanceId,
                    member.clientId,
                    member.clientHost,
                    member.rebalanceTimeoutMs,
                    member.sessionTimeoutMs,
                    subscription,
                    assignments.getOrDefault(member.memberId, member.assignment)));
        }
        String type = protocolType == null ? "" : protocolType;
        return new GroupStored(groupId, type, generationId, protocolName, leaderId, sinceMs, stored);
    }

    // ---- what it is

    GroupState state() {
        return state;
    }

    boolean is(GroupState wanted) {
        return state == wanted;
    }

    /** Its first rebalance since it was empty, which waits for more members. */
    boolean isInInitialRebalance() {
        return state == GroupState.PREPARING_REBALANCE && previousState == GroupState.EMPTY;
    }

    /** When it entered its state; -1 when unknown. */
    long sinceMs() {
        return sinceMs;
    }

    int generationId() {
        return generationId;
    }

    @Nullable
    String protocolType() {
        return protocolType;
    }

    @Nullable
    String protocolName() {
        return protocolName;
    }

    @Nullable
    String leaderId() {
        return leaderId;
    }

    boolean isLeader(String memberId) {
        return memberId.equals(leaderId);
    }

    Collection<Member> members() {
        return members.values();
    }

    @Nullable
    Member member(String memberId) {
        return members.get(memberId);
    }

    int size() {
        return members.size();
    }

    int awaitingJoins() {
        return awaitingJoins;
    }

    @Nullable
    String staticMemberId(String groupInstanceId) {
        return staticMembers.get(groupInstanceId);
    }

    boolean isPendingJoin(String memberId) {
        return pendingJoins.contains(memberId);
    }

    Set<String> pendingJoins() {
        return pendingJoins;
    }

    Set<String> pendingSyncs() {
        return pendingSyncs;
    }

    boolean everyoneJoined() {
        return members.size() == awaitingJoins && pendingJoins.isEmpty();
    }

    /** The slowest member decides. */
    int rebalanceTimeoutMs() {
        int max = 0;
        for (Member member : members.values()) {
            max = Math.max(max, member.rebalanceTimeoutMs);
        }
        return max;
    }

    boolean usesConsumerProtocol() {
        return ConsumerSubscription.PROTOCOL_TYPE.equals(protocolType);
    }

    boolean knowsSubscribedTopics() {
        return subscribedTopics != null;
    }

    /** For consumers whose subscription cannot be read: to be safe, all topics. */
    boolean isSubscribedTo(String topic) {
        return subscribedTopics != null ? subscribedTopics.contains(topic) : usesConsumerProtocol();
    }

    /** Whether a member with these protocols would leave at least one that all members offer. */
    boolean accepts(String memberProtocolType, List<MemberProtocol> protocols) {
        if (state == GroupState.EMPTY) {
            return !memberProtocolType.isEmpty() && !protocols.isEmpty();
        }
        return memberProtocolType.equals(protocolType)
                && protocols.stream().anyMatch(p -> offered.getOrDefault(p.name(), 0) == members.size());
    }

    /** Whether the request may speak for this member; the reason when not (KIP-345). */
    @Nullable
    GroupError checkMember(String memberId, @Nullable String groupInstanceId) {
        if (groupInstanceId != null) {
            String current = staticMembers.get(groupInstanceId);
            if (current == null) {
                return GroupError.UNKNOWN_MEMBER_ID;
            }
            if (!current.equals(memberId)) {
                return GroupError.FENCED_INSTANCE_ID;
            }
        }
        return members.containsKey(memberId) ? null : GroupError.UNKNOWN_MEMBER_ID;
    }

    List<JoinedMember> joinedMembers() {
        List<JoinedMember> joined = new ArrayList<>(members.size());
        for (Member member : members.values()) {
            Opaque metadata = member.metadata(protocolName);
            joined.add(new JoinedMember(
                    member.memberId, member.groupInstanceId, metadata == null ? Opaque.EMPTY : metadata));
        }
        return joined;
    }

    // ---- what changes it

    void transitionTo(GroupState next, long nowMs) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException("group " + groupId + " cannot go from " + state + " to " + next);
        }
        previousState = state;
        state = next;
        sinceMs = nowMs;
    }

    void add(Member member) {
        assert !members.containsKey(member.memberId) : member.memberId;
        if (members.isEmpty()) {
            protocolType = member.protocolType;
        }
        if (member.groupInstanceId != null) {
            staticMembers.put(member.groupInstanceId, member.memberId);
        }
        if (leaderId == null) {
            leaderId = member.memberId;
        }
        members.put(member.memberId, member);
        count(member, 1);
        if (member.awaitsJoin()) {
            awaitingJoins++;
        }
        pendingJoins.remove(member.memberId);
    }

    /** Forgets the member, pending or joined; whoever waits for it must have been answered. */
    void remove(String memberId) {
        Member removed = members.remove(memberId);
        if (removed != null) {
            assert !removed.awaitsJoin() && !removed.awaitsSync() : "unanswered request of " + memberId;
            count(removed, -1);
            if (removed.groupInstanceId != null) {
                staticMembers.remove(removed.groupInstanceId, memberId);
            }
        }
        if (isLeader(memberId)) {
            leaderId = members.isEmpty() ? null : members.keySet().iterator().next();
        }
        pendingJoins.remove(memberId);
        pendingSyncs.remove(memberId);
    }

    /** Gives a static member another id in the same place; nobody may wait under the old one. */
    Member rename(Member old, String newMemberId) {
        assert !old.awaitsJoin() && !old.awaitsSync() : "unanswered request of " + old.memberId;
        Member renamed = old.renamed(newMemberId);
        // A LinkedHashMap cannot replace a key in place.
        List<Member> inOrder = new ArrayList<>(members.values());
        members.clear();
        for (Member member : inOrder) {
            members.put(member == old ? newMemberId : member.memberId, member == old ? renamed : member);
        }
        if (renamed.groupInstanceId != null) {
            staticMembers.put(renamed.groupInstanceId, newMemberId);
        }
        if (isLeader(old.memberId)) {
            leaderId = newMemberId;
        }
        if (pendingSyncs.remove(old.memberId)) {
            pendingSyncs.add(newMemberId);
        }
        return renamed;
    }

    void update(Member member, List<MemberProtocol> protocols, int rebalanceTimeoutMs, int sessionTimeoutMs) {
        count(member, -1);
        member.protocols = protocols;
        count(member, 1);
        member.rebalanceTimeoutMs = rebalanceTimeoutMs;
        member.sessionTimeoutMs = sessionTimeoutMs;
    }

    void awaitJoin(Member member, long requestId) {
        assert !member.awaitsJoin();
        member.joinRequest = requestId;
        awaitingJoins++;
    }

    void joinAnswered(Member member) {
        assert member.awaitsJoin();
        member.joinRequest = Member.NOBODY;
        awaitingJoins--;
    }

    void addPendingJoin(String memberId) {
        pendingJoins.add(memberId);
    }

    /** A leader that did not join again cannot assign: the first member that did takes over. False when nobody did. */
    boolean electLeaderAmongJoined() {
        Member leader = leaderId == null ? null : members.get(leaderId);
        if (leader != null && leader.awaitsJoin()) {
            return true;
        }
        for (Member member : members.values()) {
            if (member.awaitsJoin()) {
                leaderId = member.memberId;
                return true;
            }
        }
        return false;
    }

    void startNextGeneration(long nowMs) {
        generationId++;
        storingAssignment = false;
        pendingSyncs.clear();
        protocolName = members.isEmpty() ? null : selectProtocol();
        subscribedTopics = computeSubscribedTopics();
        transitionTo(members.isEmpty() ? GroupState.EMPTY : GroupState.COMPLETING_REBALANCE, nowMs);
    }

    /**
     * Each member votes for the protocol it likes best among those all offer; most votes win, and among equals the one
     * voted for first.
     */
    String selectProtocol() {
        Map<String, Integer> votes = new LinkedHashMap<>();
        for (Member member : members.values()) {
            for (MemberProtocol protocol : member.protocols) {
                if (offered.getOrDefault(protocol.name(), 0) == members.size()) {
                    votes.merge(protocol.name(), 1, Integer::sum);
                    break;
                }
            }
        }
        String selected = null;
        int most = 0;
        for (Map.Entry<String, Integer> candidate : votes.entrySet()) {
            if (candidate.getValue() > most) {
                selected = candidate.getKey();
                most = candidate.getValue();
            }
        }
        if (selected == null) {
            throw new IllegalStateException("members of group " + groupId + " share no protocol");
        }
        return selected;
    }

    private @Nullable Set<String> computeSubscribedTopics() {
        if (!usesConsumerProtocol()) {
            return null;
        }
        Set<String> all = new HashSet<>();
        for (Member member : members.values()) {
            Opaque metadata = member.metadata(protocolName);
            Set<String> topics = metadata == null ? null : ConsumerSubscription.topics(metadata);
            if (topics == null) {
                return null;
            }
            all.addAll(topics);
        }
        return all;
    }

    private void count(Member member, int by) {
        // A member that names a protocol twice must not count twice.
        Set<String> names = new HashSet<>();
        for (MemberProtocol protocol : member.protocols) {
            if (names.add(protocol.name())) {
                offered.merge(protocol.name(), by, Integer::sum);
            }
        }
        offered.values().removeIf(n -> n == 0);
    }
}
