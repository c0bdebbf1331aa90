package io.odradek.replication.partition;

/**
 * Where an epoch ends in a log.
 *
 * @param epoch {@link ReplicaLog#NO_EPOCH} when the log has none so old
 * @param endOffset exclusive
 */
public record EpochEnd(int epoch, long endOffset) {}
