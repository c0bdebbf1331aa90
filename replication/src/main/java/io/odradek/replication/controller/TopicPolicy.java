package io.odradek.replication.controller;

/**
 * What a topic's configuration says to the controller.
 *
 * @param minInSyncReplicas {@code min.insync.replicas}
 * @param uncleanElection {@code unclean.leader.election.enable}
 * @param synced whether only what is on disk counts ({@code odradek.durability=sync}), so that a crash loses nothing that did
 */
public record TopicPolicy(int minInSyncReplicas, boolean uncleanElection, boolean synced) {}
