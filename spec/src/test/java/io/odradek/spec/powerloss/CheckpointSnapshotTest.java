package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.producer.ProducerState;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Producers after a crash come from the snapshot of about the last checkpoint, whatever the log's segments look like. */
@ExtendWith(QuietEngine.class)
class CheckpointSnapshotTest {
    private static final Path DATA = Path.of("/data");
    private static final TopicPartition PARTITION = new TopicPartition("topic", new UUID(1, 1), 0);
    private static final LogConfig CONFIG = LogConfig.defaults().withDurability(new Durability.PageCache());
    private static final int PRODUCERS = 3;
    private static final int BETWEEN_CHECKPOINTS = 100;
    private static final long OTHER_PRODUCER = 77;
    private static final byte[] VALUE = new byte[400];

    private SimulatedFileStore store = newStore(1);
    private LogDirectory directory;
    private PartitionLog log;
    private int epoch;
    private int next;
    private final Map<Long, Integer> sequences = new HashMap<>();

    CheckpointSnapshotTest() throws IOException {
        open(1);
    }

    private static SimulatedFileStore newStore(long seed) throws IOException {
        SimulatedFileStore store = new SimulatedFileStore(seed);
        store.prepare(DATA);
        return store;
    }

    private void open(long snapshotBytes) throws IOException {
        directory = LogDirectory.open(
                store, DATA, "cluster", 1, LogDirectory.Options.defaults().withSnapshotBytes(snapshotBytes));
        log = directory.openOrCreate(PARTITION, CONFIG);
        log.beginEpoch(epoch++);
    }

    private void append(int batches) throws IOException {
        for (int i = 0; i < batches; i++) {
            stage(next++ % PRODUCERS);
        }
        log.writeStaged();
    }

    private void append(int batches, long producer) throws IOException {
        for (int i = 0; i < batches; i++) {
            stage(producer);
        }
        log.writeStaged();
    }

    private void stage(long producer) throws IOException {
        int sequence = sequences.merge(producer, 0, (last, _) -> last + 1);
        AppendOutcome outcome = log.stage(
                new BatchBuilder()
                        .producer(producer, (short) 0, sequence)
                        .add(0, null, VALUE)
                        .build(),
                epoch - 1,
                0);
        assertThat(outcome).isInstanceOf(AppendOutcome.Appended.class);
    }

    private void appendAndCheckpoint(int times) throws IOException {
        for (int i = 0; i < times; i++) {
            append(BETWEEN_CHECKPOINTS);
            directory.checkpointRecoveryPoints();
        }
    }

    private List<String> snapshots() throws IOException {
        return store.list(log.directory()).stream()
                .map(file -> file.getFileName().toString())
                .filter(name -> name.endsWith(".snapshot"))
                .sorted()
                .toList();
    }

    private void killAndOpen() throws IOException {
        store.crash();
        store = store.afterKill();
        open(1);
    }

    private void losePowerAndOpen(long seed) throws IOException {
        store.crash();
        store = store.afterCrash(seed);
        open(1);
    }

    @Test
    void recoveryReadsWhatWasWrittenSinceTheLastButOneCheckpoint() throws Exception {
        appendAndCheckpoint(20);
        append(BETWEEN_CHECKPOINTS);
        long bytes = log.view().sizeBytes();
        List<ProducerState> before = log.describeProducers();
        killAndOpen();

        assertThat(log.describeProducers()).containsExactlyInAnyOrderElementsOf(before);
        assertThat(store.readBytes())
                .as("of %d bytes in %d intervals", bytes, 21)
                .isLessThan(4 * bytes / 21);
    }

    @Test
    void twoSnapshotsAreKeptAtMost() throws Exception {
        appendAndCheckpoint(5);
        // In front of the second batch after the checkpoint that asked; written by the next.
        assertThat(snapshots()).containsExactly("00000000000000000301.snapshot", "00000000000000000401.snapshot");
    }

    @Test
    void aLogThatHasNotGrownEnoughGetsNone() throws Exception {
        directory.close();
        open(1 << 20);
        appendAndCheckpoint(20);
        assertThat(log.view().sizeBytes()).isLessThan(1 << 20);
        assertThat(snapshots()).containsExactly("00000000000000000000.snapshot");
        appendAndCheckpoint(5);
        assertThat(snapshots()).hasSize(2);
    }

    /** Torn, it would be read, warned of, and thrown away: it would have been for nothing. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatARecoveryPointCoversIsOnTheDiskInWhole(long seed) throws Exception {
        appendAndCheckpoint(4);
        List<String> before = snapshots();
        losePowerAndOpen(seed);
        assertThat(snapshots()).contains(before.getLast());
        assertThat(store.readBytes()).isLessThan(2 * log.view().sizeBytes() / 4);
    }

    /** Other records come to lie where a snapshot was asked for, was taken, or was written. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aCutForgetsWhatWasAbove(int stage) throws Exception {
        append(30);
        if (stage > 0) {
            directory.checkpointRecoveryPoints();
            append(30);
        }
        if (stage > 1) {
            directory.checkpointRecoveryPoints();
        }
        log.truncateTo(20);
        for (long producer = 100; producer < 160; producer++) {
            append(1, producer);
        }
        List<ProducerState> before = log.describeProducers();
        directory.checkpointRecoveryPoints();
        killAndOpen();
        assertThat(log.describeProducers()).containsExactlyInAnyOrderElementsOf(before);
    }

    /** A first segment whose own snapshot is damaged is replayed alone, not on top of what lay before it. */
    @Test
    void whatLiesBelowTheFirstSegmentIsNotBegunWith() throws Exception {
        directory.close();
        LogConfig small = CONFIG.withSegmentBytes(60_000).withFileDeleteDelayMs(0);
        directory = EagerSnapshots.open(store, DATA);
        log = directory.openOrCreate(PARTITION, small);
        log.beginEpoch(epoch++);
        append(2, OTHER_PRODUCER);
        directory.checkpointRecoveryPoints();
        append(10);
        directory.checkpointRecoveryPoints();
        append(3, OTHER_PRODUCER);
        append(400);
        log.deleteRecordsBefore(log.view().logEndOffset() - 20);
        directory.checkpointLogStarts(List.of(log));
        directory.deletePending(0);
        directory.deletePending(1_000_000);
        long first = log.view().firstSegmentBaseOffset();
        assertThat(snapshots()).hasSize(3).contains("00000000000000000003.snapshot", "00000000000000000013.snapshot");
        store.crash();
        store = store.afterKill();
        Path snapshot = log.directory().resolve("%020d.snapshot".formatted(first));
        store.corrupt(snapshot, 20, 1);
        directory = EagerSnapshots.open(store, DATA);
        directory.recoverAll(_ -> small, 1, (_, _, _, _) -> {});
        log = directory.log(PARTITION).orElseThrow();
        assertThat(log.view().firstSegmentBaseOffset()).isEqualTo(first);
        // It would be known by what it had written last but three, and refused with what comes next.
        assertThat(log.describeProducers()).isNotEmpty().noneMatch(producer -> producer.producerId() == OTHER_PRODUCER);
    }
}
