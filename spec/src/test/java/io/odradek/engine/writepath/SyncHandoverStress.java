package io.odradek.engine.writepath;

import java.util.Objects;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A group has one owner; what is added to it is synced once. */
@JCStressTest
@Outcome(
        id = {"0, 4", "1, 3", "2, 2", "3, 1", "4, 0"},
        expect = Expect.ACCEPTABLE,
        desc = "four batches, some of them in time")
@State
public class SyncHandoverStress {
    private static final int SYNCS = 4;

    private final SyncHandover handover = new SyncHandover();

    /** One group lies ready for use, another waits with one batch. */
    public SyncHandoverStress() {
        handOver();
        SyncGroup second = new SyncGroup();
        handover.giveBack(Objects.requireNonNull(handover.take()));
        second.batches = 1;
        second.throughSequence = 1;
        handover.put(second);
    }

    private void handOver() {
        SyncGroup group = handover.takeBack();
        group.batches++;
        group.throughSequence = group.batches;
        handover.put(group);
    }

    private int sync() {
        SyncGroup group = handover.take();
        if (group == null) {
            return 0;
        }
        int batches = group.batches;
        boolean whole = batches > 0 && group.throughSequence == batches;
        handover.giveBack(group);
        return whole ? batches : -1;
    }

    @Actor
    public void append() {
        handOver();
        handOver();
        handOver();
    }

    @Actor
    public void sync(II_Result result) {
        int batches = 0;
        for (int i = 0; i < SYNCS && batches >= 0; i++) {
            int more = sync();
            batches = more < 0 ? more : batches + more;
        }
        result.r1 = batches;
    }

    @Arbiter
    public void after(II_Result result) {
        result.r2 = sync();
    }
}
