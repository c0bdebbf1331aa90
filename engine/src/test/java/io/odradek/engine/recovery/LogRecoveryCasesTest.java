package io.odradek.engine.recovery;

import static io.odradek.engine.recovery.StoredLog.crashed;
import static io.odradek.engine.recovery.StoredLog.stopped;
import static io.odradek.engine.segment.SegmentNames.LOG;
import static io.odradek.engine.segment.SegmentNames.OFFSET_INDEX;
import static io.odradek.engine.segment.SegmentNames.PRODUCER_SNAPSHOT;
import static io.odradek.engine.segment.SegmentNames.TIME_INDEX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.odradek.engine.Durability;
import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.recovery.LogRecovery.Remembered;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.WrittenSegment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One log's files after another, each with one thing about them, and what recovery makes of it: which records are kept, which
 * files are touched and synced, what is refused with which words, how much is read.
 */
class LogRecoveryCasesTest {
    @TempDir
    Path directory;

    private StoredLog log() {
        return new StoredLog(directory);
    }

    /** Offsets [0, 12), [12, 24), [24, 30): two sealed segments and the one that was written to. */
    private StoredLog threeSegments() throws IOException {
        return log().segment(0, 6).segment(12, 6).segment(24, 3).epochs("4 0");
    }

    private static List<Long> bases(RecoveredLog log) {
        return java.util.stream.Stream.concat(
                        log.sealed().stream().map(SealedSegment::baseOffset),
                        java.util.stream.Stream.of(log.active().baseOffset()))
                .toList();
    }

    private static CorruptLogException refusal(ThrowingCallable opening) {
        CorruptLogException[] refused = new CorruptLogException[1];
        assertThatThrownBy(opening).isInstanceOfSatisfying(CorruptLogException.class, e -> refused[0] = e);
        return refused[0];
    }

    /** What recovery says, level first. */
    private static List<String> said(ThrowingCallable opening) throws Throwable {
        Logger logger = (Logger) org.slf4j.LoggerFactory.getLogger(LogRecovery.class);
        ListAppender<ILoggingEvent> listening = new ListAppender<>();
        listening.start();
        logger.setLevel(Level.DEBUG);
        logger.setAdditive(false);
        logger.addAppender(listening);
        try {
            opening.call();
        } finally {
            logger.detachAppender(listening);
            logger.setAdditive(true);
            logger.setLevel(null);
        }
        return listening.list.stream()
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .toList();
    }

    // ---- no segments

    @Test
    void aLogThatNeverGotItsFirstFileBeginsAtItsStart() throws Exception {
        try (StoredLog log = log()) {
            RecoveredLog recovered = log.open(new Remembered(false, 0, 7, 0, 0));
            assertThat(recovered.logStartOffset()).isEqualTo(7);
            assertThat(recovered.logEndOffset()).isEqualTo(7);
            assertThat(recovered.recoveryPoint()).isEqualTo(7);
            assertThat(recovered.active().baseOffset()).isEqualTo(7);
            assertThat(recovered.sealed()).isEmpty();
            assertThat(recovered.scannedBytes()).isZero();
            assertThat(log.store.operations).containsExactly("sync directory " + directory.getFileName());
        }
    }

    @Test
    void aLogThatLostAllItsSegmentsIsRefused() throws Exception {
        try (StoredLog log = log()) {
            CorruptLogException refused = refusal(() -> log.open(crashed(4)));
            assertThat(refused).hasMessageContaining("there is no segment").hasMessageContaining("row K");
            assertThat(log.contents()).isEmpty();
            assertThat(refusal(() -> log.open(stopped(4)))).hasMessageContaining("row C");
        }
    }

    // ---- below the log start

    /** Retention had removed them: what a crash brought back of them goes, with everything that belongs to it. */
    @Test
    void segmentsBelowTheLogStartGoWithAllTheirFiles() throws Exception {
        try (StoredLog log = threeSegments()) {
            for (long base : new long[] {0, 12}) {
                Files.writeString(log.path(base, PRODUCER_SNAPSHOT), "snapshot");
                Files.writeString(log.path(base, SegmentNames.TRANSACTION_INDEX), "");
            }
            RecoveredLog recovered = log.open(new Remembered(false, 12, 12, 0, 0));
            assertThat(bases(recovered)).containsExactly(12L, 24L);
            assertThat(recovered.logStartOffset()).isEqualTo(12);
            assertThat(log.contents().keySet()).noneMatch(name -> name.startsWith(SegmentNames.of(0, "")));
            assertThat(log.contents()).containsKey(SegmentNames.of(12, SegmentNames.TRANSACTION_INDEX));
            assertThat(log.store.operations).contains("sync directory " + directory.getFileName());
        }
    }

    @Test
    void aSegmentThatReachesAboveTheLogStartStays() throws Exception {
        try (StoredLog log = threeSegments()) {
            RecoveredLog recovered = log.open(new Remembered(false, 30, 11, 0, 0));
            assertThat(bases(recovered)).containsExactly(0L, 12L, 24L);
            assertThat(recovered.logStartOffset()).isEqualTo(11);
        }
    }

