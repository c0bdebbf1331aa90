package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.DirectAppendThread;
import io.odradek.engine.LogCleaner;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.UnsuitableDirectoryException;
import io.odradek.engine.compaction.CleaningThrottle;
import io.odradek.engine.compaction.CompactionPass;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.JournalGroup;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.SegmentFiles;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is in a journal is there after a power loss; what came after it under the same name is not overwritten by it. Whether the bytes
 * of a group were kept when they were written, or are read back.
 */
@ParameterizedClass(name = "kept: {0}")
@ValueSource(booleans = {true, false})
@ExtendWith(QuietEngine.class)
class JournalTest {
    private static final Path DATA = Path.of("/data");
    private static final int SEEDS = 30;
    private static final int BLOCK = JournaledSyncs.BLOCK_BYTES;
    private static final LogConfig CONFIG = LogConfig.defaults()
            .withAppendAheadBytes(128 << 10)
            .withSegmentBytes(700)
            .withIndexIntervalBytes(100)
            .withRetentionMs(-1)
            .withFileDeleteDelayMs(0);

    private final boolean keeps;
    private final SimulatedFileStore store;
    private LogDirectory directory;
    private JournaledSyncs syncs;
    private int epoch = 1;

    JournalTest(boolean keeps) throws IOException {
        this.keeps = keeps;
        store = new SimulatedFileStore(1);
        store.prepare(DATA);
        directory = EagerSnapshots.open(store, DATA);
        syncs = new JournaledSyncs(directory, 32);
    }

    private static TopicPartition partition(int n) {
        return new TopicPartition("t" + n, new UUID(1, n), 0);
    }

    private PartitionLog log(int n) throws IOException {
        PartitionLog log = directory.openOrCreate(partition(n), CONFIG);
        log.beginEpoch(epoch);
        return log;
    }

    private void append(PartitionLog log, long... values) throws IOException {
        stage(log, values);
        log.writeStaged(keeps ? syncs.written : null);
    }

    private void stage(PartitionLog log, long... values) throws IOException {
        for (long value : values) {
            assertThat(log.stage(
                            new BatchBuilder()
                                    .add(value, null, ByteBuffer.allocate(60).array())
                                    .build(),
                            epoch,
                            0))
                    .isInstanceOf(AppendOutcome.Appended.class);
        }
    }

    private static List<Long> values(LogDirectory opened, int n) throws IOException {
        PartitionLog log = opened.openOrCreate(partition(n), CONFIG);
        return PowerLossRun.read(log.view()).batches().stream()
                .map(LogModel.Placed::number)
                .toList();
    }

    private static void assertKept(SimulatedFileStore ended, int n, Long... values) throws IOException {
        for (long seed = 0; seed < SEEDS; seed++) {
            LogDirectory found = EagerSnapshots.open(ended.afterCrash(seed), DATA);
            assertThat(values(found, n)).as("seed %d", seed).containsExactly(values);
        }
    }

    private Path half(int half) {
        return DATA.resolve("odradek-journal-tested." + half);
    }

    @Test
    void aJournaledGroupIsDurableAlthoughItsFilesAreNotSynced() throws IOException {
        List<PartitionLog> logs = List.of(log(0), log(1), log(2));
        for (PartitionLog log : logs) {
            append(log, 10, 11);
        }
        syncs.sync(logs);
        for (PartitionLog log : logs) {
            append(log, 12);
        }
        syncs.sync(logs);
        assertThat(syncs.journaled).isEqualTo(2);
        assertThat(logs).allSatisfy(log -> assertThat(log.recoveryPoint()).isZero());
        for (int n = 0; n < 3; n++) {
            assertKept(store, n, 10L, 11L, 12L);
        }
    }

    @Test
    void recoveryPointsMoveWhenTheFilesBehindAHalfAreSynced() throws IOException {
        PartitionLog log = log(0);
        append(log, 10);
        syncs.sync(List.of(log));
        syncs.work();
        assertThat(log.recoveryPoint()).isZero();
        syncs.drain();
        assertThat(log.recoveryPoint()).isEqualTo(1);
        assertThat(syncs.journal.counts().drains()).isEqualTo(1);
        append(log, 11);
        syncs.sync(List.of(log));
        assertThat(log.recoveryPoint()).isEqualTo(1);
        assertKept(store, 0, 10L, 11L);
    }

