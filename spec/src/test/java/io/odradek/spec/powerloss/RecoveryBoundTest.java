package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.RecoveryBound;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What recovery reads after a crash, whatever was written before it, and what of that it may not lose. */
class RecoveryBoundTest {
    private static final Path DATA = Path.of("/data");
    private static final int BOUND_BYTES = 64 << 10;
    private static final int INDEX_INTERVAL_BYTES = 1024;
    private static final int LARGEST_VALUE_BYTES = 400;
    /** With everything around it. */
    private static final int LARGEST_BATCH_BYTES = LARGEST_VALUE_BYTES + 100;

    private static final List<Durability> DURABILITIES =
            List.of(new Durability.Interval(1000), new Durability.PageCache(), new Durability.Sync());

    /** Each of the logs' ends as of the last checkpoint that was due and has returned. */
    private final Map<TopicPartition, Long> checkpointed = new HashMap<>();

    private final Map<TopicPartition, LogConfig> configs = new LinkedHashMap<>();

    /** 3 logs are synced file by file, 7 with their file system. */
    @ParameterizedTest
    @ValueSource(ints = {3, 7})
    void recoveryReadsNoMoreThanTheBoundAndWhatWasAppendedSinceTheLastLook(int logs) throws Exception {
        for (long seed = 0; seed < 30; seed++) {
            try {
                oneLife(seed, logs);
            } catch (AssertionError | IOException e) {
                throw new AssertionError(
                        logs + " logs, seed " + seed + "; replay: ./odradek test -pl spec -am -Dtest=RecoveryBoundTest",
                        e);
            }
        }
    }

    private void oneLife(long seed, int logCount) throws IOException {
        Random random = new Random(seed);
        SimulatedFileStore store = new SimulatedFileStore(seed);
        store.prepare(DATA);
        configs.clear();
        checkpointed.clear();
        for (int i = 0; i < logCount; i++) {
            configs.put(
                    new TopicPartition("topic" + i, new UUID(1, i), 0),
                    LogConfig.defaults()
                            .withDurability(DURABILITIES.get((int) ((i + seed) % DURABILITIES.size())))
                            .withIndexIntervalBytes(INDEX_INTERVAL_BYTES)
                            .withSegmentBytes(50_000 + random.nextInt(200_000)));
        }
        LogDirectory directory = EagerSnapshots.open(store, DATA);
        directory.createAll(configs);
        for (PartitionLog log : directory.logs()) {
            log.beginEpoch(0);
        }
        RecoveryBound bound = new RecoveryBound(directory, BOUND_BYTES);
        long written = 0;
        long sinceTheLastLook = 0;
        int rounds = 20 + random.nextInt(200);
        for (int round = 0; round < rounds; round++) {
            List<PartitionLog> logs = directory.logs().stream()
                    .sorted((a, b) ->
                            a.partition().topic().compareTo(b.partition().topic()))
                    .toList();
            PartitionLog log = logs.get(random.nextInt(random.nextBoolean() ? 1 : logs.size()));
            long bytes = append(log, random);
            written += bytes;
            sinceTheLastLook += bytes;
            if (random.nextInt(3) == 0) {
                sinceTheLastLook = 0;
                if (bound.checkpointIfDue()) {
                    logs.forEach(each ->
                            checkpointed.put(each.partition(), each.view().logEndOffset()));
                }
            }
        }
        store.crash();
        SimulatedFileStore left = random.nextInt(4) == 0 ? store.afterKill() : store.afterCrash(random.nextLong());

        LogDirectory recovered = EagerSnapshots.open(left, DATA);
        long[] scanned = {0};
        recovered.recoverAll(configs::get, 1, (_, read, _, _) -> scanned[0] += read);
        assertThat(recovered.unusable()).isEmpty();
        // In each log recovery begins at an index entry, and it looks for the end of each older segment from such an
        // entry.
        long segments = recovered.logs().stream()
                .mapToInt(log -> log.view().segmentCount())
                .sum();
        long belowTheRecoveryPoints = segments * (INDEX_INTERVAL_BYTES + 2 * LARGEST_BATCH_BYTES);
        assertThat(scanned[0])
                .as("bytes read, of %d that were written", written)
                .isLessThanOrEqualTo(BOUND_BYTES + sinceTheLastLook + belowTheRecoveryPoints);
        checkpointed.forEach((partition, end) -> assertThat(
                        recovered.log(partition).orElseThrow().view().logEndOffset())
                .as("%s: what a checkpoint has written down is there", partition)
                .isGreaterThanOrEqualTo(end));
        assertThat(recovered.bytesToRecover())
                .as("until the recovery points are written down, another crash finds as much to read")
                .isGreaterThanOrEqualTo(Math.max(0, scanned[0] - belowTheRecoveryPoints));
        recovered.checkpointRecoveryPoints();
        assertThat(recovered.bytesToRecover()).isZero();
    }

