package io.odradek.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;

/** Random histories of whole quorums. A seed that failed is run again by {@code -Dodradek.quorum.seed=N}, and prints its end. */
class QuorumHistoriesTest {

    private static final Map<String, Integer> COUNTS = new TreeMap<>();

    @Property(tries = 400)
    void aQuorumKeepsWhatItCommittedAndGetsWellAgain(@ForAll long seed) {
        SimulatedQuorum.of(Long.getLong("odradek.quorum.seed", seed), COUNTS).run();
    }

    /** Nothing holds because nothing happens. What is rare may take some histories more. */
    @AfterContainer
    static void everythingHappens() {
        for (long seed = 0; seed < 4_000 && !COUNTS.keySet().containsAll(SimulatedQuorum.HAPPENS); seed++) {
            SimulatedQuorum.of(seed, COUNTS).run();
        }
        System.out.println("histories of quorums: " + COUNTS);
        assertThat(COUNTS).containsKeys(SimulatedQuorum.HAPPENS.toArray(String[]::new));
    }
}
