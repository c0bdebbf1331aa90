package io.odradek.broker.quorum;

import io.odradek.replication.quorum.OffsetAndEpoch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

    /**
     * The quorum's own records up to here are committed: there is nothing to fold, and nothing of what is behind them is missing. A state that
     * says how far it has come says this, or whoever waits for it waits until something else is written.
     *
     * @param lastOffset inclusive
     */
    void passed(long lastOffset);

    /** Writes all of it, as of the last call of {@link #apply} or {@link #restore}. */
    void snapshot(SnapshotWriter writer) throws IOException;

    /**
     * This server leads, and all that was ever committed is folded: from now on it may decide.
     *
     * @param from where the log ends, exclusive: what it appends begins there
     */
    void leads(int epoch, long from);

    /**
     * The quorum itself has appended something behind all that the state has: who votes. What the state appends next comes behind that.
     *
     * @param lastOffset of the log, inclusive
     */
    default void othersAppended(long lastOffset) {}

    /**
     * It does not: whatever it decided and was not told to be committed may or may not be. Also when it did not lead before; first when the
     * server starts.
     *
     * @param leader {@link io.odradek.replication.quorum.HardState#NOBODY} while none is known
     */
    void follows(int epoch, int leader);

    /**
     * Called once in each turn of the loop, when what has come is taken and before what was appended is synced: the state takes what has
     * come for it, looks at the time, and may append ({@link QuorumLog#appendInTurn}).
     *
     * @param nowMs of a clock that does not go back
     * @return when it wants to be called next, at the latest; {@link Long#MAX_VALUE} when it waits for nothing
     */
    default long turn(long nowMs) {
        return Long.MAX_VALUE;
    }

    /**
     * All is folded that was committed when this server, started since, first heard of a leader that has committed something itself, or
     * became one. Called once.
     */
    default void upToDate() {}

    /**
     * The loop is over: nothing is folded or appended any more. Called once, by whoever ends it.
     *
     * @param cause null when that was wanted
     */
    default void ended(@Nullable Throwable cause) {}
}
