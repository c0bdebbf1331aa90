package io.odradek.replication.quorum;

import org.jspecify.annotations.Nullable;

/**
 * What a server must not forget: it is on disk before anything that follows from it leaves the server (Raft 5.2). KRaft's
 * {@code quorum-state}.
 *
 * @param epoch the newest one the server knows; Raft's term. 0 before the first election
 * @param votedFor whom it voted for in it; null when for nobody
 * @param leader who leads it as far as the server knows, {@link #NOBODY} when it does not
 */
public record HardState(int epoch, @Nullable ReplicaKey votedFor, int leader) {

    public static final int NOBODY = -1;

    /** Of a disk that was formatted just now. */
    public static final HardState FIRST = new HardState(0, null, NOBODY);

    boolean knowsLeader() {
        return leader != NOBODY;
    }
}
