package io.odradek.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * One pooled buffer that a socket is read into, shared by the connection that fills it and the leases of the requests in
 * it. Bytes are only ever added: what a lease covers does not change until the last share is given back. Shares: any
 * thread; the buffer's indices: the connection's loop.
 */
final class ReceiveMemory {

    private static final VarHandle SHARES;

    static {
        try {
            SHARES = MethodHandles.lookup().findVarHandle(ReceiveMemory.class, "shares", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    final ByteBuf buffer;
    private final MemoryBudget budget;
    private final int chargedBytes;

    @SuppressWarnings("FieldMayBeFinal") // written through SHARES
    private volatile int shares = 1;

    /** @param capacity bytes, already charged to the budget; given back to it with the last share */
    ReceiveMemory(ByteBufAllocator allocator, MemoryBudget budget, int capacity) {
        this.buffer = allocator.directBuffer(capacity, capacity);
        this.budget = budget;
        this.chargedBytes = capacity;
    }

    /** A view of received bytes, index 0 to {@code length}, big-endian, writable. */
    ByteBuffer view(int from, int length) {
        return buffer.nioBuffer(from, length);
    }

    /** Nobody but the caller holds a share. */
    boolean isUnshared() {
        return shares == 1;
    }

    void retain() {
        int before = (int) SHARES.getAndAdd(this, 1);
        assert before > 0 : "retained after the last release";
    }

    void release() {
        int before = (int) SHARES.getAndAdd(this, -1);
        assert before > 0 : "released " + (1 - before) + " times too often";
        if (before == 1) {
            buffer.release();
            budget.release(chargedBytes);
        }
    }
}
