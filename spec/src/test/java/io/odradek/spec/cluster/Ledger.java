package io.odradek.spec.cluster;

import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.quorum.ReplicatedState;
import io.odradek.broker.quorum.SnapshotWriter;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.record.RecordBatch;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.spec.simulation.WholeBatches;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** What anybody has claimed, held against everything that is claimed later. The names of the laws are those of {@code tla/}. */
final class Ledger {

    /** One partition: whole batches by base offset. */
    private static final class Committed {
        private final TreeMap<Long, ByteBuffer> batches = new TreeMap<>();
        private long end;
        private long mayBeDeleted;
        private long deleted;
        private final Map<Integer, Integer> leaders = new HashMap<>();

        /** What a log has of it that begins there. */
        private SortedMap<Long, ByteBuffer> from(long logStartOffset) {
            Map.Entry<Long, ByteBuffer> first = batches.floorEntry(logStartOffset);
            boolean within = first != null && RecordBatch.nextOffset(first.getValue(), 0) > logStartOffset;
            return batches.tailMap(within ? first.getKey() : logStartOffset);
        }
    }

    private record Replica(int node, TopicPartition partition) {}

    private final Chronicle chronicle;
    private final String clusterId;
    private final Consumer<ClusterImage> whenCommitted;
    private final TreeMap<Long, ClusterImage> images = new TreeMap<>();
    private final Map<TopicPartition, Committed> partitions = new HashMap<>();
    /** Another one in each life of its node, and when the replica has gone and comes anew. */
    private final Map<Replica, PartitionHost> hosts = new HashMap<>();

    private final Map<Replica, Long> shown = new HashMap<>();
    private final Map<Replica, Integer> reigns = new HashMap<>();
    private final Map<Integer, Integer> controllers = new HashMap<>();

    /** @param whenCommitted hears of metadata that is newer than all before */
    Ledger(Chronicle chronicle, String clusterId, Consumer<ClusterImage> whenCommitted) {
        this.whenCommitted = whenCommitted;
        this.chronicle = chronicle;
        this.clusterId = clusterId;
    }

    /** @param law is asked for only when it is broken: the words are many, and it is looked at all the time */
    private static void check(boolean holds, Supplier<String> law) {
        if (!holds) {
            throw new AssertionError(law.get());
        }
    }

    /** The newest metadata that anybody took for committed. */
    ClusterImage newest() {
        Map.Entry<Long, ClusterImage> last = images.lastEntry();
        return last == null ? ClusterImage.empty(clusterId) : last.getValue();
    }

    // ---- Metadata.

