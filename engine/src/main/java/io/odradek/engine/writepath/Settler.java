package io.odradek.engine.writepath;

import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import io.odradek.engine.AppendOutcome;
import io.odradek.engine.AppendOutcome.Appended;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Queue;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Third stage: tells whoever waits. It watches two sequences, append's and sync's, and settles each entry as soon as the one
 * it depends on has passed it; so page-cache entries overtake those that wait for a sync, but never one of their own log,
 * because what an entry waits for ({@link LogSlot#settleAfter}) never decreases along a log.
 *
 * <pre>
 *   released        synced                    appended
 *      |--- settle ----|--- settle those that ----|
 *      |               |    wait for no sync      |
 *      ^ slots up to here go back to the ring
 * </pre>
 *
 * One thread, whichever: it starts none and waits for none.
 */
final class Settler {
    /** Tasks of the inbox per pass: so that they can't hold up what is settled. */
    private static final int INBOX_BURST = 512;

    private final RingBuffer<WriteEvent> ring;
    private final Appender appender;
    private final Syncer syncer;
    private final Settlement settlement;
    private final ShardFault fault;
    private final Admission admission;
    /** Unbounded: what comes in here (a follower's fetch, a timeout) is bounded by who sends it, and must not be refused. */
    private final Queue<Runnable> inbox = new MpscUnboundedAtomicArrayQueue<>(1024);
    /** One entry per paused connection. */
    private final Queue<Runnable> roomWaiters = new MpscUnboundedAtomicArrayQueue<>(64);

    /** Everything up to here is settled, and its slots are free. */
    private final Sequence released = new Sequence(LogSlot.NEVER_SYNCED);

    // what hasWork compares with
    private volatile long examined = LogSlot.NEVER_SYNCED;
    private volatile long lastSynced = LogSlot.NEVER_SYNCED;
    private volatile boolean lastFailed;

    private WriteEvent[] ready = new WriteEvent[64];
    private int readyCount;
    private LogSlot[] progressed = new LogSlot[16];
    private int progressedCount;
    private long groupNumber;
    private LogSlot[] grown = new LogSlot[16];
    private int grownCount;

    final Counter settled = new Counter();
    final Counter groups = new Counter();

    Settler(
            RingBuffer<WriteEvent> ring,
            Appender appender,
            Syncer syncer,
            Settlement settlement,
            ShardFault fault,
            Admission admission) {
        this.ring = ring;
        this.appender = appender;
        this.syncer = syncer;
        this.settlement = settlement;
        this.fault = fault;
        this.admission = admission;
    }

    /** Settles what can be. Returns whether anything was done. */
    boolean settle() {
        boolean ran = runInbox();
        groupNumber++;
        collectReady();
        boolean settles = readyCount > 0;
        boolean grew = grownCount > 0;
        if (settles) {
            announceProgress();
        }
        if (grew) {
            announceGrowth();
        }
        if (settles) {
            for (int i = 0; i < readyCount; i++) {
                tell(ready[i]);
            }
        }
        if (ran || settles || grew) {
            guarded("ending a settled group", settlement::groupSettled);
        }
        if (settles) {
            groups.add(1);
            settled.add(readyCount);
            release();
        }
        boolean roomGiven = offerRoom();
        return ran || settles || grew || roomGiven;
    }

    /** Whether {@link #settle} has something to do; exact while nobody settles. Any thread. */
    boolean hasWork() {
        return appender.through() > examined
                || syncer.through() != lastSynced
                || (syncer.failure() != null) != lastFailed
                || !inbox.isEmpty()
                || roomIsWanted();
    }

    /** Any thread. */
    void submit(Runnable task) {
        inbox.add(task);
    }

    /** Any thread. */
    void awaitRoom(Runnable whenRoom) {
        roomWaiters.add(whenRoom);
    }

    /** What the ring is gated by: slots up to here may be written again. */
    Sequence released() {
        return released;
    }

    /** Whether the outcome tells somebody that a batch is in the log. */
    static boolean isClaim(@Nullable AppendOutcome outcome) {
        return outcome instanceof Appended || outcome instanceof AppendOutcome.Duplicate;
    }

    private boolean runInbox() {
        int ran = 0;
        Runnable task;
        while (ran < INBOX_BURST && (task = inbox.poll()) != null) {
            guarded("running a settle task", task);
            ran++;
        }
        return ran > 0;
    }

    private void collectReady() {
        // The order of these reads matters: the failure comes behind the last good sync, and that behind its append.
        String failure = syncer.failure();
        long synced = syncer.through();
        long appended = appender.through();
        boolean syncMoved = synced != lastSynced || (failure != null) != lastFailed;
        // Between two syncs only new entries can be ready. After one, all that are still here are looked at again: each
        // of
        // them about twice in its life, because a sync takes all that was appended before it began.
        long from = (syncMoved ? released.get() : examined) + 1;
        readyCount = 0;
        for (long sequence = from; sequence <= appended; sequence++) {
            WriteEvent event = ring.get(sequence);
            if (event.settled) {
                continue;
            }
            if (event.settleAfter > synced) {
                if (failure == null) {
                    if (sequence > examined) {
                        noteGrowth(event);
                    }
                    continue;
                }
                fail(event, failure);
            }
            if (readyCount == ready.length) {
                ready = Arrays.copyOf(ready, 2 * readyCount);
            }
            ready[readyCount++] = event;
        }
        examined = appended;
        lastSynced = synced;
        lastFailed = failure != null;
    }

    private void noteGrowth(WriteEvent event) {
        LogSlot slot = event.slot;
        if (slot == null
                || !(event.outcome instanceof Appended)
                || slot.growthPass == groupNumber
                || !slot.log.isGrowthAnnounced()) {
            return;
        }
        slot.growthPass = groupNumber;
        if (grownCount == grown.length) {
            grown = Arrays.copyOf(grown, 2 * grownCount);
        }
        grown[grownCount++] = slot;
    }

    private void announceGrowth() {
        for (int i = 0; i < grownCount; i++) {
            LogSlot slot = grown[i];
            grown[i] = null;
            // what made progress in this pass has been told so
            if (fault.bug() == null && slot.settleGroup != groupNumber) {
                guarded("telling that " + slot.log.partition() + " grew", () -> settlement.grew(slot.log));
            }
        }
        grownCount = 0;
    }

    private void announceProgress() {
        if (fault.bug() != null) {
            return;
        }
        for (int i = 0; i < readyCount; i++) {
            WriteEvent event = ready[i];
            if (event.outcome instanceof Appended appended) {
                LogSlot slot = Objects.requireNonNull(event.slot);
                slot.settledLast = appended;
                if (slot.settleGroup != groupNumber) {
                    slot.settleGroup = groupNumber;
                    if (progressedCount == progressed.length) {
                        progressed = Arrays.copyOf(progressed, 2 * progressedCount);
                    }
                    progressed[progressedCount++] = slot;
                }
            }
        }
        for (int i = 0; i < progressedCount; i++) {
            LogSlot slot = progressed[i];
            progressed[i] = null;
            Appended last = Objects.requireNonNull(slot.settledLast);
            slot.settledLast = null;
            try {
                settlement.progressed(slot.log, last);
            } catch (RuntimeException | Error e) {
                fault.bug("telling the progress of " + slot.log.partition(), e);
            }
        }
        progressedCount = 0;
    }

    private void tell(WriteEvent event) {
        String bug = fault.bug();
        if (bug != null) {
            fail(event, bug);
        }
        AppendListener listener = event.listener;
        Shard.TaskListener taskListener = event.taskListener;
        try {
            if (listener != null) {
                listener.onSettled(Objects.requireNonNull(event.outcome));
            } else if (taskListener != null) {
                taskListener.onSettled(event.taskFailure);
            }
        } catch (RuntimeException | Error e) {
            fault.bug("telling the outcome of an entry", e);
        }
    }

    private static void fail(WriteEvent event, String reason) {
        if (isClaim(event.outcome)) {
            event.outcome = new AppendOutcome.StorageFailed(reason);
        }
        if (event.taskListener != null && event.taskFailure == null) {
            event.taskFailure = new IOException(reason);
        }
    }

    private void release() {
        long bytes = 0;
        for (int i = 0; i < readyCount; i++) {
            WriteEvent event = ready[i];
            ready[i] = null;
            bytes += event.chargedBytes;
            event.clear();
            event.settled = true;
        }
        long next = released.get() + 1;
        while (next <= examined && ring.get(next).settled) {
            ring.get(next).settled = false;
            next++;
        }
        released.set(next - 1);
        admission.release(bytes);
    }

    private boolean roomIsWanted() {
        return admission.isGateClosed() ? admission.isLow(usedSlots()) : !roomWaiters.isEmpty();
    }

    private boolean offerRoom() {
        if (!roomIsWanted() || !admission.openIfLow(usedSlots())) {
            return false;
        }
        // those that are refused again come back behind these, and wait for the next time
        for (int i = roomWaiters.size(); i > 0; i--) {
            Runnable whenRoom = roomWaiters.poll();
            if (whenRoom == null) {
                break;
            }
            guarded("resuming a writer", whenRoom);
        }
        return true;
    }

    /** From the oldest that isn't settled to the newest that a producer claimed. */
    private long usedSlots() {
        return ring.getCursor() - released.get();
    }

    private void guarded(String doing, Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            fault.bug(doing, e);
        }
    }
}
