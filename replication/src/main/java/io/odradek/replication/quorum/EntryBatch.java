package io.odradek.replication.quorum;

import org.jspecify.annotations.Nullable;

/**
 * Records that stand in the log together.
 *
 * @param epoch of the leader that appended them
 * @param baseOffset of the first
 * @param count how many, at least 1
 * @param voters who votes from here on, when the batch says so
 * @param payload what is written
 */
public record EntryBatch(
        int epoch, long baseOffset, int count, @Nullable VoterSet voters, Payload payload) {

    /** The records themselves; the machine looks at none but its own. */
    public interface Payload {}

    /** The first record of a reign, which lets its leader commit anything at all (Raft 5.4.2; KIP-595, LeaderChangeMessage). */
    public record LeaderChange(int leader, VoterSet voters) implements Payload {}

    /** Who votes from here on (KIP-853, VotersRecord). */
    public record VotersChange(VoterSet voters) implements Payload {}

    public EntryBatch {
        if (count < 1 || baseOffset < 0 || epoch < 0) {
            throw new IllegalArgumentException(
                    "a batch of " + count + " records at offset " + baseOffset + " in epoch " + epoch);
        }
    }

    /** Exclusive. */
    public long endOffset() {
        return baseOffset + count;
    }
}
