package io.odradek.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.quorum.QuorumAnswer.Diverging;
import io.odradek.replication.quorum.QuorumAnswer.Entries;
import io.odradek.replication.quorum.QuorumAnswer.SnapshotNeeded;
import io.odradek.replication.quorum.QuorumAnswer.Voted;
import io.odradek.replication.quorum.QuorumEffect.Append;
import io.odradek.replication.quorum.QuorumEffect.FetchSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Persist;
import io.odradek.replication.quorum.QuorumEffect.Reply;
import io.odradek.replication.quorum.QuorumEffect.ReplyEntries;
import io.odradek.replication.quorum.QuorumEffect.Send;
import io.odradek.replication.quorum.QuorumEvent.Answered;
import io.odradek.replication.quorum.QuorumEvent.Asked;
import io.odradek.replication.quorum.QuorumEvent.SnapshotFetched;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
import io.odradek.replication.quorum.QuorumRequest.EndEpoch;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import io.odradek.replication.quorum.QuorumRequest.Vote;
import io.odradek.replication.quorum.SimulatedQuorum.Server;
import io.odradek.spec.protocol.FiniteSet;
import io.odradek.spec.protocol.Node;
import io.odradek.spec.protocol.Quorum;
import io.odradek.spec.protocol.QuorumState;
import io.odradek.spec.protocol.QuorumState.Ballot;
import io.odradek.spec.protocol.QuorumState.Budget;
import io.odradek.spec.protocol.QuorumState.End;
import io.odradek.spec.protocol.QuorumState.Entry;
import io.odradek.spec.protocol.QuorumState.EpochEnd;
import io.odradek.spec.protocol.QuorumState.OnWire;
import io.odradek.spec.protocol.QuorumState.OnWire.Answer;
import io.odradek.spec.protocol.QuorumState.Reign;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Follows a simulated quorum with the reference model of {@code tla/core/Quorum}: each step of a machine has to be some actions of its
 * server, one after the other, that leave the server as the machine is. Messages that arrive are put on the model's wire; that they were
 * rightly sent was looked at when they were.
 *
 * <p>A machine may be more careful than the model: a server whose disk was replaced does not vote in an epoch that it is said to have led.
 */
final class QuorumShadow implements SimulatedQuorum.Watcher {

    /** What is taken in some dozens of histories: every action of the specification but Discard, which changes no server. */
    static final Set<String> ACTIONS = Set.of(
            "AnswerFetch",
            "AnswerPreVote",
            "AnswerVote",
            "Campaign",
            "ChangeVoters",
            "Crash",
            "CutBack",
            "Follow",
            "GiveUp",
            "Lead",
            "Resign",
            "SendFetch",
            "Snapshot",
            "StartPreVote",
            "Sync",
            "TakeEntries",
            "TakeSnapshot",
            "Wipe",
            "Write");

    /** What may follow from a message, a sync, or the time. */
    private static final List<String> CONSEQUENCES =
            List.of("Follow", "GiveUp", "StartPreVote", "Campaign", "Lead", "Resign", "ChangeVoters");

    /** An election of a server alone: it asks itself, campaigns and leads; and adds who waits for it. */
    private static final int MOST_CONSEQUENCES = 5;

    /** Where some actions have led. */
    private record Way(QuorumState state, List<String> actions) {
        Way and(String action, QuorumState next) {
            List<String> longer = new ArrayList<>(actions);
            longer.add(action);
            return new Way(next, longer);
        }
    }

    private static final int MANY = 1_000_000;
    private static final OnWire NOTHING = new OnWire.Nothing();

    private final Quorum model;
    private final Map<String, Integer> counts;
    private QuorumState state;
    private QuorumState before;

    /** What batches are to the model, by epoch and offset: LogMatching says that this is enough. */
    private final Map<OffsetAndEpoch, Entry> entries = new HashMap<>();

    /** What is on its way, by server and request. */
    private final Map<String, Send> sent = new HashMap<>();

    private final Map<Integer, FetchSnapshot> fetchedSnapshots = new HashMap<>();

    /** @param counts how often each action was taken */
    QuorumShadow(SimulatedQuorum quorum, Map<String, Integer> counts) {
        this.counts = counts;
        this.model = new Quorum(
                quorum.size(),
                FiniteSet.of(quorum.initialVoters().ids().stream()
                        .map(QuorumShadow::node)
                        .toList()),
                true,
                true,
                MANY,
                MANY,
                new Budget(MANY, MANY, MANY, MANY, MANY),
                1,
                MANY,
                Quorum.SyncApart.PARTS,
                true,
                true);
        this.state = model.initialStates().getFirst();
        this.before = state;
    }

