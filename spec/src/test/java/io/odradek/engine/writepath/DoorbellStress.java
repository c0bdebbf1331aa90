package io.odradek.engine.writepath;

import io.odradek.engine.writepath.Doorbell.Patience;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * Work that is published before the bell rings is found, or wakes who sleeps. Published as the ring does it, by a release: the
 * fence that such a write lacks is the bell's business.
 */
@JCStressTest
@Outcome(id = "true", expect = Expect.ACCEPTABLE, desc = "found, or woken")
@State
public class DoorbellStress {
    private static final VarHandle WORK;
    /** Far longer than a wake-up takes on a machine that is busy with something else. */
    private static final long LOST_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Once a ring was lost the test has failed: it need not wait as long for the next. */
    private static volatile long patienceNanos = LOST_NANOS;

    static {
        try {
            WORK = MethodHandles.lookup().findVarHandle(DoorbellStress.class, "work", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Doorbell bell = new Doorbell(Patience.NONE);

    @SuppressWarnings("unused") // through WORK
    private boolean work;

    private volatile boolean returned;

    @Actor
    public void ringer(Z_Result result) {
        WORK.setRelease(this, true);
        bell.ring();
        long begun = System.nanoTime();
        boolean inTime = true;
        while (!returned && inTime) {
            Thread.onSpinWait();
            inTime = System.nanoTime() - begun < patienceNanos;
        }
        if (!inTime) {
            bell.ring(); // so that the test ends
            patienceNanos = TimeUnit.MILLISECONDS.toNanos(10);
        }
        result.r1 = inTime;
    }

    @Actor
    public void waiter() {
        bell.await(() -> (boolean) WORK.getAcquire(this));
        returned = true;
    }
}
