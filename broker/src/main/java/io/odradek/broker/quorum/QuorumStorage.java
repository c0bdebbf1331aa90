package io.odradek.broker.quorum;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.FetchedSlices;
import io.odradek.engine.FetchedSlices.FileSlice;
import io.odradek.engine.FetchedSlices.MemorySlice;
import io.odradek.engine.FetchedSlices.Slice;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogReader;
import io.odradek.engine.LogView;
import io.odradek.engine.OffsetOutOfRangeException;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.CorruptBatchException;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.ReplicaCheck;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.replication.quorum.EntryBatch;
import io.odradek.replication.quorum.EntryBatch.LeaderChange;
import io.odradek.replication.quorum.EntryBatch.Payload;
import io.odradek.replication.quorum.EntryBatch.VotersChange;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.LogOutline;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server of the quorum keeps, all in {@code __cluster_metadata-0}: its hard state, its log, its snapshots.
 *
 * <p>A snapshot is durable under its name before the log is changed because of it. So whatever a crash leaves, the newest snapshot says
 * where the log begins, and a log that does not go on from there is what an installation has not got round to.
 *
 * <p>Confined to the metadata loop, which waits for the disk here: a vote and a follower's records have to be on it before anything
 * follows from them, and what arrives meanwhile shares the next sync.
 */
public final class QuorumStorage {

    private static final Logger LOG = LoggerFactory.getLogger(QuorumStorage.class);

    /** Records that the controller wants in the log, which get their place from the machine. */
    interface DataPayload extends Payload {
        List<byte[]> values();
    }

    /** Sees batches of the log, in order. */
    interface BatchVisitor {
        /** @param bytes of the batch, index 0 to limit */
        void batch(EntryBatch batch, ByteBuffer bytes) throws IOException;
    }

    private static final int READ_BYTES = 1 << 20;

    private final FileStore store;
    private final LogDirectory directory;
    private final InstantSource clock;
    private final PartitionLog log;
    private final QuorumStateFile stateFile;
    private final HardState hardState;
    private final LogOutline outline;
    private @Nullable OffsetAndEpoch newestSnapshot;
    /** While it is opened: whether a leader of a quorum has ever written into the log. */
    private boolean hasControlBatches;

    private QuorumStorage(
            FileStore store, LogDirectory directory, LogConfig config, VoterSet initialVoters, InstantSource clock)
            throws IOException {
        this.store = store;
        this.directory = directory;
        this.clock = clock;
        this.log = directory.openOrCreate(MetadataPartition.PARTITION, config);
        this.stateFile = new QuorumStateFile(store, log.directory());
        this.newestSnapshot = findSnapshots();
        if (newestSnapshot == null && initialVoters.size() > 0 && log.view().logStartOffset() == 0) {
            this.newestSnapshot = writeDown(initialVoters);
        }
        this.outline = recovered();
        this.hardState = loadedHardState();
    }

    /**
     * Opens what there is, or begins anew in an empty directory; finishes what a crash has interrupted.
     *
     * @param directory open, of {@code store}; its identity is the server's
     * @param config of the log: with the durability {@code sync}, without retention, with segments that take the largest batch
     * @param initialVoters who votes before log and snapshot say anything about it, written down where there is no snapshot yet; {@link
     *     VoterSet#NONE} when that is not known: then this server only follows
     * @throws IOException something contradicts itself: one line with the file and what it says; nothing was changed but leftovers
     */
    public static QuorumStorage open(
            FileStore store, LogDirectory directory, LogConfig config, VoterSet initialVoters, InstantSource clock)
            throws IOException {
        return new QuorumStorage(store, directory, config, initialVoters, clock);
    }

    // ---- What is found.

    /** The newest whole snapshot; what is not whole goes. */
    private @Nullable OffsetAndEpoch findSnapshots() throws IOException {
        OffsetAndEpoch newest = null;
        for (Path file : store.list(log.directory())) {
            OffsetAndEpoch found = SnapshotNames.parse(file);
            if (found != null) {
                newest = found; // in order of their names, which is that of their offsets, then epochs
            } else if (SnapshotNames.isPart(file)) {
                store.delete(file);
            }
        }
        return newest;
    }

    /**
     * Who votes first, as Kafka writes it down (KIP-853): in a snapshot of nothing, {@code 00000000000000000000-0000000000.checkpoint}. It
     * names each voter with the directory that it has now; a disk that was replaced has another, and is no voter's.
     */
    private OffsetAndEpoch writeDown(VoterSet initialVoters) throws IOException {
        try (SnapshotWriter writer = write(OffsetAndEpoch.NOTHING, initialVoters, 0)) {
            writer.finish();
        }
        return OffsetAndEpoch.NOTHING;
    }

