package io.odradek.broker.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.partition.FetchSessions.Entry;
import io.odradek.broker.partition.FetchSessions.Full;
import io.odradek.broker.partition.FetchSessions.Incremental;
import io.odradek.broker.partition.FetchSessions.Refused;
import io.odradek.replication.partition.FetchAnswer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

class FetchSessionsTest {
    private static final short NAMES = 12;
    private static final short IDS = 13;

    private long nowMs = 1_000_000;
    private int nextId;
    private final InstantSource clock = () -> Instant.ofEpochMilli(nowMs);

    /** One request of a client that may be confused. */
    record Step(
            int sessionOfClient,
            int epochShift,
            Kind kind,
            Map<Integer, Long> wanted,
            List<Integer> forgotten,
            boolean privileged,
            long laterMs) {}

    enum Kind {
        FULL,
        CLOSE,
        NEXT,
        UNKNOWN_SESSION
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Map<Integer, Long>> wanted = Arbitraries.maps(
                        Arbitraries.integers().between(0, 5),
                        Arbitraries.longs().between(0, 9))
                .ofMaxSize(4);
        return Combinators.combine(
                        Arbitraries.integers().between(0, 4),
                        Arbitraries.frequencyOf(
                                net.jqwik.api.Tuple.of(9, Arbitraries.just(0)),
                                net.jqwik.api.Tuple.of(1, Arbitraries.integers().between(-1, 1))),
                        Arbitraries.frequency(
                                net.jqwik.api.Tuple.of(4, Kind.FULL),
                                net.jqwik.api.Tuple.of(1, Kind.CLOSE),
                                net.jqwik.api.Tuple.of(10, Kind.NEXT),
                                net.jqwik.api.Tuple.of(1, Kind.UNKNOWN_SESSION)),
                        wanted,
                        Arbitraries.integers()
                                .between(0, 5)
                                .list()
                                .uniqueElements()
                                .ofMaxSize(3),
                        Arbitraries.of(false, false, false, true),
                        Arbitraries.of(0L, 1L, 50_000L, 130_000L))
                .as(Step::new)
                .list()
                .ofMaxSize(60);
    }

    /** What KIP-227 says of one session, as plainly as possible. */
    private static final class ModelSession {
        final int id;
        final boolean privileged;
        final long createdMs;
        long usedMs;
        int epoch = 1;
        final Map<String, Long> offsets = new TreeMap<>();

        ModelSession(int id, boolean privileged, long nowMs) {
            this.id = id;
            this.privileged = privileged;
            this.createdMs = nowMs;
            this.usedMs = nowMs;
        }
    }

    @Property(tries = 500)
    void followsTheModelThroughAnyRequests(@ForAll("steps") List<Step> steps) {
        int slots = 3;
        FetchSessions sessions = new FetchSessions(slots, clock, () -> ++nextId);
        Map<Integer, ModelSession> model = new HashMap<>();
        Map<Integer, int[]> clients = new HashMap<>(); // client -> session id, next epoch
        for (Step step : steps) {
            nowMs += step.laterMs();
            int[] client = clients.computeIfAbsent(step.sessionOfClient(), _ -> new int[] {0, 0});
            boolean full = step.kind() == Kind.FULL || step.kind() == Kind.CLOSE;
            int id = step.kind() == Kind.UNKNOWN_SESSION ? 1_000_000 : client[0];
            int epoch = step.kind() == Kind.CLOSE ? -1 : full ? 0 : Math.max(1, client[1] + step.epochShift());
            FetchRequestData request = request(id, epoch, step.wanted(), step.forgotten(), step.privileged());

            Entry entry = sessions.enter(request, NAMES);

            ModelSession old = model.get(id);
            if (full) {
                model.remove(id);
                boolean made = step.kind() == Kind.FULL
                        && !step.wanted().isEmpty()
                        && modelTakesSlot(model, slots, step.wanted().size(), step.privileged());
                FetchSession session = ((Full) entry).session();
                assertThat(session.isSession()).isEqualTo(made);
                assertThat(session.fetchOffsets()).isEqualTo(offsets(step.wanted()));
                client[0] = session.id();
                client[1] = 1;
                if (made) {
                    ModelSession now = new ModelSession(session.id(), step.privileged(), nowMs);
                    now.offsets.putAll(offsets(step.wanted()));
                    model.put(now.id, now);
                }
                session.leave();
            } else if (old == null) {
                assertThat(entry).isEqualTo(new Refused(Errors.FETCH_SESSION_ID_NOT_FOUND));
            } else if (epoch != old.epoch) {
                assertThat(entry).isEqualTo(new Refused(Errors.INVALID_FETCH_SESSION_EPOCH));
            } else {
                old.offsets.putAll(offsets(step.wanted()));
                step.forgotten().forEach(p -> old.offsets.remove("t-" + p));
                if (old.offsets.isEmpty()) {
                    model.remove(old.id);
                    assertThat(((Full) entry).session().isSession()).isFalse();
                    ((Full) entry).session().leave();
                } else {
                    FetchSession session = ((Incremental) entry).session();
                    assertThat(session.fetchOffsets()).isEqualTo(old.offsets);
                    old.usedMs = nowMs;
                    old.epoch++;
                    client[1] = old.epoch;
                    session.leave();
                }
            }
            assertThat(sessions.count()).isEqualTo(model.size()).isLessThanOrEqualTo(slots);
            assertThat(sessions.partitionCount())
                    .isEqualTo(model.values().stream()
                            .mapToLong(s -> s.offsets.size())
                            .sum());
        }
    }

