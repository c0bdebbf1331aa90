package io.odradek.spec.stress;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.spec.stress.StressJvm.Ran;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Each stress test fails on the mistakes that were planted for it. The build only sees that each can still be planted; with {@code
 * -Dodradek.stress.planted=true} each is ({@code ./odradek stress --planted}), which takes some minutes; {@code
 * -Dodradek.stress.only} is a pattern of their names.
 */
class PlantedMistakesTest {
    private static final boolean PLANT = Boolean.getBoolean("odradek.stress.planted");
    private static final Pattern ONLY = Pattern.compile(System.getProperty("odradek.stress.only", "Stress"));
    private static final int ITERATION_MS = 200;
    /** Some mistakes show once in a million times, and by some random orders of the compiler only: each round draws another. */
    private static final int ROUNDS = 5;

    private static final int ITERATIONS = 3;
    private static final Path DIRECTORY = Path.of("target", "planted");

    @TestFactory
    Stream<DynamicTest> eachStressTestFindsWhatWasPlantedForIt() {
        return PlantedMistakes.ALL.stream()
                .map(mistake -> DynamicTest.dynamicTest(mistake.toString(), () -> {
                    assertThat(mistake.places())
                            .as("places in " + mistake.source())
                            .isEqualTo(1);
                    if (PLANT && ONLY.matcher(mistake.toString()).find()) {
                        assertThat(isNoticed(mistake)).as("noticed").isTrue();
                    }
                }));
    }

    @Test
    void everyStressTestHasSomethingPlanted() {
        Set<String> checks = new TreeSet<>();
        PlantedMistakes.ALL.forEach(mistake -> checks.add(mistake.check()));
        Set<String> tests = new TreeSet<>();
        TestList.tests().forEach(test -> tests.add(test.substring(test.lastIndexOf('.', test.indexOf("Stress")) + 1)));
        assertThat(tests).isEqualTo(checks);
    }

    private static boolean isNoticed(PlantedMistake mistake) throws Exception {
        String classPath = mistake.plant(DIRECTORY);
        String test = "\\." + Pattern.quote(mistake.check()) + "$";
        for (int round = 0; round < ROUNDS; round++) {
            Ran ran = StressJvm.round(classPath, test, ITERATION_MS, ITERATIONS);
            List<String> wrong = ran.lines().stream()
                    .filter(line -> line.startsWith("WRONG"))
                    .toList();
            if (!wrong.isEmpty()) {
                System.out.println("noticed: " + mistake);
                wrong.forEach(System.out::println);
                return true;
            }
        }
        System.out.println("NOT NOTICED: " + mistake);
        return false;
    }
}