    private LogOutline recovered() throws IOException {
        LogOutline recovered = new LogOutline(VoterSet.NONE);
        OffsetAndEpoch snapshot = newestSnapshot;
        if (snapshot == null) {
            if (log.view().logStartOffset() > 0) {
                throw new CorruptLogException(
                        log.directory(),
                        -1,
                        log.view().logStartOffset(),
                        "the log begins there, and no snapshot says what was before; bring its .checkpoint file back");
            }
        } else {
            VoterSet voters = readSnapshot(batch -> {});
            matchLogWith(snapshot);
            recovered.beginWith(snapshot, voters);
        }
        visit(recovered.start().offset(), log.logEndOffset(), (batch, bytes) -> {
            hasControlBatches |= RecordBatch.isControl(bytes, 0);
            appendTo(recovered, batch);
        });
        recovered.allDurable();
        return recovered;
    }

    private void appendTo(LogOutline recovered, EntryBatch batch) throws CorruptLogException {
        try {
            recovered.append(batch);
        } catch (IllegalArgumentException e) {
            throw new CorruptLogException(log.directory(), -1, batch.baseOffset(), String.valueOf(e.getMessage()));
        }
    }

    /** A snapshot is committed; a log that has something else in its place was about to be replaced by it when the server crashed. */
    private void matchLogWith(OffsetAndEpoch snapshot) throws IOException {
        LogView view = log.view();
        if (view.logStartOffset() > snapshot.offset()) {
            throw new CorruptLogException(
                    SnapshotNames.whole(log.directory(), snapshot),
                    -1,
                    snapshot.offset(),
                    "the newest snapshot ends there, but the log begins at " + view.logStartOffset()
                            + "; bring the newer snapshot back");
        }
        if (view.logStartOffset() < snapshot.offset()) {
            if (epochBefore(snapshot.offset()) == snapshot.epoch()) {
                trimLog(snapshot);
            } else {
                LOG.info(
                        "{} is replaced by its snapshot at {}, as was begun before the last stop",
                        log.directory(),
                        snapshot);
                startOver(snapshot);
            }
        }
    }

    /** Of the batch that ends there; -1 when none does. */
    private int epochBefore(long offset) throws IOException {
        int[] found = {-1};
        if (log.logEndOffset() >= offset) {
            visit(Math.max(log.view().logStartOffset(), offset - 1), offset, (batch, bytes) -> {
                if (batch.endOffset() == offset) {
                    found[0] = batch.epoch();
                }
            });
        }
        return found[0];
    }

    /**
     * A quorum's log begins with the record of a leader, and a snapshot of one that has more in its name. A log that has neither is that of a
     * broker that was alone with one writer: in it nobody was ever voted for.
     */
    private boolean isOfOneWriter() {
        return outline.start().offset() == 0 && !hasControlBatches;
    }

    private HardState loadedHardState() throws IOException {
        if (!stateFile.exists()) {
            if (outline.end() > 0 && isOfOneWriter()) {
                requireVoterAlone();
                LOG.info(
                        "{} was written by a broker that was alone; from now on a quorum of one keeps it",
                        log.directory());
                stateFile.write(new HardState(
                        outline.endOffset().epoch(), HardState.FIRST.votedFor(), HardState.FIRST.leader()));
            } else if (outline.end() > 0) {
                throw new IOException(stateFile.path() + " is missing beside a log that ends at offset " + outline.end()
                        + ". Without it this server may vote twice in an epoch: bring the file back, or take this"
                        + " server out of the quorum and let it begin with an empty directory");
            } else {
                stateFile.write(HardState.FIRST);
            }
        }
        return stateFile.read();
    }

    /** Others have no log yet: a majority of them could elect one, and what is in this one would be cut. */
    private void requireVoterAlone() throws IOException {
        VoterSet voters = outline.voters();
        if (voters.size() != 1 || !voters.has(self())) {
            throw new IOException(
                    log.directory() + " was written by a broker that was alone, and not it alone is to vote but "
                            + voters
                            + ": start it once without controller.quorum.voters and controller.quorum.bootstrap.servers"
                            + " of others, and add them then");
        }
    }

    /** As it was when this was opened. */
    HardState hardState() {
        return hardState;
    }

    /** As it was when this was opened; the machine's from then on. */
    LogOutline outline() {
        return outline;
    }

    /** This server, with the disk it has. */
    ReplicaKey self() {
        return new ReplicaKey(
                directory.identity().nodeId(), directory.identity().directoryId());
    }

    Path stateFile() {
        return stateFile.path();
    }

    // ---- The hard state.

