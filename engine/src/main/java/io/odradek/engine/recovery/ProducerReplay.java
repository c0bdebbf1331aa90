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
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a log's producer state to its end: the newest snapshot that can be read, then the batches behind it, header by
 * header. A snapshot is synced before the recovery point that covers it is written down; after a crash, one above the
 * recovery point may be of any age or torn, and is made anew from the log.
 */
public final class ProducerReplay {
    private static final Logger LOG = LoggerFactory.getLogger(ProducerReplay.class);

    private ProducerReplay() {}

    /**
     * Restores {@code producers} from the files. Snapshots above {@code trusted}, unreadable ones, and those that belong to no
     * segment and are not the newest are deleted; those that segments begin with are written again.
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
        producers.clear();
        NavigableMap<Long, Path> snapshots = snapshots(store, directory);
        boolean deleted = deleteAll(store, snapshots.tailMap(trusted, false).values());
        NavigableMap<Long, Path> usable = snapshots.headMap(trusted, true);
        long from = segments.getFirst().baseOffset();
        while (!usable.isEmpty()) {
            var newest = usable.lastEntry();
            if (loaded(producers, store, newest.getValue(), nowMs)) {
                from = newest.getKey();
                break;
            }
            store.delete(newest.getValue());
            usable.remove(newest.getKey());
            deleted = true;
        }
        boolean written = replay(producers, store, directory, segments, from, nowMs);
        // The newest stays wherever it is; one that was written now is newer than all.
        var older = written || usable.isEmpty() ? usable : usable.headMap(usable.lastKey(), false);
        deleted |= deleteStray(store, older, segments);
        return deleted || written;
    }

    private static NavigableMap<Long, Path> snapshots(FileStore store, Path directory) throws IOException {
        NavigableMap<Long, Path> snapshots = new TreeMap<>();
        for (Path file : store.list(directory)) {
            OptionalLong offset =
                    SegmentNames.baseOffset(file.getFileName().toString(), SegmentNames.PRODUCER_SNAPSHOT);
            if (offset.isPresent()) {
                snapshots.put(offset.getAsLong(), file);
            }
        }
        return snapshots;
    }

    private static boolean loaded(ProducerStates producers, FileStore store, Path snapshot, long nowMs)
            throws IOException {
        try (StoreFile file = store.open(snapshot, OpenMode.READ_ONLY)) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(file.size()));
            file.read(content, 0);
            producers.load(content.flip(), nowMs);
            return true;
        } catch (CorruptSnapshotException e) {
            LOG.warn("Ignoring {}: {}; its producers are read from the log", snapshot, e.getMessage());
            return false;
        }
    }

    private static boolean deleteStray(
            FileStore store, NavigableMap<Long, Path> snapshots, List<? extends Segment> segments) throws IOException {
        var bases = segments.stream().map(Segment::baseOffset).collect(Collectors.toSet());
        return deleteAll(
                store,
                snapshots.entrySet().stream()
                        .filter(snapshot -> !bases.contains(snapshot.getKey()))
                        .map(java.util.Map.Entry::getValue)
                        .toList());
    }

    private static boolean deleteAll(FileStore store, Collection<Path> files) throws IOException {
        for (Path file : List.copyOf(files)) {
            store.delete(file);
        }
        return !files.isEmpty();
    }

    /** On the way, the snapshots that each segment begins with are written again: they have to outlive older segments. */
    private static boolean replay(
            ProducerStates producers,
            FileStore store,
            Path directory,
            List<? extends Segment> segments,
            long from,
            long nowMs)
            throws IOException {
        boolean written = false;
        for (int n = 0; n < segments.size(); n++) {
            if (n + 1 < segments.size() && segments.get(n + 1).baseOffset() <= from) {
                continue;
            }
            Segment segment = segments.get(n);
            if (segment.baseOffset() > from) {
                write(producers, store, directory, segment.baseOffset(), true);
                written = true;
            }
            int size = switch (segment) {
                case ActiveSegment growing -> growing.sizeBytes();
                case SealedSegment done -> done.sizeBytes();
            };
            HeaderScan scan = HeaderScan.ofThread();
            int position = SegmentSearch.startFor(scan, segment, from, size);
            while (scan.moveTo(segment.log(), position, size)) {
                position = scan.endPosition();
                if (scan.baseOffset() < from || !RecordBatch.hasProducerId(scan.header(), scan.headerAt())) {
                    continue;
                }
                if (RecordBatch.isControl(scan.header(), scan.headerAt())) {
                    ByteBuffer marker = ByteBuffer.allocate(scan.sizeBytes());
                    segment.log().read(marker, scan.position());
                    producers.replay(marker.flip(), 0, nowMs);
                } else {
                    producers.replay(scan.header(), scan.headerAt(), nowMs);
                }
            }
        }
        return written;
    }

    /** Writes the snapshot of a log that ends at {@code logEndOffset}. */
    public static void write(
            ProducerStates producers, FileStore store, Path directory, long logEndOffset, boolean durably)
            throws IOException {
        Path file = SegmentNames.in(directory, logEndOffset, SegmentNames.PRODUCER_SNAPSHOT);
        try (StoreFile written = store.open(file, OpenMode.READ_WRITE)) {
            written.truncate(0);
            written.append(new ByteBuffer[] {producers.snapshot()}, 1);
            if (durably) {
                written.sync();
            }
        }
    }
}
