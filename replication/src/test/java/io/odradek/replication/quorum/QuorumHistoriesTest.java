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

    /** Nothing holds because nothing happens. */
    @AfterContainer
    static void everythingHappens() {
        System.out.println("histories of quorums: " + COUNTS);
        assertThat(COUNTS)
                .containsKeys(
                        "a crash took unsynced records",
                        "a crash between the hard state and what follows",
                        "a divergence is cut",
                        "a snapshot is installed",
                        "a snapshot is fetched in vain",
                        "an election is won",
                        "the power fails everywhere",
                        "a leader is shut down",
                        "a leader is asked to remove itself",
                        "a disk is replaced",
                        "a change of the voters is answered COMMITTED",
                        "a change of the voters is answered NOT_LEADER_OR_FOLLOWER",
                        "a change of the voters is answered REQUEST_IN_PROGRESS",
                        "a change of the voters is answered REQUEST_TIMED_OUT");
    }
}