    // ---- Words.

    private static Node node(int id) {
        return new Node(id + 1);
    }

    private static Node leaderNode(int id) {
        return id == HardState.NOBODY ? Node.NOBODY : node(id);
    }

    private static QuorumState.ReplicaKey key(ReplicaKey replica) {
        return new QuorumState.ReplicaKey(node(replica.id()), directory(replica));
    }

    /** Disks of a server are numbered from 1 in the simulation, from 0 in the model. */
    private static int directory(ReplicaKey replica) {
        return (int) replica.directory().getLeastSignificantBits() - 1;
    }

    private static FiniteSet<QuorumState.ReplicaKey> keys(VoterSet voters) {
        return FiniteSet.of(voters.voters().stream().map(v -> key(v.key())).toList());
    }

    // ---- Steps.

    @Override
    public void stepped(Server server, QuorumEvent event, List<QuorumEffect> wanted) {
        before = state;
        Node n = node(server.id());
        List<QuorumEffect> effects = flat(wanted);
        List<Way> possible = consume(server, n, event, effects);
        for (Way begun : possible) {
            Way found = reach(server, n, begun);
            if (found != null) {
                state = found.state;
                found.actions.forEach(this::count);
                remember(server, n, effects);
                return;
            }
        }
        throw new AssertionError("no actions of the specification lead where " + event + " has led server "
                + server.id()
                + ":\n  " + describe(server) + "\n  from " + describe(before, n)
                + (possible.isEmpty() ? "\n  it is not enabled" : "\n  first " + describe(possible.getFirst().state, n))
                + "\n  wanted " + effects);
    }

    private static List<QuorumEffect> flat(List<QuorumEffect> wanted) {
        List<QuorumEffect> effects = new ArrayList<>();
        for (QuorumEffect effect : wanted) {
            if (effect instanceof Persist(HardState _, List<QuorumEffect> onceDurable)) {
                effects.addAll(flat(onceDurable));
            } else {
                effects.add(effect);
            }
        }
        return effects;
    }

    /** States after the action that takes what has come, the likeliest first. */
    private List<Way> consume(Server server, Node n, QuorumEvent event, List<QuorumEffect> effects) {
        List<Way> possible = new ArrayList<>();
        switch (event) {
            case Asked(long requestId, Vote vote) ->
                possible.addAll(answerVote(n, vote, replyTo(requestId, effects) instanceof Voted voted ? voted : null));
            case Asked(long requestId, Fetch fetch) -> possible.add(answerFetch(n, fetch, replyTo(requestId, effects)));
            case Answered(long requestId, QuorumAnswer answer) -> {
                Send request = sent.remove(server.id() + "/" + requestId);
                if (request != null && request.request() instanceof Fetch fetch) {
                    possible.addAll(takeAnswer(server, n, fetch, answer));
                }
                possible.add(asItWas());
            }
            case SnapshotFetched(OffsetAndEpoch snapshot, VoterSet _) -> {
                possible.addAll(takeSnapshot(n, snapshot, fetchedSnapshots.get(server.id())));
                possible.add(asItWas());
            }
            case QuorumEvent.Synced _ -> {
                possible.addAll(taken(
                        "Sync",
                        n,
                        next -> next.synced().of(n) == server.running().log().durableEnd()));
                possible.add(asItWas());
            }
            case QuorumEvent.SnapshotTaken(OffsetAndEpoch snapshot) -> {
                possible.addAll(taken("Snapshot", n, next -> next.start().of(n) == snapshot.offset()));
                possible.add(asItWas());
            }
            case QuorumEvent.AppendRequested _ -> {
                possible.addAll(taken("Write", n, _ -> effects.stream().anyMatch(Append.class::isInstance)));
                possible.add(asItWas());
            }
            case Asked _,
                    QuorumEvent.TimePassed _,
                    QuorumEvent.Failed _,
                    QuorumEvent.SnapshotFailed _,
                    QuorumEvent.SnapshotRead _,
                    QuorumEvent.AddVoterRequested _,
                    QuorumEvent.RemoveVoterRequested _,
                    QuorumEvent.UpdateVoterRequested _,
                    QuorumEvent.ShutDown _ -> possible.add(asItWas());
        }
        return possible;
    }

