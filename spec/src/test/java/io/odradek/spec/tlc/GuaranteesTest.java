package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What TLC checks is said in a user's words in {@code docs/guarantees*.md}, with what breaks it. */
class GuaranteesTest {
    private static final Path SPECIFICATIONS = Path.of("..", "tla");
    private static final Path PAGES = Path.of("..", "docs");

    /** Says of the model that its variables are what they should be; promises nothing. */
    private static final String TYPES = "TypeOK";

    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*");

    private static Set<String> said() throws IOException {
        Set<String> words = new TreeSet<>();
        try (Stream<Path> pages = Files.list(PAGES)) {
            for (Path page : pages.filter(path -> path.getFileName().toString().startsWith("guarantees"))
                    .toList()) {
                WORD.matcher(Files.readString(page)).results().forEach(word -> words.add(word.group()));
            }
        }
        return words;
    }

    private static List<String> missing(List<ModelFile> files, Set<String> said) {
        Set<String> missing = new TreeSet<>();
        for (ModelFile file : files) {
            for (Check check : Stream.concat(
                            file.models().stream().map(Model::check),
                            file.mutants().stream().map(Mutant::check))
                    .toList()) {
                Stream.concat(check.invariants().stream(), check.properties().stream())
                        .filter(property -> !property.equals(TYPES) && !said.contains(property))
                        .forEach(property -> missing.add(file.module() + ": property " + property));
            }
            for (Mutant mutant : file.mutants()) {
                String name = mutant.name().substring(file.module().length() + 1);
                if (mutant.fate() instanceof Mutant.Fate.Dies && !said.contains(name)) {
                    missing.add(file.module() + ": mutant " + name);
                }
            }
        }
        return new ArrayList<>(missing);
    }

    @Test
    void everyPropertyIsSaidAndEveryMutantIsNamedAsWhatBreaksOne() throws IOException {
        assertThat(missing(ModelFile.below(SPECIFICATIONS), said())).isEmpty();
    }

    @Test
    void whatIsNotSaidIsNoticed() {
        ModelFile file = ModelFile.parse("M.models.json", """
            {"module": "M",
             "models": {"a": {"claim": "A.", "invariants": ["TypeOK", "I"], "properties": ["P"], "expect": {}}},
             "mutants": {
               "dies-early": {"bugs": ["F"], "base": "a", "fails": "I", "cites": "KIP-1", "story": "S."},
               "lives": {"bugs": ["G"], "base": "a", "equivalent": "why", "cites": "KIP-1", "story": "S."}
             }}
            """);
        assertThat(missing(List.of(file), Set.of("I", "early")))
                .containsExactly("M: mutant dies-early", "M: property P");
        assertThat(missing(List.of(file), Set.of("I", "P", "dies-early"))).isEmpty();
    }
}
