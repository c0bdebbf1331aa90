package io.odradek.replication.partition;

/**
 * A follower asks for what comes after its log. That it asks from {@code fetchOffset} says that it holds everything below as durably as the
 * topic wants.
 *
 * @param brokerEpoch of the follower's process (KIP-903)
 * @param leaderEpoch in which the follower is (KIP-320)
 * @param lastFetchedEpoch of the follower's last record (KIP-595); {@link ReplicaLog#NO_EPOCH} when it has none
 * @param logStartOffset of the follower's log, whatever crash follows; -1 when it does not say, and then it never joins the in-sync set. What lies below does not come back with it
 * @param highWatermark as the follower knows it: a leader that knows a higher one answers at once
 * @param maxWaitMs how long the leader may wait for something new
 */
public record ReplicaFetch(
        int replicaId,
        long brokerEpoch,
        int leaderEpoch,
        long fetchOffset,
        int lastFetchedEpoch,
        long logStartOffset,
        long highWatermark,
        int maxWaitMs) {

    /** The same, of a log that begins there by now. */
    public ReplicaFetch withLogStart(long offset) {
        return new ReplicaFetch(
                replicaId, brokerEpoch, leaderEpoch, fetchOffset, lastFetchedEpoch, offset, highWatermark, maxWaitMs);
    }
}
