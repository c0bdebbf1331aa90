package io.odradek.spec.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.spec.cluster.ClusterMistakes.Mistake;
import io.odradek.spec.stress.StressJvm;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Whole clusters notice what is planted in them. The build only sees that each mistake can still be planted; with {@code
 * -Dodradek.stress.planted=true} each is ({@code ./odradek stress --planted --only cluster}), one after the other, a minute or two each at most.
 */
class ClusterMistakesTest {
    private static final boolean PLANT = Boolean.getBoolean("odradek.stress.planted");
    private static final Pattern ONLY =
            Pattern.compile(System.getProperty("odradek.stress.only", "cluster"), Pattern.CASE_INSENSITIVE);
    private static final Path DIRECTORY = Path.of("target", "planted-cluster");
    private static final String MS = "30000";

    @TestFactory
    Stream<DynamicTest> eachIsNoticedWithinItsSeeds() {
        List<Mistake> all = ClusterMistakes.ALL;
        return IntStream.range(0, all.size()).mapToObj(index -> {
            Mistake mistake = all.get(index);
            return DynamicTest.dynamicTest(mistake.name(), () -> {
                assertThat(mistake.planted().places())
                        .as("places in " + mistake.planted().source())
                        .isEqualTo(1);
                if (PLANT && ONLY.matcher(mistake.name()).find()) {
                    StressJvm.Ran ran = StressJvm.program(
                            mistake.planted().plant(DIRECTORY),
                            ClusterRound.class,
                            List.of(String.valueOf(mistake.seeds()), MS));
                    String said =
                            ran.lines().isEmpty() ? ran.toString() : ran.lines().getLast();
                    System.out.println((index + 1) + " of " + all.size() + ", " + mistake.name() + ": " + said);
                    assertThat(said).as(mistake.name()).startsWith("noticed");
                }
            });
        });
    }

    @Test
    void eachIsThereOnce() {
        assertThat(ClusterMistakes.ALL).extracting(Mistake::name).doesNotHaveDuplicates();
    }
}
