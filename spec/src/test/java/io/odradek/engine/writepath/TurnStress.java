package io.odradek.engine.writepath;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** One thread has the turn, sees what the one before it did, and no work is left that nobody looks at. */
public final class TurnStress {
    private TurnStress() {}

    /** Work published, as the ring does it, while another gives the turn back. */
    @JCStressTest
    @Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "both know of it")
    @Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "who publishes takes the turn")
    @Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "who gives it back sees the work")
    @State
    public static class WorkBehindTheTurn {
        private static final VarHandle WORK;

        static {
            try {
                WORK = MethodHandles.lookup().findVarHandle(WorkBehindTheTurn.class, "work", boolean.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final Turn turn = new Turn();

        @SuppressWarnings("unused") // through WORK
        private boolean work;

        @Actor
        public void publisher(ZZ_Result result) {
            WORK.setRelease(this, true);
            result.r1 = turn.tryTake();
        }

        @Actor
        public void holder(ZZ_Result result) {
            turn.giveBack();
            result.r2 = (boolean) WORK.getAcquire(this);
        }
    }

    @JCStressTest
    @Outcome(id = "1, 2, 2", expect = Expect.ACCEPTABLE, desc = "one after the other")
    @Outcome(id = "2, 1, 2", expect = Expect.ACCEPTABLE, desc = "the other way round")
    @Outcome(id = "1, 0, 1", expect = Expect.ACCEPTABLE, desc = "the other found it taken")
    @Outcome(id = "0, 1, 1", expect = Expect.ACCEPTABLE, desc = "the one found it taken")
    @State
    public static class OneHasTheTurn {
        private final Turn turn = new Turn();
        /** The holder's. */
        private int done;

        public OneHasTheTurn() {
            turn.giveBack();
        }

        private int inTurn() {
            int mine = 0;
            if (turn.tryTake()) {
                mine = done + 1;
                done = mine;
                turn.giveBack();
            }
            return mine;
        }

        @Actor
        public void one(III_Result result) {
            result.r1 = inTurn();
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = inTurn();
        }

        @Arbiter
        public void after(III_Result result) {
            result.r3 = done;
        }
    }
}
