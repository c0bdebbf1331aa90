package io.odradek.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.coordinator.group.GroupEvent.MemberAssignment;
import io.odradek.coordinator.group.GroupEvent.MemberProtocol;
import io.odradek.coordinator.group.GroupEvent.OffsetToCommit;
import io.odradek.coordinator.group.GroupEvent.TopicPartition;
import io.odradek.coordinator.group.GroupReply.FetchedOffset;
import io.odradek.coordinator.group.GroupReply.JoinRefused;
import io.odradek.coordinator.group.GroupReply.Joined;
import io.odradek.coordinator.group.GroupReply.JoinedMember;
import io.odradek.coordinator.group.GroupReply.OffsetsCommitted;
import io.odradek.coordinator.group.GroupReply.OffsetsFetched;
import io.odradek.coordinator.group.GroupReply.PartitionOutcome;
import io.odradek.coordinator.group.GroupReply.Synced;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/**
 * Random histories of a few clients that behave, and some that do not, over a log that confirms late, refuses, and a
 * coordinator that moves; after each step the promises are checked.
 */
class GroupHistoriesTest {

    enum Kind {
        JOIN,
        SYNC,
        HEARTBEAT,
        LEAVE,
        COMMIT,
        FETCH,
        DELETE_OFFSET,
        DELETE_GROUP,
        TOPIC_GONE,
        WAIT,
        CONFIRM,
        REFUSE,
        MOVE
    }

    record Op(Kind kind, int client, int a, int b) {}

    /** One process; the first two are static members. */
    private static final class Client {
        final int number;
        final @Nullable String instanceId;
        String memberId = "";
        int generation = -1;
        long pendingJoin = -1;
        final List<String> members = new ArrayList<>();

        Client(int number) {
            this.number = number;
            this.instanceId = number < 2 ? "i" + number : null;
        }
    }

    private static final class World {
        final Coordinator it =
                new Coordinator(GroupSettings.DEFAULTS.withMaxSize(4).withInitialRebalanceDelayMs(500));
        final List<Client> clients = new ArrayList<>();
        /** Requests whose answers have not been looked at. */
        final Map<Long, Runnable> open = new HashMap<>();

        final Set<Long> asked = new HashSet<>();
        /** What the log says, by our own reckoning. */
        final Map<TopicPartition, Long> committed = new HashMap<>();

        int replayed;
        int traced;
        /** Of the log's last incarnation of the group. */
        int highestGeneration;
        /** Generation to the one member that was told to assign. */
        final Map<Integer, String> leaders = new HashMap<>();

        int ids;

        World() {
            it.confirmsAtOnce = false;
            for (int i = 0; i < 5; i++) {
                clients.add(new Client(i));
            }
        }

        void run(Op op) {
            Client client = clients.get(op.client);
            switch (op.kind) {
                case JOIN -> join(client, op);
                case SYNC -> sync(client);
                case HEARTBEAT -> sent(it.heartbeat(client.memberId, client.generation), () -> {});
                case LEAVE -> {
                    sent(it.leave(client.memberId), () -> {});
                    client.memberId = "";
                    client.generation = -1;
                }
                case COMMIT -> commit(client, op);
                case FETCH -> fetch(op.a % 2 == 0);
                case DELETE_OFFSET -> sent(it.deleteOffset("t" + op.a % 3, op.b % 2), () -> {});
                case DELETE_GROUP -> {
                    sent(it.deleteGroup(), () -> {});
                    forgetGenerations();
                }
                case TOPIC_GONE -> it.step(new GroupEvent.TopicsDeleted(it.nowMs, Set.of("t" + op.a % 3)));
                case WAIT -> it.passMs((long) op.a * op.b * 20);
                case CONFIRM -> {
                    for (int i = 0; i <= op.a && !it.underWay.isEmpty(); i++) {
                        it.confirmOldest();
                        checkAll();
                    }
                }
                case REFUSE -> {
                    if (!it.underWay.isEmpty()) {
                        it.refuseOldest(GroupError.COORDINATOR_NOT_AVAILABLE);
                        forgetGenerations();
                    }
                }
                case MOVE -> {
                    it.restart();
                    forgetGenerations();
                }
            }
            checkAll();
        }

        /** After these a generation may be counted anew: it was never stored, or the group was deleted. */
        private void forgetGenerations() {
            highestGeneration = 0;
            leaders.clear();
        }