    /** All that is left had been deleted by request: offsets go on where they were, and nobody sees the old ones again. */
    @Test
    void aLogThatEndsBelowItsStartBeginsThere() throws Exception {
        try (StoredLog log = threeSegments()) {
            Files.writeString(log.path(12, SegmentNames.TRANSACTION_INDEX), "");
            RecoveredLog recovered = log.open(new Remembered(false, 24, 40, 0, 0));
            assertThat(bases(recovered)).containsExactly(40L);
            assertThat(recovered.logStartOffset()).isEqualTo(40);
            assertThat(recovered.logEndOffset()).isEqualTo(40);
            assertThat(recovered.recoveryPoint()).isEqualTo(40);
            assertThat(recovered.epochs().count()).isZero();
            assertThat(Files.readString(log.epochsFile())).isEqualTo("0\n0\n");
            assertThat(log.contents())
                    .containsOnlyKeys(
                            SegmentNames.of(40, LOG),
                            log.epochsFile().getFileName().toString());
            assertThat(log.store.operations).last().isEqualTo("sync directory " + directory.getFileName());
            assertThat(log.store.operations).contains("close " + SegmentNames.of(24, LOG));
        }
    }

    /** Of producers it knows what it knows of records: nothing, also where a snapshot of the start is there. */
    @Test
    void aLogThatBeginsAnewKnowsNoProducers() throws Exception {
        try (StoredLog log = threeSegments()) {
            for (long offset : new long[] {24, 30, 40, 50}) {
                ProducerReplay.write(oneProducer(), log.store, directory, offset, true);
            }
            RecoveredLog recovered = log.open(new Remembered(false, 24, 40, 0, 0));
            assertThat(bases(recovered)).containsExactly(40L);
            assertThat(recovered.producers().size()).isZero();
            assertThat(log.contents())
                    .doesNotContainKeys(SegmentNames.of(40, PRODUCER_SNAPSHOT), SegmentNames.of(50, PRODUCER_SNAPSHOT));
            assertThat(log.open(new Remembered(false, 24, 40, 0, 0)).producers().size())
                    .isZero();
        }
    }

    @Test
    void aLogThatEndsAtItsStartKeepsItsLastSegment() throws Exception {
        try (StoredLog log = threeSegments()) {
            RecoveredLog recovered = log.open(new Remembered(false, 24, 30, 0, 0));
            assertThat(bases(recovered)).containsExactly(24L);
            assertThat(recovered.logStartOffset()).isEqualTo(30);
            assertThat(recovered.logEndOffset()).isEqualTo(30);
        }
    }

    // ---- after a clean stop

    /** Reads the batches behind the last index entry, and no more; writes nothing. */
    @Test
    void afterACleanStopOnlyTheEndIsLookedAt() throws Exception {
        try (StoredLog log = threeSegments()) {
            Map<String, String> before = log.contents();
            RecoveredLog recovered = log.open(stopped(30));
            assertThat(recovered.logEndOffset()).isEqualTo(30);
            assertThat(recovered.recoveryPoint()).isEqualTo(30);
            assertThat(recovered.epochs()).hasToString("LeaderEpochs[4@0]");
            assertThat(recovered.scannedBytes()).isEqualTo(StoredLog.BATCH_BYTES); // the third of three
            assertThat(log.store.operations)
                    .filteredOn(operation -> !operation.startsWith("close") && !operation.contains(".snapshot"))
                    .containsExactly("sync directory " + directory.getFileName()); // for the snapshots
            assertThat(log.contents()).containsAllEntriesOf(before);
        }
    }

    /** Kafka leaves zeros behind the entries of an index it did not close; they are none, however many. */
    @Test
    void zerosBehindAnIndexsEntriesAreNone() throws Exception {
        try (StoredLog log = log().segment(0, 40).epochs("4 0")) {
            log.at(0).truncate(OFFSET_INDEX, Files.size(log.path(0, OFFSET_INDEX)) + 5 * 8);
            log.at(0).truncate(TIME_INDEX, Files.size(log.path(0, TIME_INDEX)) + 7 * 12);
            RecoveredLog recovered = log.open(stopped(80));
            assertThat(recovered.scannedBytes()).isEqualTo(2 * StoredLog.BATCH_BYTES);
            assertThat(recovered.active().offsetIndex().count()).isEqualTo(19);
            recovered.active().persistIndexes(false);
            assertThat(Files.size(log.path(0, OFFSET_INDEX))).isEqualTo(19 * 8);
        }
    }

    @Test
    void anIndexOfZerosIsRebuilt() throws Exception {
        try (StoredLog log = log().segment(0, 40).epochs("4 0")) {
            log.at(0).truncate(OFFSET_INDEX, 0);
            log.at(0).truncate(OFFSET_INDEX, 80);
            RecoveredLog recovered = log.open(stopped(80));
            assertThat(recovered.scannedBytes()).isEqualTo(40 * StoredLog.BATCH_BYTES);
            assertThat(recovered.active().offsetIndex().count()).isEqualTo(19);
        }
    }

