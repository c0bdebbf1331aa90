package io.odradek.broker.partition;

import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.writepath.Settlement;
import io.odradek.engine.writepath.Shard;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Leads from a log to the partition it belongs to, and has what the replicas of a shard share: who is to be woken at what time, and who asks
 * which broker. Partitions come and go on the thread that applies metadata; the rest happens on the shard's settle thread.
 */
public final class ShardSettlement implements Settlement {
    /** Logs have identity, so a look-up costs no hashing of names; there is one per log and group. */
    private final ConcurrentHashMap<PartitionLog, PartitionHost> hosts = new ConcurrentHashMap<>();

    private final List<PartitionHost> advanced = new ArrayList<>();

    private record Deadline(long atMs, PartitionHost host) {}

    /** One for each host that wants one; those of before an earlier one are passed over. */
    private final PriorityQueue<Deadline> deadlines = new PriorityQueue<>(Comparator.comparingLong(Deadline::atMs));

    private final Map<PartitionHost, Long> armed = new HashMap<>();
    private long wakesAtMs = Long.MAX_VALUE;

    private final Map<Integer, Fetcher> fetchers = new HashMap<>();

    private record Served(Shard shard, int number, ReplicaPorts ports, ReplicationThrottle throttle) {}

    private volatile @Nullable Served served;

    /**
     * Before the first partition.
     *
     * @param number of the shard in its broker
     * @param throttle of what this broker fetches
     */
    void serve(Shard shard, int number, ReplicaPorts ports, ReplicationThrottle throttle) {
        served = new Served(shard, number, ports, throttle);
    }

    void attach(PartitionHost host) {
        hosts.put(host.log(), host);
    }

    void detach(PartitionHost host) {
        hosts.remove(host.log(), host);
    }

    @Override
    public void progressed(PartitionLog log, Appended last) {
        PartitionHost host = hosts.get(log);
        if (host != null && host.progressed(last.end())) {
            advanced.add(host);
        }
    }

    @Override
    public void grew(PartitionLog log) {
        PartitionHost host = hosts.get(log);
        if (host != null) {
            host.grew();
        }
    }

    /** The partition has something to tell the fetches that wait for it. */
    void advanced(PartitionHost host) {
        advanced.add(host);
    }

    /** Fetches are woken here, once per group, after the producers of the group have their answers; and followers ask together. */
    @Override
    public void groupSettled() {
        for (int i = 0; i < advanced.size(); i++) {
            advanced.get(i).wakeFetches();
        }
        advanced.clear();
        for (Fetcher fetcher : fetchers.values()) {
            fetcher.askIfDue();
        }
    }

    /** Who asks this broker for the shard's partitions. */
    Fetcher fetcher(int broker) {
        Served now = served();
        return fetchers.computeIfAbsent(
                broker, id -> new Fetcher(id, now.shard(), now.number(), now.ports(), now.throttle()));
    }

    /** {@link PartitionHost#timePassed} is wanted then at the latest, and perhaps comes sooner. */
    void arm(PartitionHost host, long atMs) {
        if (atMs == Long.MAX_VALUE) {
            return;
        }
        Long before = armed.get(host);
        if (before != null && before <= atMs) {
            return; // looked at then, and armed anew
        }
        armed.put(host, atMs);
        deadlines.add(new Deadline(atMs, host));
        wakeForNext();
    }

    private void wakeForNext() {
        Deadline next = deadlines.peek();
        if (next != null && next.atMs < wakesAtMs) {
            Served now = served();
            long at = next.atMs;
            wakesAtMs = at;
            now.ports().clock().wakeAt(at, () -> now.shard().settle(() -> timePassed(at)));
        }
    }

    private void timePassed(long wokenFor) {
        if (wokenFor == wakesAtMs) {
            wakesAtMs = Long.MAX_VALUE;
        }
        long now = served().ports().clock().nowMs();
        Deadline due;
        while ((due = deadlines.peek()) != null && due.atMs <= now) {
            deadlines.remove();
            if (armed.remove(due.host, due.atMs)) {
                due.host.timePassed();
            }
        }
        wakeForNext();
    }

    private Served served() {
        Served now = served;
        if (now == null) {
            throw new IllegalStateException("nobody has said whose shard this is");
        }
        return now;
    }
}
