package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NearestTest {
    private static final TraceModule MODULE =
            new TraceModule("MTrace", "M", Set.of(), Map.of(), Set.of("Sync", "Write"));

    private static final TraceStep SYNC = step("Sync", "r2", "end", 1);

    @Test
    void stepsOfTheRecordedNameComeFirstThoseThatDifferLeastBeforeOthers() {
        assertThat(lines(
                        "{\"event\": \"Write\", \"node\": \"r1\", \"end\": 5}",
                        List.of(SYNC, step("Write", "r2", "end", 4), step("Write", "r1", "end", 4))))
                .containsExactly(
                        "Write could be taken with end 4, not 5",
                        "Write could be taken with node \"r2\", not \"r1\"; end 4, not 5",
                        "\"r2\" could have taken Sync");
    }

    @Test
    void nodesAreTheRecordedOneAndThenTheOthers() {
        assertThat(lines("{\"event\": \"Write\", \"node\": \"r2\"}", List.of(step("Sync", "r1", "end", 1), SYNC)))
                .containsExactly(
                        "Write could not be taken there, by any node",
                        "\"r2\" could have taken Sync",
                        "\"r1\" could have taken Sync");
    }

    @Test
    void aNameThatIsNoActionIsSaid() {
        assertThat(lines("{\"event\": \"Wrote\", \"node\": \"r1\"}", List.of(SYNC)))
                .containsExactly("M has no action \"Wrote\"; it has Sync, Write", "\"r2\" could have taken Sync");
    }

    @Test
    void aFieldThatTheEventHasNotIsSaid() {
        assertThat(lines("{\"event\": \"Sync\", \"node\": \"r2\", \"edn\": 1}", List.of(SYNC)))
                .containsExactly(
                        "Sync has no field edn; it has end",
                        "Sync could be taken as it was recorded, but for what it has too much");
    }

    @Test
    void whereNothingCanBeDoneThatIsSaid() {
        assertThat(lines("{\"event\": \"Sync\", \"node\": \"r2\"}", List.of()))
                .containsExactly("Sync could not be taken there, by any node", "nothing could be done there");
    }

    @Test
    void thatThereAreMoreStepsThanAreToldIsSaid() {
        List<TraceStep> many = Collections.nCopies(TraceIo.NEAREST_AT_MOST, SYNC);
        assertThat(lines("{\"event\": \"Write\", \"node\": \"r1\"}", many))
                .contains("more steps than 500 could be taken there; of these:");
    }

    private static List<String> lines(String event, List<TraceStep> steps) {
        return Nearest.to(((Json.Members) Json.parse(event)).members(), MODULE, steps)
                .lines();
    }

    private static TraceStep step(String action, String node, String field, long value) {
        return new TraceStep(action, new Json.Text(node), Map.of(), Map.of(field, new Json.Whole(value)));
    }
}
