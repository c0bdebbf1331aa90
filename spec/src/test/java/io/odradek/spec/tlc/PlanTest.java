package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTest {
    private static final String FILE = """
        {"module": "M",
         "models": {
           "quick": {"claim": "Q.", "constants": {"N": 1}, "invariants": ["I", "J"], "symmetry": ["R"], "expect": {}},
           "slow": {"like": "quick", "claim": "S.", "profile": "nightly", "constants": {"N": 2}, "expect": {},
                    "unreduced": {"expect": {"distinct": 9, "depth": 3}}},
           "lost": {"like": "quick", "claim": "L.", "profile": "nightly", "expect": {"violates": "I"}}
         },
         "mutants": {
           "plain": {"bugs": ["F"], "base": "quick", "fails": "J", "invariants": ["J"], "cites": "c", "story": "s"},
           "deep": {"bugs": ["F"], "base": "slow", "fails": "J", "cites": "c", "story": "s"},
           "bounded": {"bugs": ["F"], "base": "quick", "constants": {"N": 3}, "fails": "J", "cites": "c", "story": "s"},
           "alike": {"bugs": ["G"], "base": "quick", "constants": {"N": 3}, "fails": "I", "cites": "c", "story": "s"},
           "patient": {"bugs": ["G"], "base": "quick", "constants": {"N": 4}, "fails": "I", "control": "nightly", "cites": "c",
                       "story": "s"},
           "hidden": {"bugs": ["H"], "base": "quick", "fails": "I", "hiddenBy": {"reduced": "why"}, "cites": "c", "story": "s"},
           "none": {"bugs": ["E"], "base": "quick", "equivalent": "why", "cites": "c", "story": "s"}
         }}
        """;

    private final List<ModelFile> files = List.of(ModelFile.parse("M.models.json", FILE));

    @Test
    void modelsOfAProfile() {
        assertThat(names(Plan.of(files, Profile.CI, Plan.Wanted.MODELS))).containsExactly("M.quick");
        assertThat(names(Plan.of(files, Profile.NIGHTLY, Plan.Wanted.MODELS)))
                .as("without reductions what was counted so, or fails")
                .containsExactly("M.quick", "M.slow", "M.slow, not reduced", "M.lost", "M.lost, not reduced");
    }

    @Test
    void aMutantComesWithTheSameBoundsWithoutTheBug() {
        assertThat(names(Plan.of(files, Profile.CI, Plan.Wanted.MUTANTS)))
                .containsExactly(
                        "M.plain",
                        "M.quick",
                        "M.deep",
                        "M.bounded",
                        "M.bounded without the bug",
                        "M.alike",
                        "M.patient",
                        "M.hidden",
                        "M.none");
        assertThat(names(Plan.of(files, Profile.NIGHTLY, Plan.Wanted.MUTANTS)))
                .contains("M.slow", "M.patient without the bug", "M.deep, not reduced");
    }

    @Test
    void aControlHasToHoldWhereTheMutantFails() {
        Task control = Plan.named(files, Profile.CI, Plan.Wanted.MODELS, List.of("bounded"))
                .getLast();
        assertThat(control.kind()).isEqualTo(Task.Kind.CONTROL);
        assertThat(control.check().bugs()).contains(List.of());
        assertThat(control.expectation()).isEqualTo(Expectation.holds());
    }

    @Test
    void aMutantThatIsHiddenHasToSurviveThereAndAnEquivalentOneEverywhere() {
        List<Task> tasks = Plan.of(files, Profile.NIGHTLY, Plan.Wanted.MUTANTS);
        assertThat(expectation(tasks, "M.hidden")).isEqualTo(Expectation.holds());
        assertThat(expectation(tasks, "M.hidden, not reduced")).isEqualTo(Expectation.violates("I"));
        assertThat(expectation(tasks, "M.none")).isEqualTo(Expectation.holds());
        assertThat(expectation(tasks, "M.none, not reduced")).isEqualTo(Expectation.holds());
    }

    @Test
    void whatIsNamedIsTakenWhateverItsProfile() {
        assertThat(names(Plan.named(files, Profile.CI, Plan.Wanted.MODELS, List.of("M.slow"))))
                .containsExactly("M.slow");
        assertThat(names(Plan.named(files, Profile.CI, Plan.Wanted.MODELS, List.of("M"))))
                .containsExactly("M.quick");
        assertThat(names(Plan.named(files, Profile.CI, Plan.Wanted.MODELS, List.of("plain"))))
                .containsExactly("M.plain", "M.quick");
        assertThat(names(Plan.named(files, Profile.CI, Plan.Wanted.MODELS, List.of("M.deep, not reduced"))))
                .as("the name that a night reports")
                .containsExactly("M.deep, not reduced");
        assertThat(names(Plan.named(files, Profile.CI, Plan.Wanted.MODELS, List.of("quick, not reduced"))))
                .containsExactly("M.quick, not reduced");
        assertThat(names(Plan.named(files, Profile.CI, Plan.Wanted.MODELS, List.of("patient without the bug"))))
                .containsExactly("M.patient without the bug");
        assertThatThrownBy(() -> Plan.named(files, Profile.CI, Plan.Wanted.MODELS, List.of("slwo")))
                .hasMessage("there is no module, model or mutant \"slwo\"");
    }

    private static List<String> names(List<Task> tasks) {
        return tasks.stream().map(Task::name).toList();
    }

    private static Expectation expectation(List<Task> tasks, String name) {
        return tasks.stream()
                .filter(task -> task.name().equals(name))
                .findFirst()
                .orElseThrow()
                .expectation();
    }
}