    private static @Nullable QuorumAnswer replyTo(long requestId, List<QuorumEffect> effects) {
        for (QuorumEffect effect : effects) {
            if (effect instanceof Reply(long id, QuorumAnswer answer) && id == requestId) {
                return answer;
            }
        }
        return null;
    }

    private Way asItWas() {
        return new Way(state, List.of());
    }

    /** After this action, which leaves the wire empty. */
    private List<Way> taken(String action, Node n, Predicate<QuorumState> wanted) {
        return taken(action, state, n, wanted);
    }

    private List<Way> taken(String action, QuorumState from, Node n, Predicate<QuorumState> wanted) {
        return model.take(action, from, n).stream()
                .filter(wanted)
                .map(next -> asItWas().and(action, model.withOnWire(next, n, NOTHING)))
                .toList();
    }

    private void count(String action) {
        counts.merge(action, 1, Integer::sum);
    }

    private List<Way> answerVote(Node n, Vote vote, @Nullable Voted voted) {
        if (voted == null) {
            return List.of(asItWas()); // refused, and nothing follows but what the newer epoch may do
        }
        Ballot ballot = new Ballot(vote.preVote(), vote.epoch(), state.key(n), key(vote.candidate()), voted.granted());
        if (state.votes().has(ballot)) {
            return List.of(asItWas());
        }
        String action = vote.preVote() ? "AnswerPreVote" : "AnswerVote";
        List<Way> next = vote.preVote() || voted.granted()
                ? taken(action, n, after -> after.votes().has(ballot))
                : taken(
                        action,
                        n,
                        after -> after.epoch().of(n) == vote.epoch()
                                && after.votes().equals(state.votes()));
        return voted.granted() || !next.isEmpty() ? next : List.of(asItWas());
    }

    /** As soon as it has come the fetch counts; what it is answered may follow later. */
    private Way answerFetch(Node n, Fetch fetch, @Nullable QuorumAnswer reply) {
        Node f = node(fetch.replica().id());
        OnWire asked = new OnWire.Fetch(
                n,
                fetch.epoch(),
                directory(fetch.replica()),
                (int) fetch.logEnd().offset(),
                fetch.logEnd().epoch());
        QuorumState next =
                model.take("AnswerFetch", model.withOnWire(state, f, asked), f).getFirst();
        OnWire answer = next.net().of(f).getFirst();
        if (reply instanceof Diverging(int _, int _, OffsetAndEpoch end)) {
            assertThat(answer).isInstanceOfSatisfying(Answer.class, told -> {
                assertThat(told.type()).isEqualTo(Answer.Type.DIVERGING);
                assertThat(told.end()).isEqualTo(new EpochEnd(end.epoch(), (int) end.offset()));
            });
        } else if (reply instanceof SnapshotNeeded(int _, int _, OffsetAndEpoch snapshot)) {
            assertThat(answer).isInstanceOfSatisfying(Answer.class, told -> {
                assertThat(told.type()).isEqualTo(Answer.Type.SNAPSHOT);
                assertThat(told.end().end()).isEqualTo((int) snapshot.offset());
            });
        } else if (answer instanceof Answer told) {
            assertThat(told.type()).isEqualTo(Answer.Type.ENTRIES);
        }
        return answer.equals(NOTHING) ? asItWas() : asItWas().and("AnswerFetch", model.withOnWire(next, f, NOTHING));
    }

    private List<Way> takeAnswer(Server server, Node n, Fetch fetch, QuorumAnswer answer) {
        int base = (int) fetch.logEnd().offset();
        return switch (answer) {
            case Entries(int epoch, int _, List<EntryBatch> batches, long highWatermark) -> {
                List<Entry> told = batches.stream().map(this::entry).toList();
                OnWire wire = new Answer(Answer.Type.ENTRIES, epoch, base, told, new EpochEnd(0, (int) highWatermark));
                yield taken("TakeEntries", model.withOnWire(state, n, wire), n, _ -> true);
            }
            case Diverging(int epoch, int _, OffsetAndEpoch end) -> {
                OnWire wire = new Answer(
                        Answer.Type.DIVERGING, epoch, base, List.of(), new EpochEnd(end.epoch(), (int) end.offset()));
                yield taken(
                        "CutBack",
                        model.withOnWire(state, n, wire),
                        n,
                        next -> next.log().of(n).size()
                                == server.running().log().end());
            }
            default -> List.of();
        };
    }

