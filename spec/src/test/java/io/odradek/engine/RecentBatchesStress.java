package io.odradek.engine;

import io.odradek.engine.record.LeasedBatches;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Received memory that the log shares with readers at its tail is given back once, and not under a reader. */
public final class RecentBatchesStress {
    private static final int FROM_THE_FILE = 0;
    private static final int FROM_MEMORY = 1;
    private static final int FREED_UNDER_IT = -1;

    private RecentBatchesStress() {}

    /** A log that holds one batch, and a view of it. */
    abstract static class OneBatch {
        final CountedLease first = new CountedLease();
        final CountedLease second = new CountedLease();
        final RecentMemory memory;
        final RecentBatches recent;
        final RecentBatches.Window seen;

        /** @param budgetBatches how many the directory's memory has room for */
        OneBatch(int budgetBatches) {
            memory = new RecentMemory(2L * budgetBatches * LeasedBatches.SIZE_BYTES);
            recent = new RecentBatches(memory);
            write(0, first);
            seen = recent.window();
        }

        final void write(long offset, CountedLease lease) {
            recent.noteTailRead();
            var batch = LeasedBatches.one(lease);
            batch.assign(offset, 0);
            recent.written(batch);
        }

        final int read() {
            @Nullable FetchedSlices read = RecentBatches.read(seen, 0, 1, 1000, true);
            if (read == null) {
                return FROM_THE_FILE;
            }
            int result =
                    first.freed() == 0 && read.sizeBytes() == LeasedBatches.SIZE_BYTES ? FROM_MEMORY : FREED_UNDER_IT;
            read.close();
            return result;
        }
    }

    @JCStressTest
    @Outcome(id = "0, 11", expect = Expect.ACCEPTABLE, desc = "too late")
    @Outcome(id = "1, 11", expect = Expect.ACCEPTABLE, desc = "in time")
    @State
    public static class AReaderWhileItsBatchGivesWay extends OneBatch {
        public AReaderWhileItsBatchGivesWay() {
            super(1);
        }

        @Actor
        public void read(II_Result result) {
            result.r1 = read();
        }

        @Actor
        public void append() {
            write(1, second);
        }

        @Arbiter
        public void after(II_Result result) {
            recent.clear();
            result.r2 = 10 * first.freed() + second.freed();
        }
    }

    /** The append thread lets go of what housekeeping lets go of. */
    @JCStressTest
    @Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "given back once, and not counted any more")
    @State
    public static class TwoWhoLetGo extends OneBatch {
        public TwoWhoLetGo() {
            super(4);
        }

        @Actor
        public void append() {
            recent.clear();
        }

        @Actor
        public void housekeeping() {
            memory.releaseAll();
        }

        @Arbiter
        public void after(I_Result result) {
            result.r1 = memory.heldBytes() == 0 ? first.freed() : -1;
        }
    }
}