    /** Each way in which the index's last entry, where the walk begins, may be wrong: what is opened is as if it were right. */
    @Test
    void aWrongLastIndexEntryAfterACleanStopChangesNothing() throws Exception {
        List<int[]> wrong = List.of(
                new int[] {77, 3700}, // another batch's
                new int[] {77, 3850}, // no batch's
                new int[] {77, 3900}, // that of the one behind it
                new int[] {75, 3800}, // not the batch's last offset
                new int[] {77, 3950}, // too near the end for a batch
                new int[] {77, 4000}); // the end
        for (int[] entry : wrong) {
            try (StoredLog log = log().segment(0, 40).epochs("4 0")) {
                byte[] intact = Files.readAllBytes(log.path(0, OFFSET_INDEX));
                log.at(0).putInt(OFFSET_INDEX, intact.length - 8, entry[0]);
                log.at(0).putInt(OFFSET_INDEX, intact.length - 4, entry[1]);
                RecoveredLog recovered = log.open(stopped(80));
                assertThat(recovered.logEndOffset()).isEqualTo(80);
                recovered.active().persistIndexes(false);
                assertThat(Files.readAllBytes(log.path(0, OFFSET_INDEX)))
                        .as("entry %d, %d", entry[0], entry[1])
                        .isEqualTo(intact);
            }
            for (String suffix : List.of(LOG, OFFSET_INDEX, TIME_INDEX)) {
                Files.delete(SegmentNames.in(directory, 0, suffix));
            }
        }
    }

    @Test
    void whatAClosedLogHasLostIsRefused() throws Exception {
        try (StoredLog log = threeSegments()) {
            log.at(24).truncate(LOG, 200);
            CorruptLogException refused = refusal(() -> log.open(stopped(30)));
            assertThat(refused.file()).isEqualTo(log.path(24, LOG));
            assertThat(refused.position()).isEqualTo(200);
            assertThat(refused.offset()).isEqualTo(28);
            assertThat(refused.problem())
                    .contains("the last batch ends there; the intact part ends at offset 28, but 30 is recorded as"
                            + " synced and 30 as shown")
                    .contains("the last stop was clean")
                    .contains("row C")
                    .contains(
                            "Nothing was changed. Restore the file, or move the partition's directory away to start it"
                                    + " empty");
            assertThat(refusal(() -> log.open(new Remembered(true, 28, 0, 30, 0))))
                    .hasMessageContaining("row B");
        }
    }

    @Test
    void aHalfBatchAfterACleanStopIsRefused() throws Exception {
        try (StoredLog log = threeSegments()) {
            log.at(24).truncate(LOG, 250);
            Map<String, String> before = log.contents();
            CorruptLogException refused = refusal(() -> log.open(stopped(28)));
            assertThat(refused.position()).isEqualTo(200);
            assertThat(refused.problem())
                    .contains("50 bytes are no batch header")
                    .contains("row D");
            assertThat(log.contents()).isEqualTo(before);
        }
    }

    /** Not the end is missing: something in the middle is, and what lies behind could be saved. */
    @Test
    void aBrokenBatchBeforeAnIntactOneAfterACleanStopIsRefusedAsThat() throws Exception {
        try (StoredLog log = log().segment(0, 2).epochs("4 0")) {
            log.at(0).damage(LOG, BatchLayout.LENGTH_AT, 1);
            CorruptLogException refused = refusal(() -> log.open(stopped(4)));
            assertThat(refused.position()).isZero();
            assertThat(refused.problem())
                    .contains("no batch of format 2 begins here")
                    .contains("row E");
            log.at(0).damage(LOG, 100 + BatchLayout.MAGIC_AT, 1);
            assertThat(refusal(() -> log.open(stopped(4)))).hasMessageContaining("row D");
        }
    }

    /** Nothing was written down for this log: it was not open when the process stopped so cleanly. */
    @Test
    void aLogLongerThanItsCleanStopSaysIsRecoveredAsAfterACrash() throws Exception {
        try (StoredLog log = threeSegments()) {
            log.at(24).damage(LOG, 299, 1);
            RecoveredLog recovered = log.open(stopped(24));
            assertThat(recovered.logEndOffset()).isEqualTo(28);
            assertThat(Files.size(log.path(24, LOG))).isEqualTo(200);
            // The last header makes the log longer: below what was written down, so it is refused.
            log.at(24).damage(LOG, 100 + BatchLayout.LAST_OFFSET_DELTA_AT + 2, 1);
            assertThat(refusal(() -> log.open(stopped(28))))
                    .hasMessageContaining("the last stop was not clean")
                    .hasMessageContaining("row K");
        }
    }