    private boolean modelTakesSlot(Map<Integer, ModelSession> model, int slots, int size, boolean privileged) {
        if (model.size() < slots) {
            return true;
        }
        ModelSession idlest = model.values().stream()
                .min(Comparator.<ModelSession>comparingLong(s -> s.usedMs).thenComparingInt(s -> s.id))
                .orElseThrow();
        if (nowMs - idlest.usedMs > FetchSessions.MIN_EVICTION_MS) {
            model.remove(idlest.id);
            return true;
        }
        List<ModelSession> candidates = new ArrayList<>();
        for (ModelSession s : model.values()) {
            boolean old = nowMs - s.createdMs > FetchSessions.MIN_EVICTION_MS;
            boolean yields = old || (privileged && !s.privileged);
            boolean less = s.privileged == privileged ? s.offsets.size() < size : privileged;
            if (yields && less) {
                candidates.add(s);
            }
        }
        candidates.sort(Comparator.<ModelSession, Boolean>comparing(s -> s.privileged)
                .thenComparingInt(s -> s.offsets.size())
                .thenComparingInt(s -> s.id));
        if (candidates.isEmpty()) {
            return false;
        }
        model.remove(candidates.getFirst().id);
        return true;
    }

    private static Map<String, Long> offsets(Map<Integer, Long> wanted) {
        Map<String, Long> offsets = new TreeMap<>();
        wanted.forEach((partition, offset) -> offsets.put("t-" + partition, offset));
        return offsets;
    }

    private static FetchRequestData request(
            int id, int epoch, Map<Integer, Long> wanted, List<Integer> forgotten, boolean privileged) {
        FetchTopic topic = new FetchTopic().setTopic("t");
        wanted.forEach((partition, offset) -> topic.partitions()
                .add(new FetchPartition()
                        .setPartition(partition)
                        .setFetchOffset(offset)
                        .setPartitionMaxBytes(1)));
        FetchRequestData request = new FetchRequestData()
                .setSessionId(id)
                .setSessionEpoch(epoch)
                .setReplicaId(privileged ? 7 : -1)
                .setTopics(wanted.isEmpty() ? List.of() : List.of(topic));
        if (!forgotten.isEmpty()) {
            request.setForgottenTopicsData(
                    List.of(new ForgottenTopic().setTopic("t").setPartitions(forgotten)));
        }
        return request;
    }

    @Test
    void aSessionThatIsEnteredRefusesASecondRequest() {
        FetchSessions sessions = new FetchSessions(1, clock, () -> ++nextId);
        FetchSession session = ((Full) sessions.enter(request(0, 0, Map.of(0, 0L), List.of(), false), NAMES)).session();

        Entry second = sessions.enter(request(session.id(), 1, Map.of(), List.of(), false), NAMES);
        assertThat(second).isEqualTo(new Refused(Errors.INVALID_FETCH_SESSION_EPOCH));

        session.leave();
        assertThat(sessions.enter(request(session.id(), 1, Map.of(), List.of(), false), NAMES))
                .isInstanceOf(Incremental.class);
    }

    @Test
    void aSessionMadeWithNamesRefusesIds() {
        FetchSessions sessions = new FetchSessions(1, clock, () -> ++nextId);
        FetchSession session = ((Full) sessions.enter(request(0, 0, Map.of(0, 0L), List.of(), false), NAMES)).session();
        session.leave();

        assertThat(sessions.enter(request(session.id(), 1, Map.of(), List.of(), false), IDS))
                .isEqualTo(new Refused(Errors.FETCH_SESSION_TOPIC_ID_ERROR));
    }

    @Test
    void servesPartitionsInTurn() {
        FetchSessions sessions = new FetchSessions(1, clock, () -> ++nextId);
        FetchSession session =
                ((Full) sessions.enter(request(0, 0, Map.of(0, 0L, 1, 0L, 2, 0L), List.of(), false), NAMES)).session();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            FetchInterest first = Objects.requireNonNull(session.poll());
            order.add(first.partition());
            session.list(first); // it had records
        }
        assertThat(order.subList(0, 3)).containsExactlyInAnyOrder(0, 1, 2);
        assertThat(order.subList(3, 6)).isEqualTo(order.subList(0, 3));
    }

    /** The last reign's answer comes when that reign ends, and so behind the refusal of who asked in the next one too early. */
    @Test
    void whatWasAskedLastIsAnsweredLast() {
        FetchRequestData request = new FetchRequestData()
                .setTopics(List.of(new FetchTopic()
                        .setTopicId(Uuid.randomUuid())
                        .setPartitions(List.of(new FetchPartition().setPartition(0)))));
        FetchSession session = ((Full) new FetchSessions(1, clock).enter(request, IDS)).session();
        FetchInterest interest = session.interests().iterator().next();
        FollowerAnswer first =
                new FollowerAnswer.Other(new FetchAnswer.Refused(FetchAnswer.Refusal.NOT_LEADER_OR_FOLLOWER));
        FollowerAnswer second =
                new FollowerAnswer.Other(new FetchAnswer.Refused(FetchAnswer.Refusal.UNKNOWN_LEADER_EPOCH));
        FollowerAnswer.Reader asked = interest.ask();
        FollowerAnswer.Reader askedAgain = interest.ask();
        askedAgain.answered(second);
        assertThat(interest.answer()).isEqualTo(second);
        asked.answered(first);
        assertThat(interest.answer()).isEqualTo(second);
    }
}
