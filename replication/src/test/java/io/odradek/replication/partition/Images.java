package io.odradek.replication.partition;

import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.PartitionImage;
import java.util.List;
import java.util.UUID;

/** What the metadata log may say of a partition. */
final class Images {

    static PartitionImage image(
            List<Integer> replicas, List<Integer> inSync, int leader, int leaderEpoch, int partitionEpoch) {
        return new PartitionImage(
                replicas,
                replicas.stream().map(id -> new UUID(0, id)).toList(),
                inSync,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                leader,
                LeaderRecovery.RECOVERED,
                leaderEpoch,
                partitionEpoch);
    }

    private Images() {}
}
