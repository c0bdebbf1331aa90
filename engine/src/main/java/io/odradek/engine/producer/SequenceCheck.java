package io.odradek.engine.producer;

/** What a batch's producer id, epoch and sequence say about it (KIP-98, KIP-360). */
public sealed interface SequenceCheck {

    /** It continues what the log has, or comes from a producer the log does not know. */
    record Next() implements SequenceCheck {}

    /**
     * It is in the log already.
     *
     * @param lastOffset inclusive
     * @param timestamp its largest
     */
    record Duplicate(long baseOffset, long lastOffset, long timestamp) implements SequenceCheck {}

    /** Batches before it are missing, or it is older than the window. */
    record OutOfOrder(int expected, int received) implements SequenceCheck {}

    /** A newer incarnation of the producer has written. */
    record Fenced(short currentEpoch, short receivedEpoch) implements SequenceCheck {}
}
