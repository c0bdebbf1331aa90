package io.odradek.broker.quorum;

import java.util.List;

/** The quorum's log, as what decides on top of it sees it. */
public interface QuorumLog {

    /** Of values in a batch, as in Kafka. */
    int MOST_BATCH_BYTES = 8 << 20;

    /** What became of records that were to be appended: one method is called, once, by the loop, or, when turned away, by the caller. */
    interface Appended {
        /**
         * And folded.
         *
         * @param baseOffset of the first record
         */
        void committed(long baseOffset);

        /** @param mayBeCommitted whether they may still turn up in the log */
        void failed(boolean mayBeCommitted);
    }

    /**
     * Records for the log, as one batch, which is committed whole or not at all. The loop's, and never turned away for want of room: for
     * {@link ReplicatedState#turn} and {@link ReplicatedState#leads}. They are appended, in order, when that has returned.
     *
     * @param epoch in which this server leads, as it was told by {@link ReplicatedState#leads}
     * @throws IllegalArgumentException there are none, or more than {@link #MOST_BATCH_BYTES}
     */
    void appendInTurn(int epoch, List<byte[]> values, Appended outcome);

    /** Has {@link ReplicatedState#turn} called soon. Any thread. */
    void wake();

    /** A snapshot of what is committed, soon; none when there is nothing new. Any thread. */
    void wantSnapshot();
}
