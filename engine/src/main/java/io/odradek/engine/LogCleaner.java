package io.odradek.engine;

import io.odradek.engine.compaction.CleaningThrottle;
import io.odradek.engine.compaction.CompactionPass;
import io.odradek.engine.compaction.CompactionPass.Rewritten;
import io.odradek.engine.compaction.CompactionPolicy;
import io.odradek.engine.compaction.CompactionPolicy.Cleanable;
import io.odradek.engine.compaction.CompactionPolicy.SegmentFacts;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.engine.segment.OffsetIndex;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.SegmentWalk;
import io.odradek.engine.segment.TimeIndex;
import io.odradek.engine.segment.TransactionIndex;
import io.odradek.engine.segment.TransactionIndex.Aborted;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compacts logs: of those that are worth it, the one with the largest dirty share first, as Kafka does. A log's append thread is
 * asked twice per rewritten segment for a few microseconds; everything else happens on the thread that calls {@link
 * #cleanNext}. Several threads may; each takes another log.
 *
 * <p>A log that can't be cleaned is set aside, with one message, until it is opened again, or for {@link #RETRY_MS} when the
 * disk may only have been full. Its records can be read and written all the same.
 */
public final class LogCleaner {
    private static final Logger LOG = LoggerFactory.getLogger(LogCleaner.class);

    /** How long a log rests when its cleaning failed for want of room, or for another reason that may pass. */
    static final long RETRY_MS = 10 * 60_000L;

    private static final long FOREVER = Long.MAX_VALUE;

    /** The append thread of a log. */
    public interface AppendThread {
        /**
         * Runs {@code work} between two writes to the log.
         *
         * @return done with what it returned, or exceptionally; also when the thread has ended
         * @throws RejectedExecutionException it has ended
         */
        <T> CompletableFuture<T> call(Callable<T> work);
    }

    /**
     * A log that may be cleaned.
     *
     * @param stableOffset the last stable offset; what lies above may still be cut, or aborted
     */
    public record Candidate(LogDirectory directory, PartitionLog log, long stableOffset, AppendThread appendThread) {}

    /**
     * What a pass over one log did.
     *
     * @param learnedBytes read to learn where each key was written last
     * @param readBytes read to be rewritten
     * @param mapUse share of the memory for keys that was taken, 0 to 1
     */
    public record Cleaned(
            TopicPartition partition,
            long endOffset,
            int segmentsBefore,
            int segmentsAfter,
            long learnedBytes,
            long readBytes,
            long writtenBytes,
            long recordsRead,
            long recordsKept,
            double mapUse,
            long endedMs,
            long tookMs) {}

    private record SetAside(String reason, long untilMs) {}

    private record Work(Candidate candidate, LogView view, List<SealedSegment> sealed, Cleanable cleanable) {}

    private final CompactionPass.Limits limits;
    private final CleaningThrottle throttle;
    private final InstantSource clock;

    private final Set<PartitionLog> atWork = new HashSet<>(); // guarded by itself
    private final Map<PartitionLog, SetAside> setAside = new ConcurrentHashMap<>();
    private final LongAdder readBytes = new LongAdder();
    private final LongAdder writtenBytes = new LongAdder();
    private final LongAdder passes = new LongAdder();
    private volatile double maxDirtyRatio;
    private volatile @Nullable Cleaned last;

    /**
     * @param limits of each pass
     * @param throttle shared by all; stopping it ends the passes at work
     */
    public LogCleaner(CompactionPass.Limits limits, CleaningThrottle throttle, InstantSource clock) {
        this.limits = limits;
        this.throttle = throttle;
        this.clock = clock;
    }

    /**
     * Cleans the log that needs it most. May take long.
     *
     * @param candidates all logs there are; others than compacted ones are passed over
     * @return what was done; null when nothing had to be
     */
    public @Nullable Cleaned cleanNext(List<Candidate> candidates) {
        Work work = choose(candidates);
        if (work == null) {
            return null;
        }
        try {
            return clean(work);
        } finally {
            synchronized (atWork) {
                atWork.remove(work.candidate().log());
            }
        }
    }

    private @Nullable Work choose(List<Candidate> candidates) {
        setAside.keySet().removeIf(PartitionLog::isClosed);
        long nowMs = clock.millis();
        Work best = null;
        double dirtiest = 0;
        synchronized (atWork) {
            for (Candidate candidate : candidates) {
                if (throttle.isStopped()) {
                    return null;
                }
                PartitionLog log = candidate.log();
                if (!log.config().compact()
                        || atWork.contains(log)
                        || rests(log, nowMs)
                        || candidate.directory().isOffline()) {
                    continue;
                }
                Work work = assess(candidate, nowMs);
                if (work == null) {
                    continue;
                }
                dirtiest = Math.max(dirtiest, work.cleanable().dirtyRatio());
                if (work.cleanable().isDue(log.config()) && (best == null || comesBefore(work, best))) {
                    best = work;
                }
            }
            if (best != null) {
                atWork.add(best.candidate().log());
            }
        }
        maxDirtyRatio = dirtiest;
        return best;
    }

    private static boolean comesBefore(Work one, Work other) {
        return one.cleanable().dirtyRatio() > other.cleanable().dirtyRatio();
    }

    private boolean rests(PartitionLog log, long nowMs) {
        SetAside aside = setAside.get(log);
        return aside != null && nowMs < aside.untilMs();
    }

    /** Null when it can't be told now: the log is changing its segments, or was just set aside. */
    private @Nullable Work assess(Candidate candidate, long nowMs) {
        PartitionLog log = candidate.log();
        LogView view = log.view();
        LogConfig config = log.config();
        List<SealedSegment> sealed = new ArrayList<>();
        List<SegmentFacts> facts = new ArrayList<>();
        try {
            for (int n = 0; n < view.segmentCount(); n++) {
                if (view.segment(n) instanceof SealedSegment segment) {
                    sealed.add(segment);
                    facts.add(factsOf(candidate.directory(), view, n, segment, config));
                }
            }
        } catch (CancellationException changed) {
            return null;
        } catch (IOException e) {
            fail(candidate, e);
            return null;
        }
        Cleanable cleanable = CompactionPolicy.cleanable(
                facts,
                candidate.directory().firstDirtyOffset(log),
                view.logStartOffset(),
                candidate.stableOffset(),
                view.segment(view.segmentCount() - 1).baseOffset(),
                config,
                nowMs);
        return new Work(candidate, view, sealed, cleanable);
    }

    private static SegmentFacts factsOf(
            LogDirectory directory, LogView view, int n, SealedSegment segment, LogConfig config) throws IOException {
        long first = -1;
        long largest = -1;
        if (CompactionPolicy.asksFirst(config) || CompactionPolicy.asksLargest(config)) {
            hold(segment);
            try {
                first = SegmentWalk.firstTimestamp(segment, segment.sizeBytes());
                largest = segment.maxTimestamp();
                if (largest < 0) {
                    largest = directory.store().lastModifiedMs(segment.files().path(SegmentNames.LOG));
                }
            } finally {
                segment.release();
            }
        }
        return new SegmentFacts(segment.baseOffset(), view.segmentEndOffset(n), segment.sizeBytes(), first, largest);
    }

    /** @throws CancellationException it is no longer part of its log */
    private static void hold(Segment segment) {
        if (!segment.tryRetain()) {
            throw new CancellationException("segment " + segment.baseOffset() + " has gone");
        }
    }

    private @Nullable Cleaned clean(Work work) {
        Candidate candidate = work.candidate();
        try {
            Cleaned done = new Pass(work).run();
            setAside.remove(candidate.log());
            passes.increment();
            last = done;
            LOG.info(
                    "{}: compaction cleaned up to offset {}: {} segments became {}, {} of {} records stay, {} of {}"
                            + " bytes, in {} ms",
                    done.partition(),
                    done.endOffset(),
                    done.segmentsBefore(),
                    done.segmentsAfter(),
                    done.recordsKept(),
                    done.recordsRead(),
                    done.writtenBytes(),
                    done.readBytes(),
                    done.tookMs());
            return done;
        } catch (CancellationException | RejectedExecutionException e) {
            LOG.debug("{}: compaction ended early", candidate.log().partition(), e);
        } catch (IOException e) {
            fail(candidate, e);
        } catch (RuntimeException | AssertionError e) {
            fail(candidate, new IOException("compaction met what it should not: " + e, e));
        }
        return null;
    }

    private void fail(Candidate candidate, IOException e) {
        PartitionLog log = candidate.log();
        if (log.isClosed() || candidate.directory().isOffline() || throttle.isStopped()) {
            LOG.debug("{}: compaction ended early", log.partition(), e);
            return;
        }
        boolean passes = !(e instanceof CorruptLogException);
        SetAside before = setAside.put(
                log, new SetAside(String.valueOf(e.getMessage()), passes ? clock.millis() + RETRY_MS : FOREVER));
        if (before == null || !before.reason().equals(e.getMessage())) {
            LOG.error(
                    "{} is not compacted any more, {}: {}. It is read and written as before, but grows",
                    log.partition(),
                    passes ? "for " + RETRY_MS / 60_000 + " minutes" : "until the broker starts again",
                    e.getMessage(),
                    e);
        }
    }

    /** One log, once. */
    private final class Pass {
        private final Candidate candidate;
        private final LogDirectory directory;
        private final PartitionLog log;
        private final LogConfig config;
        private final Work work;
        private final long startedMs = clock.millis();
        private final long startedNanos = System.nanoTime();
        private final long truncations;

        Pass(Work work) {
            this.work = work;
            this.candidate = work.candidate();
            this.directory = candidate.directory();
            this.log = candidate.log();
            this.config = log.config();
            this.truncations = log.truncations();
        }

        Cleaned run() throws IOException {
            Cleanable cleanable = work.cleanable();
            List<SealedSegment> dirty =
                    below(cleanable.firstUncleanableOffset(), cleanable.firstDirtyOffset(), work.sealed(), work.view());
            long keys = cleanable.firstUncleanableOffset() - cleanable.firstDirtyOffset();
            try (CompactionPass pass =
                    new CompactionPass(config, limits, throttle, keys, abortedTransactions(), startedMs)) {
                long end = learn(pass, dirty, cleanable);
                List<SealedSegment> old = below(end, 0, work.sealed(), work.view());
                int after = 0;
                for (List<SealedSegment> run : runs(old)) {
                    replace(pass, run);
                    after++;
                }
                directory.noteFirstDirty(log, end, truncations);
                return new Cleaned(
                        log.partition(),
                        end,
                        old.size(),
                        after,
                        pass.bytesLearned(),
                        pass.bytesRead(),
                        pass.bytesWritten(),
                        pass.recordsRead(),
                        pass.recordsKept(),
                        pass.mapUse(),
                        clock.millis(),
                        (System.nanoTime() - startedNanos) / 1_000_000);
            }
        }

        /** Those that begin below {@code end} and end above {@code start}. */
        private static List<SealedSegment> below(long end, long start, List<SealedSegment> sealed, LogView view) {
            List<SealedSegment> these = new ArrayList<>();
            for (int n = 0; n < sealed.size(); n++) {
                if (sealed.get(n).baseOffset() < end && view.segmentEndOffset(n) > start) {
                    these.add(sealed.get(n));
                }
            }
            return these;
        }

        private List<Aborted> abortedTransactions() throws IOException {
            List<Aborted> all = new ArrayList<>();
            for (int n = 0; n < work.view().segmentCount(); n++) {
                Segment segment = work.view().segment(n);
                hold(segment);
                try {
                    all.addAll(TransactionIndex.read(segment.files()));
                } finally {
                    segment.release();
                }
            }
            return all;
        }

        private long learn(CompactionPass pass, List<SealedSegment> dirty, Cleanable cleanable) throws IOException {
            List<SealedSegment> held = new ArrayList<>();
            try {
                for (SealedSegment segment : dirty) {
                    hold(segment);
                    held.add(segment);
                }
                return pass.learn(dirty, cleanable.firstDirtyOffset(), cleanable.firstUncleanableOffset());
            } finally {
                held.forEach(Segment::release);
                readBytes.add(pass.bytesLearned());
            }
        }

        private List<List<SealedSegment>> runs(List<SealedSegment> segments) throws IOException {
            List<SegmentFacts> facts = new ArrayList<>();
            List<Long> indexBytes = new ArrayList<>();
            for (int n = 0; n < segments.size(); n++) {
                SealedSegment segment = segments.get(n);
                hold(segment);
                try {
                    facts.add(new SegmentFacts(
                            segment.baseOffset(), work.view().segmentEndOffset(n), segment.sizeBytes(), -1, -1));
                    indexBytes.add(Math.max(
                            (long) segment.offsetIndex().count() * OffsetIndex.ENTRY_BYTES,
                            (long) segment.timeIndex().count() * TimeIndex.ENTRY_BYTES));
                } finally {
                    segment.release();
                }
            }
            List<List<SealedSegment>> runs = new ArrayList<>();
            int from = 0;
            for (int length : CompactionPolicy.runs(facts, indexBytes, config)) {
                runs.add(segments.subList(from, from + length));
                from += length;
            }
            return runs;
        }

        private void replace(CompactionPass pass, List<SealedSegment> run) throws IOException {
            SegmentSwap swap = ask(() -> log.beginSwap(run));
            if (swap == null) {
                throw new CancellationException("the log has other segments by now");
            }
            long readBefore = pass.bytesRead();
            long writtenBefore = pass.bytesWritten();
            try {
                swap.keepIndexes();
                Rewritten rewritten = pass.rewrite(directory.store(), log.directory(), run, swap.lastBatches());
                boolean committed = false;
                try {
                    committed = directory.commit(log, swap, rewritten);
                } finally {
                    if (committed) {
                        rewritten.files().remove();
                    } else if (!directory.isOffline()) {
                        rewritten.discard();
                    }
                }
                if (!committed) {
                    throw new CancellationException("the log was cut or closed");
                }
            } finally {
                readBytes.add(pass.bytesRead() - readBefore);
                writtenBytes.add(pass.bytesWritten() - writtenBefore);
                swap.release();
                ask(() -> {
                    log.endSwap();
                    return true;
                });
            }
        }

        private <T extends @Nullable Object> T ask(Callable<T> work) throws IOException {
            try {
                return candidate.appendThread().call(work).join();
            } catch (CompletionException e) {
                switch (e.getCause()) {
                    case IOException failed -> throw failed;
                    case RuntimeException failed -> throw failed;
                    case Error failed -> throw failed;
                    case null, default -> throw new IOException("the append thread could not help", e.getCause());
                }
            }
        }
    }

    /** What the last pass that ended well did; null before the first. Any thread. */
    public @Nullable Cleaned last() {
        return last;
    }

    /** Logs that can't be cleaned, at present. Any thread. */
    public int setAside() {
        long nowMs = clock.millis();
        return (int) setAside.keySet().stream().filter(log -> rests(log, nowMs)).count();
    }

    /** Of what could be cleaned of a log, the share that wasn't yet, in the log where it is largest; 0 to 1. Any thread. */
    public double maxDirtyRatio() {
        return maxDirtyRatio;
    }

    /** Passes that ended well. Any thread. */
    public long passes() {
        return passes.sum();
    }

    /** Bytes read so far, those of the pass at work included. Any thread. */
    public long readBytes() {
        return readBytes.sum();
    }

    /** Bytes written so far, those of the pass at work included. Any thread. */
    public long writtenBytes() {
        return writtenBytes.sum();
    }
}
