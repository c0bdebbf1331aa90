package io.odradek.broker.partition;

import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.writepath.Settlement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Leads from a log to the partition it belongs to. Partitions come and go on the thread that applies metadata; the rest
 * happens on the shard's settle thread.
 */
public final class ShardSettlement implements Settlement {
    /** Logs have identity, so a look-up costs no hashing of names; there is one per log and group. */
    private final ConcurrentHashMap<PartitionLog, PartitionHost> hosts = new ConcurrentHashMap<>();

    private final List<PartitionHost> advanced = new ArrayList<>();

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

    /** Fetches are woken here, once per group, after the producers of the group have their answers. */
    @Override
    public void groupSettled() {
        for (int i = 0; i < advanced.size(); i++) {
            advanced.get(i).wakeFetches();
        }
        advanced.clear();
    }
}
