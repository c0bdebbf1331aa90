package io.odradek.engine;

import io.odradek.engine.compaction.CompactionPass.Rewritten;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.producer.LastBatch;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentFiles;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts one compacted segment in the place of neighbouring ones: in the directory by {@link #commit}, on the thread that
 * compacts, then in the log by {@link #end}, on its append thread.
 *
 * <pre>
 *   OPEN ── commit ──▶ COMMITTED ── end ──▶ ENDED
 *     └─────────── end: called off ──────────▲
 * </pre>
 *
 * In the directory (decision 0014), each line durable before the next begins, so that a crash leaves the old or the new:
 *
 * <pre>
 *   .cleaned ─▶ .swap          the commit point: from here on recovery finishes it
 *   old      ─▶ .deleted
 *   .swap    ─▶ its own name
 * </pre>
 */
final class SegmentSwap {
    private enum Stage {
        OPEN,
        COMMITTED,
        ENDED
    }

    /** What takes the place of what; {@code renamed} are the files that have to be deleted. */
    record Outcome(List<SealedSegment> replaced, SealedSegment replacement, List<Path> renamed) {}

    private final FileStore store;
    private final Path directory;
    private final List<SealedSegment> run;
    private final Map<Long, LastBatch> lastBatches;

    private Stage stage = Stage.OPEN; // guarded by this
    private @Nullable Outcome outcome; // guarded by this

    /** @param run held by one share each, taken over */
    SegmentSwap(FileStore store, Path directory, List<SealedSegment> run, Map<Long, LastBatch> lastBatches) {
        this.store = store;
        this.directory = directory;
        this.run = run;
        this.lastBatches = lastBatches;
    }

    List<SealedSegment> run() {
        return run;
    }

    /** What each producer had written last when the swap began. */
    Map<Long, LastBatch> lastBatches() {
        return lastBatches;
    }

    /**
     * The indexes of what is replaced stay readable when their names are another's: who reads from an older view may not have
     * mapped them yet.
     */
    void keepIndexes() throws IOException {
        for (SealedSegment old : run) {
            var _ = old.offsetIndex();
            var _ = old.timeIndex();
        }
    }

    /**
     * Swaps the names. Nobody else renames files of this log meanwhile, but the append thread behind {@link #end}.
     *
     * @return false when it was called off
     * @throws IOException nobody knows what the directory holds: it has to go offline
     */
    synchronized boolean commit(Rewritten written) throws IOException {
        if (stage != Stage.OPEN) {
            return false;
        }
        SegmentFiles cleaned = written.files();
        List<String> suffixes = new ArrayList<>();
        for (String suffix :
                SegmentNames.ALL.reversed()) { // the log last: while it is .cleaned, recovery drops them all
            if (store.exists(cleaned.path(suffix))) {
                suffixes.add(suffix);
            }
        }
        long base = cleaned.baseOffset();
        for (String suffix : suffixes) {
            store.rename(cleaned.path(suffix), SegmentNames.in(directory, base, suffix + SegmentNames.SWAP));
        }
        store.syncDirectory(directory);
        List<Path> renamed = renameOldAway();
        store.syncDirectory(directory);
        for (String suffix : suffixes) {
            store.rename(
                    SegmentNames.in(directory, base, suffix + SegmentNames.SWAP),
                    SegmentNames.in(directory, base, suffix));
        }
        store.syncDirectory(directory);
        SegmentFiles files = SegmentFiles.open(store, directory, base, FileStore.OpenMode.READ_WRITE);
        outcome = new Outcome(run, SealedSegment.compacted(files, written.sizeBytes()), renamed);
        stage = Stage.COMMITTED;
        return true;
    }

    private List<Path> renameOldAway() throws IOException {
        List<Path> renamed = new ArrayList<>();
        for (SealedSegment old : run) {
            for (String suffix : SegmentNames.ALL) {
                // The producers' state at the beginning of the run is that of the new segment, too.
                boolean stays = suffix.equals(SegmentNames.PRODUCER_SNAPSHOT) && old == run.getFirst();
                Path file = old.files().path(suffix);
                if (!stays && store.exists(file)) {
                    Path away = file.resolveSibling(file.getFileName() + SegmentNames.DELETED);
                    store.rename(file, away);
                    renamed.add(away);
                }
            }
            old.noteDurable(); // nobody has to sync it any more, nor would find its files
        }
        return renamed;
    }

    /** Ends it, called off when it was not committed; returns what has to be done about it once, else null. */
    synchronized @Nullable Outcome end() {
        Outcome done = stage == Stage.COMMITTED ? outcome : null;
        stage = Stage.ENDED;
        outcome = null;
        return done;
    }

    /** The thread that compacts is done with the old segments. */
    void release() {
        run.forEach(Segment::release);
    }
}