    @Test
    void anEpochThatBeganAtTheEndIsKeptAndOneBeyondIsNot() throws Exception {
        try (StoredLog log = threeSegments().epochs("4 0", "5 30", "6 31")) {
            RecoveredLog recovered = log.open(stopped(30));
            assertThat(recovered.epochs()).hasToString("LeaderEpochs[4@0, 5@30]");
            assertThat(Files.readString(log.epochsFile())).isEqualTo("0\n2\n4 0\n5 30\n");
            assertThat(log.store.operations)
                    .containsSubsequence(
                            "sync leader-epoch-checkpoint.tmp",
                            "rename leader-epoch-checkpoint.tmp to leader-epoch-checkpoint",
                            "sync directory " + directory.getFileName());
        }
    }

    @Test
    void lostEpochsAreReadFromTheBatchesAfterACleanStop() throws Exception {
        try (StoredLog log = threeSegments()) {
            Files.delete(log.epochsFile());
            RecoveredLog recovered = log.open(stopped(30));
            assertThat(recovered.epochs()).hasToString("LeaderEpochs[4@0]");
            assertThat(recovered.scannedBytes()).isEqualTo(100 + 600 + 600 + 300);
            assertThat(Files.readString(log.epochsFile())).isEqualTo("0\n1\n4 0\n");
        }
    }

    @Test
    void aSealedSegmentsMissingIndexIsRebuiltAfterACleanStop() throws Exception {
        for (String suffix : List.of(OFFSET_INDEX, TIME_INDEX)) {
            try (StoredLog log = threeSegments()) {
                log.open(stopped(30)); // snapshots are there now, too
                Map<String, String> before = log.contents();
                Files.delete(log.path(12, suffix));
                RecoveredLog recovered = log.open(stopped(30));
                assertThat(log.contents()).containsAllEntriesOf(before);
                assertThat(recovered.scannedBytes()).isEqualTo(600 + 100);
                assertThat(log.store.operations)
                        .containsSubsequence(
                                "sync " + SegmentNames.of(12, suffix) + ".tmp",
                                "rename " + SegmentNames.of(12, suffix) + ".tmp to " + SegmentNames.of(12, suffix),
                                "sync directory " + directory.getFileName())
                        .noneMatch(operation -> operation.contains(SegmentNames.of(0, suffix)));
                clear();
            }
        }
    }

    private void clear() throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    /** The index would be made to say what the damaged batch says. */
    @Test
    void noIndexIsRebuiltFromADamagedBatch() throws Exception {
        try (StoredLog log = threeSegments()) {
            Files.delete(log.path(12, TIME_INDEX));
            log.at(12).damage(LOG, 200 + BatchLayout.MAX_TIMESTAMP_AT + 7, 1);
            CorruptLogException refused = refusal(() -> log.open(stopped(30)));
            assertThat(refused.file()).isEqualTo(log.path(12, LOG));
            assertThat(refused.position()).isEqualTo(200);
            assertThat(refused.offset()).isEqualTo(16);
        }
    }

    // ---- after a crash: what lies below the recovery point

    /** From the index entry below the recovery point on; what lies before was synced, fits, and is not written to. */
    @Test
    void whatWasSyncedIsNotCheckedAndNotTouched() throws Exception {
        try (StoredLog log = threeSegments()) {
            RecoveredLog recovered = log.open(crashed(24));
            assertThat(recovered.logEndOffset()).isEqualTo(30);
            // The headers behind the last index entries of two segments, then all of the third.
            assertThat(recovered.scannedBytes()).isEqualTo(2 * 200 + 300);
            assertThat(log.store.operations)
                    .filteredOn(operation -> !operation.startsWith("close"))
                    .noneMatch(operation -> operation.endsWith(SegmentNames.of(0, LOG)))
                    .noneMatch(operation -> operation.endsWith(SegmentNames.of(12, LOG)))
                    .noneMatch(operation -> operation.contains(SegmentNames.of(0, OFFSET_INDEX)))
                    .noneMatch(operation -> operation.contains(SegmentNames.of(12, TIME_INDEX)))
                    .contains("sync " + SegmentNames.of(24, LOG));
        }
    }

    @Test
    void aRecoveryPointWithinASegmentSparesWhatLiesBeforeItsIndexEntry() throws Exception {
        try (StoredLog log = log().segment(0, 40).epochs("4 0")) {
            // Entries at the batches of 4, 8, 12 ...: the last below 30 is that of the batch that ends at 29.
            assertThat(log.open(crashed(30)).scannedBytes()).isEqualTo(4000 - 1400);
            assertThat(log.open(crashed(29)).scannedBytes()).isEqualTo(4000 - 1200);
        }
    }

    @Test
    void aRecoveryPointBelowTheFirstSegmentIsFine() throws Exception {
        try (StoredLog log = log().segment(50, 3).segment(56, 2).epochs("4 50")) {
            RecoveredLog recovered = log.open(crashed(10));
            assertThat(bases(recovered)).containsExactly(50L, 56L);
            assertThat(recovered.scannedBytes()).isEqualTo(500);
        }
    }

