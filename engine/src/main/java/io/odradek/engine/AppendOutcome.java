package io.odradek.engine;

/** What became of one batch that was handed to a {@link PartitionLog}. */
public sealed interface AppendOutcome {

    /**
     * It is in the log.
     *
     * @param lastOffset inclusive
     * @param logAppendTimeMs the append time under LogAppendTime, else -1
     * @param logStartOffset of the log at that moment
     * @param end the log's end behind this batch
     */
    record Appended(long baseOffset, long lastOffset, long logAppendTimeMs, long logStartOffset, LogPosition end)
            implements AppendOutcome {}

    /** The producer's retry of a batch that is already in the log, at {@code baseOffset} to {@code lastOffset}. */
    record Duplicate(long baseOffset, long lastOffset, long logAppendTimeMs, long logStartOffset)
            implements AppendOutcome {}

    /** The producer's sequence has a gap. */
    record OutOfOrderSequence(int expected, int received) implements AppendOutcome {}

    /** A newer incarnation of the producer has written. */
    record ProducerFenced(short currentEpoch, short receivedEpoch) implements AppendOutcome {}

    /** The request expected another leader epoch than the log's own. */
    record NotLeader(int currentLeaderEpoch) implements AppendOutcome {}

    /** Larger than a segment can be. */
    record TooLarge(int sizeBytes, int segmentBytes) implements AppendOutcome {}

    /** The log directory is offline or the log closed; nothing is claimed. */
    record StorageFailed(String reason) implements AppendOutcome {}
}
