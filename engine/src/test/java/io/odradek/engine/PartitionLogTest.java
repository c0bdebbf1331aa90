package io.odradek.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.AppendOutcome.Duplicate;
import io.odradek.engine.AppendOutcome.NotLeader;
import io.odradek.engine.AppendOutcome.NotNext;
import io.odradek.engine.AppendOutcome.OutOfOrderSequence;
import io.odradek.engine.AppendOutcome.ProducerFenced;
import io.odradek.engine.AppendOutcome.StorageFailed;
import io.odradek.engine.AppendOutcome.TooLarge;
import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.record.KafkaBatches;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.compress.Compression;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionLogTest {
    private static final int EPOCH = TemporaryLog.EPOCH;

    /** Counts its shares. */
    private static final class CountedLease implements BufferLease {
        final AtomicInteger shares = new AtomicInteger(1);

        @Override
        public boolean tryRetain() {
            int seen = shares.get();
            return seen > 0 && shares.compareAndSet(seen, seen + 1);
        }

        @Override
        public void release() {
            assertThat(shares.decrementAndGet()).isNotNegative();
        }
    }

    private static ValidatedBatch leased(BufferLease lease, int valueBytes) {
        return KafkaBatches.of(List.of("v".repeat(valueBytes)), List.of(1L), Compression.NONE, lease);
    }

    private static ValidatedBatch from(long producerId, int epoch, int sequence) {
        return new BatchBuilder()
                .producer(producerId, (short) epoch, sequence)
                .add(1, null, new byte[] {1})
                .build();
    }

    @Test
    void onlyTheLogsOwnEpochMayAppend() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            for (int epoch : List.of(EPOCH - 1, EPOCH + 1)) {
                CountedLease lease = new CountedLease();
                assertThat(log.log.stage(leased(lease, 1), epoch, 0)).isEqualTo(new NotLeader(EPOCH));
                assertThat(lease.shares).hasValue(0);
            }
            log.log.beginEpoch(EPOCH + 1);
            assertThat(log.log.stage(TemporaryLog.batch(1, 1, 1), EPOCH + 1, 0)).isInstanceOf(Appended.class);
            assertThatThrownBy(() -> log.log.beginEpoch(EPOCH)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static FetchedBatches fetched(BufferLease lease, long baseOffset, int epoch, int batches) throws Exception {
        ByteBuffer all = ByteBuffer.allocate(1_000);
        for (int i = 0; i < batches; i++) {
            ValidatedBatch batch = TemporaryLog.batch(2, 1, 1);
            batch.assign(baseOffset + 2L * i, epoch);
            all.put(batch.bytes().duplicate().rewind());
        }
        return FetchedBatches.check(all.flip().slice(), lease);
    }

    /** All of an answer or nothing: what does not follow the log does not enter it, nor what comes while it does not follow. */
    @Test
    void whatALeaderSentEntersAsAWholeOrNotAtAll() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            log.append(TemporaryLog.batch(4, 1, 1), 0);
            CountedLease lease = new CountedLease();
            assertThat(log.log.stageFetched(fetched(lease, 4, EPOCH, 1), EPOCH, 0, new Appended()))
                    .as("it leads")
                    .isInstanceOf(NotNext.class);
            log.log.beginEpoch(EPOCH + 1); // and writes nothing in it
            log.log.follow();
            assertThat(log.log.view().latestEpoch()).as("no record is of it").isEqualTo(EPOCH);
            assertThat(log.log.stage(TemporaryLog.batch(1, 1, 1), EPOCH, 0)).isInstanceOf(NotLeader.class);
            assertThat(log.log.stageFetched(fetched(lease, 2, EPOCH, 3), EPOCH + 2, 0, new Appended()))
                    .as("begins below the end")
                    .isInstanceOf(NotNext.class);
            assertThat(log.log.stageFetched(fetched(lease, 4, EPOCH - 1, 1), EPOCH + 2, 0, new Appended()))
                    .as("of an older epoch")
                    .isInstanceOf(NotNext.class);
            assertThat(log.log.stageFetched(fetched(lease, 4, EPOCH + 3, 1), EPOCH + 2, 0, new Appended()))
                    .as("of a later epoch than its leader's")
                    .isInstanceOf(NotNext.class);
            log.log.writeStaged();
            assertThat(lease.shares).as("the caller's own").hasValue(1);
            assertThat(log.log.logEndOffset()).isEqualTo(4);
            assertThat(log.log.stageFetched(fetched(lease, 4, EPOCH + 1, 3), EPOCH + 2, 0, new Appended()))
                    .isInstanceOfSatisfying(
                            Appended.class,
                            appended -> assertThat(appended.lastOffset()).isEqualTo(9));
            log.log.writeStaged();
            assertThat(log.log.view().endOffsetFor(EPOCH)).isEqualTo(new LogView.EpochEnd(EPOCH, 4));
            assertThat(log.log.logEndOffset()).isEqualTo(10);
        }
    }

    @Test
    void epochsEndWhereTheNextBegins() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            log.append(TemporaryLog.batch(4, 1, 1), 0);
            log.log.beginEpoch(8);
            log.append(TemporaryLog.batch(3, 1, 1), 0);
            LogView view = log.log.view();
            assertThat(view.endOffsetFor(5)).isEqualTo(new LogView.EpochEnd(5, 4));
            assertThat(view.endOffsetFor(7)).isEqualTo(new LogView.EpochEnd(5, 4));
            assertThat(view.endOffsetFor(8)).isEqualTo(new LogView.EpochEnd(8, 7));
            assertThat(view.endOffsetFor(9)).isEqualTo(new LogView.EpochEnd(-1, -1));
            assertThat(view.endOffsetFor(3)).isEqualTo(new LogView.EpochEnd(3, 0));
        }
    }

    @Test
    void aBatchLargerThanASegmentIsRefused() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(100))) {
            CountedLease lease = new CountedLease();
            assertThat(log.log.stage(leased(lease, 200), EPOCH, 0)).isInstanceOf(TooLarge.class);
            assertThat(lease.shares).hasValue(0);
            assertThat(log.log.view().logEndOffset()).isZero();
        }
    }

    @Test
    void aRetryIsAnsweredWithTheFirstOffsetsAcrossRestartCrashAndTruncation() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(400))) {
            for (int sequence = 0; sequence < 20; sequence++) {
                log.append(from(77, 0, sequence), 0);
            }
            for (int round = 0; round < 3; round++) {
                assertThat(log.log.stage(from(77, 0, 19), EPOCH, 0))
                        .isInstanceOfSatisfying(
                                Duplicate.class,
                                duplicate -> assertThat(duplicate.baseOffset()).isEqualTo(19));
                assertThat(log.log.stage(from(77, 0, 22), EPOCH, 0)).isEqualTo(new OutOfOrderSequence(20, 22));
                if (round == 0) {
                    log.reopenCleanly();
                } else if (round == 1) {
                    log.crash();
                }
            }
            assertThat(log.log.truncateTo(12)).isEqualTo(12);
            assertThat(log.log.stage(from(77, 0, 19), EPOCH, 0)).isEqualTo(new OutOfOrderSequence(12, 19));
            log.append(from(77, 0, 12), 0);
            log.append(from(77, 1, 0), 0);
            assertThat(log.log.stage(from(77, 0, 13), EPOCH, 0)).isEqualTo(new ProducerFenced((short) 1, (short) 0));
            assertThat(log.log.describeProducers()).hasSize(1);
            assertThat(log.log.expireProducers(Long.MAX_VALUE / 2, 1)).isEqualTo(1);
        }
    }

    @Test
    void aSegmentIsSealedByTheTimeBetweenItsFirstBatchAndTheNext() throws Exception {
        LogConfig base = LogConfig.defaults();
        try (TemporaryLog log = new TemporaryLog(base)) {
            log.append(TemporaryLog.batch(1, 1, 1000), 0);
            log.append(TemporaryLog.batch(1, 1, 1000 + base.segmentMs()), 0);
            assertThat(log.log.view().segmentCount()).isEqualTo(1);
            log.append(TemporaryLog.batch(1, 1, 1001 + base.segmentMs()), 0);
            assertThat(log.log.view().segmentCount()).isEqualTo(2);
            // By the clock, when records have no time.
            log.append(TemporaryLog.batch(1, 1, -1), 0);
            log.append(TemporaryLog.batch(1, 1, -1), Long.MAX_VALUE / 2);
            assertThat(log.log.view().segmentCount()).isEqualTo(2);
        }
    }

    @Test
    void aSegmentIsSealedWhenAnIndexIsFull() throws Exception {
        // Room for 5 offset entries and 3 time entries, one of them kept for the end.
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults()
                .withSegmentBytes(1 << 20)
                .withIndexIntervalBytes(0)
                .withSegmentIndexBytes(40))) {
            for (int i = 0; i < 12; i++) {
                log.append(TemporaryLog.batch(1, 1, 1000 + i), 0);
            }
            LogView view = log.log.view();
            assertThat(view.segmentCount()).isGreaterThan(3);
            for (int n = 0; n < view.segmentCount(); n++) {
                assertThat(view.segment(n).timeIndex().count()).isLessThanOrEqualTo(3);
                assertThat(view.segment(n).offsetIndex().count()).isLessThanOrEqualTo(5);
            }
        }
    }

    @Test
    void aNewSegmentsDirectoryEntryIsAmongWhatHasToBeSynced() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(200))) {
            log.append(TemporaryLog.batch(1, 50, 1), 0);
            assertThat(log.log.takeDirtyFiles()).hasSize(1);
            assertThat(log.log.takeDirtyFiles()).isEmpty();
            log.append(TemporaryLog.batch(1, 50, 1), 0);
            log.append(TemporaryLog.batch(1, 50, 1), 0);
            List<StoreFile> files = log.log.takeDirtyFiles();
            assertThat(files).extracting(StoreFile::path).contains(log.logFiles());
            assertThat(files).hasSizeGreaterThanOrEqualTo(3);
            for (StoreFile file : files) {
                file.sync();
            }
            log.log.synced(3);
            assertThat(log.log.recoveryPoint()).isEqualTo(3);
        }
    }

    @Test
    void aRemovedSegmentIsStillSyncedBecauseACrashMayFindItAgainAheadOfOthers() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(200))) {
            for (int i = 0; i < 6; i++) {
                log.append(TemporaryLog.batch(1, 50, 1), 0);
            }
            var first = log.log.view().segment(0).log().path();
            log.log.deleteRecordsBefore(5);
            assertThat(log.log.view().firstSegmentBaseOffset()).isPositive();
            List<StoreFile> files = log.log.takeDirtyFiles();
            assertThat(files).extracting(StoreFile::path).contains(first);
            for (StoreFile file : files) {
                file.sync();
            }
            log.log.synced(6);
            assertThat(log.log.recoveryPoint()).isEqualTo(6);
        }
    }

    @Test
    void aLogThatNobodySyncsLetsGoOfRemovedSegmentsWhenACheckpointHasSyncedThem() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(200))) {
            for (int i = 0; i < 6; i++) {
                log.append(TemporaryLog.batch(1, 50, 1), 0);
            }
            var first = log.log.view().segment(0).log().path();
            log.log.deleteRecordsBefore(5);
            log.directory.checkpointRecoveryPoints();
            for (int i = 0; i < 6; i++) {
                log.append(TemporaryLog.batch(1, 50, 1), 0); // until a roll
            }
            assertThat(log.log.takeDirtyFiles())
                    .extracting(StoreFile::path)
                    .isNotEmpty()
                    .doesNotContain(first);
        }
    }

    @Test
    void aSyncAskedForBeforeATruncationSaysNothingAboutWhatIsAppendedAfter() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            log.append(TemporaryLog.batch(5, 1, 1), 0);
            log.append(TemporaryLog.batch(5, 1, 1), 0);
            log.log.takeDirtyFiles();
            log.log.truncateTo(5);
            log.append(TemporaryLog.batch(9, 1, 1), 0);
            log.log.synced(10);
            assertThat(log.log.recoveryPoint()).isLessThanOrEqualTo(5);
            log.sync();
            assertThat(log.log.recoveryPoint()).isEqualTo(14);
        }
    }

    /** As Kafka's LogSegment.largestTimestamp: records without a timestamp are as old as the file. */
    @Test
    void segmentsWithoutTimestampsAreAsOldAsTheirFiles() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(300).withRetentionMs(10_000))) {
            for (int i = 0; i < 12; i++) {
                log.append(TemporaryLog.batch(1, 60, -1), 0);
            }
            long now = System.currentTimeMillis();
            int segments = log.log.view().segmentCount();
            assertThat(segments).isGreaterThan(4);
            assertThat(log.log.applyRetention(now + 9_000, 12)).isZero();
            for (int n = 0; n < 2; n++) {
                Files.setLastModifiedTime(log.log.view().segment(n).log().path(), FileTime.fromMillis(now - 5_000));
            }
            assertThat(log.log.applyRetention(now + 9_000, 12)).isEqualTo(2);
            log.reopenCleanly();
            assertThat(log.log.applyRetention(now + 60_000, 12)).isEqualTo(segments - 2);
        }
    }

    @Test
    void durabilityDecidesWhetherAnAppendWaitsForASync() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            assertThat(log.log.mustSync()).isTrue();
            log.reconfigure(durable(new Durability.PageCache(), 10, Long.MAX_VALUE));
            log.append(TemporaryLog.batch(9, 1, 1), 0);
            assertThat(log.log.mustSync()).isFalse();
            log.append(TemporaryLog.batch(1, 1, 1), 0);
            assertThat(log.log.mustSync()).isTrue();
            log.sync();
            assertThat(log.log.mustSync()).isFalse();
            assertThat(log.log.syncDueAtMs()).isEqualTo(Long.MAX_VALUE);
            log.reconfigure(durable(new Durability.Interval(200), Long.MAX_VALUE, 500));
            log.append(TemporaryLog.batch(1, 1, 1), 1000);
            log.append(TemporaryLog.batch(1, 1, 1), 1100);
            assertThat(log.log.syncDueAtMs()).isEqualTo(1200);
        }
    }

    private static LogConfig durable(Durability durability, long flushMessages, long flushMs) {
        return LogConfig.defaults()
                .withDurability(durability)
                .withFlushMessages(flushMessages)
                .withFlushMs(flushMs);
    }

    @Test
    void readersAtTheTailAreServedFromMemoryAndGiveItBack() throws Exception {
        try (TemporaryLog log = new TemporaryLog(LogConfig.defaults())) {
            CountedLease unread = new CountedLease();
            log.append(leased(unread, 10), 0);
            assertThat(unread.shares).hasValue(0); // nobody reads here

            LogView before = log.log.view();
            assertThat(LogReader.read(before, 1, before.end(), 100, true).slices())
                    .isEmpty(); // waits at the end
            CountedLease read = new CountedLease();
            byte[] stored = log.append(leased(read, 10), 0);
            assertThat(read.shares).hasValue(1);
            LogView view = log.log.view();
            FetchedSlices slices = LogReader.read(view, 1, view.end(), 1 << 20, true);
            assertThat(slices.slices()).singleElement().isInstanceOf(MemorySlice.class);
            assertThat(TemporaryLog.bytes(slices)).isEqualTo(stored);
            assertThat(read.shares).hasValue(2);
            log.log.truncateTo(1);
            assertThat(read.shares).hasValue(1); // the reader's
            slices.close();
            slices.close();
            assertThat(read.shares).hasValue(0);
            LogView cut = log.log.view();
            FetchedSlices older = LogReader.read(cut, 0, cut.end(), 1 << 20, true);
            assertThat(older.slices()).singleElement().isInstanceOf(FileSlice.class);
            older.close();
        }
    }

    @Test
    void memoryForReadersIsBoundedAndGivenBackWhenNobodyReads() throws Exception {
        RecentMemory memory = new RecentMemory(1000);
        RecentBatches recent = new RecentBatches(memory);
        recent.noteTailRead();
        CountedLease[] leases = new CountedLease[50];
        for (int i = 0; i < 50; i++) {
            leases[i] = new CountedLease();
            ValidatedBatch batch = leased(leases[i], 10);
            batch.assign(i, 1);
            recent.written(batch);
            assertThat(memory.heldBytes()).isLessThanOrEqualTo(1000);
        }
        assertThat(leases[0].shares).hasValue(0);
        assertThat(leases[49].shares).hasValue(1);
        assertThat(RecentBatches.read(recent.window(), 0, 50, 1000, true)).isNull();
        FetchedSlices tail = RecentBatches.read(recent.window(), 48, 50, 1000, true);
        java.util.Objects.requireNonNull(tail).close();
        memory.releaseIdle();
        assertThat(leases[49].shares).hasValue(1);
        memory.releaseIdle();
        assertThat(leases).allSatisfy(lease -> assertThat(lease.shares).hasValue(0));
        assertThat(memory.heldBytes()).isZero();
    }

    @Test
    void aSegmentStaysOpenForAReaderAfterItsRemoval() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(200))) {
            byte[] first = log.append(TemporaryLog.batch(1, 50, 1), 0);
            for (int i = 0; i < 5; i++) {
                log.append(TemporaryLog.batch(1, 50, 1), 0);
            }
            LogView old = log.log.view();
            FetchedSlices held = LogReader.read(old, 0, old.end(), 1, true);
            assertThat(log.log.deleteRecordsBefore(4)).isEqualTo(4);
            log.directory.deletePending(0);
            log.directory.deletePending(60_000);
            try (var files = Files.list(log.logFiles())) {
                assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".deleted"));
            }
            assertThat(TemporaryLog.bytes(held)).isEqualTo(first);
            held.close();
            assertThatThrownBy(() -> LogReader.read(old, 0, old.end(), 1, true))
                    .isInstanceOf(OffsetOutOfRangeException.class);
        }
    }

    @Test
    void aFullDiskTakesTheDirectoryOfflineAndLosesNothingWritten(@TempDir Path root) throws Exception {
        FaultyStore store = new FaultyStore();
        byte[] kept;
        try (LogDirectory directory = LogDirectory.open(store, root.resolve("d"), null, 1)) {
            AtomicInteger told = new AtomicInteger();
            directory.onOffline(cause -> told.incrementAndGet());
            PartitionLog log = directory.openOrCreate(TemporaryLog.PARTITION, LogConfig.defaults());
            log.beginEpoch(EPOCH);
            log.stage(TemporaryLog.batch(2, 10, 1), EPOCH, 0);
            log.writeStaged();
            LogView before = log.view();
            kept = TemporaryLog.bytes(LogReader.read(before, 0, before.end(), 1000, true));
            store.freeBytes = 100;
            CountedLease lease = new CountedLease();
            log.stage(leased(lease, 10), EPOCH, 0);
            log.stage(leased(new CountedLease(), 10), EPOCH, 0);
            assertThatThrownBy(log::writeStaged).isInstanceOf(IOException.class).hasMessageContaining("No space left");
            assertThat(lease.shares).hasValue(0);
            assertThat(told).hasValue(1);
            assertThat(log.view().logEndOffset()).isEqualTo(2);
            assertThat(log.stage(TemporaryLog.batch(1, 1, 1), EPOCH, 0))
                    .isInstanceOfSatisfying(
                            StorageFailed.class,
                            failed -> assertThat(failed.reason())
                                    .contains("offline")
                                    .contains("No space left"));
            assertThat(Files.size(root.resolve("d/orders-3/00000000000000000000.log")))
                    .isEqualTo(before.sizeBytes());
            directory.onOffline(cause -> told.incrementAndGet());
            assertThat(told).hasValue(2);
        }
        store.freeBytes = Long.MAX_VALUE;
        try (LogDirectory directory = LogDirectory.open(store, root.resolve("d"), null, 1)) {
            assertThat(directory.wasStoppedCleanly()).isFalse();
            LogView view = directory
                    .openOrCreate(TemporaryLog.PARTITION, LogConfig.defaults())
                    .view();
            assertThat(TemporaryLog.bytes(LogReader.read(view, 0, view.end(), 1000, true)))
                    .isEqualTo(kept);
        }
    }

    @Test
    void everyFileIsClosedInTheEnd(@TempDir Path root) throws Exception {
        FaultyStore store = new FaultyStore();
        for (int run = 0; run < 3; run++) {
            try (LogDirectory directory = LogDirectory.open(store, root.resolve("d"), null, 1)) {
                PartitionLog log = directory.openOrCreate(TemporaryLog.PARTITION, TemporaryLog.smallSegments(300));
                log.beginEpoch(EPOCH);
                for (int i = 0; i < 20; i++) {
                    log.stage(TemporaryLog.batch(2, 10, i), EPOCH, 0);
                }
                log.writeStaged();
                log.takeDirtyFiles();
                LogView view = log.view();
                LogReader.read(view, view.logStartOffset(), view.end(), 1000, true)
                        .close();
                LogReader.maxTimestamp(view, view.end());
                log.deleteRecordsBefore(view.logEndOffset() - 11);
                log.truncateTo(view.logEndOffset() - 3);
                directory.checkpointRecoveryPoints();
            }
            assertThat(store.openFiles).isZero();
        }
    }
}
