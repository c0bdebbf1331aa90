package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What servers have committed survives, and all get well again. {@code -Dodradek.quorum.seeds=N} tries more histories, {@code
 * -Dodradek.quorum.seed=S} one of them.
 */
@ExtendWith(QuietLog.class)
class QuorumHostsTest {

    private static final int SEEDS = 80;

    @Test
    void whatIsCommittedSurvivesAndAllGetWellAgain() {
        Long single = Long.getLong("odradek.quorum.seed");
        long first = single == null ? 0 : single;
        long count = single == null ? Integer.getInteger("odradek.quorum.seeds", SEEDS) : 1;
        Map<String, Integer> counts = new TreeMap<>();
        for (long seed = first; seed < first + count; seed++) {
            try {
                new SimulatedHosts(seed, counts).run();
            } catch (AssertionError e) {
                throw new AssertionError(
                        "replay it with: ./odradek test -pl spec -am -Dtest=QuorumHostsTest"
                                + " -Dsurefire.failIfNoSpecifiedTests=false -Dodradek.quorum.seed=" + seed,
                        e);
            }
        }
        System.out.println(count + " quorums of hosts: " + counts);
        if (single == null) { // else all would be well because nothing happens
            assertThat(counts)
                    .containsKeys(
                            "a change of the voters is answered NONE",
                            "a change of the voters is answered NOT_LEADER_OR_FOLLOWER",
                            "a change of the voters is answered REQUEST_TIMED_OUT",
                            "a broker is fenced",
                            "a broker is unfenced",
                            "a controller becomes active",
                            "a server knows that it is up to date",
                            "a snapshot of the cluster is taken",
                            "a topic is created",
                            "a topic is deleted",
                            "producer ids are given out",
                            "the controller says CONTROLLER_UNAVAILABLE",
                            "the controller says NOT_CONTROLLER",
                            "a crash at an operation of the disk",
                            "a disk fails",
                            "a disk is replaced",
                            "a divergence is cut",
                            "a leader is asked to hand over",
                            "a leader knows all that is committed",
                            "a snapshot is installed",
                            "a snapshot is taken",
                            "an election is won",
                            "nobody knows of records",
                            "records are committed",
                            "the power fails at a server",
                            "the power fails everywhere");
        }
    }

    @Test
    void theSameSeedIsTheSameHistory() {
        SimulatedHosts one = new SimulatedHosts(7, new HashMap<>());
        SimulatedHosts other = new SimulatedHosts(7, new HashMap<>());
        one.run();
        other.run();
        assertThat(other.fingerprint()).isEqualTo(one.fingerprint());
    }
}
