package io.odradek.spec.powerloss;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Acknowledged means kept. {@code -Dodradek.seeds=N} tries more seeds, {@code -Dodradek.seed=S} one of them.
 */
class PowerLossTest {
    private static final int SEEDS = 2000;

    /** What the engine says about thousands of crashes is of no interest, and costs more than they do. */
    @BeforeAll
    static void silence() {
        engineLog().setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        engineLog().setLevel(null);
    }

    private static Logger engineLog() {
        return (Logger) LoggerFactory.getLogger("io.odradek.engine");
    }

    @Test
    void acknowledgedBatchesSurviveAnyPowerLossOnceInOrderAndNothingElseAppears() {
        Long single = Long.getLong("odradek.seed");
        long first = single == null ? 0 : single;
        long count = single == null ? Integer.getInteger("odradek.seeds", SEEDS) : 1;
        for (long seed = first; seed < first + count; seed++) {
            Throwable failure = PowerLossRun.outcomeOf(seed);
            if (failure != null) {
                throw new AssertionError(
                        "seed " + seed + " fails; replay it with: mvn test -pl spec -am -Dtest=PowerLossTest"
                                + " -Dsurefire.failIfNoSpecifiedTests=false -Dodradek.seed=" + seed,
                        failure);
            }
        }
    }
}