    private static long append(PartitionLog log, Random random) throws IOException {
        long before = log.view().sizeBytes();
        int batches = 1 + random.nextInt(40);
        for (int i = 0; i < batches; i++) {
            ByteBuffer value = ByteBuffer.allocate(1 + random.nextInt(LARGEST_VALUE_BYTES));
            AppendOutcome outcome = log.stage(
                    new BatchBuilder()
                            .add(log.view().logEndOffset() + i, null, value.array())
                            .build(),
                    0,
                    0);
            assertThat(outcome).isInstanceOf(AppendOutcome.Appended.class);
        }
        log.writeStaged();
        if (log.mustSync()) {
            long end = log.view().logEndOffset();
            for (StoreFile file : log.takeDirtyFiles()) {
                file.sync();
            }
            log.synced(end);
        }
        return log.view().sizeBytes() - before;
    }

    @Test
    void aCleanStopLeavesNothingToRecover() throws Exception {
        SimulatedFileStore store = new SimulatedFileStore(1);
        store.prepare(DATA);
        TopicPartition partition = new TopicPartition("topic", new UUID(1, 1), 0);
        LogConfig config = LogConfig.defaults().withDurability(new Durability.PageCache());
        try (LogDirectory directory = EagerSnapshots.open(store, DATA)) {
            PartitionLog log = directory.openOrCreate(partition, config);
            log.beginEpoch(0);
            append(log, new Random(1));
            assertThat(directory.bytesToRecover()).isEqualTo(log.view().sizeBytes());
        }
        LogDirectory opened = EagerSnapshots.open(store, DATA);
        opened.openOrCreate(partition, config);
        assertThat(opened.bytesToRecover()).isZero();
    }

    /** DeleteRecords waits for a log start, not for records that nobody asked to be synced. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aLogStartThatIsWrittenDownClaimsNoRecords(long seed) throws Exception {
        SimulatedFileStore store = new SimulatedFileStore(seed);
        store.prepare(DATA);
        TopicPartition partition = new TopicPartition("topic", new UUID(1, 1), 0);
        LogConfig config = LogConfig.defaults().withDurability(new Durability.PageCache());
        LogDirectory directory = EagerSnapshots.open(store, DATA);
        PartitionLog log = directory.openOrCreate(partition, config);
        log.beginEpoch(0);
        append(log, new Random(seed));
        log.deleteRecordsBefore(1);
        directory.checkpointLogStarts(List.of(log));
        assertThat(log.recoveryPoint()).isZero();

        directory.checkpointRecoveryPoints();
        long end = log.view().logEndOffset();
        assertThat(log.recoveryPoint()).isEqualTo(end);
        LogDirectory recovered = EagerSnapshots.open(store.afterCrash(seed), DATA);
        assertThat(recovered.openOrCreate(partition, config).view().logEndOffset())
                .isEqualTo(end);
    }

    @Test
    void whatIsCutOffNeedsNoRecovery() throws Exception {
        SimulatedFileStore store = new SimulatedFileStore(1);
        store.prepare(DATA);
        LogDirectory directory = EagerSnapshots.open(store, DATA);
        PartitionLog log = directory.openOrCreate(
                new TopicPartition("topic", new UUID(1, 1), 0),
                LogConfig.defaults().withDurability(new Durability.PageCache()));
        log.beginEpoch(0);
        Random random = new Random(2);
        append(log, random);
        long kept = log.view().logEndOffset();
        long keptBytes = log.view().sizeBytes();
        append(log, random);
        directory.checkpointRecoveryPoints();
        assertThat(directory.bytesToRecover()).isZero();

        log.truncateTo(kept);
        // Which byte the lowered point is at is not looked up: rather too many than too few.
        assertThat(directory.bytesToRecover()).isEqualTo(keptBytes);
        long appended = append(log, random);
        assertThat(directory.bytesToRecover()).isGreaterThanOrEqualTo(appended);
        directory.checkpointRecoveryPoints();
        assertThat(directory.bytesToRecover()).isZero();
    }
}
