package io.odradek.spec.tlc;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The machines of which runs can be recorded, and the bounds within which they are walked through.
 */
@SuppressWarnings("ImmutableEnumChecker") // its sets and lists are
enum RecordedMachine {
    TRUNCATION(
            Set.of(),
            new Walked(
                    "Truncation",
                    "Spec",
                    new TlcJvm.Walks(20, 16, 0),
                    values("MaxEpoch = 3", "MaxLength = 4", "FetchSize = 2"),
                    Map.of())),
    ISR(
            Set.of("slot"),
            new Walked(
                    "Isr",
                    "Spec",
                    new TlcJvm.Walks(6, 90, 0),
                    values(
                            "Replica = {\"r1\", \"r2\", \"r3\"}",
                            "Nobody = Nobody",
                            "Consumer = {\"c\"}",
                            "Durability = \"sync\"",
                            "Acks = \"all\"",
                            "MinIsr = 2",
                            "UncleanElection = FALSE",
                            "TimelyLeases = TRUE",
                            "BatchSize = 2",
                            "Exchange = {1}",
                            "IdleFetches = FALSE",
                            "MaxRecord = 9",
                            "MaxCrash = 1",
                            "MaxStop = 1",
                            "MaxFence = 2",
                            "MaxShrink = 2",
                            "MaxDoubt = 1"),
                    Map.of()),
            new Walked(
                    "Isr",
                    "Spec",
                    new TlcJvm.Walks(12, 60, 0),
                    values(
                            "Replica = {\"r1\", \"r2\"}",
                            "Nobody = Nobody",
                            "Consumer = {\"c\"}",
                            "Durability = \"page-cache\"",
                            "Acks = \"all\"",
                            "MinIsr = 1",
                            "UncleanElection = TRUE",
                            "TimelyLeases = FALSE",
                            "BatchSize = 2",
                            "Exchange = {1, 2}",
                            "IdleFetches = FALSE",
                            "MaxRecord = 9",
                            "MaxCrash = 2",
                            "MaxStop = 1",
                            "MaxFence = 6",
                            "MaxShrink = 2",
                            "MaxDoubt = 1"),
                    Map.of())),
    QUORUM(
            Set.of("slot"),
            new Walked(
                    "Quorum",
                    "LedSpec",
                    new TlcJvm.Walks(6, 80, 0),
                    values(
                            "Server = {\"s1\", \"s2\", \"s3\"}",
                            "InitialVoters = {\"s1\", \"s2\", \"s3\"}",
                            "Nobody = Nobody",
                            "PreVote = TRUE",
                            "HardStateSync = TRUE",
                            "MaxEpoch = 3",
                            "MaxRecord = 3",
                            "Slot = {1}",
                            "Batch = 2",
                            "SyncApart = \"always\"",
                            "FetchAlways = FALSE",
                            "AskAround = FALSE"),
                    values("Budget = [crash |-> 1, wipe |-> 1, resign |-> 1, change |-> 1, snapshot |-> 1]")),
            new Walked(
                    "QuorumSeeded",
                    "FigureEightSpec",
                    new TlcJvm.Walks(12, 60, 0),
                    values(
                            "Server = {\"s1\", \"s2\", \"s3\"}",
                            "InitialVoters = {\"s1\", \"s2\", \"s3\"}",
                            "Nobody = Nobody",
                            "PreVote = FALSE",
                            "HardStateSync = TRUE",
                            "MaxEpoch = 4",
                            "MaxRecord = 4",
                            "Slot = {1}",
                            "Batch = 1",
                            "SyncApart = \"never\"",
                            "FetchAlways = FALSE",
                            "AskAround = FALSE",
                            "A = \"s1\"",
                            "B = \"s2\"",
                            "C = \"s3\"",
                            "D = \"none\"",
                            "E = \"none\""),
                    values("Budget = [crash |-> 0, wipe |-> 0, resign |-> 0, change |-> 1, snapshot |-> 4]"))),
    CONTROLLER(
            Set.of(),
            new Walked(
                    "Controller",
                    "Spec",
                    new TlcJvm.Walks(12, 40, 0),
                    values("Node = {\"c1\", \"c2\", \"c3\"}", "MaxReign = 6", "MaxRequest = 9"),
                    Map.of())),
    IDEMPOTENT_PRODUCER(
            Set.of(),
            new Walked(
                    "IdempotentProducer",
                    "Spec",
                    new TlcJvm.Walks(12, 40, 0),
                    values("Window = 5", "InFlight = 5", "LateCopies = TRUE", "Overtaking = TRUE", "MaxBatch = 12"),
                    values("Budget = [cut |-> 2, bump |-> 2, snapshot |-> 3, delete |-> 1, recover |-> 2, forget |->"
                            + " 3]")));

