package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.StoreFile;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Acknowledged means kept. {@code -Dodradek.seeds=N} tries more seeds, {@code -Dodradek.seed=S} one of them.
 */
@ExtendWith(QuietEngine.class)
class PowerLossTest {
    private static final int SEEDS = 2000;
    private static final Path DATA = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("topic", new UUID(1, 1), 0);

    @Test
    void acknowledgedBatchesSurviveAnyPowerLossOnceInOrderAndNothingElseAppears() {
        Long single = Long.getLong("odradek.seed");
        long first = single == null ? 0 : single;
        long count = single == null ? Integer.getInteger("odradek.seeds", SEEDS) : 1;
        for (long seed = first; seed < first + count; seed++) {
            Throwable failure = PowerLossRun.outcomeOf(seed);
            if (failure != null) {
                throw new AssertionError(
                        "seed " + seed + " fails; replay it with: mvn test -pl spec -am -Dtest=PowerLossTest"
                                + " -Dsurefire.failIfNoSpecifiedTests=false -Dodradek.seed=" + seed,
                        failure);
            }
        }
    }

    @Test
    void deletedRecordsStayDeletedOnceThatIsAnswered() throws IOException {
        for (long deletedBelow = 1; deletedBelow <= 12; deletedBelow++) {
            for (long seed = 0; seed < 20; seed++) {
                SimulatedFileStore store = new SimulatedFileStore(seed);
                store.prepare(DATA);
                LogDirectory directory = EagerSnapshots.open(store, DATA);
                PartitionLog log = twelveBatches(directory);
                log.deleteRecordsBefore(deletedBelow);
                directory.checkpointLogStarts(List.of(log));
                SimulatedFileStore found = store.afterCrash(seed);
                LogDirectory next = EagerSnapshots.open(found, DATA);
                assertThat(next.openOrCreate(PARTITION, smallSegments()).view().logStartOffset())
                        .as("seed %d", seed)
                        .isEqualTo(deletedBelow);
            }
        }
    }

    /** What is left of it has been deleted by request, so it starts over; and again, when that is cut short. */
    @Test
    void aLogThatEndsBelowItsStartOpensHoweverOftenItsRecoveryIsCutShort() throws IOException {
        int startedOver = 0;
        for (int crashAfter = 1; crashAfter < 60; crashAfter++) {
            for (long seed = 0; seed < 20; seed++) {
                SimulatedFileStore store = new SimulatedFileStore(seed);
                store.prepare(DATA);
                LogDirectory directory = EagerSnapshots.open(store, DATA);
                PartitionLog log = twelveBatches(directory);
                log.deleteRecordsBefore(12); // of records that no checkpoint has synced
                directory.checkpointLogStarts(List.of(log));
                SimulatedFileStore found = store.afterCrash(seed);
                found.crashAtOperation(crashAfter);
                try {
                    LogDirectory next = EagerSnapshots.open(found, DATA);
                    LogView view = next.openOrCreate(PARTITION, smallSegments()).view();
                    startedOver += view.firstSegmentBaseOffset() == 12 ? 1 : 0;
                } catch (SimulatedCrash e) {
                    assertThat(found.crashed()).isTrue();
                }
                LogDirectory last = EagerSnapshots.open(found.afterCrash(31 * seed + crashAfter), DATA);
                assertThat(last.openOrCreate(PARTITION, smallSegments()).view().logStartOffset())
                        .as("crash %d operations into the recovery, seed %d", crashAfter, seed)
                        .isEqualTo(12);
            }
        }
        assertThat(startedOver).isPositive();
    }

    /** Deletion is cut short at each operation, and what was synced above the log's start is there, without a hole. */
    @Test
    void segmentsGoOnlyWhenTheLogStartIsOnDisk() throws IOException {
        int crashes = 0;
        for (int crashAfter = 1; crashAfter < 80; crashAfter++) {
            for (long seed = 0; seed < 20; seed++) {
                SimulatedFileStore store = new SimulatedFileStore(seed);
                store.prepare(DATA);
                LogDirectory directory = EagerSnapshots.open(store, DATA);
                PartitionLog log = twelveBatches(directory);
                for (StoreFile file : log.takeDirtyFiles()) {
                    file.sync();
                }
                log.synced(12);
                directory.checkpointHighWatermarks(Map.of(PARTITION, 12L));
                store.crashAtOperation(store.operations() + crashAfter);
                try {
                    log.deleteRecordsBefore(9);
                    directory.deletePending(0);
                    log.truncateTo(11);
                    directory.deletePending(1);
                    directory.deletePending(Long.MAX_VALUE);
                    store.crash();
                } catch (SimulatedCrash e) {
                    crashes++;
                }
                LogDirectory next = EagerSnapshots.open(store.afterCrash(31 * seed + crashAfter), DATA);
                LogView view = next.openOrCreate(PARTITION, smallSegments()).view();
                assertThat(view.logStartOffset()).isBetween(0L, 9L);
                assertThat(view.logEndOffset())
                        .as("crash %d, seed %d", crashAfter, seed)
                        .isBetween(11L, 12L);
                assertThat(PowerLossRun.read(view).batches())
                        .as("crash %d operations into the deletion, seed %d", crashAfter, seed)
                        .hasSize((int) (view.logEndOffset() - view.logStartOffset()));
            }
        }
        assertThat(crashes).isGreaterThan(500);
    }

    private static PartitionLog twelveBatches(LogDirectory directory) throws IOException {
        LogConfig config = smallSegments();
        PartitionLog log = directory.openOrCreate(PARTITION, config);
        log.beginEpoch(0);
        for (int number = 1; number <= 12; number++) {
            byte[] batch = SentBatches.encode(number, 1, 150, -1, (short) -1, -1);
            log.stage(SentBatches.validated(batch, config, 1000), 0, 1000);
            log.writeStaged(); // and nobody syncs it
        }
        return log;
    }

    @Test
    void aCheckpointAfterARemovalCutShortAnywhereLeavesALogThatOpens() throws IOException {
        for (int crashAfter = 1; crashAfter < 40; crashAfter++) {
            for (long seed = 0; seed < 20; seed++) {
                SimulatedFileStore store = new SimulatedFileStore(seed);
                store.prepare(DATA);
                LogConfig config = smallSegments();
                LogDirectory directory = EagerSnapshots.open(store, DATA);
                PartitionLog log = twelveBatches(directory);
                log.deleteRecordsBefore(7);
                store.crashAtOperation(store.operations() + crashAfter);
                try {
                    directory.checkpointRecoveryPoints();
                    store.crash();
                } catch (IOException | SimulatedCrash e) {
                    assertThat(store.crashed()).isTrue();
                }
                SimulatedFileStore found = store.afterCrash(31 * seed + crashAfter);
                LogDirectory next = EagerSnapshots.open(found, DATA);
                assertThat(next.openOrCreate(PARTITION, config).view().logStartOffset())
                        .as("crash %d operations into the checkpoint, seed %d", crashAfter, seed)
                        .isLessThanOrEqualTo(7);
            }
        }
    }

    private static LogConfig smallSegments() {
        return LogConfig.defaults()
                .withAppendAheadBytes(128 << 10)
                .withDurability(new Durability.Interval(50))
                .withSegmentBytes(400)
                .withIndexIntervalBytes(0)
                .withRetentionMs(-1)
                .withRetentionBytes(-1);
    }
}
