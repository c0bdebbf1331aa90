package io.odradek.replication.quorum;

/**
 * An end of a log, or a snapshot's name: what lies below {@code offset}, and the epoch of the last record there.
 *
 * @param offset exclusive
 * @param epoch 0 when there is no record
 */
public record OffsetAndEpoch(long offset, int epoch) {

    public static final OffsetAndEpoch NOTHING = new OffsetAndEpoch(0, 0);

    /** Whether a log with this end has at least what one with {@code other} has (Raft 5.4.1). */
    boolean upToDateWith(OffsetAndEpoch other) {
        return epoch > other.epoch || (epoch == other.epoch && offset >= other.offset);
    }

    @Override
    public String toString() {
        return offset + " of epoch " + epoch;
    }
}
