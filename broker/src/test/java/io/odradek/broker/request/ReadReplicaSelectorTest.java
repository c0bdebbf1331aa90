package io.odradek.broker.request;

import static io.odradek.broker.request.ReadReplicaSelector.LEADER;
import static io.odradek.broker.request.ReadReplicaSelector.NOBODY_ELSE;
import static io.odradek.broker.request.ReadReplicaSelector.RACK_AWARE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.broker.request.ReadReplicaSelector.Candidate;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.replica.RackAwareReplicaSelector;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** KIP-392. Broker 1 leads, in rack a. */
class ReadReplicaSelectorTest {
    private static final Candidate AT_LEADER = replica(1, "a", 0, -1);

    private static Candidate replica(int id, @Nullable String rack, long start, long end) {
        return new Candidate(id, rack, start, end);
    }

    private static int select(String clientRack, long fetchOffset, Candidate... others) {
        List<Candidate> all = new ArrayList<>(List.of(others));
        all.add(AT_LEADER);
        return RACK_AWARE.select(clientRack, 1, all, fetchOffset);
    }

    @Test
    void aReplicaInTheClientsRackIsBetter() {
        assertThat(select("b", 10, replica(2, "b", 0, 20), replica(3, "c", 0, 30)))
                .isEqualTo(2);
        assertThat(LEADER.select("b", 1, List.of(AT_LEADER, replica(2, "b", 0, 20)), 10))
                .isEqualTo(NOBODY_ELSE);
    }

    @Test
    void theLeaderIsGoodEnoughInItsOwnRackAndForWhoStandsInNoneOrInAnother() {
        assertThat(select("a", 10, replica(2, "a", 0, 20))).isEqualTo(NOBODY_ELSE);
        assertThat(select("", 10, replica(2, "", 0, 20))).isEqualTo(NOBODY_ELSE);
        assertThat(select("d", 10, replica(2, "b", 0, 20), replica(3, null, 0, 20)))
                .isEqualTo(NOBODY_ELSE);
    }

    @Test
    void ofSeveralTheOneThatHasMostIsChosen() {
        assertThat(select("b", 10, replica(2, "b", 0, 21), replica(3, "b", 0, 20), replica(4, "b", 0, 20)))
                .isEqualTo(2);
        assertThat(select("b", 10, replica(2, "b", 0, 20), replica(4, "b", 0, 20), replica(3, "b", 0, 20)))
                .isEqualTo(4);
    }

    @Test
    void whoHasNotWhatIsReadNextIsNot() {
        assertThat(select("b", 10, replica(2, "b", 0, 9))).isEqualTo(NOBODY_ELSE);
        assertThat(select("b", 10, replica(2, "b", 0, 10))).as("it waits there").isEqualTo(2);
        assertThat(select("b", 10, replica(2, "b", 11, 20))).as("deleted there").isEqualTo(NOBODY_ELSE);
        assertThat(select("b", 10, replica(2, "b", 10, 20))).isEqualTo(2);
        assertThat(select("b", 0, replica(2, "b", -1, -1))).as("not heard of").isEqualTo(NOBODY_ELSE);
    }

    @Test
    void theyAreChosenByKafkasNames() {
        assertThat(ReadReplicaSelector.named(null)).isEqualTo(LEADER);
        assertThat(ReadReplicaSelector.named("org.apache.kafka.common.replica.LeaderSelector"))
                .isEqualTo(LEADER);
        assertThat(ReadReplicaSelector.named(RackAwareReplicaSelector.class.getName()))
                .isEqualTo(RACK_AWARE);
        assertThatThrownBy(() -> ReadReplicaSelector.named("mine")).hasMessageContaining("mine");
    }
}
