package io.odradek.replication.quorum;

/**
 * How far a replica has got, as the leader knows (DescribeQuorum).
 *
 * @param logEndOffset exclusive; of others what they have on disk; -1 when it has not fetched in this reign
 * @param lastFetchMs when it last fetched; -1 when it has not
 * @param lastCaughtUpMs when it last had all there was; -1 when it never had
 */
public record ReplicaState(
        ReplicaKey replica, boolean votes, long logEndOffset, long lastFetchMs, long lastCaughtUpMs) {}
