package io.odradek.broker.request;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which replica a consumer is told to read from ({@code replica.selector.class}, KIP-392). Pure. */
public enum ReadReplicaSelector {
    /** Everybody reads from the leader. */
    LEADER("org.apache.kafka.common.replica.LeaderSelector"),

    /** Who stands in a rack in which the leader does not, reads from a replica there. */
    RACK_AWARE("org.apache.kafka.common.replica.RackAwareReplicaSelector");

    /** The client goes on with the leader. */
    static final int NOBODY_ELSE = -1;

    private final String className;

    ReadReplicaSelector(String className) {
        this.className = className;
    }

    /** Kafka's, by which it is chosen; nothing of that name is loaded. */
    public String className() {
        return className;
    }

    /**
     * The one with this {@link #className}.
     *
     * @param name null: Kafka's default, the leader
     * @throws IllegalArgumentException there is none; configurations with another are not accepted
     */
    public static ReadReplicaSelector named(@Nullable String name) {
        for (ReadReplicaSelector selector : values()) {
            if (name == null || selector.className.equals(name)) {
                return selector;
            }
        }
        throw new IllegalArgumentException("replica.selector.class=" + name);
    }

    /**
     * A replica in sync whose broker is alive.
     *
     * @param rack null: it stands in none
     * @param logStartOffset of its log; -1 when it is not known, which counts as 0
     * @param durableEnd of its log, exclusive; -1 when it is not known
     */
    record Candidate(int brokerId, @Nullable String rack, long logStartOffset, long durableEnd) {}

    /**
     * The one that has most of those in the client's rack that have what it asks for; of several the one with the highest id, as Kafka.
     *
     * @param candidates the leader may be among them
     * @param fetchOffset what is read next: a replica that ends before it would have the client wait
     * @return {@link #NOBODY_ELSE}, or a broker other than the leader
     */
    int select(String clientRack, int leader, List<Candidate> candidates, long fetchOffset) {
        if (this == LEADER || clientRack.isEmpty()) {
            return NOBODY_ELSE;
        }
        @Nullable Candidate best = null;
        for (Candidate each : candidates) {
            if (!clientRack.equals(each.rack)) {
                continue;
            }
            if (each.brokerId == leader) {
                return NOBODY_ELSE;
            }
            boolean hasIt = each.durableEnd >= fetchOffset && each.logStartOffset <= fetchOffset;
            if (hasIt && (best == null || isBefore(best, each))) {
                best = each;
            }
        }
        return best == null ? NOBODY_ELSE : best.brokerId;
    }

    private static boolean isBefore(Candidate one, Candidate other) {
        return one.durableEnd != other.durableEnd ? one.durableEnd < other.durableEnd : one.brokerId < other.brokerId;
    }
}
