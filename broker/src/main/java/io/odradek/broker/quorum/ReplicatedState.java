package io.odradek.broker.quorum;

import io.odradek.replication.quorum.OffsetAndEpoch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What the quorum's records fold into. Called by the metadata loop. An exception ends the loop: a state that is in doubt must not
 * decide anything more.
 */
public interface ReplicatedState {

    /** Records, batch by batch. */
    interface Batches {
        void forEach(Visitor visitor) throws IOException;
    }

    /** Sees each batch once, in order. */
    interface Visitor {
        /** @param values of the records; valid during the call */
        void batch(List<ByteBuffer> values) throws IOException;
    }

    /** Becomes what a snapshot says, whatever it was: so at the start, and when one has come from the leader. */
    void restore(OffsetAndEpoch snapshot, Batches batches) throws IOException;

    /**
     * Folds a committed batch.
     *
     * @param baseOffset of its first record
     * @param epoch of the leader that wrote it
     * @param values of the records; valid during the call
     */
    void apply(long baseOffset, int epoch, List<ByteBuffer> values) throws IOException;

    /** Writes all of it, as of the last call of {@link #apply} or {@link #restore}. */
    void snapshot(SnapshotWriter writer) throws IOException;

    /** This server leads, and all that was ever committed is folded: from now on it may decide. */
    void leads(int epoch);

    /** It does not: whatever it decided and was not told to be committed may or may not be. Also when it did not lead before. */
    void follows(int epoch, int leader);
}
