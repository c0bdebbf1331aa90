package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import io.odradek.engine.record.BufferLease;

/** A share in a received buffer, as the engine sees it. Any thread. */
record NettyLease(ByteBuf buffer) implements BufferLease {

    @Override
    public boolean tryRetain() {
        try {
            buffer.retain();
            return true;
        } catch (IllegalReferenceCountException gone) {
            return false; // it went back to its pool a moment ago: an expected race, answered by the count itself
        }
    }

    @Override
    public void release() {
        buffer.release();
    }
}
