package io.odradek.replication.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.FetchAnswer.Diverging;
import io.odradek.replication.partition.FetchAnswer.Refused;
import io.odradek.replication.partition.FollowerEffect.AppendFetched;
import io.odradek.replication.partition.FollowerEffect.Fetch;
import io.odradek.replication.partition.FollowerEffect.Truncate;
import io.odradek.replication.partition.FollowerEvent.FetchAnswered;
import io.odradek.replication.partition.FollowerEvent.FetchFailed;
import io.odradek.replication.partition.FollowerEvent.FetchedAppended;
import io.odradek.replication.partition.FollowerEvent.Truncated;
import io.odradek.replication.partition.IsrProposal.Member;
import io.odradek.replication.partition.LeaderEffect.AlterPartition;
import io.odradek.replication.partition.LeaderEffect.Reply;
import io.odradek.replication.partition.LeaderEffect.ReplyRecords;
import io.odradek.replication.partition.LeaderEvent.FollowerFetched;
import io.odradek.replication.partition.LeaderEvent.LeaseLapsed;
import io.odradek.replication.partition.LeaderEvent.LeaseRenewed;
import io.odradek.replication.partition.LeaderEvent.LogGrew;
import io.odradek.replication.partition.LeaderEvent.MinInSyncReplicasChanged;
import io.odradek.replication.partition.LeaderEvent.PartitionChanged;
import io.odradek.replication.partition.LeaderEvent.ProposalAnswered;
import io.odradek.replication.partition.LeaderEvent.ProposalFailed;
import io.odradek.replication.partition.ReplicaEvent.LocallyAppended;
import io.odradek.replication.partition.ReplicaEvent.TimePassed;
import io.odradek.replication.partition.SimulatedPartition.Host;
import io.odradek.replication.partition.SimulatedPartition.Written;
import io.odradek.spec.protocol.FiniteSet;
import io.odradek.spec.protocol.Isr;
import io.odradek.spec.protocol.IsrState;
import io.odradek.spec.protocol.IsrState.Copies;
import io.odradek.spec.protocol.IsrState.InFlight;
import io.odradek.spec.protocol.IsrState.LogRecord;
import io.odradek.spec.protocol.IsrState.Partition;
import io.odradek.spec.protocol.IsrState.ProcessState;
import io.odradek.spec.protocol.IsrState.Progress;
import io.odradek.spec.protocol.IsrState.Proposal;
import io.odradek.spec.protocol.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Follows a simulated partition with the reference model of {@code tla/core/Isr}: each step of a machine has to be some actions of its
 * broker, one after the other, that leave the broker as the machine is; each decision of the controller has to be one action. A message that
 * arrives is put on the model's wire; that it was rightly sent was looked at when it was. What a machine does to its log is the action that
 * takes the answer, when it is done.
 *
 * <p>Kafka counts leader and partition epochs from 0, the specification from 1.
 */
final class IsrShadow implements SimulatedPartition.Watcher {

    /** What may follow from whatever a broker hears. */
    private static final List<String> CONSEQUENCES = List.of("ApplyMetadata", "ProposeExpand", "ProposeShrink");

    /** Decisions are applied all at once, and then something may be proposed. */
    private static final int MOST_CONSEQUENCES = 2;

    /** Where some actions have led. */
    private record Way(IsrState state, List<String> actions) {
        Way and(String action, IsrState next) {
            List<String> longer = new ArrayList<>(actions);
            longer.add(action);
            return new Way(next, longer);
        }
    }

    private static final int MANY = 1_000_000;
    private static final InFlight NOTHING = new InFlight.Nothing();

    private final SimulatedPartition partition;
    private final Isr model;
    private final Map<String, Integer> counts;
    private @Nullable IsrState state;

    /** The answer that a broker does to its log. */
    private final Map<Integer, InFlight> taking = new HashMap<>();

    /** What may be read for an answer, by leader and request. */
    private final Map<String, List<LogRecord>> toServe = new HashMap<>();

    /** @param counts how often each action was taken */
    IsrShadow(SimulatedPartition partition, Map<String, Integer> counts) {
        this.partition = partition;
        this.counts = counts;
        this.model = new Isr(
                partition.replicas(),
                1,
                partition.synchronous() ? Isr.Durability.SYNC : Isr.Durability.PAGE_CACHE,
                Isr.Acks.ALL,
                partition.minIsr(),
                // Who has the only replica is elected, whatever it has lost (decision 26).
                partition.uncleanElection() || partition.replicas() == 1,
                partition.timelyLeases(),
                MANY,
                1,
                true,
                MANY,
                MANY,
                MANY,
                MANY,
                MANY,
                MANY);
    }

