package io.odradek.engine.writepath;

import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One Disruptor ring and its consumers in a row: append, sync, settle. A partition belongs to one shard for its life.
 *
 * <pre>
 *  network loops --tryWrite--> [ring] --> append --> sync --> settle --> listeners, Settlement
 *                                            \________________^  page-cache entries don't wait for sync
 *  other threads --settle(task)--------------------------------^  inbox, never behind a sync
 * </pre>
 *
 * <p>The append, sync and settle thread is whoever runs that stage: {@link Threads}.
 *
 * <p>What it promises: every write that was accepted is settled exactly once; along one log in order; never before it is as
 * durable as its topic demands, by a sync that began after it was written. Entries of different logs overtake each other.
 *
 * <p>Its bounds: the ring's slots and the byte budget. Both are held until an entry is settled, so a disk that hangs in a
 * sync stops page-cache topics too, but only once the ring has gone round to the entry that waits.
 *
 * <p>When the disk fails, the log directory goes offline, and everything that isn't durable yet, and every later write, is
 * answered with {@link io.odradek.engine.AppendOutcome.StorageFailed}. When a listener, a task or the {@link Settlement}
 * throws what it shouldn't, the shard treats its own answers as wrong: the same, and it says so in the log.
 */
public final class Shard implements AutoCloseable {

    /**
     * @param name tells it from other shards: its threads are {@code shard-<name>-append} and so on
     * @param ringSlots power of two
     * @param maxInFlightBytes batches in the ring hold at most this many bytes; one larger batch is let in when it is empty
     * @param waitStrategy {@code block}, {@code yield}, {@code spin} (a processor to each thread), or {@code auto}: by the
     *     number of processors
     * @param threads who runs the stages
     */
    public record Options(String name, int ringSlots, long maxInFlightBytes, String waitStrategy, Threads threads) {
        public Options {
            if (Integer.bitCount(ringSlots) != 1 || ringSlots < 2) {
                throw new IllegalArgumentException("ring slots " + ringSlots + " is not a power of two of at least 2");
            }
            if (maxInFlightBytes < 1) {
                throw new IllegalArgumentException("byte budget " + maxInFlightBytes + " is not positive");
            }
            Doorbell.Patience.of(waitStrategy, 1);
        }

        public Options(String name, int ringSlots, long maxInFlightBytes, String waitStrategy) {
            this(name, ringSlots, maxInFlightBytes, waitStrategy, Threads.SEPARATE);
        }
    }

    /** Who runs the stages. Sync always has a thread of its own. */
    public enum Threads {
        /** Append and settle have a thread each. */
        SEPARATE,
        /**
         * Append and settle share one: a hand-over less, but what comes in by {@link #settle} then waits behind a write. And while
         * nothing else waits for the disk, the sync thread appends what it is going to sync, and settles it: so a request
         * into an idle shard costs one wake-up, and its answer none.
         */
        SHARED,
        /**
         * Like {@link #SHARED}; and while nothing needs a sync, who {@linkplain #announce announces} to a shard that has
         * nothing to do appends and settles itself, on its own thread: two hand-overs less. It may have to wait for the
         * page cache, up to {@link WritePath#LENT_BYTES} of it; once that took long, others are not asked to for a while.
         */
        LENT,
        /** Nobody: the shard is never started, and one thread, that of a simulator, does everything by {@link Shard#stages}. */
        NONE
    }

    /** Writing to the page cache took longer than this: the kernel holds writers up. */
    private static final long LONG_PASS_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    /** For this long after a long pass the append thread is the one to be held up. */
    private static final long LEND_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Work on a log that belongs to the append thread: truncate, roll, delete records, begin an epoch. */
    public interface LogTask {
        /** @throws IOException the disk failed: the log directory goes offline */
        void run() throws IOException;
    }

