package io.odradek.engine;

import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.spec.stress.HeapStore;
import java.nio.file.Path;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.J_Result;

/** A sync that began before a truncation claims nothing above the cut, whenever its news arrives. */
public final class DurableProgressStress {
    private DurableProgressStress() {}

    /** The sync thread reports, the append thread cuts. */
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "cut first: the report says nothing any more")
    @Outcome(id = "5", expect = Expect.ACCEPTABLE, desc = "reported first, then cut")
    @State
    public static class ASyncAgainstATruncation {
        private final DurableProgress progress = new DurableProgress(0);

        public ASyncAgainstATruncation() {
            progress.handedOut(10, List.of());
        }

        @Actor
        public void sync() {
            progress.synced(10);
        }

        @Actor
        public void append() {
            progress.truncated(5);
        }

        @Arbiter
        public void after(J_Result result) {
            result.r1 = progress.recoveryPoint();
        }
    }

    /** Housekeeping has persisted what the append thread cuts. */
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "cut first: what was persisted is not claimed")
    @Outcome(id = "5", expect = Expect.ACCEPTABLE, desc = "claimed first, then cut")
    @State
    public static class ACheckpointAgainstATruncation {
        private final DurableProgress progress = new DurableProgress(0);
        private final HeapStore store = new HeapStore();
        private final Path directory = Path.of("/orders-0");
        private final LogCheckpointer checkpointer = new LogCheckpointer(
                store,
                directory,
                progress,
                new CheckpointSnapshots(store, directory, Long.MAX_VALUE),
                LeaderEpochs.NONE,
                0,
                LogPosition.ofOffset(0));
        private final LogCheckpointer.Persisted persisted =
                new LogCheckpointer.Persisted(LogPosition.ofOffset(10), 0, progress.generation(), false);

        @Actor
        public void housekeeping() {
            checkpointer.reached(persisted);
        }

        @Actor
        public void append() {
            checkpointer.truncated(5);
        }

        @Arbiter
        public void after(J_Result result) {
            result.r1 = Math.max(checkpointer.recoveryPoint().offset(), progress.recoveryPoint());
        }
    }
}
