package io.odradek.engine.writepath;

import java.lang.invoke.VarHandle;

/**
 * Whether the sync thread waits for the disk, so that somebody else has to append what comes in.
 *
 * <pre>
 *   publisher                      sync thread
 *   publish work                   begin to wait
 *   fence                          fence
 *   is it waiting? no: wake it     look for work; some: wake the append thread
 * </pre>
 *
 * Of the two looks behind the two fences at least one sees the other side's write: what comes in just as a sync begins does not stay
 * until it ends.
 */
final class DiskWait {
    private volatile boolean waiting;

    /** Sync thread, which looks for work behind this. */
    void begin() {
        waiting = true;
        VarHandle.fullFence();
    }

    /** Sync thread. */
    void end() {
        waiting = false;
    }

    /** Whoever has published something. */
    boolean isOn() {
        VarHandle.fullFence();
        return waiting;
    }
}
