package io.odradek.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Whatever quorums do in their histories, {@code tla/core/Quorum} allows. {@code -Dodradek.quorum.seeds=N} tries more of them, {@code
 * -Dodradek.quorum.seed=S} one.
 */
class QuorumAgainstModelTest {
    private static final int SEEDS = 60;

    @Test
    void everyStepIsOneOfTheSpecification() {
        Long single = Long.getLong("odradek.quorum.seed");
        long first = single == null ? 0 : single;
        long count = single == null ? Integer.getInteger("odradek.quorum.seeds", SEEDS) : 1;
        Map<String, Integer> actions = new TreeMap<>();
        for (long seed = first; seed < first + count; seed++) {
            SimulatedQuorum quorum = SimulatedQuorum.of(seed, new TreeMap<>());
            quorum.watch(new QuorumShadow(quorum, actions));
            try {
                quorum.run();
            } catch (AssertionError e) {
                throw new AssertionError(
                        "replay it with: ./odradek test -pl spec -am -Dtest=QuorumAgainstModelTest"
                                + " -Dsurefire.failIfNoSpecifiedTests=false -Dodradek.quorum.seed=" + seed,
                        e);
            }
        }
        System.out.println(count + " quorums against their specification, actions taken: " + actions);
        if (single == null) { // else everything would be allowed because nothing happens
            assertThat(actions.keySet()).isEqualTo(QuorumShadow.ACTIONS);
        }
    }
}
