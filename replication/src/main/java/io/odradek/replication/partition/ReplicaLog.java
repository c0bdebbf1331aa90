package io.odradek.replication.partition;

/**
 * What a machine asks of its replica's log, within a step. The host's, which shows at least everything that the machine has been told of:
 * what lies below the end does not change but by a {@link FollowerEffect} that says so.
 *
 * <p>An epoch is of records. One that was begun, and in which nothing was written, is not in it.
 */
public interface ReplicaLog {

    /** Of the last record of an empty log. */
    int NO_EPOCH = -1;

    /** First offset there is, inclusive. */
    long logStartOffset();

    /** At most {@link #logStartOffset}: what lies below stays deleted, whatever crash follows. */
    long durableLogStart();

    /** Offset of the next record, durable or not. */
    long logEndOffset();

    /** Epoch of the last record; {@link #NO_EPOCH} when there is none. */
    int lastEpoch();

    /**
     * The largest epoch that is at most {@code epoch}, and where it ends: the first offset of a later epoch, or the log's end (KIP-101,
     * KIP-279). Where there is none it is {@link #NO_EPOCH}, and its end the log's start.
     */
    EpochEnd endOfEpoch(int epoch);
}
