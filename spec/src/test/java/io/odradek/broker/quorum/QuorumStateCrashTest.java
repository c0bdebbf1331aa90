package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A hard state that is replaced, crashed at each operation of the disk, on every disk that this may leave. */
class QuorumStateCrashTest {

    private static final Path DIRECTORY = Path.of("/data");
    private static final List<HardState> STATES = List.of(
            HardState.FIRST,
            new HardState(1, new ReplicaKey(3, new UUID(1, 2)), HardState.NOBODY),
            new HardState(1, new ReplicaKey(3, new UUID(1, 2)), 3),
            new HardState(2, null, HardState.NOBODY),
            new HardState(1_000_000, new ReplicaKey(17, new UUID(5, 2)), 17));

    @Test
    void aCrashLeavesTheOldOneOrTheNewOne() throws Exception {
        SimulatedFileStore whole = new SimulatedFileStore(1);
        whole.prepare(DIRECTORY);
        assertThat(live(whole)).isEqualTo(STATES.size());
        int shown = 0;
        for (long operation = 1; operation <= whole.operations(); operation++) {
            SimulatedFileStore store = new SimulatedFileStore(1);
            store.prepare(DIRECTORY);
            store.crashAtOperation(operation);
            int written = live(store);
            List<SimulatedFileStore> disks = store.everyDiskAfterCrash(10_000);
            assertThat(disks).as("all of them").isNotEmpty();
            disks = new java.util.ArrayList<>(disks);
            disks.add(store.afterKill());
            for (SimulatedFileStore disk : disks) {
                QuorumStateFile file = new QuorumStateFile(disk, DIRECTORY);
                if (written == 0 && !file.exists()) {
                    continue; // the first was never written
                }
                assertThat(file.read())
                        .as("operation " + operation + ", " + written + " of the states were written")
                        .isIn(STATES.subList(Math.max(0, written - 1), Math.min(STATES.size(), written + 1)));
                file.write(STATES.getLast());
                assertThat(file.read()).isEqualTo(STATES.getLast());
                shown++;
            }
        }
        assertThat(shown).isGreaterThan(50);
        System.out.println("hard states on " + shown + " disks");
    }

    /** Returns how many were reported to be durable. */
    private static int live(SimulatedFileStore store) throws Exception {
        int written = 0;
        try {
            for (HardState state : STATES) {
                new QuorumStateFile(store, DIRECTORY).write(state);
                written++;
            }
        } catch (SimulatedCrash crash) {
            return written;
        }
        return written;
    }
}
