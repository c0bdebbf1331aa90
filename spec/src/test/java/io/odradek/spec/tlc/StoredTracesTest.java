package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How mutants fail is stored and retold, and it is noticed when that is out of date. */
class StoredTracesTest {
    private static final Path SPECIFICATIONS = Path.of("..", "tla");
    private static final int LINES_OF_A_RETELLING = 10;
    private static final Pattern BOLD = Pattern.compile("\\*\\*([^*]+)\\*\\*");
    private static final Pattern NAME = Pattern.compile("[a-z0-9]+(?:-[a-z0-9]+)+");
    private static final Pattern STATES = Pattern.compile("(\\d+) states");

    private static final String FILE = """
        {"module": "M",
         "models": {"a": {"claim": "A.", "invariants": ["I"], "expect": {}}},
         "mutants": {
           "dies": {"id": "I1", "bugs": ["F"], "base": "a", "fails": "I", "cites": "KIP-1", "story": "S."},
           "lives": {"bugs": ["G"], "base": "a", "equivalent": "why", "cites": "KIP-1", "story": "S."}
         }}
        """;

    private final List<ModelFile> files = List.of(ModelFile.parse("M.models.json", FILE));
    private final Task mutant =
            Plan.named(files, Profile.CI, Plan.Wanted.MUTANTS, List.of("dies")).getFirst();

    @TempDir
    Path home;

    private StoredTraces traces;

    @BeforeEach
    void stored() throws IOException {
        Files.createDirectory(home.resolve("mutants"));
        traces = StoredTraces.of(home, files);
        traces.write(List.of(new Suite.Outcome(mutant, violates("I", 2, "n"), List.of())));
    }

    @Test
    void whatWasWrittenIsUpToDate() throws IOException {
        assertThat(traces.complaints(mutant, violates("I", 2, "n"))).isEmpty();
        assertThat(traces.complaints()).isEmpty();
        assertThat(home.resolve("mutants").resolve("M.dies.txt")).hasContent("""
            M.dies (I1) violates I in 2 states
            KIP-1
            S.

               1  (initial)  n  0
               2  Step       n  0 -> 1
            """);
    }

    @Test
    void anotherLengthAnotherPropertyAndAnotherVariableAreNoticed() throws IOException {
        assertThat(traces.complaints(mutant, violates("I", 3, "n")))
                .singleElement()
                .asString()
                .startsWith("its stored trace says otherwise: M.dies (I1) violates I in 2 states / KIP-1 / S.;");
        assertThat(traces.complaints(mutant, violates("J", 2, "n"))).hasSize(1);
        assertThat(traces.complaints(mutant, violates("I", 2, "m")))
                .containsExactly("its stored trace has no variable m; ./odradek tla M.dies --write-traces writes it");
    }

    @Test
    void aMutantWithoutAFileAndAFileWithoutAMutantAreNoticed() throws IOException {
        Files.move(
                home.resolve("mutants").resolve("M.dies.txt"),
                home.resolve("mutants").resolve("M.lives.txt"));
        assertThat(traces.complaints(mutant, violates("I", 2, "n")))
                .containsExactly("its trace is not stored; ./odradek tla M.dies --write-traces writes it");
        assertThat(traces.complaints())
                .containsExactly("no trace of M.dies", "no mutant that dies is called as M.lives.txt");
    }

    @Test
    void everyMutantThatDiesHasItsTrace() throws IOException {
        assertThat(StoredTraces.of(SPECIFICATIONS, ModelFile.below(SPECIFICATIONS))
                        .complaints())
                .isEmpty();
    }

    @Test
    void everyMutantIsRetoldInAtMostTenLinesAndAsItsTraceSays() throws IOException {
        List<String> complaints = new ArrayList<>();
        Map<String, List<String>> retellings = retellings();
        for (ModelFile file : ModelFile.below(SPECIFICATIONS)) {
            for (Mutant told : file.mutants()) {
                String key = told.name().substring(file.module().length() + 1);
                List<String> texts = retellings.getOrDefault(key, List.of());
                if (texts.isEmpty()) {
                    complaints.add(told.name() + " is not retold");
                }
                if (texts.stream().anyMatch(text -> text.lines().count() > LINES_OF_A_RETELLING)) {
                    complaints.add(told.name() + " is retold at length");
                }
                String counts = texts.stream()
                        .filter(text -> names(text).size() == 1)
                        .flatMap(text -> STATES.matcher(text).results().limit(1))
                        .map(MatchResult::group)
                        .collect(Collectors.joining(" or "));
                Path stored = SPECIFICATIONS.resolve("mutants").resolve(told.name() + ".txt");
                if (!counts.isEmpty() && Files.exists(stored)) {
                    STATES.matcher(Files.readAllLines(stored).getFirst())
                            .results()
                            .map(MatchResult::group)
                            .filter(states -> !List.of(counts.split(" or ")).contains(states))
                            .forEach(states -> complaints.add(
                                    told.name() + " is retold in " + counts + ", its trace has " + states));
                }
            }
        }
        assertThat(complaints).isEmpty();
    }

    /** By the name of each mutant that a paragraph begins with in bold. */
    private static Map<String, List<String>> retellings() throws IOException {
        List<String> paragraphs = new ArrayList<>();
        try (Stream<Path> pages = Files.list(SPECIFICATIONS.resolve("mutants"))) {
            for (Path page :
                    pages.filter(path -> path.toString().endsWith(".md")).toList()) {
                paragraphs.addAll(List.of(Files.readString(page).split("\n\n")));
            }
        }
        return paragraphs.stream()
                .filter(paragraph -> paragraph.startsWith("**"))
                .flatMap(paragraph -> names(paragraph).stream().map(name -> Map.entry(name, paragraph)))
                .collect(Collectors.groupingBy(
                        Map.Entry::getKey, Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
    }

    private static Set<String> names(String paragraph) {
        return BOLD.matcher(paragraph)
                .results()
                .flatMap(bold -> NAME.matcher(bold.group(1)).results())
                .map(MatchResult::group)
                .collect(Collectors.toSet());
    }

    private static TlcJvm.Named violates(String property, int states, String variable) {
        List<Counterexample.Step> steps = new ArrayList<>();
        for (int i = 0; i < states; i++) {
            steps.add(new Counterexample.Step(
                    i == 0 ? "Initial predicate" : "Step", Map.of(variable, TlaValue.parse(Integer.toString(i)))));
        }
        TlcResult result = new TlcResult(
                new Verdict.UnsafeBy(property),
                states,
                states,
                OptionalInt.of(states),
                List.of(),
                new Counterexample(steps, OptionalInt.empty()),
                List.of(),
                Map.of(),
                Set.of(),
                Map.of(),
                List.of());
        return new TlcJvm.Named(new TlcJvm.Ran(result, Duration.ZERO), List.of(property));
    }
}
