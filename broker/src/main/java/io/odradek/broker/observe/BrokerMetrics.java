package io.odradek.broker.observe;

import io.odradek.broker.partition.HostedShard;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.writepath.ShardGauges;
import io.odradek.replication.controller.ClusterImage;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** What shards, partitions and metadata know of themselves, asked only when somebody reads. */
public final class BrokerMetrics {
    private BrokerMetrics() {}

    public static void register(
            Metrics metrics, List<HostedShard> shards, Partitions partitions, Supplier<ClusterImage> image) {
        for (int i = 0; i < shards.size(); i++) {
            shard(metrics, shards.get(i), Integer.toString(i));
        }
        metrics.gauge("kafka_server_replicamanager_partitioncount", "Partitions on this broker", () -> {
            long[] count = {0};
            partitions.forEach(_ -> count[0]++);
            return (double) count[0];
        });
        metrics.gauge("kafka_server_replicamanager_leadercount", "Partitions led by this broker", () -> {
            long[] count = {0};
            partitions.forEach(host -> count[0] += host.status().code() == 0 ? 1 : 0);
            return (double) count[0];
        });
        metrics.gauge("odradek_parked_fetches", "Partitions that long polls wait for", () -> {
            long[] count = {0};
            partitions.forEach(host -> count[0] += host.parkedFetchNodes());
            return (double) count[0];
        });
        metrics.gauge("kafka_log_log_size", "Bytes of all logs on disk", () -> {
            long[] bytes = {0};
            partitions.forEach(host -> bytes[0] += size(host));
            return (double) bytes[0];
        });
        metrics.gauge("kafka_controller_kafkacontroller_globaltopiccount", "Topics in the cluster", () ->
                (double) image.get().topicsById().size());
        metrics.gauge("kafka_controller_kafkacontroller_globalpartitioncount", "Partitions in the cluster", () -> {
            double count = 0;
            for (var topic : image.get().topicsById()) {
                count += topic.getValue().partitions().size();
            }
            return count;
        });
        metrics.gauge("odradek_metadata_last_offset", "Offset of the last metadata record folded in", () ->
                (double) image.get().lastOffset());
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            metrics.gauge(
                    "odradek_memory_bytes",
                    "Memory by pool",
                    () -> (double) pool.getMemoryUsed(),
                    "pool",
                    "jvm_" + pool.getName().replaceAll("[^a-z]+", "_"));
        }
        metrics.gauge(
                "odradek_memory_bytes",
                "Memory by pool",
                () -> (double)
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                "pool",
                "jvm_heap");
    }

    private static long size(PartitionHost host) {
        return host.log().view().sizeBytes();
    }

    private static void shard(Metrics metrics, HostedShard home, String shard) {
        level(metrics, home, shard, "odradek_ring_occupancy", "Slots of the ring in use", ShardGauges::ringOccupancy);
        level(metrics, home, shard, "odradek_ring_slots", "Slots of the ring", ShardGauges::ringSlots);
        level(metrics, home, shard, "odradek_ring_bytes", "Bytes of batches in the ring", ShardGauges::inFlightBytes);
        count(
                metrics,
                home,
                shard,
                "odradek_ring_refused_total",
                "Batches that found the ring full",
                ShardGauges::refusedWrites);
        count(metrics, home, shard, "odradek_appended_batches_total", "Batches appended", ShardGauges::appendedBatches);
        count(metrics, home, shard, "odradek_appended_bytes_total", "Bytes appended", ShardGauges::appendedBytes);
        count(metrics, home, shard, "odradek_log_writes_total", "Gathering writes", ShardGauges::logWrites);
        count(metrics, home, shard, "odradek_syncs_total", "Groups made durable", ShardGauges::syncs);
        count(metrics, home, shard, "odradek_synced_files_total", "Files in those groups", ShardGauges::syncedFiles);
        count(
                metrics,
                home,
                shard,
                "odradek_synced_batches_total",
                "Batches in those groups",
                ShardGauges::syncedBatches);
        count(metrics, home, shard, "odradek_sync_nanos_total", "Time spent syncing, in ns", ShardGauges::syncNanos);
    }

    private static void level(
            Metrics metrics, HostedShard home, String shard, String name, String help, ToLongFunction<ShardGauges> of) {
        metrics.gauge(name, help, () -> (double) of.applyAsLong(home.shard().gauges()), "shard", shard);
    }

    private static void count(
            Metrics metrics, HostedShard home, String shard, String name, String help, ToLongFunction<ShardGauges> of) {
        metrics.counter(name, help, () -> of.applyAsLong(home.shard().gauges()), "shard", shard);
    }
}
