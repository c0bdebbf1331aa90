package io.odradek.engine;

import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.ValidatedBatch;
import java.io.IOException;
import java.util.List;

/**
 * One partition's log: appends, rolls, truncates, and publishes what can be read. Confined to its shard's append thread,
 * except {@link #view()}, {@link #partition()}, {@link #config()} and what is said to be for others; readers use {@link #view()}.
 */
public final class PartitionLog {

    public TopicPartition partition() {
        throw new UnsupportedOperationException();
    }

    /** Any thread. */
    public LogConfig config() {
        throw new UnsupportedOperationException();
    }

    /** Any thread; takes effect with the next append. */
    public void reconfigure(LogConfig config) {
        throw new UnsupportedOperationException();
    }

    /** What is written so far: start, end, segments, epochs. Any thread. */
    public LogView view() {
        throw new UnsupportedOperationException();
    }

    /**
     * Checks sequence and epoch, assigns offsets in place and keeps the batch for the next {@link #writeStaged()}. Takes
     * over the batch's lease in every case.
     *
     * @param leaderEpoch the epoch the writer believes in; anything but the log's own is refused
     */
    public AppendOutcome stage(ValidatedBatch batch, int leaderEpoch, long nowMs) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Writes what was staged, one gathering write per segment, and publishes the new {@link #view()}. */
    public void writeStaged() throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Whether what has been written so far has to be durable before it counts: by durability, or because {@code
     * flush.messages} was reached.
     */
    public boolean mustSync() {
        throw new UnsupportedOperationException();
    }

    /**
     * Files with writes that were not yet handed out for syncing, and the directory when its entries changed; hands them out.
     * The caller syncs them and then calls {@link #synced}.
     */
    public List<StoreFile> takeDirtyFiles() {
        throw new UnsupportedOperationException();
    }

    /** Everything below {@code offset} is on disk: moves the recovery point. Sync thread. */
    public void synced(long offset) {
        throw new UnsupportedOperationException();
    }

    /** A new reign over this partition begins here: appends carry {@code leaderEpoch}, and it is recorded with the log's end. */
    public void beginEpoch(int leaderEpoch) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Removes everything at and above {@code offset} (KIP-101). */
    public void truncateTo(long offset) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** DeleteRecords: moves the log start; whole segments below it go. Returns the new log start offset. */
    public long deleteRecordsBefore(long offset) throws IOException {
        throw new UnsupportedOperationException();
    }
}
