package io.odradek.engine.writepath;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.journal.JournalCounts;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.record.ValidatedBatch;
import java.time.InstantSource;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The ring, its bounds, and the three stages behind it, without a thread: {@link Shard} calls each stage from a thread of
 * its own, the simulator calls them in any order it likes from one. Every interleaving of {@link #append}, {@link #sync} and
 * {@link #settle} is a correct one.
 */
public final class WritePath {
    /**
     * A group ends at this many bytes even when more is waiting, so that the first batch in it isn't written behind an
     * unbounded number of others. Far above what a gathering write needs to amortise its system call.
     */
    private static final long GROUP_BYTES = 4 << 20;

    /** What a lent turn writes at most. */
    static final long LENT_BYTES = 1 << 20;

    /** What a task counts for in the byte budget: it holds nobody's memory, but close() waits for it. */
    private static final long TASK_BYTES = 1;

    private final RingBuffer<WriteEvent> ring;
    private final Admission admission;
    private final Appender appender;
    private final Syncer syncer;
    private final Settler settler;
    private final ShardFault fault;
    private final @Nullable Journal journal;
    private final SyncHandover handover = new SyncHandover();
    private final Doorbell appendBell;
    private final Doorbell syncBell;
    private final Doorbell settleBell;
    private final LongAdder refusedWrites = new LongAdder();

    /** Append thread: the next entry to take. */
    private long nextSequence;

    /** For one thread that calls all stages. */
    public WritePath(
            Shard.Options options,
            LogDirectory directory,
            GroupSync groupSync,
            Settlement settlement,
            InstantSource clock,
            ShardObserver observer) {
        this(options, directory, groupSync, null, settlement, clock, observer);
    }

    /**
     * The same with a journal.
     *
     * @param journal this path's own, of the directory; null for none
     */
    public WritePath(
            Shard.Options options,
            LogDirectory directory,
            GroupSync groupSync,
            @Nullable Journal journal,
            Settlement settlement,
            InstantSource clock,
            ShardObserver observer) {
        this(options, directory, groupSync, journal, settlement, clock, observer, new Doorbell(Doorbell.Patience.NONE));
    }

    private WritePath(
            Shard.Options options,
            LogDirectory directory,
            GroupSync groupSync,
            @Nullable Journal journal,
            Settlement settlement,
            InstantSource clock,
            ShardObserver observer,
            Doorbell unattended) {
        this(
                options,
                directory,
                groupSync,
                journal,
                settlement,
                clock,
                observer,
                unattended,
                unattended,
                unattended,
                unattended);
    }

    /**
     * @param appendBell wakes the append stage
     * @param doneBell wakes the settle stage when something was appended or synced
     * @param syncBell wakes the sync stage
     * @param settleBell wakes the settle stage for all other reasons
     */
    WritePath(
            Shard.Options options,
            LogDirectory directory,
            GroupSync groupSync,
            @Nullable Journal journal,
            Settlement settlement,
            InstantSource clock,
            ShardObserver observer,
            Doorbell appendBell,
            Doorbell doneBell,
            Doorbell syncBell,
            Doorbell settleBell) {
        this.journal = journal;
        this.appendBell = appendBell;
        this.syncBell = syncBell;
        this.settleBell = settleBell;
        // The ring never waits: producers use tryNext, and consumers wait at their doorbells. Of the strategies this is
        // the
        // one whose signal does nothing.
        ring = RingBuffer.createMultiProducer(WriteEvent::empty, options.ringSlots(), new BusySpinWaitStrategy());
        admission = new Admission(options.ringSlots(), options.maxInFlightBytes());
        fault = new ShardFault(options.name(), directory);
        syncer = new Syncer(directory, groupSync, journal, fault, handover, doneBell, observer);
        appender = new Appender(clock, fault, syncer, handover, syncBell, doneBell);
        settler = new Settler(ring, appender, syncer, settlement, fault, admission);
        ring.addGatingSequences(settler.released());
    }

    /** See {@link Shard#tryWrite}. Any thread. */
    public boolean tryWrite(PartitionLog log, ValidatedBatch batch, int leaderEpoch, AppendListener listener) {
        boolean written = tryWriteUnannounced(log, batch, leaderEpoch, listener);
        if (written) {
            announce();
        }
        return written;
    }

    /** See {@link Shard#tryWriteUnannounced}. Any thread. */
    public boolean tryWriteUnannounced(
            PartitionLog log, ValidatedBatch batch, int leaderEpoch, AppendListener listener) {
        int sizeBytes = batch.sizeBytes();
        if (!admission.tryAcquire(sizeBytes)) {
            return refuse(sizeBytes);
        }
        long sequence;
        try {
            sequence = ring.tryNext();
        } catch (InsufficientCapacityException full) {
            admission.release(sizeBytes);
            return refuse(0);
        }
        WriteEvent event = ring.get(sequence);
        event.kind = WriteEvent.Kind.BATCH;
        event.log = log;
        event.batch = batch;
        event.leaderEpoch = leaderEpoch;
        event.listener = listener;
        event.chargedBytes = sizeBytes;
        ring.publish(sequence);
        return true;
    }

    /** See {@link Shard#tryWriteFetched}. Any thread. */
    public boolean tryWriteFetched(PartitionLog log, FetchedBatches fetched, int leaderEpoch, AppendListener listener) {
        int sizeBytes = fetched.sizeBytes();
        if (!admission.tryAcquire(sizeBytes)) {
            return refuse(sizeBytes);
        }
        long sequence;
        try {
            sequence = ring.tryNext();
        } catch (InsufficientCapacityException full) {
            admission.release(sizeBytes);
            return refuse(0);
        }
        WriteEvent event = ring.get(sequence);
        event.kind = WriteEvent.Kind.FETCHED;
        event.log = log;
        event.fetched = fetched;
        event.leaderEpoch = leaderEpoch;
        event.listener = listener;
        event.chargedBytes = sizeBytes;
        ring.publish(sequence);
        return true;
    }

    /** See {@link Shard#announce}. Any thread. */
    public void announce() {
        appendBell.ring();
    }

    /** Publishes work in ring order; false when the ring is full or the path closed. Any thread. */
    public boolean tryRun(@Nullable PartitionLog log, Shard.LogTask task, Shard.@Nullable TaskListener listener) {
        return tryPublish(WriteEvent.Kind.TASK, log, task, listener);
    }

    /** See {@link Shard#requestSync}; false when the ring is full or the path closed. Any thread. */
    public boolean tryRequestSync(PartitionLog log, Shard.@Nullable TaskListener listener) {
        return tryPublish(WriteEvent.Kind.SYNC, log, null, listener);
    }

    /** See {@link Shard#letGo}; false when the ring is full or the path closed. Any thread. */
    public boolean tryLetGo(PartitionLog log, Shard.TaskListener listener) {
        return tryPublish(WriteEvent.Kind.LET_GO, log, null, listener);
    }

    boolean tryPublish(
            WriteEvent.Kind kind,
            @Nullable PartitionLog log,
            Shard.@Nullable LogTask task,
            Shard.@Nullable TaskListener listener) {
        if (admission.isGateClosed() || !admission.tryAcquireUnmetered(TASK_BYTES)) {
            return refuse(0);
        }
        long sequence;
        try {
            sequence = ring.tryNext();
        } catch (InsufficientCapacityException full) {
            admission.release(TASK_BYTES);
            return refuse(0);
        }
        WriteEvent event = ring.get(sequence);
        event.kind = kind;
        event.log = log;
        event.task = task;
        event.taskListener = listener;
        event.chargedBytes = TASK_BYTES;
        ring.publish(sequence);
        appendBell.ring();
        return true;
    }

    /** See {@link Shard#onRoom}. Any thread. */
    public void onRoom(Runnable whenRoom) {
        settler.awaitRoom(whenRoom);
        settleBell.ring();
    }

    /** See {@link Shard#settle}. Any thread. */
    public void submit(Runnable task) {
        settler.submit(task);
        settleBell.ring();
    }

    /**
     * First stage: appends one group of what has been published.
     *
     * @param maxEntries at most this many, so that a simulator can cut groups where it likes
     * @return whether there was anything
     */
    public boolean append(int maxEntries) {
        long begin = nextSequence;
        long sequence = begin;
        long end = sequence + maxEntries;
        while (sequence < end && ring.isAvailable(sequence) && appender.groupBytes() < GROUP_BYTES) {
            appender.accept(ring.get(sequence), sequence);
            sequence++;
        }
        return appended(begin, sequence);
    }

    /** First stage on a thread that has other work to do: a small group of batches; not tasks, which may take long. */
    boolean appendLent() {
        long begin = nextSequence;
        long sequence = begin;
        while (ring.isAvailable(sequence) && appender.groupBytes() < LENT_BYTES) {
            WriteEvent event = ring.get(sequence);
            if (!isAppend(event)) {
                break;
            }
            appender.accept(event, sequence);
            sequence++;
        }
        return appended(begin, sequence);
    }

    private boolean appended(long begin, long end) {
        if (begin == end) {
            return false;
        }
        nextSequence = end;
        appender.endGroup(end - 1);
        return true;
    }

    /** Whether there is something to append; exact between two passes. Any thread. */
    boolean canAppend() {
        return ring.isAvailable(appender.through() + 1);
    }

    /** Whether {@link #appendLent} would find something; a guess while others append. Any thread. */
    boolean canAppendLent() {
        long next = appender.through() + 1;
        return ring.isAvailable(next) && isAppend(ring.get(next));
    }

    private static boolean isAppend(WriteEvent event) {
        return event.kind == WriteEvent.Kind.BATCH || event.kind == WriteEvent.Kind.FETCHED;
    }

    /** Whether the last group went to sync. Any thread. */
    boolean needsSync() {
        return appender.handedOver();
    }

    /** Second stage: makes one group durable. Returns whether there was one. */
    public boolean sync() {
        return syncer.sync();
    }

    boolean canSync() {
        return handover.hasWork();
    }

    /** Third stage: settles what can be. Returns whether anything was done. */
    public boolean settle() {
        return settler.settle();
    }

    /** Whether there is something to settle; exact between two passes. Any thread. */
    boolean canSettle() {
        return settler.hasWork();
    }

    /** From now on nothing comes in. Any thread. */
    public void close() {
        admission.close();
        // for what was handed over and not announced
        appendBell.ring();
        settleBell.ring();
    }

    public boolean isClosed() {
        return admission.isClosed();
    }

    /** Closed, and everything that had come in is settled. Any thread. */
    public boolean isDrained() {
        return admission.isDrained();
    }

    ShardFault fault() {
        return fault;
    }

    /** Any thread. */
    public ShardGauges gauges() {
        // released first: read the other way round, the difference could be negative
        long released = settler.released().get();
        return new ShardGauges(
                ring.getBufferSize(),
                ring.getCursor() - released,
                admission.inFlightBytes(),
                refusedWrites.sum(),
                appender.batches.get(),
                appender.bytes.get(),
                appender.groups.get(),
                appender.logWrites.get(),
                syncer.groups.get(),
                syncer.files.get(),
                syncer.batches.get(),
                syncer.nanos.get(),
                journal == null ? JournalCounts.NONE : journal.counts(),
                settler.settled.get(),
                settler.groups.get(),
                appendBell.sleeps(),
                syncBell.sleeps(),
                settleBell.sleeps());
    }

    private boolean refuse(long wantedBytes) {
        admission.closeGate(wantedBytes);
        refusedWrites.increment();
        // the room that is missing may be held by the caller's own writes, that it has not announced yet
        appendBell.ring();
        // the level may be low already, when it was another's bytes that were in the way for a moment
        settleBell.ring();
        return false;
    }
}