    // ---- Words.

    private static Node node(int id) {
        return new Node(id + 1);
    }

    private static Node leaderNode(int id) {
        return id == PartitionImage.NO_LEADER ? Node.NOBODY : node(id);
    }

    private static FiniteSet<Node> nodes(Collection<Integer> ids) {
        return FiniteSet.of(ids.stream().sorted().map(IsrShadow::node).toList());
    }

    private int start(long brokerEpoch) {
        return partition.start(brokerEpoch);
    }

    private static LogRecord record(Written written) {
        return new LogRecord(written.epoch() + 1, written.id());
    }

    private static List<LogRecord> records(List<Written> log) {
        return log.stream().map(IsrShadow::record).toList();
    }

    private IsrState now() {
        IsrState begun = state;
        if (begun == null) {
            Partition first = partition(partition.metadata().getFirst());
            begun = model.initialStates().stream()
                    .filter(s -> s.metadata().getFirst().equals(first))
                    .findFirst()
                    .orElseThrow();
            state = begun;
        }
        return begun;
    }

    private static Partition partition(SimulatedPartition.Decision decision) {
        PartitionImage image = decision.image();
        return new Partition(
                leaderNode(image.leader()),
                image.leaderEpoch() + 1,
                nodes(image.inSyncReplicas()),
                nodes(image.eligibleLeaderReplicas()),
                decision.unclean());
    }

    private void count(String action) {
        counts.merge(action, 1, Integer::sum);
    }

    // ---- What is not a machine's step.

    @Override
    public void decided(String action, int broker) {
        if (action.equals("RefuseProposal")
                && proposal(node(broker)).map(Proposal::copies).orElse(Copies.MANY) == Copies.MANY) {
            return; // nobody will believe it
        }
        state = only(
                action,
                node(broker),
                this::hasDecisions,
                () -> partition.metadata().getLast().toString());
    }

    private Optional<Proposal> proposal(Node n) {
        return now().proposal().of(n);
    }

