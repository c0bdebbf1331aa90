package io.odradek.broker.request;

import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.PartitionImage;
import java.util.List;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The cluster as a client on one listener sees it. */
final class Topology {

    private final ClusterImage image;
    private final String listener;

    Topology(ClusterImage image, String listener) {
        this.image = image;
        this.listener = listener;
    }

    /** Where the broker is reached from here; null when it is fenced, unknown, or not on this listener. */
    @Nullable
    Endpoint endpoint(int brokerId) {
        BrokerImage broker = image.broker(brokerId);
        return broker == null || broker.fenced() ? null : broker.endpoint(listener);
    }

    /** Any broker will do: each passes on what only the controller can do. -1 when there is none. */
    int controllerId(int localId) {
        if (endpoint(localId) != null) {
            return localId;
        }
        for (BrokerImage broker : image.brokers().values()) {
            if (endpoint(broker.id()) != null) {
                return broker.id();
            }
        }
        return -1;
    }

    /** Whether a client can reach the partition's leader, and if not, why. */
    Errors leaderError(PartitionImage partition) {
        if (endpoint(partition.leader()) != null) {
            return Errors.NONE;
        }
        BrokerImage leader = image.broker(partition.leader());
        return leader == null || leader.fenced() ? Errors.LEADER_NOT_AVAILABLE : Errors.LISTENER_NOT_FOUND;
    }

    /** Replicas a client can't reach, or whose log directory has failed. */
    List<Integer> offline(PartitionImage partition) {
        return partition.replicas().stream()
                .filter(replica -> endpoint(replica) == null || !isThere(partition, replica))
                .toList();
    }

    private boolean isThere(PartitionImage partition, int replica) {
        BrokerImage broker = image.broker(replica);
        return broker != null && broker.reaches(partition.directoryIn(replica));
    }
}
