package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * One small life of a log directory, ended at each of its operations in turn, and recovered from several of the disks that each
 * end may leave. Where {@link PowerLossTest} draws, this walks: a window of one operation cannot be missed.
 */
@ExtendWith(QuietEngine.class)
class CrashAtEveryOperationTest {
    private static final Path DATA = Path.of("/data");

    /** What one log may and must hold: record n of the present history is {@code values[n]}, one per batch. */
    private static final class Expected {
        final TopicPartition partition;
        final LogConfig config;
        final List<Long> values = new ArrayList<>();
        /** Exclusive; below it everything was reported as synced. */
        long durableEnd;
        /** The log begins at or above it, since a deletion up to there was answered. */
        long startsFrom;
        /** The log begins at or below it, since nobody asked for more. */
        long startsUpTo;

        Expected(int number, LogConfig config) {
            this.partition = new TopicPartition("t" + number, new UUID(1, number), 0);
            this.config = config;
        }
    }

    /** How far one life got. */
    private static final class Life {
        final SimulatedFileStore store = new SimulatedFileStore(1);
        final List<Expected> logs;
        private final int journalBlocks;
        private @Nullable JournaledSyncs syncs;
        private long nextValue = 100;
        private int epoch;
        private int journaled;

        /** @param journalBlocks of each half of a journal; 0 for none */
        Life(int count, boolean together, int journalBlocks) throws IOException {
            this.journalBlocks = journalBlocks;
            store.prepare(DATA);
            if (!together) {
                store.refuseFileSystemSync();
            }
            logs = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                logs.add(new Expected(i, config(i % 2 == 1)));
            }
        }

        void run() throws IOException {
            LogDirectory directory = open();
            append(directory, 3);
            sync(directory);
            step(directory, 7);
            append(directory, 6);
            sync(directory);
            checkpoint(directory);
            deleteRecords(directory, 4);
            append(directory, 4); // here producers are looked at for the next checkpoint
            checkpoint(directory);
            append(directory, 2);
            checkpoint(directory);
            retain(directory);
            directory.deletePending(0);
            sync(directory);
            step(directory, 3);
            truncate(directory, 2);
            step(directory, 2);
            truncate(directory, 1);
            append(directory, 5);
            sync(directory);
            step(directory, 3);
            deleteRecords(directory, 9);
            directory.deletePending(1);
            directory.deletePending(1_000_000);
            append(directory, 2); // and leaves it to the stop
            stop(directory);

            directory = open();
            append(directory, 4);
            sync(directory);
            checkpoint(directory);
            step(directory, 1);
            append(directory, 2);
            checkpoint(directory);
            truncate(directory, 1);
            stop(directory);
        }

        /** Small groups, one after the other, and the journal's thread now and then. */
        private void step(LogDirectory directory, int groups) throws IOException {
            JournaledSyncs used = syncs;
            if (used == null) {
                return;
            }
            for (int i = 0; i < groups; i++) {
                append(directory, 1);
                sync(directory);
                if (i % 3 == 2) {
                    used.work();
                }
            }
        }

        private LogDirectory open() throws IOException {
            LogDirectory directory = EagerSnapshots.open(store, DATA);
            epoch++;
            for (Expected log : logs) {
                directory.openOrCreate(log.partition, log.config).beginEpoch(epoch);
            }
            if (journalBlocks > 0) {
                syncs = new JournaledSyncs(directory, journalBlocks);
            }
            return directory;
        }

        private static PartitionLog of(LogDirectory directory, Expected log) {
            return directory.log(log.partition).orElseThrow();
        }

        private void append(LogDirectory directory, int batches) throws IOException {
            for (Expected log : logs) {
                PartitionLog to = of(directory, log);
                for (int i = 0; i < batches; i++) {
                    long value = nextValue++;
                    log.values.add(value);
                    stage(to, value, log.values.size() - 1, epoch);
                }
                to.writeStaged(syncs == null ? null : syncs.written);
            }
        }

        private void sync(LogDirectory directory) throws IOException {
            JournaledSyncs used = syncs;
            if (used != null) {
                used.sync(logs.stream().map(log -> of(directory, log)).toList());
                logs.forEach(log -> log.durableEnd = of(directory, log).logEndOffset());
                return;
            }
            for (Expected log : logs) {
                PartitionLog synced = of(directory, log);
                long end = synced.view().logEndOffset();
                for (StoreFile file : synced.takeDirtyFiles()) {
                    file.sync();
                }
                synced.synced(end);
                log.durableEnd = end;
            }
        }

        private void checkpoint(LogDirectory directory) throws IOException {
            directory.checkpointRecoveryPoints();
            for (Expected log : logs) {
                directory.checkpointHighWatermarks(Map.of(log.partition, log.durableEnd));
            }
        }

        private void deleteRecords(LogDirectory directory, long below) throws IOException {
            List<PartitionLog> shortened = new ArrayList<>();
            for (Expected log : logs) {
                log.startsUpTo = Math.max(log.startsUpTo, below);
                of(directory, log).deleteRecordsBefore(below);
                shortened.add(of(directory, log));
            }
            directory.checkpointLogStarts(shortened);
            logs.forEach(log -> log.startsFrom = Math.max(log.startsFrom, below));
        }

        private void retain(LogDirectory directory) throws IOException {
            for (Expected log : logs) {
                log.startsUpTo = Math.max(log.startsUpTo, log.durableEnd);
                of(directory, log).applyRetention(0, log.durableEnd);
            }
        }

