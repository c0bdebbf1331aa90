package io.odradek.replication.quorum;

import io.odradek.replication.Endpoint;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who votes. Immutable. A change adds or removes one, so that a majority of the old set meets every majority of the new one (Raft
 * dissertation 4.1).
 *
 * @param byId at most one disk of a server
 */
public record VoterSet(SortedMap<Integer, Voter> byId) {

    public static final VoterSet NONE = new VoterSet(new TreeMap<>());

    /** @param endpoints where others reach its controller listener; the machine does not look at them */
    public record Voter(ReplicaKey key, List<Endpoint> endpoints) {
        public Voter {
            endpoints = List.copyOf(endpoints);
        }
    }

    public VoterSet {
        byId = Collections.unmodifiableSortedMap(new TreeMap<>(byId));
    }

    public static VoterSet of(Collection<Voter> voters) {
        TreeMap<Integer, Voter> byId = new TreeMap<>();
        for (Voter voter : voters) {
            if (byId.put(voter.key().id(), voter) != null) {
                throw new IllegalArgumentException("server " + voter.key().id() + " is a voter twice");
            }
        }
        return new VoterSet(byId);
    }

    public Set<Integer> ids() {
        return byId.keySet();
    }

    public Collection<Voter> voters() {
        return byId.values();
    }

    public int size() {
        return byId.size();
    }

    /** How many of it are more than half. */
    public int majority() {
        return byId.size() / 2 + 1;
    }

    /** Whether this replica, by server and disk, votes. */
    public boolean has(ReplicaKey replica) {
        Voter voter = byId.get(replica.id());
        return voter != null && voter.key().names(replica);
    }

    public @Nullable Voter voter(int id) {
        return byId.get(id);
    }

    /** With it, in the place of another disk of its server if there is one. */
    VoterSet with(Voter voter) {
        TreeMap<Integer, Voter> changed = new TreeMap<>(byId);
        changed.put(voter.key().id(), voter);
        return new VoterSet(changed);
    }

    VoterSet without(int id) {
        TreeMap<Integer, Voter> changed = new TreeMap<>(byId);
        changed.remove(id);
        return new VoterSet(changed);
    }

    @Override
    public String toString() {
        return byId.values().stream().map(Voter::key).toList().toString();
    }
}
