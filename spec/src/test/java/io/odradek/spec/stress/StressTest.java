package io.odradek.spec.stress;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.spec.stress.StressJvm.Ran;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Nothing comes out of a stress test that may not. In the build each has a moment in one JVM; with {@code
 * -Dodradek.stress.minutes=N} jcstress itself runs them, about that long ({@code ./odradek stress}). {@code -Dodradek.stress.only}
 * is a pattern of names.
 */
class StressTest {
    private static final String ONLY = System.getProperty("odradek.stress.only", "Stress");
    private static final int MINUTES = Integer.getInteger("odradek.stress.minutes", 0);

    /** Ways in which jcstress compiles two actors: the interpreter and two compilers for each, and once more where code is moved. */
    private static final int WAYS = 9 + 5;

    private static final int ITERATIONS = 5;
    /** What a JVM takes besides. */
    private static final int FORK_MS = 800;

    private static final int BRIEF_MS = 50;

    @Test
    void whatThreadsShareHoldsUnderStress() throws Exception {
        Ran ran = MINUTES > 0
                ? StressJvm.jcstress(ONLY, iterationMs(), ITERATIONS, StressTest::show)
                : StressJvm.round(StressJvm.classPath(), ONLY, BRIEF_MS, 1);
        assertThat(ran.isRight()).as(ran.toString()).isTrue();
        assertThat(ran.lines())
                .noneMatch(line -> line.startsWith("FATAL")); // jcstress found nothing to run, and calls that right
    }

    private static int iterationMs() {
        long tests = TestList.tests().stream()
                .filter(Pattern.compile(ONLY).asPredicate())
                .count();
        long forEachMs = MINUTES * 60_000L / (Math.max(1, tests) * WAYS);
        return (int) Math.max(10, (forEachMs - FORK_MS) / ITERATIONS);
    }

    /** How far it is, and what is wrong; how the machine was probed is of no interest. */
    private static void show(String line) {
        if (line.startsWith("(ETA")
                || line.startsWith("(Results")
                || line.startsWith("...")
                || line.contains("FORBIDDEN")) {
            System.out.println(line);
        }
    }
}
