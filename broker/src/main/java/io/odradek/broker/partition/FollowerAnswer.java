package io.odradek.broker.partition;

import io.odradek.replication.partition.FetchAnswer;

/** What a leader has decided to answer to a follower's fetch of one partition. */
public sealed interface FollowerAnswer {

    /**
     * Records, as many as fit, or none when there are none.
     *
     * @param from inclusive
     * @param to exclusive; nothing behind it is sent
     * @param truncations of the log when this was decided: whoever has read looks whether it was cut since
     */
    record Granted(int leaderEpoch, long from, long to, long highWatermark, long logStartOffset, long truncations)
            implements FollowerAnswer {}

    record Other(FetchAnswer answer) implements FollowerAnswer {}

    /** Who asked. */
    interface Reader {
        /** Called once, on the settle thread. */
        void answered(FollowerAnswer answer);
    }
}
