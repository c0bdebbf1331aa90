package io.odradek.spec.protocol;

import static io.odradek.spec.protocol.QuorumState.lastEpoch;
import static io.odradek.spec.protocol.Sequences.append;
import static io.odradek.spec.protocol.Sequences.between;
import static io.odradek.spec.protocol.Sequences.concat;
import static io.odradek.spec.protocol.Sequences.cutTo;

import io.odradek.spec.protocol.QuorumState.Ballot;
import io.odradek.spec.protocol.QuorumState.Budget;
import io.odradek.spec.protocol.QuorumState.End;
import io.odradek.spec.protocol.QuorumState.Entry;
import io.odradek.spec.protocol.QuorumState.EpochEnd;
import io.odradek.spec.protocol.QuorumState.OnWire;
import io.odradek.spec.protocol.QuorumState.OnWire.Answer;
import io.odradek.spec.protocol.QuorumState.Reign;
import io.odradek.spec.protocol.QuorumState.ReplicaKey;
import io.odradek.spec.protocol.QuorumState.Role;
import io.odradek.spec.protocol.QuorumState.VoteRequest;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * {@code tla/core/Quorum}: the metadata quorum, Raft in the shape that KRaft gave it. The constants are those of the module.
 *
 * @param servers how many there are
 * @param initialVoters who votes before the log says anything about it
 * @param slots exchanges that a fetcher may have on the wire
 */
