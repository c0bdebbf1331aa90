package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of tolerances is filled by what was asked at its edges, and the models ask what they say they do. */
class TolerancesTest {
    private static final String FILE = """
        {"module": "M",
         "models": {
           "kept": {"claim": "K.", "expect": {}, "tolerance": {"protocol": "P", "durability": "sync", "replicas": 3,
                    "lossyCrashes": 1, "fences": 2, "asks": "loses"}},
           "lost": {"claim": "L.", "expect": {}, "tolerance": {"protocol": "P", "durability": "sync", "replicas": 3,
                    "lossyCrashes": 2, "fences": 0, "asks": "loses"}},
           "on": {"claim": "O.", "expect": {}, "tolerance": {"protocol": "P", "durability": "sync", "replicas": 3,
                  "lossyCrashes": 1, "fences": 0, "asks": "blocks"}},
           "stuck": {"claim": "S.", "expect": {}, "tolerance": {"protocol": "P", "durability": "sync", "replicas": 3,
                     "lossyCrashes": 0, "fences": 2, "asks": "blocks"}},
           "other": {"claim": "O.", "expect": {}, "tolerance": {"protocol": "Other", "durability": "sync", "replicas": 3,
                     "lossyCrashes": 1, "fences": 0, "asks": "loses"}}
         }}
        """;

    private final List<Model> models = ModelFile.parse("M.models.json", FILE).models();

    @Test
    void whatHoldsHoldsWithLessAndWhatFailsFailsWithMore() {
        Map<String, Verdict> verdicts = Map.of(
                "M.kept", new Verdict.Holds(),
                "M.lost", new Verdict.UnsafeBy("LeaderComplete"),
                "M.on", new Verdict.Holds(),
                "M.stuck", new Verdict.Unnamed(""),
                "M.other", new Verdict.Holds());
        assertThat(Tolerances.table(models, verdicts)).isEqualTo("""

            3 replicas, sync
            lossy crashes  fences  Other   P
                        0       1  ?       ?
                        0       2  ?       blocks
                        0       3  ?       ?
                        1       0  ?       safe
                        1       1  ?       ?
                        1       2  ?       blocks
                        2       0  ?       loses
                        2       1  ?       loses
                        3       0  ?       loses
            """);
    }

    @Test
    void whatTookTooLongLeavesItsPlacesOpen() {
        Map<String, Verdict> verdicts = Map.of(
                "M.kept", new Verdict.TooSlow(60),
                "M.lost", new Verdict.UnsafeBy("LeaderComplete"),
                "M.on", new Verdict.Holds());
        assertThat(Tolerances.table(models, verdicts)).contains("1       0  ?\n", "2       0  loses\n");
    }

    @Test
    void nothingElseCanBeAsked() {
        assertThatThrownBy(() -> ModelFile.parse("M.models.json", FILE.replace("\"blocks\"", "\"hangs\"")))
                .hasMessageContaining("\"asks\" is \"loses\" or \"blocks\"");
    }

    /** Whose budget is another than it says would put its answer into another row. */
    @Test
    void everyModelHasTheFaultsThatItAnswersFor() throws IOException {
        List<Model> asked = ModelFile.below(Path.of("..", "tla")).stream()
                .flatMap(file -> file.models().stream())
                .filter(model -> model.tolerance().isPresent())
                .toList();
        assertThat(asked).isNotEmpty().allSatisfy(model -> {
            Model.Tolerance to = model.tolerance().orElseThrow();
            Map<String, String> constants = model.check().constants();
            assertThat(constants)
                    .as(model.name())
                    .containsEntry("Durability", '"' + to.durability() + '"')
                    .containsEntry("Replica", replicas(to.replicas()));
            if (constants.containsKey("MaxCrash")) {
                assertThat(constants)
                        .as(model.name())
                        .containsEntry("MaxCrash", Integer.toString(to.lossyCrashes()))
                        .containsEntry("MaxFence", Integer.toString(to.fences()));
            } else {
                assertThat(model.check().definitions())
                        .as(model.name())
                        .containsEntry(
                                "Budget", "[crash |-> " + to.lossyCrashes() + ", fence |-> " + to.fences() + "]");
                assertThat(constants.get("FencesEnd"))
                        .as(model.name())
                        .isEqualTo(to.asks() == Model.Question.LOSES ? "TRUE" : "FALSE");
            }
        });
    }

    private static String replicas(int count) {
        return Stream.iterate(1, i -> i + 1).limit(count).map(i -> "r" + i).collect(Collectors.joining(", ", "{", "}"));
    }
}
