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
 * header. A snapshot has a checksum and everything in it can be read from the log again, so none needs to be synced.
 */
public final class ProducerReplay {
    private static final Logger LOG = LoggerFactory.getLogger(ProducerReplay.class);

    private ProducerReplay() {}

    /**
     * Restores {@code producers} from the files. Snapshots above the end, unreadable ones, and those that belong to no segment
     * and are not the newest are deleted.
     *
     * @param segments all of the log's, oldest first, as far as it reaches
     */
    public static void restore(
            ProducerStates producers,
            FileStore store,
            Path directory,
            List<? extends Segment> segments,
            long logEndOffset,
            long nowMs)
            throws IOException {
        producers.clear();
        NavigableMap<Long, Path> snapshots = snapshots(store, directory);
        deleteAll(store, snapshots.tailMap(logEndOffset, false).values());
        NavigableMap<Long, Path> usable = snapshots.headMap(logEndOffset, true);
        long from = segments.getFirst().baseOffset();
        while (!usable.isEmpty()) {
            var newest = usable.lastEntry();
            if (loaded(producers, store, newest.getValue(), nowMs)) {
                from = newest.getKey();
                break;
            }
            store.delete(newest.getValue());
            usable.remove(newest.getKey());
        }
        deleteStray(store, usable, segments);
        replay(producers, segments, from, nowMs);
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

    private static void deleteStray(FileStore store, NavigableMap<Long, Path> usable, List<? extends Segment> segments)
            throws IOException {
        if (usable.isEmpty()) {
            return;
        }
        var bases = segments.stream().map(Segment::baseOffset).collect(Collectors.toSet());
        deleteAll(
                store,
                usable.headMap(usable.lastKey(), false).entrySet().stream()
                        .filter(snapshot -> !bases.contains(snapshot.getKey()))
                        .map(java.util.Map.Entry::getValue)
                        .toList());
    }

    private static void deleteAll(FileStore store, Collection<Path> files) throws IOException {
        for (Path file : List.copyOf(files)) {
            store.delete(file);
        }
    }

    private static void replay(ProducerStates producers, List<? extends Segment> segments, long from, long nowMs)
            throws IOException {
        for (int n = 0; n < segments.size(); n++) {
            if (n + 1 < segments.size() && segments.get(n + 1).baseOffset() <= from) {
                continue;
            }
            Segment segment = segments.get(n);
            int size = switch (segment) {
                case ActiveSegment growing -> growing.sizeBytes();
                case SealedSegment done -> done.sizeBytes();
            };
            HeaderScan scan = HeaderScan.ofThread();
            int position = segment.offsetIndex().positionFor(from);
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
