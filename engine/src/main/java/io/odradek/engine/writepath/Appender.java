package io.odradek.engine.writepath;

import com.lmax.disruptor.Sequence;
import io.odradek.engine.AppendOutcome;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.StoreFile;
import io.odradek.engine.journal.WrittenBytes;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * First stage: owns the tail of every log of the shard. Batches are staged one by one and written at the end of the group,
 * one gathering write per log; then what must be durable goes to sync, and the group is published to settle. One thread,
 * whichever: it starts none and waits for none.
 */
final class Appender {
    private final InstantSource clock;
    private final ShardFault fault;
    private final Syncer syncer;
    private final SyncHandover handover;
    private final Doorbell syncBell;
    private final Doorbell settleBell;
    private final IdentityHashMap<PartitionLog, LogSlot> slots = new IdentityHashMap<>();
    /**
     * Logs that may be deleted at any moment: a write that was on its way must not make files dirty any more. Weak: nobody
     * tells us when the last such write is through. The value is what its last entries wait for.
     */
    private final Map<PartitionLog, Long> letGo = new WeakHashMap<>();

    /** Everything up to here has its outcome, and lies in the page cache when the outcome says so. */
    private final Sequence appended = new Sequence(LogSlot.NEVER_SYNCED);

    private volatile boolean handedOver;

    // the group being appended
    private long groupNumber = 1;
    private long groupNowMs;
    private long groupBytes;
    private WriteEvent[] group = new WriteEvent[64];
    private int groupSize;
    private LogSlot[] touched = new LogSlot[16];
    private int touchedCount;
    private final WrittenBytes written = new WrittenBytes();

    final Counter batches = new Counter();
    final Counter bytes = new Counter();
    final Counter groups = new Counter();
    final Counter logWrites = new Counter();

    Appender(
            InstantSource clock,
            ShardFault fault,
            Syncer syncer,
            SyncHandover handover,
            Doorbell syncBell,
            Doorbell settleBell) {
        this.clock = clock;
        this.fault = fault;
        this.syncer = syncer;
        this.handover = handover;
        this.syncBell = syncBell;
        this.settleBell = settleBell;
    }

    /** Takes the next entry of the ring into the group. Tasks run here and now, behind everything before them. */
    void accept(WriteEvent event, long sequence) {
        if (event.kind == WriteEvent.Kind.TASK) {
            endGroup(sequence - 1);
        }
        if (groupSize == 0) {
            groupNowMs = clock.millis();
        }
        if (groupSize == group.length) {
            group = Arrays.copyOf(group, 2 * groupSize);
        }
        group[groupSize++] = event;
        switch (event.kind) {
            case BATCH -> stage(event);
            case FETCHED -> stageFetched(event);
            case TASK -> run(event);
            case SYNC -> wantSync(event);
            case LET_GO -> {
                wantSync(event);
                // the log is gone for whatever comes next, even if it was published together with this
                endGroup(sequence);
            }
        }
    }

    /** Batches staged since the last group ended. */
    long groupBytes() {
        return groupBytes;
    }

    /** Whether the last group went to sync. Any thread. */
    boolean handedOver() {
        return handedOver;
    }

    /** Writes what was staged, hands over what must be durable, publishes the group. {@code last} is its last sequence. */
    void endGroup(long last) {
        if (groupSize == 0) {
            return;
        }
        boolean keeps = syncer.journals();
        for (int i = 0; i < touchedCount; i++) {
            write(touched[i], keeps);
        }
        boolean settlesNow = fault.bug() != null;
        SyncGroup dirty = null;
        for (int i = 0; i < touchedCount; i++) {
            LogSlot slot = touched[i];
            if (slot.writeFailure == null) {
                dirty = collectDirty(slot, last, dirty);
            }
        }
        long synced = syncer.through();
        int waiting = 0;
        for (int i = 0; i < groupSize; i++) {
            WriteEvent event = group[i];
            group[i] = null;
            settlesNow |= finish(event) <= synced;
            settlesNow |= event.outcome instanceof AppendOutcome.Appended
                    && Objects.requireNonNull(event.log).isGrowthAnnounced();
            waiting += event.settleAfter == last && event.kind == WriteEvent.Kind.BATCH ? 1 : 0;
        }
        forgetGroup();
        // Published before it is handed over: so the sync's own ring finds it, and a group in which everybody waits for
        // the sync needs no ring here.
        appended.set(last);
        handedOver = dirty != null;
        if (dirty != null) {
            dirty.batches += waiting;
            dirty.throughSequence = last;
            handover.put(dirty);
            syncBell.ring();
        }
        if (settlesNow || syncer.failure() != null) {
            settleBell.ring();
        }
    }