    /** Random walks within some bounds. */
    record Walked(
            String module,
            String spec,
            TlcJvm.Walks walks,
            Map<String, String> constants,
            Map<String, String> definitions) {
        TlcJvm.Walks walks(long seed) {
            return new TlcJvm.Walks(walks.count(), walks.depth(), seed);
        }

        Check check() {
            return Check.of(module)
                    .with(it -> it.constants(constants)
                            .definitions(definitions)
                            .bugs(Optional.of(List.of()))
                            .behaviour(new Check.Behaviour.Formula(spec)));
        }
    }

    private static final Set<Json> DECISIONS = Set.of(
            new Json.Text("Fence"),
            new Json.Text("Unfence"),
            new Json.Text("Register"),
            new Json.Text("ElectUnclean"),
            new Json.Text("AcceptProposal"));

    private final Set<String> hidden;
    private final List<Walked> walked;

    RecordedMachine(Set<String> hidden, Walked... walked) {
        this.hidden = hidden;
        this.walked = List.of(walked);
    }

    private static Map<String, String> values(String... assignments) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String assignment : assignments) {
            int equals = assignment.indexOf(" = ");
            values.put(assignment.substring(0, equals), assignment.substring(equals + 3));
        }
        return values;
    }

    /** Whether a build has time for it: some seconds, not a quarter of a minute. */
    boolean isQuick() {
        return this != ISR && this != QUORUM;
    }

    /** What a machine does not know, and TLC has to find. */
    Set<String> hidden() {
        return hidden;
    }

    /**
     * Of a hundred mistakes of a kind, so many have to be noticed. They are below what several seeds gave by what chance does to
     * thirty. What is left are runs that the specification has as well:
     *
     * <ul>
     *   <li>Another value: a controller that decides two equal requests may have meant the other one. Elsewhere nothing was found.
     *   <li>Another node: which of several idle controllers was elected, as long as it does nothing.
     *   <li>A missing event: one that changes nothing which later events show. A producer's requests may never arrive; a recovery may find
     *       what was there; an answer is lost like any other; and near the end of a run little follows. Events with a number of their own
     *       would show it, and that needs no specification.
     *   <li>Two events of one node, swapped: two answers to two others, an election that is asked about and one that is given up.
     *   <li>Two events of different nodes that do not hear of each other happen in no order; and the last event of a node may not have
     *       happened yet. Of both nothing is claimed.
     * </ul>
     */
    double floor(Corruptions.Kind kind) {
        return switch (kind) {
            case FIELD -> this == CONTROLLER ? 90 : 96;
            case NODE -> this == CONTROLLER ? 86 : 96;
            case NAME -> 96;
            case DROPPED ->
                switch (this) {
                    case TRUNCATION -> 96;
                    case CONTROLLER -> 85;
                    case ISR, QUORUM -> 80;
                    case IDEMPOTENT_PRODUCER -> 70;
                };
            case SWAPPED ->
                switch (this) {
                    case TRUNCATION, CONTROLLER -> 96;
                    case IDEMPOTENT_PRODUCER -> 85;
                    case ISR -> 78;
                    case QUORUM -> 75;
                };
            case DROPPED_LAST, SWAPPED_APART -> 0;
        };
    }

    /** Who took a step: that of a decision is not the node that it is about. */
    String actor(Map<String, Json> event) {
        return this == ISR && DECISIONS.contains(event.get("event"))
                ? "controller"
                : Json.write(event.getOrDefault("node", new Json.Nothing()));
    }

    List<Walked> walked() {
        return walked;
    }

    String module() {
        return walked.getFirst().module();
    }
}