    private Entry entry(EntryBatch batch) {
        Entry entry = entries.get(new OffsetAndEpoch(batch.baseOffset(), batch.epoch()));
        if (entry == null) {
            throw new AssertionError("nobody has appended " + batch);
        }
        return entry;
    }

    private List<Way> takeSnapshot(Node n, OffsetAndEpoch snapshot, @Nullable FetchSnapshot fetched) {
        if (fetched == null || !fetched.snapshot().equals(snapshot)) {
            return List.of();
        }
        List<Entry> log = state.log().of(node(fetched.from()));
        OnWire wire = new Answer(
                Answer.Type.SNAPSHOT,
                state.epoch().of(n),
                state.end(n),
                List.copyOf(log.subList(0, (int) snapshot.offset())),
                new EpochEnd(0, (int) snapshot.offset()));
        return taken("TakeSnapshot", model.withOnWire(state, n, wire), n, _ -> true);
    }

    // ---- What else the step did.

    /** The shortest way on to a state in which the server is as its machine; null when there is none. */
    private @Nullable Way reach(Server server, Node n, Way begun) {
        Deque<Way> ways = new ArrayDeque<>(List.of(begun));
        Set<QuorumState> seen = new LinkedHashSet<>();
        int most = begun.actions.size() + MOST_CONSEQUENCES;
        while (!ways.isEmpty()) {
            Way way = ways.remove();
            if (isAs(server, n, way.state)) {
                return way;
            }
            if (way.actions.size() == most) {
                continue;
            }
            for (String action : CONSEQUENCES) {
                for (QuorumState next : model.take(action, way.state, n)) {
                    if (mayLeadTo(server, n, next) && seen.add(next)) {
                        ways.add(way.and(action, next));
                    }
                }
            }
        }
        return null;
    }

    /** Epochs and logs of one step only grow, so what is beyond leads nowhere. */
    private static boolean mayLeadTo(Server server, Node n, QuorumState next) {
        QuorumMachine machine = server.running();
        return next.epoch().of(n) <= machine.hardState().epoch()
                && next.end(n) <= machine.log().end();
    }

    private boolean isAs(Server server, Node n, QuorumState s) {
        QuorumMachine machine = server.running();
        HardState hardState = machine.hardState();
        LogOutline log = machine.log();
        return s.epoch().of(n) == hardState.epoch()
                && s.leader().of(n).equals(leaderNode(hardState.leader()))
                && votedAs(hardState.votedFor(), s.voted().of(n), s.key(n))
                && plays(machine.role(), s.role().of(n))
                && s.end(n) == log.end()
                && lastEpoch(s, n) == log.lastEpoch()
                && s.synced().of(n) == log.durableEnd()
                && s.start().of(n) == log.start().offset()
                && s.hw().of(n) == log.highWatermark()
                && model.votersBy(s, n).equals(keys(log.voters()))
                && (!(machine.role() instanceof Leadership reign) || knows(reign, n, s));
    }

    private static int lastEpoch(QuorumState s, Node n) {
        return s.end(n) == 0 ? 0 : s.log().of(n).getLast().epoch();
    }

    private static boolean votedAs(
            @Nullable ReplicaKey votedFor, Optional<QuorumState.ReplicaKey> voted, QuorumState.ReplicaKey self) {
        Optional<QuorumState.ReplicaKey> machines =
                Optional.ofNullable(votedFor).map(QuorumShadow::key);
        boolean abstains = machines.equals(Optional.of(self)) && voted.isEmpty() && self.directory() > 0;
        return machines.equals(voted) || abstains;
    }

    private static boolean plays(Role role, QuorumState.Role model) {
        return switch (role) {
            case Role.Unattached _ -> model == QuorumState.Role.UNATTACHED;
            case Role.Resigned _ -> model == QuorumState.Role.RESIGNED;
            case Role.Prospective _ -> model == QuorumState.Role.PROSPECTIVE;
            case Role.Candidate _ -> model == QuorumState.Role.CANDIDATE;
            case Leadership _ -> model == QuorumState.Role.LEADER;
            case Following _ -> model == QuorumState.Role.FOLLOWER;
        };
    }

    /** How far the others are, as the leader knows. */
    private static boolean knows(Leadership reign, Node n, QuorumState s) {
        Map<Node, End> known = new HashMap<>();
        for (ReplicaState replica : reign.replicas(0)) {
            if (replica.lastFetchMs() >= 0 && replica.logEndOffset() >= 0) {
                known.put(node(replica.replica().id()), new End(directory(replica.replica()), (int)
                        replica.logEndOffset()));
            }
        }
        known.remove(n);
        Map<Node, End> model = new HashMap<>();
        for (int id = 0; id < s.role().values().size(); id++) {
            End end = s.ends().of(n).of(node(id));
            if (end.offset() >= 0) {
                model.put(node(id), end);
            }
        }
        return model.equals(known);
    }

