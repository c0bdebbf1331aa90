package io.odradek.engine;

import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.AppendOutcome.NotLeader;
import io.odradek.engine.AppendOutcome.NotNext;
import io.odradek.engine.AppendOutcome.StorageFailed;
import io.odradek.engine.AppendOutcome.TooLarge;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.JournalGroup;
import io.odradek.engine.journal.JournaledLog;
import io.odradek.engine.journal.JournaledPart;
import io.odradek.engine.journal.LogName;
import io.odradek.engine.journal.WrittenBytes;
import io.odradek.engine.producer.ProducerState;
import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.producer.SequenceCheck;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.recovery.ProducerReplay;
import io.odradek.engine.recovery.RecoveredLog;
import io.odradek.engine.recovery.StoppedLog;
import io.odradek.engine.retention.RetentionPolicy;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentWalk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One partition's log: appends, rolls, truncates, and publishes what can be read. Confined to its shard's append thread,
 * except {@link #view()}, {@link #partition()}, {@link #config()} and what is said to be for others; readers use {@link #view()}.
 *
 * <pre>
 *  stage, stage, ... writeStaged        one gathering write per segment, then a new view
 *        takeDirtyFiles ----> sync thread ----> synced     moves the recovery point
 * </pre>
 *
 * <p>When a write fails, the file is cut back to what was written before, the log directory goes offline, and everything
 * staged is refused: what a reader sees stays as it was.
 */
public final class PartitionLog implements JournaledLog {
    private final TopicPartition partition;
    private final Path directory;
    private final FileStore store;
    private final LogHome home;
    private final DirectoryEntries entries;
    private final UnsyncedWrites unsynced;
    private final LogName journalName;
    private final DurableProgress durable;
    private final CheckpointSnapshots snapshots;
    private final LogCheckpointer checkpointer;
    private final RecoveryDistance recoveryDistance;
    private final ProducerStates producers;

    private volatile LogConfig config;
    private volatile boolean closed;
    private volatile boolean growthAnnounced;
    /** Where the log will end when the cut that is being made is done; {@link Long#MAX_VALUE} when none is. */
    private volatile long cutTo = Long.MAX_VALUE;
    /** Append thread. */
    private boolean follows;

    private final LogSegments segments;
    private final LeavingSegments leaving;
    private final RollPolicy rolling;
    private final StagedBatches staged;

    private PartitionLog(
            TopicPartition partition,
            Path directory,
            LogConfig config,
            LogHome home,
            RecoveredLog found,
            long writtenRecoveryPoint)
            throws IOException {
        this.partition = partition;
        this.directory = directory;
        this.config = config;
        this.home = home;
        this.store = home.store();
        this.journalName = new LogName(partition.topicId(), partition.directoryName());
        this.entries = new DirectoryEntries(store, directory, store.fileSystemId(directory));
        this.unsynced = new UnsyncedWrites(entries, journalName);
        this.durable = new DurableProgress(found.recoveryPoint());
        this.producers = found.producers();
        this.segments = new LogSegments(found, home.recentMemory());
        this.leaving =
                new LeavingSegments(store, directory, segments, producers, unsynced, durable, new LaterDeletions());
        this.rolling = new RollPolicy(partition);
        this.staged = new StagedBatches(found.logEndOffset());
        ActiveSegment active = found.active();
        if (found.recoveryPoint() == found.logEndOffset()) {
            active.files().handedOut(active.sizeBytes());
        }
        LogPosition end = new LogPosition(found.logEndOffset(), active.baseOffset(), active.sizeBytes());
        this.snapshots = new CheckpointSnapshots(store, directory, home.snapshotBytes());
        this.checkpointer = new LogCheckpointer(
                store, directory, durable, snapshots, found.epochsOnDisk(), found.logStartOffset(), end);
        this.recoveryDistance = new RecoveryDistance(
                writtenRecoveryPoint < end.offset() ? LogPosition.ofOffset(writtenRecoveryPoint) : end);
        rolling.drawJitter(active, config);
    }

    private final class LaterDeletions implements LeavingSegments.Deletions {
        @Override
        public void retire(List<Path> files) {
            home.retireLater(PartitionLog.this, files, config.fileDeleteDelayMs());
        }

        @Override
        public void delete(List<Path> files) {
            home.deleteLater(files, config.fileDeleteDelayMs());
        }
    }

    /**
     * Takes over the files that were found, also when it fails.
     *
     * @param writtenRecoveryPoint what the directory's file of recovery points says of the log
     */
    static PartitionLog of(
            TopicPartition partition,
            Path directory,
            LogConfig config,
            LogHome home,
            RecoveredLog found,
            long writtenRecoveryPoint)
            throws IOException {
        PartitionLog log = new PartitionLog(partition, directory, config, home, found, writtenRecoveryPoint);
        try {
            ActiveSegment active = log.segments.active();
            if (active.sizeBytes() == 0) {
                log.preallocateIfWanted(active);
            }
        } catch (IOException | RuntimeException | Error e) {
            log.releaseFiles();
            throw e;
        }
        return log;
    }

    public TopicPartition partition() {
        return partition;
    }

    /** Any thread. */
    public LogConfig config() {
        return config;
    }

    /** Any thread; takes effect with the next append. */
    public void reconfigure(LogConfig config) {
        this.config = config;
    }

    /** What is written so far: start, end, segments, epochs. Any thread. */
    public LogView view() {
        return segments.view();
    }

    /** Whether somebody wants to be told of what is appended before it is durable ({@link #announceGrowth}). Any thread. */
    public boolean isGrowthAnnounced() {
        return growthAnnounced;
    }

    /** From now on, or no more, {@code Settlement.grew} is called for what is appended. Any thread. */
    public void announceGrowth(boolean announced) {
        growthAnnounced = announced;
    }

    /** Offset the next record will get, as {@link #view} would say. Any thread. */
    public long logEndOffset() {
        return segments.logEndOffset();
    }

    /** No offset of this log that is written down may be higher: where it ends, or is about to when it is being cut. Any thread. */
    long endToCheckpoint() {
        return Math.min(cutTo, logEndOffset());
    }

    /** Exclusive; bytes below it are known to be durable. Any thread. */
    public long recoveryPoint() {
        return durable.recoveryPoint();
    }

    /** {@link LogCheckpointer#logStartOffset}. Any thread. */
    long logStartToCheckpoint() {
        return checkpointer.logStartOffset();
    }

    /** {@link LogCheckpointer#recoveryPoint}. Any thread. */
    LogPosition recoveryPointToCheckpoint() {
        return checkpointer.recoveryPoint();
    }

    /** The directory's file of recovery points says so by now. Whoever writes it. */
    void recoveryPointIsWritten(LogPosition point) {
        recoveryDistance.written(point);
    }

    /** What the directory's file of recovery points says of this log. Any thread. */
    long writtenRecoveryPoint() {
        return recoveryDistance.written().offset();
    }

    /** {@link RecoveryDistance#bytes}. Any thread. */
    long bytesToRecover() {
        return recoveryDistance.bytes(view());
    }

    /** Where its directory lies: a link or a mount may lead elsewhere. Any thread. */
    long fileSystemId() {
        return entries.fileSystemId();
    }

    /** Where the log's files are. Any thread. */
    public Path directory() {
        return directory;
    }

    /**
     * Checks sequence and epoch, assigns offsets in place and keeps the batch for the next {@link #writeStaged()}. Takes
     * over the batch's lease in every case.
     *
     * <p>A roll writes what is staged for the old segment first, so this can fail like {@link #writeStaged()}: then everything
     * staged since the last {@link #writeStaged()} is refused, this batch included.
     *
     * @param leaderEpoch the epoch the writer believes in; anything but the log's own is refused
     */
    public AppendOutcome stage(ValidatedBatch batch, int leaderEpoch, long nowMs) throws IOException {
        return stage(batch, leaderEpoch, nowMs, new Appended());
    }

    /** The same for who appends a lot: returns {@code appended}, filled in, when the batch was appended. */
    public AppendOutcome stage(ValidatedBatch batch, int leaderEpoch, long nowMs, Appended appended)
            throws IOException {
        AppendOutcome refusal = refusal(batch, leaderEpoch);
        if (refusal != null) {
            batch.lease().release();
            return refusal;
        }
        long baseOffset = staged.endOffset();
        try {
            rollIfNeeded(batch, baseOffset + batch.lastOffsetDelta(), nowMs);
        } catch (IOException e) {
            batch.lease().release();
            throw e;
        }
        snapshotIfWanted();
        ActiveSegment active = segments.active();
        batch.assign(baseOffset, leaderEpoch);
        staged.add(batch);
        producers.update(batch, baseOffset, nowMs);
        unsynced.count(batch.recordCount(), nowMs, config);
        long lastOffset = batch.lastOffset();
        boolean stampedHere =
                (batch.bytes().getShort(BatchLayout.ATTRIBUTES_AT) & BatchLayout.LOG_APPEND_TIME_BIT) != 0;
        appended.set(
                baseOffset,
                lastOffset,
                stampedHere ? batch.maxTimestamp() : BatchLayout.NO_TIMESTAMP,
                segments.logStartOffset(),
                active.baseOffset(),
                active.sizeBytes() + staged.sizeBytes());
        return appended;
    }

    /**
     * As a follower: the batch keeps the offset and the leader epoch that it has, and a newer epoch begins with it. Takes over the
     * batch's lease in every case. For logs without producers and without compaction, as the metadata log: sequences are checked as a
     * leader's are, and a gap in front of the batch is refused.
     *
     * @param batch next in the log, as it came from the leader
     * @throws IllegalArgumentException it is not next: the log would not be the leader's any more
     */
    public AppendOutcome stageReplicated(ValidatedBatch batch, long nowMs) throws IOException {
        int leaderEpoch = RecordBatch.leaderEpoch(batch.bytes(), 0);
        if (batch.baseOffset() != staged.endOffset()
                || leaderEpoch < segments.epochs().latestEpoch()) {
            batch.lease().release();
            throw new IllegalArgumentException("a batch at offset " + batch.baseOffset() + " of epoch " + leaderEpoch
                    + " does not follow " + partition + ", which ends at " + staged.endOffset() + " in epoch "
                    + segments.epochs().latestEpoch());
        }
        if (leaderEpoch > segments.epochs().latestEpoch()) {
            try {
                beginEpoch(leaderEpoch);
            } catch (IOException e) {
                batch.lease().release();
                throw e;
            }
        }
        return stage(batch, leaderEpoch, nowMs);
    }

    /**
     * As a follower, after {@link #follow}: keeps what the leader sent for the next {@link #writeStaged()}, with the offsets and leader
     * epochs that it has; newer epochs begin with their first batches. All of it or, when that does not follow the log, nothing. The leader
     * has judged sequences, so they are noted and not judged again; markers end their producers' transactions. Takes over the batches'
     * leases in every case. Fails as {@link #stage}.
     *
     * <p>Where compaction has left a gap at the leader there will be one here. A recovery takes gaps for damage where nothing says that the
     * log was compacted so far, so that is written down first.
     *
     * @param leaderEpoch of the leader that sent it: none of its batches is of a later one
     * @return {@code appended}, filled in for the last batch, when it was appended
     */
    public AppendOutcome stageFetched(FetchedBatches fetched, int leaderEpoch, long nowMs, Appended appended)
            throws IOException {
        int next = 0;
        try {
            AppendOutcome refusal = refusal(fetched, leaderEpoch);
            if (refusal != null) {
                return refusal;
            }
            noteGaps(fetched);
            for (; next < fetched.count(); next++) {
                stageAsItIs(fetched.get(next), nowMs);
            }
        } finally {
            fetched.releaseFrom(next);
        }
        ActiveSegment active = segments.active();
        ValidatedBatch last = fetched.get(fetched.count() - 1);
        appended.set(
                last.baseOffset(),
                last.lastOffset(),
                BatchLayout.NO_TIMESTAMP,
                segments.logStartOffset(),
                active.baseOffset(),
                active.sizeBytes() + staged.sizeBytes());
        return appended;
    }

    private @Nullable AppendOutcome refusal(FetchedBatches fetched, int leaderEpoch) {
        String offline = closed ? "log " + partition + " is closed" : home.offlineReason();
        if (offline != null) {
            return new StorageFailed(offline);
        }
        if (!follows) {
            return new NotNext(partition + " is appended to by its leader's producers, not by a leader");
        }
        long end = staged.endOffset();
        int epoch = segments.epochs().latestEpoch();
        for (int i = 0; i < fetched.count(); i++) {
            ValidatedBatch batch = fetched.get(i);
            if (batch.baseOffset() < end || batch.leaderEpoch() < epoch || batch.leaderEpoch() > leaderEpoch) {
                return new NotNext("a batch at offset " + batch.baseOffset() + " of epoch " + batch.leaderEpoch()
                        + ", sent by the leader of epoch " + leaderEpoch + ", does not follow " + partition
                        + ", which ends at " + end + " in epoch " + epoch);
            }
            if (batch.lastOffset() - end > Integer.MAX_VALUE) { // further than a segment reaches
                return new NotNext("the gap before the batch at offset " + batch.baseOffset() + " is too wide for "
                        + partition + ", which ends at " + end);
            }
            end = batch.lastOffset() + 1;
            epoch = batch.leaderEpoch();
        }
        return null;
    }

    private void noteGaps(FetchedBatches fetched) throws IOException {
        long end = staged.endOffset();
        long gapsBelow = -1;
        for (int i = 0; i < fetched.count(); i++) {
            ValidatedBatch batch = fetched.get(i);
            if (batch.baseOffset() > end) {
                gapsBelow = batch.baseOffset();
            }
            end = batch.lastOffset() + 1;
        }
        if (gapsBelow >= 0) {
            home.noteGaps(this, gapsBelow);
        }
    }

    /** The batch was looked at: it follows. Its lease is the log's from the moment it is staged. */
    private void stageAsItIs(ValidatedBatch batch, long nowMs) throws IOException {
        rollIfNeeded(batch, batch.lastOffset(), nowMs);
        if (batch.leaderEpoch() > segments.epochs().latestEpoch()) {
            writeStaged();
            segments.beginEpoch(batch.leaderEpoch(), batch.baseOffset(), staged.endOffset());
        }
        snapshotIfWanted();
        producers.replay(batch.bytes(), 0, nowMs); // may be a marker, which was seen to be readable
        staged.add(batch);
        unsynced.count(batch.recordCount(), nowMs, config);
    }

    private void snapshotIfWanted() {
        ActiveSegment active = segments.active();
        long end = staged.endOffset();
        if (snapshots.isWantedAt(end) && end > active.baseOffset()) {
            snapshots.take(
                    new LogPosition(end, active.baseOffset(), active.sizeBytes() + staged.sizeBytes()), producers);
        }
    }

    private @Nullable AppendOutcome refusal(ValidatedBatch batch, int leaderEpoch) {
        String offline = closed ? "log " + partition + " is closed" : home.offlineReason();
        if (offline != null) {
            return new StorageFailed(offline);
        }
        int latestEpoch = segments.epochs().latestEpoch();
        if (follows || leaderEpoch != latestEpoch) {
            return new NotLeader(latestEpoch);
        }
        int segmentBytes = config.segmentBytes();
        if (batch.sizeBytes() > segmentBytes) {
            return new TooLarge(batch.sizeBytes(), segmentBytes);
        }
        return switch (producers.check(batch)) {
            case SequenceCheck.Next() -> null;
            case SequenceCheck.Duplicate(long baseOffset, long lastOffset, long timestamp) ->
                new AppendOutcome.Duplicate(baseOffset, lastOffset, timestamp, segments.logStartOffset());
            case SequenceCheck.OutOfOrder(int expected, int received) ->
                new AppendOutcome.OutOfOrderSequence(expected, received);
            case SequenceCheck.Fenced(short current, short received) ->
                new AppendOutcome.ProducerFenced(current, received);
        };
    }

    /** As {@link RollPolicy} says, and when an index of the active segment is full. */
    private void rollIfNeeded(ValidatedBatch batch, long lastOffset, long nowMs) throws IOException {
        LogConfig now = config;
        ActiveSegment active = segments.active();
        boolean indexFull = active.indexesAreFull(staged.count() + 1, now.segmentIndexBytes());
        if (indexFull && staged.count() > 0) {
            writeStaged(); // not every staged batch gets an entry: count again
            indexFull = active.indexesAreFull(1, now.segmentIndexBytes());
        }
        if (rolling.isDue(active, staged, batch, lastOffset, now, nowMs) || indexFull) {
            writeStaged();
            roll(nowMs);
        }
    }

    /** Writes what was staged, one gathering write per segment, and publishes the new {@link #view()}. */
    public void writeStaged() throws IOException {
        writeStaged(null);
    }

    /** The same, and keeps in {@code written} what it writes, if that is not null. */
    public void writeStaged(@Nullable WrittenBytes written) throws IOException {
        if (staged.count() == 0) {
            return;
        }
        String offline = home.offlineReason();
        if (offline != null) {
            staged.release(logEndOffset());
            throw new IOException(offline);
        }
        ActiveSegment active = segments.active();
        int position = active.sizeBytes();
        try {
            staged.appendTo(active, config.appendAheadBytes());
        } catch (IOException e) {
            failWrite(e);
            throw e;
        }
        int write = written == null ? WrittenBytes.NOT_KEPT : staged.keepIn(written, active.files(), position);
        LogConfig now = config;
        RecentBatches recent = segments.recent();
        for (int i = 0; i < staged.count(); i++) {
            ValidatedBatch batch = staged.get(i);
            batch.bytes().position(0);
            active.wrote(batch.sizeBytes(), batch.lastOffset(), batch.maxTimestamp(), now.indexIntervalBytes());
            recent.written(batch);
        }
        staged.written();
        unsynced.wroteTo(active, durable.recoveryPoint(), write);
        segments.grewTo(staged.endOffset());
    }

    /** Nothing of what was staged is in the log; nothing more will be. */
    private void failWrite(IOException cause) {
        staged.release(logEndOffset());
        home.takeOffline(cause);
        try {
            segments.active().cutToSize();
        } catch (IOException e) {
            // The next start cuts it: what is behind the view's end was never claimed.
            cause.addSuppressed(e);
        }
    }

    private void roll(long nowMs) throws IOException {
        if (segments.active().sizeBytes() == 0) {
            return;
        }
        long endOffset = staged.endOffset();
        SealedSegment old;
        ActiveSegment next;
        try {
            writeSnapshotOfRoll(endOffset);
            old = segments.active().seal();
            next = begin(endOffset);
        } catch (IOException e) {
            failWrite(e);
            throw e;
        }
        unsynced.changedEntries();
        rolling.rolled(next, config, nowMs);
        segments.rolled(old, next, endOffset);
    }

    /** A new segment; its directory entry still has to be synced. */
    private ActiveSegment begin(long baseOffset) throws IOException {
        ActiveSegment next = ActiveSegment.create(store, directory, baseOffset);
        try {
            preallocateIfWanted(next);
        } catch (IOException | RuntimeException | Error e) {
            next.files().remove();
            throw e;
        }
        next.files().handedOut(0);
        return next;
    }

    /**
     * Usually there is time to sync it: until the recovery point passes it, batches say the same. But when all that is sealed now lies
     * below the log's start, which may be written down already, a recovery deletes it unread and begins with this snapshot.
     */
    private void writeSnapshotOfRoll(long endOffset) throws IOException {
        boolean needed = segments.logStartOffset() >= endOffset;
        ProducerReplay.write(producers, store, directory, endOffset, needed);
        if (needed) {
            store.syncDirectory(directory); // before the next segment is there
        }
    }

    /** As Kafka does with a new file; one that is found with records in it only grows. */
    private void preallocateIfWanted(ActiveSegment empty) throws IOException {
        LogConfig now = config;
        if (now.preallocate()) {
            empty.preallocate(now.segmentBytes());
        }
    }

    /**
     * Whether what has been written so far has to be durable before it counts: by durability, or because {@code
     * flush.messages} was reached.
     */
    public boolean mustSync() {
        return unsynced.mustSync(config);
    }

    /**
     * When what is written has to be synced at the latest, by {@code flush.ms} or an interval durability; {@link
     * Long#MAX_VALUE} when nothing has to be. Any thread; whoever finds it past posts a task to the append thread that takes
     * the dirty files.
     */
    public long syncDueAtMs() {
        return unsynced.dueAtMs();
    }

    /**
     * Files with writes that were not yet handed out for syncing, and the directory when its entries changed; hands them out.
     * The caller syncs them and then calls {@link #synced}, in the order of the calls to this method. Until then they are
     * kept open.
     */
    public List<StoreFile> takeDirtyFiles() {
        return takeDirtyFiles(new JournalGroup(), new WrittenBytes());
    }

    /** Whether {@link #takeDirtyFiles} would hand anything out. */
    public boolean hasDirtyFiles() {
        return !unsynced.isEmpty();
    }

    /**
     * The same, and tells {@code ranges} which bytes of the files were not handed out before.
     *
     * @param written what the group at hand has written
     */
    public List<StoreFile> takeDirtyFiles(JournalGroup ranges, WrittenBytes written) {
        UnsyncedWrites.HandedOut out = unsynced.handOut(segments.active(), ranges, written);
        if (!out.files().isEmpty()) {
            ranges.addLog(this, logEndOffset(), durable.generation());
            durable.handedOut(logEndOffset(), out.kept());
        }
        return out.files();
    }

    @Override
    public LogName journalName() {
        return journalName;
    }

    @Override
    public void journaled(long end, JournaledPart part) {
        durable.journaled(end, part);
    }

    @Override
    public void settled(JournaledPart part) {
        durable.settled(part);
    }

    /**
     * The files handed out longest ago are on disk, up to and with those of the call at whose time the log ended at {@code
     * offset}: moves the recovery point. Sync thread.
     *
     * @param offset the log's end when the last of them were handed out
     */
    public void synced(long offset) {
        durable.synced(offset);
    }

    /**
     * A new reign over this partition begins here: appends carry {@code leaderEpoch}, and it is recorded with the log's end.
     * The record of it reaches the disk with the next checkpoint: until then a crash finds the epoch in the batches, and an
     * epoch without batches is not missed.
     *
     * @throws IllegalArgumentException when a later reign has begun
     */
    public void beginEpoch(int leaderEpoch) throws IOException {
        int latestEpoch = segments.epochs().latestEpoch();
        if (leaderEpoch < latestEpoch) {
            throw new IllegalArgumentException(
                    partition + " is in epoch " + latestEpoch + ", epoch " + leaderEpoch + " is over");
        }
        writeStaged();
        segments.beginEpoch(leaderEpoch, staged.endOffset(), staged.endOffset());
        follows = false;
    }

    /**
     * No reign goes on here: until the next {@link #beginEpoch} nothing is appended but what {@link #stageFetched} takes, so what producers
     * handed over before is refused. Epochs in which nothing was written are forgotten: the leader to come may know nothing of them.
     */
    public void follow() throws IOException {
        writeStaged();
        segments.forgetEmptyEpochs();
        follows = true;
    }

    /**
     * Removes everything at and above {@code offset} (KIP-101), and the whole batch when {@code offset} lies within one; where
     * compaction has left nothing right below it, the log ends with the last batch that is there.
     * Durable when it returns: otherwise what was removed could come back behind what is appended next.
     *
     * @return the new log end offset
     * @throws IllegalArgumentException below the log start
     */
    public long truncateTo(long offset) throws IOException {
        if (offset < segments.logStartOffset()) {
            throw new IllegalArgumentException(
                    "cannot cut " + partition + " at " + offset + ", it begins at " + segments.logStartOffset());
        }
        refuseWhenOffline();
        writeStaged();
        if (offset >= staged.endOffset()) {
            return staged.endOffset();
        }
        endSwap();
        try {
            return cut(offset);
        } catch (IOException e) {
            home.takeOffline(e);
            throw e;
        }
    }

    /** A directory that is offline is left as it is: checkpoints can't be lowered there before a log is cut. */
    private void refuseWhenOffline() throws IOException {
        String offline = home.offlineReason();
        if (offline != null) {
            throw new IOException(offline);
        }
    }

    private long cut(long offset) throws IOException {
        LogView view = view();
        CutPoint cut = CutPoint.at(view, offset);
        long newEnd = cut.endOffset();
        cutTo = newEnd;
        checkpointer.truncated(newEnd); // what is on its way to a journal is stale from here on
        home.retireJournals(this);
        home.lowerOffsets(this, newEnd);
        segments.forgetRecent();

        Segment last = view.segment(cut.segment());
        ActiveSegment active = SegmentWalk.shortened(last, newEnd, cut.position(), config.indexIntervalBytes());
        List<Segment> removed = segments.cutTo(newEnd, cut.segment(), active);
        staged.cutTo(newEnd);
        rolling.drawJitter(active, config);

        active.log().truncate(cut.position());
        active.log().sync();
        active.files().handedOut(cut.position());
        leaving.removeBehindCut(removed);
        ProducerReplay.restore(producers, store, directory, segments.all(), newEnd, home.nowMs());
        checkpointer.replaceEpochs(segments.epochs());
        unsynced.syncedEntries(); // with the epochs' file
        cutTo = Long.MAX_VALUE;
        return newEnd;
    }

    /**
     * Nothing of what is there stays, and the log goes on at {@code offset}: a snapshot stands for what lies below, or a leader that has
     * deleted it. Durable when it returns; a crash before that leaves the log as it was, as it will be, or, when it goes on below its end,
     * cut somewhere. Not while anybody persists this log ({@link LogDirectory#startOver} sees to that).
     *
     * @param logStarts writes down {@link #logStartToCheckpoint}, durably
     */
    void startOverAt(long offset, LogStartWriter logStarts) throws IOException {
        refuseWhenOffline();
        writeStaged();
        endSwap();
        if (offset < staged.endOffset()) {
            cut(view().firstSegmentBaseOffset()); // what follows is about logs that end where they go on, or before
            if (offset < staged.endOffset()) {
                beginBelow(offset);
            }
        }
        // First the start: whoever then finds the old segments, in a crash, knows that they are gone. The recovery
        // point follows
        // last, for below the start nothing is missed, but above the end everything would be.
        checkpointer.startsAt(offset);
        home.retireJournals(this);
        logStarts.write();
        segments.forgetRecent();
        ActiveSegment next = segments.active();
        if (next.baseOffset() < offset) {
            next = begin(offset);
            rolling.rolled(next, config, home.nowMs());
        }
        leaving.removeOld(segments.startOver(next, offset));
        staged.cutTo(offset);
        ProducerReplay.restore(producers, store, directory, segments.all(), offset, home.nowMs());
        checkpointer.replaceEpochs(segments.epochs());
        unsynced.syncedEntries(); // with the epochs' file
        checkpointer.startedAt(view().end());
    }

    /** The log is empty, and goes on below its one segment: that is renamed away now, for its name may be used again. */
    private void beginBelow(long offset) throws IOException {
        cutTo = offset;
        checkpointer.truncated(offset);
        home.retireJournals(this);
        home.lowerOffsets(this, offset);
        segments.forgetRecent();
        leaving.removeStray(offset);
        ActiveSegment next = begin(offset);
        store.syncDirectory(directory); // before the other one goes, or a crash might leave none
        rolling.rolled(next, config, home.nowMs());
        leaving.removeBehindCut(segments.startOver(next, offset));
        store.syncDirectory(directory);
        staged.cutTo(offset);
        cutTo = Long.MAX_VALUE;
    }

    /** Writes down the log's start. */
    interface LogStartWriter {
        void write() throws IOException;
    }

    /**
     * DeleteRecords: moves the log start; whole segments below it go. Returns the new log start offset. Not on disk yet: {@link
     * LogDirectory#checkpointLogStarts} has to return before anybody is told that the records are gone.
     *
     * @param offset at most the high watermark; clipped to the log's end
     */
    public long deleteRecordsBefore(long offset) throws IOException {
        refuseWhenOffline();
        writeStaged();
        if (offset > segments.logStartOffset()) {
            segments.startAt(Math.min(offset, staged.endOffset()));
            leaving.removeBelowLogStart();
        }
        return segments.logStartOffset();
    }

    /**
     * Removes what {@link RetentionPolicy} no longer keeps; an expired active segment is sealed first.
     *
     * @param highWatermark segments that reach above it stay
     * @return segments removed
     */
    public int applyRetention(long nowMs, long highWatermark) throws IOException {
        refuseWhenOffline();
        writeStaged();
        RetentionPolicy.Decision decision = RetentionPolicy.decide(
                leaving.retentionFacts(), segments.logStartOffset(), highWatermark, config, nowMs);
        if (decision.rollActive()) {
            roll(nowMs);
        }
        return leaving.expire(decision.segmentsToRemove());
    }

    /**
     * Begins to replace neighbouring segments by what compaction makes of them; {@link #endSwap()} has to follow. Until then
     * they are not removed, and a truncation calls it off.
     *
     * @param run as some view had them, oldest first
     * @return null when the log has other segments by now, or another swap at work
     */
    @Nullable
    SegmentSwap beginSwap(List<SealedSegment> run) {
        return closed ? null : leaving.beginSwap(run);
    }

    /** Ends the swap: the view has the new segment, if it was committed. Nothing happens when there is none. */
    void endSwap() {
        leaving.endSwap();
    }

    /** Whether {@link #stop} was called. Any thread. */
    boolean isClosed() {
        return closed;
    }

    /** Changes whenever the log is cut. Any thread. */
    @Override
    public long truncations() {
        return durable.generation();
    }

    /**
     * Forgets idempotent producers that have not written for {@code expirationMs} ({@code producer.id.expiration.ms}); returns
     * how many.
     */
    public int expireProducers(long nowMs, long expirationMs) {
        return producers.expire(nowMs, expirationMs);
    }

    /** What is known of each producer, for DescribeProducers; an immutable copy. */
    public List<ProducerState> describeProducers() {
        return producers.describe();
    }

    /** {@link LogCheckpointer#persist} of what is written now. Whoever persists, one thread at a time. */
    LogCheckpointer.Persisted persist(boolean each, boolean records) throws IOException {
        long generation = durable.generation(); // before the view: a cut in between makes what is found worthless
        return checkpointer.persist(view(), generation, each, records);
    }

    /** {@link LogCheckpointer#publish}, by the same thread. */
    void publish(LogCheckpointer.Persisted persisted) throws IOException {
        checkpointer.publish(persisted);
    }

    /** Ends the log: nothing is appended any more. Its shard has stopped or has let go of it. */
    void stop() throws IOException {
        closed = true;
        if (home.offlineReason() == null) {
            writeStaged();
        }
        segments.recent().clear();
    }

    /** After {@link #stop}: writes what a start without recovery needs. Everything has to be synced before that is claimed. */
    LogCheckpointer.Persisted finish(boolean each) throws IOException {
        ActiveSegment active = segments.active();
        active.finishTimeIndex();
        active.trim();
        ProducerReplay.write(producers, store, directory, logEndOffset(), each);
        if (each) {
            unsynced.syncSegments();
            active.log().sync();
        }
        active.persistIndexes(each);
        LogCheckpointer.Persisted whole = persist(each, false).upTo(view().end());
        if (each) {
            store.syncDirectory(directory);
            checkpointer.reached(whole);
        }
        return whole;
    }

    /** After {@link #finish}, when all is synced: what the next start should find. Null when files come and go all the same. */
    @Nullable
    StoppedLog stopped() throws IOException {
        return StoppedLog.of(
                store, directory, partition.topicId(), segments.active().firstTimestamp());
    }

    /** Lets go of the files; those of readers at work are closed by the last of them. */
    void releaseFiles() {
        leaving.abandonSwap();
        durable.releaseAll();
        unsynced.releaseAll();
        for (Segment segment : segments.all()) {
            segment.files().remove();
        }
    }
}
