package io.odradek.broker.partition;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.replication.controller.PartitionImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every partition on this broker. One thread, which applies metadata, changes it; any thread reads, without locks.
 *
 * <p>A partition is put on the shard that has the fewest when it appears here, and stays there for life: its log's owner never
 * changes.
 */
public final class Partitions {
    private static final Logger LOG = LoggerFactory.getLogger(Partitions.class);

    private final List<HostedShard> shards;
    private final Executor blocking;
    private final LogStartWrites logStarts;
    private final OutOfReach outOfReach;
    private final ReplicaPorts ports;
    private final ReplicationThrottles throttles;
    /** Whether this broker may act as leader. */
    private volatile boolean leased = true;
    /** Partitions per shard, in the order of {@link #shards}. */
    private final int[] load;

    private final TopicTraffic traffic = TopicTraffic.ofBroker();
    private final Map<PartitionHost, Integer> shardOf = new HashMap<>();
    private final ConcurrentHashMap<String, HostedTopic> byName = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Uuid, HostedTopic> byId = new ConcurrentHashMap<>();

    /**
     * @param shards at least one; those of one log directory next to each other or not, as you like
     * @param blocking where a task may wait for the disk
     * @param ports what replicas need of other brokers
     */
    public Partitions(List<HostedShard> shards, Executor blocking, OutOfReach outOfReach, ReplicaPorts ports) {
        if (shards.isEmpty()) {
            throw new IllegalArgumentException("a broker needs at least one shard");
        }
        this.shards = List.copyOf(shards);
        this.load = new int[shards.size()];
        this.blocking = blocking;
        this.logStarts = new LogStartWrites(blocking);
        this.outOfReach = outOfReach;
        this.ports = ports;
        this.throttles = new ReplicationThrottles(ports.brokerId(), ports.clock());
        for (int i = 0; i < shards.size(); i++) {
            HostedShard home = shards.get(i);
            home.settlement().serve(home.shard(), i, ports, throttles.follower());
        }
    }

    public List<HostedShard> shards() {
        return shards;
    }

    public OutOfReach outOfReach() {
        return outOfReach;
    }