        private void truncate(LogDirectory directory, long records) throws IOException {
            epoch++;
            for (Expected log : logs) {
                long to = log.values.size() - records;
                log.durableEnd = Math.min(log.durableEnd, to);
                of(directory, log).truncateTo(to);
                while (log.values.size() > to) {
                    log.values.removeLast();
                }
                of(directory, log).beginEpoch(epoch);
            }
        }

        private void stop(LogDirectory directory) throws IOException {
            if (syncs != null) {
                journaled += syncs.journaled;
            }
            directory.close();
            logs.forEach(log -> log.durableEnd = log.values.size());
        }
    }

    private static void stage(PartitionLog log, long value, int sequence, int epoch) throws IOException {
        AppendOutcome outcome = log.stage(
                new BatchBuilder()
                        .producer(9, (short) 0, sequence)
                        .add(value, null, ByteBuffer.allocate(60).array())
                        .build(),
                epoch,
                0);
        assertThat(outcome).isInstanceOf(AppendOutcome.Appended.class);
    }

    private static LogConfig config(boolean preallocate) {
        return LogConfig.defaults()
                .withAppendAheadBytes(128 << 10)
                .withSegmentBytes(600)
                .withIndexIntervalBytes(100)
                .withRetentionMs(-1)
                .withRetentionBytes(900)
                .withFileDeleteDelayMs(0)
                .withPreallocate(preallocate);
    }

    @Test
    void whatWasPromisedSurvivesACrashAtEachOperationWhenFilesAreSyncedOneByOne() throws Exception {
        crashEverywhere(2, false, 0);
    }

    /** More logs than are synced one by one. */
    @Test
    void whatWasPromisedSurvivesACrashAtEachOperationWhenTheFileSystemIsSynced() throws Exception {
        crashEverywhere(6, true, 0);
    }

    /** A half takes a few groups: it is full, drained and void again several times. */
    @Test
    void whatWasPromisedSurvivesACrashAtEachOperationWhenGroupsAreJournaled() throws Exception {
        crashEverywhere(2, false, 4);
    }

    /** A half takes all there is, so that each cut finds it full of what is cut. */
    @Test
    void whatWasPromisedSurvivesACrashAtEachOperationWhenTheJournalIsLarge() throws Exception {
        crashEverywhere(2, true, 40);
    }

    private static void crashEverywhere(int logs, boolean together, int journalBlocks) throws Exception {
        Life whole = new Life(logs, together, journalBlocks);
        whole.run();
        assertThat(whole.journaled).isGreaterThanOrEqualTo(journalBlocks > 0 ? 12 : 0);
        long operations = whole.store.operations();
        CrashDisks disks = new CrashDisks(32);
        for (long crashAt = 1; crashAt <= operations; crashAt++) {
            Life life = new Life(logs, together, journalBlocks);
            life.store.crashAtOperation(crashAt);
            try {
                life.run();
            } catch (SimulatedCrash crash) {
                assertThat(life.store.crashed()).isTrue();
            }
            String where = "crash at operation " + crashAt + " of " + operations + ", "
                    + life.store.trace().getLast();
            disks.each(life.store, where, (found, which) -> check(found, life.logs, which));
        }
        disks.report(logs + " logs, synced " + (together ? "together" : "one by one")
                + (journalBlocks > 0 ? ", journaled in " + journalBlocks + " blocks" : ""));
    }

    /** Recovers, recovers again from what a power loss leaves of that, and then writes on. */
    private static void check(SimulatedFileStore found, List<Expected> expected, String where) throws IOException {
        LogDirectory once = EagerSnapshots.open(found, DATA);
        List<LogView> views = new ArrayList<>();
        for (Expected log : expected) {
            LogView view = once.openOrCreate(log.partition, log.config).view();
            check(view, log, where);
            views.add(view);
        }
        LogDirectory again = EagerSnapshots.open(found.afterCrash(7), DATA);
        for (int i = 0; i < expected.size(); i++) {
            Expected log = expected.get(i);
            PartitionLog opened = again.openOrCreate(log.partition, log.config);
            LogView view = opened.view();
            assertThat(view.logEndOffset())
                    .as("%s, recovered twice", where)
                    .isEqualTo(views.get(i).logEndOffset());
            check(view, log, where + ", recovered twice");
            opened.beginEpoch(1000);
            if (view.logEndOffset() > view.logStartOffset()) { // else its producer may be forgotten
                stage(opened, 1, (int) view.logEndOffset(), 1000);
                opened.writeStaged();
            }
        }
    }

    private static void check(LogView view, Expected log, String where) throws IOException {
        String what = log.partition + ", " + where;
        assertThat(view.logStartOffset()).as(what).isBetween(log.startsFrom, log.startsUpTo);
        assertThat(view.logEndOffset()).as(what).isBetween(log.durableEnd, (long) log.values.size());
        PowerLossRun.Read read = PowerLossRun.read(view);
        long next = view.logStartOffset();
        for (LogModel.Placed batch : read.batches()) {
            assertThat(batch.baseOffset()).as(what).isEqualTo(next);
            assertThat(batch.number()).as(what).isEqualTo(log.values.get((int) next));
            next++;
        }
        assertThat(next).as(what).isEqualTo(view.logEndOffset());
    }
}
