package io.odradek.spec.cluster;

import static org.apache.kafka.clients.consumer.internals.ConsumerProtocol.PROTOCOL_TYPE;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * A member of a consumer group, by the classic protocol: joins, has partitions given out when it is the leader, goes on where is committed, and commits as
 * far as {@link CheckingConsumer}s have read.
 */
final class GroupMember {

    private static final String NO_ID = "";
    private static final int NO_GENERATION = -1;
    private static final int NOBODY = -1;
    private static final int SESSION_MS = 2_000;
    private static final int REBALANCE_MS = 1_500;
    /** A join is answered when all have joined, or when that has taken too long. */
    private static final int PATIENCE_MS = 3 * REBALANCE_MS;

    private static final int PAUSE_MS = 100;
    private static final int MOST_RECORDS = 50;

    private final ClientMachine client;
    private final Chronicle chronicle;
    private final Timeline time;
    private final SplittableRandom random;
    private final GroupLaws laws;
    private final String group;
    private final int number;
    private final @Nullable String instanceId;
    private final Map<TopicPartition, CheckingConsumer> consumers =
            new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));

    private final Map<TopicPartition, Long> positions = new HashMap<>();
    private List<TopicPartition> owned = List.of();
    private String memberId = NO_ID;
    private int generation = NO_GENERATION;
    private int coordinator = NOBODY;
    private int life;
    private long standsStillUntilMs;
    private long lastRoundMs = -1;

    /** @param instanceId of a static member (KIP-345); null when it is none */
    GroupMember(
            ClientMachine client,
            Chronicle chronicle,
            Timeline time,
            SplittableRandom random,
            GroupLaws laws,
            String group,
            int number,
            @Nullable String instanceId,
            List<CheckingConsumer> all) {
        this.client = client;
        this.chronicle = chronicle;
        this.time = time;
        this.random = random;
        this.laws = laws;
        this.group = group;
        this.number = number;
        this.instanceId = instanceId;
        all.forEach(consumer -> consumers.put(consumer.partition(), consumer));
    }

    /** Negative while it is in none. */
    int generation() {
        return generation;
    }

    List<TopicPartition> owned() {
        return owned;
    }

    /** When all that it owns was last committed; negative before. */
    long lastRoundMs() {
        return lastRoundMs;
    }

    String describe() {
        return "member " + number + " is in generation " + generation + " with " + owned + ", and committed last at "
                + lastRoundMs + " ms";
    }

    void happens(MemberChange change) {
        chronicle.say(change.toString());
        switch (change.how()) {
            case LEAVES -> {
                if (coordinator != NOBODY && !memberId.equals(NO_ID)) {
                    ask(ApiKeys.LEAVE_GROUP, leaving(), PATIENCE_MS, LeaveGroupResponseData.class, _ -> {});
                }
                comesAgain(change.awayMs());
            }
            case VANISHES -> comesAgain(change.awayMs());
            case STANDS_STILL -> standsStillUntilMs = time.nowMs() + change.awayMs();
        }
        chronicle.count("a member " + change.what());
    }

    private LeaveGroupRequestData leaving() {
        return new LeaveGroupRequestData()
                .setGroupId(group)
                .setMembers(List.of(new LeaveGroupRequestData.MemberIdentity()
                        .setMemberId(memberId)
                        .setGroupInstanceId(instanceId)));
    }

    private void comesAgain(int awayMs) {
        life++;
        standsStillUntilMs = 0;
        memberId = NO_ID;
        forget();
        coordinator = NOBODY;
        later(awayMs, this::start);
    }

    /** What a process that has gone wanted does not happen; what one that stands still wants, later. */
    private void later(int ms, Runnable then) {
        int born = life;
        client.after(ms, () -> go(born, then));
    }

    private void go(int born, Runnable then) {
        long stillMs = standsStillUntilMs - time.nowMs();
        if (stillMs > 0) {
            client.after(stillMs, () -> go(born, then));
        } else if (born == life) {
            then.run();
        }
    }

    private void forget() {
        generation = NO_GENERATION;
        owned = List.of();
        positions.clear();
    }

    void start() {
        if (coordinator != NOBODY) {
            join();
            return;
        }
        ask(
                client.anyNode(),
                ApiKeys.FIND_COORDINATOR,
                GroupRequests.whoCoordinates(group),
                PATIENCE_MS,
                FindCoordinatorResponseData.class,
                response -> {
                    FindCoordinatorResponseData.@Nullable Coordinator found =
                            response == null ? null : response.coordinators().getFirst();
                    if (found != null && found.errorCode() == Errors.NONE.code()) {
                        coordinator = found.nodeId();
                        goOn();
                    } else {
                        lookAgain();
                    }
                });
    }

    /** With a new coordinator, or again with the same. */
    private void goOn() {
        if (generation == NO_GENERATION) {
            join();
        } else {
            heartbeat();
        }
    }

    private void lookAgain() {
        coordinator = NOBODY;
        later(PAUSE_MS + random.nextInt(PAUSE_MS), this::start);
    }

    private void joinAgain() {
        forget();
        later(random.nextInt(PAUSE_MS), this::join);
    }

    private <T extends ApiMessage> void ask(
            ApiKeys api, ApiMessage request, int timeoutMs, Class<T> answer, ClientMachine.Then<T> then) {
        ask(coordinator, api, request, timeoutMs, answer, then);
    }

    private <T extends ApiMessage> void ask(
            int node, ApiKeys api, ApiMessage request, int timeoutMs, Class<T> answer, ClientMachine.Then<T> then) {
        int born = life;
        client.ask(node, api, request, timeoutMs, answer, response -> go(born, () -> then.accept(response)));
    }

    /** What every answer of a coordinator may say; false when it says something else. */
    private boolean refused(Errors error) {
        if (error != Errors.NONE) {
            chronicle.count("a member hears " + error);
        }
        switch (error) {
            case NETWORK_EXCEPTION, NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS ->
                lookAgain();
            case REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION -> joinAgain();
            case UNKNOWN_MEMBER_ID -> {
                memberId = NO_ID;
                joinAgain();
            }
            // An id is written down when partitions are given out: a coordinator that comes before that knows the id
            // before. The process ends, and its successor is let in.
            case FENCED_INSTANCE_ID -> comesAgain(PAUSE_MS);
            default -> {
                return false;
            }
        }
        return true;
    }

    private AssertionError unexpected(String doing, Errors error) {
        return new AssertionError("member " + number + " " + doing + " and hears " + error);
    }

    // ---- Joining.

    private void join() {
        ByteBuffer subscription = ConsumerProtocol.serializeSubscription(new Subscription(HistoryPlan.LOADED_TOPICS));
        byte[] metadata = new byte[subscription.remaining()];
        subscription.get(metadata);
        JoinGroupRequestData.JoinGroupRequestProtocolCollection protocols =
                new JoinGroupRequestData.JoinGroupRequestProtocolCollection();
        protocols.add(new JoinGroupRequestData.JoinGroupRequestProtocol()
                .setName("turns")
                .setMetadata(metadata));
        ask(
                ApiKeys.JOIN_GROUP,
                new JoinGroupRequestData()
                        .setGroupId(group)
                        .setMemberId(memberId)
                        .setGroupInstanceId(instanceId)
                        .setSessionTimeoutMs(SESSION_MS)
                        .setRebalanceTimeoutMs(REBALANCE_MS)
                        .setProtocolType(PROTOCOL_TYPE)
                        .setProtocols(protocols),
                PATIENCE_MS,
                JoinGroupResponseData.class,
                this::joined);
    }

    private void joined(@Nullable JoinGroupResponseData response) {
        Errors error = response == null ? Errors.NETWORK_EXCEPTION : Errors.forCode(response.errorCode());
        if (response != null && error == Errors.MEMBER_ID_REQUIRED) {
            memberId = response.memberId();
            join();
        } else if (response != null && error == Errors.NONE) {
            memberId = response.memberId();
            sync(response);
        } else if (!refused(error)) {
            throw unexpected("joins", error);
        }
    }

    private void sync(JoinGroupResponseData join) {
        List<SyncGroupRequestData.SyncGroupRequestAssignment> assignments = new ArrayList<>();
        if (join.leader().equals(memberId) && !join.skipAssignment()) {
            Map<String, List<TopicPartition>> shares = new TreeMap<>();
            join.members().forEach(member -> shares.put(member.memberId(), new ArrayList<>()));
            List<List<TopicPartition>> byTurns = List.copyOf(shares.values());
            int turn = 0;
            for (TopicPartition partition : consumers.keySet()) {
                byTurns.get(turn++ % byTurns.size()).add(partition);
            }
            shares.forEach((member, share) -> {
                ByteBuffer bytes = ConsumerProtocol.serializeAssignment(new Assignment(share));
                byte[] assignment = new byte[bytes.remaining()];
                bytes.get(assignment);
                assignments.add(new SyncGroupRequestData.SyncGroupRequestAssignment()
                        .setMemberId(member)
                        .setAssignment(assignment));
            });
        }
        ask(
                ApiKeys.SYNC_GROUP,
                new SyncGroupRequestData()
                        .setGroupId(group)
                        .setMemberId(memberId)
                        .setGroupInstanceId(instanceId)
                        .setGenerationId(join.generationId())
                        .setProtocolType(PROTOCOL_TYPE)
                        .setProtocolName("turns")
                        .setAssignments(assignments),
                PATIENCE_MS,
                SyncGroupResponseData.class,
                response -> synced(join.generationId(), response));
    }

    private void synced(int of, @Nullable SyncGroupResponseData response) {
        Errors error = response == null ? Errors.NETWORK_EXCEPTION : Errors.forCode(response.errorCode());
        if (response != null && error == Errors.NONE) {
            generation = of;
            owned = ConsumerProtocol.deserializeAssignment(ByteBuffer.wrap(response.assignment()))
                    .partitions();
            laws.assigned(number, generation, owned);
            chronicle.say("member " + number + " has " + owned + " in generation " + generation);
            heartbeat();
        } else if (!refused(error)) {
            throw unexpected("wants its share", error);
        }
    }

    // ---- Working.

    private void heartbeat() {
        ask(
                ApiKeys.HEARTBEAT,
                new HeartbeatRequestData()
                        .setGroupId(group)
                        .setMemberId(memberId)
                        .setGroupInstanceId(instanceId)
                        .setGenerationId(generation),
                PATIENCE_MS,
                HeartbeatResponseData.class,
                response -> {
                    Errors error = response == null ? Errors.NETWORK_EXCEPTION : Errors.forCode(response.errorCode());
                    if (error == Errors.NONE) {
                        work();
                    } else if (!refused(error)) {
                        throw unexpected("is alive", error);
                    }
                });
    }

    private void work() {
        if (positions.size() < owned.size()) {
            whereToGoOn();
        } else if (owned.isEmpty()) {
            done();
        } else {
            commit();
        }
    }

    private void done() {
        lastRoundMs = time.nowMs();
        goOnLater();
    }

    /** Not always with a heartbeat, which would tell it that it was overtaken before it commits: clients commit beside theirs. */
    private void goOnLater() {
        later(PAUSE_MS + random.nextInt(PAUSE_MS), random.nextBoolean() ? this::heartbeat : this::work);
    }

    private void whereToGoOn() {
        Map<TopicPartition, Long> atLeast = laws.acknowledged(owned);
        ask(
                ApiKeys.OFFSET_FETCH,
                GroupRequests.whatIsCommitted(group, owned),
                PATIENCE_MS,
                OffsetFetchResponseData.class,
                response -> {
                    Errors error = response == null
                            ? Errors.NETWORK_EXCEPTION
                            : Errors.forCode(response.groups().getFirst().errorCode());
                    if (response != null && error == Errors.NONE) {
                        response.groups()
                                .getFirst()
                                .topics()
                                .forEach(topic -> topic.partitions().forEach(one -> {
                                    TopicPartition partition = new TopicPartition(topic.name(), one.partitionIndex());
                                    laws.goesOn(partition, one.committedOffset(), atLeast.getOrDefault(partition, -1L));
                                    positions.put(partition, Math.max(0, one.committedOffset()));
                                }));
                        goOnLater();
                    } else if (!refused(error)) {
                        throw unexpected("asks where to go on", error);
                    }
                });
    }

    private void commit() {
        for (TopicPartition partition : owned) {
            CheckingConsumer consumer = consumers.get(partition);
            if (consumer != null) {
                positions.compute(partition, (_, at) -> {
                    long from = at == null ? 0 : at;
                    return Math.max(from, Math.min(consumer.nextOffset(), from + random.nextInt(MOST_RECORDS)));
                });
            }
        }
        Map<TopicPartition, Long> offsets = Map.copyOf(positions);
        int newestThen = laws.newest();
        int of = generation;
        laws.asksToCommit(offsets);
        ask(
                ApiKeys.OFFSET_COMMIT,
                GroupRequests.commit(group, offsets)
                        .setMemberId(memberId)
                        .setGroupInstanceId(instanceId)
                        .setGenerationIdOrMemberEpoch(generation),
                PATIENCE_MS,
                OffsetCommitResponseData.class,
                response -> committed(of, newestThen, offsets, response));
    }

    private void committed(
            int of, int newestThen, Map<TopicPartition, Long> offsets, @Nullable OffsetCommitResponseData response) {
        Errors worst = response == null ? Errors.NETWORK_EXCEPTION : Errors.NONE;
        if (response != null) {
            for (var topic : response.topics()) {
                for (var one : topic.partitions()) {
                    TopicPartition partition = new TopicPartition(topic.name(), one.partitionIndex());
                    Errors error = Errors.forCode(one.errorCode());
                    if (error == Errors.NONE) {
                        laws.committed(of, newestThen, partition, offsets.getOrDefault(partition, -1L));
                    } else {
                        worst = error;
                    }
                }
            }
        }
        if (of < newestThen && (worst == Errors.UNKNOWN_MEMBER_ID || worst == Errors.ILLEGAL_GENERATION)) {
            chronicle.count("a member that was overtaken commits nothing");
        }
        if (worst == Errors.NONE) {
            done();
        } else if (!refused(worst)) {
            throw unexpected("commits", worst);
        }
    }
}
