package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What TLC itself says to planted mistakes is noticed, a JVM for each. */
@Tag("tlc")
class TlcRunTest {
    private static final Path RUNS = Path.of("target", "tla", "planted");
    private static final TlcJvm JVMS =
            new TlcJvm(List.of(Path.of("src", "test", "tla"), Path.of("..", "tla", "lib")), RUNS);

    private static final Expectation EIGHT_STATES = new Expectation.Holds(OptionalLong.of(8), OptionalInt.of(8));

    @Test
    void aModelThatIsAsExpectedIsRight() throws Exception {
        Check check = PlantedChecks.counting()
                .with(it -> it.properties(List.of("Forward", "Refines")).reached(List.of("Top1")));
        assertThat(complaints(PlantedChecks.model(check, EIGHT_STATES))).isEmpty();
    }

    @Test
    void aWrongCountIsNoticed() throws Exception {
        Expectation nine = new Expectation.Holds(OptionalLong.of(9), OptionalInt.of(7));
        assertThat(complaints(PlantedChecks.model(PlantedChecks.counting(), nine)))
                .containsExactly("8 distinct states, where 9 are expected", "depth 8, where 7 is expected");
    }

    @Test
    void anActionThatIsNeverTakenAndAStateThatIsNeverReachedAreNoticed() throws Exception {
        Check oneRound = PlantedChecks.counting()
                .with(it -> it.constraints(List.of("Tiny")).reached(List.of("NeverSeen")));
        Task task = PlantedChecks.model(oneRound, new Expectation.Holds(OptionalLong.of(3), OptionalInt.of(4)));
        assertThat(complaints(task)).contains("never taken: Again", "no state is NeverSeen");
    }

    @Test
    void anActionThatIsTakenThoughItShouldNotIsNoticed() throws Exception {
        Check check = PlantedChecks.counting("TurnsBack");
        assertThat(complaints(PlantedChecks.model(check, EIGHT_STATES)))
                .contains("taken, though \"neverFires\" has it: Over");
    }

    @Test
    void aWarningIsNoticed() throws Exception {
        assertThat(complaints(PlantedChecks.model(PlantedChecks.counting("Warns"), EIGHT_STATES)))
                .anyMatch(complaint -> complaint.startsWith("TLC warns: The variable n was changed"));
    }

    @Test
    void aMutantThatSurvivesIsNoticed() throws Exception {
        assertThat(complaints(PlantedChecks.mutant(PlantedChecks.counting("TurnsBack"), "Small")))
                .containsExactly("survives: holds, where Small should fail");
    }

    @Test
    void aMutantThatFailsOnAnotherPropertyIsNoticed() throws Exception {
        Check check = PlantedChecks.counting("Leaps").withProperties(List.of("Forward"));
        assertThat(complaints(PlantedChecks.mutant(check, "Forward")))
                .containsExactly("violates Small, where Forward should fail");
    }

    @Test
    void anActionPropertyIsNamed() throws Exception {
        Check check = PlantedChecks.counting("TurnsBack").withProperties(List.of("Refines", "Forward"));
        assertThat(complaints(PlantedChecks.mutant(check, "Forward"))).isEmpty();
    }

    @Test
    void aRefinementIsNamedThoughTlcDoesNot() throws Exception {
        Check check = PlantedChecks.counting("Leaps")
                .with(it -> it.invariants(List.of()).properties(List.of("Forward", "Refines")));
        assertThat(complaints(PlantedChecks.mutant(check, "Refines"))).isEmpty();
        assertThat(complaints(PlantedChecks.mutant(check, "Forward")))
                .containsExactly("violates Refines, where Forward should fail");
    }

    @Test
    void livenessIsNamedThoughTlcDoesNot() throws Exception {
        Check check = PlantedChecks.counting()
                .with(it -> it.behaviour(new Check.Behaviour.Formula("Fair")).properties(List.of("Arrives", "Stays")));
        assertThat(complaints(PlantedChecks.mutant(check, "Stays"))).isEmpty();
        assertThat(complaints(PlantedChecks.mutant(check, "Arrives")))
                .containsExactly("violates Stays, where Arrives should fail");
    }

    @Test
    void aLassoSaysWhereItBegins() throws Exception {
        Check check = PlantedChecks.counting("TurnsBack")
                .with(it -> it.behaviour(new Check.Behaviour.Formula("Fair")).properties(List.of("Arrives")));
        TlcResult result = JVMS.run(check, TlcJvm.Progress.NONE).result();
        assertThat(result.counterexample().backTo()).isPresent();
        assertThat(result.counterexample().table()).contains("and again from state ");
    }

    @Test
    void whatCannotBeCheckedIsNoticed() throws Exception {
        Check check = PlantedChecks.counting().withInvariants(List.of("NotThere"));
        assertThat(complaints(PlantedChecks.model(check, EIGHT_STATES)))
                .singleElement()
                .asString()
                .contains("could not be checked", "NotThere");
    }

    @Test
    void whatTakesTooLongIsEndedAndNoticedAndLeavesNothing() throws Exception {
        Check endless = PlantedChecks.counting()
                .with(it -> it.constants(Map.of("Top", "100000000")).resources(new Check.Resources(3, 256, 1)));
        assertThat(complaints(PlantedChecks.model(endless, EIGHT_STATES)))
                .containsExactly("not finished within 3 s, which should hold");
        try (Stream<Path> left = Files.list(RUNS)) {
            assertThat(left).isEmpty();
        }
    }

    private static List<String> complaints(Task task) throws Exception {
        return task.complaints(JVMS.runAndName(task.check(), TlcJvm.Progress.NONE));
    }
}
