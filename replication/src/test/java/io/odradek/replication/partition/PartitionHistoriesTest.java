package io.odradek.replication.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Random histories of whole partitions. A seed that failed is run again by {@code -Dodradek.partition.seed=N}, and prints its end; {@code
 * -Dodradek.partition.lines=N} shows more of it.
 */
class PartitionHistoriesTest {

    private static final Map<String, Integer> COUNTS = new TreeMap<>();

    @Property(tries = 400)
    void aPartitionKeepsWhatItCommittedAndGetsWellAgain(@ForAll long seed) {
        SimulatedPartition.of(Long.getLong("odradek.partition.seed", seed), COUNTS)
                .run();
    }

    /** Nothing holds because nothing happens. */
    @AfterContainer
    static void everythingHappens() {
        System.out.println("histories of partitions: " + COUNTS);
        if (Long.getLong("odradek.partition.seed") != null) {
            return;
        }
        assertThat(COUNTS)
                .containsKeys(
                        "a clean stop",
                        "a crash took unsynced records",
                        "a dead broker is fenced",
                        "a divergence is cut",
                        "a fenced replica is proposed",
                        "a fetch is answered Diverging",
                        "a fetch is answered FENCED_LEADER_EPOCH",
                        "a fetch is answered NOT_LEADER_OR_FOLLOWER",
                        "a fetch is answered OutOfRange",
                        "a fetch is answered STALE_BROKER_EPOCH",
                        "a follower starts over",
                        "a lease is renewed",
                        "a living broker is fenced",
                        "a process that may be another's double is refused",
                        "a proposal is accepted",
                        "a proposal is answered INELIGIBLE_REPLICA",
                        "a proposal is answered INVALID_UPDATE_VERSION",
                        "a proposal is withdrawn",
                        "an eligible replica is elected",
                        "another controller begins",
                        "an unclean election took what was committed",
                        "page caches of all candidates are lost",
                        "records are deleted",
                        "the power fails everywhere");
    }
}
