package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.CheckpointText;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Brings to the disk what a log keeps besides its batches, and knows which offsets may be written down because of it: the
 * recovery point once index files, leader epochs and producer snapshots below it are durable, the log start once nothing
 * that is needed from there on is known from older segments alone.
 *
 * <p>One thread persists at a time, up to and with {@link #publish} (the log directory sees to that); the append thread cuts
 * at any moment.
 */
final class LogCheckpointer {
    private final FileStore store;
    private final Path directory;
    private final DurableProgress durable;
    private final CheckpointSnapshots snapshots;

    /** Held while the epochs' file or the offsets change: a cut and a persist must not overtake each other there. */
    private final Object lock = new Object();

    /** What {@code leader-epoch-checkpoint} says; guarded by {@link #lock}. */
    private LeaderEpochs epochsOnDisk;

    /** First segment whose producer snapshot is durable, as far as known; guarded by {@link #lock}. */
    private long snapshotOnDisk = -1;

    private volatile long logStartOffset;
    private volatile LogPosition recoveryPoint;

    /**
     * @param epochsOnDisk what {@code leader-epoch-checkpoint} says now
     * @param logStartOffset and {@code recoveryPoint}: what is durable now
     */
    LogCheckpointer(
            FileStore store,
            Path directory,
            DurableProgress durable,
            CheckpointSnapshots snapshots,
            LeaderEpochs epochsOnDisk,
            long logStartOffset,
            LogPosition recoveryPoint) {
        this.store = store;
        this.directory = directory;
        this.durable = durable;
        this.snapshots = snapshots;
        this.epochsOnDisk = epochsOnDisk;
        this.logStartOffset = logStartOffset;
        this.recoveryPoint = recoveryPoint;
    }

    /**
     * The log start as of the last {@link #persist}: it may be written down, and what lies below it deleted, since what is
     * needed from there is on disk elsewhere. Any thread.
     */
    long logStartOffset() {
        return logStartOffset;
    }

    /** The recovery point as of the last {@link #persist}: below it index files and producer snapshots are durable too. */
    LogPosition recoveryPoint() {
        return recoveryPoint;
    }

    /** What {@link #persist} made ready: an end that is durable now, or will be with the file system. */
    record Persisted(LogPosition end, long logStartOffset, long generation, boolean epochsWait) {

        /** The same when everything up to {@code logEnd} is as durable. */
        Persisted upTo(LogPosition logEnd) {
            return new Persisted(logEnd, logStartOffset, generation, epochsWait);
        }
    }

    /**
     * Brings index files and leader epochs up to what {@code seen} has, and sealed segments to the disk; with the file system, also
     * the segment that grows.
     *
     * @param seen the log, looked at after {@code generation} was asked for
     * @param generation {@link DurableProgress#generation}
     * @param each sync each file; else the caller syncs the file system, calls {@link #publish}, and syncs it again
     * @param records whether the segment that grows is to be synced in any case: it may have a lot that is in the page cache only
     */
    Persisted persist(LogView seen, long generation, boolean each, boolean records) throws IOException {
        long end = durable.recoveryPoint();
        boolean entriesChanged = false;
        boolean epochsWait = false;
        boolean gapless = true;
        synchronized (lock) {
            if (end < seen.firstSegmentBaseOffset()) {
                // Removed, but there until the log start is on disk: a crash before that must not find a hole below the
                // recovery point.
                if (each) {
                    entriesChanged |= syncSegmentsBelow(seen.firstSegmentBaseOffset());
                }
                end = seen.firstSegmentBaseOffset();
            }
            for (int n = 0; n < seen.segmentCount(); n++) {
                Segment segment = seen.segment(n);
                if (!segment.tryRetain()) {
                    gapless = false; // removed since: the next call, which sees that, counts what is behind it
                    continue;
                }
                try {
                    switch (segment) {
                        case SealedSegment done -> {
                            if (!done.isDurable()) {
                                entriesChanged = true;
                                if (each) {
                                    syncSnapshot(seen.segmentEndOffset(n));
                                    done.makeDurable(durable.recoveryPoint() >= seen.segmentEndOffset(n));
                                } else {
                                    done.noteDurable();
                                }
                            }
                            if (gapless) {
                                end = Math.max(end, seen.segmentEndOffset(n));
                            }
                        }
                        case ActiveSegment growing -> {
                            if (growing.hasUnpersistedEntries()) {
                                entriesChanged |= growing.persistIndexes(each);
                            }
                            if (gapless && (records || !each)) {
                                if (each && end < seen.logEndOffset()) {
                                    growing.log().sync();
                                }
                                end = Math.max(end, seen.logEndOffset());
                            }
                        }
                    }
                } finally {
                    segment.release();
                }
            }
            entriesChanged |= snapshots.write(each);
            if (records) {
                snapshots.ask(seen.end());
            }
            if (snapshotOnDisk != seen.firstSegmentBaseOffset()) {
                // Once older segments are deleted, it is all that is left of the producers in them.
                if (each) {
                    syncSnapshot(seen.firstSegmentBaseOffset());
                    entriesChanged = true;
                }
                snapshotOnDisk = seen.firstSegmentBaseOffset();
            }
            if (!seen.epochs().equals(epochsOnDisk)) {
                Path file = directory.resolve(LeaderEpochs.FILE_NAME);
                CheckpointText.prepare(store, file, seen.epochs().encode(), each);
                epochsOnDisk = seen.epochs();
                if (each) {
                    CheckpointText.publish(store, file);
                    entriesChanged = true;
                } else {
                    epochsWait = true;
                }
            }
            if (each && entriesChanged) {
                store.syncDirectory(directory);
            }
        }
        Persisted persisted = new Persisted(positionOf(end, seen), seen.logStartOffset(), generation, epochsWait);
        if (each) {
            reached(persisted);
        }
        return persisted;
    }

    private static LogPosition positionOf(long offset, LogView seen) {
        return offset >= seen.logEndOffset() ? seen.end() : LogPosition.ofOffset(offset);
    }

    /** Second half of a {@link #persist} that did not sync each file: the file system was synced since. */
    void publish(Persisted persisted) throws IOException {
        if (persisted.epochsWait()) {
            synchronized (lock) {
                // A cut has written the epochs itself since, or will: then the prepared file is stale, or gone.
                if (durable.generation() == persisted.generation()) {
                    CheckpointText.publish(store, directory.resolve(LeaderEpochs.FILE_NAME));
                }
            }
        }
        reached(persisted);
    }

    /** All that {@code persisted} speaks of is durable. */
    void reached(Persisted persisted) {
        durable.advance(persisted.end().offset(), persisted.generation());
        synchronized (lock) {
            if (durable.generation() == persisted.generation()) { // else a cut has made it wrong
                recoveryPoint = persisted.end();
                logStartOffset = persisted.logStartOffset();
            }
        }
    }

    /** The log is about to end at {@code newEnd}: nothing above it may be written down. Append thread. */
    void truncated(long newEnd) {
        durable.truncated(newEnd);
        synchronized (lock) {
            if (recoveryPoint.offset() > newEnd) {
                recoveryPoint = LogPosition.ofOffset(newEnd);
            }
            snapshots.forget();
            logStartOffset = Math.min(logStartOffset, newEnd);
        }
    }

    /** The log is about to go on at {@code offset}, at or above its end: that may be written down as its start. Append thread. */
    void startsAt(long offset) {
        durable.truncated(offset);
        synchronized (lock) {
            snapshots.forget();
            logStartOffset = offset;
        }
    }

    /** It does, durably: {@code end} is where it starts and ends. Append thread. */
    void startedAt(LogPosition end) {
        durable.advance(end.offset(), durable.generation());
        synchronized (lock) {
            recoveryPoint = end;
        }
    }

    /** Writes the leader epochs and syncs them, with all other entries of the directory. Append thread. */
    void replaceEpochs(LeaderEpochs epochs) throws IOException {
        synchronized (lock) {
            CheckpointText.replace(store, directory.resolve(LeaderEpochs.FILE_NAME), epochs.encode());
            epochsOnDisk = epochs;
        }
    }

    /** Returns whether there are any. Only whoever persists renames or deletes them. */
    private boolean syncSegmentsBelow(long firstOffset) throws IOException {
        boolean any = false;
        for (Path file : store.list(directory)) {
            OptionalLong base = SegmentNames.baseOffset(file.getFileName().toString(), SegmentNames.LOG);
            if (base.isPresent() && base.getAsLong() < firstOffset) {
                try (StoreFile opened = store.open(file, FileStore.OpenMode.READ_WRITE)) {
                    opened.sync();
                }
                any = true;
            }
        }
        return any;
    }

    private void syncSnapshot(long offset) throws IOException {
        Path snapshot = SegmentNames.in(directory, offset, SegmentNames.PRODUCER_SNAPSHOT);
        if (store.exists(snapshot)) {
            try (StoreFile opened = store.open(snapshot, FileStore.OpenMode.READ_WRITE)) {
                opened.sync();
            }
        }
    }
}
