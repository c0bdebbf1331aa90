package io.odradek.engine.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.recovery.RecoveryTable.Decision;
import io.odradek.engine.recovery.TailFacts.Promise;
import io.odradek.engine.recovery.TailFacts.Reach;
import io.odradek.engine.recovery.TailFacts.Stop;
import io.odradek.engine.recovery.TailFacts.Tail;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecoveryTableTest {

    private static List<TailFacts> everyCombination() {
        List<TailFacts> all = new ArrayList<>();
        for (Stop stop : Stop.values()) {
            for (Tail tail : Tail.values()) {
                for (Reach recoveryPoint : Reach.values()) {
                    for (Reach highWatermark : Reach.values()) {
                        for (Promise promise : Promise.values()) {
                            all.add(new TailFacts(stop, tail, recoveryPoint, highWatermark, promise));
                        }
                    }
                }
            }
        }
        return all;
    }

    @Test
    void exactlyOneRowMatchesEveryCombinationOfFacts() {
        assertThat(everyCombination())
                .hasSize(48)
                .allSatisfy(facts -> assertThat(
                                Arrays.stream(RecoveryTable.values()).filter(row -> row.matches(facts)))
                        .hasSize(1));
    }

    @Test
    void everyRowIsReached() {
        EnumSet<RecoveryTable> reached = EnumSet.noneOf(RecoveryTable.class);
        everyCombination().forEach(facts -> reached.add(RecoveryTable.rowFor(facts)));
        assertThat(reached).containsExactly(RecoveryTable.values());
    }

    @Test
    void nothingBelowTheRecoveryPointIsEverGivenUp() {
        assertThat(everyCombination())
                .filteredOn(facts -> facts.recoveryPoint() == Reach.SHORT)
                .allSatisfy(facts ->
                        assertThat(RecoveryTable.rowFor(facts).decision()).isEqualTo(Decision.REFUSE));
    }

    @Test
    void nothingThatWasShownIsGivenUpWhenShownMeantOnDisk() {
        assertThat(everyCombination())
                .filteredOn(facts -> facts.highWatermark() == Reach.SHORT && facts.promise() == Promise.ON_DISK)
                .allSatisfy(facts ->
                        assertThat(RecoveryTable.rowFor(facts).decision()).isEqualTo(Decision.REFUSE));
    }

    @Test
    void whatIsShownAndLostIsSaid() {
        assertThat(everyCombination())
                .filteredOn(facts -> facts.highWatermark() == Reach.SHORT)
                .allSatisfy(facts ->
                        assertThat(RecoveryTable.rowFor(facts).decision()).isIn(Decision.REFUSE, Decision.CUT_LOUDLY));
    }
}