        private void sent(long requestId, Runnable look) {
            asked.add(requestId);
            open.put(requestId, look);
        }

        private void join(Client client, Op op) {
            if (op.a % 7 == 0) {
                client.memberId = "";
            }
            List<MemberProtocol> protocols = new ArrayList<>();
            protocols.add(Coordinator.protocol("range", "t" + op.b % 3));
            if (op.b % 4 == 0) {
                protocols.addFirst(Coordinator.protocol("sticky", "t0"));
            }
            long id = it.join(
                    client.memberId,
                    client.instanceId,
                    "m" + client.number + "-" + ids++,
                    protocols.toArray(MemberProtocol[]::new));
            client.pendingJoin = id;
            sent(id, () -> joined(client, id));
        }

        private void joined(Client client, long id) {
            switch (it.answer(id)) {
                case Joined joined -> {
                    assertThat(joined.generationId())
                            .as("generations do not go back")
                            .isGreaterThanOrEqualTo(highestGeneration);
                    highestGeneration = joined.generationId();
                    if (!joined.members().isEmpty()) {
                        assertThat(joined.leaderId()).isEqualTo(joined.memberId());
                        assertThat(joined.members())
                                .extracting(JoinedMember::memberId)
                                .doesNotHaveDuplicates()
                                .contains(joined.memberId());
                        if (!joined.skipAssignment()) {
                            String other = leaders.putIfAbsent(joined.generationId(), joined.memberId());
                            assertThat(other).as("one leader").isIn(null, joined.memberId());
                        }
                    }
                    if (client.pendingJoin == id) {
                        client.memberId = joined.memberId();
                        client.generation = joined.generationId();
                        client.members.clear();
                        joined.members().forEach(m -> client.members.add(m.memberId()));
                    }
                }
                case JoinRefused(GroupError error, String memberId) -> {
                    if (client.pendingJoin == id) {
                        client.memberId =
                                error == GroupError.MEMBER_ID_REQUIRED || error == GroupError.REBALANCE_IN_PROGRESS
                                        ? memberId
                                        : "";
                    }
                }
                case GroupReply other -> throw new AssertionError("answer to a join: " + other);
            }
        }

        private void sync(Client client) {
            int generation = client.generation;
            String memberId = client.memberId;
            List<MemberAssignment> assignments = client.members.stream()
                    .map(m -> new MemberAssignment(m, Coordinator.bytes(generation + ":" + owner(m))))
                    .toList();
            long id = it.nextRequest();
            it.step(new GroupEvent.Sync(
                    it.nowMs, id, Coordinator.GROUP, generation, memberId, client.instanceId, null, null, assignments));
            sent(id, () -> {
                if (it.answer(id) instanceof Synced synced) {
                    String assignment = Coordinator.string(synced.assignment());
                    assertThat(assignment)
                            .as("the part of this member in the generation it asked for, or none")
                            .isIn("", generation + ":" + owner(memberId));
                }
            });
        }

        /** Member ids of one process begin alike; a static member's part passes to its next id. */
        private static String owner(String memberId) {
            return memberId.split("-", -1)[0];
        }

        private void commit(Client client, Op op) {
            boolean simple = op.a % 4 == 0;
            TopicPartition partition = new TopicPartition("t" + op.a % 3, op.b % 2);
            long offset = 1_000L + ids++;
            long id = it.commit(
                    simple ? "" : client.memberId,
                    simple ? -1 : client.generation,
                    new OffsetToCommit(partition.topic(), partition.partition(), offset, -1, null));
            sent(id, () -> {
                if (it.answer(id) instanceof OffsetsCommitted(List<PartitionOutcome> outcomes)) {
                    assertThat(outcomes).hasSize(1);
                    assertThat(it.log)
                            .as("acknowledged means in the log")
                            .anyMatch(r -> r instanceof GroupRecord.OffsetCommitted c
                                    && c.value().offset() == offset);
                }
            });
        }

        private void fetch(boolean requireStable) {
            Set<String> before = texts();
            long id = it.fetchAll(requireStable);
            boolean atOnce = it.isAnswered(id);
            sent(id, () -> {
                if (it.answer(id) instanceof OffsetsFetched(List<FetchedOffset> offsets)) {
                    Set<String> seen = new HashSet<>();
                    offsets.forEach(o -> seen.add(o.topic() + o.partition() + "="
                            + (o.value() == null ? "" : o.value().offset())));
                    assertThat(seen).as("readers see what is committed").isEqualTo(atOnce ? before : texts());
                }
            });
        }

