package io.odradek.engine;

import io.odradek.engine.compaction.CleaningThrottle;
import io.odradek.engine.compaction.CompactionPass;
import io.odradek.engine.compaction.CompactionPass.Rewritten;
import io.odradek.engine.segment.SealedSegment;
import io.odradek.engine.segment.SegmentNames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Compacted segments that take the place of others, while the log is read and cut. */
public final class SegmentSwapStress {
    private static final CompactionPass.Limits LIMITS = new CompactionPass.Limits(1 << 10, 0.9, 1 << 10);

    /** A log with segments 0-1, 2-3 and 4; what is to take the place of the first two, with all of their batches, is written. */
    abstract static class Compacted extends HeapLog {
        private final SegmentSwap swap;
        private final Rewritten rewritten;

        Compacted() {
            super(5);
            LogView view = log.view();
            List<SealedSegment> run = List.of((SealedSegment) view.segment(0), (SealedSegment) view.segment(1));
            swap = Objects.requireNonNull(log.beginSwap(run));
            // nothing was learned, so everything stays
            try (var pass =
                    new CompactionPass(log.config(), LIMITS, new CleaningThrottle(Double.MAX_VALUE), 1, List.of(), 0)) {
                swap.keepIndexes();
                rewritten = pass.rewrite(store, log.directory(), run, swap.lastBatches());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Thread that compacts. Returns whether the directory has the new segment. */
        final boolean commit() {
            try {
                boolean committed = swap.commit(rewritten);
                if (committed) {
                    rewritten.files().remove();
                } else {
                    rewritten.discard();
                }
                swap.release();
                return committed;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** The base offsets of the log files in the directory are those of the log's segments. */
        final boolean namesAreThoseOfTheLog() {
            LogView view = log.view();
            List<Path> named = store.list(log.directory()).stream()
                    .filter(file -> file.toString().endsWith(SegmentNames.LOG))
                    .toList();
            if (named.size() != view.segmentCount()) {
                return false;
            }
            for (int n = 0; n < named.size(); n++) {
                if (!named.get(n).equals(view.segment(n).files().path(SegmentNames.LOG))) {
                    return false;
                }
            }
            return true;
        }
    }

    /** Whoever reads while segments are swapped has all batches; who is refused finds that the log has other segments now. */
    @JCStressTest
    @Outcome(id = "5, 0", expect = Expect.ACCEPTABLE, desc = "all batches, at each look")
    @State
    public static class AReaderAgainstASwap extends Compacted {
        private static final int LOOKS = 50;
        private static final int REFUSED_FOR_NOTHING = -5;

        @Actor
        public void compact() {
            commit();
            log.endSwap(); // the append thread's, which is asked when the directory has it
        }

        @Actor
        public void read(II_Result result) {
            result.r1 = 5;
            for (int look = 0; look < LOOKS && result.r1 == 5; look++) {
                LogView view = log.view();
                int batches = whole(view);
                if (batches != DAMAGED) {
                    result.r1 = batches;
                } else if (log.view().hasSegmentsOf(view)) {
                    result.r1 = REFUSED_FOR_NOTHING;
                }
            }
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = leftOpen();
        }
    }

    /** A cut calls the swap off or finds it done; nothing in between, and the directory has what the log has. */
    @JCStressTest
    @Outcome(
            id = {"0, 2, 0", "1, 2, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "called off, or swapped in; then cut, then appended to")
    @State
    public static class ATruncationAgainstASwap extends Compacted {
        private static final int OTHER_NAMES = -6;

        @Actor
        public void compact(III_Result result) {
            result.r1 = commit() ? 1 : 0;
        }

        @Actor
        public void cut() {
            try {
                log.truncateTo(1);
                append(1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Arbiter
        public void after(III_Result result) {
            log.endSwap(); // as who compacts asks for in any case
            result.r2 = namesAreThoseOfTheLog() ? whole(log.view()) : OTHER_NAMES;
            result.r3 = leftOpen();
        }
    }
}
