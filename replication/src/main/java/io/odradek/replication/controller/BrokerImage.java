package io.odradek.replication.controller;

import io.odradek.replication.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A registered broker.
 *
 * @param epoch of this registration; every registration has a larger one than all before it in the cluster (KIP-903)
 * @param incarnationId made up by the process when it starts
 * @param rack null when it has none
 * @param fenced not to be a leader, a new replica's first choice, or shown to clients
 * @param directories ids of its log directories, sorted
 */
public record BrokerImage(
        int id,
        long epoch,
        UUID incarnationId,
        List<Endpoint> endpoints,
        Map<String, VersionRange> features,
        @Nullable String rack,
        boolean fenced,
        boolean inControlledShutdown,
        List<UUID> directories) {

    /** May lead. */
    public boolean isActive() {
        return !fenced && !inControlledShutdown;
    }

    /** Whether a replica in that directory is there, for all that is known: which one a replica is in may not be known yet. */
    public boolean reaches(UUID directory) {
        return directories.isEmpty() || directory.equals(PartitionDraft.UNASSIGNED) || directories.contains(directory);
    }

    /** Its endpoint on that listener, or null. */
    public @Nullable Endpoint endpoint(String listener) {
        for (Endpoint endpoint : endpoints) {
            if (endpoint.listener().equals(listener)) {
                return endpoint;
            }
        }
        return null;
    }

    BrokerImage withState(boolean nowFenced, boolean nowInControlledShutdown, List<UUID> nowDirectories) {
        return new BrokerImage(
                id,
                epoch,
                incarnationId,
                endpoints,
                features,
                rack,
                nowFenced,
                nowInControlledShutdown,
                nowDirectories);
    }
}