    @Test
    void aHoleBelowTheRecoveryPointIsRefused() throws Exception {
        try (StoredLog log = threeSegments()) {
            for (String suffix : List.of(LOG, OFFSET_INDEX, TIME_INDEX)) {
                Files.delete(log.path(12, suffix));
            }
            Map<String, String> before = log.contents();
            // Before the segment that holds the recovery point, and before one below it.
            log.segment(30, 2);
            for (long recoveryPoint : new long[] {26, 32}) {
                CorruptLogException refused = refusal(() -> log.open(crashed(recoveryPoint)));
                assertThat(refused.file()).isEqualTo(log.path(24, LOG));
                assertThat(refused.offset()).isEqualTo(12);
                assertThat(refused.problem())
                        .contains("follows where offset 12 was expected")
                        .contains("synced segments are missing");
            }
            assertThat(log.contents()).containsAllEntriesOf(before);
        }
    }

    /** A synced file that is empty now has lost what it held, also when it is the log's first and its offset is 0. */
    @Test
    void aFirstSegmentThatLostItsSyncedRecordsIsRefused() throws Exception {
        for (long base : new long[] {0, 50}) {
            try (StoredLog log = log().segment(base, 6).segment(base + 12, 3).epochs("4 0")) {
                log.at(base).truncate(LOG, 0);
                assertThat(refusal(() -> log.open(crashed(base + 14))))
                        .hasMessageContaining("follows where offset " + base + " was expected");
                clear();
            }
        }
    }

    @Test
    void aSyncedSegmentThatReachesIntoTheNextIsRefused() throws Exception {
        try (StoredLog log = log().segment(0, 7).segment(12, 6).segment(24, 3).epochs("4 0")) {
            CorruptLogException refused = refusal(() -> log.open(crashed(24)));
            assertThat(refused.file()).isEqualTo(log.path(0, LOG));
            assertThat(refused.position()).isEqualTo(600);
            assertThat(refused.offset()).isEqualTo(12);
            assertThat(refused.problem())
                    .contains("the batch claims offsets up to 13, the next segment begins at 12")
                    .contains("below the recovery point 24");
        }
    }

    @Test
    void aSyncedBatchThatIsNoneIsRefused() throws Exception {
        try (StoredLog log = threeSegments()) {
            log.at(12).damage(LOG, 500 + BatchLayout.MAGIC_AT, 1);
            CorruptLogException refused = refusal(() -> log.open(crashed(24)));
            assertThat(refused.file()).isEqualTo(log.path(12, LOG));
            assertThat(refused.position()).isEqualTo(500);
            assertThat(refused.problem()).contains("so it had been synced").contains("Nothing was changed");
        }
    }

    /** Behind the records of a preallocated segment whose trim was lost: they go, and its records stay. */
    @Test
    void zerosBehindSyncedRecordsGo() throws Exception {
        try (StoredLog log = threeSegments()) {
            log.at(0).truncate(LOG, 5000);
            log.at(12).truncate(LOG, 1000);
            RecoveredLog recovered = log.open(crashed(24));
            assertThat(bases(recovered)).containsExactly(0L, 12L, 24L);
            assertThat(recovered.logEndOffset()).isEqualTo(30);
            assertThat(recovered.sealed().getFirst().sizeBytes()).isEqualTo(600);
            assertThat(Files.size(log.path(0, LOG))).isEqualTo(600);
            assertThat(Files.size(log.path(12, LOG))).isEqualTo(600);
            assertThat(log.store.operations)
                    .containsSubsequence("truncate " + SegmentNames.of(0, LOG), "sync " + SegmentNames.of(0, LOG))
                    .containsSubsequence("truncate " + SegmentNames.of(12, LOG), "sync " + SegmentNames.of(12, LOG));
        }
    }

    /** Compaction's gaps are tolerated, so a hole would pass: a segment that was synced and is zeros now must not. */
    @Test
    void aSyncedSegmentOfZerosIsRefused() throws Exception {
        try (StoredLog log = threeSegments()) {
            log.config = log.config.withCompact(true);
            log.at(12).truncate(LOG, 0);
            log.at(12).truncate(LOG, 600);
            assertThat(refusal(() -> log.open(crashed(24))).problem()).contains("so it had been synced");
        }
    }

    // ---- gaps

    /** [0, 12), [20, 32), [40, 46): what compaction may have left. */
    private StoredLog withGaps() throws IOException {
        return log().segment(0, 6).segment(20, 6).segment(40, 3).epochs("4 0");
    }

    @Test
    void aGapBetweenSegmentsIsTakenForCompactionsOnlyAsFarAsCompactionCame() throws Exception {
        try (StoredLog log = withGaps()) {
            assertThat(bases(log.open(new Remembered(false, 46, 0, 0, 40)))).containsExactly(0L, 20L, 40L);
            assertThat(bases(log.open(new Remembered(false, 40, 0, 0, 40)))).containsExactly(0L, 20L, 40L);
            assertThat(refusal(() -> log.open(new Remembered(false, 40, 0, 0, 39))))
                    .hasMessageContaining("follows where offset 32 was expected");
            assertThat(refusal(() -> log.open(new Remembered(false, 40, 0, 0, 19))))
                    .hasMessageContaining("follows where offset 12 was expected");
        }
    }