    /** Waits for a task. */
    public interface TaskListener {
        /**
         * Called once, on the settle thread, behind the listeners of all earlier batches of that log.
         *
         * @param failure null when the task was done
         */
        void onSettled(@Nullable IOException failure);
    }

    private final WritePath path;
    private final Doorbell appendBell;
    private final Doorbell syncBell;
    private final Doorbell settleBell;
    /** Of append and settle, unless they have a thread each. */
    private final Turn turn = new Turn();

    private final boolean separate;
    private final boolean lends;
    private final boolean unattended;
    /** While the sync thread waits for the disk it takes no turn. */
    private final DiskWait disk = new DiskWait();

    /** {@link System#nanoTime} before which the turn isn't lent. */
    private volatile long lendAgainNanos = System.nanoTime();

    /** Ends when all is settled: the settle thread, or the one that appends, too. */
    private final Thread settleThread;

    private final List<Thread> threads;

    // What each stage waits for: made once, not at each wait.
    private final Doorbell.Work toAppend;
    private final Doorbell.Work toSync;
    private final Doorbell.Work toSettle;
    private final Doorbell.Work toAppendAndSettle;
    private final Doorbell.Work toAppendAndSync;

    /** Everything is settled: the first two stages may go once they have nothing left. */
    private volatile boolean stopping;
    /** A stage has died of what it didn't expect; nobody waits for it. */
    private volatile boolean dead;
    /** Fails with the cause when {@link #dead} is set. */
    private final CompletableFuture<Void> death = new CompletableFuture<>();
    /** Done when {@link #close} has shut the gate. */
    private final CompletableFuture<Void> closing = new CompletableFuture<>();

    private boolean started;

    public Shard(
            Options options, LogDirectory directory, GroupSync groupSync, Settlement settlement, InstantSource clock) {
        this(options, directory, groupSync, settlement, clock, ShardObserver.NONE);
    }

    public Shard(
            Options options,
            LogDirectory directory,
            GroupSync groupSync,
            Settlement settlement,
            InstantSource clock,
            ShardObserver observer) {
        this(options, directory, groupSync, null, settlement, clock, observer);
    }

    /**
     * With a journal.
     *
     * @param journal this shard's own, of the directory, and at work; null for none
     */
    public Shard(
            Options options,
            LogDirectory directory,
            GroupSync groupSync,
            @Nullable Journal journal,
            Settlement settlement,
            InstantSource clock,
            ShardObserver observer) {
        Doorbell.Patience patience = Doorbell.Patience.of(
                options.waitStrategy(), Runtime.getRuntime().availableProcessors());
        appendBell = new Doorbell(patience);
        syncBell = new Doorbell(patience);
        separate = options.threads() == Threads.SEPARATE;
        lends = options.threads() == Threads.LENT;
        unattended = options.threads() == Threads.NONE;
        settleBell = separate ? new Doorbell(patience) : appendBell;
        // Who has the turn settles behind what he has done, and needs no bell for that.
        Doorbell done = separate ? settleBell : new Doorbell(patience);
        path = new WritePath(
                options,
                directory,
                groupSync,
                journal,
                settlement,
                clock,
                observer,
                appendBell,
                done,
                syncBell,
                settleBell);
        toAppend = () -> path.canAppend() || stopping || dead;
        toSync = () -> path.canSync() || stopping || dead;
        toSettle = () -> path.canSettle() || path.isDrained() || dead;
        toAppendAndSettle = () -> (turn.isFree() && (hasTurnWork() || path.isDrained())) || dead;
        toAppendAndSync = () -> path.canSync() || (turn.isFree() && path.canAppendLent()) || stopping || dead;
        Thread syncThread = thread(options, "sync", separate ? this::syncLoop : this::sharedSyncLoop);
        if (separate) {
            settleThread = thread(options, "settle", this::settleLoop);
            threads = List.of(thread(options, "append", this::appendLoop), syncThread, settleThread);
        } else {
            settleThread = thread(options, "append-settle", this::sharedLoop);
            threads = List.of(settleThread, syncThread);
        }
    }

