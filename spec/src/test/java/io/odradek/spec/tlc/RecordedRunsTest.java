package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.spec.tlc.Corruptions.Corrupted;
import io.odradek.spec.tlc.Corruptions.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Recorded runs are told from such as cannot have happened. Random walks of TLC have to be accepted; of what comes of them when one
 * place is wrong, most has to be rejected.
 *
 * <p>Not all of it can be: what a step leaves open, another value of it may explain as well, and two nodes that do not hear of each other
 * may have taken their steps in either order. {@link RecordedMachine} says for each machine and each kind of mistake how much at least,
 * and why not all.
 *
 * <p>In a build the quick machines are looked at; of the others, their histories by hand ({@link HandMadeRunsTest}). {@code
 * -Dodradek.traces.machines=all} looks at all; {@code -Dodradek.traces.seed=N} walks elsewhere, and then need not come by every action; {@code -Dodradek.traces.corruptions=N} looks
 * at more of each kind; {@code -Dodradek.traces.tell=true} prints what was accepted.
 */
@Tag("tlc")
class RecordedRunsTest {
    private static final long USUAL_SEED = 2;
    private static final long SEED = Long.getLong("odradek.traces.seed", USUAL_SEED);
    private static final int OF_A_KIND = Integer.getInteger("odradek.traces.corruptions", 30);

    /** With fewer than these a rate says nothing. */
    private static final int ENOUGH = 20;

    private static final Path SPECIFICATIONS = Path.of("..", "tla");
    private static final TlcJvm JVMS = new TlcJvm(List.of(SPECIFICATIONS), Path.of("target", "tla", "traces"));

    @TempDir
    private Path directory;

    /** Of all machines with {@code -Dodradek.traces.machines=all}. */
    private static Stream<RecordedMachine> machines() {
        boolean all = System.getProperty("odradek.traces.machines", "quick").equals("all");
        return Arrays.stream(RecordedMachine.values()).filter(machine -> all || machine.isQuick());
    }

    @ParameterizedTest
    @MethodSource("machines")
    void runsOfTlcAreAcceptedAndCorruptedOnesAreNot(RecordedMachine machine) throws Exception {
        TraceModule module = TraceModule.named(SPECIFICATIONS, machine.module());
        List<RecordedRun> runs = runs(machine, module);
        List<Corrupted> all = runs.stream()
                .flatMap(run -> Corruptions.of(run, module.actions(), machine::actor).stream())
                .toList();
        List<Corrupted> corrupted = Corruptions.sample(all, OF_A_KIND, SEED);
        List<RecordedRun> together = new ArrayList<>(runs);
        corrupted.forEach(one -> together.add(one.run()));
        List<TraceChecker.Explained> explained =
                new TraceChecker(JVMS, module, 600).explain(together, directory.resolve("runs"));
        assertThat(explained.subList(0, runs.size())).allMatch(TraceChecker.Explained::isAccepted);

        Map<Kind, List<Corrupted>> accepted = new EnumMap<>(Kind.class);
        Map<Kind, Integer> tried = new EnumMap<>(Kind.class);
        for (int i = 0; i < corrupted.size(); i++) {
            Corrupted one = corrupted.get(i);
            tried.merge(one.kind(), 1, Integer::sum);
            if (explained.get(runs.size() + i).isAccepted()) {
                accepted.computeIfAbsent(one.kind(), _ -> new ArrayList<>()).add(one);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%s: %d runs of %d events, seed %d; of %,d corrupted ones rejected:%n",
                machine.module(),
                runs.size(),
                runs.stream().mapToInt(run -> run.events().size()).sum(),
                SEED,
                all.size());
        SoftAssertions softly = new SoftAssertions();
        tried.forEach((kind, count) -> {
            List<Corrupted> missed = accepted.getOrDefault(kind, List.of());
            double rate = 100.0 * (count - missed.size()) / count;
            System.out.printf(Locale.ROOT, "  %-40s %5.1f %% of %d%n", kind.words, rate, count);
            if (count >= ENOUGH) {
                softly.assertThat(rate)
                        .as(() -> "%s, accepted:%n%s"
                                .formatted(
                                        kind.words,
                                        missed.stream().map(Corrupted::describe).collect(Collectors.joining("\n"))))
                        .isGreaterThanOrEqualTo(machine.floor(kind));
            }
        });
        if (Boolean.getBoolean("odradek.traces.tell")) {
            accepted.values().forEach(missed -> missed.forEach(one -> System.out.println(one.describe())));
        }
        softly.assertAll();
    }

    private List<RecordedRun> runs(RecordedMachine machine, TraceModule module) throws Exception {
        List<RecordedRun> runs = new ArrayList<>();
        Set<String> fields = new TreeSet<>();
        for (RecordedMachine.Walked walked : machine.walked()) {
            List<Counterexample> walks = JVMS.walk(walked.check(), walked.walks(SEED));
            new TraceRecorder(JVMS, module)
                    .record(walked.check(), walks, directory.resolve("walks" + runs.size()))
                    .forEach(run -> {
                        run.begins().ifPresent(begins -> fields.addAll(begins.keySet()));
                        run.steps().forEach(step -> fields.addAll(step.fields().keySet()));
                        runs.add(run.recorded().hiding(machine.hidden()));
                    });
        }
        if (SEED == USUAL_SEED) {
            assertThat(actions(runs)).as("actions that were taken").isEqualTo(module.actions());
            assertThat(fields)
                    .as("fields of events, and those in the table of " + module.name())
                    .isEqualTo(TraceTable.fields(SPECIFICATIONS.resolve("trace").resolve(module.name() + ".tla")));
        }
        return runs;
    }

    private static Set<String> actions(List<RecordedRun> runs) {
        return runs.stream()
                .flatMap(run -> IntStream.rangeClosed(2, run.events().size()).mapToObj(run::event))
                .map(event -> ((Json.Text) Objects.requireNonNull(event.get("event"))).value())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