    /** A pass that was interrupted has not noted how far it came. */
    @Test
    void aGapBelowTheRecoveryPointOfACompactedLogIsTakenForCompactions() throws Exception {
        try (StoredLog log = withGaps()) {
            log.config = log.config.withCompact(true);
            assertThat(bases(log.open(crashed(40)))).containsExactly(0L, 20L, 40L);
        }
    }

    @Test
    void segmentsThatOverlapAreNoCompactionsWork() throws Exception {
        try (StoredLog log = log().segment(0, 6).segment(12, 6).segment(24, 3).epochs("4 0")) {
            log.config = log.config.withCompact(true);
            // The first now ends at 16; no gap, so nothing is forgiven.
            log.at(0).putLong(LOG, 500, 14);
            assertThat(refusal(() -> log.open(new Remembered(false, 24, 0, 0, 100))))
                    .hasMessageContaining("claims offsets up to 15, the next segment begins at 12");
        }
    }

    /** A flipped last offset would make a gap of records that are there. */
    @Test
    void aGapBelowTheRecoveryPointIsBelievedWhenTheBatchBeforeItIsIntact() throws Exception {
        try (StoredLog log = withGaps()) {
            log.config = log.config.withCompact(true);
            log.at(20).damage(LOG, 500 + BatchLayout.LAST_OFFSET_DELTA_AT + 3, 1);
            CorruptLogException refused = refusal(() -> log.open(crashed(40)));
            assertThat(refused.file()).isEqualTo(log.path(20, LOG));
            assertThat(refused.position()).isEqualTo(500);
            assertThat(refused.problem()).contains("the batch has CRC");
        }
    }

    /** Also when its last batch is in neither index, and so nothing else is found to be wrong. */
    @Test
    void theCrcOfTheBatchBeforeAGapIsComparedWhateverTheIndexesSay() throws Exception {
        try (StoredLog log = log()) {
            log.config = log.config.withCompact(true);
            WrittenSegment first = new WrittenSegment(directory, 0, StoredLog.INTERVAL);
            first.add(0, 2, 100, 2000);
            first.add(2, 2, 100, 1000);
            log.written(first).segment(20, 3).epochs("4 0");
            assertThat(log.open(crashed(20)).logEndOffset()).isEqualTo(26);
            log.at(0).damage(LOG, 100 + BatchLayout.LAST_OFFSET_DELTA_AT + 3, 1);
            CorruptLogException refused = refusal(() -> log.open(crashed(20)));
            assertThat(refused.file()).isEqualTo(log.path(0, LOG));
            assertThat(refused.position()).isEqualTo(100);
            assertThat(refused.problem()).contains("the batch has CRC");
        }
    }

    @Test
    void anEmptySegmentBetweenOthersHasNoBatchToCheck() throws Exception {
        try (StoredLog log = log().segment(0, 6).segment(20, 0).segment(40, 3).epochs("4 0")) {
            log.config = log.config.withCompact(true);
            RecoveredLog recovered = log.open(crashed(40));
            assertThat(bases(recovered)).containsExactly(0L, 20L, 40L);
            assertThat(recovered.logEndOffset()).isEqualTo(46);
        }
    }

    /** The log's end is never below its last segment's first offset, or what is appended would not belong there. */
    @Test
    void anEmptyLastSegmentBehindAGapIsWhereTheLogGoesOn() throws Exception {
        try (StoredLog log = log().segment(0, 6).segment(20, 0).epochs("4 0")) {
            RecoveredLog recovered = log.open(new Remembered(false, 0, 0, 0, 20));
            assertThat(bases(recovered)).containsExactly(0L, 20L);
            assertThat(recovered.logEndOffset()).isEqualTo(20);
        }
    }

    @Test
    void aGapBetweenCheckedBatchesIsCompactionsOrACut() throws Exception {
        try (StoredLog log = log()) {
            WrittenSegment gaps = new WrittenSegment(directory, 0, StoredLog.INTERVAL);
            gaps.add(0, 2, 100, 1);
            gaps.add(6, 2, 100, 2);
            log.written(gaps).epochs("4 0");
            byte[] content = Files.readAllBytes(log.path(0, LOG));
            assertThat(log.open(new Remembered(false, 0, 0, 0, 6)).logEndOffset())
                    .isEqualTo(8);
            assertThat(log.open(new Remembered(false, 0, 0, 0, 5)).logEndOffset())
                    .isEqualTo(2);
            Files.write(log.path(0, LOG), content);
            log.config = log.config.withCompact(true);
            assertThat(log.open(crashed(0)).logEndOffset()).isEqualTo(8);
        }
    }

    // ---- after a crash: what is kept, and what is cut

