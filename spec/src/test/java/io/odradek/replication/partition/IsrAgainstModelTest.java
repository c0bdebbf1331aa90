package io.odradek.replication.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Whatever partitions do in their histories, {@code tla/core/Isr} allows. {@code -Dodradek.partition.seeds=N} tries more of them, {@code
 * -Dodradek.partition.seed=S} one.
 */
class IsrAgainstModelTest {
    private static final int SEEDS = 60;

    @Test
    void everyStepIsOneOfTheSpecification() {
        Long single = Long.getLong("odradek.partition.seed");
        long first = single == null ? 0 : single;
        long count = single == null ? Integer.getInteger("odradek.partition.seeds", SEEDS) : 1;
        Map<String, Integer> actions = new TreeMap<>();
        for (long seed = first; seed < first + count; seed++) {
            SimulatedPartition partition = SimulatedPartition.asSpecified(seed, new TreeMap<>());
            partition.watch(new IsrShadow(partition, actions));
            try {
                partition.run();
            } catch (AssertionError e) {
                throw new AssertionError(
                        "replay it with: ./odradek test -pl spec -am -Dtest=IsrAgainstModelTest"
                                + " -Dsurefire.failIfNoSpecifiedTests=false -Dodradek.partition.seed=" + seed,
                        e);
            }
        }
        System.out.println(count + " partitions against their specification, actions taken: " + actions);
        if (single == null) { // else everything would be allowed because nothing happens
            assertThat(actions)
                    .containsOnlyKeys(
                            "AcceptProposal",
                            "ApplyMetadata",
                            "Crash",
                            "DropAnswer",
                            "ElectUnclean",
                            "Fence",
                            "HearRefusal",
                            "LoseLease",
                            "ProposeExpand",
                            "ProposeShrink",
                            "Read",
                            "RefuseFetch",
                            "RefuseProposal",
                            "Register",
                            "RenewLease",
                            "RepeatProposal",
                            "SendFetch",
                            "ServeDivergence",
                            "ServeRecords",
                            "Stop",
                            "Sync",
                            "TakeDivergence",
                            "TakeRecords",
                            "Unfence",
                            "WithdrawProposal",
                            "Write");
        }
    }
}
