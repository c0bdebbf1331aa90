package io.odradek.spec.protocol;

import static io.odradek.spec.protocol.Sequences.append;
import static io.odradek.spec.protocol.Sequences.between;
import static io.odradek.spec.protocol.Sequences.concat;
import static io.odradek.spec.protocol.Sequences.cutTo;

import io.odradek.spec.protocol.IsrState.Copies;
import io.odradek.spec.protocol.IsrState.EpochEnd;
import io.odradek.spec.protocol.IsrState.Faults;
import io.odradek.spec.protocol.IsrState.InFlight;
import io.odradek.spec.protocol.IsrState.LogRecord;
import io.odradek.spec.protocol.IsrState.Partition;
import io.odradek.spec.protocol.IsrState.ProcessState;
import io.odradek.spec.protocol.IsrState.Progress;
import io.odradek.spec.protocol.IsrState.Proposal;
import io.odradek.spec.protocol.IsrState.Registration;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * {@code tla/core/Isr}: one partition, replicated by Kafka's in-sync replicas protocol. The constants are those of the module.
 *
 * @param replicas how many there are
 * @param consumers how many read
 * @param exchanges places for fetches in flight, for each follower
 */
@RecordBuilder
public record Isr(
        int replicas,
        int consumers,
        Durability durability,
        Acks acks,
        int minIsr,
        boolean uncleanElection,
        boolean timelyLeases,
        int batchSize,
        int exchanges,
        boolean idleFetches,
        int maxRecord,
        int maxCrash,
        int maxStop,
        int maxFence,
        int maxShrink,
        int maxDoubt)
        implements ReferenceModel<IsrState>, IsrBuilder.With {

    public enum Durability {
        SYNC,
        PAGE_CACHE
    }

    public enum Acks {
        ALL,
        ONE
    }

    private static final List<IsrState> NOT_ENABLED = List.of();
    private static final InFlight NOTHING = new InFlight.Nothing();

    @Override
    public List<IsrState> initialStates() {
        return nodes().stream().map(this::begin).toList();
    }

    private IsrState begin(Node leader) {
        return new IsrState(
                List.of(new Partition(leader, 1, FiniteSet.of(nodes()), FiniteSet.empty(), false)),
                forAll(new Registration(false, 1)),
                forAll(ProcessState.UP),
                forAll(1),
                forAll(true),
                forAll(List.of()),
                forAll(0),
                forAll(0),
                forAll(0),
                forAll(nobodyHeard()),
                forAll(Optional.empty()),
                forAll(Collections.nCopies(exchanges, NOTHING)),
                List.of(),
                FiniteSet.empty(),
                Collections.nCopies(consumers, List.of()),
                1,
                new Faults(maxCrash, maxStop, maxFence, maxShrink, maxDoubt));
    }

    private static final List<String> OF_A_BROKER = List.of(
            "Fence",
            "Unfence",
            "Register",
            "ElectUnclean",
            "AcceptProposal",
            "RefuseProposal",
            "HearRefusal",
            "RepeatProposal",
            "WithdrawProposal",
            "ApplyMetadata",
            "LoseLease",
            "RenewLease",
            "Sync",
            "Write",
            "ProposeShrink",
            "ProposeExpand",
            "Stop",
            "Crash");

    private static final List<String> OF_AN_EXCHANGE = List.of(
            "RefuseFetch",
            "ServeDivergence",
            "ServeRecords",
            "SendFetch",
            "GiveUpFetch",
            "TakeRecords",
            "TakeDivergence",
            "DropAnswer");

    @Override
    public List<Step<IsrState>> successors(IsrState s) {
        Steps<IsrState> steps = new Steps<>();
        for (Node r : nodes()) {
            OF_A_BROKER.forEach(action -> steps.add(Action.of(action, r), take(action, s, r)));
            for (int x = 1; x <= exchanges; x++) {
                for (String action : OF_AN_EXCHANGE) {
                    steps.add(Action.of(action, r, x), exchange(action, s, r, x));
                }
            }
            for (int c = 0; c < consumers; c++) {
                steps.add(Action.of("Read", new Consumer(c), r), read(s, c, r));
            }
        }
        return steps.all();
    }

    /**
     * What one action of one broker, or of the controller about it, may lead to, as in {@link #successors}; with the first place for a fetch
     * and the first consumer, where it is about one. For who follows a run, and knows which action was taken.
     */
    public List<IsrState> take(String action, IsrState s, Node r) {
        return switch (action) {
            case "Fence" -> fence(s, r);
            case "Unfence" -> unfence(s, r);
            case "Register" -> register(s, r);
            case "ElectUnclean" -> electUnclean(s, r);
            case "AcceptProposal" -> acceptProposal(s, r);
            case "RefuseProposal" -> refuseProposal(s, r);
            case "HearRefusal" -> hearRefusal(s, r);
            case "RepeatProposal" -> repeatProposal(s, r);
            case "WithdrawProposal" -> withdrawProposal(s, r);
            case "ApplyMetadata" -> applyMetadata(s, r);
            case "LoseLease" -> loseLease(s, r);
            case "RenewLease" -> renewLease(s, r);
            case "Sync" -> sync(s, r);
            case "Write" -> write(s, r);
            case "ProposeShrink" -> proposeShrink(s, r);
            case "ProposeExpand" -> proposeExpand(s, r);
            case "Stop" -> stop(s, r);
            case "Crash" -> crash(s, r);
            case "Read" -> read(s, 0, r);
            default -> exchange(action, s, r, 1);
        };
    }

    private List<IsrState> exchange(String action, IsrState s, Node f, int x) {
        return switch (action) {
            case "RefuseFetch" -> refuseFetch(s, f, x);
            case "ServeDivergence" -> serveDivergence(s, f, x);
            case "ServeRecords" -> serveRecords(s, f, x);
            case "SendFetch" -> sendFetch(s, f, x);
            case "GiveUpFetch" -> giveUpFetch(s, f, x);
            case "TakeRecords" -> takeRecords(s, f, x);
            case "TakeDivergence" -> takeDivergence(s, f, x);
            case "DropAnswer" -> dropAnswer(s, f, x);
            default -> throw new IllegalArgumentException("no action of Isr: " + action);
        };
    }

    /** With this in the first place for f's fetches: for who follows a run, and knows what has come. */
    public IsrState withInFlight(IsrState s, Node f, InFlight inFlight) {
        return put(s, f, 1, inFlight);
    }

    /** What f has in the first place for its fetches. */
    public static InFlight inFlight(IsrState s, Node f) {
        return inFlight(s, f, 1);
    }

    /** @param number from 0 */
    public record Consumer(int number) {}

    private List<Node> nodes() {
        return Node.first(replicas);
    }

    private <T> Each<T> forAll(T value) {
        return Each.all(replicas, value);
    }

    private Each<Progress> nobodyHeard() {
        return forAll(Progress.NOT_HEARD);
    }

    private boolean synchronously() {
        return durability == Durability.SYNC;
    }

    // What a broker knows, what counts.

    /** The end that counts: a fetch from it, or at the leader the end itself, acknowledges everything below. */
    private int durableEnd(IsrState s, Node r) {
        return synchronously() ? s.synced().of(r) : s.end(r);
    }

    /** Who is in sync, or would be if the controller has accepted what was proposed (KIP-497). */
    private static FiniteSet<Node> maximalIsr(Partition p, Optional<Proposal> proposal) {
        return proposal.map(proposed -> p.isr().and(proposed.isr())).orElse(p.isr());
    }

    /** The least durable end in the maximal ISR, and never less than before; below min.insync.replicas it stays (KIP-966). */
    private int highWatermark(IsrState s, Node r) {
        int before = s.highWatermark().of(r);
        Partition p = s.known(r);
        if (p.isr().size() < minIsr) {
            return before;
        }
        int least = maximalIsr(p, s.proposal().of(r)).stream()
                .mapToInt(x -> x.equals(r)
                        ? durableEnd(s, r)
                        : s.progress().of(r).of(x).offset())
                .min()
                .orElseThrow();
        return Math.max(before, least);
    }

    /**
     * Leader r moves its high watermark to where it belongs by all that it has come to know: what lies below is committed, and the
     * producers whose records it took in this epoch are told.
     */
    private IsrState advance(IsrState s, Node r) {
        List<LogRecord> log = s.log().of(r);
        int high = highWatermark(s, r);
        int told = acks == Acks.ONE ? durableEnd(s, r) : high;
        FiniteSet<Integer> safe = FiniteSet.of(log.subList(0, told).stream()
                .filter(record -> record.epoch() == s.epoch(r))
                .map(LogRecord::id)
                .toList());
        return s.with(it -> it.highWatermark(s.highWatermark().with(r, high))
                .committed(high > s.committed().size() ? cutTo(log, high) : s.committed())
                .acked(s.acked().and(safe)));
    }

    // The controller.

    /** A decision is appended to the metadata, unless it changes nothing. */
    private static IsrState decide(IsrState s, Partition p) {
        return p.equals(s.current()) ? s : s.withMetadata(append(s.metadata(), p));
    }

    /** Who leaves the ISR stays eligible while fewer than min.insync.replicas are in sync (KIP-966). */
    private FiniteSet<Node> eligible(FiniteSet<Node> isr, Partition p) {
        return isr.size() >= minIsr
                ? FiniteSet.empty()
                : p.elr().and(p.isr().minus(isr)).minus(isr);
    }

    private Partition withoutInSync(Partition p, Node r) {
        FiniteSet<Node> isr = p.isr().without(r);
        return p.with(it -> it.isr(isr).elr(eligible(isr, p)));
    }

    /**
     * What may become of p when these brokers are fenced: the leader stays if it can, else one that is in sync leads, else one that is
     * eligible, else nobody. A change of the leader is a new epoch, and so is having none.
     */
    private static List<Partition> elect(Partition p, FiniteSet<Node> fenced) {
        FiniteSet<Node> inSync = p.isr().minus(fenced);
        FiniteSet<Node> eligible = p.elr().minus(fenced);
        if (inSync.has(p.leader())) {
            return List.of(p);
        }
        if (!inSync.isEmpty()) {
            return inSync.stream().map(leader -> reign(p, leader)).toList();
        }
        if (p.isr().isEmpty() && !eligible.isEmpty()) {
            return eligible.stream()
                    .map(leader -> reign(p, leader)
                            .with(it ->
                                    it.isr(FiniteSet.single(leader)).elr(p.elr().without(leader))))
                    .toList();
        }
        return List.of(p.leader().equals(Node.NOBODY) ? p : reign(p, Node.NOBODY));
    }

    private static Partition reign(Partition p, Node leader) {
        return p.with(it -> it.leader(leader).leaderEpoch(p.leaderEpoch() + 1).unclean(false));
    }

    private FiniteSet<Node> fenced(IsrState s) {
        return FiniteSet.of(nodes()).where(s::isFenced);
    }

    /** A broker was not heard from in time. It leaves the ISR, and leads no more. */
    private List<IsrState> fence(IsrState s, Node r) {
        boolean mayBe =
                !s.isUp(r) || (timelyLeases ? !s.lease().of(r) : s.left().fence() > 0);
        if (s.isFenced(r) || !mayBe) {
            return NOT_ENABLED;
        }
        boolean isFault = s.isUp(r) && !timelyLeases;
        IsrState fenced = s.with(it -> it.registration(registered(s, r, true))
                .left(isFault ? s.left().withFence(s.left().fence() - 1) : s.left()));
        return elect(withoutInSync(s.current(), r), fenced(s).with(r)).stream()
                .map(p -> decide(fenced, p))
                .toList();
    }

    private static Each<Registration> registered(IsrState s, Node r, boolean fenced) {
        return s.registration()
                .with(r, new Registration(fenced, s.registration().of(r).brokerEpoch()));
    }

    /** A fenced broker is heard from and has applied all that was decided. */
    private List<IsrState> unfence(IsrState s, Node r) {
        if (!s.isFenced(r) || !s.isUp(r) || s.applied().of(r) != s.metadata().size()) {
            return NOT_ENABLED;
        }
        IsrState unfenced = s.with(
                it -> it.registration(registered(s, r, false)).lease(s.lease().with(r, true)));
        return elect(s.current(), fenced(s).without(r)).stream()
                .map(p -> decide(unfenced, p))
                .toList();
    }

    /** A process starts, and registers with a new broker epoch (KIP-903). It stays eligible only if it has lost nothing (KIP-966). */
    private List<IsrState> register(IsrState s, Node r) {
        if (s.isUp(r)) {
            return NOT_ENABLED;
        }
        boolean lostNothing = s.process().of(r) == ProcessState.STOPPED || synchronously();
        Partition without = s.isFenced(r) ? s.current() : withoutInSync(s.current(), r);
        Partition kept = lostNothing ? without : without.withElr(without.elr().without(r));
        int brokerEpoch = s.registration().of(r).brokerEpoch() + 1;
        IsrState up = s.with(it -> it.registration(s.registration().with(r, new Registration(true, brokerEpoch)))
                .process(s.process().with(r, ProcessState.UP))
                .proposal(s.proposal().with(r, Optional.empty()))
                .lease(s.lease().with(r, !timelyLeases)));
        return elect(kept, fenced(s).with(r)).stream()
                .map(p -> decide(up, p))
                .map(decided -> decided.withApplied(
                        s.applied().with(r, decided.metadata().size())))
                .toList();
    }

    /** Nobody in sync or eligible is left alive, and the operator prefers a partition with holes to none. */
    private List<IsrState> electUnclean(IsrState s, Node r) {
        if (!uncleanElection || !s.current().leader().equals(Node.NOBODY) || s.isFenced(r)) {
            return NOT_ENABLED;
        }
        return List.of(decide(
                s, new Partition(r, s.current().leaderEpoch() + 1, FiniteSet.single(r), FiniteSet.empty(), true)));
    }

    /** By the partition epoch (KIP-497), by who is fenced (KIP-841), and by the broker epoch of who joins (KIP-903). */
    private static boolean proposalStands(IsrState s, Node r, Proposal q) {
        return s.current().leader().equals(r)
                && q.partitionEpoch() == s.metadata().size()
                && q.isr().stream().noneMatch(s::isFenced)
                && q.joins().stream()
                        .allMatch(x -> q.brokerEpoch() == s.registration().of(x).brokerEpoch());
    }

    /** The leader learns of it from the metadata. Copies that arrive later are too late. */
    private List<IsrState> acceptProposal(IsrState s, Node r) {
        Optional<Proposal> proposal = s.proposal().of(r);
        if (proposal.isEmpty() || proposal.get().copies() == Copies.REFUSED || !proposalStands(s, r, proposal.get())) {
            return NOT_ENABLED;
        }
        FiniteSet<Node> isr = proposal.get().isr();
        return List.of(decide(s, s.current().with(it -> it.isr(isr).elr(eligible(isr, s.current())))));
    }

    /** The change will not be made, as there is no other copy. */
    private static List<IsrState> refuseProposal(IsrState s, Node r) {
        Optional<Proposal> proposal = s.proposal().of(r);
        if (proposal.isEmpty()
                || proposal.get().copies() != Copies.ONE
                || proposalStands(s, r, proposal.get())
                || !isCurrent(s, r, proposal.get())) {
            return NOT_ENABLED;
        }
        return List.of(proposed(s, r, proposal.map(it -> it.withCopies(Copies.REFUSED))));
    }

    private static boolean isCurrent(IsrState s, Node r, Proposal q) {
        return s.current().leader().equals(r)
                && q.partitionEpoch() == s.metadata().size();
    }

    private static IsrState proposed(IsrState s, Node r, Optional<Proposal> proposal) {
        return s.withProposal(s.proposal().with(r, proposal));
    }

    /** The leader counts its ISR again. */
    private List<IsrState> hearRefusal(IsrState s, Node r) {
        if (!s.isUp(r)
                || s.proposal()
                        .of(r)
                        .filter(it -> it.copies() == Copies.REFUSED)
                        .isEmpty()) {
            return NOT_ENABLED;
        }
        IsrState heard = proposed(s, r, Optional.empty());
        return List.of(s.lease().of(r) ? advance(heard, r) : heard);
    }

    /** The leader hears nothing for so long that it sends the proposal again. */
    private static List<IsrState> repeatProposal(IsrState s, Node r) {
        Optional<Proposal> proposal = s.proposal().of(r);
        if (!s.isUp(r)
                || proposal.isEmpty()
                || proposal.get().copies() == Copies.MANY
                || s.left().doubt() == 0) {
            return NOT_ENABLED;
        }
        return List.of(proposed(s, r, proposal.map(it -> it.withCopies(Copies.MANY)))
                .withLeft(s.left().withDoubt(s.left().doubt() - 1)));
    }

    /** The ISR as it is becomes a new decision: each copy of what was proposed before is too late. */
    private static List<IsrState> withdrawProposal(IsrState s, Node r) {
        Optional<Proposal> proposal = s.proposal().of(r);
        if (proposal.isEmpty() || proposal.get().copies() != Copies.MANY || !isCurrent(s, r, proposal.get())) {
            return NOT_ENABLED;
        }
        return List.of(s.withMetadata(append(s.metadata(), s.current())));
    }

    // A broker.

    /**
     * A decision is applied, the next one or a later one. In a new epoch a leader knows nothing of its followers; a follower does not cut its
     * log.
     */
    private List<IsrState> applyMetadata(IsrState s, Node r) {
        if (!s.isUp(r)) {
            return NOT_ENABLED;
        }
        return IntStream.rangeClosed(s.applied().of(r) + 1, s.metadata().size())
                .mapToObj(n -> applyMetadata(s, r, n))
                .toList();
    }

    private IsrState applyMetadata(IsrState s, Node r, int n) {
        Partition p = s.metadata().get(n - 1);
        boolean newEpoch = p.leaderEpoch() > s.epoch(r);
        boolean leads = p.leader().equals(r);
        Each<Progress> heard = newEpoch ? nobodyHeard() : s.progress().of(r);
        int start = newEpoch ? s.end(r) : s.epochStart().of(r);
        IsrState applied = s.with(it -> it.applied(s.applied().with(r, n))
                .proposal(s.proposal().with(r, Optional.empty()))
                .progress(s.progress().with(r, heard))
                .epochStart(s.epochStart().with(r, leads ? start : 0)));
        return leads && s.lease().of(r) ? advance(applied, r) : applied;
    }

    /** Heartbeats were not answered for so long that the controller may soon give up this broker. */
    private List<IsrState> loseLease(IsrState s, Node r) {
        if (!timelyLeases || !s.isUp(r) || !s.lease().of(r) || s.left().fence() == 0) {
            return NOT_ENABLED;
        }
        return List.of(s.with(it -> it.lease(s.lease().with(r, false))
                .left(s.left().withFence(s.left().fence() - 1))));
    }

    /** A heartbeat is answered before it came to that. A leader commits what has become durable meanwhile. */
    private List<IsrState> renewLease(IsrState s, Node r) {
        if (!s.isUp(r) || s.lease().of(r) || s.isFenced(r)) {
            return NOT_ENABLED;
        }
        IsrState renewed = s.withLease(s.lease().with(r, true));
        return List.of(renewed.leads(r) ? advance(renewed, r) : renewed);
    }

    /** What was appended up to some moment is durable. A leader's own end counts like a follower's. */
    private List<IsrState> sync(IsrState s, Node r) {
        if (!synchronously() || !s.isUp(r)) {
            return NOT_ENABLED;
        }
        return IntStream.rangeClosed(s.synced().of(r) + 1, s.end(r))
                .mapToObj(end -> s.withSynced(s.synced().with(r, end)))
                .map(synced -> s.leads(r) ? advance(synced, r) : synced)
                .toList();
    }

    // A leader.

    /** A producer's record is appended, unless acks=all can't be kept. */
    private List<IsrState> write(IsrState s, Node r) {
        if (!s.leads(r)
                || s.nextId() > maxRecord
                || (acks == Acks.ALL && s.known(r).isr().size() < minIsr)) {
            return NOT_ENABLED;
        }
        List<LogRecord> log = append(s.log().of(r), new LogRecord(s.epoch(r), s.nextId()));
        IsrState written = s.with(it -> it.log(s.log().with(r, log)).nextId(s.nextId() + 1));
        return List.of(advance(written, r));
    }

    /** A follower lags, and is proposed to leave the ISR. */
    private List<IsrState> proposeShrink(IsrState s, Node r) {
        if (!s.leads(r) || s.proposal().of(r).isPresent() || s.left().shrink() == 0) {
            return NOT_ENABLED;
        }
        FiniteSet<Node> isr = s.known(r).isr();
        return isr.without(r).stream()
                .map(x -> new Proposal(
                        isr.without(x), FiniteSet.empty(), 0, s.applied().of(r), Copies.ONE))
                .map(proposal -> s.with(it -> it.proposal(s.proposal().with(r, Optional.of(proposal)))
                        .left(s.left().withShrink(s.left().shrink() - 1))))
                .toList();
    }

    /** A follower has caught up with the high watermark and with where this epoch began (KAFKA-7128), and is proposed to join. */
    private List<IsrState> proposeExpand(IsrState s, Node r) {
        if (!s.leads(r) || s.proposal().of(r).isPresent()) {
            return NOT_ENABLED;
        }
        FiniteSet<Node> isr = s.known(r).isr();
        Each<Progress> progress = s.progress().of(r);
        return nodes().stream()
                .filter(x -> !isr.has(x))
                .filter(x -> progress.of(x).offset() >= s.highWatermark().of(r))
                .filter(x -> progress.of(x).offset() >= s.epochStart().of(r))
                .map(x -> new Proposal(
                        isr.with(x),
                        FiniteSet.single(x),
                        progress.of(x).brokerEpoch(),
                        s.applied().of(r),
                        Copies.ONE))
                .map(proposal -> s.withProposal(s.proposal().with(r, Optional.of(proposal))))
                .toList();
    }

    /** Of another epoch than the leader's (KIP-320), or of a predecessor of a process that has fetched already (KIP-903). */
    private static boolean isRefused(IsrState s, Node f, InFlight.Fetch m) {
        return !s.leads(m.to())
                || m.leaderEpoch() != s.epoch(m.to())
                || m.brokerEpoch() < s.progress().of(m.to()).of(f).brokerEpoch();
    }

    private static EpochEnd endAsked(IsrState s, InFlight.Fetch m) {
        return endOfEpoch(s.log().of(m.to()), m.lastEpoch(), s.epoch(m.to()));
    }

    /** The leader's part of the follower's last epoch ends before the follower's, or it has no such epoch (KIP-101, KIP-279). */
    private static boolean diverges(IsrState s, InFlight.Fetch m) {
        EpochEnd end = endAsked(s, m);
        return m.offset() > 0 && (end.offset() < m.offset() || end.epoch() < m.lastEpoch());
    }

    /** A fetch has arrived that is not the leader's to answer. */
    private static List<IsrState> refuseFetch(IsrState s, Node f, int x) {
        if (!(inFlight(s, f, x) instanceof InFlight.Fetch m) || !s.isUp(m.to()) || !isRefused(s, f, m)) {
            return NOT_ENABLED;
        }
        return List.of(put(s, f, x, NOTHING));
    }

    /** The follower has what this leader has not. It is told where, and nothing is noted. */
    private static List<IsrState> serveDivergence(IsrState s, Node f, int x) {
        if (!(inFlight(s, f, x) instanceof InFlight.Fetch m)
                || !s.isUp(m.to())
                || isRefused(s, f, m)
                || !diverges(s, m)) {
            return NOT_ENABLED;
        }
        return List.of(answer(s, f, x, m, new InFlight.Diverging(m.leaderEpoch(), m.offset(), endAsked(s, m))));
    }

    /** The follower has everything below its offset. That is noted, moves the high watermark, and records are sent. */
    private List<IsrState> serveRecords(IsrState s, Node f, int x) {
        if (!(inFlight(s, f, x) instanceof InFlight.Fetch m)
                || !s.isUp(m.to())
                || isRefused(s, f, m)
                || diverges(s, m)) {
            return NOT_ENABLED;
        }
        Node l = m.to();
        Each<Progress> noted = s.progress().of(l).with(f, new Progress(m.offset(), m.brokerEpoch()));
        IsrState known = s.withProgress(s.progress().with(l, noted));
        IsrState advanced = advance(known, l);
        List<LogRecord> records = between(s.log().of(l), m.offset(), Math.min(s.end(l), m.offset() + batchSize));
        return List.of(answer(
                advanced,
                f,
                x,
                m,
                new InFlight.Records(
                        m.leaderEpoch(),
                        m.offset(),
                        records,
                        advanced.highWatermark().of(l))));
    }

    /** Connections end with their processes: an answer reaches the process that asked, or nobody. */
    private static IsrState answer(IsrState s, Node f, int x, InFlight.Fetch m, InFlight answer) {
        return put(s, f, x, s.isUp(f) && isOfThisProcess(s, f, m) ? answer : NOTHING);
    }

    private static boolean isOfThisProcess(IsrState s, Node f, InFlight.Fetch m) {
        return m.brokerEpoch() == s.registration().of(f).brokerEpoch();
    }

    // A follower.

    private static InFlight inFlight(IsrState s, Node f, int x) {
        return s.exchange().of(f).get(x - 1);
    }

    private static IsrState put(IsrState s, Node f, int x, InFlight m) {
        List<InFlight> places = new ArrayList<>(s.exchange().of(f));
        places.set(x - 1, m);
        return s.withExchange(s.exchange().with(f, List.copyOf(places)));
    }

    /** Whether what is in flight is f's present exchange with its leader: of this epoch, and of this process. */
    private static boolean isPresent(IsrState s, Node f, InFlight inFlight) {
        return switch (inFlight) {
            case InFlight.Nothing() -> false;
            case InFlight.Fetch m -> m.leaderEpoch() == s.epoch(f) && isOfThisProcess(s, f, m);
            case InFlight.Records m -> m.leaderEpoch() == s.epoch(f);
            case InFlight.Diverging m -> m.leaderEpoch() == s.epoch(f);
        };
    }

    /** A fetch with nothing to say or to learn changes nothing. */
    private static boolean isUseful(IsrState s, Node f, Node l) {
        return !s.log().of(f).equals(s.log().of(l))
                || !s.highWatermark().of(f).equals(s.highWatermark().of(l))
                || !s.progress()
                        .of(l)
                        .of(f)
                        .equals(new Progress(s.end(f), s.registration().of(f).brokerEpoch()));
    }

    /** It asks for what comes after its log, once that is durable, and says which epoch its log ends with. */
    private List<IsrState> sendFetch(IsrState s, Node f, int x) {
        if (!s.follows(f)
                || (synchronously() && s.synced().of(f) != s.end(f))
                || !inFlight(s, f, x).equals(NOTHING)
                || s.exchange().of(f).stream().anyMatch(m -> isPresent(s, f, m))) {
            return NOT_ENABLED;
        }
        Node leader = s.known(f).leader();
        if (!idleFetches && !isUseful(s, f, leader)) {
            return NOT_ENABLED;
        }
        int brokerEpoch = s.registration().of(f).brokerEpoch();
        return List.of(put(
                s,
                f,
                x,
                new InFlight.Fetch(
                        leader,
                        s.epoch(f),
                        brokerEpoch,
                        s.end(f),
                        lastEpoch(s.log().of(f)))));
    }

    /** It gives up a fetch that its leader is too dead to answer, or that is not of its present epoch or process. */
    private static List<IsrState> giveUpFetch(IsrState s, Node f, int x) {
        if (!(inFlight(s, f, x) instanceof InFlight.Fetch m) || !s.isUp(f) || (s.isUp(m.to()) && isPresent(s, f, m))) {
            return NOT_ENABLED;
        }
        return List.of(put(s, f, x, NOTHING));
    }

    /** Records are appended, and the leader's high watermark is taken over as far as the log goes. */
    private static List<IsrState> takeRecords(IsrState s, Node f, int x) {
        if (!(inFlight(s, f, x) instanceof InFlight.Records m) || !s.follows(f) || !isPresent(s, f, m)) {
            return NOT_ENABLED;
        }
        List<LogRecord> log = concat(s.log().of(f), m.records());
        int heard = Math.min(m.highWatermark(), log.size());
        return List.of(put(s, f, x, NOTHING)
                .with(it -> it.log(s.log().with(f, log))
                        .highWatermark(s.highWatermark()
                                .with(f, Math.max(s.highWatermark().of(f), heard)))));
    }

    /** It cuts where its history and its leader's part, as far as it knows, and asks again. What was cut stays cut. */
    private static List<IsrState> takeDivergence(IsrState s, Node f, int x) {
        if (!(inFlight(s, f, x) instanceof InFlight.Diverging m) || !s.follows(f) || !isPresent(s, f, m)) {
            return NOT_ENABLED;
        }
        int cut = cutPoint(s.log().of(f), m.end());
        return List.of(put(s, f, x, NOTHING)
                .with(it -> it.log(s.log().with(f, cutTo(s.log().of(f), cut)))
                        .synced(s.synced().with(f, Math.min(s.synced().of(f), cut)))
                        .highWatermark(s.highWatermark()
                                .with(f, Math.min(s.highWatermark().of(f), cut)))));
    }

    /** An answer of an epoch that is over says nothing. */
    private static List<IsrState> dropAnswer(IsrState s, Node f, int x) {
        InFlight m = inFlight(s, f, x);
        boolean isAnswer = m instanceof InFlight.Records || m instanceof InFlight.Diverging;
        if (!isAnswer || (s.follows(f) && isPresent(s, f, m))) {
            return NOT_ENABLED;
        }
        return List.of(put(s, f, x, NOTHING));
    }

    // A consumer.

    /** It reads what is committed for all that a replica knows, of any replica (KIP-392). */
    private static List<IsrState> read(IsrState s, int c, Node r) {
        int end = s.highWatermark().of(r);
        List<LogRecord> received = s.received().get(c);
        if (!s.isUp(r) || end <= received.size()) {
            return NOT_ENABLED;
        }
        List<List<LogRecord>> all = new ArrayList<>(s.received());
        all.set(c, concat(received, between(s.log().of(r), received.size(), end)));
        return List.of(s.withReceived(List.copyOf(all)));
    }

    // The world.

    /** A process ends, and with it what it did not store. What it has asked for may still arrive, answers find nobody. */
    private IsrState ends(IsrState s, Node r) {
        List<InFlight> sent = s.exchange().of(r).stream()
                .map(m -> m instanceof InFlight.Fetch ? m : NOTHING)
                .toList();
        return s.with(it -> it.epochStart(s.epochStart().with(r, 0))
                .progress(s.progress().with(r, nobodyHeard()))
                .exchange(s.exchange().with(r, sent)));
    }

    /** A clean stop: everything is synced, and the mark is set. */
    private List<IsrState> stop(IsrState s, Node r) {
        if (!s.isUp(r) || s.left().stop() == 0) {
            return NOT_ENABLED;
        }
        return List.of(ends(s, r)
                .with(it -> it.process(s.process().with(r, ProcessState.STOPPED))
                        .synced(s.synced().with(r, synchronously() ? s.end(r) : 0))
                        .left(s.left().withStop(s.left().stop() - 1))));
    }

    /** A crash, of the process or of the machine: what is synced stays, and any part of what comes after it. */
    private List<IsrState> crash(IsrState s, Node r) {
        if (!s.isUp(r) || s.left().crash() == 0) {
            return NOT_ENABLED;
        }
        IsrState crashed = ends(s, r)
                .with(it -> it.process(s.process().with(r, ProcessState.CRASHED))
                        .highWatermark(s.highWatermark().with(r, 0))
                        .left(s.left().withCrash(s.left().crash() - 1)));
        return IntStream.rangeClosed(s.synced().of(r), s.end(r))
                .mapToObj(end ->
                        crashed.with(it -> it.log(s.log().with(r, cutTo(s.log().of(r), end)))
                                .synced(s.synced().with(r, synchronously() ? end : 0))))
                .toList();
    }

    // tla/lib/LeaderEpochs.

    /** Epoch of the last record; 0 says that there is none. */
    private static int lastEpoch(List<LogRecord> log) {
        return log.isEmpty() ? 0 : log.getLast().epoch();
    }

    /** Where the largest epoch that is at most this one ends. A leader's own epoch counts although it may not have written in it. */
    private static EpochEnd endOfEpoch(List<LogRecord> log, int epoch, int ownEpoch) {
        int known = IntStream.concat(IntStream.of(0, ownEpoch), log.stream().mapToInt(LogRecord::epoch))
                .filter(e -> e <= epoch)
                .max()
                .orElseThrow();
        int end = 0;
        while (end < log.size() && log.get(end).epoch() <= epoch) {
            end++;
        }
        return new EpochEnd(known, end);
    }

    /** Where a follower cuts when it is told that its leader's part of an epoch ends there. */
    private static int cutPoint(List<LogRecord> log, EpochEnd told) {
        return Math.min(endOfEpoch(log, told.epoch(), 0).offset(), told.offset());
    }
}