        private Set<String> texts() {
            Set<String> texts = new HashSet<>();
            committed.forEach((p, offset) -> texts.add(p.topic() + p.partition() + "=" + offset));
            return texts;
        }

        private void checkAll() {
            for (; replayed < it.log.size(); replayed++) {
                switch (it.log.get(replayed)) {
                    case GroupRecord.OffsetCommitted c ->
                        committed.put(
                                new TopicPartition(c.topic(), c.partition()),
                                c.value().offset());
                    case GroupRecord.OffsetRemoved r -> committed.remove(new TopicPartition(r.topic(), r.partition()));
                    case GroupRecord.GroupStored stored -> {}
                    case GroupRecord.GroupRemoved removed -> {}
                }
            }
            for (; traced < it.trace.size(); traced++) {
                if (it.trace.get(traced) instanceof GroupEffect.Append(long id, List<GroupRecord> records)
                        && records.stream().anyMatch(r -> r instanceof GroupRecord.GroupRemoved)) {
                    // Whoever joins now founds a new group.
                    forgetGenerations();
                }
            }
            // In the order they were answered, because answers about generations are compared with each other.
            List<Long> ids = new ArrayList<>(open.keySet());
            ids.sort(Comparator.comparingLong(it::answerOrder));
            for (long id : ids) {
                if (it.isAnswered(id)) {
                    Objects.requireNonNull(open.remove(id)).run();
                }
            }
            GroupMachine copy = new GroupMachine(it.settings);
            it.log.forEach(copy::replay);
            assertThat(copy.committedRecords())
                    .as("the log says all that is kept")
                    .containsExactlyInAnyOrderElementsOf(it.machine.committedRecords());
        }

        void end() {
            it.step(new GroupEvent.Unloaded(it.nowMs));
            assertThat(it.answers.keySet()).as("every request is answered").containsAll(asked);
        }
    }

    @Property(tries = 600)
    void promisesHoldInEveryHistory(@ForAll("histories") List<Op> history) {
        World world = new World();
        history.forEach(world::run);
        world.end();
    }

    @Property(tries = 100)
    void equalHistoriesHaveEqualEffects(@ForAll("histories") List<Op> history) {
        World one = new World();
        World two = new World();
        history.forEach(one::run);
        history.forEach(two::run);
        assertThat(one.it.trace).isEqualTo(two.it.trace);
        assertThat(one.it.machine.nextDeadlineMs()).isEqualTo(two.it.machine.nextDeadlineMs());
    }

    /** Whatever happened: when clients keep to the protocol for a while, they all are in one stable generation. */
    @Property(tries = 200)
    void membersThatKeepToTheProtocolAreServedInTheEnd(@ForAll("histories") List<Op> history) {
        World world = new World();
        history.forEach(world::run);
        while (!world.it.underWay.isEmpty()) {
            world.it.confirmOldest();
            world.checkAll();
        }
        world.it.confirmsAtOnce = true;
        world.it.passMs(400_000);
        world.checkAll();
        long one = world.it.join("", "fresh", "fresh-1");
        world.it.passMs(1_500);
        Joined joined = world.it.joined(one);
        assertThat(joined.leaderId()).isEqualTo("fresh-1");
        long sync = world.it.syncStatic("fresh-1", "fresh", joined.generationId(), "fresh-1", "all");
        assertThat(world.it.synced(sync)).isEqualTo("all");
    }

    @Provide
    Arbitrary<List<Op>> histories() {
        return Combinators.combine(
                        Arbitraries.frequencyOf(
                                Tuple.of(12, Arbitraries.just(Kind.JOIN)),
                                Tuple.of(10, Arbitraries.just(Kind.SYNC)),
                                Tuple.of(8, Arbitraries.just(Kind.CONFIRM)),
                                Tuple.of(6, Arbitraries.just(Kind.WAIT)),
                                Tuple.of(6, Arbitraries.just(Kind.COMMIT)),
                                Tuple.of(3, Arbitraries.just(Kind.FETCH)),
                                Tuple.of(12, Arbitraries.of(Kind.class))),
                        Arbitraries.integers().between(0, 4),
                        Arbitraries.integers().between(0, 30),
                        Arbitraries.integers().between(0, 30))
                .as(Op::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(120);
    }
}
