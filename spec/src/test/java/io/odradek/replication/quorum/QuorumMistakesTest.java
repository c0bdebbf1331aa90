package io.odradek.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.quorum.QuorumMistake.Fate;
import io.odradek.spec.stress.StressJvm;
import io.odradek.spec.stress.StressJvm.Ran;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The checks of the quorum's machine notice what is planted in it. The build only sees that each mistake can still be planted; with {@code
 * -Dodradek.stress.planted=true} each is ({@code ./odradek stress --planted --only quorum}), one after the other, which takes some
 * minutes; {@code -Dodradek.stress.only} is a pattern of their names.
 */
class QuorumMistakesTest {
    private static final boolean PLANT = Boolean.getBoolean("odradek.stress.planted");
    private static final Pattern ONLY =
            Pattern.compile(System.getProperty("odradek.stress.only", "quorum"), Pattern.CASE_INSENSITIVE);
    private static final Path DIRECTORY = Path.of("target", "planted-quorum");
    private static final Path SPECIFICATIONS = Path.of("..", "tla", "core");

    /** As many as in the build. */
    private static final Fate.Noticed ALL = new Fate.Noticed(true, 400, 60);

    private static final String NOTHING = "nothing";
    private static final Pattern SAID = Pattern.compile("(unit|histories|model): (.*)");
    private static final Pattern BUGS = Pattern.compile("\"bugs\": *\\[([^\\]]*)]");
    private static final Pattern WORD = Pattern.compile("\\w+");

    @TestFactory
    Stream<DynamicTest> eachIsNoticedAsIsSaid() {
        List<QuorumMistake> all = QuorumMistakes.ALL;
        return IntStream.range(0, all.size()).mapToObj(index -> {
            QuorumMistake mistake = all.get(index);
            return DynamicTest.dynamicTest(mistake.name(), () -> {
                assertThat(mistake.planted().places())
                        .as("places in " + mistake.planted().source())
                        .isEqualTo(1);
                if (PLANT && ONLY.matcher(mistake.name()).find()) {
                    System.out.print((index + 1) + " of " + all.size() + ", ");
                    assertThat(isAsSaid(mistake))
                            .as("as is said: " + mistake.fate())
                            .isTrue();
                }
            });
        });
    }

    @Test
    void eachIsThereOnce() {
        assertThat(QuorumMistakes.ALL).extracting(QuorumMistake::name).doesNotHaveDuplicates();
    }

    /** A mutant of the specification shows that a rule is needed; its counterpart, that the code is seen to keep it. */
    @Test
    void everyMutantOfTheSpecificationIsPlantedInTheCode() throws IOException {
        Set<String> flags = new TreeSet<>();
        try (Stream<Path> files = Files.list(SPECIFICATIONS)) {
            for (Path file : files.toList()) {
                if (file.getFileName().toString().matches("Quorum.*[.]models[.]json")) {
                    for (Matcher bugs = BUGS.matcher(Files.readString(file)); bugs.find(); ) {
                        WORD.matcher(bugs.group(1)).results().forEach(flag -> flags.add(flag.group()));
                    }
                }
            }
        }
        Set<String> planted = QuorumMistakes.ALL.stream()
                .filter(mistake -> mistake.fate() instanceof Fate.Noticed)
                .map(QuorumMistake::bug)
                .filter(Objects::nonNull)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(planted).isEqualTo(flags);
    }

    private static boolean isAsSaid(QuorumMistake mistake) throws Exception {
        String classPath = mistake.planted().plant(DIRECTORY);
        return switch (mistake.fate()) {
            case Fate.Noticed said -> {
                Map<String, String> noticed = checked(mistake, classPath, said);
                boolean right = (!said.unit() || isNoticed(noticed, "unit"))
                        && (said.histories() == 0 || isNoticed(noticed, "histories"))
                        && (said.seeds() == 0 || isNoticed(noticed, "model"));
                print(right ? "noticed: " : "NOT NOTICED as is said: ", mistake, noticed);
                yield right;
            }
            case Fate.Equivalent _ -> {
                Map<String, String> noticed = checked(mistake, classPath, ALL);
                boolean right = noticed.values().stream().allMatch(NOTHING::equals);
                print(right ? "not noticed, as is said: " : "NOTICED, and said to be equivalent: ", mistake, noticed);
                yield right;
            }
        };
    }

    /** What each check says of it. */
    private static Map<String, String> checked(QuorumMistake mistake, String classPath, Fate.Noticed most)
            throws Exception {
        Ran ran = StressJvm.program(
                classPath,
                QuorumRound.class,
                List.of(Integer.toString(most.histories()), Integer.toString(most.seeds())));
        Map<String, String> said = new TreeMap<>();
        for (String line : ran.lines()) {
            Matcher check = SAID.matcher(line);
            if (check.matches()) {
                said.put(check.group(1), check.group(2));
            }
        }
        assertThat(said).as(mistake + ": " + ran).hasSize(3);
        return said;
    }

    private static boolean isNoticed(Map<String, String> noticed, String check) {
        return !NOTHING.equals(noticed.get(check));
    }

    private static void print(String verdict, QuorumMistake mistake, Map<String, String> noticed) {
        System.out.println(verdict + mistake.name());
        noticed.forEach((check, what) -> {
            if (!what.equals(NOTHING)) {
                System.out.println("    " + check + ": " + what);
            }
        });
    }
}
