package io.odradek.coordinator.group;

import io.odradek.coordinator.group.GroupEvent.MemberAssignment;
import io.odradek.coordinator.group.GroupEvent.MemberProtocol;
import io.odradek.coordinator.group.GroupReply.Joined;
import io.odradek.coordinator.group.GroupReply.Synced;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A machine with a clock one can turn and a log that confirms when told, or at once. */
final class Coordinator {

    static final String GROUP = "readers";
    static final int SESSION_MS = 10_000;
    static final int REBALANCE_MS = 60_000;

    final GroupSettings settings;
    GroupMachine machine;
    long nowMs = 1_000_000;
    boolean confirmsAtOnce = true;
    final List<GroupRecord> log = new ArrayList<>();
    final Deque<GroupEffect.Append> underWay = new ArrayDeque<>();
    final Map<Long, GroupReply> answers = new HashMap<>();
    private final List<Long> answered = new ArrayList<>();
    final List<String> transitions = new ArrayList<>();
    final List<GroupEffect> trace = new ArrayList<>();
    private long requests;

    Coordinator(GroupSettings settings) {
        this.settings = settings;
        this.machine = new GroupMachine(settings);
        step(new GroupEvent.Loaded(nowMs));
    }

    void step(GroupEvent event) {
        for (GroupEffect effect : machine.step(event)) {
            trace.add(effect);
            switch (effect) {
                case GroupEffect.Append append -> underWay.add(append);
                case GroupEffect.Answer(long requestId, GroupReply reply) -> {
                    answered.add(requestId);
                    GroupReply before = answers.put(requestId, reply);
                    if (before != null) {
                        throw new AssertionError("request " + requestId + " answered twice: " + before + ", " + reply);
                    }
                }
                case GroupEffect.ReportTransition t -> transitions.add(t.from() + " -> " + t.to());
            }
        }
        if (confirmsAtOnce) {
            confirmAll();
        }
    }

    void confirmAll() {
        while (!underWay.isEmpty()) {
            confirmOldest();
        }
    }

    void confirmOldest() {
        GroupEffect.Append append = underWay.remove();
        log.addAll(append.records());
        step(new GroupEvent.Appended(nowMs, append.appendId()));
    }

    void refuseOldest(GroupError error) {
        step(new GroupEvent.AppendRefused(nowMs, underWay.remove().appendId(), error));
    }

    /** Lets time go by, stopping at each deadline on the way. */
    void passMs(long ms) {
        long until = nowMs + ms;
        while (machine.nextDeadlineMs() <= until) {
            nowMs = Math.max(nowMs, machine.nextDeadlineMs());
            step(new GroupEvent.TimePassed(nowMs));
        }
        nowMs = until;
    }

    /** A new coordinator from what the log has; everyone waiting at the old one is turned away. */
    void restart() {
        boolean confirms = confirmsAtOnce;
        confirmsAtOnce = false;
        step(new GroupEvent.Unloaded(nowMs));
        underWay.clear();
        machine = new GroupMachine(settings);
        log.forEach(machine::replay);
        step(new GroupEvent.Loaded(nowMs));
        confirmsAtOnce = confirms;
    }

    long nextRequest() {
        return requests++;
    }

    // ---- requests, each giving its id

    long join(String memberId, @Nullable String instanceId, String newMemberId, MemberProtocol... protocols) {
        GroupEvent.Join join = joining(memberId, instanceId, newMemberId);
        return join(protocols.length == 0 ? join : join.withProtocols(Arrays.asList(protocols)));
    }

    long join(GroupEvent.Join join) {
        step(join);
        return join.requestId();
    }

    /** What a client of today sends, to be changed before {@link #join(GroupEvent.Join)}. */
    GroupEvent.Join joining(String memberId, @Nullable String instanceId, String newMemberId) {
        return GroupEventJoinBuilder.builder()
                .nowMs(nowMs)
                .requestId(nextRequest())
                .groupId(GROUP)
                .memberId(memberId)
                .groupInstanceId(instanceId)
                .newMemberId(newMemberId)
                .clientId("client")
                .clientHost("/127.0.0.1")
                .rebalanceTimeoutMs(REBALANCE_MS)
                .sessionTimeoutMs(SESSION_MS)
                .protocolType("consumer")
                .protocols(List.of(range("topic")))
                .memberIdRequired(true)
                .maySkipAssignment(true)
                .reason("")
                .build();
    }

    /** Joins the way clients do: takes the id it is given and joins with it. */
    long joinDynamic(String memberId, MemberProtocol... protocols) {
        long first = join("", null, memberId, protocols);
        if (!answer(first).equals(new GroupReply.JoinRefused(GroupError.MEMBER_ID_REQUIRED, memberId))) {
            throw new AssertionError(answer(first));
        }
        return join(memberId, null, "unused", protocols);
    }

