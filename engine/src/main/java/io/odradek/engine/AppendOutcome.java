package io.odradek.engine;

/** What became of one batch that was handed to a {@link PartitionLog}. */
public sealed interface AppendOutcome {

    /** One that may be read at any time. */
    default AppendOutcome kept() {
        return this;
    }

    /**
     * It is in the log. The write path fills the same object again and again: whoever is given one reads it before he returns, and
     * {@link #kept keeps} a copy.
     */
    final class Appended implements AppendOutcome {
        private static final long NOTHING = -1;

        private long baseOffset = NOTHING;
        private long lastOffset;
        private long logAppendTimeMs;
        private long logStartOffset;
        private long segmentBaseOffset;
        private int endPosition;

        /** Says nothing until {@link PartitionLog#stage} has filled it in. */
        public Appended() {}

        void set(
                long baseOffset,
                long lastOffset,
                long logAppendTimeMs,
                long logStartOffset,
                long segmentBaseOffset,
                int endPosition) {
            this.baseOffset = baseOffset;
            this.lastOffset = lastOffset;
            this.logAppendTimeMs = logAppendTimeMs;
            this.logStartOffset = logStartOffset;
            this.segmentBaseOffset = segmentBaseOffset;
            this.endPosition = endPosition;
        }

        /** From now on reading it is a mistake, which assertions tell. */
        public void forget() {
            baseOffset = NOTHING;
        }

        @Override
        public Appended kept() {
            Appended copy = new Appended();
            copy.set(baseOffset(), lastOffset, logAppendTimeMs, logStartOffset, segmentBaseOffset, endPosition);
            return copy;
        }

        public long baseOffset() {
            requireFilled();
            return baseOffset;
        }

        /** Inclusive. */
        public long lastOffset() {
            requireFilled();
            return lastOffset;
        }

        /** The append time under LogAppendTime, else -1. */
        public long logAppendTimeMs() {
            requireFilled();
            return logAppendTimeMs;
        }

        /** Of the log at that moment. */
        public long logStartOffset() {
            requireFilled();
            return logStartOffset;
        }

        /** The log's end behind this batch. */
        public LogPosition end() {
            requireFilled();
            return new LogPosition(lastOffset + 1, segmentBaseOffset, endPosition);
        }

        private void requireFilled() {
            assert baseOffset != NOTHING : "an outcome is read by who did not keep it";
        }

        @Override
        public String toString() {
            return "Appended[baseOffset=" + baseOffset + ", lastOffset=" + lastOffset + ", logAppendTimeMs="
                    + logAppendTimeMs + ", logStartOffset=" + logStartOffset + ", end=" + segmentBaseOffset + "/"
                    + endPosition + "]";
        }
    }

    /** The producer's retry of a batch that is already in the log, at {@code baseOffset} to {@code lastOffset}. */
    record Duplicate(long baseOffset, long lastOffset, long logAppendTimeMs, long logStartOffset)
            implements AppendOutcome {}

    /** The producer's sequence has a gap. */
    record OutOfOrderSequence(int expected, int received) implements AppendOutcome {}

    /** A newer incarnation of the producer has written. */
    record ProducerFenced(short currentEpoch, short receivedEpoch) implements AppendOutcome {}

    /** The request expected another leader epoch than the log's own. */
    record NotLeader(int currentLeaderEpoch) implements AppendOutcome {}

    /** What a leader sent does not follow the log, or the log follows nobody: nothing of it was appended. */
    record NotNext(String why) implements AppendOutcome {}

    /** Larger than a segment can be. */
    record TooLarge(int sizeBytes, int segmentBytes) implements AppendOutcome {}

    /** The log directory is offline or the log closed; nothing is claimed. */
    record StorageFailed(String reason) implements AppendOutcome {}
}
