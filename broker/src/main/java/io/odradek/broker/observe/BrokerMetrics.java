package io.odradek.broker.observe;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.partition.HostedShard;
import io.odradek.broker.partition.HostedTopic;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.broker.partition.ReplicationThrottle;
import io.odradek.broker.partition.TopicTraffic;
import io.odradek.engine.LogCleaner;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.writepath.ShardGauges;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.PartitionImage;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.protocol.Errors;

/** What shards, logs, partitions, coordinator and metadata know of themselves, asked only when somebody reads. */
public final class BrokerMetrics {
    /**
     * Who is asked.
     *
     * @param brokerId this broker
     * @param image the newest
     */
    public record Sources(
            int brokerId,
            List<LogDirectory> directories,
            List<HostedShard> shards,
            Partitions partitions,
            LogCleaner cleaner,
            CoordinatorHost coordinator,
            Supplier<ClusterImage> image) {}

    private final Metrics metrics;
    private final Sources sources;

    private BrokerMetrics(Metrics metrics, Sources sources) {
        this.metrics = metrics;
        this.sources = sources;
    }

    public static void register(Metrics metrics, Sources sources) {
        BrokerMetrics broker = new BrokerMetrics(metrics, sources);
        broker.traffic();
        broker.partitions();
        broker.logs();
        broker.compaction();
        broker.cluster();
        for (int i = 0; i < sources.shards().size(); i++) {
            broker.shard(sources.shards().get(i), Integer.toString(i));
        }
        broker.memory();
        GroupMetrics.register(metrics, sources.coordinator());
    }

    // ---- BrokerTopicMetrics

    private void traffic() {
        traffic(
                "messagesin",
                "Records appended for producers and for the broker itself; retries answered as duplicates included",
                TopicTraffic::messagesIn);
        traffic("bytesin", "Bytes of those records' batches, as received", TopicTraffic::bytesIn);
        traffic("bytesout", "Bytes of batches sent to consumers", TopicTraffic::bytesOut);
        traffic("bytesrejected", "Bytes of batches above max.message.bytes", TopicTraffic::bytesRejected);
        traffic("totalproducerequests", "Appends to a partition asked for", TopicTraffic::produceRequests);
        traffic(
                "failedproducerequests",
                "Of these, refused as invalid, out of sequence, fenced or short of replicas",
                TopicTraffic::failedProduceRequests);
        traffic(
                "totalfetchrequests",
                "Partitions answered in fetches, with or without records",
                TopicTraffic::fetchRequests);
        traffic("failedfetchrequests", "Of these, failed on the disk", TopicTraffic::failedFetchRequests);
        traffic(
                "invalidmessagecrcrecords",
                "Batches refused for their checksum or length",
                TopicTraffic::corruptBatches);
    }

    /** As in Kafka: without a label for the broker as a whole, with one for each topic. */
    private void traffic(String name, String help, ToLongFunction<TopicTraffic> count) {
        metrics.counters("kafka_server_brokertopicmetrics_" + name + "_total", help, rows -> {
            rows.add((double) count.applyAsLong(sources.partitions().traffic()));
            for (HostedTopic topic : sources.partitions().topics()) {
                rows.add((double) count.applyAsLong(topic.traffic()), "topic", topic.name());
            }
        });
    }

    // ---- ReplicaManager

    private void partitions() {
        partitions("partitioncount", "Partitions on this broker", _ -> true);
        partitions("leadercount", "Partitions led by this broker", host -> host.status() == Errors.NONE);
        partitions(
                "underminisrpartitioncount",
                "Partitions led here that have fewer in-sync replicas than min.insync.replicas",
                host -> host.status() == Errors.NONE && !host.admitsAcksAll());
        metrics.gauge(
                "kafka_server_replicamanager_underreplicatedpartitions",
                "Partitions led here that have a replica out of sync",
                () -> inCluster(partition -> partition.leader() == sources.brokerId()
                        && partition.inSyncReplicas().size()
                                < partition.replicas().size()));
        metrics.gauge(
                "kafka_server_replicamanager_offlinereplicacount",
                "Partitions here that cannot be served because of their log or its directory",
                () -> {
                    long count = hosts(host -> host.status() == Errors.KAFKA_STORAGE_ERROR);
                    for (LogDirectory directory : sources.directories()) {
                        count += directory.unusable().size();
                    }
                    return (double) count;
                });
        throttled("leader", sources.partitions().throttles().leader());
        throttled("follower", sources.partitions().throttles().follower());
        metrics.gauge(
                "odradek_parked_fetch_partitions",
                "Partitions that fetches wait for, or have waited for not long ago",
                () -> {
                    long[] count = {0};
                    sources.partitions().forEach(host -> count[0] += host.parkedFetchNodes());
                    return (double) count[0];
                });
    }

