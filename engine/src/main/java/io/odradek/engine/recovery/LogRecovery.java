package io.odradek.engine.recovery;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.recovery.TailFacts.Promise;
import io.odradek.engine.recovery.TailFacts.Reach;
import io.odradek.engine.recovery.TailFacts.Stop;
import io.odradek.engine.recovery.TailFacts.Tail;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.BatchCrc;
import io.odradek.engine.segment.CheckpointText;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.HeaderScan;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentFiles;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the files of one log as the last run left them.
 *
 * <ol>
 *   <li>removes what an interrupted deletion, compaction or replacement left over;
 *   <li>after a clean stop: walks the headers behind the last index entry to find the end;
 *   <li>else: reads and checks every batch from the index entry below the recovery point on, and rebuilds what lies above it;
 *   <li>gathers {@link TailFacts} and does what {@link RecoveryTable} says, nothing before.
 * </ol>
 *
 * <p>What is kept is synced before the log is opened: it may be shown to readers, and a retry of it is answered "already
 * there". Doing all this twice changes nothing the second time. Confined to the recovering thread.
 */
public final class LogRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(LogRecovery.class);

    static final String REFUSED =
            " Nothing was changed. Restore the file, or move the partition's directory away" + " to start it empty";

    /**
     * What the log directory's files say about one log.
     *
     * @param cleanStop the marker of a clean stop was there
     * @param recoveryPoint from the checkpoint; 0 when it has no entry
     * @param logStartOffset from the checkpoint; 0 when it has no entry
     * @param highWatermark from the checkpoint; 0 when it has no entry
     * @param compactedEnd exclusive; below it compaction may have left gaps; 0 when it has no entry
     */
    public record Remembered(
            boolean cleanStop, long recoveryPoint, long logStartOffset, long highWatermark, long compactedEnd) {

        private Remembered afterCrash() {
            return new Remembered(false, recoveryPoint, logStartOffset, highWatermark, compactedEnd);
        }
    }

    private final FileStore store;
    private final Path directory;
    private final LogConfig config;
    private final Remembered remembered;
    private final long nowMs;

    private final FoundFiles found;
    private final FoundIndexes indexes;
    private final ProducerStates producers = new ProducerStates();
    private boolean entriesChanged;
    private long scannedBytes;
    /** Where the last batch began that {@link #walkToEnd} met. */
    private int lastBatchAt;

    private LogRecovery(
            FileStore store, Path directory, LogConfig config, Remembered remembered, FoundFiles found, long nowMs) {
        this.store = store;
        this.directory = directory;
        this.config = config;
        this.remembered = remembered;
        this.found = found;
        this.indexes = new FoundIndexes(found);
        this.nowMs = nowMs;
    }

    /**
     * Opens the log in {@code directory}.
     *
     * @param stopped what the last stop has written down of it, if that was clean; null when nothing is known
     * @param nowMs when its producers count as last seen
     * @throws CorruptLogException when the table says so, or a sealed segment is not what the stop has written down: nothing was
     *     changed but leftovers, and the log stays closed
     */
    public static RecoveredLog open(
            FileStore store,
            Path directory,
            LogConfig config,
            Remembered remembered,
            @Nullable StoppedLog stopped,
            long nowMs)
            throws IOException {
        List<SegmentFiles> opened = new ArrayList<>();
        boolean done = false;
        try {
            FoundFiles found = FoundFiles.in(store, directory, stopped, remembered.logStartOffset());
            RecoveredLog log = new LogRecovery(store, directory, config, remembered, found, nowMs).open(opened);
            done = true;
            return log;
        } finally {
            if (!done) {
                opened.stream().filter(files -> !files.isRemoved()).forEach(SegmentFiles::remove);
            }
        }
    }

    private RecoveredLog open(List<SegmentFiles> opened) throws IOException {
        List<Long> bases = found.baseOffsets();
        for (int n = 0; n < bases.size(); n++) {
            if (n + 1 < bases.size() && bases.get(n + 1) <= remembered.logStartOffset()) {
                // Retention had removed it, or was about to; it may be back alone, with a hole behind it.
                found.deleteSegment(bases.get(n));
            } else {
                opened.add(SegmentFiles.open(store, directory, bases.get(n), OpenMode.READ_WRITE));
            }
        }
        if (opened.isEmpty()) {
            return openWithoutSegments(opened);
        }
        StoredEpochs stored = new StoredEpochs(found.epochs());
        return remembered.cleanStop() ? openTrusting(opened, stored) : openScanning(opened, stored);
    }

    /** A log that never got its first file, or lost them all. */
    private RecoveredLog openWithoutSegments(List<SegmentFiles> opened) throws IOException {
        long start = remembered.logStartOffset();
        decide(Tail.INTACT, start, directory, -1, "there is no segment");
        ActiveSegment first = ActiveSegment.create(store, directory, start);
        opened.add(first.files());
        store.syncDirectory(directory);
        return new RecoveredLog(
                List.of(), first, start, start, LeaderEpochs.NONE, LeaderEpochs.NONE, new ProducerStates(), start, 0);
    }

    /** @param epochs null when they have to be rebuilt from the batches */
    private record StoredEpochs(@Nullable LeaderEpochs epochs) {}

    // ---- after a clean stop

    private RecoveredLog openTrusting(List<SegmentFiles> opened, StoredEpochs stored) throws IOException {
        SegmentFiles last = opened.getLast();
        int fileBytes = sizeOf(last);
        ActiveSegment active;
        long end;
        try {
            ActiveSegment written = indexes.asWritten(last);
            active = written != null ? written : indexes.resumed(last, Long.MAX_VALUE, fileBytes);
            end = walkToEnd(active, fileBytes);
        } catch (CorruptLogException e) {
            // The table refuses both; whoever has to repair it wants to know which.
            Tail tail =
                    anythingIntactBehind(last, (int) e.position(), fileBytes) ? Tail.BROKEN_INSIDE : Tail.BROKEN_AT_END;
            decide(tail, Math.max(0, e.offset()), e.file(), e.position(), e.problem());
            throw e;
        }
        if (end > remembered.recoveryPoint()) {
            // A clean stop writes down where the log ends: this log was not open then, or its last header is damaged.
            return new LogRecovery(store, directory, config, remembered.afterCrash(), found.asTheyAre(), nowMs)
                    .openScanning(opened, stored);
        }
        decide(Tail.INTACT, end, last.log().path(), fileBytes, "the last batch ends there");
        List<SealedSegment> sealed = new ArrayList<>();
        Set<Path> there = opened.size() > 1 ? new HashSet<>(found.paths()) : Set.of();
        for (SegmentFiles files : opened.subList(0, opened.size() - 1)) {
            sealed.add(foundSealed(files, there));
        }
        LeaderEpochs epochs = stored.epochs();
        if (epochs == null) {
            epochs = LeaderEpochs.NONE;
            for (SegmentFiles files : opened) {
                epochs = withEpochsOf(files, sizeOf(files), epochs);
            }
        }
        return finish(sealed, active, end, epochs.truncatedTo(end + 1), stored, null); // one may begin at the end
    }

    private boolean anythingIntactBehind(SegmentFiles files, int position, int fileBytes) throws IOException {
        TailScan scan = new TailScan(files.baseOffset(), LeaderEpochs.NONE, config.indexIntervalBytes(), 0);
        return scan.anythingIntactFrom(files.log(), files.baseOffset(), position + 1, fileBytes);
    }

    /** Walks to the end of the file; returns where the log ends. */
    private long walkToEnd(ActiveSegment active, int fileBytes) throws IOException {
        long end = active.baseOffset();
        HeaderScan scan = HeaderScan.ofThread();
        int from = active.sizeBytes();
        while (scan.moveTo(active.log(), active.sizeBytes(), fileBytes)) {
            lastBatchAt = active.sizeBytes();
            active.wrote(scan.sizeBytes(), scan.lastOffset(), scan.maxTimestamp(), config.indexIntervalBytes());
            end = scan.lastOffset() + 1;
        }
        scannedBytes += fileBytes - from;
        return end;
    }

    /** A segment below the recovery point: its bytes are trusted, its indexes rebuilt when they are not there. */
    private SealedSegment foundSealed(SegmentFiles files, Set<Path> there) throws IOException {
        int bytes = sizeOf(files);
        if (!there.contains(files.path(SegmentNames.OFFSET_INDEX))
                || !there.contains(files.path(SegmentNames.TIME_INDEX))) {
            return rebuiltSealed(files, bytes);
        }
        return SealedSegment.found(files, bytes);
    }

    private SealedSegment rebuiltSealed(SegmentFiles files, int bytes) throws IOException {
        LOG.info("Rebuilding the indexes of {}", files.log().path());
        ActiveSegment rebuilt = ActiveSegment.rebuilding(files);
        walkToEnd(rebuilt, bytes);
        // The index may be right, and a batch wrong.
        HeaderScan scan = HeaderScan.ofThread();
        for (int position = 0; scan.moveTo(files.log(), position, bytes); position = scan.endPosition()) {
            BatchCrc.require(files.log(), position, scan.sizeBytes());
        }
        return sealedAgain(rebuilt);
    }

    private SealedSegment sealedAgain(ActiveSegment rebuilt) throws IOException {
        rebuilt.finishTimeIndex();
        entriesChanged |= rebuilt.persistIndexes(true);
        return SealedSegment.found(rebuilt.files(), rebuilt.sizeBytes());
    }

    // ---- after any other stop

    private RecoveredLog openScanning(List<SegmentFiles> opened, StoredEpochs stored) throws IOException {
        // A process that died alone left entries that the disk does not have yet, perhaps that of the last segment:
        // what is
        // appended to it is only as durable as its entry.
        entriesChanged = true;
        int first = segmentOf(opened, remembered.recoveryPoint());
        LeaderEpochs epochs = LeaderEpochs.NONE;
        long end = opened.getFirst().baseOffset();
        List<SealedSegment> sealed = new ArrayList<>();
        List<ActiveSegment> untrimmed = new ArrayList<>();
        for (SegmentFiles files : opened.subList(0, first)) {
            refuseHoleBefore(files, end);
            int fileBytes = sizeOf(files);
            ActiveSegment picture = indexes.resumed(files, Long.MAX_VALUE, fileBytes);
            end = Math.max(end, walkBelowRecoveryPoint(picture, fileBytes));
            int bytes = picture.sizeBytes();
            long nextBase = opened.get(sealed.size() + 1).baseOffset();
            if (end != nextBase && bytes > 0) { // a gap, as the last batch says: is it intact?
                BatchCrc.require(files.log(), lastBatchAt, bytes - lastBatchAt);
            }
            if (end > nextBase) {
                throw new CorruptLogException(
                        files.log().path(),
                        lastBatchAt,
                        nextBase,
                        "the batch claims offsets up to " + (end - 1) + ", the next segment begins at " + nextBase
                                + "; it lies below the recovery point " + remembered.recoveryPoint() + "." + REFUSED);
            }
            if (bytes < fileBytes) {
                untrimmed.add(picture);
            }
            if (stored.epochs() == null) {
                epochs = withEpochsOf(files, bytes, epochs);
            }
            picture.finishTimeIndex();
            sealed.add(FoundIndexes.say(picture) ? SealedSegment.found(files, bytes) : rebuiltSealed(files, bytes));
        }
        refuseHoleBefore(opened.get(first), end);

        // From here on bytes are checked.
        ActiveSegment picture = stored.epochs() == null
                ? ActiveSegment.rebuilding(opened.get(first))
                : indexes.resumed(opened.get(first), remembered.recoveryPoint(), sizeOf(opened.get(first)));
        if (stored.epochs() != null) {
            // Later entries are found again in the batches; those without a batch are not missed.
            epochs = stored.epochs().truncatedTo(offsetAt(picture));
        }
        ProducerReplay producers = replayBehind(sealed, picture);
        TailScan scan = new TailScan(
                Math.max(end, offsetAt(picture)),
                epochs,
                config.indexIntervalBytes(),
                // A pass that was interrupted has not noted how far it came.
                config.compact() ? Long.MAX_VALUE : remembered.compactedEnd(),
                producers);
        List<ActiveSegment> scanned = new ArrayList<>();
        String problem = null;
        for (int n = first; n < opened.size() && problem == null; n++) {
            SegmentFiles files = opened.get(n);
            if (n > first) {
                problem = holeBefore(files, scan.nextOffset());
                if (problem != null) {
                    break;
                }
                picture = ActiveSegment.rebuilding(files);
                scan.enter(files.baseOffset());
            }
            scanned.add(picture);
            long nextBase = n + 1 < opened.size() ? opened.get(n + 1).baseOffset() : Long.MAX_VALUE;
            scan.scan(picture, sizeOf(files), nextBase);
            problem = scan.problem();
        }
        scannedBytes += scan.scannedBytes();

        ActiveSegment last = scanned.getLast();
        List<SegmentFiles> behind = opened.subList(first + scanned.size(), opened.size());
        int lastBytes = sizeOf(last.files());
        Tail tail = problem == null
                ? Tail.INTACT
                : behind.isEmpty()
                                && !scan.anythingIntactFrom(
                                        last.log(), last.baseOffset(), last.sizeBytes() + 1, lastBytes)
                        ? Tail.BROKEN_AT_END
                        : Tail.BROKEN_INSIDE;
        String found = problem == null ? "the last batch ends there" : problem;
        decide(tail, scan.nextOffset(), last.log().path(), last.sizeBytes(), found);

        for (SegmentFiles files : behind) {
            removeBehindCut(files);
        }
        for (ActiveSegment segment : untrimmed) {
            segment.cutToSize();
            segment.log().sync();
        }
        for (ActiveSegment segment : scanned) {
            segment.cutToSize();
            segment.log().sync();
            if (segment != last) {
                sealed.add(sealedAgain(segment));
            }
        }
        if (last.sizeBytes() > 0 || store.exists(last.files().path(SegmentNames.OFFSET_INDEX))) {
            last.persistIndexes(true); // else entries of what was cut could stay in the file
        }
        return finish(sealed, last, scan.nextOffset(), scan.epochs(), stored, producers);
    }

    private static int segmentOf(List<SegmentFiles> opened, long offset) {
        int n = opened.size() - 1;
        while (n > 0 && opened.get(n).baseOffset() > offset) {
            n--;
        }
        return n;
    }

    /**
     * Why {@code files} cannot be what follows a segment that ends at {@code end}; null when it can. A gap between segments may be
     * Kafka's compaction, which keeps the last batch of a whole pass only, where ours keeps that of each segment. Elsewhere
     * records are missing: what had not been synced when the machine stopped.
     */
    private @Nullable String holeBefore(SegmentFiles files, long end) {
        if (files.baseOffset() == end
                || (files.baseOffset() > end && files.baseOffset() <= remembered.compactedEnd())) {
            return null;
        }
        return "segment " + files.log().path().getFileName() + " follows where offset " + end + " was expected";
    }

    private void refuseHoleBefore(SegmentFiles files, long end) throws CorruptLogException {
        String hole = holeBefore(files, end);
        // All that is there was synced: in a compacted log a gap is compaction's.
        if (hole != null && !(config.compact() && files.baseOffset() > end)) {
            throw new CorruptLogException(
                    files.log().path(),
                    -1,
                    end,
                    hole + ", below the recovery point " + remembered.recoveryPoint() + ": synced segments are missing."
                            + REFUSED);
        }
    }

    /**
     * Returns where the segment's records end. Behind them may be zeros, when it was preallocated and what is left of that was
     * taken back after the last sync.
     */
    private long walkBelowRecoveryPoint(ActiveSegment picture, int bytes) throws IOException {
        try {
            return walkToEnd(picture, bytes);
        } catch (CorruptLogException e) {
            int used = picture.sizeBytes();
            if (used > 0 && TailScan.onlyZeros(picture.log(), used, bytes)) {
                return walkToEnd(ActiveSegment.rebuilding(picture.files()), used);
            }
            throw new CorruptLogException(
                    e.file(),
                    e.position(),
                    e.offset(),
                    e.problem() + "; it lies below the recovery point " + remembered.recoveryPoint()
                            + ", so it had been synced." + REFUSED);
        }
    }

    /** Base offset of the batch that {@code picture} ends before. */
    private long offsetAt(ActiveSegment picture) throws IOException {
        HeaderScan scan = HeaderScan.ofThread();
        return picture.sizeBytes() > 0 && scan.moveTo(picture.log(), picture.sizeBytes(), sizeOf(picture.files()))
                ? scan.baseOffset()
                : picture.baseOffset();
    }

    private LeaderEpochs withEpochsOf(SegmentFiles files, int bytes, LeaderEpochs below) throws IOException {
        LeaderEpochs epochs = below;
        HeaderScan scan = HeaderScan.ofThread();
        for (int position = 0; scan.moveTo(files.log(), position, bytes); position = scan.endPosition()) {
            epochs = epochs.begin(scan.leaderEpoch(), scan.baseOffset());
        }
        scannedBytes += bytes;
        return epochs;
    }

    private void removeBehindCut(SegmentFiles files) throws IOException {
        LOG.warn("Removing {}: it lies behind the cut", files.log().path());
        for (String suffix : SegmentNames.ALL) {
            if (store.exists(files.path(suffix))) {
                store.delete(files.path(suffix));
            }
        }
        files.remove();
    }

    // ---- both

    /** Asks the table; returns when the log may be opened. Says what it has to say. */
    private void decide(Tail tail, long end, Path file, long position, String found) throws CorruptLogException {
        // Nobody misses what was deleted by request: a log that ends below its start reaches as far as its start.
        long reached = Math.max(end, remembered.logStartOffset());
        TailFacts facts = new TailFacts(
                remembered.cleanStop() ? Stop.CLEAN : Stop.UNCLEAN,
                tail,
                reached >= remembered.recoveryPoint() ? Reach.COVERED : Reach.SHORT,
                reached >= remembered.highWatermark() ? Reach.COVERED : Reach.SHORT,
                config.durability() instanceof Durability.Sync ? Promise.ON_DISK : Promise.IN_MEMORY);
        RecoveryTable row = RecoveryTable.rowFor(facts);
        switch (row.decision()) {
            case TRUST, KEEP -> LOG.debug("Opening {}, log end offset {} [recovery table, row {}]", file, end, row);
            case CUT ->
                LOG.info(
                        "Cutting {} at byte {}, log end offset {}: {} [recovery table, row {}]",
                        file,
                        position,
                        end,
                        found,
                        row);
            case CUT_LOUDLY ->
                LOG.warn(
                        "Cutting {} at byte {}, log end offset {} (recovery point {}, high watermark {} had been"
                                + " recorded): {} [recovery table, row {}]",
                        file,
                        position,
                        end,
                        remembered.recoveryPoint(),
                        remembered.highWatermark(),
                        found,
                        row);
            case REFUSE -> {
                LOG.debug("Refusing {} [recovery table, row {}]", file, row);
                throw new CorruptLogException(
                        file,
                        position,
                        end,
                        found + "; the intact part ends at offset " + end + ", but " + remembered.recoveryPoint()
                                + " is recorded as synced and " + remembered.highWatermark()
                                + " as shown to readers, and the last stop was "
                                + (remembered.cleanStop() ? "clean" : "not clean") + " [recovery table, row " + row
                                + "]."
                                + REFUSED);
            }
        }
    }

    /**
     * Up to which snapshots are what was written: that which the log starts with was synced before the start was written down, or
     * before the segment below it was sealed.
     */
    private long trustedSnapshots(long end) {
        return remembered.cleanStop()
                ? end
                : Math.min(end, Math.max(remembered.recoveryPoint(), remembered.logStartOffset()));
    }

    /** What the producers had written before the batch that {@code picture} ends with. */
    private ProducerReplay replayBehind(List<SealedSegment> sealed, ActiveSegment picture) throws IOException {
        long firstBase =
                sealed.isEmpty() ? picture.baseOffset() : sealed.getFirst().baseOffset();
        ProducerReplay replay = ProducerReplay.begin(
                producers,
                store,
                found::contentOf,
                directory,
                found.paths(),
                firstBase,
                trustedSnapshots(Long.MAX_VALUE),
                nowMs);
        for (int n = 0; n < sealed.size(); n++) {
            replay.segment(
                    sealed.get(n), n + 1 < sealed.size() ? sealed.get(n + 1).baseOffset() : picture.baseOffset());
        }
        replay.segment(picture, Long.MAX_VALUE);
        return replay;
    }

    /** @param replay has replayed all of the log; null when nobody has */
    private RecoveredLog finish(
            List<SealedSegment> sealed,
            ActiveSegment active,
            long end,
            LeaderEpochs epochs,
            StoredEpochs stored,
            @Nullable ProducerReplay replay)
            throws IOException {
        LeaderEpochs onDisk = stored.epochs();
        if (onDisk == null || !onDisk.equals(epochs)) {
            Path file = directory.resolve(LeaderEpochs.FILE_NAME);
            CheckpointText.prepare(store, file, epochs.encode(), true);
            CheckpointText.publish(store, file);
            entriesChanged = true;
        }
        List<Segment> segments = new ArrayList<>(sealed);
        segments.add(active);
        long trusted = trustedSnapshots(end);
        List<Path> files =
                remembered.cleanStop() ? found.paths() : store.list(directory); // with what was cut, snapshots went
        if (replay != null) {
            // It began with a snapshot at or below the recovery point, or the start. A log that ends before that one
            // ends before its start (row K refuses any other), and what is known of its producers goes below.
            entriesChanged |= replay.finish(files, trusted);
        } else {
            entriesChanged |= ProducerReplay.restore(
                    producers, store, found::contentOf, directory, files, segments, end, trusted, nowMs);
        }
        if (entriesChanged) {
            store.syncDirectory(directory);
        }
        long firstOffset =
                sealed.isEmpty() ? active.baseOffset() : sealed.getFirst().baseOffset();
        long logStart = Math.max(firstOffset, remembered.logStartOffset());
        if (logStart > end) {
            return startedOver(active, logStart);
        }
        return new RecoveredLog(sealed, active, logStart, end, epochs, epochs, producers, end, scannedBytes);
    }

    /**
     * Everything that is left had been deleted by request: offsets go on where they had been. Segments before the active one
     * are gone already, for it begins below the start as well.
     */
    private RecoveredLog startedOver(ActiveSegment active, long logStart) throws IOException {
        LOG.warn("{} ends below its start offset {}, which goes on from there", directory, logStart);
        removeBehindCut(active.files());
        ActiveSegment first = ActiveSegment.create(store, directory, logStart);
        ProducerStates none = new ProducerStates();
        ProducerReplay.restore(none, store, directory, List.of(first), logStart, nowMs);
        CheckpointText.replace(store, directory.resolve(LeaderEpochs.FILE_NAME), LeaderEpochs.NONE.encode());
        return new RecoveredLog(
                List.of(),
                first,
                logStart,
                logStart,
                LeaderEpochs.NONE,
                LeaderEpochs.NONE,
                none,
                logStart,
                scannedBytes);
    }

    private static int sizeOf(SegmentFiles files) throws IOException {
        long size = files.log().size();
        if (size > Integer.MAX_VALUE) {
            throw new CorruptLogException(
                    files.log().path(), -1, files.baseOffset(), "a segment of " + size + " bytes");
        }
        return (int) size;
    }
}