    /** Durable when it returns. */
    void write(HardState state) throws IOException {
        guarded(() -> stateFile.write(state));
    }

    // ---- The log.

    /** Written when it returns, and durable after {@link #sync}. */
    void append(EntryBatch batch) throws IOException {
        long nowMs = clock.millis();
        ValidatedBatch bytes = bytesOf(batch, nowMs);
        if (bytes.baseOffset() + bytes.lastOffsetDelta() + 1 != batch.endOffset()) {
            throw new IllegalStateException("the batch from " + batch.baseOffset() + " to " + batch.endOffset()
                    + " has bytes for " + bytes.baseOffset() + " to " + bytes.lastOffset());
        }
        AppendOutcome outcome = log.stageReplicated(bytes, nowMs);
        if (outcome instanceof AppendOutcome.StorageFailed) { // why, its directory has said
            throw new IOException(MetadataPartition.PARTITION + " can't be appended to: its log directory has failed");
        }
        if (!(outcome instanceof AppendOutcome.Appended)) {
            throw new IOException("an append to " + MetadataPartition.PARTITION + " ended in " + outcome);
        }
        log.writeStaged();
    }

    private static ValidatedBatch bytesOf(EntryBatch batch, long nowMs) throws CorruptBatchException {
        return switch (batch.payload()) {
            case EntryBatches.Stored(ByteBuffer bytes) -> ReplicaCheck.check(bytes, BufferLease.UNPOOLED);
            case LeaderChange change -> placed(ControlBatches.leaderChange(change, nowMs), batch);
            case VotersChange(VoterSet voters) -> placed(ControlBatches.voters(voters, nowMs), batch);
            case DataPayload data -> {
                BatchBuilder builder = new BatchBuilder();
                for (byte[] value : data.values()) {
                    builder.add(nowMs, null, value);
                }
                yield placed(builder, batch);
            }
            default -> throw new IllegalArgumentException("nobody knows how to write " + batch.payload());
        };
    }

    private static ValidatedBatch placed(BatchBuilder builder, EntryBatch batch) {
        return ControlBatches.placed(builder, batch.baseOffset(), batch.epoch());
    }

    /** Makes durable what was appended before. */
    void sync() throws IOException {
        guarded(() -> {
            long end = log.logEndOffset();
            for (StoreFile file : log.takeDirtyFiles()) {
                file.sync();
            }
            log.synced(end);
        });
    }

    /** Durable when it returns. */
    void truncate(long to) throws IOException {
        if (log.truncateTo(to) != to) {
            throw new IllegalStateException(
                    "offset " + to + " lies within a batch; the log was cut at " + log.logEndOffset());
        }
    }

    /**
     * Whole batches from an offset on, of which the first begins there.
     *
     * @param maxBytes soft limit: at least one is returned if there is any
     * @return empty at the log's end
     */
    ByteBuffer read(long from, int maxBytes) throws IOException {
        LogView view = log.view();
        try (FetchedSlices slices = LogReader.read(view, from, view.end(), maxBytes, true)) {
            int size = 0;
            for (Slice slice : slices.slices()) {
                size += sizeOf(slice);
            }
            ByteBuffer bytes = ByteBuffer.allocate(size);
            for (Slice slice : slices.slices()) {
                switch (slice) {
                    case MemorySlice memory -> bytes.put(memory.bytes().duplicate());
                    case FileSlice(StoreFile file, long position, int length) -> {
                        ByteBuffer part = bytes.slice(bytes.position(), length);
                        file.read(part, position);
                        bytes.position(bytes.position() + part.position());
                    }
                }
            }
            return bytes.flip();
        } catch (OffsetOutOfRangeException e) {
            throw new IllegalStateException("the machine wants what the log has not", e); // and nobody else changes it
        }
    }

    private static int sizeOf(Slice slice) {
        return switch (slice) {
            case MemorySlice memory -> memory.bytes().remaining();
            case FileSlice file -> file.lengthBytes();
        };
    }

    /** Shows the batches from the one that contains {@code from} up to {@code to}, exclusive; each is looked at as one from another server. */
    void visit(long from, long to, BatchVisitor visitor) throws IOException {
        long next = from;
        while (next < to) {
            ByteBuffer bytes = read(next, READ_BYTES);
            if (!bytes.hasRemaining()) {
                throw new IllegalStateException("offset " + next + " is to be read, and the log ends there");
            }
            for (int at = 0; at < bytes.limit() && next < to; ) {
                if (!RecordBatch.isWhole(bytes, at, bytes.limit())) {
                    throw new CorruptLogException(log.directory(), -1, next, "no whole batch is there");
                }
                int size = RecordBatch.sizeInBytes(bytes, at);
                ByteBuffer batch = bytes.slice(at, size);
                EntryBatch entry = entryAt(next, batch);
                visitor.batch(entry, batch);
                next = entry.endOffset();
                at += size;
            }
        }
    }

