package io.odradek.spec.cluster;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/** What members of a group were told, held against each other. */
final class GroupLaws {

    private static final long NOTHING = -1;

    private record Share(int generation, TopicPartition partition) {}

    private final Chronicle chronicle;
    private final Map<Share, Integer> owners = new HashMap<>();
    private final Map<TopicPartition, Long> acknowledged = new HashMap<>();
    private final Map<TopicPartition, Long> asked = new HashMap<>();
    private int newest;

    GroupLaws(Chronicle chronicle) {
        this.chronicle = chronicle;
    }

    /** The newest generation in which somebody was told what is its. */
    int newest() {
        return newest;
    }

    /** A member was told what is its. */
    void assigned(int member, int generation, Collection<TopicPartition> partitions) {
        newest = Math.max(newest, generation);
        for (TopicPartition partition : partitions) {
            Integer other = owners.putIfAbsent(new Share(generation, partition), member);
            if (other != null && other != member) {
                throw new AssertionError("OneOwner: " + partition + " is member " + other + "'s and member " + member
                        + "'s in generation " + generation);
            }
        }
    }

    void asksToCommit(Map<TopicPartition, Long> offsets) {
        offsets.forEach((partition, offset) -> asked.merge(partition, offset, Math::max));
    }

    /**
     * @param generation in which a member has committed
     * @param newestThen {@link #newest} when it asked: the coordinator knew of that generation, wherever it was
     */
    void committed(int generation, int newestThen, TopicPartition partition, long offset) {
        if (generation < newestThen) {
            throw new AssertionError("OvertakenCommitsNothing: offset " + offset + " of " + partition
                    + " was committed in generation " + generation + ", after somebody was told of generation "
                    + newestThen);
        }
        acknowledged.merge(partition, offset, Math::max);
        chronicle.count("a member commits");
    }

    /** Where members may go on, by what is known now. */
    Map<TopicPartition, Long> acknowledged(List<TopicPartition> partitions) {
        Map<TopicPartition, Long> known = new HashMap<>();
        partitions.forEach(partition -> known.put(partition, acknowledged.getOrDefault(partition, NOTHING)));
        return known;
    }

    /**
     * A member was told where to go on.
     *
     * @param atLeast what was {@link #acknowledged} when it asked
     */
    void goesOn(TopicPartition partition, long offset, long atLeast) {
        if (offset < atLeast || offset > asked.getOrDefault(partition, NOTHING)) {
            throw new AssertionError("CommittedOffsetsStay: a member goes on with " + partition + " at " + offset
                    + ", acknowledged was " + atLeast + ", asked for " + asked.getOrDefault(partition, NOTHING));
        }
    }

    /** In the end everybody is in the newest generation, each partition is somebody's, and everybody's offsets are committed. */
    void check(List<GroupMember> members, List<TopicPartition> partitions, long sinceMs) {
        Map<TopicPartition, Integer> owned =
                new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
        for (GroupMember member : members) {
            if (member.generation() != newest || member.lastRoundMs() < sinceMs) {
                throw new AssertionError("GroupSettles: the newest generation is " + newest + ", " + member.describe());
            }
            member.owned().forEach(partition -> owned.merge(partition, 1, Integer::sum));
        }
        for (TopicPartition partition : partitions) {
            if (owned.getOrDefault(partition, 0) != 1) {
                throw new AssertionError("GroupSettles: " + partition + " is not one member's, of " + owned);
            }
        }
    }
}
