package io.odradek.spec.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.io.GroupSync.Strategy;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.io.SyncCounts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link Strategy#AUTO} on disks whose costs are made up. */
class GroupSyncCostTest {
    private static final Path DATA = Path.of("/data");
    private static final long MICROS = 1_000;
    private static final long MILLIS = 1_000_000;

    private final SimulatedFileStore store = new SimulatedFileStore(1);
    private final StoreFile[] files = new StoreFile[1_000];
    private final List<String> observed = new ArrayList<>();
    private final GroupSync groupSync;

    GroupSyncCostTest() throws IOException {
        store.prepare(DATA);
        for (int i = 0; i < files.length; i++) {
            files[i] = store.open(DATA.resolve("f" + i), OpenMode.CREATE_NEW);
        }
        groupSync = new GroupSync(
                store,
                DATA,
                Strategy.AUTO,
                (how, count, nanos) -> observed.add(how + " " + count + " " + nanos),
                store::elapsedNanos);
    }

    private void groups(int groups, int filesEach) throws IOException {
        for (int group = 0; group < groups; group++) {
            for (int i = 0; i < filesEach; i++) {
                files[i].append(new ByteBuffer[] {ByteBuffer.allocate(1)}, 1);
            }
            groupSync.sync(files, filesEach);
        }
    }

    /** The share of {@code syncfs} among the next groups. */
    private double syncfsShare(int groups, int filesEach) throws IOException {
        SyncCounts before = groupSync.counts();
        groups(groups, filesEach);
        SyncCounts after = groupSync.counts();
        return (double) (after.syncfsGroups() - before.syncfsGroups()) / groups;
    }

    @Test
    void fewFilesAreSyncedEachAndManyWithTheFileSystem() throws IOException {
        store.takeTime(new SyncLatency(50 * MICROS, MILLIS, 5 * MICROS));
        assertThat(syncfsShare(200, 4)).isZero();
        assertThat(syncfsShare(200, 100)).isEqualTo(1);
        assertThat(syncfsShare(50, 1_000)).isEqualTo(1);
        assertThat(syncfsShare(200, 4)).as("but for an exploration").isLessThan(0.01);
    }

    @Test
    void wrongBeliefsAreCorrectedByMeasuring() throws IOException {
        // The other way round than assumed at the start: a file costs little, the file system much.
        store.takeTime(new SyncLatency(5 * MICROS, 50 * MILLIS, 0));
        groups(2_000, 100);
        assertThat(syncfsShare(200, 100)).isZero();
        // A disk whose flushes are slow: one is better than four.
        store.takeTime(new SyncLatency(10 * MILLIS, 12 * MILLIS, 0));
        groups(2_000, 4);
        assertThat(syncfsShare(200, 4)).isGreaterThan(0.98);
    }

    @Test
    void aDiskThatChangesIsNoticed() throws IOException {
        store.takeTime(new SyncLatency(300 * MICROS, MILLIS, 0));
        groups(2_000, 16);
        assertThat(syncfsShare(200, 16)).isGreaterThan(0.98);
        store.takeTime(new SyncLatency(300 * MICROS, 80 * MILLIS, 0));
        groups(20, 16);
        assertThat(syncfsShare(200, 16)).as("a busy neighbour").isLessThan(0.02);
        store.takeTime(new SyncLatency(300 * MICROS, MILLIS, 0));
        groups(20_000, 16);
        assertThat(syncfsShare(200, 16)).as("and gone again").isGreaterThan(0.98);
    }

    @Test
    void oneFileNeverSyncsTheFileSystem() throws IOException {
        store.takeTime(new SyncLatency(10 * MILLIS, MICROS, 0));
        assertThat(syncfsShare(5_000, 1)).isZero();
    }

    @Test
    void exploringCostsLittleEvenWhereTheOtherWayIsTerrible() throws IOException {
        store.takeTime(new SyncLatency(50 * MICROS, 500 * MILLIS, 0));
        groups(20_000, 10);
        SyncCounts counts = groupSync.counts();
        assertThat(counts.explorations()).isPositive().isLessThan(200);
        // What the first exploration costs cannot be known before it; each later one is paid for first.
        assertThat(counts.explorationNanos()).isLessThan(counts.nanos() / 25 + 500 * MILLIS);
    }

    @Test
    void oneStallOfTheDiskIsNoVerdict() throws IOException {
        store.takeTime(new SyncLatency(50 * MICROS, MILLIS, 0));
        groups(600, 100);
        store.takeTime(new SyncLatency(50 * MICROS, 3_000 * MILLIS, 0));
        groups(1, 100);
        store.takeTime(new SyncLatency(50 * MICROS, MILLIS, 0));
        assertThat(syncfsShare(200, 100)).isGreaterThan(0.98);
    }

    @Test
    void countsAndObserverTellWhatWasDone() throws IOException {
        store.takeTime(new SyncLatency(50 * MICROS, MILLIS, 0));
        groups(1, 2);
        groups(1, 100);
        assertThat(observed).containsExactly("FDATASYNC 2 100000", "SYNCFS 100 1000000");
        assertThat(groupSync.counts())
                .isEqualTo(new SyncCounts(2, 102, 1, 1, 0, 0, 1_100_000, 0, 100_000, 1_000_000, 0));
    }
}
