package io.odradek.engine.writepath;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A slot of the ring, used again and again: one batch of one partition, or one piece of work on a log. Filled by a producer,
 * then read and written by append, then by settle; the sequences of the ring order these accesses.
 */
final class WriteEvent {
    enum Kind {
        BATCH,
        /** What a leader sent, for a log that follows it. */
        FETCHED,
        TASK,
        /** Make durable what the log holds; nobody's batch waits for it. */
        SYNC,
        /** Make durable what the log holds, and forget the log. */
        LET_GO
    }

    Kind kind = Kind.TASK;

    @Nullable
    PartitionLog log;

    @Nullable
    ValidatedBatch batch;

    @Nullable
    FetchedBatches fetched;

    int leaderEpoch;

    @Nullable
    AppendListener listener;

    Shard.@Nullable LogTask task;
    Shard.@Nullable TaskListener taskListener;
    /** What it holds of the byte budget until it is settled. */
    long chargedBytes;

    // append
    @Nullable
    LogSlot slot;

    @Nullable
    AppendOutcome outcome;

    /** What {@link #outcome} is when the batch, or the last one of what was fetched, was appended. */
    final AppendOutcome.Appended appended = new AppendOutcome.Appended();

    @Nullable
    IOException taskFailure;
    /** Settles once everything up to this sequence is durable; {@link LogSlot#NEVER_SYNCED}: as soon as it is appended. */
    long settleAfter;

    // settle
    boolean settled;

    static WriteEvent empty() {
        return new WriteEvent();
    }

    /** Keeps no memory of clients alive while the slot waits for its next use. */
    void clear() {
        log = null;
        batch = null;
        fetched = null;
        listener = null;
        task = null;
        taskListener = null;
        chargedBytes = 0;
        slot = null;
        outcome = null;
        appended.forget();
        taskFailure = null;
    }
}
