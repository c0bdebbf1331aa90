package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.spec.protocol.StateGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The reference models have the state graphs that TLC finds for their modules. Within small bounds every state and every step is compared,
 * with what the step is called; within those of the models, how many states there are and how far they reach.
 */
@Tag("tlc")
class ReferenceModelsTest {
    private static final Path SPECIFICATIONS = Path.of("..", "tla");
    private static final Path GRAPHS = Path.of("target", "tla", "graphs");
    private static final TlcJvm JVMS = new TlcJvm(List.of(SPECIFICATIONS), GRAPHS);
    private static final Set<String> MODULES = Set.of("Truncation", "Isr", "Quorum");

    private static final int SIDE_BY_SIDE = 2;

    /** Models with more states than this are not counted. */
    private static final long MOST_STATES = Long.getLong("odradek.graphs.states", 24_901);

    @Test
    void truncationIsTheModule() throws Exception {
        equal("Truncation", Map.of("MaxEpoch", "3", "MaxLength", "3", "FetchSize", "1"), List.of(new Bounds(Map.of())));
    }

    @Test
    void isrIsTheModule() throws Exception {
        Map<String, String> small = Map.ofEntries(
                Map.entry("Replica", "{r1, r2}"),
                Map.entry("Nobody", "Nobody"),
                Map.entry("Consumer", "{}"),
                Map.entry("Durability", "\"sync\""),
                Map.entry("Acks", "\"all\""),
                Map.entry("MinIsr", "1"),
                Map.entry("UncleanElection", "FALSE"),
                Map.entry("TimelyLeases", "FALSE"),
                Map.entry("BatchSize", "9"),
                Map.entry("Exchange", "{1}"),
                Map.entry("IdleFetches", "FALSE"),
                Map.entry("MaxRecord", "1"),
                Map.entry("MaxCrash", "0"),
                Map.entry("MaxStop", "0"),
                Map.entry("MaxFence", "0"),
                Map.entry("MaxShrink", "0"),
                Map.entry("MaxDoubt", "0"));
        equal(
                "Isr",
                small,
                List.of(
                        new Bounds(Map.of("MaxCrash", "1", "MinIsr", "2", "Exchange", "{1, 2}")),
                        new Bounds(Map.of(
                                "MaxFence", "1",
                                "TimelyLeases", "TRUE",
                                "Consumer", "{c}",
                                "IdleFetches", "TRUE")),
                        new Bounds(Map.of(
                                "MaxShrink", "1",
                                "MaxDoubt", "1",
                                "MaxRecord", "2",
                                "BatchSize", "1",
                                "Acks", "\"one\"")),
                        new Bounds(Map.of(
                                "MaxCrash", "1",
                                "MaxStop", "1",
                                "MaxRecord", "0",
                                "Durability", "\"page-cache\"",
                                "UncleanElection", "TRUE")),
                        new Bounds(
                                Map.of("Replica", "{r1, r2, r3}", "MinIsr", "2", "MaxFence", "1", "MaxRecord", "0"))));
    }

    @Test
    void quorumIsTheModule() throws Exception {
        Map<String, String> small = Map.ofEntries(
                Map.entry("Server", "{s1, s2}"),
                Map.entry("InitialVoters", "{s1, s2}"),
                Map.entry("Nobody", "Nobody"),
                Map.entry("PreVote", "FALSE"),
                Map.entry("HardStateSync", "TRUE"),
                Map.entry("MaxEpoch", "2"),
                Map.entry("MaxRecord", "0"),
                Map.entry("Slot", "{1}"),
                Map.entry("Batch", "9"),
                Map.entry("SyncApart", "\"never\""),
                Map.entry("FetchAlways", "FALSE"),
                Map.entry("AskAround", "FALSE"));
        equal(
                "Quorum",
                small,
                List.of(
                        new Bounds(Map.of("PreVote", "TRUE"), budget(0, 0, 1, 0, 0), "LedSpec"),
                        new Bounds(
                                Map.of("HardStateSync", "FALSE", "SyncApart", "\"crashing\""),
                                budget(1, 0, 0, 0, 0),
                                "LedSpec"),
                        new Bounds(
                                Map.of("InitialVoters", "{s1}", "MaxEpoch", "1", "MaxRecord", "1"),
                                budget(0, 1, 0, 1, 1),
                                "LedSpec"),
                        new Bounds(
                                Map.of(
                                        "MaxEpoch", "1",
                                        "MaxRecord", "1",
                                        "Batch", "1",
                                        "Slot", "{1, 2}",
                                        "SyncApart", "\"always\"",
                                        "FetchAlways", "TRUE"),
                                budget(0, 0, 0, 0, 0),
                                "LedSpec"),
                        new Bounds(
                                Map.of("MaxRecord", "1", "SyncApart", "\"parts\"", "AskAround", "TRUE"),
                                budget(1, 0, 0, 0, 0),
                                "LedSpec"),
                        new Bounds(
                                Map.of("Server", "{s1, s2, s3}", "InitialVoters", "{s1, s2, s3}", "MaxEpoch", "1"),
                                budget(0, 0, 0, 0, 0),
                                "Spec")));
    }

    private static Map<String, String> budget(int crash, int wipe, int resign, int change, int snapshot) {
        return Map.of(
                "Budget",
                String.format(
                        "[crash |-> %d, wipe |-> %d, resign |-> %d, change |-> %d, snapshot |-> %d]",
                        crash, wipe, resign, change, snapshot));
    }

    /** @param changes to the bounds that a module is compared within */
    private record Bounds(Map<String, String> changes, Map<String, String> definitions, String spec) {
        Bounds(Map<String, String> changes) {
            this(changes, Map.of(), "Spec");
        }