    long sync(String memberId, int generation, String... assignments) {
        return syncStatic(memberId, null, generation, assignments);
    }

    long syncStatic(String memberId, @Nullable String instanceId, int generation, String... assignments) {
        List<MemberAssignment> given = new ArrayList<>();
        for (int i = 0; i < assignments.length; i += 2) {
            given.add(new MemberAssignment(assignments[i], bytes(assignments[i + 1])));
        }
        long id = nextRequest();
        step(new GroupEvent.Sync(nowMs, id, GROUP, generation, memberId, instanceId, null, null, given));
        return id;
    }

    long heartbeat(String memberId, int generation) {
        long id = nextRequest();
        step(new GroupEvent.Heartbeat(nowMs, id, GROUP, generation, memberId, null));
        return id;
    }

    long leave(String... memberIds) {
        long id = nextRequest();
        step(new GroupEvent.Leave(
                nowMs,
                id,
                GROUP,
                Arrays.stream(memberIds)
                        .map(m -> new GroupEvent.LeavingMember(m, null, null))
                        .toList()));
        return id;
    }

    long commit(String memberId, int generation, String topic, int partition, long offset) {
        return commit(memberId, generation, new GroupEvent.OffsetToCommit(topic, partition, offset, -1, null));
    }

    long commit(String memberId, int generation, GroupEvent.OffsetToCommit... offsets) {
        long id = nextRequest();
        step(new GroupEvent.CommitOffsets(
                nowMs, id, GROUP, generation, memberId, null, -1, true, Arrays.asList(offsets)));
        return id;
    }

    long fetchAll(boolean requireStable) {
        long id = nextRequest();
        step(new GroupEvent.FetchOffsets(nowMs, id, GROUP, null, requireStable));
        return id;
    }

    long deleteOffset(String topic, int partition) {
        long id = nextRequest();
        step(new GroupEvent.DeleteOffsets(nowMs, id, GROUP, List.of(new GroupEvent.TopicPartition(topic, partition))));
        return id;
    }

    long deleteGroup() {
        long id = nextRequest();
        step(new GroupEvent.DeleteGroups(nowMs, id, List.of(GROUP)));
        return id;
    }

    GroupReply.GroupDescription describe() {
        long id = nextRequest();
        step(new GroupEvent.DescribeGroups(nowMs, id, List.of(GROUP)));
        return ((GroupReply.GroupsDescribed) answer(id)).groups().getFirst();
    }

    List<String> list(Set<String> states) {
        long id = nextRequest();
        step(new GroupEvent.ListGroups(nowMs, id, states, true));
        return ((GroupReply.GroupsListed) answer(id))
                .groups().stream().map(GroupReply.ListedGroup::groupId).toList();
    }

    GroupState state() {
        return describe() instanceof GroupReply.DescribedGroup group ? group.state() : GroupState.DEAD;
    }

    // ---- answers

    /** Counts up with the answers; the largest number for what has none. */
    int answerOrder(long requestId) {
        int order = answered.indexOf(requestId);
        return order < 0 ? Integer.MAX_VALUE : order;
    }

    boolean isAnswered(long requestId) {
        return answers.containsKey(requestId);
    }

    GroupReply answer(long requestId) {
        return Objects.requireNonNull(answers.get(requestId), () -> "request " + requestId + " is not answered");
    }

    Joined joined(long requestId) {
        return (Joined) answer(requestId);
    }

    String synced(long requestId) {
        return string(((Synced) answer(requestId)).assignment());
    }

    GroupError refused(long requestId) {
        return switch (answer(requestId)) {
            case GroupReply.Refused(GroupError error) -> error;
            case GroupReply.JoinRefused(GroupError error, String memberId) -> error;
            case GroupReply other -> throw new AssertionError("not refused: " + other);
        };
    }

    static MemberProtocol range(String... topics) {
        return new MemberProtocol("range", subscription(topics));
    }

    static MemberProtocol protocol(String name, String... topics) {
        return new MemberProtocol(name, subscription(topics));
    }

    static Opaque subscription(String... topics) {
        ByteBuffer out = ByteBuffer.allocate(1024);
        out.putShort((short) 3).putInt(topics.length);
        for (String topic : topics) {
            byte[] name = topic.getBytes(StandardCharsets.UTF_8);
            out.putShort((short) name.length).put(name);
        }
        out.putInt(-1).putInt(0).putInt(-1);
        return Opaque.of(Arrays.copyOf(out.array(), out.position()));
    }

    static Opaque bytes(String text) {
        return Opaque.of(text.getBytes(StandardCharsets.UTF_8));
    }

    static String string(Opaque bytes) {
        return new String(bytes.bytes(), StandardCharsets.UTF_8);
    }
}