    private void throttled(String side, ReplicationThrottle throttle) {
        metrics.counter(
                "odradek_replication_throttled_bytes_total",
                "Bytes of throttled replicas that were not in sync: sent to them by leaders, fetched by followers",
                throttle::passedBytes,
                "side",
                side);
    }

    private void partitions(String name, String help, Predicate<PartitionHost> counted) {
        metrics.gauge("kafka_server_replicamanager_" + name, help, () -> (double) hosts(counted));
    }

    private long hosts(Predicate<PartitionHost> counted) {
        long[] count = {0};
        sources.partitions().forEach(host -> count[0] += counted.test(host) ? 1 : 0);
        return count[0];
    }

    private double inCluster(Predicate<PartitionImage> counted) {
        double count = 0;
        for (var topic : sources.image().get().topicsById()) {
            for (PartitionImage partition : topic.getValue().partitions()) {
                count += counted.test(partition) ? 1 : 0;
            }
        }
        return count;
    }

    // ---- Log, LogManager

    private void logs() {
        log("size", "Bytes of a log's segments", LogView::sizeBytes);
        log("logstartoffset", "First offset of a log", LogView::logStartOffset);
        log("logendoffset", "Offset the next record of a log will get", LogView::logEndOffset);
        log("numlogsegments", "Segments of a log", LogView::segmentCount);
        metrics.gauge(
                "kafka_log_logmanager_offlinelogdirectorycount",
                "Log directories out of service",
                () -> (double) sources.partitions().outOfReach().directories().size()
                        + sources.directories().stream()
                                .filter(LogDirectory::isOffline)
                                .count());
        for (LogDirectory directory : sources.directories()) {
            metrics.gauge(
                    "kafka_log_logmanager_logdirectoryoffline",
                    "1 while a log directory is out of service",
                    () -> directory.isOffline() ? 1 : 0,
                    "logDirectory",
                    directory.path().toString());
            metrics.gauge(
                    "odradek_recovery_bytes",
                    "What a start after a crash would have to read of a log directory, bounded by"
                            + " odradek.recovery.bytes",
                    directory::bytesToRecover,
                    "logDirectory",
                    directory.path().toString());
        }
    }

    private void log(String name, String help, ToLongFunction<LogView> figure) {
        metrics.gauges("kafka_log_log_" + name, help, rows -> {
            for (LogDirectory directory : sources.directories()) {
                for (PartitionLog log : directory.logs()) {
                    rows.add(
                            (double) figure.applyAsLong(log.view()),
                            "topic",
                            log.partition().topic(),
                            "partition",
                            Integer.toString(log.partition().partition()));
                }
            }
        });
    }

    // ---- LogCleaner, LogCleanerManager

    private void compaction() {
        LogCleaner cleaner = sources.cleaner();
        metrics.gauge(
                "kafka_log_logcleanermanager_max_dirty_percent",
                "Share of what could be compacted that was not yet, in the log where it is largest, when that was last"
                        + " looked at",
                () -> 100 * cleaner.maxDirtyRatio());
        metrics.gauge(
                "kafka_log_logcleanermanager_uncleanable_partitions_count", "Logs that compaction has set aside", () ->
                        (double) cleaner.setAside());
        metrics.gauge(
                "kafka_log_logcleanermanager_time_since_last_run_ms",
                "Since the last log was compacted; 0 before the first",
                () -> ofLast(cleaned -> System.currentTimeMillis() - cleaned.endedMs()));
        metrics.gauge(
                "kafka_log_logcleaner_max_clean_time_secs",
                "How long compacting a log took the last time",
                () -> ofLast(cleaned -> cleaned.tookMs() / 1000.0));
        metrics.gauge(
                "kafka_log_logcleaner_cleaner_recopy_percent",
                "Share of the bytes that stayed, the last time",
                () -> ofLast(cleaned -> 100.0 * cleaned.writtenBytes() / Math.max(1, cleaned.readBytes())));
        metrics.gauge(
                "kafka_log_logcleaner_max_buffer_utilization_percent",
                "Share of the memory for keys that was in use, the last time",
                () -> ofLast(cleaned -> 100 * cleaned.mapUse()));
        metrics.counter("odradek_log_cleaner_passes_total", "Logs compacted, each time counted", cleaner::passes);
        metrics.counter("odradek_log_cleaner_read_bytes_total", "Bytes that compaction read", cleaner::readBytes);
        metrics.counter(
                "odradek_log_cleaner_written_bytes_total", "Bytes that compaction wrote", cleaner::writtenBytes);
    }

