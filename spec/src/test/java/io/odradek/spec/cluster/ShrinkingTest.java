package io.odradek.spec.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Of many faults those are left that a failure needs. */
class ShrinkingTest {

    private static final long SEED = 3;
    private static final HistoryPlan PLAN = SimulatedCluster.plan(SEED, 60_000);

    @BeforeAll
    static void quiet() {
        SimulatedClusterTest.quiet();
    }

    @AfterAll
    static void loud() {
        SimulatedClusterTest.loud();
    }

    private static Failure failure(String says, long atMs) {
        return new Failure(new AssertionError(says), atMs, "");
    }

    private static Shrinking shrunk(HistoryPlan plan, Shrinking.Runs runs) {
        Shrinking shrinking = new Shrinking(plan, Objects.requireNonNull(runs.of(plan)), runs);
        shrinking.shrink();
        return shrinking;
    }

    /** In peace, when a process was killed some time after a clock was set. */
    private static @Nullable Failure killedAfterAClockWasSet(HistoryPlan plan) {
        boolean set = false;
        for (HistoryPlan.Entry entry : plan.entries()) {
            set |= entry.what() instanceof Fault.ClockIsSet;
            if (set && entry.what() instanceof Fault.Killed) {
                return failure("Planted: at " + entry.atMs(), plan.faultyMs() + 100);
            }
        }
        return plan.entries().size() > 20 ? failure("Another: one", 0) : null;
    }

    @Test
    void thoseFaultsAreLeftThatItTakes() {
        Shrinking shrinking = shrunk(PLAN, ShrinkingTest::killedAfterAClockWasSet);
        HistoryPlan smallest = shrinking.smallest();
        assertThat(PLAN.entries()).hasSizeGreaterThan(20).containsAll(smallest.entries());
        assertThat(smallest.entries()).hasSize(2);
        assertThat(smallest.entries().getFirst().what()).isInstanceOf(Fault.ClockIsSet.class);
        assertThat(smallest.entries().getLast().what()).isInstanceOf(Fault.Killed.class);
        assertThat(smallest.faultyMs()).isEqualTo(smallest.entries().getLast().atMs() + 1);
        Temper.MILDER.forEach(
                milder -> assertThat(milder.apply(smallest.temper())).isEqualTo(smallest.temper()));
        assertThat(shrinking.failure().kind()).isEqualTo("Planted");
        assertThat(shrinking.runs()).isLessThan(Shrinking.MOST_RUNS);
    }

    @Test
    void whatFailsInAnyCaseNeedsNoFaults() {
        Shrinking shrinking = shrunk(PLAN, plan -> failure("Planted: always", 12_000));
        assertThat(shrinking.smallest().entries()).isEmpty();
        assertThat(shrinking.smallest().faultyMs()).isZero();
    }

    @Test
    void whatComesAfterTheFailureIsLeftOutWithoutARun() {
        Shrinking shrinking = new Shrinking(PLAN, failure("Planted: once", 20_000), plan -> {
            throw new AssertionError("no run");
        });
        assertThat(shrinking.smallest()).isEqualTo(PLAN.until(20_001));
        assertThat(shrinking.smallest().entries())
                .hasSizeLessThan(PLAN.entries().size());
    }

    @Test
    void itEndsAtItsBoundWithTheSmallestSoFar() {
        int[] runs = {0};
        Shrinking shrinking =
                shrunk(PLAN, plan -> plan.entries().size() < 2 ? null : failure("Planted: run " + runs[0]++, 60_000));
        assertThat(shrinking.smallest().entries()).hasSize(2);
        Shrinking never = shrunk(PLAN, plan -> failure(plan.equals(PLAN) ? "Planted: first" : "Other: kind", 60_000));
        assertThat(never.runs()).isEqualTo(Shrinking.MOST_RUNS);
        assertThat(never.smallest()).isEqualTo(PLAN);
    }

    @Test
    void failuresAreOfOneKindThatDifferInNumbersAlone() {
        assertThat(failure("Heals: of a-1 are in sync [1]", 0).kind()).isEqualTo("Heals");
        assertThat(failure("a consumer of a-1 at 17 hears X", 0).kind())
                .isEqualTo(failure("a consumer of a-0 at 3 hears X", 0).kind())
                .isNotEqualTo(failure("a consumer of a-0 at 3 hears Y", 0).kind());
        assertThat(new Failure(new IllegalStateException("one"), 0, "").kind())
                .isEqualTo("java.lang.IllegalStateException");
    }

    /** Real clusters, with a property planted that is wrong: that no machine loses its power and no process stands still in one history. */
    @Test
    void ofAClustersManyFaultsTwoAreLeft() {
        for (long seed = 1; ; seed++) { // up to one in which both happen, and much else
            HistoryPlan many = SimulatedCluster.plan(seed, 60_000).until(5_000);
            Shrinking.Runs runs = runsOf(seed);
            if (many.entries().size() > 20 && runs.of(many) != null) {
                assertThat(shrunk(many, runs).smallest().entries()).hasSize(2);
                return;
            }
        }
    }

    private static Shrinking.Runs runsOf(long seed) {
        return plan -> {
            SimulatedCluster cluster = new SimulatedCluster(seed, plan);
            assertThat(cluster.run()).isNull();
            Map<String, Integer> counts = cluster.counts();
            return counts.keySet().containsAll(List.of("a machine loses power", "a process stands still"))
                    ? failure("Planted: " + counts, plan.faultyMs() + SimulatedCluster.PEACEFUL_MS)
                    : null;
        };
    }
}