    /** What was sent has to be what the model would send; what was appended gets its name. */
    private void remember(Server server, Node n, List<QuorumEffect> effects) {
        for (QuorumEffect effect : effects) {
            switch (effect) {
                case Append(EntryBatch batch) ->
                    entries.put(
                            new OffsetAndEpoch(batch.baseOffset(), batch.epoch()),
                            state.log().of(n).get((int) batch.baseOffset()));
                case Send send -> {
                    sent.put(server.id() + "/" + send.requestId(), send);
                    checkSent(server, n, send);
                }
                case ReplyEntries(long _, int epoch, int leader, long from, long highWatermark) -> {
                    assertThat(state.elected().has(new Reign(epoch, node(leader))))
                            .isTrue();
                    assertThat(from).isBetween((long) state.start().of(n), (long) state.end(n));
                    assertThat(highWatermark).isEqualTo(state.hw().of(n).longValue());
                }
                case FetchSnapshot fetch -> fetchedSnapshots.put(server.id(), fetch);
                default -> {}
            }
        }
    }

    private void checkSent(Server server, Node n, Send send) {
        switch (send.request()) {
            case Vote vote ->
                assertThat(state.asked().stream()
                                .anyMatch(q -> q.pre() == vote.preVote()
                                        && q.epoch() == vote.epoch()
                                        && q.candidate().equals(key(vote.candidate()))
                                        && q.voters().has(key(vote.voter()))
                                        && q.end() == vote.logEnd().offset()
                                        && q.lastEpoch() == vote.logEnd().epoch()))
                        .as("server %d asks for %s, of %s", server.id(), vote, state.asked())
                        .isTrue();
            case BeginEpoch(int epoch, int leader, ReplicaKey _) ->
                assertThat(state.elected().has(new Reign(epoch, node(leader))))
                        .as("server %d announces epoch %d", server.id(), epoch)
                        .isTrue();
            case EndEpoch(int epoch, int leader, List<ReplicaKey> _) ->
                assertThat(state.elected().has(new Reign(epoch, node(leader))))
                        .as("server %d ends epoch %d", server.id(), epoch)
                        .isTrue();
            case Fetch fetch -> {
                OnWire asked = new OnWire.Fetch(
                        node(send.to()),
                        fetch.epoch(),
                        directory(fetch.replica()),
                        (int) fetch.logEnd().offset(),
                        fetch.logEnd().epoch());
                assertThat(model.take("SendFetch", state, n))
                        .as("server %d sends %s", server.id(), fetch)
                        .anyMatch(next -> next.net().of(n).getFirst().equals(asked));
                count("SendFetch");
            }
        }
    }

    // ---- Ends of processes and disks.

    @Override
    public void undone() {
        state = before;
    }

    @Override
    public void crashed(Server server) {
        Node n = node(server.id());
        state = taken("Crash", n, next -> next.end(n) == server.end()).getFirst().state;
        count("Crash");
        fetchedSnapshots.remove(server.id());
    }

    @Override
    public void wiped(Server server) {
        state = taken("Wipe", node(server.id()), _ -> true).getFirst().state;
        count("Wipe");
        fetchedSnapshots.remove(server.id());
    }

    // ---- For who has to find out why.

    private static String describe(Server server) {
        QuorumMachine machine = server.running();
        LogOutline log = machine.log();
        return machine.hardState() + " " + machine.role().getClass().getSimpleName() + " end " + log.end()
                + " of epoch "
                + log.lastEpoch() + " durable " + log.durableEnd() + " start " + log.start() + " hw "
                + log.highWatermark() + " voters " + log.voters() + " replicas " + machine.replicas();
    }

    private String describe(QuorumState s, Node n) {
        return s.epoch().of(n) + " " + s.voted().of(n) + " " + s.leader().of(n) + " "
                + s.role().of(n) + " end " + s.end(n) + " of epoch " + lastEpoch(s, n) + " synced "
                + s.synced().of(n) + " start " + s.start().of(n) + " hw " + s.hw().of(n) + " voters "
                + model.votersBy(s, n) + " ends " + s.ends().of(n);
    }
}