        @Override
        public String toString() {
            return new TreeMap<>(changes) + " " + definitions + " " + spec;
        }
    }

    /**
     * Within each of these bounds, two at a time, the graphs are equal, and together they have every action of the module in them.
     *
     * @param bounds each by what is other than in {@code base}
     */
    private static void equal(String module, Map<String, String> base, List<Bounds> bounds) throws Exception {
        Set<String> actions = new TreeSet<>();
        Set<String> taken = new TreeSet<>();
        try (ExecutorService lanes = Executors.newFixedThreadPool(SIDE_BY_SIDE)) {
            List<Future<TlcGraph>> graphs = new ArrayList<>();
            for (Bounds some : bounds) {
                Check check = check(module, ModelFile.over(base, some.changes()), some.definitions(), some.spec());
                graphs.add(lanes.submit(() -> equal(check, InTla.of(check), module + " " + some)));
            }
            for (Future<TlcGraph> graph : graphs) {
                TlcGraph tlc = graph.get();
                actions.addAll(tlc.actions());
                tlc.steps().forEach(step -> taken.add(step.name()));
            }
        }
        assertThat(taken).as("actions that are taken").isNotEmpty().isEqualTo(actions);
    }

    private static <S> TlcGraph equal(Check check, InTla<S> inTla, String name) throws Exception {
        Path file = Files.createTempFile(Files.createDirectories(GRAPHS), check.module() + "-", ".graph");
        try {
            long began = System.nanoTime();
            StateGraph<S> java = StateGraph.of(inTla.model());
            long found = System.nanoTime();
            TlcResult result = JVMS.writeGraph(check, file);
            assertThat(result.verdict()).isEqualTo(new Verdict.Holds());
            assertThat(result.warnings()).isEmpty();
            TlcGraph tlc = TlcGraph.read(file);
            assertThat(tlc.states()).hasSize((int) result.distinct());
            System.out.printf(
                    "%s: %,d states, %,d steps, in %,d ms; TLC: %,d states, %,d steps as it names them%n",
                    name,
                    java.states().size(),
                    java.edgeCount(),
                    (found - began) / 1_000_000,
                    tlc.states().size(),
                    tlc.steps().size());
            assertThat(GraphComparison.differences(tlc, java, inTla))
                    .as("%s in TLC and in Java", name)
                    .isEmpty();
            return tlc;
        } finally {
            Files.delete(file);
        }
    }

    /** {@code -Dodradek.graphs.models=Isr.fence}, or any pattern: those bounds as well, with nothing reduced. */
    @TestFactory
    Stream<DynamicTest> withinTheBoundsOfTheseModelsToo() throws IOException {
        Pattern wanted = Pattern.compile(System.getProperty("odradek.graphs.models", ""));
        return modelsThatHold().stream()
                .filter(model -> wanted.matcher(model.name()).matches())
                .map(model -> DynamicTest.dynamicTest(model.name(), () -> {
                    Check full = model.check()
                            .with(it -> it.invariants(List.of())
                                    .properties(List.of())
                                    .reached(List.of())
                                    .symmetry(List.of())
                                    .view(Optional.empty())
                                    .resources(new Check.Resources(3600, 2048, 1)));
                    equal(full, InTla.of(full), model.name());
                }));
    }

    /**
     * Symmetries and constraints are those of the models: what TLC takes for one state is one here. Not looked at are models with a symmetry
     * and a view: by the symmetry TLC chooses between states that the view takes for one, so it counts some of them twice.
     */
    @TestFactory
    Stream<DynamicTest> asManyStatesAreFoundAsModelsExpect() throws IOException {
        return modelsThatHold().stream()
                .filter(model -> model.check().symmetry().isEmpty()
                        || model.check().view().isEmpty())
                .filter(model -> expected(model).distinct().orElse(Long.MAX_VALUE) <= MOST_STATES)
                .map(model -> DynamicTest.dynamicTest(
                        model.name(), () -> count(model, InTla.of(model.check()), expected(model))));
    }

    private static List<Model> modelsThatHold() throws IOException {
        List<Model> models = ModelFile.below(SPECIFICATIONS).stream()
                .filter(file -> MODULES.contains(file.module()))
                .flatMap(file -> file.models().stream())
                .filter(model -> model.expectation() instanceof Expectation.Holds)
                .toList();
        assertThat(models).isNotEmpty();
        return models;
    }

    private static Expectation.Holds expected(Model model) {
        return (Expectation.Holds) model.expectation();
    }

    private static <S> void count(Model model, InTla<S> inTla, Expectation.Holds expected) {
        long began = System.nanoTime();
        StateGraph<S> graph = StateGraph.of(
                inTla.model(),
                inTla.reduction(),
                (states, waiting) ->
                        System.out.printf("%s: %,d states, %,d of them waiting%n", model.name(), states, waiting));
        System.out.printf(
                "%s: %,d states, %,d steps, depth %d, in %,d ms%n",
                model.name(),
                graph.states().size(),
                graph.edgeCount(),
                graph.depth(),
                (System.nanoTime() - began) / 1_000_000);
        assertThat((long) graph.states().size()).isEqualTo(expected.distinct().orElseThrow());
        assertThat(graph.depth()).isEqualTo(expected.depth().orElseThrow());
    }

    private static Check check(
            String module, Map<String, String> constants, Map<String, String> definitions, String spec) {
        return Check.of(module)
                .with(it -> it.constants(constants)
                        .definitions(definitions)
                        .bugs(Optional.of(List.of()))
                        .behaviour(new Check.Behaviour.Formula(spec)));
    }
}