    private boolean hasDecisions(IsrState s) {
        if (s.metadata().size() != partition.metadata().size()
                || !s.metadata().getLast().equals(partition(partition.metadata().getLast()))) {
            return false;
        }
        for (int id = 0; id < partition.replicas(); id++) {
            if (s.registration().of(node(id)).fenced() != partition.host(id).isFenced()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void wrote(Host host) {
        Written last = host.log().getLast();
        state = only(
                "Write",
                node(host.id()),
                s -> s.log().of(node(host.id())).getLast().equals(record(last)),
                last::toString);
    }

    @Override
    public void read(Host host) {
        state = only("Read", node(host.id()), _ -> true, host::toString);
    }

    @Override
    public void ended(Host host, boolean clean) {
        Node n = node(host.id());
        taking.remove(host.id());
        state = only(clean ? "Stop" : "Crash", n, s -> s.log().of(n).equals(records(host.log())), host.log()::toString);
    }

    @Override
    public void served(Host leader, long requestId, List<Written> records) {
        List<LogRecord> from = toServe.remove(leader.id() + "/" + requestId);
        if (from == null) {
            throw new AssertionError("request " + requestId + " of broker " + leader.id() + " was not to be answered");
        }
        assertThat(records.size()).isLessThanOrEqualTo(from.size());
        assertThat(from.subList(0, records.size()))
                .as("records that answer request %d of broker %d", requestId, leader.id())
                .isEqualTo(records(records));
    }

    private IsrState only(String action, Node n, Predicate<IsrState> wanted, Supplier<String> what) {
        List<IsrState> all = model.take(action, now(), n);
        for (IsrState next : all) {
            if (wanted.test(next)) {
                count(action);
                return next;
            }
        }
        throw new AssertionError(
                action + " of " + n + " is " + (all.isEmpty() ? "not enabled" : "not what it was") + ": "
                        + what.get() + "\n  from " + describe(now(), n)
                        + (all.isEmpty() ? "" : "\n  would be " + describe(all.getFirst(), n)));
    }

    // ---- Steps.

    @Override
    public void stepped(Host host, ReplicaEvent event, List<ReplicaEffect> wanted) {
        Node n = node(host.id());
        IsrState before = now();
        List<Way> possible = consume(host, n, event, wanted);
        for (Way begun : possible) {
            Way found = reach(host, n, begun);
            if (found != null) {
                state = found.state;
                found.actions.forEach(this::count);
                checkWanted(host, n, wanted);
                return;
            }
        }
        throw new AssertionError("no actions of the specification lead where " + event + " has led broker " + host.id()
                + ":\n  " + describe(host) + "\n  from " + describe(before, n)
                + (possible.isEmpty()
                        ? "\n  what it hears is not enabled"
                        : "\n  first " + possible.getFirst().actions + " " + describe(possible.getFirst().state, n))
                + "\n  enabled " + enabled(before, n) + "\n  wanted " + wanted);
    }

    private String enabled(IsrState s, Node n) {
        Set<String> names = new LinkedHashSet<>();
        model.successors(s).stream()
                .filter(step -> step.action().toString().contains(n.toString()))
                .forEach(step -> names.add(step.action().toString()));
        return names.toString();
    }

    private Way asItWas() {
        return new Way(now(), List.of());
    }

    private List<Way> taken(String action, Node n) {
        return taken(action, now(), n, _ -> true);
    }

    private List<Way> taken(String action, IsrState from, Node n, Predicate<IsrState> wanted) {
        return model.take(action, from, n).stream()
                .filter(wanted)
                .map(next -> asItWas().and(action, next))
                .toList();
    }

    /** States after the action that takes what has come, the likeliest first. */
    private List<Way> consume(Host host, Node n, ReplicaEvent event, List<ReplicaEffect> wanted) {
        return switch (event) {
            case FollowerFetched(long requestId, ReplicaFetch fetch) -> List.of(fetched(n, requestId, fetch, wanted));
            case FetchAnswered answered -> answered(host, n, answered, wanted);
            case FetchedAppended _, Truncated _ -> took(host, n);
            case LocallyAppended(long end) ->
                partition.synchronous()
                        ? taken("Sync", now(), n, s -> s.synced().of(n) == end)
                        : List.of(asItWas());
            case LeaseLapsed() -> taken("LoseLease", n);
            case LeaseRenewed() -> now().lease().of(n) ? List.of(asItWas()) : taken("RenewLease", n);
            case ProposalAnswered _ -> {
                List<Way> ways = new ArrayList<>(List.of(asItWas()));
                ways.addAll(taken("HearRefusal", n));
                yield ways;
            }
            case ProposalFailed _ -> {
                List<Way> ways = new ArrayList<>(List.of(asItWas()));
                ways.addAll(taken("RepeatProposal", n));
                yield ways;
            }
            case PartitionChanged _, MinInSyncReplicasChanged _, LogGrew(), FetchFailed _, TimePassed() ->
                List.of(asItWas());
        };
    }

    /** As soon as it has come the fetch counts; what it is answered may follow later. */
    private Way fetched(Node n, long requestId, ReplicaFetch fetch, List<ReplicaEffect> wanted) {
        Node f = node(fetch.replicaId());
        IsrState arrived = model.withInFlight(
                now(),
                f,
                new InFlight.Fetch(
                        n,
                        fetch.leaderEpoch() + 1,
                        start(fetch.brokerEpoch()),
                        (int) fetch.fetchOffset(),
                        fetch.lastFetchedEpoch() + 1));
        @Nullable FetchAnswer answer = null;
        for (ReplicaEffect effect : wanted) {
            if (effect instanceof Reply(long id, FetchAnswer reply) && id == requestId) {
                answer = reply;
            }
        }
        String action = switch (answer) {
            case null -> "ServeRecords";
            case Diverging _ -> "ServeDivergence";
            case Refused _ -> "RefuseFetch";
            default -> throw new AssertionError("the specification has no such answer: " + answer);
        };
        List<IsrState> next = model.take(action, arrived, f);
        if (next.isEmpty()) {
            throw new AssertionError("broker " + n + " answers " + answer + " to " + fetch + ", but " + action
                    + " is not enabled: " + describe(now(), n));
        }
        if (answer instanceof Diverging(EpochEnd(int epoch, long end))
                && Isr.inFlight(next.getFirst(), f) instanceof InFlight.Diverging told) {
            assertThat(told.end())
                    .as("where the leader says that the logs part")
                    .isEqualTo(new IsrState.EpochEnd(epoch + 1, (int) end));
        }
        return asItWas().and(action, model.withInFlight(next.getFirst(), f, NOTHING));
    }

    private List<Way> answered(Host host, Node n, FetchAnswered answered, List<ReplicaEffect> wanted) {
        int epoch = answered.leaderEpoch() + 1;
        int end = now().end(n);
        InFlight message = switch (answered.answer()) {
            case FetchAnswer.Records records ->
                new InFlight.Records(
                        epoch,
                        offsetOf(records, end),
                        records(partition.host(host.id()).fetched(answered.exchange())),
                        (int) records.highWatermark());
            case Diverging(EpochEnd(int last, long at)) ->
                new InFlight.Diverging(epoch, end, new IsrState.EpochEnd(last + 1, (int) at));
            case FetchAnswer.OutOfRange _, Refused _ -> NOTHING;
        };
        boolean changesLog =
                wanted.stream().anyMatch(effect -> effect instanceof AppendFetched || effect instanceof Truncate);
        if (changesLog) {
            if (message instanceof InFlight.Records taken) {
                assertThat(taken.offset())
                        .as("AnswerFits: broker %d", host.id())
                        .isEqualTo(end);
            }
            taking.put(host.id(), message);
            return List.of(asItWas());
        }
        List<Way> ways = new ArrayList<>();
        if (message instanceof InFlight.Records(int _, int _, List<LogRecord> records, int _) && records.isEmpty()) {
            ways.addAll(taken("TakeRecords", model.withInFlight(now(), n, message), n, _ -> true));
        }
        List<Way> dropped = taken("DropAnswer", model.withInFlight(now(), n, message), n, _ -> true);
        ways.addAll(dropped);
        ways.add(asItWas()); // it was given up before
        return ways;
    }

    private static int offsetOf(FetchAnswer.Records records, int otherwise) {
        return records.batches().isEmpty()
                ? otherwise
                : (int) records.batches().getFirst().baseOffset();
    }

    /** {@code TakeRecords}, {@code TakeDivergence}. */
    private List<Way> took(Host host, Node n) {
        InFlight message = taking.remove(host.id());
        if (message == null) {
            return List.of();
        }
        String action = message instanceof InFlight.Records ? "TakeRecords" : "TakeDivergence";
        return taken(action, model.withInFlight(now(), n, message), n, _ -> true);
    }

    // ---- What else the step did.

    /** The shortest way on to a state in which the broker is as its machine; null when there is none. */
    private @Nullable Way reach(Host host, Node n, Way begun) {
        Deque<Way> ways = new ArrayDeque<>(List.of(begun));
        Set<IsrState> seen = new LinkedHashSet<>();
        int applied = host.running().partitionEpoch() + 1;
        int most = begun.actions.size() + MOST_CONSEQUENCES;
        while (!ways.isEmpty()) {
            Way way = ways.remove();
            if (isAs(host, n, way.state)) {
                return way;
            }
            if (way.actions.size() == most) {
                continue;
            }
            for (String action : CONSEQUENCES) {
                for (IsrState next : model.take(action, way.state, n)) {
                    if (next.applied().of(n) == applied && seen.add(next)) {
                        ways.add(way.and(action, next));
                    }
                }
            }
        }
        return null;
    }

    private boolean isAs(Host host, Node n, IsrState s) {
        ReplicaMachine machine = host.running();
        LeaderMachine leader = machine.leader();
        Partition known = s.metadata().get(s.applied().of(n) - 1);
        boolean leads = known.leader().equals(n);
        boolean follows = !leads && !known.leader().equals(Node.NOBODY);
        return s.applied().of(n) == machine.partitionEpoch() + 1
                && known.leaderEpoch() == machine.leaderEpoch() + 1
                && leads == (leader != null)
                && (follows
                        ? known.leader().equals(leaderNode(machine.follows()))
                        : machine.follows() == PartitionImage.NO_LEADER)
                && s.lease().of(n) == host.leased()
                && s.log().of(n).equals(records(host.log()))
                && (!partition.synchronous() || s.synced().of(n) == host.syncedEnd())
                && s.highWatermark().of(n) == machine.highWatermark()
                && s.registration().of(n).brokerEpoch() == start(host.brokerEpoch())
                && s.process().of(n) == ProcessState.UP
                && (leader == null || knows(leader, n, s));
    }

    private boolean knows(LeaderMachine leader, Node n, IsrState s) {
        if (s.epochStart().of(n) != leader.epochStart() || s.lease().of(n) != leader.acts()) {
            return false;
        }
        for (int id = 0; id < partition.replicas(); id++) {
            Progress progress = s.progress().of(n).of(node(id));
            if (id != n.number() - 1
                    && (progress.offset() != leader.endOf(id)
                            || progress.brokerEpoch() != start(leader.brokerEpochOf(id)))) {
                return false;
            }
        }
        List<Member> proposed = leader.proposed();
        Optional<Proposal> proposal = s.proposal().of(n);
        return proposed == null
                ? proposal.isEmpty()
                : proposal.isPresent()
                        && says(proposed, proposal.get())
                        && (proposal.get().copies() == Copies.MANY) == leader.isInDoubt();
    }

    private boolean says(List<Member> proposed, Proposal proposal) {
        return proposal.isr()
                        .equals(nodes(proposed.stream().map(Member::replicaId).toList()))
                && proposed.stream()
                        .filter(member -> proposal.joins().has(node(member.replicaId())))
                        .allMatch(member -> start(member.brokerEpoch()) == proposal.brokerEpoch());
    }

    // ---- What was sent has to be what the model would send.

    private void checkWanted(Host host, Node n, List<ReplicaEffect> wanted) {
        IsrState s = now();
        for (ReplicaEffect effect : wanted) {
            switch (effect) {
                case Fetch fetch -> checkFetch(n, fetch);
                case AlterPartition(long _, IsrProposal proposal) -> checkProposal(n, proposal);
                case ReplyRecords reply -> {
                    assertThat(reply.highWatermark())
                            .isEqualTo(s.highWatermark().of(n).longValue());
                    assertThat(reply.leaderEpoch() + 1)
                            .isEqualTo(s.metadata().get(s.applied().of(n) - 1).leaderEpoch());
                    assertThat(reply.to()).isEqualTo(s.end(n));
                    assertThat(reply.from()).isBetween(0L, reply.to());
                    toServe.put(
                            host.id() + "/" + reply.requestId(),
                            s.log().of(n).subList((int) reply.from(), (int) reply.to()));
                }
                default -> {}
            }
        }
    }

    private void checkFetch(Node n, Fetch fetch) {
        ReplicaFetch asks = fetch.fetch();
        InFlight asked = new InFlight.Fetch(
                node(fetch.leader()),
                asks.leaderEpoch() + 1,
                start(asks.brokerEpoch()),
                (int) asks.fetchOffset(),
                asks.lastFetchedEpoch() + 1);
        assertThat(model.take("SendFetch", now(), n))
                .as("broker %s sends %s", n, asks)
                .anyMatch(next -> Isr.inFlight(next, n).equals(asked));
        count("SendFetch");
    }

    private void checkProposal(Node n, IsrProposal proposal) {
        Proposal open =
                proposal(n).orElseThrow(() -> new AssertionError(n + " has proposed nothing, but sends " + proposal));
        FiniteSet<Node> members =
                nodes(proposal.inSyncReplicas().stream().map(Member::replicaId).toList());
        IsrState s = now();
        boolean withdrawn = open.copies() == Copies.MANY
                && members.equals(s.metadata().get(s.applied().of(n) - 1).isr());
        assertThat(says(proposal.inSyncReplicas(), open) || withdrawn)
                .as("broker %s sends %s, its proposal is %s", n, proposal, open)
                .isTrue();
        assertThat(proposal.partitionEpoch() + 1).isEqualTo(open.partitionEpoch());
    }

    // ---- For who has to find out why.

    private String describe(Host host) {
        ReplicaMachine machine = host.running();
        LeaderMachine leader = machine.leader();
        return "partition epoch " + (machine.partitionEpoch() + 1) + " leader epoch " + (machine.leaderEpoch() + 1)
                + (leader == null ? " follows " + leaderNode(machine.follows()) : " leads") + " lease " + host.leased()
                + " end " + host.logEndOffset() + " of epoch " + (host.lastEpoch() + 1) + " synced " + host.syncedEnd()
                + " hw " + machine.highWatermark()
                + (leader == null
                        ? ""
                        : " epoch start " + leader.epochStart() + " ends " + ends(leader) + " proposed "
                                + leader.proposed() + (leader.isInDoubt() ? " in doubt" : ""));
    }

    private List<Long> ends(LeaderMachine leader) {
        List<Long> ends = new ArrayList<>();
        for (int id = 0; id < partition.replicas(); id++) {
            ends.add(leader.endOf(id));
        }
        return ends;
    }

    private static String describe(IsrState s, Node n) {
        Partition known = s.metadata().get(s.applied().of(n) - 1);
        return "partition epoch " + s.applied().of(n) + " of " + s.metadata().size() + " leader epoch "
                + known.leaderEpoch() + " led by " + known.leader() + " lease "
                + s.lease().of(n) + " end " + s.end(n)
                + " of epoch " + (s.end(n) == 0 ? 0 : s.log().of(n).getLast().epoch()) + " synced "
                + s.synced().of(n) + " hw " + s.highWatermark().of(n) + " epoch start "
                + s.epochStart().of(n) + " isr "
                + known.isr() + " progress " + s.progress().of(n) + " proposal "
                + s.proposal().of(n);
    }
}
