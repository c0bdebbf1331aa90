package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.RecordBatch;
import io.odradek.replication.quorum.EntryBatch;
import io.odradek.replication.quorum.EntryBatch.LeaderChange;
import io.odradek.replication.quorum.EntryBatch.VotersChange;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.LogOutline;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a server of the quorum finds again. */
@ExtendWith(QuietLog.class)
class QuorumStorageTest {

    private static final Path DATA = Path.of("/data");
    private static final Path LOG = DATA.resolve("__cluster_metadata-0");
    private static final String CLUSTER = "AAAAAAAAAAAAAAAAAAAAAg";
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochMilli(5_000));
    private static final VoterSet ONE = VoterSet.of(List.of(new Voter(new ReplicaKey(1, new UUID(1, 1)), List.of())));
    private static final VoterSet TWO = VoterSet.of(List.of(
            new Voter(new ReplicaKey(1, new UUID(1, 1)), List.of()),
            new Voter(new ReplicaKey(2, new UUID(1, 2)), List.of())));
    private static final LogConfig CONFIG = LogConfig.defaults()
            .withDurability(new Durability.Sync())
            .withSegmentBytes(400)
            .withIndexIntervalBytes(100)
            .withRetentionMs(-1)
            .withRetentionBytes(-1)
            .withMaxMessageBytes(Integer.MAX_VALUE)
            .withDelete(false)
            .withFileDeleteDelayMs(0);

    private record Value(List<byte[]> values) implements QuorumStorage.DataPayload {}

    private static SimulatedFileStore disk() throws IOException {
        SimulatedFileStore store = new SimulatedFileStore(1);
        store.prepare(DATA);
        return store;
    }

    private static LogDirectory directory(FileStore store) throws IOException {
        return LogDirectory.open(store, DATA, CLUSTER, 1);
    }

    private static QuorumStorage open(FileStore store, LogDirectory directory) throws IOException {
        return QuorumStorage.open(store, directory, CONFIG, ONE, CLOCK);
    }

    private static EntryBatch values(int epoch, long offset, int count) {
        List<byte[]> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(ByteBuffer.allocate(40).putLong(offset + i).array());
        }
        return new EntryBatch(epoch, offset, count, null, new Value(values));
    }

    private static EntryBatch leader(int epoch, long offset) {
        return new EntryBatch(epoch, offset, 1, null, new LeaderChange(1, ONE));
    }

    private static void snapshot(QuorumStorage storage, OffsetAndEpoch at, VoterSet voters) throws IOException {
        try (SnapshotWriter writer = storage.write(at, voters, 77)) {
            writer.append(List.of(new byte[] {1}, new byte[] {2}));
            writer.append(List.of(new byte[] {3}));
            writer.finish();
        }
    }

    // ---- What is there is found.

    @Test
    void epochsVotersAndEndsAreFoundInTheLog() throws Exception {
        SimulatedFileStore store = disk();
        LogDirectory directory = directory(store);
        QuorumStorage storage = open(store, directory);
        assertThat(storage.hardState()).isEqualTo(HardState.FIRST);
        assertThat(storage.outline().end()).isZero();
        assertThat(storage.outline().voters()).isEqualTo(ONE);
        storage.append(leader(2, 0));
        storage.append(values(2, 1, 3));
        storage.append(new EntryBatch(2, 4, 1, TWO, new VotersChange(TWO)));
        storage.append(leader(5, 5));
        storage.sync();
        HardState voted = new HardState(6, new ReplicaKey(2, new UUID(1, 2)), HardState.NOBODY);
        storage.write(voted);
        storage.append(values(5, 6, 1)); // and is lost
        SimulatedFileStore found = store.afterCrash(3);
        QuorumStorage again = open(found, directory(found));
        assertThat(again.hardState()).isEqualTo(voted);
        LogOutline outline = again.outline();
        assertThat(outline.end()).isBetween(6L, 7L);
        assertThat(outline.durableEnd()).isEqualTo(outline.end());
        assertThat(outline.voters()).isEqualTo(TWO);
        assertThat(outline.votersAt(4)).isEqualTo(ONE);
        List<EntryBatch> batches = new ArrayList<>();
        again.visit(0, 6, (batch, bytes) -> batches.add(batch));
        assertThat(batches).extracting(EntryBatch::baseOffset).containsExactly(0L, 1L, 4L, 5L);
        assertThat(batches).extracting(EntryBatch::epoch).containsExactly(2, 2, 2, 5);
    }

    @Test
    void aSnapshotSaysWhereTheLogBegins() throws Exception {
        SimulatedFileStore store = disk();
        LogDirectory directory = directory(store);
        QuorumStorage storage = open(store, directory);
        storage.append(leader(2, 0));
        for (int i = 0; i < 20; i++) {
            storage.append(values(2, 1 + i, 1));
        }
        storage.sync();
        storage.write(new HardState(2, null, 1));
        OffsetAndEpoch at = new OffsetAndEpoch(15, 2);
        snapshot(storage, at, TWO);
        storage.keep(at);
        snapshot(storage, new OffsetAndEpoch(16, 2), TWO);
        storage.keep(new OffsetAndEpoch(16, 2));
        SimulatedFileStore found = store.afterCrash(1);
        QuorumStorage again = open(found, directory(found));
        assertThat(again.outline().start()).isEqualTo(new OffsetAndEpoch(16, 2));
        assertThat(again.outline().end()).isEqualTo(21);
        assertThat(again.outline().highWatermark()).isEqualTo(16);
        assertThat(again.outline().voters()).isEqualTo(TWO);
        List<Integer> values = new ArrayList<>();
        assertThat(again.readSnapshot(batch -> values.add(batch.limit()))).isEqualTo(TWO);
        assertThat(values).as("batches of data").hasSize(2);
        assertThat(again.openSnapshot(at)).as("an older one is gone").isNull();
    }

    @Test
    void theFirstSnapshotSaysWhoVotesAndIsSentToNobody() throws Exception {
        SimulatedFileStore store = disk();
        LogDirectory directory = directory(store);
        snapshot(open(store, directory), OffsetAndEpoch.NOTHING, TWO);
        SimulatedFileStore found = store.afterCrash(1);
        QuorumStorage again = QuorumStorage.open(found, directory(found), CONFIG, VoterSet.NONE, CLOCK);
        assertThat(again.outline().voters()).isEqualTo(TWO);
        assertThat(again.openSnapshot(OffsetAndEpoch.NOTHING)).isNull();
    }

    // ---- What contradicts itself is refused.

    private interface Damage {
        void to(SimulatedFileStore store) throws IOException;
    }

    private static void refused(String message, Damage damage) throws Exception {
        SimulatedFileStore store = disk();
        LogDirectory directory = directory(store);
        QuorumStorage storage = open(store, directory);
        storage.append(leader(2, 0));
        for (int i = 0; i < 20; i++) {
            storage.append(values(2, 1 + i, 1));
        }
        storage.sync();
        storage.write(new HardState(2, null, 1));
        OffsetAndEpoch at = new OffsetAndEpoch(15, 2);
        snapshot(storage, at, TWO);
        storage.keep(at);
        damage.to(store);
        SimulatedFileStore found = store.afterKill();
        LogDirectory opened = directory(found);
        assertThatThrownBy(() -> open(found, opened))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message)
                .hasMessageContaining(LOG.toString())
                .hasMessageNotContaining("\n");
    }

    private static final Path SNAPSHOT = LOG.resolve("00000000000000000015-0000000002.checkpoint");

    @Test
    void whatContradictsItselfIsRefused() throws Exception {
        refused("no snapshot says what was before", store -> store.delete(SNAPSHOT));
        refused("the batch is not intact", store -> store.corrupt(SNAPSHOT, 80, 4));
        refused("without its footer", store -> {
            try (StoreFile file = store.open(SNAPSHOT, FileStore.OpenMode.READ_WRITE)) {
                file.truncate(file.size() - lengthOfFooter());
            }
        });
        refused("no whole batch begins here", store -> {
            try (StoreFile file = store.open(SNAPSHOT, FileStore.OpenMode.READ_WRITE)) {
                file.truncate(file.size() - 1);
            }
        });
        refused(
                "expected 0 of epoch 3",
                store -> store.rename(SNAPSHOT, LOG.resolve("00000000000000000015-0000000003.checkpoint")));
        refused("the size of record 0 is wrong", QuorumStorageTest::withARecordLongerThanItsBatch);
        refused("expected 3 of epoch 2", QuorumStorageTest::withoutItsSecondBatch);
        refused("is missing beside a log", store -> store.delete(LOG.resolve("quorum-state")));
        refused("expected one JSON object", store -> {
            try (StoreFile file = store.open(LOG.resolve("quorum-state"), FileStore.OpenMode.READ_WRITE)) {
                file.truncate(0);
            }
        });
    }

    private static void withARecordLongerThanItsBatch(SimulatedFileStore store) throws IOException {
        try (StoreFile file = store.open(SNAPSHOT, FileStore.OpenMode.READ_WRITE)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(bytes, 0);
            bytes.flip();
            int second = RecordBatch.sizeInBytes(bytes, 0);
            bytes.put(second + BatchLayout.RECORDS_AT, (byte) 0x7E);
            RecordBatch.sealCrc(bytes, second);
            file.write(bytes, 0);
        }
    }

    private static void withoutItsSecondBatch(SimulatedFileStore store) throws IOException {
        try (StoreFile file = store.open(SNAPSHOT, FileStore.OpenMode.READ_WRITE)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(bytes, 0);
            bytes.flip();
            int second = RecordBatch.sizeInBytes(bytes, 0);
            int third = second + RecordBatch.sizeInBytes(bytes, second);
            file.truncate(second);
            file.append(new ByteBuffer[] {bytes.slice(third, bytes.limit() - third)}, 1);
        }
    }

    private static int lengthOfFooter() {
        BatchBuilder footer = ControlBatches.snapshotFooter(5_000);
        return footer.build().sizeBytes();
    }

    @Test
    void withoutVotersAServerOnlyFollows() throws Exception {
        SimulatedFileStore store = disk();
        QuorumStorage storage = QuorumStorage.open(store, directory(store), CONFIG, VoterSet.NONE, CLOCK);
        assertThat(storage.outline().voters()).isEqualTo(VoterSet.NONE);
        assertThat(storage.newestSnapshot()).isNull();
    }

    @Test
    void whoVotesFirstIsWrittenDownOnceAndForAll() throws Exception {
        SimulatedFileStore store = disk();
        QuorumStorage.open(store, directory(store), CONFIG, TWO, CLOCK);
        SimulatedFileStore found = store.afterCrash(1);
        QuorumStorage again = QuorumStorage.open(found, directory(found), CONFIG, ONE, CLOCK);
        assertThat(again.newestSnapshot()).isEqualTo(OffsetAndEpoch.NOTHING);
        assertThat(again.outline().voters()).isEqualTo(TWO);
        assertThat(again.openSnapshot(OffsetAndEpoch.NOTHING))
                .as("nobody fetches it")
                .isNull();
    }

    // ---- A log from before there was a quorum.

    /** As the one writer wrote it: data alone, every start an epoch, the first of which is 0. */
    private static SimulatedFileStore ofOneWriter() throws IOException {
        SimulatedFileStore store = disk();
        try (LogDirectory directory = directory(store)) {
            PartitionLog log = directory.openOrCreate(MetadataPartition.PARTITION, CONFIG);
            for (int epoch = 0; epoch < 3; epoch++) {
                for (int batch = 0; batch < 4; batch++) {
                    BatchBuilder builder = new BatchBuilder();
                    builder.add(5_000, null, new byte[] {(byte) epoch, (byte) batch});
                    builder.add(5_000, null, new byte[60]);
                    log.stageReplicated(ControlBatches.placed(builder, log.logEndOffset(), epoch), 5_000);
                    log.writeStaged();
                }
            }
        }
        return store;
    }

    private static VoterSet alone(LogDirectory directory) {
        return VoterSet.of(
                List.of(new Voter(new ReplicaKey(1, directory.identity().directoryId()), List.of())));
    }

    @Test
    void theLogOfOneWriterIsTakenOverAsItIsWhereverACrashFalls() throws Exception {
        SimulatedFileStore whole = ofOneWriter().afterKill();
        QuorumStorage taken = takeOver(whole);
        assertThat(taken.outline().end()).isEqualTo(24);
        assertThat(taken.hardState()).isEqualTo(new HardState(2, null, HardState.NOBODY));
        for (long operation = 1; operation <= whole.operations(); operation++) {
            SimulatedFileStore store = ofOneWriter().afterKill();
            store.crashAtOperation(operation);
            try {
                takeOver(store);
            } catch (SimulatedCrash crash) {
                // as it should
            }
            for (long seed = 0; seed < 3; seed++) {
                QuorumStorage after = takeOver(store.afterCrash(seed));
                List<Integer> epochs = new ArrayList<>();
                after.visit(0, 24, (batch, bytes) -> epochs.add(batch.epoch()));
                assertThat(epochs)
                        .as("operation " + operation + ", seed " + seed)
                        .containsExactly(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2);
                assertThat(after.outline().end()).isEqualTo(24);
                assertThat(after.hardState()).isEqualTo(new HardState(2, null, HardState.NOBODY));
                assertThat(after.outline().voters().size()).isEqualTo(1);
            }
        }
    }

    private static QuorumStorage takeOver(SimulatedFileStore store) throws IOException {
        LogDirectory directory = directory(store);
        return QuorumStorage.open(store, directory, CONFIG, alone(directory), CLOCK);
    }

    /** Two empty logs would outvote it. */
    @Test
    void theLogOfOneWriterIsNotTakenWhereOthersVote() throws Exception {
        for (VoterSet voters : List.of(VoterSet.NONE, TWO)) {
            SimulatedFileStore store = ofOneWriter();
            LogDirectory directory = directory(store);
            assertThatThrownBy(() -> QuorumStorage.open(store, directory, CONFIG, voters, CLOCK))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("start it once without controller.quorum.voters");
        }
    }

    /** Else who lost the file could vote again in an epoch in which it voted. */
    @Test
    void aLogThatALeaderHasWrittenIntoIsNoLogOfOneWriter() throws Exception {
        SimulatedFileStore store = ofOneWriter().afterKill();
        QuorumStorage storage = takeOver(store);
        storage.append(leader(3, 24));
        storage.sync();
        store.delete(storage.stateFile());
        SimulatedFileStore found = store.afterKill();
        assertThatThrownBy(() -> takeOver(found)).hasMessageContaining("may vote twice");
    }

    @Test
    void afterAFailedSyncNothingIsWrittenAnyMore() throws Exception {
        SimulatedFileStore store = disk();
        LogDirectory directory = directory(store);
        QuorumStorage storage = open(store, directory);
        storage.append(leader(2, 0));
        store.failSync(1);
        assertThatThrownBy(storage::sync).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> storage.write(new HardState(2, null, 1))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> storage.append(leader(3, 1))).isInstanceOf(IOException.class);
        assertThatThrownBy(storage::sync).isInstanceOf(IOException.class);
    }

    // ---- Crashes.

    /** What may be found: one of these, by where log and snapshot begin, and at least so much behind it. */
    private record Reached(long start, int startEpoch, long durableEnd, long end) {}

    private static final class Life {
        private final SimulatedFileStore store;
        private Reached reached = new Reached(0, 0, 0, 0);
        private Reached next = reached;

        Life(SimulatedFileStore store) {
            this.store = store;
        }

        private void may(Reached then) {
            next = then;
        }

        private void is(Reached now) {
            reached = now;
            next = now;
        }

        void run() throws IOException {
            LogDirectory directory = directory(store);
            QuorumStorage storage = open(store, directory);
            storage.write(new HardState(2, null, 1));
            may(new Reached(0, 0, 0, 9));
            storage.append(leader(2, 0));
            storage.append(values(2, 1, 4));
            storage.append(values(2, 5, 4));
            storage.sync();
            is(new Reached(0, 0, 9, 9));
            may(new Reached(5, 2, 9, 9));
            snapshot(storage, new OffsetAndEpoch(5, 2), TWO);
            storage.keep(new OffsetAndEpoch(5, 2));
            is(new Reached(5, 2, 9, 9));
            may(new Reached(5, 2, 5, 9));
            storage.truncate(5);
            is(new Reached(5, 2, 5, 5));
            storage.write(new HardState(3, null, 2));
            may(new Reached(5, 2, 5, 13));
            storage.append(values(3, 5, 4));
            storage.append(values(3, 9, 4));
            storage.sync();
            is(new Reached(5, 2, 13, 13));
            // Beyond the end, and of another epoch.
            storage.write(new HardState(7, null, 2));
            may(new Reached(30, 6, 30, 30));
            fetched(storage, new OffsetAndEpoch(30, 6));
            storage.install(new OffsetAndEpoch(30, 6));
            is(new Reached(30, 6, 30, 30));
            may(new Reached(30, 6, 30, 38));
            storage.append(values(6, 30, 4));
            storage.append(values(6, 34, 4));
            storage.sync();
            is(new Reached(30, 6, 38, 38));
            // Within the log, which has something else there.
            may(new Reached(34, 7, 34, 34));
            fetched(storage, new OffsetAndEpoch(34, 7));
            storage.install(new OffsetAndEpoch(34, 7));
            is(new Reached(34, 7, 34, 34));
            may(new Reached(34, 7, 34, 36));
            storage.append(values(7, 34, 2));
            storage.sync();
            is(new Reached(34, 7, 36, 36));
            directory.deletePending(0);
            directory.deletePending(1);
            directory.close();
        }

        private static void fetched(QuorumStorage storage, OffsetAndEpoch snapshot) throws IOException {
            // Of another server, which wrote it there.
            SimulatedFileStore others = disk();
            LogDirectory directory = directory(others);
            snapshot(open(others, directory), snapshot, TWO);
            ByteBuffer bytes;
            try (StoreFile file = others.open(
                    LOG.resolve(String.format("%020d-%010d.checkpoint", snapshot.offset(), snapshot.epoch())),
                    FileStore.OpenMode.READ_ONLY)) {
                bytes = ByteBuffer.allocate((int) file.size());
                file.read(bytes, 0);
            }
            SnapshotDownload download = new SnapshotDownload(
                    new QuorumWire(CLUSTER, "CONTROLLER"), storage.self(), 2, 7, snapshot, storage.openPart(snapshot));
            ByteBuffer all = bytes.flip();
            int half = all.limit() / 2;
            assertThat(download.take(new SnapshotMessages.Piece(snapshot, all.limit(), 0, all.slice(0, half))))
                    .isFalse();
            assertThat(download.take(new SnapshotMessages.Piece(
                            snapshot, all.limit(), half, all.slice(half, all.limit() - half))))
                    .isTrue();
            download.finish();
            assertThat(storage.checkPart(snapshot)).isEqualTo(TWO);
        }
    }

    /** An end that was synced is there; a snapshot that has its name is whole, and the log goes on from it and from nothing else. */
    @Test
    void whereverACrashFallsTheLogGoesOnFromItsSnapshot() throws Exception {
        Life whole = new Life(disk());
        whole.run();
        int shown = 0;
        for (long operation = 1; operation <= whole.store.operations(); operation++) {
            Life life = new Life(disk());
            life.store.crashAtOperation(operation);
            try {
                life.run();
            } catch (SimulatedCrash crash) {
                // as it should
            }
            List<SimulatedFileStore> disks = new ArrayList<>(life.store.everyDiskAfterCrash(8));
            if (disks.isEmpty()) {
                for (long seed = 0; seed < 4; seed++) {
                    disks.add(life.store.afterCrash(seed));
                }
            }
            disks.add(life.store.afterKill());
            for (SimulatedFileStore disk : disks) {
                check(disk, life, "operation " + operation);
                shown++;
            }
        }
        System.out.println("quorum storage on " + shown + " disks after " + whole.store.operations() + " crashes");
    }

    private static void check(SimulatedFileStore disk, Life life, String where) throws IOException {
        LogOutline found;
        try {
            LogDirectory directory = directory(disk);
            QuorumStorage storage = open(disk, directory);
            found = storage.outline();
            assertThat(storage.newestSnapshot()).as(where).isEqualTo(found.start());
        } catch (IOException e) {
            throw new AssertionError(where + ": " + e, e);
        }
        boolean then =
                found.start().offset() == life.next.start && found.start().epoch() == life.next.startEpoch;
        boolean before =
                found.start().offset() == life.reached.start && found.start().epoch() == life.reached.startEpoch;
        assertThat(then || before).as(where + ": begins at " + found.start()).isTrue();
        long least = Math.min(
                before ? life.reached.durableEnd : Long.MAX_VALUE, then ? life.next.durableEnd : Long.MAX_VALUE);
        long most = Math.max(before ? life.reached.end : 0, then ? life.next.end : 0);
        assertThat(found.end()).as(where + ": ends").isBetween(least, most);
        assertThat(found.durableEnd()).as(where).isEqualTo(found.end());
    }
}
