package io.odradek.spec.tlc;

import static io.odradek.spec.tlc.CanonicalText.function;
import static io.odradek.spec.tlc.CanonicalText.record;
import static io.odradek.spec.tlc.CanonicalText.sequence;
import static io.odradek.spec.tlc.CanonicalText.set;
import static io.odradek.spec.tlc.CanonicalText.string;
import static io.odradek.spec.tlc.CanonicalText.truth;
import static io.odradek.spec.tlc.InTla.number;
import static io.odradek.spec.tlc.InTla.numbers;

import io.odradek.spec.protocol.Each;
import io.odradek.spec.protocol.FiniteSet;
import io.odradek.spec.protocol.Isr;
import io.odradek.spec.protocol.IsrState;
import io.odradek.spec.protocol.IsrState.EpochEnd;
import io.odradek.spec.protocol.IsrState.Faults;
import io.odradek.spec.protocol.IsrState.InFlight;
import io.odradek.spec.protocol.IsrState.LogRecord;
import io.odradek.spec.protocol.IsrState.Partition;
import io.odradek.spec.protocol.IsrState.Progress;
import io.odradek.spec.protocol.IsrState.Proposal;
import io.odradek.spec.protocol.IsrState.Registration;
import io.odradek.spec.protocol.Node;
import io.odradek.spec.protocol.ReferenceModel;
import io.odradek.spec.protocol.StateGraph;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** How the constants and variables of {@code tla/core/Isr} are written in TLA+. */
final class IsrInTla implements InTla<IsrState> {
    private final Check check;
    private final Isr model;
    private final List<String> replicas;
    private final List<String> consumers;
    private final String nobody;

    IsrInTla(Check check) {
        this.check = check;
        Constants constants = new Constants(check);
        replicas = constants.set("Replica");
        consumers = constants.set("Consumer");
        nobody = constants.modelValue("Nobody");
        model = new Isr(
                replicas.size(),
                consumers.size(),
                constants.string("Durability").equals("sync") ? Isr.Durability.SYNC : Isr.Durability.PAGE_CACHE,
                constants.string("Acks").equals("all") ? Isr.Acks.ALL : Isr.Acks.ONE,
                constants.number("MinIsr"),
                constants.truth("UncleanElection"),
                constants.truth("TimelyLeases"),
                constants.number("BatchSize"),
                constants.set("Exchange").size(),
                constants.truth("IdleFetches"),
                constants.number("MaxRecord"),
                constants.number("MaxCrash"),
                constants.number("MaxStop"),
                constants.number("MaxFence"),
                constants.number("MaxShrink"),
                constants.number("MaxDoubt"));
        constants.expectAllRead();
    }

    /** For liveness the first leader is always the same one. */
    @Override
    public ReferenceModel<IsrState> model() {
        return switch (check.behaviour()) {
            case Check.Behaviour.Formula(String spec) when spec.equals("Spec") -> model;
            case Check.Behaviour.Formula(String spec)
            when spec.startsWith("LiveSpec") ->
                new From<>(List.of(model.initialStates().getFirst()), model);
            default -> throw new IllegalArgumentException("not known: " + check.behaviour());
        };
    }

    @Override
    public String parameter(Object parameter) {
        return switch (parameter) {
            case Node replica -> replicas.get(replica.number() - 1);
            case Isr.Consumer(int number) -> consumers.get(number);
            case Integer place -> number(place);
            default -> throw new IllegalArgumentException("no parameter: " + parameter);
        };
    }

    @Override
    public StateGraph.Reduction<IsrState> reduction() {
        if (!check.symmetry().isEmpty()
                || check.view().isPresent()
                || !check.constraints().isEmpty()
                || !check.actionConstraints().isEmpty()) {
            throw new IllegalArgumentException("not known: " + check);
        }
        return StateGraph.Reduction.none();
    }

