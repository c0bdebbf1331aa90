package io.odradek.engine;

import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.Segment;
import io.odradek.spec.stress.HeapStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Mode;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.Signal;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** What readers may see of a log while its append thread appends, rolls, removes and cuts. */
public final class PartitionLogStress {
    private PartitionLogStress() {}

    /** Every view is of one moment: its offsets, sizes and segments agree, and its files hold what it claims. */
    @JCStressTest
    @Outcome(
            id = {"1", "2", "3"},
            expect = Expect.ACCEPTABLE,
            desc = "as it was at some moment")
    @State
    public static class AViewIsOfOneMoment extends HeapLog {
        private static final int LOOKS = 100;

        public AViewIsOfOneMoment() {
            super(1);
        }

        @Actor
        public void appendAndRoll() {
            append(2);
        }

        /** Looks again and again, since what may be seen for a moment only is what it is about. */
        @Actor
        public void read(I_Result result) {
            @Nullable LogView last = null;
            for (int look = 0; look < LOOKS && result.r1 >= 0; look++) {
                LogView view = log.view();
                if (last == null
                        || view.logEndOffset() != last.logEndOffset()
                        || view.segmentCount() != last.segmentCount()) {
                    last = view;
                    result.r1 = whole(view);
                }
            }
        }
    }

    /** Who looks again and again sees what was appended. */
    @JCStressTest(Mode.Termination)
    @Outcome(id = "TERMINATED", expect = Expect.ACCEPTABLE, desc = "seen")
    @Outcome(id = "STALE", expect = Expect.FORBIDDEN, desc = "never seen")
    @State
    public static class AnAppendIsSeen {
        private final PublishedLog published = emptyLog();

        private static PublishedLog emptyLog() {
            try {
                return new PublishedLog(
                        0,
                        0,
                        LeaderEpochs.NONE,
                        new Segment[] {ActiveSegment.create(new HeapStore(), Path.of("/orders-0"), 0)},
                        new RecentBatches(new RecentMemory(0)),
                        0,
                        0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Actor
        @SuppressWarnings("EmptyBlock") // a hint to the processor would also keep the compiler from reading only once
        public void read() {
            while (published.logEndOffset() == 0) {}
        }

        @Signal
        public void append() {
            published.grewTo(1, 100);
        }
    }

    /** DeleteRecords: whole segments go while they are read. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "2, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "refused, or read as a whole")
    @State
    public static class AReaderAgainstDeletion extends HeapLog {
        private final LogView before;

        public AReaderAgainstDeletion() {
            super(3);
            before = log.view();
        }

        @Actor
        public void delete() {
            try {
                log.deleteRecordsBefore(2);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Actor
        public void read(II_Result result) {
            result.r1 = read(before, 0, before.end());
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = leftOpen();
        }
    }

    /** A log with segments 0-1, 2-3 and 4, which is cut at 3; then there is another batch 3. */
    abstract static class Cut extends HeapLog {
        final LogView before;
        final LogPosition highWatermark;

        Cut() {
            super(3);
            highWatermark = log.view().end();
            append(2);
            before = log.view();
        }

        final void cutAndAppend() {
            try {
                log.truncateTo(3);
                append(1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** What lies below a cut is read as it was, also in the segment that is cut. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "batch 2, as a whole")
    @State
    public static class AReaderBelowATruncation extends Cut {
        @Actor
        public void append() {
            cutAndAppend();
        }

        @Actor
        public void read(II_Result result) {
            result.r1 = read(before, 2, highWatermark);
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = leftOpen();
        }
    }

    /** Segments behind a cut go while they are read. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "1, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "refused, or batch 4 as a whole")
    @State
    public static class AReaderBehindATruncation extends Cut {
        @Actor
        public void append() {
            cutAndAppend();
        }

        @Actor
        public void read(II_Result result) {
            result.r1 = read(before, 4, before.end());
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = leftOpen();
        }
    }
}
