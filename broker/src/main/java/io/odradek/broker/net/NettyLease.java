package io.odradek.broker.net;

import io.odradek.engine.record.BufferLease;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A share in one received frame. It has a count of its own beside the count of the memory below it: the memory may live
 * on for its neighbours' sake, but a frame whose last share is gone stays gone.
 */
final class NettyLease implements BufferLease {

    private static final VarHandle SHARES;

    static {
        try {
            SHARES = MethodHandles.lookup().findVarHandle(NettyLease.class, "shares", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final ReceiveMemory memory;

    @SuppressWarnings("FieldMayBeFinal") // written through SHARES
    private volatile int shares = 1;

    /** Takes a share of the memory, to be released with the last of its own. */
    NettyLease(ReceiveMemory memory) {
        memory.retain();
        this.memory = memory;
    }

    @Override
    public boolean tryRetain() {
        int seen = shares;
        while (seen > 0) {
            int witness = (int) SHARES.compareAndExchange(this, seen, seen + 1);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    @Override
    public void release() {
        int before = (int) SHARES.getAndAdd(this, -1);
        if (before <= 0) {
            throw new IllegalStateException("a frame was released more often than retained");
        }
        if (before == 1) {
            memory.release();
        }
    }
}
