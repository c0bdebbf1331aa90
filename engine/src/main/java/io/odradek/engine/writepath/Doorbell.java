package io.odradek.engine.writepath;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One thread waits for work, any thread rings when there is some. Ringing costs a fence and a read while the waiter is awake;
 * only a sleeping waiter costs a system call. The Disruptor's own blocking strategies take a lock, or swap a shared flag, on
 * every publication.
 *
 * <pre>
 *   ringer                       waiter
 *   publish work                 sleeper = me
 *   fence                        fence
 *   read sleeper                 look for work; none: park
 * </pre>
 *
 * Of the two reads behind the two fences at least one sees the other side's write, so no ring is lost.
 */
final class Doorbell {
    private static final VarHandle SLEEPER;

    static {
        try {
            SLEEPER = MethodHandles.lookup().findVarHandle(Doorbell.class, "sleeper", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Looks whether there is something to do; called by the waiter only. */
    interface Work {
        boolean isThere();
    }

    /** How long a waiter keeps looking before it sleeps. */
    record Patience(int spins, int yields, boolean sleeps) {
        /** Also for a bell that nobody waits at. */
        static final Patience NONE = new Patience(0, 0, true);

        /** Fewer processors than this, and whoever spins takes the time of the thread it waits for. */
        private static final int PROCESSORS_TO_SPARE = 8;

        /**
         * @param waitStrategy {@code block} sleeps at once; {@code yield} looks for some microseconds first; {@code spin} never
         *     sleeps and wants a processor of its own for each thread; {@code auto} is {@code block} below 8 processors, else
         *     {@code yield}
         */
        static Patience of(String waitStrategy, int processors) {
            return switch (waitStrategy) {
                case "block" -> NONE;
                case "yield" -> new Patience(100, 20, true);
                case "spin" -> new Patience(0, 0, false);
                case "auto" -> of(processors < PROCESSORS_TO_SPARE ? "block" : "yield", processors);
                default ->
                    throw new IllegalArgumentException(
                            "wait strategy '" + waitStrategy + "' is not one of block, yield, spin, auto");
            };
        }
    }

    private final Patience patience;
    private final Counter sleeps = new Counter();
    private volatile @Nullable Thread sleeper;

    Doorbell(Patience patience) {
        this.patience = patience;
    }

    /** There is work, and it is already visible to other threads. Any thread. */
    void ring() {
        VarHandle.fullFence();
        Thread waiting = sleeper;
        if (waiting != null && SLEEPER.compareAndSet(this, waiting, null)) {
            LockSupport.unpark(waiting);
        }
    }

    /** Returns when there is work. One thread. */
    void await(Work work) {
        for (int i = 0; i < patience.spins; i++) {
            if (work.isThere()) {
                return;
            }
            Thread.onSpinWait();
        }
        if (yieldUntil(work)) {
            return;
        }
        if (patience.sleeps) {
            sleepUntil(work);
        } else {
            while (!work.isThere()) {
                Thread.onSpinWait();
            }
        }
    }

    // Giving the time slice away is the point here: the thread that we wait for may be the one that gets it.
    @SuppressWarnings("ThreadPriorityCheck")
    private boolean yieldUntil(Work work) {
        for (int i = 0; i < patience.yields; i++) {
            if (work.isThere()) {
                return true;
            }
            Thread.yield();
        }
        return false;
    }

    private void sleepUntil(Work work) {
        Thread me = Thread.currentThread();
        while (true) {
            sleeper = me;
            VarHandle.fullFence();
            if (work.isThere()) {
                sleeper = null;
                return;
            }
            sleeps.add(1);
            do {
                LockSupport.park(this);
                // an interrupted thread can't park and would spin here; nothing in a shard is stopped by interruption
                Thread.interrupted();
            } while (sleeper != null);
        }
    }

    /** How often the waiter went to sleep: what each costs is two context switches and a system call of the ringer. */
    long sleeps() {
        return sleeps.get();
    }
}
