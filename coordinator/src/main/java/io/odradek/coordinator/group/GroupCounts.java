package io.odradek.coordinator.group;

import java.util.EnumMap;
import java.util.Map;

/**
 * How many groups and committed offsets readers find.
 *
 * @param groups by state; a state that no group is in may be missing
 * @param offsets over all groups
 */
public record GroupCounts(Map<GroupState, Integer> groups, long offsets) {

    public static final GroupCounts NONE = new GroupCounts(Map.of(), 0);

    public GroupCounts {
        groups = Map.copyOf(groups);
    }

    /** Of both together. */
    public GroupCounts plus(GroupCounts other) {
        Map<GroupState, Integer> sum = new EnumMap<>(GroupState.class);
        sum.putAll(groups);
        other.groups.forEach((state, count) -> sum.merge(state, count, Integer::sum));
        return new GroupCounts(sum, offsets + other.offsets);
    }

    public int in(GroupState state) {
        return groups.getOrDefault(state, 0);
    }

    /** In all states. */
    public int allGroups() {
        return groups.values().stream().mapToInt(Integer::intValue).sum();
    }
}
