package io.odradek.broker.partition;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A fetch that may wait until enough bytes can be read. It belongs to its connection's network loop; settle threads only
 * call {@link #grow}. Waking is a hint, never a proof: whoever is woken looks again.
 *
 * <pre>
 *            park                  grow, enough
 *  RUNNING --------> PARKED ----------------------> WOKEN --.
 *     ^                 |  unpark (deadline, recheck)       |  wake() runs on the loop
 *     '-----------------'-----------------------------------'
 * </pre>
 */
public abstract class ParkedFetch {
    private static final int RUNNING = 0;
    private static final int PARKED = 1;
    private static final int WOKEN = 2;
    private static final AtomicIntegerFieldUpdater<ParkedFetch> STATE =
            AtomicIntegerFieldUpdater.newUpdater(ParkedFetch.class, "state");

    private volatile int state = RUNNING;
    private final AtomicLong missingBytes = new AtomicLong();

    /** Arranges that the fetch is looked at again, on its network loop. Called once per parking, from a settle thread. */
    protected abstract void wake();

    /** From now on {@link #grow} counts. Network loop. */
    final void park(long missingBytes) {
        assert state != PARKED : "parked twice";
        this.missingBytes.set(missingBytes);
        state = PARKED;
    }

    /**
     * Takes the fetch back to look at it again. Network loop.
     *
     * @return false when it was woken meanwhile: {@link #wake()} brings it back
     */
    public final boolean unpark() {
        return STATE.compareAndSet(this, PARKED, RUNNING);
    }

    /** What {@link #wake()} arranged has begun. Network loop. */
    protected final void resumed() {
        assert state == WOKEN : "resumed in state " + state;
        state = RUNNING;
    }

    /**
     * So many more bytes can be read. Settle thread.
     *
     * @return true while it goes on waiting
     */
    final boolean grow(long bytes) {
        if (state != PARKED) {
            return false;
        }
        if (missingBytes.addAndGet(-bytes) > 0) {
            return true;
        }
        if (STATE.compareAndSet(this, PARKED, WOKEN)) {
            wake();
        }
        return false;
    }
}
