package io.odradek.engine.writepath;

import io.odradek.engine.LogPosition;
import io.odradek.engine.PartitionLog;

/** The port of a shard's third stage: who is told how far each log has come. Called on the shard's settle thread. */
public interface Settlement {

    /**
     * The log is appended, and as durable as its topic demands, up to {@code end} (exclusive). Called at most once per log
     * and group, before the listeners of the group's batches.
     */
    void progressed(PartitionLog log, LogPosition end);

    /** The whole group has been settled: a place to wake and flush what {@link #progressed} gathered. */
    default void groupSettled() {}
}