    public ReplicationThrottles throttles() {
        return throttles;
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

    /** A partition that this broker has a replica of, and what {@code image} says of it. */
    public record Replica(TopicPartition partition, LogConfig config, PartitionImage image) {}

    /** {@link #followAll} for one partition. */
    public CompletableFuture<PartitionHost> follow(TopicPartition partition, LogConfig config, PartitionImage image)
            throws IOException {
        Map<TopicPartition, IOException> failures = open(List.of(new Replica(partition, config, image)));
        PartitionHost host = find(kafkaId(partition.topicId()), partition.partition());
        if (host == null) {
            throw new IOException(partition + " can't be opened", failures.get(partition));
        }
        return hear(host, image);
    }

    /**
     * Opens or creates the logs of partitions that this broker has replicas of, those of one log directory together, and has each lead,
     * follow or stand by as its image says. A partition can be found at once and answers NOT_LEADER_OR_FOLLOWER until then. One that
     * fails is reported and keeps no other from being had. May block on the disk and on a full ring.
     *
     * @return done when all that can be had are what their images say; exceptionally, and not before that, when some can't
     */
    public CompletableFuture<Void> followAll(List<Replica> replicas) {
        open(replicas).forEach((partition, cause) -> LOG.error("{} can't be opened", partition, cause));
        Map<HostedShard, List<CompletableFuture<?>>> begun = new LinkedHashMap<>();
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (Replica replica : replicas) {
            TopicPartition partition = replica.partition();
            PartitionHost host = find(kafkaId(partition.topicId()), partition.partition());
            if (host == null) {
                all.add(CompletableFuture.failedFuture(new IOException(partition + " can't be opened")));
            } else {
                begun.computeIfAbsent(host.home(), _ -> new ArrayList<>()).add(hear(host, replica.image()));
            }
        }
        begun.forEach((home, ofShard) -> all.add(home.shard().orDeath(allOf(ofShard))));
        return allOf(all);
    }

    private static CompletableFuture<PartitionHost> hear(PartitionHost host, PartitionImage image) {
        CompletableFuture<PartitionHost> done = new CompletableFuture<>();
        try {
            host.hear(image, failure -> {
                if (failure == null) {
                    done.complete(host);
                } else {
                    done.completeExceptionally(failure);
                }
            });
        } catch (RejectedExecutionException ended) {
            done.completeExceptionally(ended);
        }
        return done;
    }

    /** The controller may soon give up this broker, as its heartbeats were not answered; or one was. Any thread, one at a time. */
    public void leased(boolean now) {
        if (leased != now) {
            leased = now;
            forEach(host -> host.shard().settle(() -> host.leased(now)));
        }
    }

    static CompletableFuture<Void> allOf(List<? extends CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new));
    }

    /** Those that are here already stay where they are. Returns which can't be had. */
    private Map<TopicPartition, IOException> open(List<Replica> replicas) {
        Map<LogDirectory, Map<TopicPartition, LogConfig>> wanted = new LinkedHashMap<>();
        Map<Replica, Integer> shardOfNew = new LinkedHashMap<>();
        Map<TopicPartition, IOException> failures = new LinkedHashMap<>();
        for (Replica replica : replicas) {
            TopicPartition partition = replica.partition();
            if (outOfReach.partitions().contains(partition)) {
                failures.put(partition, new IOException("its log is in a log directory that is out of service"));
            } else if (find(kafkaId(partition.topicId()), partition.partition()) == null) {
                int shard = shardFor(partition);
                load[shard]++;
                shardOfNew.put(replica, shard);
                wanted.computeIfAbsent(shards.get(shard).directory(), _ -> new LinkedHashMap<>())
                        .put(partition, replica.config());
            }
        }
        wanted.forEach((directory, logs) -> {
            try {
                failures.putAll(directory.createAll(logs));
            } catch (IOException e) {
                logs.keySet().forEach(partition -> failures.put(partition, e));
            }
        });
        shardOfNew.forEach((replica, shard) -> shards.get(shard)
                .directory()
                .log(replica.partition())
                .ifPresentOrElse(log -> host(replica, shard, log), () -> load[shard]--));
        return failures;
    }

    private void host(Replica replica, int shard, PartitionLog log) {
        TopicPartition partition = replica.partition();
        Uuid id = kafkaId(partition.topicId());
        HostedShard home = shards.get(shard);
        HostedTopic topic = byId.get(id);
        if (topic == null) {
            topic = new HostedTopic(partition.topic(), id, traffic.ofTopic());
        }
        log.reconfigure(replica.config()); // it may have been opened by what this broker knew before it was away
        PartitionHost host = new PartitionHost(
                partition, id, home, log, replica.image().leaderEpoch(), topic.traffic(), ports, logStarts, leased);
        home.settlement().attach(host);
        shardOf.put(host, shard);
        topic.put(partition.partition(), host);
        byId.put(id, topic);
        byName.put(partition.topic(), topic);
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

    /** Id of the log directory in which this broker has that replica; null when it has none. Any thread. */
    public @Nullable UUID directoryOf(UUID topicId, int partition) {
        PartitionHost host = find(kafkaId(topicId), partition);
        return host == null ? null : host.directory().identity().directoryId();
    }

    /** Followers that wait for a throttle look again: what they wait for may have changed. */
    void throttlesChanged() {
        for (HostedShard home : shards) {
            home.shard().settle(() -> {}); // behind which they ask, if they may
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
                host.shard().settle(() -> host.minInSyncReplicasChanged(config.minInSyncReplicas()));
            }
        }
    }

    /**
     * The topic is gone: requests no longer find it, those that wait are answered, and its files go, those of one log
     * directory together.
     *
     * @return done when the directories have been renamed away; exceptionally with the first failure
     */
    public CompletableFuture<Void> delete(Uuid topicId) {
        HostedTopic topic = byId.remove(topicId);
        if (topic == null) {
            return CompletableFuture.completedFuture(null);
        }
        byName.remove(topic.name(), topic);
        Map<LogDirectory, List<PartitionHost>> doomed = new LinkedHashMap<>();
        for (@Nullable PartitionHost host : topic.hosts()) {
            if (host != null) {
                doomed.computeIfAbsent(host.directory(), _ -> new ArrayList<>()).add(host);
            }
        }
        List<CompletableFuture<?>> deleted = new ArrayList<>();
        doomed.forEach((directory, hosts) -> deleted.add(delete(directory, hosts, Errors.UNKNOWN_TOPIC_OR_PARTITION)));
        return allOf(deleted);
    }

    /**
     * This broker's replica of a partition was taken away: requests no longer find it, and its files go.
     *
     * @return as {@link #delete(Uuid)}
     */
    public CompletableFuture<Void> deleteReplica(Uuid topicId, int partition) {
        HostedTopic topic = byId.get(topicId);
        PartitionHost host = topic == null ? null : topic.host(partition);
        if (topic == null || host == null) {
            return CompletableFuture.completedFuture(null);
        }
        topic.put(partition, null);
        boolean empty = true;
        for (@Nullable PartitionHost other : topic.hosts()) {
            empty &= other == null;
        }
        if (empty) {
            byId.remove(topicId);
            byName.remove(topic.name(), topic);
        }
        return delete(host.directory(), List.of(host), Errors.NOT_LEADER_OR_FOLLOWER);
    }

    /** Deletes a topic's logs that were opened when this broker started, and that it has not begun to host. */
    CompletableFuture<Void> deleteUnhosted(UUID topicId) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        for (LogDirectory directory : shards.stream()
                                .map(HostedShard::directory)
                                .distinct()
                                .toList()) {
                            directory.deleteAll(directory.logs().stream()
                                    .filter(log -> log.partition().topicId().equals(topicId))
                                    .toList());
                        }
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                blocking);
    }

    private CompletableFuture<Void> delete(LogDirectory directory, List<PartitionHost> hosts, Errors why) {
        Map<HostedShard, List<CompletableFuture<?>>> released = new LinkedHashMap<>();
        for (PartitionHost host : hosts) {
            released.computeIfAbsent(host.home(), _ -> new ArrayList<>()).add(release(host, why));
        }
        List<CompletableFuture<?>> all = new ArrayList<>();
        released.forEach((home, ofShard) -> all.add(home.shard().orDeath(allOf(ofShard))));
        return allOf(all)
                .thenRunAsync(
                        () -> {
                            try {
                                directory.deleteAll(
                                        hosts.stream().map(PartitionHost::log).toList());
                            } catch (IOException e) {
                                throw new CompletionException(e);
                            }
                        },
                        blocking);
    }

    /** Done when no thread of the shard touches the log any more. */
    private CompletableFuture<Void> release(PartitionHost host, Errors why) {
        Integer shard = shardOf.remove(host);
        if (shard != null) {
            load[shard]--;
        }
        CompletableFuture<Void> released = new CompletableFuture<>();
        host.shard().settle(() -> host.giveUp(why));
        // Whatever was handed over before is settled first, whatever comes later finds the log closed.
        try {
            host.shard().letGo(host.log(), _ -> {
                host.settlement().detach(host);
                released.complete(null);
            });
        } catch (RejectedExecutionException ended) {
            released.completeExceptionally(ended);
        }
        return released;
    }

    /** The same 128 bits in Kafka's type. */
    public static Uuid kafkaId(UUID id) {
        return new Uuid(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }
}
