package io.odradek.spec.cluster;

import io.odradek.broker.cluster.BatchedProposals;
import io.odradek.broker.cluster.BrokerLifecycle;
import io.odradek.broker.cluster.ConnectedBrokers;
import io.odradek.broker.cluster.ControllerLink;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.BrokerConfigRules;
import io.odradek.broker.config.TopicConfigs;
import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.HostedOffsetsLog;
import io.odradek.broker.coordination.ImageOffsetsTopic;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.Features;
import io.odradek.broker.metadata.ProducerIds;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.net.PeerNetwork;
import io.odradek.broker.net.RequestRouter;
import io.odradek.broker.observe.Metrics;
import io.odradek.broker.partition.FetcherSettings;
import io.odradek.broker.partition.HostedShard;
import io.odradek.broker.partition.ImageHints;
import io.odradek.broker.partition.MetadataPublisher;
import io.odradek.broker.partition.OutOfReach;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.broker.partition.ReplicaClock;
import io.odradek.broker.partition.ReplicaPorts;
import io.odradek.broker.partition.ShardSettlement;
import io.odradek.broker.quorum.ConnectedPeers;
import io.odradek.broker.quorum.QuorumHost;
import io.odradek.broker.quorum.QuorumStorage;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.broker.request.Handlers;
import io.odradek.coordinator.group.GroupSettings;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.io.SyncObserver;
import io.odradek.engine.record.Codec;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerSettings;
import io.odradek.replication.controller.TopicImage;
import io.odradek.replication.partition.ReplicationSettings;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import io.odradek.spec.simulation.FormattedDisk;
import io.odradek.spec.simulation.SimulatedCrash;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One machine of the cluster with a disk, and on it, while it runs, a process that is broker and controller: what {@code Broker} puts together, on
 * this network, disk and clock, and with the stages of its threads taken one by one.
 */
final class ClusterNode implements Machine {

    static final int CLIENT_PORT = 9092;
    static final int QUORUM_PORT = 9093;
    static final String CLUSTER = "AAAAAAAAAAAAAAAAAAAAAg";

    /** With Kafka's defaults a minute is too short for much to happen to a group. */
    private static final GroupSettings QUICK_GROUPS =
            GroupSettings.DEFAULTS.withMinSessionTimeoutMs(1_000).withInitialRebalanceDelayMs(300);

    private static final Path DATA = Path.of("/data");
    private static final String LISTENER = "CONTROLLER";
    private static final int SHARDS = 2;
    private static final int OFFSETS_PARTITIONS = 2;
    private static final int RING_SLOTS = 16;
    private static final int RING_BYTES = 1 << 14;
    private static final long ROOM_BYTES = 1L << 40;
    private static final long EPOCH_MS = 1_700_000_000_000L;
    /** More stages than any log task of a decision takes. */
    private static final int PATIENCE = 10_000;
    /** As long as {@code Broker} waits for the controller's consent to a stop. */
    private static final int LEAVE_MS = 10_000;

    private static final int HAND_OVER_MS = 100;
    private static final int ROUNDS_TO_DRAIN = 3;

    private static final LogConfig METADATA_LOG = LogConfig.defaults()
            .withAppendAheadBytes(0)
            .withDurability(new Durability.Sync())
            .withSegmentMs(Long.MAX_VALUE)
            .withRetentionMs(-1)
            .withRetentionBytes(-1)
            .withMaxMessageBytes(Integer.MAX_VALUE)
            .withDelete(false);

    private final int id;
    private final SimulatedCluster cluster;
    private final Timeline time;
    private final Chronicle chronicle;
    private final SplittableRandom random;
    private final Temper temper;
    private final BrokerConfig config;
    private SimulatedFileStore store;
    private long life;
    private boolean up;
    private long standsUntilMs;
    private long diskIsBusyUntilMs;
    private long wallOffsetMs;
    private long turnAtMs = Long.MAX_VALUE;
    private boolean turning;
    private boolean mayFail;
    private long fullUntilMs;
    /** How long the machine is down when its disk, or its power at an operation of it, ends the process. */
    private int downMs = 1;

