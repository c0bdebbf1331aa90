package io.odradek.engine.recovery;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.producer.CorruptSnapshotException;
import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.HeaderScan;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.SegmentSearch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a log's producer state to its end: the newest snapshot that can be read, then the batches behind it, header by
 * header. A snapshot is synced before the recovery point that covers it is written down; after a crash, one above the
 * recovery point may be of any age or torn, and is made anew from the log.
 */
public final class ProducerReplay {
    private static final Logger LOG = LoggerFactory.getLogger(ProducerReplay.class);

    /** What {@link #finish} writes. */
    private final NavigableMap<Long, ByteBuffer> snapshotsMade = new TreeMap<>();

    /** Reads a file whole. */
    interface Contents {
        ByteBuffer of(Path file) throws IOException;
    }

    private final ProducerStates producers;
    private final FileStore store;
    private final Contents contents;
    private final Path directory;
    private final long nowMs;
    private final NavigableMap<Long, Path> unreadable = new TreeMap<>();
    /** The snapshot that was loaded, or the log's first offset. */
    private final long from;

    private ProducerReplay(
            ProducerStates producers,
            FileStore store,
            Contents contents,
            Path directory,
            List<Path> files,
            long firstOffset,
            long trusted,
            long nowMs)
            throws IOException {
        this.producers = producers;
        this.store = store;
        this.contents = contents;
        this.directory = directory;
        this.nowMs = nowMs;
        this.from = loadNewest(byOffset(files, SegmentNames.PRODUCER_SNAPSHOT).headMap(trusted, true), firstOffset);
    }

    /**
     * Restores {@code producers} from the files. Snapshots above {@code trusted}, unreadable ones, and those that no segment file
     * begins with and are not the newest are deleted; those that segments begin with are written again.
     *
     * @param trusted snapshots up to this offset are what was written: the log's end, or after a crash the recovery point
     * @param segments all of the log's, oldest first, as far as it reaches
     * @return whether a snapshot was deleted or written: before the log grows the directory has to be synced, or a snapshot
     *     of records that are gone could come back and pass for one of those that took their place
     */
    public static boolean restore(
            ProducerStates producers,
            FileStore store,
            Path directory,
            List<? extends Segment> segments,
            long trusted,
            long nowMs)
            throws IOException {
        Contents read = file -> StoppedLog.read(store, file);
        return restore(
                producers, store, read, directory, store.list(directory), segments, Long.MAX_VALUE, trusted, nowMs);
    }

    /**
     * @param contents how snapshots are read
     * @param files that are in the directory
     * @param end where the last segment ends, or anything above
     */
    static boolean restore(
            ProducerStates producers,
            FileStore store,
            Contents contents,
            Path directory,
            List<Path> files,
            List<? extends Segment> segments,
            long end,
            long trusted,
            long nowMs)
            throws IOException {
        ProducerReplay replay = begin(
                producers,
                store,
                contents,
                directory,
                files,
                segments.getFirst().baseOffset(),
                trusted,
                nowMs);
        for (int n = 0; n < segments.size(); n++) {
            replay.segment(
                    segments.get(n),
                    n + 1 < segments.size() ? segments.get(n + 1).baseOffset() : end);
        }
        return replay.finish(files, trusted);
    }

    /**
     * The same in steps, for who reads the batches anyway: then each {@link #segment}, or {@link #enter} and each {@link #batch} in
     * it, in the log's order; at last {@link #finish}. Until then no file is changed.
     */
    static ProducerReplay begin(
            ProducerStates producers,
            FileStore store,
            Contents contents,
            Path directory,
            List<Path> files,
            long firstOffset,
            long trusted,
            long nowMs)
            throws IOException {
        return new ProducerReplay(producers, store, contents, directory, files, firstOffset, trusted, nowMs);
    }

    private long loadNewest(NavigableMap<Long, Path> snapshots, long firstOffset) throws IOException {
        producers.clear();
        for (var snapshot : snapshots.descendingMap().entrySet()) {
            if (snapshot.getKey() < firstOffset) {
                break; // what was removed between it and the log's beginning would be missing
            }
            if (loaded(snapshot.getValue())) {
                return snapshot.getKey();
            }
            unreadable.put(snapshot.getKey(), snapshot.getValue());
        }
        return firstOffset;
    }

    /** A segment begins here: it keeps a snapshot, which has to outlive the older ones. */
    void enter(long baseOffset) {
        if (baseOffset > from) {
            snapshotsMade.put(baseOffset, producers.snapshot());
        }
    }