    /** What a node folds is what every other one folds, and who decides has all of it. */
    ReplicatedState checked(int node, ControllerHost host) {
        return new ReplicatedState() {
            private long asOf = -1;

            @Override
            public void restore(OffsetAndEpoch snapshot, Batches batches) throws IOException {
                host.restore(snapshot, batches);
                Map.Entry<Long, ClusterImage> known = images.lowerEntry(snapshot.offset());
                ClusterImage expected = known == null ? ClusterImage.empty(clusterId) : known.getValue();
                check(
                        host.image().equals(expected.at(snapshot.offset() - 1)),
                        () -> "StateMachineSafety: what the snapshot at " + snapshot + " says to node " + node);
                asOf = snapshot.offset() - 1;
                chronicle.count("a snapshot of the metadata is installed");
            }

            @Override
            public void apply(long baseOffset, int epoch, List<ByteBuffer> values) throws IOException {
                host.apply(baseOffset, epoch, values);
                long last = baseOffset + values.size() - 1;
                check(last > asOf, () -> "node " + node + " folds offset " + last + " behind " + asOf);
                asOf = last;
                boolean newest = images.isEmpty() || last > images.lastKey();
                ClusterImage known = images.putIfAbsent(last, host.image());
                check(
                        known == null || known.equals(host.image()),
                        () -> "StateMachineSafety: node " + node + " at offset " + last + " has " + host.image()
                                + ", known is " + known);
                if (newest) {
                    whenCommitted.accept(host.image());
                }
            }

            @Override
            public void passed(long lastOffset) {
                host.passed(lastOffset);
            }

            @Override
            public void snapshot(SnapshotWriter writer) throws IOException {
                chronicle.count("a snapshot of the metadata is taken");
                host.snapshot(writer);
            }

            @Override
            public void leads(int epoch, long from) {
                Integer other = controllers.putIfAbsent(epoch, node);
                check(
                        other == null || other == node,
                        () -> "ElectionSafety: epoch " + epoch + " of the quorum is led by " + other + " and " + node);
                host.leads(epoch, from);
                // Who stood still may find out late that it was elected, when others have been since.
                boolean newest = controllers.keySet().stream().allMatch(known -> known <= epoch);
                check(
                        !newest || images.isEmpty() || from > images.lastKey(),
                        () -> "LeaderComplete: node " + node + " leads the quorum from " + from + ", committed is "
                                + images.keySet().stream().reduce(-1L, Math::max));
            }

            @Override
            public void othersAppended(long lastOffset) {
                host.othersAppended(lastOffset);
            }

            @Override
            public void follows(int epoch, int leader) {
                host.follows(epoch, leader);
            }

            @Override
            public long turn(long nowMs) {
                return host.turn(nowMs);
            }

            @Override
            public void upToDate() {
                host.upToDate();
            }

            @Override
            public void ended(@Nullable Throwable cause) {
                host.ended(cause);
            }
        };
    }

    private @Nullable PartitionImage imageOf(TopicPartition partition) {
        TopicImage topic = newest().topic(partition.topicId());
        return topic == null || partition.partition() >= topic.partitions().size()
                ? null
                : topic.partitions().get(partition.partition());
    }

    // ---- Data.

    private Committed of(TopicPartition partition) {
        return partitions.computeIfAbsent(partition, _ -> new Committed());
    }

    private TopicPartition named(org.apache.kafka.common.TopicPartition partition) {
        TopicImage topic = Objects.requireNonNull(newest().topic(partition.topic()));
        return new TopicPartition(topic.name(), topic.id(), partition.partition());
    }

    /** Somebody is going to ask for the deletion of all records before {@code offset}. */
    void mayBeDeleted(org.apache.kafka.common.TopicPartition partition, long offset) {
        Committed committed = of(named(partition));
        committed.mayBeDeleted = Math.max(committed.mayBeDeleted, offset);
    }

    /** And was told that they are. */
    void deleted(org.apache.kafka.common.TopicPartition partition, long offset) {
        Committed committed = of(named(partition));
        committed.deleted = Math.max(committed.deleted, offset);
    }

    /** Who is in sync has, with sync durability, all that is committed, whatever ended its process. */
    void recovered(int node, LogDirectory directory) {
        for (TopicImage topic : newest().topicsByName().values()) {
            for (int p = 0; p < topic.partitions().size(); p++) {
                TopicPartition partition = new TopicPartition(topic.name(), topic.id(), p);
                PartitionImage image = topic.partitions().get(p);
                if (image.inSyncReplicas().contains(node)) {
                    PartitionLog log = directory.log(partition).orElse(null);
                    check(
                            log != null || of(partition).end == 0,
                            () -> "CandidateComplete: node " + node + " comes back without " + partition);
                    if (log != null) {
                        chronicle.count("a replica in sync comes back");
                        hasAll(node, partition, log.view(), "CandidateComplete: coming back in sync");
                    }
                }
            }
        }
    }

