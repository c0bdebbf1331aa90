package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.ReplicaKey;
import java.util.UUID;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * What all messages of a server have in common.
 *
 * @param clusterId whoever names another one is not answered
 * @param listener name of the listener at which servers of the quorum reach each other
 */
record QuorumWire(String clusterId, String listener) {

    private static final short PLAINTEXT = 0;

    private static final int LARGEST_PORT = 65_535;

    /** As in Kafka: who names no cluster is believed to mean this one. */
    boolean isOfAnotherCluster(@Nullable String named) {
        return named != null && !named.equals(clusterId);
    }

    /** Null when no server can be reached there. */
    @Nullable
    Endpoint endpoint(String host, int port) {
        return host.isEmpty() || port < 1 || port > LARGEST_PORT ? null : new Endpoint(listener, host, port, PLAINTEXT);
    }

    static Endpoint endpoint(String name, String host, int port) {
        return new Endpoint(name, host, port, PLAINTEXT);
    }

    /** Kafka's zero id says that the directory is not known, and so does ours. */
    static ReplicaKey key(int id, Uuid directory) {
        return new ReplicaKey(id, new UUID(directory.getMostSignificantBits(), directory.getLeastSignificantBits()));
    }

    static Uuid directoryOf(ReplicaKey key) {
        UUID directory = key.directory();
        return new Uuid(directory.getMostSignificantBits(), directory.getLeastSignificantBits());
    }
}
