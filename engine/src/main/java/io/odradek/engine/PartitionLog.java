package io.odradek.engine;

import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.AppendOutcome.NotLeader;
import io.odradek.engine.AppendOutcome.StorageFailed;
import io.odradek.engine.AppendOutcome.TooLarge;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.JournalGroup;
import io.odradek.engine.journal.JournaledLog;
import io.odradek.engine.journal.JournaledPart;
import io.odradek.engine.journal.LogName;
import io.odradek.engine.producer.ProducerState;
import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.producer.SequenceCheck;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.recovery.ProducerReplay;
import io.odradek.engine.recovery.RecoveredLog;
import io.odradek.engine.recovery.StoppedLog;
import io.odradek.engine.retention.RetentionPolicy;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.HeaderScan;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.SegmentSearch;
import io.odradek.engine.segment.SegmentWalk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
    private static final int FIRST_STAGED = 16;

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
    private volatile PublishedLog published;
    private volatile boolean closed;

    private final List<SealedSegment> sealed;
    private long sealedBytes;
    private ActiveSegment active;
    private Segment[] segments;
    private long segmentJitterMs;
    /** When the active segment was begun, as far as this process knows; -1 until the first append to it. */
    private long activeSinceMs = -1;

    private long logStartOffset;
    private LeaderEpochs epochs;
    /** A new one after each cut: what was published before must not show what is written after. */
    private RecentBatches recent;
    /** While sealed segments are being replaced. */
    private @Nullable SegmentSwap swap;

    private @Nullable ValidatedBatch[] staged = new @Nullable ValidatedBatch[FIRST_STAGED];
    private ByteBuffer[] stagedBytes = new ByteBuffer[FIRST_STAGED];
    private int stagedCount;
    private int stagedSizeBytes;
    /** Log end with what is staged. */
    private long stagedEndOffset;

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
        this.recent = new RecentBatches(home.recentMemory());
        this.producers = found.producers();
        this.sealed = new ArrayList<>(found.sealed());
        this.active = found.active();
        this.logStartOffset = found.logStartOffset();
        this.stagedEndOffset = found.logEndOffset();
        this.epochs = found.epochs();
        if (found.recoveryPoint() == found.logEndOffset()) {
            active.files().handedOut(active.sizeBytes());
        }
        this.segments = segmentsNow();
        this.published = publishable(found.logEndOffset());
        LogPosition end = new LogPosition(found.logEndOffset(), active.baseOffset(), active.sizeBytes());
        this.snapshots = new CheckpointSnapshots(store, directory, home.snapshotBytes());
        this.checkpointer = new LogCheckpointer(
                store, directory, durable, snapshots, found.epochsOnDisk(), found.logStartOffset(), end);
        this.recoveryDistance = new RecoveryDistance(
                writtenRecoveryPoint < end.offset() ? LogPosition.ofOffset(writtenRecoveryPoint) : end);
        drawJitter();
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
            if (log.active.sizeBytes() == 0) {
                log.preallocateIfWanted(log.active);
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
        return published.view();
    }

    /** Offset the next record will get, as {@link #view} would say. Any thread. */
    public long logEndOffset() {
        return published.logEndOffset();
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
        long baseOffset = stagedEndOffset;
        try {
            rollIfNeeded(batch, baseOffset + batch.lastOffsetDelta(), nowMs);
        } catch (IOException e) {
            batch.lease().release();
            throw e;
        }
        if (snapshots.isWantedAt(baseOffset) && baseOffset > active.baseOffset()) {
            snapshots.take(
                    new LogPosition(baseOffset, active.baseOffset(), active.sizeBytes() + stagedSizeBytes), producers);
        }
        batch.assign(baseOffset, leaderEpoch);
        keep(batch);
        producers.update(batch, baseOffset, nowMs);
        unsynced.count(batch.recordCount(), nowMs, config);
        long lastOffset = batch.lastOffset();
        boolean stampedHere =
                (batch.bytes().getShort(BatchLayout.ATTRIBUTES_AT) & BatchLayout.LOG_APPEND_TIME_BIT) != 0;
        appended.set(
                baseOffset,
                lastOffset,
                stampedHere ? batch.maxTimestamp() : BatchLayout.NO_TIMESTAMP,
                logStartOffset,
                active.baseOffset(),
                active.sizeBytes() + stagedSizeBytes);
        return appended;
    }

    private @Nullable AppendOutcome refusal(ValidatedBatch batch, int leaderEpoch) {
        String offline = closed ? "log " + partition + " is closed" : home.offlineReason();
        if (offline != null) {
            return new StorageFailed(offline);
        }
        if (leaderEpoch != epochs.latestEpoch()) {
            return new NotLeader(epochs.latestEpoch());
        }
        int segmentBytes = config.segmentBytes();
        if (batch.sizeBytes() > segmentBytes) {
            return new TooLarge(batch.sizeBytes(), segmentBytes);
        }
        return switch (producers.check(batch)) {
            case SequenceCheck.Next() -> null;
            case SequenceCheck.Duplicate(long baseOffset, long lastOffset, long timestamp) ->
                new AppendOutcome.Duplicate(baseOffset, lastOffset, timestamp, logStartOffset);
            case SequenceCheck.OutOfOrder(int expected, int received) ->
                new AppendOutcome.OutOfOrderSequence(expected, received);
            case SequenceCheck.Fenced(short current, short received) ->
                new AppendOutcome.ProducerFenced(current, received);
        };
    }

    private void keep(ValidatedBatch batch) {
        if (stagedCount == staged.length) {
            staged = Arrays.copyOf(staged, 2 * stagedCount);
            stagedBytes = Arrays.copyOf(stagedBytes, 2 * stagedCount);
        }
        staged[stagedCount] = batch;
        stagedBytes[stagedCount] = batch.bytes();
        stagedCount++;
        stagedSizeBytes += batch.sizeBytes();
        stagedEndOffset = batch.lastOffset() + 1;
    }

    /** Kafka's reasons for a new segment: size, age (with jitter), a full index, an offset too far from the base. */
    private void rollIfNeeded(ValidatedBatch batch, long lastOffset, long nowMs) throws IOException {
        LogConfig now = config;
        int size = active.sizeBytes() + stagedSizeBytes;
        boolean indexFull = active.indexesAreFull(stagedCount + 1, now.segmentIndexBytes());
        if (indexFull && stagedCount > 0) {
            writeStaged(); // not every staged batch gets an entry: count again
            indexFull = active.indexesAreFull(1, now.segmentIndexBytes());
        }
        if (activeSinceMs < 0) {
            activeSinceMs = nowMs;
        }
        boolean tooLarge = size > now.segmentBytes() - batch.sizeBytes();
        boolean tooOld = size > 0 && waitedMs(batch.maxTimestamp(), nowMs) > now.segmentMs() - segmentJitterMs;
        boolean tooFar = lastOffset - active.baseOffset() > Integer.MAX_VALUE;
        if (tooLarge || tooOld || tooFar || indexFull) {
            writeStaged();
            roll(nowMs);
        }
    }

    /** From the first batch's timestamp to this one's; by the clock when the first has none. */
    private long waitedMs(long batchMaxTimestamp, long nowMs) {
        ValidatedBatch first = stagedCount == 0 ? null : staged[0];
        long firstTimestamp = active.sizeBytes() == 0 && first != null ? first.maxTimestamp() : active.firstTimestamp();
        return firstTimestamp >= 0 ? batchMaxTimestamp - firstTimestamp : nowMs - activeSinceMs;
    }

    /** Writes what was staged, one gathering write per segment, and publishes the new {@link #view()}. */
    public void writeStaged() throws IOException {
        if (stagedCount == 0) {
            return;
        }
        String offline = home.offlineReason();
        if (offline != null) {
            releaseStaged();
            throw new IOException(offline);
        }
        try {
            active.append(stagedBytes, stagedCount);
        } catch (IOException e) {
            failWrite(e);
            throw e;
        }
        LogConfig now = config;
        for (int i = 0; i < stagedCount; i++) {
            ValidatedBatch batch = stagedAt(i);
            batch.bytes().position(0);
            active.wrote(batch.sizeBytes(), batch.lastOffset(), batch.maxTimestamp(), now.indexIntervalBytes());
            recent.written(batch);
        }
        forgetStaged();
        unsynced.wroteTo(active, durable.recoveryPoint());
        published.grewTo(stagedEndOffset, active.sizeBytes());
    }

    private ValidatedBatch stagedAt(int i) {
        ValidatedBatch batch = staged[i];
        if (batch == null) {
            throw new AssertionError("slot " + i + " of " + stagedCount + " staged batches is empty");
        }
        return batch;
    }

    private void forgetStaged() {
        Arrays.fill(staged, 0, stagedCount, null);
        Arrays.fill(stagedBytes, 0, stagedCount, null);
        stagedCount = 0;
        stagedSizeBytes = 0;
    }

    /** Nothing of what was staged is in the log; nothing more will be. */
    private void failWrite(IOException cause) {
        releaseStaged();
        home.takeOffline(cause);
        try {
            active.cutToSize();
        } catch (IOException e) {
            // The next start cuts it: what is behind the view's end was never claimed.
            cause.addSuppressed(e);
        }
    }

    private void releaseStaged() {
        for (int i = 0; i < stagedCount; i++) {
            stagedAt(i).lease().release();
        }
        forgetStaged();
        stagedEndOffset = logEndOffset();
    }

    private void roll(long nowMs) throws IOException {
        if (active.sizeBytes() == 0) {
            return;
        }
        try {
            ProducerReplay.write(producers, store, directory, stagedEndOffset, false);
            SealedSegment old = active.seal();
            ActiveSegment next = ActiveSegment.create(store, directory, stagedEndOffset);
            try {
                preallocateIfWanted(next);
            } catch (IOException | RuntimeException | Error e) {
                next.files().remove();
                throw e;
            }
            next.files().handedOut(0);
            sealed.add(old);
            sealedBytes += old.sizeBytes();
            active = next;
        } catch (IOException e) {
            failWrite(e);
            throw e;
        }
        unsynced.changedEntries();
        activeSinceMs = nowMs;
        drawJitter();
        segments = segmentsNow();
        publish(stagedEndOffset);
    }

    /** As Kafka does with a new file; one that is found with records in it only grows. */
    private void preallocateIfWanted(ActiveSegment empty) throws IOException {
        LogConfig now = config;
        if (now.preallocate()) {
            empty.preallocate(now.segmentBytes());
        }
    }

    /** Spreads rolls by time: the same segment draws the same share of {@code segment.jitter.ms} every time. */
    private void drawJitter() {
        LogConfig now = config;
        long limit = Math.min(now.segmentJitterMs(), now.segmentMs());
        long mixed = (partition.hashCode() * 31L + active.baseOffset()) * 0x9E3779B97F4A7C15L;
        segmentJitterMs = limit <= 0 ? 0 : Long.remainderUnsigned(mixed ^ (mixed >>> 32), limit);
    }

    private Segment[] segmentsNow() {
        Segment[] now = new Segment[sealed.size() + 1];
        long bytes = 0;
        for (int i = 0; i < sealed.size(); i++) {
            now[i] = sealed.get(i);
            bytes += sealed.get(i).sizeBytes();
        }
        now[sealed.size()] = active;
        sealedBytes = bytes;
        return now;
    }

    /** With the log's start, epochs and segments as they are now. */
    private void publish(long endOffset) {
        published = publishable(endOffset);
    }

    private PublishedLog publishable(long endOffset) {
        return new PublishedLog(logStartOffset, sealedBytes, epochs, segments, recent, endOffset, active.sizeBytes());
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
        return takeDirtyFiles(new JournalGroup());
    }

    /** Whether {@link #takeDirtyFiles} would hand anything out. */
    public boolean hasDirtyFiles() {
        return !unsynced.isEmpty();
    }

    /** The same, and tells {@code ranges} which bytes of the files were not handed out before. */
    public List<StoreFile> takeDirtyFiles(JournalGroup ranges) {
        UnsyncedWrites.HandedOut out = unsynced.handOut(active, ranges);
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
        if (leaderEpoch < epochs.latestEpoch()) {
            throw new IllegalArgumentException(
                    partition + " is in epoch " + epochs.latestEpoch() + ", epoch " + leaderEpoch + " is over");
        }
        writeStaged();
        epochs = epochs.begin(leaderEpoch, stagedEndOffset);
        publish(stagedEndOffset);
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
        if (offset < logStartOffset) {
            throw new IllegalArgumentException(
                    "cannot cut " + partition + " at " + offset + ", it begins at " + logStartOffset);
        }
        refuseWhenOffline();
        writeStaged();
        if (offset >= stagedEndOffset) {
            return stagedEndOffset;
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
        int n = view.segmentFor(offset);
        Segment last = segments[n];
        int position = view.segmentBytes(n);
        long newEnd = offset;
        HeaderScan scan = HeaderScan.ofThread();
        if (SegmentSearch.seek(scan, last, position, offset, view.segmentEndOffset(n))) {
            position = scan.position();
            newEnd = Math.min(offset, scan.baseOffset());
        }
        // In a gap that compaction has left the log ends before the gap: after a start its end is where its last batch
        // ends.
        newEnd = Math.min(newEnd, SegmentWalk.endOffsetBefore(last, offset, position));
        checkpointer.truncated(newEnd); // what is on its way to a journal is stale from here on
        home.retireJournals(this);
        home.lowerOffsets(this, newEnd);
        recent.clear();
        recent = new RecentBatches(home.recentMemory());

        List<Segment> removed = List.of(segments).subList(n + 1, segments.length);
        active = SegmentWalk.shortened(last, newEnd, position, config.indexIntervalBytes());
        while (sealed.size() > n) {
            sealed.removeLast();
        }
        segments = segmentsNow();
        epochs = epochs.truncatedTo(newEnd);
        stagedEndOffset = newEnd;
        logStartOffset = Math.min(logStartOffset, newEnd); // it may lie within the batch that went
        publish(newEnd);
        drawJitter();

        active.log().truncate(position);
        active.log().sync();
        active.files().handedOut(position);
        retire(removed);
        ProducerReplay.restore(producers, store, directory, List.of(segments), newEnd, home.nowMs());
        checkpointer.replaceEpochs(epochs);
        unsynced.syncedEntries(); // with the epochs' file
        return newEnd;
    }

    /** Takes segments behind a cut out of the directory now: their names will be used again. */
    private void retire(List<Segment> removed) throws IOException {
        List<Path> renamed = new ArrayList<>();
        for (Segment segment : removed) {
            unsynced.forget(segment.files());
            segment.files().remove();
            for (String suffix : SegmentNames.ALL) {
                Path file = segment.files().path(suffix);
                Path away = file.resolveSibling(file.getFileName() + SegmentNames.DELETED);
                if (store.exists(file)) { // not every segment has every file
                    store.rename(file, away);
                    renamed.add(away);
                }
            }
        }
        home.deleteLater(renamed, config.fileDeleteDelayMs());
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
        if (offset > logStartOffset) {
            logStartOffset = Math.min(offset, stagedEndOffset);
            epochs = epochs.startingAt(logStartOffset);
            removeBelowLogStart();
        }
        return logStartOffset;
    }

    private void removeBelowLogStart() {
        LogView view = view();
        int below = 0;
        while (below < sealed.size() && view.segmentEndOffset(below) <= logStartOffset) {
            below++;
        }
        removeOldest(Math.min(below, removable()));
    }

    /** How many segments may be removed: the names of those that are being replaced are the swap's until it has ended. */
    private int removable() {
        SegmentSwap running = swap;
        return running == null ? sealed.size() : sealed.indexOf(running.run().getFirst());
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
        RetentionPolicy.Decision decision =
                RetentionPolicy.decide(retentionFacts(), logStartOffset, highWatermark, config, nowMs);
        if (decision.rollActive()) {
            roll(nowMs);
        }
        int removed = Math.min(decision.segmentsToRemove(), removable());
        if (removed > 0) {
            logStartOffset = Math.max(logStartOffset, view().segmentEndOffset(removed - 1));
            epochs = epochs.startingAt(logStartOffset);
            removeOldest(removed);
        }
        return removed;
    }

    private List<RetentionPolicy.SegmentFacts> retentionFacts() throws IOException {
        LogView view = view();
        List<RetentionPolicy.SegmentFacts> facts = new ArrayList<>(segments.length);
        for (int n = 0; n < segments.length; n++) {
            long maxTimestamp = switch (segments[n]) {
                case ActiveSegment growing -> growing.maxTimestamp();
                case SealedSegment done -> done.maxTimestamp();
            };
            long largestTimestamp = maxTimestamp >= 0
                    ? maxTimestamp
                    : store.lastModifiedMs(segments[n].files().path(SegmentNames.LOG));
            facts.add(
                    new RetentionPolicy.SegmentFacts(view.segmentEndOffset(n), view.segmentBytes(n), largestTimestamp));
        }
        return facts;
    }

    /**
     * Takes the oldest segments out of the view. Their files go later, by housekeeping, once the new log start is on disk: a
     * crash may keep any of several deletions, and without the log start what comes back would be a log with a hole.
     *
     * <p>What is dirty among them stays so: until the log start is on disk, a crash finds these segments again, and one that
     * ends too early would take what was synced behind it along.
     */
    private void removeOldest(int count) {
        List<Segment> removed = List.of(segments).subList(0, count);
        sealed.subList(0, count).clear();
        segments = segmentsNow();
        publish(logEndOffset());
        unsynced.forgetBelow(durable.recoveryPoint());
        List<Path> files = new ArrayList<>();
        for (Segment segment : removed) {
            for (String suffix : SegmentNames.ALL) {
                files.add(segment.files().path(suffix));
            }
            segment.files().remove();
        }
        if (!files.isEmpty()) {
            home.retireLater(this, files, config.fileDeleteDelayMs());
        }
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
        int first = sealed.indexOf(run.getFirst());
        if (closed || swap != null || first < 0 || first + run.size() > sealed.size()) {
            return null;
        }
        List<SealedSegment> now = List.copyOf(sealed.subList(first, first + run.size()));
        if (!now.equals(run)) {
            return null;
        }
        now.forEach(segment -> {
            if (!segment.tryRetain()) {
                throw new AssertionError("segment " + segment.baseOffset() + " is in the log and was removed");
            }
        });
        swap = new SegmentSwap(store, directory, now, producers.lastBatches());
        return swap;
    }

    /** Ends the swap: the view has the new segment, if it was committed. Nothing happens when there is none. */
    void endSwap() {
        SegmentSwap running = swap;
        if (running == null) {
            return;
        }
        swap = null;
        SegmentSwap.Outcome outcome = running.end();
        if (outcome != null) {
            int first = sealed.indexOf(outcome.replaced().getFirst());
            sealed.subList(first, first + outcome.replaced().size()).clear();
            sealed.add(first, outcome.replacement());
            segments = segmentsNow();
            publish(logEndOffset()); // before readers find the old ones gone
            for (SealedSegment old : outcome.replaced()) {
                unsynced.forget(old.files());
                old.files().remove();
            }
            home.deleteLater(outcome.renamed(), config.fileDeleteDelayMs());
        }
        removeBelowLogStart();
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
        recent.clear();
    }

    /** After {@link #stop}: writes what a start without recovery needs. Everything has to be synced before that is claimed. */
    LogCheckpointer.Persisted finish(boolean each) throws IOException {
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
        return StoppedLog.of(store, directory, partition.topicId(), active.firstTimestamp());
    }

    /** Lets go of the files; those of readers at work are closed by the last of them. */
    void releaseFiles() {
        SegmentSwap running = swap;
        SegmentSwap.Outcome swapped = running == null ? null : running.end();
        if (swapped != null) {
            swapped.replacement().files().remove();
        }
        durable.releaseAll();
        unsynced.releaseAll();
        for (Segment segment : segments) {
            segment.files().remove();
        }
    }
}
