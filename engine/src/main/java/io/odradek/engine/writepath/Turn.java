package io.odradek.engine.writepath;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The right to append and settle: one thread has it at a time, so what these stages keep needs no other protection. Whoever
 * finds it taken goes on without a word, because whoever gives it back looks for work once more:
 *
 * <pre>
 *   publisher                        holder
 *   publish work                     give the turn back
 *   fence                            fence
 *   try to take the turn: taken      look for work; some: wake the append thread
 * </pre>
 *
 * Of the two looks behind the two fences at least one sees the other side's write.
 */
final class Turn {
    /** Has it until it is given back for the first time. */
    private static final Thread NOBODY = Thread.ofPlatform().unstarted(() -> {});

    private final AtomicReference<@Nullable Thread> holder = new AtomicReference<>(NOBODY);

    boolean tryTake() {
        VarHandle.fullFence();
        return holder.getPlain() == null && holder.compareAndSet(null, Thread.currentThread());
    }

    boolean isFree() {
        return holder.get() == null;
    }

    boolean isMine() {
        return Thread.currentThread().equals(holder.get());
    }

    /** Who calls this must look for work afterwards. */
    void giveBack() {
        holder.set(null);
        VarHandle.fullFence();
    }
}