    /** Sequence up to which entries have left this stage. Any thread. */
    long through() {
        return appended.get();
    }

    private void stage(WriteEvent event) {
        ValidatedBatch batch = Objects.requireNonNull(event.batch);
        event.batch = null;
        String refusal = fault.reasonToRefuse();
        if (refusal != null) {
            batch.lease().release();
            // refused, but not before those in front of it have been answered
            event.slot = slots.get(event.log);
            event.outcome = new AppendOutcome.StorageFailed(refusal);
            return;
        }
        LogSlot slot = touch(event);
        if (slot == null) {
            batch.lease().release();
            event.outcome = new AppendOutcome.StorageFailed("log is closed");
            return;
        }
        int sizeBytes = batch.sizeBytes();
        try {
            AppendOutcome outcome = slot.log.stage(batch, event.leaderEpoch, groupNowMs, event.appended);
            event.outcome = outcome;
            if (outcome instanceof AppendOutcome.Appended) {
                slot.staged = true;
                groupBytes += sizeBytes;
                batches.add(1);
                bytes.add(sizeBytes);
            }
        } catch (IOException | RuntimeException | Error e) {
            fault.broken("appending to " + slot.log.partition(), e);
            // a roll may have failed to write what was staged before this batch: none of it counts
            slot.writeFailure = reason("append", slot, e);
            event.outcome = new AppendOutcome.StorageFailed(slot.writeFailure);
        }
    }

    private void stageFetched(WriteEvent event) {
        FetchedBatches fetched = Objects.requireNonNull(event.fetched);
        event.fetched = null;
        String refusal = fault.reasonToRefuse();
        if (refusal != null) {
            fetched.releaseFrom(0);
            event.slot = slots.get(event.log);
            event.outcome = new AppendOutcome.StorageFailed(refusal);
            return;
        }
        LogSlot slot = touch(event);
        if (slot == null) {
            fetched.releaseFrom(0);
            event.outcome = new AppendOutcome.StorageFailed("log is closed");
            return;
        }
        int count = fetched.count();
        int sizeBytes = fetched.sizeBytes();
        try {
            event.outcome = slot.log.stageFetched(fetched, event.leaderEpoch, groupNowMs, event.appended);
            if (event.outcome instanceof AppendOutcome.Appended) {
                slot.staged = true;
                groupBytes += sizeBytes;
                batches.add(count);
                bytes.add(sizeBytes);
            }
        } catch (IOException | RuntimeException | Error e) {
            fault.broken("appending to " + slot.log.partition(), e);
            slot.writeFailure = reason("append", slot, e);
            event.outcome = new AppendOutcome.StorageFailed(slot.writeFailure);
        }
    }

    private void wantSync(WriteEvent event) {
        LogSlot slot = touch(event);
        if (slot != null) {
            slot.syncWanted = true;
        }
    }

    private void run(WriteEvent event) {
        PartitionLog log = event.log;
        if (log != null && touch(event) == null) {
            event.taskFailure = new IOException("log " + log.partition() + " is closed");
            return;
        }
        try {
            Objects.requireNonNull(event.task).run();
        } catch (IOException e) {
            fault.storage(log == null ? "a task" : "a task on " + log.partition(), e);
            event.taskFailure = e;
        } catch (RuntimeException | Error e) {
            fault.bug("running a task", e);
            event.taskFailure = new IOException("task failed: " + e, e);
        }
    }