    /** The stages of a shard that has {@linkplain Threads#NONE no threads}, for the one thread that does everything. */
    public WritePath stages() {
        if (!unattended) {
            throw new IllegalStateException("a shard with threads of its own runs its stages itself");
        }
        return path;
    }

    /** Starts the threads. What was written before is taken up then. */
    public synchronized void start() {
        if (started || unattended) {
            throw new IllegalStateException("shard is started once");
        }
        started = true;
        turn.giveBack();
        threads.forEach(Thread::start);
    }

    /**
     * Hands a batch over. Never blocks. Any thread.
     *
     * @return false when the ring or the byte budget is full: keep the batch, stop reading, and wait for {@link #onRoom}.
     *     After {@link #close} always false, and no room comes any more; the batch and its lease stay the caller's
     */
    public boolean tryWrite(PartitionLog log, ValidatedBatch batch, int leaderEpoch, AppendListener listener) {
        boolean written = path.tryWriteUnannounced(log, batch, leaderEpoch, listener);
        if (written) {
            wake();
        }
        return written;
    }

    /**
     * Like {@link #tryWrite}, but leaves a sleeping append thread asleep until {@link #announce}, which the caller owes soon
     * and on every way out: so the batches of one request cost one wake-up, and make one group. Who refuses has announced.
     */
    public boolean tryWriteUnannounced(
            PartitionLog log, ValidatedBatch batch, int leaderEpoch, AppendListener listener) {
        return path.tryWriteUnannounced(log, batch, leaderEpoch, listener);
    }

    /**
     * Hands over what a leader sent, for a log that follows it; all of it is appended, or nothing. Never blocks. Any thread; counts as one
     * batch of as many bytes.
     *
     * @param leaderEpoch of the leader that sent it
     * @param listener is told of the last batch
     * @return false as {@link #tryWrite}
     */
    public boolean tryWriteFetched(PartitionLog log, FetchedBatches fetched, int leaderEpoch, AppendListener listener) {
        boolean written = path.tryWriteFetched(log, fetched, leaderEpoch, listener);
        if (written) {
            wake();
        }
        return written;
    }

    /**
     * Wakes the append thread for what was handed over unannounced; costs little when it is awake. With {@link Threads#LENT}
     * it may write and settle here and now, and call listeners. Any thread.
     */
    public void announce() {
        if (!lends || path.needsSync() || lendAgainNanos - System.nanoTime() > 0) {
            wake();
        } else if (turn.tryTake()) {
            workInTurn();
        }
    }

    /** Wakes who is to append what was published. */
    private void wake() {
        boolean syncThread = !separate && path.needsSync() && !disk.isOn();
        (syncThread ? syncBell : appendBell).ring();
    }

    /** On a borrowed thread, which must not be held up for long, and goes on with its own work when ours has died. */
    private void workInTurn() {
        try {
            long begun = System.nanoTime();
            path.appendLent();
            path.settle();
            long ended = System.nanoTime();
            if (ended - begun > LONG_PASS_NANOS) {
                lendAgainNanos = ended + LEND_AGAIN_NANOS;
            }
        } catch (RuntimeException | Error e) {
            die("append", e); // and keeps the turn: nobody goes on from here
            return;
        }
        turn.giveBack();
        if (hasTurnWork() || path.isDrained()) {
            appendBell.ring();
        }
    }

    private boolean hasTurnWork() {
        return path.canAppend() || path.canSettle();
    }

    /**
     * Runs {@code whenRoom} once the ring and the byte budget have fallen below the low mark; on the settle thread. At once
     * when they have already: a refused write and this call can't miss the moment between them. Callbacks run in the order
     * of the calls. Dropped when the shard is closed first.
     */
    public void onRoom(Runnable whenRoom) {
        path.onRoom(whenRoom);
    }

