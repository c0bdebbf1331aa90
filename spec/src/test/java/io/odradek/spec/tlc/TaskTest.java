package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What makes a task fail, on results made up for it. */
class TaskTest {
    private static final Expectation EIGHT_STATES = new Expectation.Holds(OptionalLong.of(8), OptionalInt.of(8));
    private static final Map<String, Long> TAKEN = Map.of("Up", 6L, "Again", 1L, "Leap", 0L, "Over", 0L, "Warns", 0L);

    private static final TlcResult HOLDS = new TlcResult(
            new Verdict.Holds(),
            9,
            8,
            OptionalInt.of(8),
            List.of(),
            Counterexample.NONE,
            List.of(),
            TAKEN,
            Set.of("Top1"),
            Map.of(),
            List.of());

    private final Task model = PlantedChecks.model(PlantedChecks.counting().withReached(List.of("Top1")), EIGHT_STATES);

    @Test
    void nothingIsWrongWithWhatWasExpected() {
        assertThat(model.complaints(named(HOLDS))).isEmpty();
    }

    @Test
    void anotherVerdictIsWrong() {
        assertThat(model.complaints(named(HOLDS.withVerdict(new Verdict.UnsafeBy("Small")), "Small")))
                .containsExactly("violates Small, which should hold");
        assertThat(model.complaints(named(HOLDS.withVerdict(new Verdict.TooSlow(60)))))
                .containsExactly("not finished within 60 s, which should hold");
        assertThat(model.complaints(named(HOLDS.withVerdict(new Verdict.Failed("?")))))
                .containsExactly("could not be checked: ?, which should hold");
    }

    @Test
    void anotherCountIsWrong() {
        assertThat(model.complaints(named(HOLDS.withDistinct(7))))
                .containsExactly("7 distinct states, where 8 are expected");
        assertThat(model.complaints(named(HOLDS.withDepth(OptionalInt.of(9)))))
                .containsExactly("depth 9, where 8 is expected");
        assertThat(model.complaints(named(HOLDS.withDepth(OptionalInt.empty()))))
                .isNotEmpty();
    }

    @Test
    void aModelThatWasNotCountedIsWrongAndSaysWhatToWrite() {
        Task uncounted = PlantedChecks.model(PlantedChecks.counting(), Expectation.holds());
        assertThat(uncounted.complaints(named(HOLDS)))
                .containsExactly("not counted yet: write \"expect\": {\"distinct\": 8, \"depth\": 8}");
    }

    @Test
    void anyWarningIsWrong() {
        assertThat(model.complaints(named(HOLDS.withWarnings(List.of("careful")))))
                .containsExactly("TLC warns: careful");
        Task mutant = PlantedChecks.mutant(PlantedChecks.counting("Leaps"), "Small");
        assertThat(mutant.complaints(named(HOLDS.withWarnings(List.of("careful")), "Small")))
                .containsExactly("TLC warns: careful");
    }

    @Test
    void anActionThatIsNeverTakenIsWrongUnlessAReasonIsGiven() {
        Map<String, Long> taken = Map.of("Up", 6L, "Again", 0L, "Leap", 0L, "Over", 1L, "Gone", 0L);
        assertThat(model.complaints(named(HOLDS.withTaken(taken))))
                .containsExactly(
                        "never taken: Again",
                        "never taken: Gone",
                        "taken, though \"neverFires\" has it: Over",
                        "\"neverFires\" has what is no action: Warns");
        assertThat(model.complaints(named(HOLDS.withTaken(Map.of()))))
                .contains("TLC did not say which actions were taken");
    }

    @Test
    void aStateThatIsNotReachedIsWrong() {
        assertThat(model.complaints(named(HOLDS.withReached(Set.of())))).containsExactly("no state is Top1");
    }

    @Test
    void anActionWithoutANameIsWrong() {
        assertThat(model.complaints(named(HOLDS.withTaken(
                        Map.of("Up", 6L, "Again", 1L, "Leap", 0L, "Over", 0L, "Warns", 0L, "Next", 3L)))))
                .singleElement()
                .asString()
                .startsWith("a part of Next is no action with a name of its own");
    }

    @Test
    void aMutantHasToFailOnItsProperty() {
        Task mutant = PlantedChecks.mutant(PlantedChecks.counting("Leaps"), "Small");
        assertThat(mutant.complaints(named(HOLDS.withVerdict(new Verdict.UnsafeBy("Small")), "Small")))
                .isEmpty();
        assertThat(mutant.complaints(named(HOLDS.withVerdict(new Verdict.UnsafeBy("Other")), "Other")))
                .containsExactly("violates Other, where Small should fail");
        assertThat(mutant.complaints(named(HOLDS))).containsExactly("survives: holds, where Small should fail");
        assertThat(mutant.complaints(named(HOLDS.withVerdict(new Verdict.TooSlow(9)))))
                .containsExactly("survives: not finished within 9 s, where Small should fail");
        assertThat(mutant.complaints(named(HOLDS.withVerdict(new Verdict.Failed("?")))))
                .containsExactly("could not be checked: ?, where Small should fail");
    }

    @Test
    void anExpectedCounterexampleIsCountedToo() {
        Task loses = new Task(
                "Planted.loses",
                Task.Kind.MODEL,
                PlantedChecks.counting(),
                new Expectation.Violates("Small", OptionalInt.of(2)),
                Map.of(),
                false,
                true);
        assertThat(loses.complaints(named(HOLDS.withVerdict(new Verdict.UnsafeBy("Small")), "Small")))
                .containsExactly("a counterexample of 0 states, where 2 are expected");
        assertThat(loses.complaints(named(HOLDS))).containsExactly("holds, where Small should fail");
        assertThat(loses.complaints(named(HOLDS.withVerdict(new Verdict.Unnamed("")), "Small")))
                .as("the length of a lasso")
                .isEmpty();
    }

    private static TlcJvm.Named named(TlcResult result, String... failing) {
        return new TlcJvm.Named(new TlcJvm.Ran(result, Duration.ZERO), List.of(failing));
    }
}