    /** The log's slot, in the group from now on; null when the shard has let go of the log. */
    private @Nullable LogSlot touch(WriteEvent event) {
        PartitionLog log = Objects.requireNonNull(event.log);
        LogSlot slot = slots.get(log);
        if (slot == null) {
            if (letGo.containsKey(log)) {
                return null;
            }
            slot = new LogSlot(log);
            slots.put(log, slot);
        }
        event.slot = slot;
        if (slot.appendGroup != groupNumber) {
            slot.appendGroup = groupNumber;
            slot.staged = false;
            slot.syncWanted = false;
            slot.writeFailure = null;
            if (touchedCount == touched.length) {
                touched = Arrays.copyOf(touched, 2 * touchedCount);
            }
            touched[touchedCount++] = slot;
        }
        return slot;
    }

    /** @param keeps whether a journal will want to know what was written */
    private void write(LogSlot slot, boolean keeps) {
        if (!slot.staged) {
            return;
        }
        try {
            // also when the directory has gone offline meanwhile: the log refuses, and gives the leases back
            slot.log.writeStaged(keeps && slot.log.mustSync() ? written : null);
            logWrites.add(1);
        } catch (IOException | RuntimeException | Error e) {
            fault.broken("writing to " + slot.log.partition(), e);
            if (slot.writeFailure == null) {
                slot.writeFailure = reason("write", slot, e);
            }
        }
    }

    private @Nullable SyncGroup collectDirty(LogSlot slot, long last, @Nullable SyncGroup group) {
        boolean mustSync;
        List<StoreFile> files;
        long end;
        SyncGroup filled = group;
        try {
            mustSync = slot.log.mustSync();
            if (!mustSync && !slot.syncWanted) {
                return group;
            }
            end = slot.log.logEndOffset();
            if (filled == null && slot.log.hasDirtyFiles()) {
                filled = handover.takeBack();
            }
            files = filled == null ? slot.log.takeDirtyFiles() : slot.log.takeDirtyFiles(filled.ranges, written);
        } catch (RuntimeException | Error e) {
            fault.bug("collecting what " + slot.log.partition() + " has to sync", e);
            return filled;
        }
        if (filled != null && !files.isEmpty()) {
            filled.add(slot.log, files, end);
            slot.lastHandedOver = last;
        }
        if (mustSync) {
            // nothing dirty means that it was handed over before, perhaps only for flush.ms: then that is waited for
            slot.settleAfter = Math.max(slot.settleAfter, slot.lastHandedOver);
        }
        return filled;
    }

    /** Gives an entry its final outcome; returns the sequence whose sync it waits for. */
    private long finish(WriteEvent event) {
        LogSlot slot = event.slot;
        if (slot == null) {
            event.settleAfter =
                    event.log == null ? LogSlot.NEVER_SYNCED : letGo.getOrDefault(event.log, LogSlot.NEVER_SYNCED);
            return event.settleAfter;
        }
        event.settleAfter = slot.settleAfter;
        switch (event.kind) {
            case BATCH, FETCHED -> {
                // a retry of a batch of this very group is as lost as the batch itself
                if (slot.writeFailure != null && Settler.isClaim(event.outcome)) {
                    event.outcome = new AppendOutcome.StorageFailed(slot.writeFailure);
                }
            }
            case LET_GO, SYNC -> {
                event.settleAfter = Math.max(slot.settleAfter, slot.lastHandedOver);
                if (slot.writeFailure != null) {
                    event.taskFailure = new IOException(slot.writeFailure);
                }
                if (event.kind == WriteEvent.Kind.LET_GO) {
                    slots.remove(slot.log);
                    letGo.put(slot.log, event.settleAfter);
                }
            }
            case TASK -> {}
        }
        return event.settleAfter;
    }

    private void forgetGroup() {
        groups.add(1);
        groupSize = 0;
        groupBytes = 0;
        groupNumber++;
        Arrays.fill(touched, 0, touchedCount, null);
        touchedCount = 0;
        written.clear();
    }

    private static String reason(String what, LogSlot slot, Throwable cause) {
        return what + " failed for " + slot.log.partition() + ": " + cause;
    }
}
