package io.odradek.engine;

import io.odradek.engine.io.FileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One {@code log.dirs} entry: the lock, {@code meta.properties}, the checkpoints, and the logs in it. Any thread; the logs
 * themselves belong to their shards.
 */
public final class LogDirectory implements AutoCloseable {

    /** What {@code meta.properties} says: whose data this is. */
    public record Identity(String clusterId, int nodeId, UUID directoryId) {}

    /** Told while logs are recovered; any recovering thread. */
    public interface RecoveryProgress {
        /** One log is done; {@code scannedBytes} had to be read for it. */
        void logRecovered(TopicPartition partition, long scannedBytes, int done, int total);
    }

    /**
     * Locks the directory and reads its identity; formats an empty one.
     *
     * @param clusterId null: keep what is there, or make one up
     * @throws IOException when it belongs to another cluster or node, holds foreign files, or can't be read
     */
    public static LogDirectory open(FileStore store, Path directory, @Nullable String clusterId, int nodeId)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    public Identity identity() {
        throw new UnsupportedOperationException();
    }

    public Path path() {
        throw new UnsupportedOperationException();
    }

    /** Opens one log, recovering its tail when the last stop was not clean, or creates it durably. */
    public PartitionLog openOrCreate(TopicPartition partition, LogConfig config) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Opens every log in the directory that is not open yet, several at a time. Directories of topics that {@code configs}
     * answers with null are left alone and reported.
     */
    public void recoverAll(
            Function<TopicPartition, @Nullable LogConfig> configs, int threads, RecoveryProgress progress)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    public Optional<PartitionLog> log(TopicPartition partition) {
        throw new UnsupportedOperationException();
    }

    public Collection<PartitionLog> logs() {
        throw new UnsupportedOperationException();
    }

    /**
     * Renames the log's directory away at once (Kafka's {@code -delete} suffix) and deletes the files after {@code
     * file.delete.delay.ms}. Its shard must have let go of it.
     */
    public void delete(PartitionLog log) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** High watermark that was checkpointed for a partition before the last stop; 0 when none was. */
    public long checkpointedHighWatermark(TopicPartition partition) {
        throw new UnsupportedOperationException();
    }

    /** Writes {@code replication-offset-checkpoint}. Housekeeping thread. */
    public void checkpointHighWatermarks(Map<TopicPartition, Long> highWatermarks) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Writes {@code recovery-point-offset-checkpoint} and {@code log-start-offset-checkpoint}. Housekeeping thread. */
    public void checkpointRecoveryPoints() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** After this every append and sync is refused; told once with the first cause. Any thread. */
    public void takeOffline(IOException cause) {
        throw new UnsupportedOperationException();
    }

    public boolean isOffline() {
        throw new UnsupportedOperationException();
    }

    /** Syncs and closes every log, writes the checkpoints, and leaves the clean-shutdown marker unless offline. */
    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
