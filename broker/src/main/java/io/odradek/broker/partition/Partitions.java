package io.odradek.broker.partition;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.LeaderEvent.InSyncReplicasChanged;
import io.odradek.replication.partition.LeaderEvent.MinInSyncReplicasChanged;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Every partition on this broker. One thread, which applies metadata, changes it; any thread reads, without locks.
 *
 * <p>A partition is put on the shard that has the fewest when it appears here, and stays there for life: its log's owner never
 * changes.
 */
public final class Partitions {
    private final List<HostedShard> shards;
    private final Executor blocking;
    /** Partitions per shard, in the order of {@link #shards}. */
    private final int[] load;

    private final TopicTraffic traffic = TopicTraffic.ofBroker();
    private final Map<PartitionHost, Integer> shardOf = new HashMap<>();
    private final ConcurrentHashMap<String, HostedTopic> byName = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Uuid, HostedTopic> byId = new ConcurrentHashMap<>();

    /**
     * @param shards at least one; those of one log directory next to each other or not, as you like
     * @param blocking where a task may wait for the disk
     */
    public Partitions(List<HostedShard> shards, Executor blocking) {
        if (shards.isEmpty()) {
            throw new IllegalArgumentException("a broker needs at least one shard");
        }
        this.shards = List.copyOf(shards);
        this.load = new int[shards.size()];
        this.blocking = blocking;
    }

    public List<HostedShard> shards() {
        return shards;
    }

    public @Nullable HostedTopic topic(String name) {
        return byName.get(name);
    }

    public @Nullable HostedTopic topic(Uuid id) {
        return byId.get(id);
    }

    public @Nullable PartitionHost find(String topic, int partition) {
        HostedTopic hosted = byName.get(topic);
        return hosted == null ? null : hosted.host(partition);
    }

    public @Nullable PartitionHost find(Uuid topicId, int partition) {
        HostedTopic hosted = byId.get(topicId);
        return hosted == null ? null : hosted.host(partition);
    }

    /** Of all topics, those that are gone included. */
    public TopicTraffic traffic() {
        return traffic;
    }

    /** Topics that have partitions here; a moment's truth. */
    public Collection<HostedTopic> topics() {
        return byId.values();
    }

    /** For every partition here, as far as it doesn't come or go meanwhile. */
    public void forEach(Consumer<PartitionHost> action) {
        for (HostedTopic topic : byId.values()) {
            for (@Nullable PartitionHost host : topic.hosts()) {
                if (host != null) {
                    action.accept(host);
                }
            }
        }
    }

    /**
     * Opens or creates the log of a partition that {@code brokerId}, this broker, leads, and begins the reign. The partition
     * can be found at once and answers NOT_LEADER_OR_FOLLOWER until then. May block on the disk and on a full ring.
     *
     * @return done when it leads; exceptionally when its log could not begin the reign
     */
    public CompletableFuture<PartitionHost> lead(
            TopicPartition partition, LogConfig config, int brokerId, PartitionImage image) throws IOException {
        Uuid id = kafkaId(partition.topicId());
        PartitionHost known = find(id, partition.partition());
        PartitionHost host = known != null ? known : open(partition, id, config, image.leaderEpoch());
        CompletableFuture<PartitionHost> leading = new CompletableFuture<>();
        host.shard().run(host.log(), () -> host.log().beginEpoch(image.leaderEpoch()), failure -> {
            if (failure != null) {
                host.retire(Errors.KAFKA_STORAGE_ERROR);
                leading.completeExceptionally(failure);
            }
        });
        // What recovery found may be in the page cache only. A reader must not see what a power loss takes away again.
        host.shard().requestSync(host.log(), failure -> {
            if (leading.isDone()) {
                return; // the reign could not begin
            }
            if (failure == null) {
                host.lead(brokerId, image);
                leading.complete(host);
            } else {
                host.retire(Errors.KAFKA_STORAGE_ERROR);
                leading.completeExceptionally(failure);
            }
        });
        return leading;
    }

