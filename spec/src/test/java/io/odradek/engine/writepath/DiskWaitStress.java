package io.odradek.engine.writepath;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** Work published, as the ring does it, while the sync thread begins to wait for the disk. */
@JCStressTest
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "both know of it")
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "who publishes wakes the append thread")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "who begins to wait sees the work")
@State
public class DiskWaitStress {
    private static final VarHandle WORK;

    static {
        try {
            WORK = MethodHandles.lookup().findVarHandle(DiskWaitStress.class, "work", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final DiskWait disk = new DiskWait();

    @SuppressWarnings("unused") // through WORK
    private boolean work;

    @Actor
    public void publisher(ZZ_Result result) {
        WORK.setRelease(this, true);
        result.r1 = disk.isOn();
    }

    @Actor
    public void sync(ZZ_Result result) {
        disk.begin();
        result.r2 = (boolean) WORK.getAcquire(this);
    }
}
