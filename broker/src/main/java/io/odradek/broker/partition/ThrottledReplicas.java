package io.odradek.broker.partition;

import java.util.HashSet;
import java.util.Set;

/**
 * The partitions of one topic of which this broker's replica is throttled.
 *
 * @param all whatever {@code partitions} says
 */
record ThrottledReplicas(boolean all, Set<Integer> partitions) {

    static final ThrottledReplicas NONE = new ThrottledReplicas(false, Set.of());

    private static final ThrottledReplicas ALL = new ThrottledReplicas(true, Set.of());

    ThrottledReplicas {
        partitions = Set.copyOf(partitions);
    }

    /** @param list as a topic is configured with: {@code *}, or {@code partition:broker,...}, which somebody has checked */
    static ThrottledReplicas of(String list, int brokerId) {
        if (list.isBlank()) {
            return NONE;
        }
        if (list.trim().equals("*")) {
            return ALL;
        }
        Set<Integer> partitions = new HashSet<>();
        for (String each : list.split(",", -1)) {
            String[] replica = each.trim().split(":", -1);
            if (Integer.parseInt(replica[1]) == brokerId) {
                partitions.add(Integer.valueOf(replica[0]));
            }
        }
        return new ThrottledReplicas(false, partitions);
    }

    boolean isEmpty() {
        return !all && partitions.isEmpty();
    }

    boolean contains(int partition) {
        return all || partitions.contains(partition);
    }
}