    /** The in-sync set changed within a reign. */
    void changeInSyncReplicas(Uuid topicId, int partition, PartitionImage image) {
        PartitionHost host = find(topicId, partition);
        if (host != null) {
            InSyncReplicasChanged change = new InSyncReplicasChanged(
                    image.inSyncReplicas(), image.replicas().size(), image.partitionEpoch());
            host.shard().settle(() -> host.learn(change));
        }
    }

    private PartitionHost open(TopicPartition partition, Uuid id, LogConfig config, int leaderEpoch)
            throws IOException {
        int shard = shardFor(partition);
        HostedShard home = shards.get(shard);
        PartitionLog log = home.directory().openOrCreate(partition, config);
        HostedTopic topic = byId.get(id);
        if (topic == null) {
            topic = new HostedTopic(partition.topic(), id, traffic.ofTopic());
        }
        PartitionHost host = new PartitionHost(partition, id, home, log, leaderEpoch, topic.traffic());
        home.settlement().attach(host);
        load[shard]++;
        shardOf.put(host, shard);
        topic.put(partition.partition(), host);
        byId.put(id, topic);
        byName.put(partition.topic(), topic);
        return host;
    }

    /** The emptiest shard; among those of the directory in which the log already lies, if it does. */
    private int shardFor(TopicPartition partition) {
        @Nullable LogDirectory present = null;
        for (HostedShard shard : shards) {
            if (shard.directory().log(partition).isPresent()) {
                present = shard.directory();
                break;
            }
        }
        int best = -1;
        for (int i = 0; i < load.length; i++) {
            LogDirectory directory = shards.get(i).directory();
            boolean fits = present != null ? directory == present : !directory.isOffline();
            if (fits && (best < 0 || load[i] < load[best])) {
                best = i;
            }
        }
        return Math.max(best, 0);
    }

    /** Another broker leads from now on: those who wait here are told to ask there. */
    void resign(Uuid topicId, int partition) {
        PartitionHost host = find(topicId, partition);
        if (host != null) {
            host.shard().settle(() -> host.retire(Errors.NOT_LEADER_OR_FOLLOWER));
        }
    }

    /** Takes effect with the next batch. */
    public void reconfigure(Uuid topicId, LogConfig config) {
        HostedTopic topic = byId.get(topicId);
        if (topic == null) {
            return;
        }
        for (@Nullable PartitionHost host : topic.hosts()) {
            if (host != null) {
                host.log().reconfigure(config);
                host.shard().settle(() -> host.learn(new MinInSyncReplicasChanged(config.minInSyncReplicas())));
            }
        }
    }

    /**
     * The topic is gone: requests no longer find it, those that wait are answered, and its files go.
     *
     * @return done when the directories have been renamed away; exceptionally with the first failure
     */
    public CompletableFuture<Void> delete(Uuid topicId) {
        HostedTopic topic = byId.remove(topicId);
        if (topic == null) {
            return CompletableFuture.completedFuture(null);
        }
        byName.remove(topic.name(), topic);
        List<CompletableFuture<?>> deleted = new ArrayList<>();
        for (@Nullable PartitionHost host : topic.hosts()) {
            if (host != null) {
                deleted.add(delete(host));
            }
        }
        return CompletableFuture.allOf(deleted.toArray(CompletableFuture<?>[]::new));
    }

    private CompletableFuture<Void> delete(PartitionHost host) {
        Integer shard = shardOf.remove(host);
        if (shard != null) {
            load[shard]--;
        }
        CompletableFuture<Void> deleted = new CompletableFuture<>();
        host.shard().settle(() -> host.retire(Errors.UNKNOWN_TOPIC_OR_PARTITION));
        // Whatever was handed over before is settled first, whatever comes later finds the log closed.
        host.shard().letGo(host.log(), failure -> {
            host.settlement().detach(host);
            blocking.execute(() -> {
                try {
                    host.directory().delete(host.log());
                    deleted.complete(null);
                } catch (IOException e) {
                    deleted.completeExceptionally(e);
                }
            });
        });
        return deleted;
    }

    /** The same 128 bits in Kafka's type. */
    public static Uuid kafkaId(UUID id) {
        return new Uuid(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }
}
