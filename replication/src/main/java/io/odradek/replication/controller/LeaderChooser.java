package io.odradek.replication.controller;

import java.util.List;
import java.util.function.IntPredicate;

/** Who leads a partition: the first replica, in order of preference, that lost nothing and is able to. */
final class LeaderChooser {

    /**
     * @param inSync members of the in-sync set, any of which has every committed record
     * @param active may lead now
     * @return {@link PartitionImage#NO_LEADER} when nobody can without risking a committed record
     */
    static int choose(PartitionImage partition, List<Integer> inSync, IntPredicate active) {
        for (int replica : partition.replicas()) {
            if (inSync.contains(replica) && active.test(replica)) {
                return replica;
            }
        }
        for (int replica : partition.replicas()) {
            if (partition.eligibleLeaderReplicas().contains(replica) && active.test(replica)) {
                return replica; // KIP-966: as good as in sync
            }
        }
        return PartitionImage.NO_LEADER;
    }

    private LeaderChooser() {}
}