    /** It may be shown to readers, and a retry of it is answered "already there". */
    @Test
    void whatIsKeptIsSyncedBeforeTheLogIsOpen() throws Exception {
        try (StoredLog log = threeSegments()) {
            log.open(crashed(0));
            String directorySync = "sync directory " + directory.getFileName();
            for (long base : new long[] {0, 12, 24}) {
                assertThat(log.store.operations)
                        .containsSubsequence("sync " + SegmentNames.of(base, LOG), directorySync)
                        .containsSubsequence(
                                "sync " + SegmentNames.of(base, OFFSET_INDEX) + ".tmp",
                                "rename " + SegmentNames.of(base, OFFSET_INDEX) + ".tmp to "
                                        + SegmentNames.of(base, OFFSET_INDEX),
                                directorySync);
            }
        }
    }

    /** A process that died alone left its files' names in the page cache: a second crash must not take them. */
    @Test
    void namesAreSyncedBeforeTheLogIsOpenAlsoWhenNoFileChanges() throws Exception {
        try (StoredLog log = log().segment(0, 3).epochs("4 0")) {
            log.open(crashed(0));
            Map<String, String> before = log.contents();
            log.open(crashed(0));
            assertThat(log.contents()).isEqualTo(before);
            assertThat(log.store.operations).contains("sync directory " + directory.getFileName());
        }
    }