    /**
     * Enters and replays a whole segment.
     *
     * @param nextBase where the next segment begins; where this one ends, or anything above, when there is none
     */
    void segment(Segment segment, long nextBase) throws IOException {
        if (nextBase <= from) {
            return;
        }
        enter(segment.baseOffset());
        int size = switch (segment) {
            case ActiveSegment growing -> growing.sizeBytes();
            case SealedSegment done -> done.sizeBytes();
        };
        HeaderScan scan = HeaderScan.ofThread();
        int position = SegmentSearch.startFor(scan, segment, from, size);
        while (scan.moveTo(segment.log(), position, size)) {
            position = scan.endPosition();
            batch(segment.log(), scan.position(), scan.header(), scan.headerAt());
        }
    }

    /** The next batch lies at {@code position}; its header at {@code at} of the buffer. */
    void batch(StoreFile file, int position, ByteBuffer header, int at) throws IOException {
        if (!RecordBatch.hasProducerId(header, at) || RecordBatch.baseOffset(header, at) < from) {
            return;
        }
        if (RecordBatch.isControl(header, at)) {
            ByteBuffer marker = ByteBuffer.allocate(RecordBatch.sizeInBytes(header, at));
            file.read(marker, position);
            producers.replay(marker.flip(), 0, nowMs);
        } else {
            producers.replay(header, at, nowMs);
        }
    }

    /**
     * Deletes and writes the snapshots. As {@link #restore}.
     *
     * @param files that are in the directory now
     * @param trusted not below the snapshot that was loaded, unless nobody wants the producers any more
     */
    boolean finish(List<Path> files, long trusted) throws IOException {
        NavigableMap<Long, Path> found = byOffset(files, SegmentNames.PRODUCER_SNAPSHOT);
        boolean deleted = deleteAll(store, found.tailMap(trusted, false).values());
        NavigableMap<Long, Path> usable = new TreeMap<>(found.headMap(trusted, true));
        usable.keySet().removeAll(unreadable.keySet());
        deleted |= deleteAll(store, unreadable.headMap(trusted, true).values());
        for (var made : snapshotsMade.entrySet()) {
            write(made.getValue(), store, directory, made.getKey(), true);
        }
        boolean written = !snapshotsMade.isEmpty();
        // The newest stays wherever it is; one that was written now is newer than all.
        var older = written || usable.isEmpty() ? usable : usable.headMap(usable.lastKey(), false);
        deleted |= deleteStray(store, older, files);
        return deleted || written;
    }

    private static NavigableMap<Long, Path> byOffset(List<Path> files, String suffix) {
        NavigableMap<Long, Path> found = new TreeMap<>();
        for (Path file : files) {
            OptionalLong offset = SegmentNames.baseOffset(file.getFileName().toString(), suffix);
            if (offset.isPresent()) {
                found.put(offset.getAsLong(), file);
            }
        }
        return found;
    }

    private boolean loaded(Path snapshot) throws IOException {
        try {
            producers.load(contents.of(snapshot), nowMs);
            return true;
        } catch (CorruptSnapshotException e) {
            LOG.warn("Ignoring {}: {}; its producers are read from the log", snapshot, e.getMessage());
            return false;
        }
    }

    /**
     * Segments that have left the log below its start stay on disk until the new start is written down. A crash before that brings
     * them back, and each with the snapshot that it begins with: those are no strays.
     */
    private static boolean deleteStray(FileStore store, NavigableMap<Long, Path> snapshots, List<Path> files)
            throws IOException {
        if (snapshots.isEmpty()) {
            return false; // as it usually is
        }
        var strays = new TreeMap<>(snapshots);
        strays.keySet().removeAll(byOffset(files, SegmentNames.LOG).keySet());
        return deleteAll(store, strays.values());
    }

    private static boolean deleteAll(FileStore store, Collection<Path> files) throws IOException {
        for (Path file : List.copyOf(files)) {
            store.delete(file);
        }
        return !files.isEmpty();
    }

    /** Writes the snapshot of a log that ends at {@code logEndOffset}. */
    public static void write(
            ProducerStates producers, FileStore store, Path directory, long logEndOffset, boolean durably)
            throws IOException {
        write(producers.snapshot(), store, directory, logEndOffset, durably);
    }

    /** Writes what was the snapshot when the log, or what there was of it, ended at {@code offset}. */
    public static void write(ByteBuffer snapshot, FileStore store, Path directory, long offset, boolean durably)
            throws IOException {
        Path file = SegmentNames.in(directory, offset, SegmentNames.PRODUCER_SNAPSHOT);
        try (StoreFile written = store.open(file, OpenMode.READ_WRITE)) {
            written.truncate(0);
            written.append(new ByteBuffer[] {snapshot}, 1);
            if (durably) {
                written.sync();
            }
        }
    }
}
