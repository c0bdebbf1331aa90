package io.odradek.broker.net;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How much memory received bytes may occupy over all connections. Charged by the capacity of the buffers, not by the
 * bytes in them, because that is what a held lease pins. Any thread.
 *
 * <p>At the bound a connection that wants more waits in a queue, and stops reading. Waiters are served in order once use
 * has fallen to the low mark. When nothing falls for {@link #PATIENCE_NANOS} all of it may be held by requests of which
 * each waits for its own rest, so one waiter at a time is let over the bound: a deadlock becomes a queue. The excess is
 * at most what one request asks for, plus one smallest buffer per connection ({@link ReceiveWindow#SMALLEST_BYTES}).
 */
final class MemoryBudget {

    static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Somebody whose reading waits for memory. */
    interface Waiter {
        /** {@code bytes} are charged and belong to the waiter. Any thread; not called again before it asks again. */
        void granted(int bytes);
    }

    /** @param returnsBytes what the waiter gives back for it, soon after the grant */
    private record Wait(Waiter waiter, int bytes, int returnsBytes, long sinceNanos) {}

    private final long limitBytes;
    private final long lowBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    /** Size of {@link #queue}, readable without the lock. */
    private volatile int waiting;
    /** Guarded by this. */
    private final ArrayDeque<Wait> queue = new ArrayDeque<>();
    /** One waiter was let over the bound and use has not been below it since. Guarded by this. */
    private boolean overdrawn;

    MemoryBudget(long limitBytes) {
        if (limitBytes <= 0) {
            throw new IllegalArgumentException("a memory budget of " + limitBytes + " bytes");
        }
        this.limitBytes = limitBytes;
        this.lowBytes = limitBytes - limitBytes / 4;
    }

    long usedBytes() {
        return usedBytes.get();
    }

    long limitBytes() {
        return limitBytes;
    }

    int waiting() {
        return waiting;
    }

    /** Charges if there is room and nobody waits. */
    boolean tryCharge(int bytes) {
        return tryCharge(bytes, 0);
    }

    private boolean tryCharge(int bytes, int returnsBytes) {
        if (waiting > 0) {
            return false;
        }
        if (usedBytes.addAndGet(bytes) - returnsBytes <= limitBytes) {
            return true;
        }
        release(bytes);
        return false;
    }

    /** Charges whatever the bound says; for what must be had and is small. */
    void charge(int bytes) {
        usedBytes.addAndGet(bytes);
    }

    /**
     * Charges and returns true, or puts the waiter in the queue.
     *
     * @param returnsBytes already charged, and given back as soon as the new memory is there: does not stand in the way
     */
    boolean chargeOrWait(int bytes, int returnsBytes, Waiter waiter, long nowNanos) {
        if (tryCharge(bytes, returnsBytes)) {
            return true;
        }
        Wait next;
        synchronized (this) {
            queue.add(new Wait(waiter, bytes, returnsBytes, nowNanos));
            waiting = queue.size();
            // A release that came before the line above did not see the waiter. This look at the use comes after it:
            // one of the two sees the other, so no wake-up is lost.
            next = takeServable();
        }
        serve(next);
        return false;
    }

    void release(int bytes) {
        usedBytes.addAndGet(-bytes);
        if (waiting > 0) {
            Wait next;
            synchronized (this) {
                next = takeServable();
            }
            serve(next);
        }
    }

    /** Forgets the waiter. False: it does not wait, or its grant is on the way. */
    synchronized boolean cancel(Waiter waiter) {
        boolean removed = queue.removeIf(wait -> wait.waiter.equals(waiter));
        waiting = queue.size();
        return removed;
    }

    /** Lets the first waiter over the bound when it has waited too long. Called now and then by every loop. */
    void relieve(long nowNanos) {
        if (waiting == 0) {
            return;
        }
        Wait first;
        synchronized (this) {
            first = queue.peek();
            if (first == null || overdrawn || nowNanos - first.sinceNanos < PATIENCE_NANOS) {
                return;
            }
            queue.poll();
            waiting = queue.size();
            usedBytes.addAndGet(first.bytes);
            overdrawn = true;
        }
        first.waiter.granted(first.bytes);
    }

    private void serve(@Nullable Wait first) {
        for (Wait next = first; next != null; ) {
            next.waiter.granted(next.bytes);
            synchronized (this) {
                next = takeServable();
            }
        }
    }

    private @Nullable Wait takeServable() {
        long used = usedBytes.get();
        if (used <= limitBytes) {
            overdrawn = false;
        }
        Wait first = queue.peek();
        if (first == null) {
            return null;
        }
        long usedByOthers = used - first.returnsBytes;
        if (usedByOthers > lowBytes || (usedByOthers + first.bytes > limitBytes && usedByOthers > 0)) {
            return null;
        }
        queue.poll();
        waiting = queue.size();
        usedBytes.addAndGet(first.bytes);
        return first;
    }
}