    /** At what a replica says now. */
    void look(int node, PartitionHost host) {
        TopicPartition partition = host.partition();
        Replica replica = new Replica(node, partition);
        if (hosts.put(replica, host) != host) {
            shown.remove(replica);
            reigns.remove(replica);
        }
        long logStart = host.log().view().logStartOffset();
        check(
                logStart <= of(partition).mayBeDeleted,
                () -> "NothingElseIsDeleted: " + partition + " at node " + node + " begins at offset " + logStart
                        + ", asked was for " + of(partition).mayBeDeleted);
        long highWatermark = host.view().highWatermark().offset();
        long was = shown.getOrDefault(replica, 0L);
        check(
                highWatermark >= was,
                () -> "HighWatermarkGrows: " + partition + " at node " + node + ", " + was + " to " + highWatermark);
        if (highWatermark > was) {
            claimed(node, partition, host.log().view(), was, highWatermark);
            shown.put(replica, highWatermark);
        }
        int epoch = host.view().leaderEpoch();
        if (host.status() == Errors.NONE && reigns.getOrDefault(replica, -1) != epoch) {
            reigns.put(replica, epoch);
            chronicle.count("a reign begins");
            Integer other = of(partition).leaders.putIfAbsent(epoch, node);
            check(
                    other == null || other == node,
                    () -> "OneLeader: epoch " + epoch + " of " + partition + " is led by " + other + " and " + node);
            PartitionImage image = imageOf(partition);
            if (image != null && image.leaderEpoch() == epoch) {
                check(
                        logStart >= of(partition).deleted,
                        () -> "DeletedStays: node " + node + " leads " + partition + " from offset " + logStart
                                + " on, deleted was all before " + of(partition).deleted);
                hasAll(node, partition, host.log().view(), "LeaderComplete: leading in epoch " + epoch);
            }
        }
    }

    /** What lies below a high watermark is the same everywhere, and for ever. */
    private void claimed(int node, TopicPartition partition, LogView view, long from, long to) {
        Committed committed = of(partition);
        for (Map.Entry<Long, ByteBuffer> batch : read(view, from, to).entrySet()) {
            ByteBuffer known = committed.batches.putIfAbsent(batch.getKey(), batch.getValue());
            check(
                    known == null || known.equals(batch.getValue()),
                    () -> "HighWatermarkCommitted: node " + node + " has other bytes at offset " + batch.getKey()
                            + " of " + partition + " than were committed");
        }
        committed.end = Math.max(committed.end, to);
    }

    private void hasAll(int node, TopicPartition partition, LogView view, String law) {
        Committed committed = of(partition);
        check(
                view.logEndOffset() >= committed.end,
                () -> law + ": node " + node + " has " + partition + " up to " + view.logEndOffset() + ", committed is "
                        + committed.end);
        Map<Long, ByteBuffer> there = read(view, 0, committed.end);
        committed
                .from(view.logStartOffset())
                .forEach((base, bytes) -> check(
                        bytes.equals(there.get(base)),
                        () -> law + ": node " + node + " at offset " + base + " of " + partition));
    }

    /** Peace: all replicas are in sync and alike, and know that everything is committed. */
    void allAlike(TopicPartition partition, List<PartitionHost> hosts) {
        PartitionImage image = Objects.requireNonNull(imageOf(partition));
        check(
                image.inSyncReplicas().size() == image.replicas().size(),
                () -> "Heals: in sync in the end of " + partition + " are " + image.inSyncReplicas());
        for (PartitionHost host : hosts) {
            LogView view = host.log().view();
            check(
                    host.view().highWatermark().offset() == view.logEndOffset(),
                    () -> "Heals: " + partition + " ends at " + view.logEndOffset()
                            + ", and is known to be committed to "
                            + host.view().highWatermark().offset());
            check(
                    read(view, 0, view.logEndOffset()).equals(of(partition).from(view.logStartOffset())),
                    () -> "Heals: a replica of " + partition + " is not what was committed");
        }
    }

    private static SortedMap<Long, ByteBuffer> read(LogView view, long from, long to) {
        try {
            return WholeBatches.read(view, from, to);
        } catch (IOException e) {
            throw new DiskTrouble(e);
        }
    }
}
