package io.odradek.engine.compaction;

import io.odradek.engine.LogConfig;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.producer.LastBatch;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.HeaderScan;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.SegmentFiles;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.SegmentSearch;
import io.odradek.engine.segment.TransactionIndex;
import io.odradek.engine.segment.TransactionIndex.Aborted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One pass over one log: {@link #learn} where each key was written last, then {@link #rewrite} the segments, run by run. Touches
 * none of the files the log has; whoever asked swaps the new ones in. For one thread.
 */
public final class CompactionPass implements AutoCloseable {

    /**
     * What a pass may use.
     *
     * @param mapBytes of memory outside the heap, for the offsets of keys
     * @param mapLoadFactor share of it that may be filled, between 0 and 1
     * @param bufferBytes of one read or write, when no batch is larger
     */
    public record Limits(long mapBytes, double mapLoadFactor, int bufferBytes) {}

    private final LogConfig config;
    private final CleaningThrottle throttle;
    private final int bufferBytes;
    private final OffsetMap latest;
    private final List<Aborted> aborted;
    private final BatchCleaner cleaner;
    private final TransactionMarks marks = new TransactionMarks();
    private final BatchReader reader;
    private final CleanedBytes cleaned = new CleanedBytes();
    private long bytesLearned;
    private long bytesRead;
    private long bytesWritten;

    /**
     * @param keys at most as many different keys will be met; memory is taken for them, within the limit
     * @param aborted transactions of the whole log, in order
     */
    public CompactionPass(
            LogConfig config, Limits limits, CleaningThrottle throttle, long keys, List<Aborted> aborted, long nowMs) {
        this.config = config;
        this.throttle = throttle;
        this.bufferBytes = limits.bufferBytes();
        this.aborted = aborted;
        this.latest = new OffsetMap(
                Math.min(limits.mapBytes(), OffsetMap.bytesFor(keys, limits.mapLoadFactor())), limits.mapLoadFactor());
        this.cleaner = new BatchCleaner(latest, marks, nowMs, config.deleteRetentionMs());
        this.reader = new BatchReader(bufferBytes);
        marks.expect(aborted);
    }

    /**
     * Learns where each key was written last in {@code [from, to)}, as far as memory goes.
     *
     * @param dirty the segments that have these offsets, oldest first; held by the caller
     * @return where it stopped, exclusive: {@code to}, or less when memory was full
     */
    public long learn(List<SealedSegment> dirty, long from, long to) throws IOException {
        TransactionMarks met = new TransactionMarks();
        met.expect(aborted.stream().filter(ended -> ended.lastOffset() >= from).toList());
        for (SealedSegment segment : dirty) {
            reader.open(segment, SegmentSearch.startFor(HeaderScan.ofThread(), segment, from, segment.sizeBytes()));
            while (reader.next()) {
                boolean whole = RecordBatch.lastOffset(reader.buffer(), reader.at()) < from || learnBatch(met, from);
                bytesLearned += reader.sizeBytes();
                throttle.took(reader.sizeBytes());
                if (!whole) {
                    return latest.latestOffset() + 1;
                }
            }
        }
        latest.seen(to - 1);
        return to;
    }

    /** False when not all of the batch fitted. */
    private boolean learnBatch(TransactionMarks met, long from) throws IOException {
        ByteBuffer buffer = reader.buffer();
        int at = reader.at();
        if (RecordBatch.isControl(buffer, at)) {
            met.isSpent(buffer, at);
        } else if (!met.isAborted(buffer, at)) {
            try (RecordCursor records = RecordCursor.open(buffer, at)) {
                while (records.next()) {
                    ByteBuffer key = records.key();
                    if (key != null && records.offset() >= from) {
                        if (!latest.hasRoomFor(1) && latest.latest(key) < 0) {
                            return false;
                        }
                        latest.put(key, records.offset());
                    }
                }
            }
        }
        latest.seen(RecordBatch.lastOffset(buffer, at));
        return true;
    }

    /** A segment beside the log: the content of its files is durable; their names, which recovery removes, need not be. */
    public record Rewritten(SegmentFiles files, int sizeBytes) {
        /** Deletes what was written. */
        public void discard() throws IOException {
            files.remove();
            for (String suffix : SegmentNames.ALL) {
                deleteIfThere(files.store(), files.path(suffix));
            }
        }
    }

    /**
     * Writes what stays of neighbouring segments as one. Runs have to come in the order of the log.
     *
     * @param run held by the caller; with a whole batch each
     * @param lastBatches what each producer wrote last, as of a moment when all of {@code run} had been written
     */
    public Rewritten rewrite(FileStore store, Path directory, List<SealedSegment> run, Map<Long, LastBatch> lastBatches)
            throws IOException {
        long base = run.getFirst().baseOffset();
        deleteLeft(store, directory, base);
        SegmentFiles files = SegmentFiles.createCleaned(store, directory, base);
        boolean done = false;
        try {
            cleaner.lastBatches(lastBatches);
            ActiveSegment written = ActiveSegment.rebuilding(files);
            for (SealedSegment segment : run) {
                rewrite(segment, segment == run.getLast(), written);
            }
            flush(written);
            written.finishTimeIndex();
            written.persistIndexes(true);
            List<Aborted> kept = marks.takeKept();
            if (!kept.isEmpty()) {
                TransactionIndex.write(files, kept);
            }
            store.setLastModified(
                    files.path(SegmentNames.LOG),
                    store.lastModifiedMs(run.getLast().files().path(SegmentNames.LOG)));
            files.log().sync();
            done = true;
            return new Rewritten(files, written.sizeBytes());
        } catch (IOException e) {
            try {
                deleteLeft(store, directory, base);
            } catch (IOException again) {
                e.addSuppressed(again); // the next attempt, or the next start, deletes it
            }
            throw e;
        } finally {
            if (!done) {
                files.remove();
            }
        }
    }

    private void rewrite(SealedSegment segment, boolean isLast, ActiveSegment written) throws IOException {
        reader.open(segment, 0);
        while (reader.next()) {
            int before = cleaned.size();
            cleaner.clean(reader.buffer(), reader.at(), isLast && reader.isLast(), cleaned);
            bytesRead += reader.sizeBytes();
            int size = cleaned.size() - before;
            if (size > 0) {
                ByteBuffer batch = cleaned.view();
                written.wrote(
                        size,
                        RecordBatch.lastOffset(batch, before),
                        RecordBatch.maxRecordTimestamp(batch, before),
                        config.indexIntervalBytes());
            }
            throttle.took((long) reader.sizeBytes() + size);
            if (cleaned.size() >= bufferBytes) {
                flush(written);
            }
        }
    }

    private void flush(ActiveSegment written) throws IOException {
        if (cleaned.size() > 0) {
            bytesWritten += cleaned.size();
            written.append(new ByteBuffer[] {cleaned.view()}, 1);
            cleaned.clear();
        }
    }

    /** What an earlier attempt left, that failed before anything was swapped in. */
    private static void deleteLeft(FileStore store, Path directory, long base) throws IOException {
        for (String suffix : SegmentNames.ALL) {
            for (String state :
                    List.of(SegmentNames.CLEANED, SegmentNames.CLEANED + SegmentNames.TEMPORARY, SegmentNames.SWAP)) {
                deleteIfThere(store, SegmentNames.in(directory, base, suffix + state));
            }
        }
    }

    private static void deleteIfThere(FileStore store, Path file) throws IOException {
        if (store.exists(file)) {
            store.delete(file);
        }
    }

    /** Different keys that were learned. */
    public long keys() {
        return latest.size();
    }

    /** Share of the memory for keys that is taken, 0 to 1. */
    public double mapUse() {
        return latest.use();
    }

    public long bytesLearned() {
        return bytesLearned;
    }

    public long bytesRead() {
        return bytesRead;
    }

    public long bytesWritten() {
        return bytesWritten;
    }

    public long recordsRead() {
        return cleaner.recordsRead();
    }

    public long recordsKept() {
        return cleaner.recordsKept();
    }

    @Override
    public void close() {
        latest.close();
    }
}