    @Override
    public Variables<IsrState> variables() {
        return new Variables<IsrState>()
                .with(
                        "metadata",
                        IsrState::metadata,
                        decisions ->
                                sequence(decisions.stream().map(this::partition).toList()))
                .with("registration", IsrState::registration, each(IsrInTla::registration))
                .with("process", IsrState::process, each(it -> string(it.name().toLowerCase(Locale.ROOT))))
                .with("applied", IsrState::applied, each(InTla::number))
                .with("lease", IsrState::lease, each(CanonicalText::truth))
                .with("log", IsrState::log, each(IsrInTla::log))
                .with("synced", IsrState::synced, each(InTla::number))
                .with("highWatermark", IsrState::highWatermark, each(InTla::number))
                .with("epochStart", IsrState::epochStart, each(InTla::number))
                .with("progress", IsrState::progress, each(each(IsrInTla::progress)))
                .with("proposal", IsrState::proposal, each(this::proposal))
                .with(
                        "exchange",
                        IsrState::exchange,
                        each(places ->
                                sequence(places.stream().map(this::inFlight).toList())))
                .with("committed", IsrState::committed, IsrInTla::log)
                .with("acked", IsrState::acked, ids -> set(numbers(ids.elements())))
                .with("received", IsrState::received, this::received)
                .with("nextId", IsrState::nextId, InTla::number)
                .with("left", IsrState::left, IsrInTla::left);
    }

    private <T> Function<Each<T>, String> each(Function<T, String> text) {
        return values -> {
            Map<String, String> written = new TreeMap<>();
            for (int i = 0; i < replicas.size(); i++) {
                written.put(replicas.get(i), text.apply(values.values().get(i)));
            }
            return function(written);
        };
    }

    private String name(Node replica) {
        return replica.equals(Node.NOBODY) ? nobody : replicas.get(replica.number() - 1);
    }

    private String names(FiniteSet<Node> some) {
        return set(some.stream().map(this::name).toList());
    }

    private String partition(Partition p) {
        return record(
                "leader", name(p.leader()),
                "leaderEpoch", number(p.leaderEpoch()),
                "isr", names(p.isr()),
                "elr", names(p.elr()),
                "unclean", truth(p.unclean()));
    }

    private static String registration(Registration registration) {
        return record("fenced", truth(registration.fenced()), "brokerEpoch", number(registration.brokerEpoch()));
    }

    private static String progress(Progress progress) {
        return record("offset", number(progress.offset()), "brokerEpoch", number(progress.brokerEpoch()));
    }

    private String proposal(Optional<Proposal> proposal) {
        return proposal.map(it -> record(
                        "isr", names(it.isr()),
                        "joins", names(it.joins()),
                        "brokerEpoch", number(it.brokerEpoch()),
                        "partitionEpoch", number(it.partitionEpoch()),
                        "copies", string(it.copies().name().toLowerCase(Locale.ROOT))))
                .orElse(record("kind", string("none")));
    }

    private String inFlight(InFlight inFlight) {
        return switch (inFlight) {
            case InFlight.Nothing() -> record("kind", string("none"));
            case InFlight.Fetch(Node to, int leaderEpoch, int brokerEpoch, int offset, int lastEpoch) ->
                record(
                        "kind", string("fetch"),
                        "to", name(to),
                        "leaderEpoch", number(leaderEpoch),
                        "brokerEpoch", number(brokerEpoch),
                        "offset", number(offset),
                        "lastEpoch", number(lastEpoch));
            case InFlight.Records(int leaderEpoch, int offset, List<LogRecord> records, int highWatermark) ->
                record(
                        "kind", string("records"),
                        "leaderEpoch", number(leaderEpoch),
                        "offset", number(offset),
                        "records", log(records),
                        "highWatermark", number(highWatermark));
            case InFlight.Diverging(int leaderEpoch, int offset, EpochEnd(int epoch, int end)) ->
                record(
                        "kind", string("diverging"),
                        "leaderEpoch", number(leaderEpoch),
                        "offset", number(offset),
                        "end", record("epoch", number(epoch), "offset", number(end)));
        };
    }

    private String received(List<List<LogRecord>> received) {
        Map<String, String> written = new TreeMap<>();
        for (int i = 0; i < consumers.size(); i++) {
            written.put(consumers.get(i), log(received.get(i)));
        }
        return function(written);
    }

    private static String log(List<LogRecord> log) {
        return sequence(log.stream()
                .map(it -> record("epoch", number(it.epoch()), "id", number(it.id())))
                .toList());
    }

    private static String left(Faults left) {
        return record(
                "crash", number(left.crash()),
                "stop", number(left.stop()),
                "fence", number(left.fence()),
                "shrink", number(left.shrink()),
                "doubt", number(left.doubt()));
    }
}