    /** Else a log would end, for its recovery, where its first file does. */
    @Test
    void aSyncBehindAJournaledGroupMovesNoRecoveryPointPastIt() throws IOException {
        PartitionLog log = log(0);
        append(log, 10);
        syncs.sync(List.of(log));
        append(log, 11, 12, 13, 14, 15, 16, 17); // rolls
        syncs.sync(List.of(log));
        assertThat(syncs.journaled).isEqualTo(1);
        assertThat(log.recoveryPoint()).isZero();
        syncs.drain();
        assertThat(log.recoveryPoint()).isEqualTo(8);
    }

    @Test
    void whatWasCutIsNotReplayedOverWhatCameAfter() throws IOException {
        PartitionLog log = log(0);
        append(log, 10);
        syncs.sync(List.of(log));
        append(log, 11, 12);
        syncs.sync(List.of(log));
        log.truncateTo(1);
        log.beginEpoch(++epoch);
        append(log, 21);
        for (StoreFile file : log.takeDirtyFiles()) {
            file.sync();
        }
        assertThat(syncs.journal.counts().retirements()).isEqualTo(1);
        assertKept(store, 0, 10L, 21L);
    }

    @Test
    void aGroupThatWasCollectedBeforeACutIsNotJournaledAfterIt() throws IOException {
        PartitionLog log = log(0);
        PartitionLog other = log(1);
        append(log, 10, 11);
        append(other, 30);
        JournalGroup ranges = new JournalGroup();
        List<StoreFile> files = new ArrayList<>(log.takeDirtyFiles(ranges, syncs.written));
        files.addAll(other.takeDirtyFiles(ranges, syncs.written));
        log.truncateTo(1);
        log.beginEpoch(++epoch);
        append(log, 21);
        syncs.finish(List.of(log, other), List.of(2L, 1L), files, ranges);
        assertThat(syncs.journaled).isZero();
        assertKept(store, 0, 10L, 21L);
        assertKept(store, 1, 30L);
    }

    /** Its range begins where the last group's ended, not where the log did before it was cut. */
    @Test
    void aLogIsJournaledOnAfterACut() throws IOException {
        PartitionLog log = log(0);
        append(log, 10, 11, 12);
        syncs.sync(List.of(log));
        log.truncateTo(1);
        log.beginEpoch(++epoch);
        append(log, 21);
        syncs.sync(List.of(log));
        append(log, 22);
        syncs.sync(List.of(log));
        assertThat(syncs.journaled).isEqualTo(3);
        assertKept(store, 0, 10L, 21L, 22L);
    }

    /** As with a topic whose records are committed before they are synced. */
    @Test
    void aGroupOnItsWayWhenItsSegmentIsSwappedIsNotJournaledAfterThat() throws Exception {
        LogConfig compacted = CONFIG.withDelete(false).withCompact(true).withMinCleanableDirtyRatio(0.01);
        PartitionLog log = directory.openOrCreate(partition(5), compacted);
        log.beginEpoch(epoch);
        for (int i = 0; i < 3; i++) {
            CompactedLife.append(log, epoch, i, "key", "value " + i, 0);
        }
        JournalGroup ranges = new JournalGroup();
        List<StoreFile> files = log.takeDirtyFiles(ranges, syncs.written);
        long end = log.logEndOffset();
        for (int i = 3; i < 20; i++) {
            CompactedLife.append(log, epoch, i, "key", "value " + i, 0);
        }
        LogCleaner cleaner = new LogCleaner(
                new CompactionPass.Limits(1 << 16, 0.9, 200),
                new CleaningThrottle(Double.MAX_VALUE),
                () -> Instant.ofEpochMilli(1_000_000));
        assertThat(cleaner.cleanNext(List.of(
                        new LogCleaner.Candidate(directory, log, log.logEndOffset(), new DirectAppendThread()))))
                .isNotNull();
        syncs.finish(List.of(log), List.of(end), files, ranges);
        assertThat(syncs.journaled).isZero();
        for (long seed = 0; seed < SEEDS; seed++) {
            LogDirectory found = EagerSnapshots.open(store.afterCrash(seed), DATA);
            PartitionLog opened = found.openOrCreate(partition(5), compacted);
            assertThat(opened.view().logEndOffset()).isPositive();
            assertThat(CompactedLife.read(opened.view(), "seed " + seed))
                    .extracting(CompactedLife.Entry::key)
                    .containsOnly("key");
        }
    }

