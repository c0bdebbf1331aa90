package io.odradek.broker.partition;

import java.util.Arrays;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.internals.Topic;
import org.jspecify.annotations.Nullable;

/** A topic that has partitions on this broker. Changed by the thread that applies metadata, read by any. */
public final class HostedTopic {
    private final String name;
    private final Uuid id;
    private final boolean internal;
    private final TopicTraffic traffic;
    /** By partition number; replaced as a whole. */
    private volatile @Nullable PartitionHost[] hosts = new PartitionHost[0];

    HostedTopic(String name, Uuid id, TopicTraffic traffic) {
        this.name = name;
        this.id = id;
        this.internal = Topic.isInternal(name);
        this.traffic = traffic;
    }

    public String name() {
        return name;
    }

    public Uuid id() {
        return id;
    }

    /** Written by the broker itself; clients may only read it. */
    public boolean isInternal() {
        return internal;
    }

    /** Goes with this object: a topic that is made anew under the name begins at 0. */
    public TopicTraffic traffic() {
        return traffic;
    }

    public @Nullable PartitionHost host(int partition) {
        @Nullable PartitionHost[] now = hosts;
        return partition >= 0 && partition < now.length ? now[partition] : null;
    }

    /** By partition number, with gaps where this broker has no replica. */
    @Nullable
    PartitionHost[] hosts() {
        return hosts;
    }

    void put(int partition, @Nullable PartitionHost host) {
        @Nullable PartitionHost[] next = Arrays.copyOf(hosts, Math.max(hosts.length, partition + 1));
        next[partition] = host;
        hosts = next;
    }
}
