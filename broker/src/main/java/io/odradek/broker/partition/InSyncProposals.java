package io.odradek.broker.partition;

import io.odradek.engine.TopicPartition;
import io.odradek.replication.partition.IsrProposal;

/** The port to the controller: AlterPartition. Called on settle threads, which it does not hold up. */
public interface InSyncProposals {

    /** What becomes of a proposal: one method is called, once, on any thread. */
    interface Outcome {
        void answered(IsrProposal.Verdict verdict);

        /** It may or may not have been carried out, or still be. */
        void failed(String why);
    }

    /**
     * Sends a proposal, once.
     *
     * @param brokerEpoch of this process
     */
    void propose(TopicPartition partition, long brokerEpoch, IsrProposal proposal, Outcome outcome);
}