    @Test
    void aDeletedLogIsNotReplayedIntoOneOfTheSameNameAndId() throws IOException {
        PartitionLog log = log(0);
        append(log, 10, 11, 12);
        syncs.sync(List.of(log));
        directory.delete(log);
        assertThat(syncs.journal.counts().retirements()).isEqualTo(1);
        PartitionLog anew = log(0);
        append(anew, 50);
        for (StoreFile file : anew.takeDirtyFiles()) {
            file.sync();
        }
        assertKept(store, 0, 50L);
    }

    @Test
    void entriesOfAnotherTopicIdAndOfSegmentsThatAreGoneAreSkipped() throws IOException {
        PartitionLog log = log(0);
        PartitionLog other = log(1);
        append(log, 10);
        append(other, 30);
        syncs.sync(List.of(log, other));
        int survived = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedFileStore found = store.afterCrash(seed);
            FileStore disk = found;
            Path directoryOfOther = DATA.resolve(partition(1).directoryName());
            try (StoreFile metadata =
                    disk.open(directoryOfOther.resolve("partition.metadata"), FileStore.OpenMode.READ_WRITE)) {
                metadata.truncate(0);
                metadata.write(
                        ByteBuffer.wrap(
                                "version: 0\ntopic_id: AAAAAAAAAAIAAAAAAAAAAQ".getBytes(StandardCharsets.UTF_8)),
                        0);
            }
            disk.delete(DATA.resolve(partition(0).directoryName()).resolve("00000000000000000000.log"));
            EagerSnapshots.open(found, DATA);
            assertThat(disk.exists(DATA.resolve(partition(0).directoryName()).resolve("00000000000000000000.log")))
                    .isFalse();
            try (StoreFile untouched =
                    disk.open(directoryOfOther.resolve("00000000000000000000.log"), FileStore.OpenMode.READ_ONLY)) {
                ByteBuffer content = ByteBuffer.allocate(4096);
                untouched.read(content, 0);
                survived += content.position() > 0 && content.get(16) != 0 ? 1 : 0;
            }
        }
        assertThat(survived)
                .as("disks on which the bytes are there without a replay")
                .isLessThan(SEEDS);
    }

    @Test
    void aReplayThatIsCutShortAnywhereIsDoneAgain() throws IOException {
        List<PartitionLog> logs = List.of(log(0), log(1));
        for (int i = 0; i < 4; i++) {
            for (PartitionLog log : logs) {
                append(log, 10 + i);
            }
            syncs.sync(logs);
        }
        int cutShort = 0;
        for (long seed = 0; seed < 10; seed++) {
            for (int crashAt = 1; crashAt < 60; crashAt++) {
                SimulatedFileStore found = store.afterCrash(seed);
                found.crashAtOperation(crashAt);
                try {
                    EagerSnapshots.open(found, DATA);
                } catch (SimulatedCrash crash) {
                    cutShort++;
                }
                LogDirectory again = EagerSnapshots.open(found.afterCrash(seed + crashAt), DATA);
                for (int n = 0; n < 2; n++) {
                    assertThat(values(again, n))
                            .as("seed %d, cut short at operation %d", seed, crashAt)
                            .containsExactly(10L, 11L, 12L, 13L);
                }
            }
        }
        assertThat(cutShort).isGreaterThan(100);
    }

    /** The half that goes last must not say less than the one that went before it. */
    @Test
    void aJournalThatWasVoidedByHalfIsDoneWithWhereverTheNextStartIsCutShort() throws IOException {
        int cutShort = 0;
        boolean crashes = true;
        for (int voidCrash = 1; crashes; voidCrash++) {
            JournalTest life = new JournalTest(keeps);
            crashes = life.crashesWhenCut(voidCrash);
            for (int startCrash = 1; startCrash < 30; startCrash++) {
                SimulatedFileStore found = life.store.afterCrash(voidCrash);
                found.crashAtOperation(startCrash);
                try {
                    EagerSnapshots.open(found, DATA);
                } catch (SimulatedCrash crash) {
                    cutShort++;
                }
                LogDirectory again = EagerSnapshots.open(found.afterCrash(startCrash), DATA);
                assertThat(List.of(10L, 11L, 12L, 13L))
                        .as("the cut crashed at operation %d, the start at %d", voidCrash, startCrash)
                        .startsWith(values(again, 0).toArray(Long[]::new));
            }
        }
        assertThat(cutShort).isGreaterThan(100);
    }

    /** Whether cutting a log with records in the second half of its journal comes to this operation. */
    private boolean crashesWhenCut(int operation) throws IOException {
        syncs = reopened(3);
        PartitionLog log = log(0);
        for (long value = 10; value < 14; value++) {
            append(log, value);
            syncs.sync(List.of(log));
            syncs.work();
        }
        store.crashAtOperation(operation);
        try {
            log.truncateTo(1);
            return false;
        } catch (SimulatedCrash crash) {
            return true;
        }
    }

    @Test
    void aReplayedJournalDoesNotComeBack() throws IOException {
        PartitionLog log = log(0);
        append(log, 10);
        syncs.sync(List.of(log));
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedFileStore ended = store.afterCrash(seed);
            EagerSnapshots.open(ended, DATA);
            assertThat(ended.afterCrash(seed).list(DATA))
                    .as("seed %d", seed)
                    .noneMatch(path -> path.toString().contains("journal"));
        }
    }

    @Test
    void whatLiesBehindTheEndOfANewGenerationIsNotReplayed() throws IOException {
        syncs = reopened(6);
        PartitionLog log = log(0);
        for (long value = 10; value < 13; value++) {
            append(log, value);
            syncs.sync(List.of(log));
        }
        syncs.drain(); // the other half now; three old records in this one
        append(log, 13);
        syncs.sync(List.of(log));
        syncs.drain(); // and this again
        log.truncateTo(2);
        log.beginEpoch(++epoch);
        append(log, 21);
        syncs.sync(List.of(log));
        assertThat(syncs.journaled).isEqualTo(5);
        assertKept(store, 0, 10L, 11L, 21L);
    }

    @Test
    void theHalvesAreReplayedInTheOrderTheyWereWritten() throws IOException {
        syncs = reopened(3);
        PartitionLog log = log(0);
        append(log, 10);
        syncs.sync(List.of(log));
        append(log, 11);
        syncs.sync(List.of(log));
        append(log, 12); // in the other half from here on
        syncs.sync(List.of(log));
        append(log, 13);
        syncs.sync(List.of(log));
        assertThat(syncs.journaled).isEqualTo(4);
        assertKept(store, 0, 10L, 11L, 12L, 13L);
    }

    @Test
    void aHalfIsWrittenAnewOverWhatItHeld() throws IOException {
        syncs = reopened(3);
        PartitionLog log = log(0);
        for (long value = 10; value < 15; value++) {
            append(log, value);
            syncs.sync(List.of(log));
            syncs.work();
        }
        assertThat(syncs.journaled).isEqualTo(5);
        assertThat(syncs.journal.counts().drains()).isEqualTo(2);
        assertKept(store, 0, 10L, 11L, 12L, 13L, 14L);
    }

    @Test
    void aFullJournalTakesNothingUntilItIsDrained() throws IOException {
        syncs = reopened(2);
        PartitionLog log = log(0);
        for (long value = 10; value < 13; value++) {
            append(log, value);
            syncs.sync(List.of(log));
        }
        assertThat(syncs.journaled).isEqualTo(2);
        syncs.work();
        append(log, 13);
        syncs.sync(List.of(log));
        assertThat(syncs.journaled).isEqualTo(3);
        assertKept(store, 0, 10L, 11L, 12L, 13L);
    }

    private JournaledSyncs reopened(int blocks) throws IOException {
        directory.close();
        directory = EagerSnapshots.open(store, DATA);
        return new JournaledSyncs(directory, blocks);
    }

    private SimulatedFileStore threeRecords() throws IOException {
        PartitionLog log = log(0);
        for (long value = 10; value < 13; value++) {
            append(log, value);
            syncs.sync(List.of(log));
        }
        return store.afterCrash(7);
    }

    /** Byte by byte, one bit of each. */
    @Test
    void aFlippedBitBeforeTheLastRecordIsRefusedWithItsPlace() throws IOException {
        threeRecords();
        for (int record = 0; record < 2; record++) {
            for (int at = 0; at < 180; at++) {
                SimulatedFileStore found = store.afterCrash(7);
                found.corrupt(half(0), (1L + record) * BLOCK + at, 1 << at % 8);
                long place = (1L + record) * BLOCK;
                assertThatThrownBy(() -> EagerSnapshots.open(found, DATA))
                        .as("byte %d of record %d", at, record)
                        .isInstanceOfSatisfying(CorruptLogException.class, e -> {
                            assertThat(e.file()).isEqualTo(half(0));
                            assertThat(e.position()).isEqualTo(place);
                        });
            }
        }
    }

    @Test
    void aTornLastRecordEndsTheJournal() throws IOException {
        SimulatedFileStore found = threeRecords();
        found.corrupt(half(0), 3L * BLOCK + 100, 4);
        assertThat(values(EagerSnapshots.open(found, DATA), 0)).startsWith(10L, 11L);
    }

    /** Nothing behind it in its half gives it away. */
    @Test
    void aFlippedBitInTheLastRecordOfAHalfIsRefusedWhenTheOtherHalfCameAfterIt() throws IOException {
        syncs = reopened(3);
        PartitionLog log = log(0);
        for (long value = 10; value < 13; value++) {
            append(log, value);
            syncs.sync(List.of(log));
        }
        SimulatedFileStore found = store.afterCrash(7);
        found.corrupt(half(0), 2L * BLOCK + 100, 4);
        assertThatThrownBy(() -> EagerSnapshots.open(found, DATA))
                .isInstanceOfSatisfying(CorruptLogException.class, e -> {
                    assertThat(e.file()).isEqualTo(half(0));
                    assertThat(e.position()).isEqualTo(2L * BLOCK);
                });
    }

    @Test
    void oneDamagedLabelDoesNotMatterTwoAreRefused() throws IOException {
        threeRecords();
        for (int half = 0; half < 2; half++) {
            SimulatedFileStore found = store.afterCrash(7);
            found.corrupt(half(half), 13, 1);
            assertThat(values(EagerSnapshots.open(found, DATA), 0)).containsExactly(10L, 11L, 12L);
        }
        SimulatedFileStore found = store.afterCrash(7);
        found.corrupt(half(0), 13, 1);
        found.corrupt(half(1), 13, 1);
        assertThatThrownBy(() -> EagerSnapshots.open(found, DATA))
                .isInstanceOf(CorruptLogException.class)
                .hasMessageContaining("odradek-journal-tested.0 at byte 0");
    }

    @Test
    void aJournalWithoutItsOtherHalfIsRefused() throws IOException {
        SimulatedFileStore found = threeRecords();
        found.delete(half(1));
        assertThatThrownBy(() -> EagerSnapshots.open(found, DATA))
                .isInstanceOf(CorruptLogException.class)
                .hasMessageContaining("other half");
    }

    @Test
    void aCleanStopLeavesNoJournal() throws IOException {
        PartitionLog log = log(0);
        append(log, 10);
        syncs.sync(List.of(log));
        directory.close();
        assertThat(store.list(DATA)).noneMatch(path -> path.toString().contains("journal"));
        assertKept(store, 0, 10L);
    }

    /** Kafka opens a directory that crashed, without what the journal has, and stops. */
    @Test
    void aJournalBesideAMarkOfACleanStopIsRefused() throws IOException {
        SimulatedFileStore found = threeRecords();
        found.open(DATA.resolve(".kafka_cleanshutdown"), FileStore.OpenMode.CREATE_NEW)
                .close();
        assertThatThrownBy(() -> EagerSnapshots.open(found, DATA))
                .isInstanceOf(UnsuitableDirectoryException.class)
                .hasMessageContaining("odradek-journal");
        assertThat(found.exists(half(0))).isTrue();
    }

    @Test
    void aSegmentThatWasShortenedByOthersIsRefused() throws IOException {
        PartitionLog log = log(0);
        append(log, 10, 11);
        for (StoreFile file : log.takeDirtyFiles()) {
            file.sync();
        }
        append(log, 12);
        syncs.sync(List.of(log));
        SimulatedFileStore found = store.afterCrash(7);
        Path segment = log.directory().resolve("00000000000000000000.log");
        try (StoreFile shortened = found.open(segment, FileStore.OpenMode.READ_WRITE)) {
            shortened.truncate(130);
        }
        assertThatThrownBy(() -> EagerSnapshots.open(found, DATA))
                .isInstanceOfSatisfying(
                        CorruptLogException.class, e -> assertThat(e.file()).isEqualTo(segment));
    }

    @Test
    void aJournalThatCannotBeMadeIsDoneWithoutAndLeavesNothing() throws IOException {
        directory.close();
        directory = EagerSnapshots.open(store, DATA);
        store.failWrite(1);
        syncs = new JournaledSyncs(directory, 8);
        PartitionLog log = log(0);
        append(log, 10);
        syncs.sync(List.of(log));
        assertThat(syncs.journaled).isZero();
        assertThat(store.list(DATA)).noneMatch(path -> path.toString().contains("journal"));
        assertThat(directory.isOffline()).isFalse();
        assertKept(store, 0, 10L);
    }

    @Test
    void aFailedSyncOfTheJournalIsFinal() throws IOException {
        PartitionLog log = log(0);
        append(log, 10);
        store.failSync(1);
        assertThatThrownBy(() -> syncs.sync(List.of(log))).isInstanceOf(IOException.class);
        assertThat(log.recoveryPoint()).isZero();
        assertThat(store.syncFailure(DATA)).isNotNull();
        assertThatThrownBy(() -> syncs.sync(List.of(log(1)))).isInstanceOf(IOException.class);
    }

    /** The kernel calls a page clean that it could not write, and drops it: no sync of the journal tells of that. */
    @Test
    void whatItsFileNoLongerHoldsIsNotJournaled() throws IOException {
        PartitionLog log = log(0);
        stage(log, 10);
        log.writeStaged();
        store.corrupt(SegmentFiles.logPath(DATA.resolve("t0-0"), 0), 70, 1);
        assertThatThrownBy(() -> syncs.sync(List.of(log)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("00000000000000000000.log does not hold at byte 0");
        assertThat(syncs.journaled).isZero();
        assertThat(log.recoveryPoint()).isZero();
    }

    /** The journal has it as it was sent, and a start puts it right. */
    @Test
    void whatWasKeptIsJournaledWhateverItsFileHolds() throws IOException {
        PartitionLog log = log(0);
        stage(log, 10);
        log.writeStaged(syncs.written);
        store.corrupt(SegmentFiles.logPath(DATA.resolve("t0-0"), 0), 70, 1);
        syncs.sync(List.of(log));
        assertThat(syncs.journaled).isEqualTo(1);
        assertKept(store, 0, 10L);
    }

    /** One that was not handed over lies before what is kept: all of it is read back. */
    @Test
    void whatWasKeptInPartIsReadBack() throws IOException {
        PartitionLog log = log(0);
        stage(log, 10);
        log.writeStaged();
        stage(log, 11);
        log.writeStaged(syncs.written);
        stage(log, 12);
        log.writeStaged(syncs.written);
        syncs.sync(List.of(log));
        assertThat(syncs.journaled).isEqualTo(1);
        assertKept(store, 0, 10L, 11L, 12L);
    }

    /** As when the sync thread is busy: the append thread adds to the group that waits. */
    @Test
    void aGroupTakesOverWhatSeveralGroupsOfAppendsHaveKept() throws IOException {
        PartitionLog log = log(0);
        PartitionLog other = log(1);
        JournalGroup ranges = new JournalGroup();
        List<StoreFile> files = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            append(log, 10 + round);
            files.addAll(log.takeDirtyFiles(ranges, syncs.written));
            append(other, 30 + 2 * round);
            append(other, 31 + 2 * round); // a second write: of this one the group has no bytes
            files.addAll(other.takeDirtyFiles(ranges, syncs.written));
            syncs.written.clear();
        }
        syncs.finish(List.of(log, other), List.of(2L, 4L), files, ranges);
        assertThat(syncs.journaled).isEqualTo(1);
        assertKept(store, 0, 10L, 11L);
        assertKept(store, 1, 30L, 31L, 32L, 33L);
    }

    /** Whatever stands where a log's own bytes were kept a group ago. */
    @Test
    void whatAnotherLogHasKeptIsNotTakenForIt() throws IOException {
        PartitionLog log = log(0);
        PartitionLog other = log(1);
        stage(log, 10);
        log.writeStaged(syncs.written);
        syncs.written.clear(); // and is not handed over with its group
        stage(other, 30);
        other.writeStaged(syncs.written);
        syncs.sync(List.of(other, log));
        assertThat(syncs.journaled).isEqualTo(1);
        assertKept(store, 0, 10L);
        assertKept(store, 1, 30L);
    }

    @Test
    void aFailedDrainTakesTheDirectoryOffline() throws IOException {
        PartitionLog log = log(0);
        append(log, 10);
        syncs.sync(List.of(log));
        store.failSync(1);
        syncs.drain();
        assertThat(directory.isOffline()).isTrue();
        assertThat(log.recoveryPoint()).isZero();
    }
}