@RecordBuilder
public record Quorum(
        int servers,
        FiniteSet<Node> initialVoters,
        boolean preVote,
        boolean hardStateSync,
        int maxEpoch,
        int maxRecord,
        Budget budget,
        int slots,
        int batch,
        SyncApart syncApart,
        boolean fetchAlways,
        boolean askAround)
        implements ReferenceModel<QuorumState>, QuorumBuilder.With {

    /** When syncing is a step of its own. */
    public enum SyncApart {
        NEVER,
        CRASHING,
        ALWAYS,
        PARTS
    }

    private static final List<String> ELECTING_AND_WRITING = List.of(
            "StartPreVote",
            "AnswerPreVote",
            "GiveUp",
            "Campaign",
            "AnswerVote",
            "Lead",
            "Follow",
            "Resign",
            "Write",
            "ChangeVoters");
    private static final List<String> FETCHING =
            List.of("SendFetch", "AnswerFetch", "TakeEntries", "CutBack", "TakeSnapshot", "Discard");
    private static final List<String> KEEPING = List.of("Sync", "Snapshot", "Crash", "Wipe");

    private static final List<QuorumState> NOT_ENABLED = List.of();
    private static final OnWire NOTHING = new OnWire.Nothing();

    @Override
    public List<QuorumState> initialStates() {
        return List.of(begin());
    }

    private QuorumState begin() {
        return new QuorumState(
                forAll(0),
                forAll(Optional.empty()),
                forAll(Node.NOBODY),
                forAll(Role.UNATTACHED),
                forAll(0),
                forAll(List.of()),
                forAll(0),
                forAll(0),
                forAll(0),
                forAll(noEnds()),
                forAll(Collections.nCopies(slots, NOTHING)),
                FiniteSet.empty(),
                FiniteSet.empty(),
                FiniteSet.empty(),
                List.of(),
                0,
                budget);
    }

    /** A later start ({@code LedInit}): the first leader is elected and everybody knows it. */
    public List<QuorumState> ledInitialStates() {
        return initialVoters.stream().map(this::led).toList();
    }

    private QuorumState led(Node leader) {
        QuorumState s = begin();
        Each<Optional<ReplicaKey>> voted = s.voted();
        Each<Role> role = s.role();
        for (Node server : nodes()) {
            role = role.with(server, server.equals(leader) ? Role.LEADER : Role.FOLLOWER);
            if (initialVoters.has(server)) {
                voted = voted.with(server, Optional.of(new ReplicaKey(leader, 0)));
            }
        }
        Each<Optional<ReplicaKey>> votes = voted;
        Each<Role> roles = role;
        return s.with(it -> it.epoch(forAll(1))
                .voted(votes)
                .leader(forAll(leader))
                .role(roles)
                .log(s.log().with(leader, List.of(Entry.leads(1))))
                .synced(s.synced().with(leader, syncApart == SyncApart.NEVER ? 1 : 0))
                .elected(FiniteSet.single(new Reign(1, leader))));
    }

    @Override
    public List<Step<QuorumState>> successors(QuorumState state) {
        Steps<QuorumState> steps = new Steps<>();
        for (Node s : nodes()) {
            ELECTING_AND_WRITING.forEach(action -> steps.add(Action.of(action, s), take(action, state, s)));
            for (int i = 1; i <= slots; i++) {
                for (String action : FETCHING) {
                    steps.add(Action.of(action, s, i), exchange(action, state, s, i));
                }
            }
            KEEPING.forEach(action -> steps.add(Action.of(action, s), take(action, state, s)));
        }
        return steps.all();
    }

    /**
     * What one action of one server may lead to, as in {@link #successors}; with the first slot, where it is about one. For who follows a
     * run, and knows which action was taken.
     */
    public List<QuorumState> take(String action, QuorumState s, Node node) {
        return switch (action) {
            case "StartPreVote" -> startPreVote(s, node);
            case "AnswerPreVote" -> toEachAsked(s, q -> answerPreVote(s, node, q));
            case "GiveUp" -> giveUp(s, node);
            case "Campaign" -> campaign(s, node);
            case "AnswerVote" -> toEachAsked(s, q -> answerVote(s, node, q));
            case "Lead" -> lead(s, node);
            case "Follow" -> follow(s, node);
            case "Resign" -> resign(s, node);
            case "Write" -> write(s, node);
            case "ChangeVoters" -> changeVoters(s, node);
            case "Sync" -> sync(s, node);
            case "Snapshot" -> snapshot(s, node);
            case "Crash" -> crash(s, node);
            case "Wipe" -> wipe(s, node);
            default -> exchange(action, s, node, 1);
        };
    }

    private List<QuorumState> exchange(String action, QuorumState s, Node f, int i) {
        return switch (action) {
            case "SendFetch" -> sendFetch(s, f, i);
            case "AnswerFetch" -> answerFetch(s, f, i);
            case "TakeEntries" -> takeEntries(s, f, i);
            case "CutBack" -> cutBack(s, f, i);
            case "TakeSnapshot" -> takeSnapshot(s, f, i);
            case "Discard" -> discard(s, f, i);
            default -> throw new IllegalArgumentException("no action " + action);
        };
    }

    /** The state but for what a fetcher has in its first slot. */
    public QuorumState withOnWire(QuorumState s, Node f, OnWire wire) {
        return put(s, f, 1, wire);
    }

    /** Who votes, by a server's own log. */
    public FiniteSet<ReplicaKey> votersBy(QuorumState s, Node node) {
        return voters(s, node);
    }

    private List<Node> nodes() {
        return Node.first(servers);
    }

    private <T> Each<T> forAll(T value) {
        return Each.all(servers, value);
    }

    private Each<End> noEnds() {
        return forAll(End.UNKNOWN);
    }

    // Words.

    private static boolean isQuorum(FiniteSet<ReplicaKey> keys, FiniteSet<ReplicaKey> voters) {
        return keys.stream().allMatch(voters::has) && 2 * keys.size() > voters.size();
    }

    /** The voters by a log: those of the newest entry that says so, committed or not. */
    private FiniteSet<ReplicaKey> votersBy(List<Entry> entries) {
        for (Entry entry : entries.reversed()) {
            if (entry.kind() == Entry.Kind.VOTERS) {
                return entry.voters();
            }
        }
        return FiniteSet.of(
                initialVoters.stream().map(server -> new ReplicaKey(server, 0)).toList());
    }

    private FiniteSet<ReplicaKey> voters(QuorumState s, Node node) {
        return votersBy(s.log().of(node));
    }

    /** Whether syncing is a step of its own. */
    private boolean syncs(QuorumState s) {
        return syncApart == SyncApart.ALWAYS
                || syncApart == SyncApart.PARTS
                || (syncApart == SyncApart.CRASHING && s.left().crash() > 0);
    }

    /** Takes another place in the quorum. Whoever led forgets how far the others were. */
    private QuorumState enter(QuorumState s, Node node, Role role, int epoch, Node leader, Optional<ReplicaKey> voted) {
        return s.with(it -> it.role(s.role().with(node, role))
                .epoch(s.epoch().with(node, epoch))
                .leader(s.leader().with(node, leader))
                .voted(s.voted().with(node, voted))
                .ends(s.ends().with(node, noEnds())));
    }

    /** Voters that have entry n durably, as the leader knows. It counts itself by its own disk. */
    private long holders(QuorumState s, Node node, Each<End> known, int n) {
        return voters(s, node).stream()
                .filter(v -> v.equals(s.key(node))
                        ? s.synced().of(node) >= n
                        : known.of(v.server()).directory() == v.directory()
                                && known.of(v.server()).offset() >= n)
                .count();
    }

    /** Committed is up to the last entry of the leader's own epoch that a majority holds (Raft 5.4.2 and figure 8). */
    private QuorumState commit(QuorumState s, Node node, Each<End> known) {
        List<Entry> entries = s.log().of(node);
        int majority = voters(s, node).size() / 2 + 1;
        int committed = IntStream.rangeClosed(s.hw().of(node) + 1, entries.size())
                .filter(n -> holders(s, node, known, n) >= majority)
                .filter(n -> entries.get(n - 1).epoch() == s.epoch().of(node))
                .max()
                .orElse(s.hw().of(node));
        return s.with(it -> it.hw(s.hw().with(node, committed))
                .committed(committed > s.committed().size() ? cutTo(entries, committed) : s.committed()));
    }

    private QuorumState leaderAppend(QuorumState s, Node node, Entry entry, Each<End> known) {
        List<Entry> entries = append(s.log().of(node), entry);
        int durable = syncs(s) ? s.synced().of(node) : entries.size();
        QuorumState appended = s.with(
                it -> it.log(s.log().with(node, entries)).synced(s.synced().with(node, durable)));
        return commit(appended, node, known);
    }

    // Elections.

    private VoteRequest request(QuorumState s, Node node, boolean pre, int epoch) {
        List<Entry> log = s.log().of(node);
        return new VoteRequest(pre, epoch, s.key(node), voters(s, node), lastEpoch(log), log.size());
    }

    private FiniteSet<ReplicaKey> tally(QuorumState s, Node node, boolean pre) {
        int epoch = s.epoch().of(node);
        return voters(s, node).where(voter -> s.votes().has(new Ballot(pre, epoch, voter, s.key(node), true)));
    }

    /** A voter, or one that was one behind what it knows to be committed (Raft dissertation 4.2.2). */
    private boolean mayLead(QuorumState s, Node node) {
        List<Entry> log = s.log().of(node);
        return IntStream.rangeClosed(s.hw().of(node), log.size())
                .anyMatch(n -> votersBy(log.subList(0, n)).has(s.key(node)));
    }

    /** The candidate's log is at least as new as the server's own (Raft 5.4.1). */
    private static boolean isUpToDate(QuorumState s, Node node, VoteRequest q) {
        int own = lastEpoch(s.log().of(node));
        return q.lastEpoch() > own || (q.lastEpoch() == own && q.end() >= s.end(node));
    }

    /** A voter that hears from no leader asks whether it would win, and leaves the epoch as it is (KIP-996). */
    private List<QuorumState> startPreVote(QuorumState s, Node node) {
        if (!preVote
                || s.is(node, Role.LEADER)
                || s.is(node, Role.PROSPECTIVE)
                || !mayLead(s, node)
                || s.epoch().of(node) >= maxEpoch) {
            return NOT_ENABLED;
        }
        int epoch = s.epoch().of(node);
        return List.of(s.with(it -> it.role(s.role().with(node, Role.PROSPECTIVE))
                .asked(s.asked().with(request(s, node, true, epoch)))
                .votes(s.votes().with(new Ballot(true, epoch, s.key(node), s.key(node), true)))));
    }

    private static List<QuorumState> toEachAsked(QuorumState s, Function<VoteRequest, List<QuorumState>> answer) {
        return s.asked().stream().flatMap(q -> answer.apply(q).stream()).toList();
    }

    /** A pre-vote is answered. The leader refuses, and so may a follower; a newer epoch is taken over. */
    private List<QuorumState> answerPreVote(QuorumState s, Node node, VoteRequest q) {
        if (!q.pre() || q.candidate().equals(s.key(node)) || !q.voters().has(s.key(node))) {
            return NOT_ENABLED;
        }
        int epoch = s.epoch().of(node);
        boolean mayGrant =
                isUpToDate(s, node, q) && q.epoch() >= epoch && (q.epoch() > epoch || !s.is(node, Role.LEADER));
        boolean mayRefuse = !mayGrant || (q.epoch() == epoch && s.is(node, Role.FOLLOWER));
        QuorumState heard =
                q.epoch() > epoch ? enter(s, node, Role.UNATTACHED, q.epoch(), Node.NOBODY, Optional.empty()) : s;
        return Stream.of(false, true)
                .filter(granted -> granted ? mayGrant : mayRefuse)
                .map(granted -> new Ballot(true, q.epoch(), s.key(node), q.candidate(), granted))
                .filter(ballot -> !s.votes().has(ballot))
                .map(ballot -> heard.withVotes(s.votes().with(ballot)))
                .toList();
    }

    /** A majority refused, or time ran out: back to where it was (KIP-996). */
    private static List<QuorumState> giveUp(QuorumState s, Node node) {
        if (!s.is(node, Role.PROSPECTIVE)) {
            return NOT_ENABLED;
        }
        return List.of(s.withRole(s.role().with(node, roleUnder(s.leader().of(node), node))));
    }

    private static Role roleUnder(Node leader, Node node) {
        if (leader.equals(Node.NOBODY)) {
            return Role.UNATTACHED;
        }
        return leader.equals(node) ? Role.RESIGNED : Role.FOLLOWER;
    }

    /** A voter opens the next epoch and votes for itself; with pre-vote only when a majority said that it would win. */
    private List<QuorumState> campaign(QuorumState s, Node node) {
        boolean wouldWin =
                !preVote || (s.is(node, Role.PROSPECTIVE) && isQuorum(tally(s, node, true), voters(s, node)));
        int epoch = s.epoch().of(node);
        if (s.is(node, Role.LEADER) || !mayLead(s, node) || epoch >= maxEpoch || !wouldWin) {
            return NOT_ENABLED;
        }
        ReplicaKey own = s.key(node);
        return List.of(enter(s, node, Role.CANDIDATE, epoch + 1, Node.NOBODY, Optional.of(own))
                .with(it -> it.asked(s.asked().with(request(s, node, false, epoch + 1)))
                        .votes(s.votes().with(new Ballot(false, epoch + 1, own, own, true)))));
    }

    /** A vote is granted once in an epoch, to a candidate whose log is up to date, while no leader of the epoch is known. */
    private List<QuorumState> answerVote(QuorumState s, Node node, VoteRequest q) {
        int epoch = s.epoch().of(node);
        if (q.pre() || q.candidate().equals(s.key(node)) || !q.voters().has(s.key(node)) || q.epoch() < epoch) {
            return NOT_ENABLED;
        }
        boolean newer = q.epoch() > epoch;
        boolean free = newer
                || (s.leader().of(node).equals(Node.NOBODY)
                        && s.voted().of(node).map(q.candidate()::equals).orElse(true));
        boolean grant = free && isUpToDate(s, node, q);
        Ballot ballot = new Ballot(false, q.epoch(), s.key(node), q.candidate(), true);
        if (!newer && (!grant || s.votes().has(ballot))) {
            return NOT_ENABLED;
        }
        Optional<ReplicaKey> voted = grant ? Optional.of(q.candidate()) : Optional.empty();
        return List.of(enter(s, node, Role.UNATTACHED, q.epoch(), Node.NOBODY, voted)
                .withVotes(grant ? s.votes().with(ballot) : s.votes()));
    }

    /** A majority of the voters, by its own log, voted for it. The first thing it appends is that it leads. */
    private List<QuorumState> lead(QuorumState s, Node node) {
        if (!s.is(node, Role.CANDIDATE) || !isQuorum(tally(s, node, false), voters(s, node))) {
            return NOT_ENABLED;
        }
        int epoch = s.epoch().of(node);
        QuorumState leads = s.with(it -> it.role(s.role().with(node, Role.LEADER))
                .leader(s.leader().with(node, node))
                .elected(s.elected().with(new Reign(epoch, node))));
        return List.of(leaderAppend(leads, node, Entry.leads(epoch), noEnds()));
    }

    /** Whoever hears who leads, by BeginQuorumEpoch or from an answer, follows; an answer may also name an epoch that nobody leads. */
    private List<QuorumState> follow(QuorumState s, Node node) {
        int epoch = s.epoch().of(node);
        Stream<QuorumState> unattached = s.asked().stream()
                .filter(q -> askAround && !q.pre() && q.epoch() > epoch)
                .map(q -> enter(s, node, Role.UNATTACHED, q.epoch(), Node.NOBODY, Optional.empty()))
                .distinct();
        Stream<QuorumState> following = s.elected().stream()
                .filter(a -> !a.leader().equals(node))
                .filter(a -> a.epoch() > epoch
                        || (a.epoch() == epoch && s.leader().of(node).equals(Node.NOBODY)))
                .map(a -> enter(
                        s,
                        node,
                        Role.FOLLOWER,
                        a.epoch(),
                        a.leader(),
                        a.epoch() > epoch ? Optional.empty() : s.voted().of(node)));
        return Stream.concat(following, unattached).toList();
    }

    /** A leader that hears from no majority, is being shut down, or is no voter any more, stops leading. */
    private List<QuorumState> resign(QuorumState s, Node node) {
        if (s.left().resign() == 0 || !s.is(node, Role.LEADER)) {
            return NOT_ENABLED;
        }
        return List.of(s.with(it -> it.role(s.role().with(node, Role.RESIGNED))
                .ends(s.ends().with(node, noEnds()))
                .left(s.left().withResign(s.left().resign() - 1))));
    }

    // The leader's log.

    /** A client's record. */
    private List<QuorumState> write(QuorumState s, Node node) {
        if (!s.is(node, Role.LEADER) || s.records() >= maxRecord) {
            return NOT_ENABLED;
        }
        QuorumState counted = s.withRecords(s.records() + 1);
        return List.of(leaderAppend(
                counted,
                node,
                Entry.data(s.epoch().of(node), counted.records()),
                s.ends().of(node)));
    }

    /**
     * One voter is added, an observer that has fetched in this epoch, or one is removed. Not before the last change is committed, and not
     * before the leader has committed an entry of its own epoch (Ongaro, 2015).
     */
    private List<QuorumState> changeVoters(QuorumState s, Node node) {
        List<Entry> log = s.log().of(node);
        int hw = s.hw().of(node);
        if (s.left().change() == 0
                || !s.is(node, Role.LEADER)
                || log.stream().skip(hw).anyMatch(entry -> entry.kind() == Entry.Kind.VOTERS)
                || hw == 0
                || log.get(hw - 1).epoch() != s.epoch().of(node)) {
            return NOT_ENABLED;
        }
        QuorumState counted = s.withLeft(s.left().withChange(s.left().change() - 1));
        FiniteSet<ReplicaKey> voters = voters(s, node);
        List<QuorumState> changed = new ArrayList<>();
        for (Node x : nodes()) {
            End end = s.ends().of(node).of(x);
            FiniteSet<ReplicaKey> same = voters.where(v -> v.server().equals(x));
            if (same.isEmpty() ? end.offset() >= 0 : voters.size() > 1) {
                FiniteSet<ReplicaKey> next =
                        same.isEmpty() ? voters.with(new ReplicaKey(x, end.directory())) : voters.minus(same);
                changed.add(leaderAppend(
                        counted,
                        node,
                        Entry.voters(s.epoch().of(node), next),
                        s.ends().of(node)));
            }
        }
        return changed;
    }

    // Fetching.

    /** The last of a server's epochs that is not after this one, and where it ends; below its snapshot it knows no other. */
    private static EpochEnd epochEnd(QuorumState s, Node node, int epoch) {
        List<Entry> log = s.log().of(node);
        int start = s.start().of(node);
        int end = IntStream.rangeClosed(Math.max(start, 1), log.size())
                .filter(i -> log.get(i - 1).epoch() <= epoch)
                .max()
                .orElse(0);
        return end == 0 ? new EpochEnd(0, start) : new EpochEnd(log.get(end - 1).epoch(), end);
    }

    private static int snapshotEpoch(QuorumState s, Node node) {
        int start = s.start().of(node);
        return start == 0 ? 0 : s.log().of(node).get(start - 1).epoch();
    }

    private static OnWire onWire(QuorumState s, Node f, int i) {
        return s.net().of(f).get(i - 1);
    }

    private static QuorumState put(QuorumState s, Node f, int i, OnWire wire) {
        List<OnWire> slotsOfF = new ArrayList<>(s.net().of(f));
        slotsOfF.set(i - 1, wire);
        return s.withNet(s.net().with(f, List.copyOf(slotsOfF)));
    }

    /** A fetch that would change nothing. */
    private static boolean isIdle(QuorumState s, Node f, Node l) {
        return s.is(l, Role.LEADER)
                && s.epoch().of(l).equals(s.epoch().of(f))
                && s.log().of(l).equals(s.log().of(f))
                && s.hw().of(l).equals(s.hw().of(f))
                && s.ends().of(l).of(f).equals(new End(s.directory().of(f), s.end(f)));
    }

    /** Whom a server asks: a follower its leader; one that may have lost it anybody. */
    private List<Node> asks(QuorumState s, Node f) {
        boolean follows = s.is(f, Role.FOLLOWER);
        if (askAround && (follows || s.is(f, Role.UNATTACHED) || s.is(f, Role.RESIGNED))) {
            return nodes().stream().filter(other -> !other.equals(f)).toList();
        }
        return follows ? List.of(s.leader().of(f)) : List.of();
    }

    /** It asks for what comes behind its log, once all of its log is durable: so the offset is an acknowledgement. */
    private List<QuorumState> sendFetch(QuorumState s, Node f, int i) {
        if (!onWire(s, f, i).equals(NOTHING) || s.synced().of(f) != s.end(f)) {
            return NOT_ENABLED;
        }
        return asks(s, f).stream()
                .filter(to -> fetchAlways || !isIdle(s, f, to))
                .map(to -> put(s, f, i, fetch(s, f, to)))
                .toList();
    }

    private static OnWire fetch(QuorumState s, Node f, Node to) {
        return new OnWire.Fetch(
                to,
                s.epoch().of(f),
                s.directory().of(f),
                s.end(f),
                lastEpoch(s.log().of(f)));
    }

    /**
     * The leader answers: with a snapshot when the log does not reach back so far, with where the logs part when they do, else with entries,
     * and then it counts the fetch. A fetch of another epoch it refuses.
     */
    private List<QuorumState> answerFetch(QuorumState s, Node f, int i) {
        if (!(onWire(s, f, i) instanceof OnWire.Fetch q)) {
            return NOT_ENABLED;
        }
        Node l = q.to();
        if (!s.is(l, Role.LEADER) || s.epoch().of(l) != q.epoch()) {
            return List.of(put(s, f, i, NOTHING));
        }
        List<Entry> log = s.log().of(l);
        int start = s.start().of(l);
        EpochEnd own = epochEnd(s, l, q.lastEpoch());
        if (q.offset() < start || q.lastEpoch() < snapshotEpoch(s, l)) {
            return List.of(put(s, f, i, answer(Answer.Type.SNAPSHOT, q, cutTo(log, start), new EpochEnd(0, start))));
        }
        if (q.offset() > own.end() || own.epoch() != q.lastEpoch()) {
            return List.of(put(s, f, i, answer(Answer.Type.DIVERGING, q, List.of(), own)));
        }
        Each<End> known = s.ends().of(l).with(f, new End(q.directory(), q.offset()));
        QuorumState counted = commit(s.withEnds(s.ends().with(l, known)), l, known);
        List<Entry> entries = between(log, q.offset(), Math.min(log.size(), q.offset() + batch));
        EpochEnd committed = new EpochEnd(0, counted.hw().of(l));
        return List.of(put(counted, f, i, answer(Answer.Type.ENTRIES, q, entries, committed)));
    }

    private static Answer answer(Answer.Type type, OnWire.Fetch q, List<Entry> entries, EpochEnd end) {
        return new Answer(type, q.epoch(), q.offset(), entries, end);
    }

    /** The answer is still what the follower waits for. */
    private static boolean isAwaited(QuorumState s, Node f, Answer answer) {
        return s.is(f, Role.FOLLOWER) && s.epoch().of(f) == answer.epoch() && s.end(f) == answer.base();
    }

    private static Optional<Answer> awaited(QuorumState s, Node f, int i, Answer.Type type) {
        return onWire(s, f, i) instanceof Answer answer && answer.type() == type && isAwaited(s, f, answer)
                ? Optional.of(answer)
                : Optional.empty();
    }

    /** Entries: append, and learn how far they are committed. */
    private List<QuorumState> takeEntries(QuorumState s, Node f, int i) {
        Optional<Answer> answer = awaited(s, f, i, Answer.Type.ENTRIES);
        if (answer.isEmpty()) {
            return NOT_ENABLED;
        }
        List<Entry> log = concat(s.log().of(f), answer.get().entries());
        int hw = Math.max(s.hw().of(f), Math.min(answer.get().end().end(), log.size()));
        return List.of(put(s, f, i, NOTHING)
                .with(it -> it.log(s.log().with(f, log))
                        .synced(s.synced().with(f, syncs(s) ? s.synced().of(f) : log.size()))
                        .hw(s.hw().with(f, hw))));
    }

    /** The logs part: cut back to where they can still agree, then fetch again. */
    private static List<QuorumState> cutBack(QuorumState s, Node f, int i) {
        Optional<Answer> answer = awaited(s, f, i, Answer.Type.DIVERGING);
        if (answer.isEmpty()) {
            return NOT_ENABLED;
        }
        EpochEnd told = answer.get().end();
        int end = Math.min(told.end(), epochEnd(s, f, told.epoch()).end());
        return List.of(put(s, f, i, NOTHING)
                .with(it -> it.log(s.log().with(f, cutTo(s.log().of(f), end)))
                        .synced(s.synced().with(f, Math.min(s.synced().of(f), end)))));
    }

    /** The leader's snapshot replaces the log. */
    private static List<QuorumState> takeSnapshot(QuorumState s, Node f, int i) {
        Optional<Answer> answer = awaited(s, f, i, Answer.Type.SNAPSHOT);
        if (answer.isEmpty()) {
            return NOT_ENABLED;
        }
        List<Entry> log = answer.get().entries();
        return List.of(put(s, f, i, NOTHING)
                .with(it -> it.log(s.log().with(f, log))
                        .synced(s.synced().with(f, log.size()))
                        .start(s.start().with(f, log.size()))
                        .hw(s.hw().with(f, Math.max(s.hw().of(f), log.size())))));
    }

    /** An answer that nobody waits for any more. */
    private static List<QuorumState> discard(QuorumState s, Node f, int i) {
        return onWire(s, f, i) instanceof Answer answer && !isAwaited(s, f, answer)
                ? List.of(put(s, f, i, NOTHING))
                : NOT_ENABLED;
    }

    // The disk.

    /**
     * What was appended is durable, up to where the log ended when the sync began; only now a follower asks for more, and a leader
     * counts itself.
     */
    private List<QuorumState> sync(QuorumState s, Node node) {
        int least = syncApart == SyncApart.PARTS ? s.synced().of(node) + 1 : s.end(node);
        if (s.synced().of(node) >= s.end(node)) {
            return NOT_ENABLED;
        }
        return IntStream.rangeClosed(least, s.end(node))
                .mapToObj(end -> s.withSynced(s.synced().with(node, end)))
                .map(synced ->
                        s.is(node, Role.LEADER) ? commit(synced, node, s.ends().of(node)) : synced)
                .toList();
    }

    /** A snapshot of what is committed takes the place of the log before it. */
    private static List<QuorumState> snapshot(QuorumState s, Node node) {
        if (s.left().snapshot() == 0) {
            return NOT_ENABLED;
        }
        int last = Math.min(s.hw().of(node), s.synced().of(node));
        return IntStream.rangeClosed(s.start().of(node) + 1, last)
                .mapToObj(n -> s.with(it -> it.start(s.start().with(node, n))
                        .left(s.left().withSnapshot(s.left().snapshot() - 1))))
                .toList();
    }

    /** A crash and the start after it. Of the log the synced part stays and any piece of the rest. Who led does not go on. */
    private List<QuorumState> crash(QuorumState s, Node node) {
        if (s.left().crash() == 0) {
            return NOT_ENABLED;
        }
        List<QuorumState> crashed = new ArrayList<>();
        for (int kept = s.synced().of(node); kept <= s.end(node); kept++) {
            crashed.add(crashed(s, node, kept, true));
            if (!hardStateSync) {
                crashed.add(crashed(s, node, kept, false));
            }
        }
        return crashed;
    }

    private QuorumState crashed(QuorumState s, Node node, int kept, boolean hardStateKept) {
        Node leader = hardStateKept ? s.leader().of(node) : Node.NOBODY;
        Each<Integer> synced = s.synced();
        if (syncApart == SyncApart.CRASHING && s.left().crash() == 1) {
            // Nothing crashes any more, so nothing is synced apart.
            synced = new Each<>(s.log().values().stream().map(List::size).toList());
        }
        Each<Integer> durable = synced.with(node, kept);
        return enter(
                        s,
                        node,
                        roleUnder(leader, node),
                        hardStateKept ? s.epoch().of(node) : 0,
                        leader,
                        hardStateKept ? s.voted().of(node) : Optional.empty())
                .with(it -> it.log(s.log().with(node, cutTo(s.log().of(node), kept)))
                        .synced(durable)
                        .hw(s.hw().with(node, s.start().of(node)))
                        .left(s.left().withCrash(s.left().crash() - 1)));
    }

    /** The disk is replaced by an empty one. By its directory id it is another replica (KIP-853). */
    private List<QuorumState> wipe(QuorumState s, Node node) {
        if (s.left().wipe() == 0) {
            return NOT_ENABLED;
        }
        return List.of(enter(s, node, Role.UNATTACHED, 0, Node.NOBODY, Optional.empty())
                .with(it -> it.directory(s.directory().with(node, s.directory().of(node) + 1))
                        .log(s.log().with(node, List.of()))
                        .synced(s.synced().with(node, 0))
                        .start(s.start().with(node, 0))
                        .hw(s.hw().with(node, 0))
                        .left(s.left().withWipe(s.left().wipe() - 1))));
    }
}
