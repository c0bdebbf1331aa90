package io.odradek.spec.tlc;

import static io.odradek.spec.tlc.CanonicalText.function;
import static io.odradek.spec.tlc.CanonicalText.record;
import static io.odradek.spec.tlc.CanonicalText.sequence;
import static io.odradek.spec.tlc.CanonicalText.set;
import static io.odradek.spec.tlc.CanonicalText.string;
import static io.odradek.spec.tlc.CanonicalText.truth;
import static io.odradek.spec.tlc.InTla.number;

import io.odradek.spec.protocol.Each;
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
import io.odradek.spec.protocol.QuorumState.Reign;
import io.odradek.spec.protocol.QuorumState.ReplicaKey;
import io.odradek.spec.protocol.QuorumState.VoteRequest;
import io.odradek.spec.protocol.ReferenceModel;
import io.odradek.spec.protocol.StateGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** How the constants and variables of {@code tla/core/Quorum} are written in TLA+. */
final class QuorumInTla implements InTla<QuorumState> {
    private final Check check;
    private final Quorum model;
    private final List<String> servers;
    private final List<String> initialVoters;
    private final String nobody;
    private final Written written;

    QuorumInTla(Check check) {
        this.check = check;
        Constants constants = new Constants(check);
        servers = constants.set("Server");
        initialVoters = constants.set("InitialVoters");
        nobody = constants.modelValue("Nobody");
        written = new Written(servers);
        model = new Quorum(
                servers.size(),
                FiniteSet.of(initialVoters.stream()
                        .map(name -> new Node(servers.indexOf(name) + 1))
                        .toList()),
                constants.truth("PreVote"),
                constants.truth("HardStateSync"),
                constants.number("MaxEpoch"),
                constants.number("MaxRecord"),
                budget(constants.record("Budget")),
                constants.set("Slot").size(),
                constants.number("Batch"),
                Quorum.SyncApart.valueOf(constants.string("SyncApart").toUpperCase(Locale.ROOT)),
                constants.truth("FetchAlways"),
                constants.truth("AskAround"));
        constants.expectAllRead();
    }

    private static Budget budget(Map<String, Integer> fields) {
        Function<String, Integer> field = name -> Objects.requireNonNull(fields.get(name), name);
        return new Budget(
                field.apply("crash"),
                field.apply("wipe"),
                field.apply("resign"),
                field.apply("change"),
                field.apply("snapshot"));
    }

    @Override
    public ReferenceModel<QuorumState> model() {
        return switch (check.behaviour()) {
            case Check.Behaviour.Formula(String spec) when spec.equals("Spec") -> model;
            case Check.Behaviour.Formula(String spec)
            when spec.equals("LedSpec") -> new From<>(model.ledInitialStates(), model);
            default -> throw new IllegalArgumentException("not known: " + check.behaviour());
        };
    }

    @Override
    public String parameter(Object parameter) {
        return switch (parameter) {
            case Node server -> written.name(server);
            case Integer slot -> number(slot);
            case VoteRequest request -> written.request(request);
            default -> throw new IllegalArgumentException("no parameter: " + parameter);
        };
    }

    @Override
    public Variables<QuorumState> variables() {
        return written.variables();
    }

    @Override
    public StateGraph.Reduction<QuorumState> reduction() {
        Predicate<QuorumState> within = check.constraints().isEmpty() ? _ -> true : QuorumInTla::crashEarly;
        if (!check.constraints().stream().allMatch("CrashEarly"::equals)
                || !check.actionConstraints().isEmpty()
                || check.view().isPresent()) {
            throw new IllegalArgumentException("not known: " + check);
        }
        if (check.symmetry().isEmpty()) {
            return new StateGraph.Reduction<>(state -> state, within);
        }
        List<String> permuted = check.symmetry().equals(List.of("Server")) ? servers : initialVoters;
        List<Variables<QuorumState>> writers = InTla.permutations(permuted).stream()
                .map(order -> new Written(renamed(permuted, order)).variables())
                .toList();
        return new StateGraph.Reduction<>(
                s -> writers.stream()
                        .map(writer -> writer.of(s).toString())
                        .min(String::compareTo)
                        .orElseThrow(),
                within);
    }

    private List<String> renamed(List<String> permuted, List<String> order) {
        List<String> names = new ArrayList<>(servers);
        for (int i = 0; i < order.size(); i++) {
            names.set(servers.indexOf(permuted.get(i)), order.get(i));
        }
        return names;
    }

    /** The constraint of this name. */
    private static boolean crashEarly(QuorumState s) {
        return s.left().crash() == 0 || s.epoch().values().stream().allMatch(epoch -> epoch <= 1);
    }

