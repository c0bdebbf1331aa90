package io.odradek.replication.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.partition.LeaderEffect.AdvanceHighWatermark;
import io.odradek.replication.partition.LeaderEvent.FollowerFetched;
import io.odradek.replication.partition.LeaderEvent.InSyncReplicasChanged;
import io.odradek.replication.partition.LeaderEvent.LocallyAppended;
import io.odradek.replication.partition.LeaderEvent.MinInSyncReplicasChanged;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LeaderMachineTest {

    @Test
    void aloneEverythingDurableIsCommitted() {
        LeaderMachine leader = new LeaderMachine(1, 0, 0, List.of(1), 1, 1, 3, 10);
        assertThat(leader.highWatermark()).isEqualTo(10);
        assertThat(leader.localEnd(15)).isEqualTo(15);
        assertThat(leader.step(new LocallyAppended(15))).isEmpty();
        assertThat(leader.step(new LocallyAppended(16))).containsExactly(new AdvanceHighWatermark(16));
    }

    @Test
    void oneReplicaSatisfiesAnyMinimumThatItsTopicCanReach() {
        assertThat(new LeaderMachine(1, 0, 0, List.of(1), 1, 2, 0, 0).admitsAcksAll())
                .isTrue();
        assertThat(new LeaderMachine(1, 0, 0, List.of(1), 3, 2, 0, 0).admitsAcksAll())
                .isFalse();
    }

    /** KIP-966: "the high watermark can only advance if the ISR size is larger or equal to min.insync.replicas". */
    @Test
    void belowTheMinimumNothingIsCommitted() {
        LeaderMachine leader = new LeaderMachine(1, 0, 0, List.of(1, 2), 3, 2, 5, 5);
        assertThat(leader.step(new InSyncReplicasChanged(List.of(1), 3, 1))).isEmpty();
        assertThat(leader.step(new LocallyAppended(9))).isEmpty();
        assertThat(leader.highWatermark()).isEqualTo(5);
        assertThat(leader.step(new MinInSyncReplicasChanged(1))).containsExactly(new AdvanceHighWatermark(9));
    }

    @Test
    void theSlowestInSyncReplicaDecides() {
        LeaderMachine leader = new LeaderMachine(1, 4, 7, List.of(1, 2, 3), 3, 1, 0, 0);
        leader.localEnd(100);
        assertThat(leader.step(new FollowerFetched(2, 50))).isEmpty();
        assertThat(leader.step(new FollowerFetched(3, 30))).containsExactly(new AdvanceHighWatermark(30));
        assertThat(leader.step(new InSyncReplicasChanged(List.of(1, 2), 3, 8)))
                .containsExactly(new AdvanceHighWatermark(50));
        assertThat(leader.step(new InSyncReplicasChanged(List.of(1), 3, 7)))
                .as("an older partition epoch")
                .isEmpty();
        assertThat(leader.highWatermark()).isEqualTo(50);
    }

    /** Moves: kind 0 local append, 1..3 fetch of that replica, 4 in-sync set by bit mask. */
    @Property
    void theHighWatermarkNeverGoesBackNorPastAnyInSyncReplica(
            @ForAll @Size(max = 100) List<@IntRange(max = 499) Integer> moves) {
        LeaderMachine leader = new LeaderMachine(0, 1, 0, List.of(0, 1, 2, 3), 4, 2, 0, 0);
        Map<Integer, Long> ends = new HashMap<>(Map.of(0, 0L, 1, 0L, 2, 0L, 3, 0L));
        List<Integer> inSync = List.of(0, 1, 2, 3);
        long before = 0;
        int epoch = 0;
        for (int move : moves) {
            int kind = move / 100;
            long amount = move % 100;
            switch (kind) {
                case 0 -> {
                    ends.merge(0, amount, Long::sum);
                    leader.step(new LocallyAppended(ends.getOrDefault(0, 0L)));
                }
                case 1, 2, 3 -> {
                    if (inSync.contains(kind)) {
                        long end = Math.min(ends.getOrDefault(0, 0L), amount * 10);
                        ends.merge(kind, end, Math::max);
                        leader.step(new FollowerFetched(kind, end));
                    }
                }
                default -> {
                    List<Integer> next = new ArrayList<>(List.of(0));
                    for (int id = 1; id <= 3; id++) {
                        if ((amount >> id & 1) == 1) {
                            next.add(id);
                            if (!inSync.contains(id)) {
                                ends.put(id, leader.highWatermark()); // it had to be there to be let in
                            }
                        }
                    }
                    inSync = next;
                    leader.step(new InSyncReplicasChanged(next, 4, ++epoch));
                }
            }
            long high = leader.highWatermark();
            assertThat(high).isGreaterThanOrEqualTo(before);
            for (int id : inSync) {
                assertThat(high).isLessThanOrEqualTo(ends.getOrDefault(id, 0L));
            }
            if (inSync.size() >= 2) {
                assertThat(high)
                        .isEqualTo(inSync.stream()
                                .mapToLong(id -> ends.getOrDefault(id, 0L))
                                .min()
                                .orElseThrow());
            }
            before = high;
        }
    }
}