    // Of this life.
    private @Nullable LogDirectory directory;
    private @Nullable QuorumHost quorum;
    private @Nullable ControllerHost controller;
    private @Nullable Partitions partitions;
    private @Nullable BrokerLifecycle lifecycle;
    private @Nullable CoordinatorHost coordinator;
    private @Nullable RequestRouter toClients;
    private @Nullable RequestRouter toControllers;
    private final List<Shard> shards = new ArrayList<>();
    private long brokerEpoch = -1;
    private long leaseEndMs = Long.MAX_VALUE;
    private boolean following;
    private boolean leads;
    private boolean stopping;

    ClusterNode(int id, SimulatedCluster cluster, SplittableRandom random) {
        this.id = id;
        this.cluster = cluster;
        this.time = cluster.time();
        this.chronicle = cluster.chronicle();
        this.random = random;
        this.temper = cluster.temper();
        this.config = BrokerConfig.of(settings(id, cluster.nodeCount()));
        this.store = formatted();
    }

    private static Map<String, String> settings(int id, int nodes) {
        List<String> voters = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
            voters.add(node + "@" + SimulatedNetwork.hostOf(node) + ":" + QUORUM_PORT);
        }
        String host = SimulatedNetwork.hostOf(id);
        Map<String, String> settings = new HashMap<>();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", String.valueOf(id));
        settings.put(
                "listeners", "PLAINTEXT://" + host + ":" + CLIENT_PORT + ",CONTROLLER://" + host + ":" + QUORUM_PORT);
        settings.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        settings.put("controller.listener.names", LISTENER);
        settings.put("controller.quorum.voters", String.join(",", voters));
        settings.put("log.dirs", DATA.toString());
        settings.put("default.replication.factor", "3");
        settings.put("min.insync.replicas", String.valueOf(1 + id % 3)); // one of them is every node's
        settings.put("offsets.topic.replication.factor", "3");
        settings.put("offsets.topic.num.partitions", String.valueOf(OFFSETS_PARTITIONS));
        return settings;
    }

    private SimulatedFileStore formatted() {
        SimulatedFileStore fresh = new SimulatedFileStore(random.nextLong());
        FormattedDisk.format(fresh, DATA, CLUSTER, id, directoryId());
        return fresh;
    }

    private UUID directoryId() {
        return new UUID(id + 1L, 1);
    }

    Voter voter() {
        return new Voter(new ReplicaKey(id, directoryId()), List.of(quorumEndpoint()));
    }

    private Endpoint quorumEndpoint() {
        return new Endpoint(LISTENER, SimulatedNetwork.hostOf(id), QUORUM_PORT, (short) 0);
    }

    // ---- As a machine.

    @Override
    public int id() {
        return id;
    }

    @Override
    public boolean isUp() {
        return up;
    }

    @Override
    public long life() {
        return life;
    }

    @Override
    public @Nullable RequestRouter listensAt(int port) {
        return port == CLIENT_PORT ? toClients : toControllers;
    }

    @Override
    public void run(long atLife, Runnable task) {
        if (atLife != life || !up) {
            return;
        }
        if (time.nowMs() < standsUntilMs) {
            time.at(standsUntilMs, () -> run(atLife, task));
            return;
        }
        alive(task::run);
        turnBy(time.nowMs());
    }

    private void later(long ms, Runnable task) {
        long atLife = life;
        time.after(ms, () -> run(atLife, task));
    }

    private long wallMs() {
        return EPOCH_MS + wallOffsetMs + time.nowMs();
    }

    private InstantSource wallClock() {
        return () -> Instant.ofEpochMilli(wallMs());
    }

    private interface Doing {
        void run() throws IOException;
    }

    /** Whatever ends the process, it is started again from what the disk has then. */
    private void alive(Doing doing) {
        long atLife = life;
        try {
            doing.run();
            if (up && life == atLife && store.crashed()) {
                down(false, "at an operation of its disk", downMs);
            }
        } catch (SimulatedCrash crash) {
            down(false, "at an operation of its disk", downMs);
        } catch (IOException | DiskTrouble broken) {
            troubled(broken);
        }
    }

    private void troubled(Exception broken) {
        if (store.crashed()) {
            down(false, "at an operation of its disk", downMs);
        } else if (mayFail) {
            chronicle.count("a process ends because its disk fails");
            down(false, "as its disk has failed: " + broken, downMs);
        } else if (time.nowMs() < fullUntilMs) {
            chronicle.count("a process ends because its disk is full");
            down(true, "as its disk is full: " + broken, downMs);
        } else {
            throw new AssertionError("A disk is in trouble, unasked: node " + id + ": " + broken, broken);
        }
    }

    // ---- The process.

    void start() {
        life++;
        up = true;
        following = false;
        leads = false;
        stopping = false;
        brokerEpoch = -1;
        leaseEndMs = Long.MAX_VALUE;
        standsUntilMs = 0;
        diskIsBusyUntilMs = 0;
        turnAtMs = Long.MAX_VALUE;
        chronicle.say("node " + id + " starts");
        alive(() -> {
            LogDirectory opened = LogDirectory.open(
                    store,
                    DATA,
                    CLUSTER,
                    id,
                    LogDirectory.Options.defaults()
                            .withClock(wallClock())
                            .withRecentBytes((long) random.nextInt(2) << 14));
            directory = opened;
            PeerNetwork network = cluster.network().of(this);
            Map<Integer, ConnectedPeers.Address> addresses = new HashMap<>();
            config.quorum()
                    .voters()
                    .forEach(voter -> addresses.put(
                            voter.id(),
                            new ConnectedPeers.Address(
                                    voter.address().host(), voter.address().port())));
            ConnectedPeers peers = new ConnectedPeers(network, addresses);
            ControllerHost host = new ControllerHost(
                    new ControllerHost.Options(
                            CLUSTER,
                            id,
                            ControllerSettings.of(1, 3)
                                    .withSessionMs(config.intValue("broker.session.timeout.ms"))
                                    .withRebalanceIntervalMs(temper.rebalanceIntervalMs()),
                            new BrokerConfigRules(config),
                            Features.forNewCluster(),
                            temper.metadataSnapshotBytes(),
                            0),
                    random::nextLong,
                    Runnable::run);
            host.onBroken(this::broken);
            List<Integer> others = config.quorum().voters().stream()
                    .map(voter -> voter.id())
                    .filter(voter -> voter != id)
                    .toList();
            QuorumHost server = new QuorumHost(
                    new QuorumHost.Options(
                            CLUSTER,
                            LISTENER,
                            quorumEndpoint(),
                            others,
                            config.quorum().settings(),
                            config.quorum().requestTimeoutMs()),
                    QuorumStorage.open(store, opened, METADATA_LOG, cluster.voters(), wallClock()),
                    peers,
                    cluster.ledger().checked(id, host),
                    time::nowMs,
                    wallClock(),
                    random.nextLong(),
                    line -> chronicle.say("node " + id + " complains: " + line));
            host.decideFor(server);
            controller = host;
            quorum = server;
            toControllers = Handlers.controllerRouter(config, host, server, new ClientQuotas(() -> 0));
            whenDone(host.upToDateFuture(), _ -> alive(() -> becomeBroker(opened, host, server, peers, network)));
            turnBy(time.nowMs());
        });
    }

    private void broken(Throwable cause) {
        if (!store.crashed()) {
            throw new AssertionError("node " + id + " could not follow the metadata", cause);
        }
        throw new DiskTrouble(new IOException("the machine has lost its power", cause));
    }

    /** What a log of the topic runs with on this machine. */
    LogConfig configured(ClusterImage image, String topic) {
        return new TopicConfigs(config).logConfig(image, topic);
    }

    private void becomeBroker(
            LogDirectory opened, ControllerHost host, QuorumHost server, ConnectedPeers peers, PeerNetwork network)
            throws IOException {
        TopicConfigs topicConfigs = new TopicConfigs(config);
        ClusterImage image = host.image();
        opened.recoverAll(
                partition -> {
                    TopicImage topic = image.topic(partition.topicId());
                    return topic == null ? null : topicConfigs.logConfig(image, topic.name());
                },
                1,
                (partition, bytes, done, total) -> {});
        if (!opened.unusable().isEmpty()) {
            throw new AssertionError("node " + id + " has logs that cannot be used: " + opened.unusable());
        }
        cluster.ledger().recovered(id, opened);
        ControllerLink link = new ControllerLink(
                host, id, CLUSTER, network, peers::addressOf, config.intValue("controller.quorum.request.timeout.ms"));
        Clock clock = new Clock(life);
        shards.clear();
        List<HostedShard> homes = new ArrayList<>();
        for (int n = 0; n < SHARDS; n++) {
            ShardSettlement settlement = new ShardSettlement();
            Shard shard = new Shard(
                    new Shard.Options("n" + id + "-" + n, RING_SLOTS, RING_BYTES, "block", Shard.Threads.NONE),
                    opened,
                    new GroupSync(store, DATA, GroupSync.Strategy.FDATASYNC, SyncObserver.NONE, store::elapsedNanos),
                    settlement,
                    wallClock());
            shards.add(shard);
            homes.add(new HostedShard(shard, opened, settlement));
        }
        Partitions all = new Partitions(
                homes,
                Runnable::run,
                OutOfReach.NOTHING,
                new ReplicaPorts(
                        id,
                        () -> brokerEpoch,
                        () -> leaseEndMs,
                        new ReplicationSettings(temper.replicaLagMs(), 50, 200),
                        new FetcherSettings(temper.fetchBytes(), 2 * temper.fetchBytes(), 1, 200, 50, 1_000),
                        clock,
                        new BatchedProposals(link, id),
                        new ConnectedBrokers(network, host::image, "PLAINTEXT")));
        partitions = all;
        TopicCreation creation = new TopicCreation(link, config);
        ImageOffsetsTopic offsetsTopic = new ImageOffsetsTopic(host::image, creation, OFFSETS_PARTITIONS);
        long startedAtMs = wallMs() - time.nowMs();
        SplittableRandom memberIds = random.split();
        CoordinatorHost coordinating = CoordinatorHost.withoutThreads(
                QUICK_GROUPS,
                new HostedOffsetsLog(all, Codec.NONE),
                offsetsTopic,
                () -> startedAtMs + time.nowMs(), // of a clock that nobody sets
                task -> later(random.nextInt(5), task));
        coordinator = coordinating;
        RequestRouter router = Handlers.router(new Handlers.Ports(
                config,
                host,
                creation,
                new ProducerIds(link, id, () -> brokerEpoch),
                all,
                new ImageHints(host::image),
                coordinating,
                offsetsTopic,
                Runnable::run,
                wallClock(),
                new Metrics(),
                server,
                link,
                new ClientQuotas(() -> 0),
                () -> new UUID(memberIds.nextLong(), memberIds.nextLong())));
        Executor loop = task -> later(0, task);
        BrokerLifecycle living = new BrokerLifecycle(
                link,
                () -> following ? host.followedOffset() : -1,
                List::of, // there is one directory, without which the process ends
                new RegisterBroker(
                        id,
                        new UUID(random.nextLong(), random.nextLong()),
                        List.of(new Endpoint("PLAINTEXT", SimulatedNetwork.hostOf(id), CLIENT_PORT, (short) 0)),
                        Features.supported(),
                        null,
                        List.of(directoryId()),
                        opened.lastBrokerEpoch()),
                new BrokerLifecycle.Times(
                        config.intValue("broker.heartbeat.interval.ms"),
                        config.intValue("broker.session.timeout.ms"),
                        Integer.MAX_VALUE),
                clock,
                loop,
                new BrokerLifecycle.Listener() {
                    @Override
                    public void leased(boolean now) {
                        chronicle.say("node " + id + (now ? " has a lease" : " has no lease any more"));
                        all.leased(now);
                    }

                    @Override
                    public void leasedUntil(long endMs) {
                        leaseEndMs = endMs;
                    }

                    @Override
                    public void superseded(String message) {
                        throw new AssertionError("node " + id + " is superseded: " + message);
                    }
                });
        lifecycle = living;
        MetadataPublisher publisher = new MetadataPublisher(id, all, topicConfigs::logConfig, image);
        whenDone(living.start(), epoch -> {
            brokerEpoch = epoch;
            opened.rememberBrokerEpoch(epoch);
            chronicle.say("node " + id + " is registered in epoch " + epoch);
            whenDone(
                    registered(host, epoch),
                    _ -> whenDone(
                            host.addListener((before, after, delta) -> {
                                ClusterImage.Step step = new ClusterImage.Step(before, after, delta);
                                awaitPublished(publisher.delete(step));
                                awaitPublished(publisher.apply(step));
                                coordinating.follow(id, after, delta);
                            }),
                            _ -> {
                                following = true;
                                whenDone(living.unfence(), _ -> {
                                    chronicle.count("a broker serves");
                                    chronicle.say("node " + id + " serves");
                                    toClients = router;
                                });
                            }));
        });
        turnShards();
        keepHouse();
    }

    private interface Taken<T> {
        void accept(T value);
    }

    /** As a task of its own. */
    private <T> void whenDone(CompletableFuture<T> done, Taken<T> next) {
        long atLife = life;
        var _ = done.whenComplete((value, failed) -> time.after(
                0,
                () -> run(atLife, () -> {
                    if (failed != null && stopping) {
                        return; // whoever stops is told of no registration any more
                    }
                    if (failed != null) {
                        throw new AssertionError("node " + id + " cannot become a broker", failed);
                    }
                    next.accept(value);
                })));
    }

    private CompletableFuture<Void> registered(ControllerHost host, long epoch) {
        CompletableFuture<Void> known = new CompletableFuture<>();
        var _ = host.addListener((_, after, _) -> {
            BrokerImage self = after.broker(id);
            if (self != null && self.epoch() >= epoch) {
                known.complete(null);
            }
        });
        return known;
    }

    /** The publisher waits, and so do all other threads but those that it waits for. */
    private void awaitPublished(CompletableFuture<Void> published) {
        for (int i = 0; !published.isDone(); i++) {
            if (i == PATIENCE) {
                throw new AssertionError("node " + id + ": what the metadata says is not followed");
            }
            for (Shard shard : shards) {
                shard.stages().append(Integer.MAX_VALUE);
                shard.stages().sync();
                shard.stages().settle();
            }
        }
        if (published.isCompletedExceptionally() && !store.crashed() && !mayFail && time.nowMs() >= fullUntilMs) {
            throw new AssertionError(
                    "node " + id + ": not every partition could be followed", published.exceptionNow());
        }
    }

    // ---- Its threads' turns.

    private void turnBy(long atMs) {
        long at = Math.max(atMs, diskIsBusyUntilMs);
        if (turning || at >= turnAtMs) {
            return;
        }
        turnAtMs = at;
        long atLife = life;
        time.at(at, () -> {
            if (life == atLife && up && turnAtMs == at) {
                turn(atLife);
            }
        });
    }

    private void turn(long atLife) {
        turnAtMs = Long.MAX_VALUE;
        if (time.nowMs() < standsUntilMs) {
            turnBy(standsUntilMs);
            return;
        }
        turning = true;
        long[] next = {Long.MAX_VALUE};
        try {
            alive(() -> {
                QuorumHost running = quorum;
                if (running == null) {
                    return;
                }
                long before = store.operations();
                next[0] = running.turn();
                if (store.operations() > before && temper.metadataSyncMs() > 0) {
                    diskIsBusyUntilMs = time.nowMs() + random.nextInt(temper.metadataSyncMs());
                }
            });
        } finally {
            turning = false;
        }
        if (life == atLife && up) {
            ControllerHost host = controller;
            if (host != null && host.isActive() != leads) {
                leads = host.isActive();
                chronicle.say("node " + id
                        + (leads ? " is the active controller" : " is not the active controller any more"));
                if (leads) {
                    chronicle.count("a controller becomes active");
                }
            }
            turnBy(Math.max(time.nowMs() + 1, next[0]));
        }
    }

    private void turnShards() {
        later(1 + random.nextInt(4), () -> {
            for (Shard shard : shards) {
                for (int i = 0; i < 3; i++) {
                    switch (random.nextInt(temper.calm() ? 3 : 5)) {
                        case 0 -> shard.stages().append(1 + random.nextInt(6));
                        case 1 -> {
                            if (time.nowMs() >= diskIsBusyUntilMs) {
                                shard.stages().sync();
                            }
                        }
                        case 2 -> shard.stages().settle();
                        default -> {}
                    }
                }
            }
            CoordinatorHost groups = coordinator;
            if (groups != null) {
                groups.turn();
            }
            look();
            turnShards();
        });
    }

    private void look() {
        LogDirectory opened = directory;
        Partitions all = partitions;
        if (opened == null || all == null || store.crashed()) {
            return;
        }
        if (opened.isOffline()) {
            troubled(new IOException("the log directory is offline"));
            return;
        }
        all.forEach(host -> cluster.ledger().look(id, host));
    }

    private void keepHouse() {
        later(100 + random.nextInt(400), () -> {
            alive(() -> {
                LogDirectory opened = directory;
                Partitions all = partitions;
                if (opened == null || all == null) {
                    return;
                }
                switch (random.nextInt(3)) {
                    case 0 -> opened.checkpointRecoveryPoints();
                    case 1 -> checkpointHighWatermarks(opened, all);
                    default -> opened.deletePending(wallMs());
                }
            });
            keepHouse();
        });
    }

    private static void checkpointHighWatermarks(LogDirectory opened, Partitions all) throws IOException {
        Map<TopicPartition, LongSupplier> marks = new HashMap<>();
        all.forEach(host -> marks.put(host.partition(), host::checkpoint));
        opened.checkpointPresentHighWatermarks(marks);
    }

    private final class Clock implements ReplicaClock {
        private final long atLife;

        Clock(long atLife) {
            this.atLife = atLife;
        }

        @Override
        public long nowMs() {
            return time.nowMs();
        }

        @Override
        public void wakeAt(long atMs, Runnable task) {
            time.at(atMs, () -> run(atLife, task));
        }
    }

    // ---- What befalls it.

    /**
     * @param killed the process alone: what it wrote stays
     * @param forMs until it is started again
     */
    void down(boolean killed, String how, int forMs) {
        if (!up) {
            return;
        }
        chronicle.count(killed ? "a process is killed" : "a machine loses power");
        chronicle.say("node " + id + (killed ? " is killed " : " loses power ") + how);
        up = false;
        life++;
        mayFail = false;
        directory = null;
        quorum = null;
        controller = null;
        partitions = null;
        lifecycle = null;
        coordinator = null;
        toClients = null;
        toControllers = null;
        shards.clear();
        store = killed && !store.crashed() ? store.afterKill() : store.afterCrash(random.nextLong());
        long atLife = life;
        time.after(forMs, () -> {
            if (life == atLife && !up) {
                start();
            }
        });
    }

    void losePower(int forMs) {
        if (up) {
            store.crash();
            down(false, "by the plug", forMs);
        }
    }

    /** In the midst of whatever it does with its disk so many operations later. */
    void losePowerSoon(int operations, int forMs) {
        if (up) {
            downMs = forMs;
            store.crashAtOperation(store.operations() + operations);
        }
    }

    void standStill(long ms) {
        if (up) {
            chronicle.count("a process stands still");
            chronicle.say("node " + id + " stands still for " + ms + " ms");
            standsUntilMs = time.nowMs() + ms;
        }
    }

    void slowDisk(long ms) {
        chronicle.count("a disk takes its time");
        diskIsBusyUntilMs = Math.max(diskIsBusyUntilMs, time.nowMs() + ms);
    }

    /** The process ends by it, and is started again after so long. */
    void failNextSync(int nth, int forMs) {
        if (up) {
            chronicle.count("a sync fails");
            mayFail = true;
            downMs = forMs;
            store.failSync(nth);
        }
    }

    /** Whether it ends by that is its matter; then it is started again after {@code forMs}, until there is room. */
    void fillDisk(long freeBytes, long ms, int forMs) {
        chronicle.count("a disk is full");
        chronicle.say("node " + id + "'s disk has " + freeBytes + " bytes left");
        downMs = forMs;
        fullUntilMs = time.nowMs() + ms;
        store.limitFreeBytes(freeBytes);
        time.at(fullUntilMs, () -> {
            if (time.nowMs() >= fullUntilMs) {
                giveRoom();
            }
        });
    }

    private void giveRoom() {
        if (fullUntilMs > 0) {
            fullUntilMs = 0;
            chronicle.say("node " + id + "'s disk has room again");
            store.limitFreeBytes(ROOM_BYTES);
        }
    }

    void setClock(long offsetMs) {
        chronicle.count("a clock is set");
        wallOffsetMs = offsetMs;
    }

    /** As on SIGTERM: first others take over, as long as {@code Broker} waits for that; then it serves nobody, and closes what it has. */
    void leaveAndStop(int forMs) {
        BrokerLifecycle living = lifecycle;
        QuorumHost server = quorum;
        if (living == null || server == null || !up) {
            return;
        }
        chronicle.count("a broker leaves");
        chronicle.say("node " + id + " leaves");
        Runnable stop = () -> {
            if (!stopping) {
                stopping = true;
                toClients = null;
                living.stop();
                server.handOver();
                later(HAND_OVER_MS, () -> alive(() -> stopCleanly(forMs)));
            }
        };
        long atLife = life;
        var _ = living.leave()
                .whenComplete((_, _) -> time.after(0, () -> run(atLife, stop))); // without consent as well
        later(LEAVE_MS, stop);
    }

    private void stopCleanly(int forMs) throws IOException {
        LogDirectory opened = directory;
        Partitions all = partitions;
        if (opened == null || all == null) {
            return;
        }
        for (int i = 0; i < ROUNDS_TO_DRAIN; i++) {
            for (Shard shard : shards) {
                shard.stages().append(Integer.MAX_VALUE);
                shard.stages().sync();
                shard.stages().settle();
            }
        }
        checkpointHighWatermarks(opened, all);
        opened.close();
        chronicle.count("a broker stops cleanly");
        down(true, "as it has left", forMs);
    }

    /** Whatever was to befall it does not. */
    void peace() {
        store.crashAtOperation(Long.MAX_VALUE);
        diskIsBusyUntilMs = 0;
        giveRoom();
    }

    // ---- Looked at in the end.

    @Nullable
    ControllerHost controller() {
        return controller;
    }

    /** Null while it does not run. */
    @Nullable
    VoterSet votersKnown() {
        QuorumHost server = quorum;
        return server == null ? null : server.voters();
    }

    @Nullable
    PartitionHost host(String topic, int partition) {
        Partitions all = partitions;
        return all == null ? null : all.find(topic, partition);
    }

    void forEachHost(Consumer<PartitionHost> what) {
        Partitions all = partitions;
        if (all != null) {
            all.forEach(what);
        }
    }
}
