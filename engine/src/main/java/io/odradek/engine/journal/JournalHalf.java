package io.odradek.engine.journal;

import io.odradek.engine.io.StoreFile;
import io.odradek.engine.segment.SegmentFiles;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * One half of a journal: where its next record goes, and what has to be synced before it may be written anew. Guarded by its
 * journal's lock.
 *
 * <pre>
 *   FREE ── begin ──▶ CURRENT ── close ──▶ CLOSED ── free: its backlog was synced, its generation is void ──▶ FREE
 * </pre>
 */
final class JournalHalf {
    enum Stage {
        FREE,
        CURRENT,
        CLOSED
    }

    final StoreFile file;
    private final long sizeBytes;
    private final IdentityHashMap<JournaledLog, JournaledPart> backlog = new IdentityHashMap<>();
    Stage stage = Stage.FREE;
    long generation;
    /** Sequence of the next record. */
    long records;
    /** Of the generation before this one. */
    long recordsBefore;

    long end;
    /** When the first record was written, by the journal's clock. */
    long sinceNanos;

    JournalHalf(StoreFile file, long sizeBytes) {
        this.file = file;
        this.sizeBytes = sizeBytes;
    }

    void begin(long newGeneration, long recordsOfTheLast) {
        stage = Stage.CURRENT;
        generation = newGeneration;
        records = 0;
        recordsBefore = recordsOfTheLast;
        end = JournalFormat.BLOCK_BYTES;
    }

    boolean fits(long recordBytes) {
        return end + JournalFormat.wholeBlocks(recordBytes) <= sizeBytes;
    }

    long journaledBytes() {
        return end - JournalFormat.BLOCK_BYTES;
    }

    boolean holds(JournaledLog log) {
        return backlog.containsKey(log);
    }

    JournaledPart partOf(JournaledLog log) {
        return backlog.computeIfAbsent(log, _ -> new JournaledPart());
    }

    void addFiles(List<SegmentFiles> files) {
        backlog.values().forEach(part -> files.addAll(part.files()));
    }

    /** The same with a share of each for the caller. */
    List<SegmentFiles> retainFiles() {
        List<SegmentFiles> files = new ArrayList<>();
        addFiles(files);
        files.forEach(SegmentFiles::retainAgain);
        return files;
    }

    /** The files were synced: the logs are told, and let go of what was kept open. */
    void settle() {
        List<JournaledPart> done = new ArrayList<>(backlog.values());
        backlog.forEach(JournaledLog::settled);
        backlog.clear();
        done.forEach(JournaledPart::release);
    }

    /** Gives the files up without a claim. */
    void abandon() {
        backlog.values().forEach(JournaledPart::release);
        backlog.clear();
    }
}
