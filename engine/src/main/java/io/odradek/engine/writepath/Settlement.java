package io.odradek.engine.writepath;

import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.PartitionLog;

/** The port of a shard's third stage: who is told how far each log has come. Called on the shard's settle thread. */
public interface Settlement {

    /**
     * The log is appended, and as durable as its topic demands, up to the end of {@code last}. Called at most once per log
     * and group, before the listeners of the group's batches. What was written before a truncation may be told after the log
     * was cut; it counts again once the truncation's own {@link Shard.TaskListener} was called.
     *
     * @param last the group's last batch of the log, for as long as the call lasts
     */
    void progressed(PartitionLog log, Appended last);

    /**
     * Records were appended to a log of which that is {@linkplain PartitionLog#announceGrowth announced}, and may not be durable for some
     * time. Not called for what {@link #progressed} tells in the same pass. In a pass at most once per log; before the listeners.
     */
    default void grew(PartitionLog log) {}

    /**
     * The end of a pass in which entries settled, logs grew or tasks given to {@link Shard#settle} ran: a place to wake and flush what
     * these gathered.
     */
    default void groupSettled() {}
}
