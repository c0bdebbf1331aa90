package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFileTest {
    private static final String FILE = """
        {"module": "M",
         "models": {
           "a": {"claim": "A.", "constants": {"R": "{r1, r2}", "N": 2, "Sync": true}, "definitions": {"Cap": "[x |-> 1]"},
                 "invariants": ["I", "J"], "properties": ["P"], "symmetry": ["R"], "view": "View",
                 "unreduced": {"constants": {"Whole": false}}, "reached": ["Q"], "neverFires": {"Crash": "none here"},
                 "heapMb": 512, "limitSeconds": 7, "expect": {"distinct": 10, "depth": 3}},
           "b": {"like": "a", "claim": "B.", "profile": "nightly", "constants": {"N": 3}, "expect": {"violates": "I", "depth": 4}}
         },
         "mutants": {
           "m": {"id": "I1", "bugs": ["F"], "base": "a", "fails": "J", "cites": "KIP-1", "story": "S.", "limitSeconds": 5},
           "seeded": {"bugs": ["G"], "base": "a", "init": "SeedInit", "focus": "Focus", "fails": "I", "cites": "KIP-2",
                      "story": "S.", "control": "nightly"}
         }}
        """;

    private final ModelFile file = ModelFile.parse("M.models.json", FILE);

    @Test
    void aModelIsAsWritten() {
        Model model = file.models().getFirst();
        assertThat(model.name()).isEqualTo("M.a");
        assertThat(model.expectation()).isEqualTo(new Expectation.Holds(OptionalLong.of(10), OptionalInt.of(3)));
        assertThat(model.neverFires()).containsExactly(Map.entry("Crash", "none here"));
        assertThat(model.check().configuration()).isEqualTo("""
            SPECIFICATION Spec
            CONSTANTS
              R = {r1, r2}
              N = 2
              Sync = TRUE
              Cap <- Checked_Cap
              Bugs = {}
            INVARIANT CheckedWatch
            INVARIANT I
            INVARIANT J
            PROPERTY P
            SYMMETRY CheckedSymmetry
            VIEW View
            CHECK_DEADLOCK FALSE
            """);
        assertThat(model.check().generatedModule()).isEqualTo("""
            ---- MODULE Checked ----
            EXTENDS M, TLC, Witness
            Checked_Cap == [x |-> 1]
            CheckedSymmetry == Permutations(R)
            CheckedWatch ==
              /\\ WitnessHas("Q") \\/ (Q => WitnessAdd("Q"))
            ====
            """);
    }

    @Test
    void aModelTakesOverWhatItDoesNotSay() {
        Model like = file.models().getLast();
        assertThat(like.profile()).isEqualTo(Profile.NIGHTLY);
        assertThat(like.expectation()).isEqualTo(new Expectation.Violates("I", OptionalInt.of(4)));
        Check base = file.models().getFirst().check();
        // Where a search ends early, what it reaches says nothing.
        assertThat(like.check())
                .isEqualTo(base.with(it -> it.constants(Map.of("R", "{r1, r2}", "N", "3", "Sync", "TRUE"))
                        .reached(List.of())));
    }

    @Test
    void aMutantIsItsBaseWithABug() {
        Mutant mutant = file.mutants().getFirst();
        assertThat(mutant.fate()).isEqualTo(new Mutant.Fate.Dies("J"));
        assertThat(mutant.check())
                .isEqualTo(file.models()
                        .getFirst()
                        .check()
                        .with(it -> it.bugs(Optional.of(List.of("F")))
                                .reached(List.of())
                                .resources(new Check.Resources(5, 512, 1))));
    }

    @Test
    void theRunnerSetsTheFlagsWhateverAModelSays() {
        ModelFile flagged = ModelFile.parse("M.models.json", FILE.replace("\"N\": 2,", "\"N\": 2, \"Bugs\": \"{}\","));
        assertThat(flagged.models().getFirst().check())
                .isEqualTo(file.models().getFirst().check());
        assertThat(flagged.mutants().getFirst().check())
                .isEqualTo(file.mutants().getFirst().check());
    }

    @Test
    void aSeedTakesThePlaceOfTheInitialStates() {
        Check seeded = file.mutants().getLast().check();
        assertThat(seeded.behaviour()).isEqualTo(new Check.Behaviour.InitNext("SeedInit", "Next"));
        assertThat(seeded.actionConstraints()).containsExactly("Focus");
    }

    @Test
    void withoutReductionsTheSameIsLookedAt() {
        Model model = file.models().getFirst();
        Check unreduced = model.unreduced().of(model.check());
        assertThat(unreduced.symmetry()).isEmpty();
        assertThat(unreduced.view()).isEmpty();
        assertThat(unreduced.constants()).containsEntry("Whole", "FALSE").containsEntry("N", "2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            value = {
                "\"heapMb\" > \"heapMB\" > no such key: heapMB",
                "\"claim\": \"A.\", > '' > \"claim\" is missing",
                "\"like\": \"a\" > \"like\": \"c\" > there is no model \"c\" before it",
                "\"base\": \"a\", \"fails\" > \"base\": \"z\", \"fails\" > there is no model \"z\" before it",
                "\"fails\": \"J\", > '' > either \"fails\" or \"equivalent\"",
                "\"bugs\": [\"F\"], > '' > \"bugs\" is missing",
                "\"depth\": 4} > \"depth\": 4, \"distinct\": 1} > where a property fails, not all states are found",
                "\"nightly\" > \"weekly\" > \"weekly\" is no profile",
                "\"m\": { > \"a\": { > a model has this name",
                "\"cites\": \"KIP-1\", > '' > \"cites\" is missing"
            })
    void whatIsWrongIsRefusedWithItsPlace(String right, String wrong, String message) {
        String text = FILE.replace(right, wrong);
        assertThat(text).isNotEqualTo(FILE);
        assertThatThrownBy(() -> ModelFile.parse("M.models.json", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