    /**
     * Waits until there may be room again after a refused write. Not on the shard's own threads, which make it.
     *
     * @throws RejectedExecutionException no room will come: the shard is closed or has died, or the caller was interrupted
     */
    public void awaitRoom() {
        CompletableFuture<Void> room = new CompletableFuture<>();
        path.onRoom(() -> room.complete(null));
        try {
            CompletableFuture.anyOf(room, closing, death).get();
        } catch (ExecutionException died) {
            throw new RejectedExecutionException("shard has died", died.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RejectedExecutionException("interrupted while the shard was full", e);
        }
        if (path.isClosed()) {
            throw new RejectedExecutionException("shard is closed");
        }
    }

    /**
     * Done as {@code awaited} is, or exceptionally when a stage dies before it: then what was handed over is never settled. For
     * who waits for a listener to be called. Any thread.
     */
    public <T> CompletableFuture<T> orDeath(CompletableFuture<T> awaited) {
        return CompletableFuture.anyOf(awaited, death).thenCompose(_ -> awaited);
    }

    /**
     * Tells once when a stage has died of what nobody expected: what was handed over may never be settled, and no room may
     * ever come. At once when it has already; else on the stage's thread. Any thread.
     */
    public void onDeath(Runnable whenDead) {
        var _ = death.whenComplete((_, _) -> whenDead.run());
    }

    /**
     * Runs a task on the append thread, in ring order: what was handed over before it is written before it. May block while
     * the ring is full: not for network loops. On the shard's own threads it doesn't block: when the ring is full the task
     * is put in as soon as there is room.
     *
     * @throws RejectedExecutionException after {@link #close}
     */
    public void run(LogTask task) {
        publish(WriteEvent.Kind.TASK, null, task, null);
    }

    /**
     * Like {@link #run(LogTask)} for a task on one log, whose end is told in order with that log's batches. It fails, and is not
     * run, once the shard has {@linkplain #letGo let go} of the log.
     */
    public void run(PartitionLog log, LogTask task, TaskListener listener) {
        publish(WriteEvent.Kind.TASK, log, task, listener);
    }

    /**
     * Makes what the log holds by now durable, whatever its durability; no appender and no other topic waits for it. For
     * {@code flush.ms} and {@code interval} durability. Blocks like {@link #run(LogTask)}.
     */
    public void requestSync(PartitionLog log) {
        publish(WriteEvent.Kind.SYNC, log, null, null);
    }

    /** {@link #requestSync(PartitionLog)}, and tells when it is done. */
    public void requestSync(PartitionLog log, TaskListener listener) {
        publish(WriteEvent.Kind.SYNC, log, null, listener);
    }

    /**
     * Makes the log durable a last time, and forgets it; later writes to it are answered with {@code StorageFailed}. When
     * {@code listener} is called no thread of this shard touches the log's files any more: it can be deleted. Blocks like
     * {@link #run(LogTask)}.
     */
    public void letGo(PartitionLog log, TaskListener listener) {
        publish(WriteEvent.Kind.LET_GO, log, null, listener);
    }

    /** Runs a task on the settle thread soon, never behind a sync. Any thread; doesn't block. Dropped after {@link #close}. */
    public void settle(Runnable task) {
        path.submit(task);
    }

    /** Whether nothing is taken in any more, and no room comes. Any thread. */
    public boolean isClosed() {
        return path.isClosed() || dead;
    }

    /** Any thread. */
    public ShardGauges gauges() {
        return path.gauges();
    }

    /**
     * Writes, syncs and settles what is in the ring, then stops the threads. Takes as long as the disk takes. Not from a
     * thread of the shard, which would wait for itself.
     */
    @Override
    public void close() {
        if (!unattended && isOwnThread()) {
            throw new IllegalStateException(
                    "a shard can't be closed from " + Thread.currentThread().getName());
        }
        path.close();
        closing.complete(null);
        synchronized (this) {
            if (!started) {
                started = true;
                drainHere();
                return;
            }
        }
        join(settleThread);
        stopping = true;
        appendBell.ring();
        syncBell.ring();
        threads.forEach(Shard::join);
    }

    private void publish(
            WriteEvent.Kind kind, @Nullable PartitionLog log, @Nullable LogTask task, @Nullable TaskListener listener) {
        while (!path.tryPublish(kind, log, task, listener)) {
            if (path.isClosed()) {
                throw new RejectedExecutionException("shard is closed");
            }
            if (isOwnThread()) {
                // room is made by these threads: waiting for it here would be for ever
                path.onRoom(() -> publish(kind, log, task, listener));
                return;
            }
            awaitRoom();
        }
    }

    private boolean isOwnThread() {
        return unattended || turn.isMine() || threads.contains(Thread.currentThread());
    }

    private void appendLoop() {
        while (!stopping && !dead) {
            if (!path.append(Integer.MAX_VALUE)) {
                appendBell.await(toAppend);
            }
        }
    }

    private void syncLoop() {
        // a group that nobody waits for is still synced after everything is settled
        while (path.sync() || !(stopping || dead)) {
            if (!path.canSync()) {
                syncBell.await(toSync);
            }
        }
    }

    /** Syncs; and as long as nothing waits for that, does what leads there and what follows, if nobody else does. */
    private void sharedSyncLoop() {
        while (true) {
            boolean worked = syncWhileOthersAppend();
            if (!path.canSync() && turn.tryTake()) {
                worked |= path.settle();
                worked |= path.appendLent();
                turn.giveBack();
                if ((!worked && hasTurnWork()) || path.isDrained()) {
                    appendBell.ring(); // a task, which may take long
                }
            } else if (worked) {
                settleBell.ring();
            }
            if (!worked) {
                // a group that nobody waits for is still synced after everything is settled
                if (stopping || dead) {
                    return;
                }
                syncBell.await(toAppendAndSync);
            }
        }
    }

    private boolean syncWhileOthersAppend() {
        if (!path.canSync()) {
            return false;
        }
        disk.begin();
        if (hasTurnWork()) {
            appendBell.ring();
        }
        path.sync();
        disk.end();
        return true;
    }

    private void settleLoop() {
        while (!dead) {
            if (!path.settle()) {
                if (path.isDrained()) {
                    return;
                }
                settleBell.await(toSettle);
            }
        }
    }

    private void sharedLoop() {
        while (!dead) {
            boolean worked = false;
            if (turn.tryTake()) {
                worked = path.append(Integer.MAX_VALUE);
                worked |= path.settle();
                if (!worked && path.isDrained()) {
                    return; // with the turn: it is nobody's any more
                }
                turn.giveBack();
            }
            if (!worked) {
                appendBell.await(toAppendAndSettle);
            }
        }
    }

    private void drainHere() {
        boolean worked = true;
        while (worked) {
            worked = path.append(Integer.MAX_VALUE);
            worked |= path.sync();
            worked |= path.settle();
        }
    }

    private Thread thread(Options options, String stage, Runnable loop) {
        return Thread.ofPlatform()
                .name("shard-" + options.name() + "-" + stage)
                .daemon(true)
                .unstarted(() -> {
                    try {
                        loop.run();
                    } catch (Throwable e) {
                        die(stage, e);
                    }
                });
    }

    /** A stage that lost its way must not go on, and nobody must wait for it. */
    private void die(String stage, Throwable cause) {
        try {
            path.fault().bug("running the " + stage + " stage", cause);
        } finally {
            dead = true;
            death.completeExceptionally(new IllegalStateException("the " + stage + " stage has died", cause));
            appendBell.ring();
            syncBell.ring();
            settleBell.ring();
        }
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                // stopping half way would leave a thread behind that writes to closed files
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