    private double ofLast(ToDoubleFunction<LogCleaner.Cleaned> figure) {
        LogCleaner.Cleaned last = sources.cleaner().last();
        return last == null ? 0 : figure.applyAsDouble(last);
    }

    // ---- KafkaController

    private void cluster() {
        cluster("globaltopiccount", "Topics in the cluster", () ->
                (double) sources.image().get().topicsById().size());
        cluster("globalpartitioncount", "Partitions in the cluster", () -> inCluster(_ -> true));
        cluster(
                "offlinepartitionscount",
                "Partitions of the cluster without a leader",
                () -> inCluster(partition -> !partition.hasLeader()));
        cluster("lastappliedrecordoffset", "Offset of the last metadata record folded into the image", () ->
                (double) sources.image().get().lastOffset());
    }

    private void cluster(String name, String help, DoubleSupplier value) {
        metrics.gauge("kafka_controller_kafkacontroller_" + name, help, value);
    }

    // ---- ours

    private void memory() {
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            memory("jvm_" + pool.getName().replaceAll("[^a-z]+", "_"), pool::getMemoryUsed);
        }
        memory(
                "jvm_heap",
                () -> ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        memory(
                "recent_batches",
                () -> sources.directories().stream()
                        .mapToLong(LogDirectory::recentBytes)
                        .sum());
    }

    private void memory(String pool, LongSupplier bytes) {
        memory(metrics, pool, bytes);
    }

    /** One more pool. */
    static void memory(Metrics metrics, String pool, LongSupplier bytes) {
        metrics.gauge(
                "odradek_memory_bytes",
                "Memory by pool; receive lies in network_buffers, recent_batches is what they count against their"
                        + " bound",
                () -> (double) bytes.getAsLong(),
                "pool",
                pool);
    }

    private void shard(HostedShard home, String shard) {
        level(home, shard, "odradek_ring_occupancy", "Slots of the ring in use", ShardGauges::ringOccupancy);
        level(home, shard, "odradek_ring_slots", "Slots of the ring", ShardGauges::ringSlots);
        level(home, shard, "odradek_ring_bytes", "Bytes of batches in the ring", ShardGauges::inFlightBytes);
        count(
                home,
                shard,
                "odradek_ring_refused_total",
                "Batches that found the ring full",
                ShardGauges::refusedWrites);
        count(home, shard, "odradek_appended_batches_total", "Batches appended", ShardGauges::appendedBatches);
        count(home, shard, "odradek_appended_bytes_total", "Bytes appended", ShardGauges::appendedBytes);
        count(home, shard, "odradek_log_writes_total", "Gathering writes", ShardGauges::logWrites);
        count(home, shard, "odradek_syncs_total", "Groups made durable", ShardGauges::syncs);
        count(home, shard, "odradek_synced_files_total", "Files in those groups", ShardGauges::syncedFiles);
        count(home, shard, "odradek_synced_batches_total", "Batches in those groups", ShardGauges::syncedBatches);
        count(home, shard, "odradek_sync_nanos_total", "Time spent syncing, in ns", ShardGauges::syncNanos);
        count(
                home,
                shard,
                "odradek_journal_entry_bytes_total",
                "Bytes of segments in groups that the journal made durable: they are written a second time, to their"
                        + " files",
                gauges -> gauges.journal().entryBytes());
        count(
                home,
                shard,
                "odradek_journal_written_bytes_total",
                "Bytes written to the journal, in whole blocks",
                gauges -> gauges.journal().writtenBytes());
        count(
                home,
                shard,
                "odradek_journal_drains_total",
                "Halves of the journal whose files were synced behind them",
                gauges -> gauges.journal().drains());
        count(
                home,
                shard,
                "odradek_journal_retirements_total",
                "Times the journal was emptied because a log was cut, swapped or deleted",
                gauges -> gauges.journal().retirements());
        count(
                home,
                shard,
                "odradek_journal_refusals_total",
                "Groups the journal could not take: it was not made yet, or both halves were full",
                gauges -> gauges.journal().refusals());
    }

    private void level(HostedShard home, String shard, String name, String help, ToLongFunction<ShardGauges> of) {
        metrics.gauge(name, help, () -> (double) of.applyAsLong(home.shard().gauges()), "shard", shard);
    }

    private void count(HostedShard home, String shard, String name, String help, ToLongFunction<ShardGauges> of) {
        metrics.counter(name, help, () -> of.applyAsLong(home.shard().gauges()), "shard", shard);
    }
}
