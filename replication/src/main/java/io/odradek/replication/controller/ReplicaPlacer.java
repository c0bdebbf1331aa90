package io.odradek.replication.controller;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Where replicas go. Brokers stand in a ring in which racks alternate; partition p begins at the ring's place {@code start + p},
 * so that leaders are spread evenly, and takes what follows, a new rack each time while there is one. With every turn of the ring
 * each rack's brokers are rotated by one, so that the followers of one leader differ from turn to turn.
 *
 * <pre>
 *   racks  A: 1 2   B: 3 4   C: 5        ring of turn 0: 1 3 5 2 4      of turn 1: 2 4 5 1 3
 * </pre>
 *
 * A fenced broker gets replicas only when there are too few others, and never the first place.
 */
final class ReplicaPlacer {

    private final List<BrokerImage> able = new ArrayList<>();
    private final List<BrokerImage> fenced = new ArrayList<>();
    private final int start;

    ReplicaPlacer(ClusterImage image, long seed) {
        for (BrokerImage broker : image.brokers().values()) {
            (broker.isActive() ? able : fenced).add(broker);
        }
        start = able.isEmpty() ? 0 : new SplittableRandom(seed).nextInt(able.size());
    }

    /** Replicas of partitions {@code first} to {@code first + count}, exclusive. */
    Outcome<List<List<Integer>>> place(int first, int count, int replicationFactor) {
        String prefix = "Unable to replicate the partition " + replicationFactor + " time(s): ";
        if (able.isEmpty()) {
            return new Outcome.Refused<>(
                    ControllerError.INVALID_REPLICATION_FACTOR,
                    prefix + "All brokers are currently fenced or in controlled shutdown.");
        }
        if (replicationFactor > able.size() + fenced.size()) {
            return new Outcome.Refused<>(
                    ControllerError.INVALID_REPLICATION_FACTOR,
                    prefix + "The target replication factor of " + replicationFactor
                            + " cannot be reached because only " + (able.size() + fenced.size())
                            + " broker(s) are registered.");
        }
        List<List<Integer>> placed = new ArrayList<>(count);
        int ringTurn = -1;
        List<BrokerImage> ring = List.of();
        for (int partition = first; partition < first + count; partition++) {
            int turn = partition / able.size();
            if (turn != ringTurn) {
                ring = ring(turn);
                ringTurn = turn;
            }
            placed.add(replicas(ring, (start + partition) % ring.size(), replicationFactor));
        }
        return new Outcome.Done<>(placed);
    }

    private List<BrokerImage> ring(int turn) {
        TreeMap<String, List<BrokerImage>> racks = new TreeMap<>();
        for (BrokerImage broker : able) {
            racks.computeIfAbsent(rackOf(broker), _ -> new ArrayList<>()).add(broker);
        }
        racks.values().forEach(rack -> Collections.rotate(rack, -(turn % rack.size())));
        List<BrokerImage> ring = new ArrayList<>(able.size());
        for (int row = 0; ring.size() < able.size(); row++) {
            for (List<BrokerImage> rack : racks.values()) {
                if (row < rack.size()) {
                    ring.add(rack.get(row));
                }
            }
        }
        return ring;
    }

    private List<Integer> replicas(List<BrokerImage> ring, int from, int replicationFactor) {
        List<Integer> chosen = new ArrayList<>(replicationFactor);
        Set<String> racksUsed = new HashSet<>();
        for (int i = 0; i < ring.size() && chosen.size() < replicationFactor; i++) {
            BrokerImage broker = ring.get((from + i) % ring.size());
            if (racksUsed.add(rackOf(broker))) {
                chosen.add(broker.id());
            }
        }
        for (int i = 0; i < ring.size() && chosen.size() < replicationFactor; i++) {
            int id = ring.get((from + i) % ring.size()).id();
            if (!chosen.contains(id)) {
                chosen.add(id);
            }
        }
        for (int i = 0; i < fenced.size() && chosen.size() < replicationFactor; i++) {
            chosen.add(fenced.get((from + i) % fenced.size()).id());
        }
        return List.copyOf(chosen);
    }

    /** Brokers that name no rack each stand alone. */
    private static String rackOf(BrokerImage broker) {
        return broker.rack() == null ? "broker " + broker.id() : "rack " + broker.rack();
    }
}