    @Test
    void eachCutIsSaidWithItsRow() throws Throwable {
        try (StoredLog log = threeSegments()) {
            assertThat(said(() -> log.open(crashed(24))))
                    .last()
                    .asString()
                    .startsWith("DEBUG")
                    .contains("row F");
            log.at(24).damage(LOG, 299, 1);
            assertThat(said(() -> log.open(crashed(24))))
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("INFO Cutting " + log.path(24, LOG)
                                    + " at byte 200, log end offset 28: the batch has CRC")
                            .contains("row G"));
            log.at(24).damage(LOG, 99, 1);
            assertThat(said(() -> log.open(crashed(24))))
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("WARN Cutting " + log.path(24, LOG) + " at byte 0, log end offset 24")
                            .contains("row H"));
            log.at(12).damage(LOG, 599, 1);
            assertThat(said(() -> log.open(crashed(12))))
                    .anySatisfy(
                            line -> assertThat(line).startsWith("WARN Cutting").contains("row H"))
                    .anySatisfy(line -> assertThat(line).startsWith("WARN Removing " + log.path(24, LOG)));
            log.config = log.config.withDurability(new Durability.PageCache());
            log.at(12).truncate(LOG, 300);
            assertThat(said(() -> log.open(new Remembered(false, 12, 0, 20, 0))))
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("WARN Cutting")
                            .contains("(recovery point 12, high watermark 20 had been recorded)")
                            .contains("row J"));
        }
    }

    /** The broken batch is the last, but what it is made of must not pass for one behind it. */
    @Test
    void aCutThatRemovesNothingIntactIsNoAlarm() throws Throwable {
        try (StoredLog log = log().segment(0, 1).epochs("4 0")) {
            log.at(0).damage(LOG, 99, 1);
            assertThat(said(() -> log.open(crashed(0))))
                    .anySatisfy(
                            line -> assertThat(line).startsWith("INFO Cutting").contains("row G"));
        }
    }

    @Test
    void aSegmentThatIsMissingAboveTheRecoveryPointEndsTheLogAndIsSaid() throws Throwable {
        try (StoredLog log = threeSegments()) {
            Files.delete(log.path(12, LOG));
            assertThat(said(() ->
                            assertThat(log.open(crashed(6)).logEndOffset()).isEqualTo(12)))
                    .anySatisfy(line -> assertThat(line)
                            .contains("segment " + SegmentNames.of(24, LOG) + " follows where offset 12 was expected")
                            .contains("row H"));
            assertThat(log.contents().keySet()).noneMatch(name -> name.startsWith(SegmentNames.of(24, "")));
            assertThat(log.store.operations).contains("close " + SegmentNames.of(24, LOG));
        }
    }

    /** Else the entries of what was cut would still be in the file, and pass for those of what takes its place. */
    @Test
    void theIndexOfASegmentThatIsCutLosesTheEntriesOfWhatWasCut() throws Exception {
        try (StoredLog log = log().segment(0, 40).epochs("4 0")) {
            log.at(0).damage(LOG, 1099, 1);
            log.open(crashed(4));
            assertThat(Files.size(log.path(0, OFFSET_INDEX))).isEqualTo(4 * 8);
            assertThat(Files.size(log.path(0, TIME_INDEX))).isEqualTo(4 * 12);
            log.at(0).damage(LOG, 99, 1);
            log.open(crashed(0));
            assertThat(Files.size(log.path(0, LOG))).isZero();
            assertThat(Files.size(log.path(0, OFFSET_INDEX))).isZero();
            assertThat(Files.size(log.path(0, TIME_INDEX))).isZero();
        }
    }

    @Test
    void aNewLogThatHasNoRecordsYetGetsNoIndexFiles() throws Exception {
        try (StoredLog log = log().segment(0, 0).epochs("4 0")) {
            Files.delete(log.path(0, OFFSET_INDEX));
            Files.delete(log.path(0, TIME_INDEX));
            log.open(crashed(0));
            assertThat(log.contents()).doesNotContainKey(SegmentNames.of(0, OFFSET_INDEX));
        }
    }

    /** Those of one segment, too: the part below the recovery point is read again when the file is gone. */
    @Test
    void lostEpochsAreReadFromTheBatchesAfterACrash() throws Exception {
        try (StoredLog log = log().segment(0, 2)) {
            WrittenSegment second = new WrittenSegment(directory, 4, StoredLog.INTERVAL);
            for (int n = 0; n < 20; n++) {
                second.add(WrittenSegment.batch(4 + 2L * n, 2, 100, 2000 + n, 5 + n / 4));
            }
            log.written(second);
            for (long recoveryPoint : new long[] {0, 4, 40, 44}) {
                RecoveredLog recovered = log.open(crashed(recoveryPoint));
                assertThat(recovered.epochs()).hasToString("LeaderEpochs[4@0, 5@4, 6@12, 7@20, 8@28, 9@36]");
                Files.delete(log.epochsFile());
            }
        }
    }

    @Test
    void anEpochWithoutRecordsBelowTheRecoveryPointIsKeptAndOneAboveIsNotMissed() throws Exception {
        try (StoredLog log = log().segment(0, 40).epochs("1 0", "2 0", "3 8")) {
            Files.writeString(log.epochsFile(), "0\n3\n1 0\n4 8\n5 70\n");
            assertThat(log.open(crashed(60)).epochs()).hasToString("LeaderEpochs[1@0, 4@8]");
        }
    }

    @Test
    void aRefusedLogLeavesNoFileOpen() throws Exception {
        try (StoredLog log = threeSegments()) {
            log.at(24).truncate(LOG, 0);
            refusal(() -> log.open(crashed(30)));
            for (long base : new long[] {0, 12, 24}) {
                assertThat(log.store.operations).containsOnlyOnce("close " + SegmentNames.of(base, LOG));
            }
        }
    }

    /** Also of those that were removed already when something fails. */
    @Test
    void aRecoveryThatFailsHalfwayLeavesNoFileOpen() throws Exception {
        try (StoredLog log = threeSegments()) {
            log.at(0).damage(LOG, 599, 1);
            log.store.failing = "sync " + SegmentNames.of(0, LOG);
            assertThatThrownBy(() -> log.open(crashed(0))).hasMessageContaining("injected");
            for (long base : new long[] {0, 12, 24}) {
                assertThat(log.store.operations).containsOnlyOnce("close " + SegmentNames.of(base, LOG));
            }
            // And the next one finishes its work.
            log.store.failing = null;
            assertThat(log.open(crashed(0)).logEndOffset()).isEqualTo(10);
        }
    }

    private static ProducerStates oneProducer() throws IOException {
        ProducerStates states = new ProducerStates();
        states.replay(
                new BatchBuilder()
                        .producer(77, (short) 0, 0)
                        .add(0, null, null)
                        .build()
                        .bytes(),
                0,
                0);
        return states;
    }

    /** After a clean stop one at the end is what was written; after a crash it may be of any age. */
    @Test
    void aSnapshotAboveTheRecoveryPointIsBelievedAfterACleanStopOnly() throws Exception {
        try (StoredLog log = threeSegments()) {
            ProducerStates snapshot = oneProducer();
            for (long offset : new long[] {30, 24, 12}) {
                ProducerReplay.write(snapshot, log.store, directory, offset, true);
                assertThat(log.open(stopped(30)).producers().size()).isEqualTo(1);
                assertThat(log.open(crashed(offset)).producers().size()).isEqualTo(1);
                assertThat(log.open(new Remembered(false, 0, offset, 0, 0))
                                .producers()
                                .size())
                        .as("the snapshot that the log starts with")
                        .isEqualTo(1);
                assertThat(log.open(crashed(offset - 1)).producers().size()).isZero();
                clear();
                threeSegments();
            }
        }
    }

    @Test
    void aSegmentLongerThanAnyPositionIsRefused() throws Exception {
        try (StoredLog log = log().segment(0, 1).epochs("4 0")) {
            log.at(0).truncate(LOG, 1L << 31); // sparse
            assertThat(refusal(() -> log.open(crashed(0)))).hasMessageContaining("a segment of 2147483648 bytes");
        }
        clear();
        try (StoredLog log = threeSegments()) {
            ProducerReplay.write(new ProducerStates(), log.store, directory, 24, true); // nobody reads what lies before
            log.at(12).truncate(LOG, Integer.MAX_VALUE);
            assertThat(log.open(stopped(30)).sealed().get(1).sizeBytes()).isEqualTo(Integer.MAX_VALUE);
            log.at(12).truncate(LOG, 1L << 31);
            assertThat(refusal(() -> log.open(stopped(30)))).hasMessageContaining("a segment of 2147483648 bytes");
        }
    }
}
