package io.odradek.engine.writepath;

import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.record.ValidatedBatch;
import java.time.InstantSource;

/**
 * One Disruptor ring and its consumers in a row: append, sync, settle. A partition belongs to one shard for its life.
 *
 * <pre>
 *  network loops --tryWrite--> [ring] --> append --> sync --> settle --> listeners, Settlement
 *                                            \________________^  page-cache entries don't wait for sync
 *  other threads --settle(task)--------------------------------^  inbox, never behind a sync
 * </pre>
 */
public final class Shard implements AutoCloseable {

    /**
     * @param ringSlots power of two
     * @param maxInFlightBytes batches in the ring hold at most this many bytes; one larger batch is let in when it is empty
     */
    public record Options(String name, int ringSlots, long maxInFlightBytes, String waitStrategy) {}

    /** Work on a log that belongs to the append thread: truncate, roll, delete records, begin an epoch. */
    public interface LogTask {
        void run() throws java.io.IOException;
    }

    public Shard(
            Options options, LogDirectory directory, GroupSync groupSync, Settlement settlement, InstantSource clock) {
        throw new UnsupportedOperationException();
    }

    public void start() {
        throw new UnsupportedOperationException();
    }

    /**
     * Hands a batch over. Never blocks. Any thread.
     *
     * @return false when the ring or the byte budget is full: keep the batch, stop reading, and wait for {@link #onRoom}
     */
    public boolean tryWrite(PartitionLog log, ValidatedBatch batch, int leaderEpoch, AppendListener listener) {
        throw new UnsupportedOperationException();
    }

    /** Runs {@code whenRoom} once the ring and the byte budget have fallen below the low mark; on the settle thread. */
    public void onRoom(Runnable whenRoom) {
        throw new UnsupportedOperationException();
    }

    /** Runs a task on the append thread, in ring order. May block while the ring is full: not for network loops. */
    public void run(LogTask task) {
        throw new UnsupportedOperationException();
    }

    /** Runs a task on the settle thread soon, never behind a sync. Any thread; doesn't block. */
    public void settle(Runnable task) {
        throw new UnsupportedOperationException();
    }

    /** Writes, syncs and settles what is in the ring, then stops the threads. Later writes are refused. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
