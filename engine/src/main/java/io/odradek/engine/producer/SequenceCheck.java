package io.odradek.engine.producer;

/** How a producer's batch stands to what that producer has written before (KIP-98, KIP-360). */
public sealed interface SequenceCheck {

    /** It is what comes next, or the producer has no sequence. Append it. */
    record Next() implements SequenceCheck {}

    /**
     * It is one of the producer's last five batches, sent again. Answer with what the first one got.
     *
     * @param lastOffset inclusive
     * @param timestamp the largest timestamp of the batch as it was stored, the append time under LogAppendTime
     */
    record Duplicate(long baseOffset, long lastOffset, long timestamp) implements SequenceCheck {}

    /** Something before it is missing, or it is a retry too old to remember. */
    record OutOfOrder(int expected, int received) implements SequenceCheck {}

    /** A newer incarnation of the producer has written. */
    record Fenced(short current, short received) implements SequenceCheck {}
}
