package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.HardState;
import org.jspecify.annotations.Nullable;

/**
 * What every answer says besides.
 *
 * @param epoch the server's
 * @param leader of it as far as the server knows, else {@link HardState#NOBODY}
 * @param leaderAt where that one is reached; null when that is not known
 */
record Standing(int epoch, int leader, @Nullable Endpoint leaderAt) {

    /** Where to say so: older versions have no place for it, and there is nothing to say without a leader. */
    @Nullable
    Endpoint leaderAt(short version, int sinceVersion) {
        return version >= sinceVersion && leader >= 0 ? leaderAt : null;
    }
}