    private EntryBatch entryAt(long offset, ByteBuffer batch) throws CorruptLogException {
        try {
            return EntryBatches.of(batch);
        } catch (CorruptBatchException e) {
            throw new CorruptLogException(log.directory(), -1, offset, String.valueOf(e.getMessage()));
        }
    }

    // ---- Snapshots.

    /** Null when there is none. */
    @Nullable
    OffsetAndEpoch newestSnapshot() {
        return newestSnapshot;
    }

    /** Begins a snapshot of this server's own; it counts after {@link #keep}. */
    SnapshotWriter write(OffsetAndEpoch snapshot, VoterSet voters, long lastContainedMs) throws IOException {
        return new SnapshotWriter(store, log.directory(), snapshot, voters, lastContainedMs, clock.millis());
    }

    /** The snapshot is durable under its name, and the machine knows of it: what it stands for goes. */
    void keep(OffsetAndEpoch snapshot) throws IOException {
        trimLog(snapshot);
        became(snapshot);
    }

    private void trimLog(OffsetAndEpoch snapshot) throws IOException {
        log.deleteRecordsBefore(snapshot.offset());
        directory.checkpointLogStarts(List.of(log));
    }

    private void became(OffsetAndEpoch snapshot) throws IOException {
        newestSnapshot = snapshot;
        List<Path> older = new ArrayList<>();
        for (Path file : store.list(log.directory())) {
            OffsetAndEpoch found = SnapshotNames.parse(file);
            if (found != null && !found.equals(snapshot)) {
                older.add(file);
            }
        }
        for (Path file : older) {
            store.delete(file);
        }
    }

    /** Reads the newest snapshot; returns the voters that it carries. */
    @Nullable
    VoterSet readSnapshot(SnapshotReader.Visitor visitor) throws IOException {
        OffsetAndEpoch snapshot = Objects.requireNonNull(newestSnapshot);
        return SnapshotReader.read(store, SnapshotNames.whole(log.directory(), snapshot), snapshot, visitor);
    }

    /**
     * A piece of a snapshot that another server fetches.
     *
     * @return null when this server does not have it
     */
    @Nullable
    StoreFile openSnapshot(OffsetAndEpoch snapshot) throws IOException {
        return snapshot.equals(newestSnapshot) && snapshot.offset() > 0
                ? store.open(SnapshotNames.whole(log.directory(), snapshot), OpenMode.READ_ONLY)
                : null;
    }

    /** A file beside the log for a snapshot that is fetched; empty, the caller closes it. */
    StoreFile openPart(OffsetAndEpoch snapshot) throws IOException {
        StoreFile part = store.open(SnapshotNames.part(log.directory(), snapshot), OpenMode.READ_WRITE);
        part.truncate(0);
        return part;
    }

    /** Whether it is whole is looked at here. */
    @Nullable
    VoterSet checkPart(OffsetAndEpoch snapshot) throws IOException {
        return SnapshotReader.read(store, SnapshotNames.part(log.directory(), snapshot), snapshot, batch -> {});
    }

    void dropPart(OffsetAndEpoch snapshot) throws IOException {
        Path part = SnapshotNames.part(log.directory(), snapshot);
        if (store.exists(part)) {
            store.delete(part);
        }
    }

    /** The snapshot that was fetched, and is synced, takes the place of the log. Durable when it returns. */
    void install(OffsetAndEpoch snapshot) throws IOException {
        guarded(() -> {
            store.rename(SnapshotNames.part(log.directory(), snapshot), SnapshotNames.whole(log.directory(), snapshot));
            store.syncDirectory(log.directory());
            startOver(snapshot);
            became(snapshot);
        });
    }

    private void startOver(OffsetAndEpoch snapshot) throws IOException {
        if (log.logEndOffset() > snapshot.offset()) {
            // Else a crash could leave a log that begins with the snapshot and goes on with what contradicts it.
            log.truncateTo(snapshot.offset());
        }
        directory.startOver(log, snapshot.offset());
    }

    // ---- Both.

    private interface Step {
        void take() throws IOException;
    }

    /** After a failure here it is not known what is on the disk: nothing more is written there. */
    private void guarded(Step step) throws IOException {
        if (directory.isOffline()) {
            throw new IOException("log directory " + directory.path() + " is offline");
        }
        try {
            step.take();
        } catch (IOException e) {
            directory.takeOffline(e);
            throw e;
        }
    }
}