    /** With names given to the servers: in each order of their names, the states that a symmetry takes for one are written. */
    private final class Written {
        private final List<String> names;

        Written(List<String> names) {
            this.names = names;
        }

        Variables<QuorumState> variables() {
            return new Variables<QuorumState>()
                    .with("epoch", QuorumState::epoch, each(InTla::number))
                    .with(
                            "voted",
                            QuorumState::voted,
                            each(voted -> voted.map(this::key).orElse(nobody)))
                    .with("leader", QuorumState::leader, each(this::name))
                    .with("role", QuorumState::role, each(role -> capitalized(role.name())))
                    .with("directory", QuorumState::directory, each(InTla::number))
                    .with("log", QuorumState::log, each(this::log))
                    .with("synced", QuorumState::synced, each(InTla::number))
                    .with("start", QuorumState::start, each(InTla::number))
                    .with("hw", QuorumState::hw, each(InTla::number))
                    .with("ends", QuorumState::ends, each(each(Written::end)))
                    .with(
                            "net",
                            QuorumState::net,
                            each(slots ->
                                    sequence(slots.stream().map(this::onWire).toList())))
                    .with("asked", QuorumState::asked, all(this::request))
                    .with("votes", QuorumState::votes, all(this::ballot))
                    .with("elected", QuorumState::elected, all(this::reign))
                    .with("committed", QuorumState::committed, this::log)
                    .with("records", QuorumState::records, InTla::number)
                    .with("left", QuorumState::left, Written::left);
        }

        private <T> Function<Each<T>, String> each(Function<T, String> text) {
            return values -> {
                Map<String, String> byName = new TreeMap<>();
                for (int i = 0; i < names.size(); i++) {
                    byName.put(names.get(i), text.apply(values.values().get(i)));
                }
                return function(byName);
            };
        }

        private static <T> Function<FiniteSet<T>, String> all(Function<T, String> text) {
            return elements -> set(elements.stream().map(text).toList());
        }

        private String name(Node server) {
            return server.equals(Node.NOBODY) ? nobody : names.get(server.number() - 1);
        }

        private static String capitalized(String name) {
            return string(name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT));
        }

        private static String end(End end) {
            return record("directory", number(end.directory()), "offset", number(end.offset()));
        }

        private static String left(Budget left) {
            return record(
                    "crash", number(left.crash()),
                    "wipe", number(left.wipe()),
                    "resign", number(left.resign()),
                    "change", number(left.change()),
                    "snapshot", number(left.snapshot()));
        }

        private String key(ReplicaKey key) {
            return sequence(List.of(name(key.server()), number(key.directory())));
        }

        private String keys(FiniteSet<ReplicaKey> keys) {
            return set(keys.stream().map(this::key).toList());
        }

        private String log(List<Entry> log) {
            return sequence(log.stream().map(this::entry).toList());
        }

        private String entry(Entry entry) {
            return record(
                    "epoch", number(entry.epoch()),
                    "kind", string(entry.kind().name().toLowerCase(Locale.ROOT)),
                    "id", number(entry.id()),
                    "voters", keys(entry.voters()));
        }

        private String request(VoteRequest q) {
            return record(
                    "pre", truth(q.pre()),
                    "epoch", number(q.epoch()),
                    "candidate", key(q.candidate()),
                    "voters", keys(q.voters()),
                    "lastEpoch", number(q.lastEpoch()),
                    "end", number(q.end()));
        }

        private String ballot(Ballot b) {
            return record(
                    "pre", truth(b.pre()),
                    "epoch", number(b.epoch()),
                    "voter", key(b.voter()),
                    "candidate", key(b.candidate()),
                    "granted", truth(b.granted()));
        }

        private String reign(Reign reign) {
            return record("epoch", number(reign.epoch()), "leader", name(reign.leader()));
        }

        private String onWire(OnWire wire) {
            return switch (wire) {
                case OnWire.Nothing() -> record("type", string("Nothing"));
                case OnWire.Fetch(Node to, int epoch, int directory, int offset, int lastEpoch) ->
                    record(
                            "type", string("Fetch"),
                            "to", name(to),
                            "epoch", number(epoch),
                            "directory", number(directory),
                            "offset", number(offset),
                            "lastEpoch", number(lastEpoch));
                case OnWire.Answer(
                        OnWire.Answer.Type type,
                        int epoch,
                        int base,
                        List<Entry> entries,
                        EpochEnd(int endEpoch, int end)) ->
                    record(
                            "type",
                            capitalized(type.name()),
                            "epoch",
                            number(epoch),
                            "base",
                            number(base),
                            "entries",
                            log(entries),
                            "end",
                            record("epoch", number(endEpoch), "end", number(end)));
            };
        }
    }
}
