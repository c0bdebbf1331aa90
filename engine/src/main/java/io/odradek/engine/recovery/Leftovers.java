package io.odradek.engine.recovery;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.segment.BatchCrc;
import io.odradek.engine.segment.HeaderScan;
import io.odradek.engine.segment.SegmentFiles;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What interrupted work left in a log's directory, and its removal. Kafka's rules, since compaction is Kafka's on disk:
 *
 * <ul>
 *   <li>{@code .tmp}, {@code .deleted}: not part of the log; removed.
 *   <li>{@code .cleaned}: compaction was not finished; removed, with every {@code .swap} at or above the lowest of them.
 *   <li>{@code .log.swap} else: compaction was finished and its result replaces the segments it covers, which may be half gone.
 *   <li>an index's {@code .swap} beside a log file with its own name: the last renames of a swap; finished.
 *   <li>index files and producer snapshots without their segment; removed, but for the snapshot at the log's end.
 * </ul>
 */
final class Leftovers {
    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

    private static final List<String> INDEXES =
            List.of(SegmentNames.OFFSET_INDEX, SegmentNames.TIME_INDEX, SegmentNames.TRANSACTION_INDEX);

    private Leftovers() {}

    /** Whether there is nothing that {@link #remove} would touch, going by names. */
    static boolean none(List<Path> found) {
        Set<Long> bases = basesOf(found);
        for (Path file : found) {
            String name = file.getFileName().toString();
            if (name.endsWith(SegmentNames.TEMPORARY)
                    || name.endsWith(SegmentNames.DELETED)
                    || name.endsWith(SegmentNames.CLEANED)
                    || name.endsWith(SegmentNames.SWAP)
                    || isOrphan(name, bases)) {
                return false;
            }
        }
        return true;
    }

    /** Returns what is there after that. */
    static List<Path> remove(FileStore store, Path directory) throws IOException {
        List<Path> found = store.list(directory);
        boolean changed = removeUnfinished(store, directory, found);
        changed |= removeOrphans(store, changed ? store.list(directory) : found);
        if (!changed) {
            return found;
        }
        store.syncDirectory(directory);
        return store.list(directory);
    }

    private static boolean removeUnfinished(FileStore store, Path directory, List<Path> found) throws IOException {
        boolean changed = false;
        long lowestCleaned = Long.MAX_VALUE;
        List<Long> swaps = new ArrayList<>(); // in order, as files are listed
        for (Path file : found) {
            String name = file.getFileName().toString();
            if (name.endsWith(SegmentNames.TEMPORARY) || name.endsWith(SegmentNames.DELETED)) {
                store.delete(file);
                changed = true;
            } else if (name.endsWith(SegmentNames.CLEANED)) {
                lowestCleaned = Math.min(lowestCleaned, baseOffsetOf(name).orElse(Long.MAX_VALUE));
                store.delete(file);
                changed = true;
            } else {
                OptionalLong swap = SegmentNames.baseOffset(name, SegmentNames.LOG + SegmentNames.SWAP);
                swap.ifPresent(swaps::add);
            }
        }
        for (long base : swaps) {
            if (base < lowestCleaned) {
                swapIn(store, directory, base);
                changed = true;
            }
        }
        for (Path file : changed ? store.list(directory) : found) {
            String name = file.getFileName().toString();
            if (name.endsWith(SegmentNames.SWAP)) {
                long base = baseOffsetOf(name).orElse(Long.MAX_VALUE);
                if (base < lowestCleaned && store.exists(SegmentFiles.logPath(directory, base))) {
                    store.rename(
                            file, file.resolveSibling(name.substring(0, name.length() - SegmentNames.SWAP.length())));
                } else {
                    store.delete(file);
                }
                changed = true;
            }
        }
        return changed;
    }

    private static OptionalLong baseOffsetOf(String name) {
        int dot = name.indexOf('.');
        return dot < 0 ? OptionalLong.empty() : SegmentNames.baseOffset(name, name.substring(dot));
    }

    private static void swapIn(FileStore store, Path directory, long base) throws IOException {
        Path swap = SegmentNames.in(directory, base, SegmentNames.LOG + SegmentNames.SWAP);
        long end = base;
        try (var file = store.open(swap, OpenMode.READ_ONLY)) {
            int size = Math.toIntExact(file.size());
            HeaderScan scan = HeaderScan.ofThread();
            for (int position = 0; scan.moveTo(file, position, size); position = scan.endPosition()) {
                BatchCrc.require(file, position, scan.sizeBytes()); // what it says it covers is deleted
                end = scan.lastOffset() + 1;
            }
        }
        LOG.info("Finishing an interrupted compaction: {} replaces the segments from {} to {}", swap, base, end);
        for (Path file : store.list(directory)) {
            String name = file.getFileName().toString();
            long covered = baseOffsetOf(name).orElse(-1);
            if (covered >= base
                    && covered < end
                    && !name.endsWith(SegmentNames.SWAP)
                    && !name.endsWith(SegmentNames.PRODUCER_SNAPSHOT)) {
                store.delete(file);
            }
        }
        // Else another crash could keep the new name and lose a deletion: the same offsets would be there twice.
        store.syncDirectory(directory);
        for (String suffix : SegmentNames.ALL) {
            Path part = SegmentNames.in(directory, base, suffix + SegmentNames.SWAP);
            if (store.exists(part)) {
                store.rename(part, SegmentNames.in(directory, base, suffix));
            }
        }
    }

    private static boolean removeOrphans(FileStore store, List<Path> found) throws IOException {
        boolean changed = false;
        Set<Long> bases = basesOf(found);
        for (Path file : found) {
            if (isOrphan(file.getFileName().toString(), bases)) {
                LOG.info("Removing {}: its segment is gone", file);
                store.delete(file);
                changed = true;
            }
        }
        return changed;
    }

    private static Set<Long> basesOf(List<Path> found) {
        Set<Long> bases = new HashSet<>();
        for (Path file : found) {
            SegmentNames.baseOffset(file.getFileName().toString(), SegmentNames.LOG)
                    .ifPresent(bases::add);
        }
        return bases;
    }

    private static boolean isOrphan(String name, Set<Long> bases) {
        for (String suffix : INDEXES) {
            OptionalLong base = SegmentNames.baseOffset(name, suffix);
            if (base.isPresent() && !bases.contains(base.getAsLong())) {
                return true;
            }
        }
        return false;
    }
}
