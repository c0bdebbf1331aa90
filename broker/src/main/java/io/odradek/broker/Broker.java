package io.odradek.broker;

import io.odradek.broker.cluster.BatchedProposals;
import io.odradek.broker.cluster.BrokerLifecycle;
import io.odradek.broker.cluster.ConnectedBrokers;
import io.odradek.broker.cluster.ControllerLink;
import io.odradek.broker.cluster.DirectoryAssignments;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.Listener;
import io.odradek.broker.config.QuorumConfig;
import io.odradek.broker.config.TopicConfigs;
import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.HostedOffsetsLog;
import io.odradek.broker.coordination.ImageOffsetsTopic;
import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.Features;
import io.odradek.broker.metadata.ProducerIds;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.net.KafkaServer;
import io.odradek.broker.net.NetworkObserver;
import io.odradek.broker.net.NetworkOptions;
import io.odradek.broker.net.PeerNetwork;
import io.odradek.broker.net.PeerOptions;
import io.odradek.broker.net.RequestRouter;
import io.odradek.broker.net.SocketNetwork;
import io.odradek.broker.observe.BrokerMetrics;
import io.odradek.broker.observe.Metrics;
import io.odradek.broker.observe.NetworkMetrics;
import io.odradek.broker.observe.PrometheusEndpoint;
import io.odradek.broker.observe.SyncMetrics;
import io.odradek.broker.partition.FetcherSettings;
import io.odradek.broker.partition.HostedShard;
import io.odradek.broker.partition.ImageHints;
import io.odradek.broker.partition.MetadataPublisher;
import io.odradek.broker.partition.OutOfReach;
import io.odradek.broker.partition.Partitions;
import io.odradek.broker.partition.ReplicaClock;
import io.odradek.broker.partition.ReplicaPorts;
import io.odradek.broker.partition.ShardSettlement;
import io.odradek.broker.quorum.ConnectedPeers;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.broker.request.ControllerLine;
import io.odradek.broker.request.Handlers;
import io.odradek.coordinator.group.GroupSettings;
import io.odradek.coordinator.group.GroupSettingsBuilder;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.UnsuitableDirectoryException;
import io.odradek.engine.io.DirectoryLockedException;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.record.Codec;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import io.odradek.replication.partition.ReplicationSettings;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node: its log directories, shards, metadata loop, coordinator and sockets, made and taken down in order. A single broker
 * is a cluster of one: it registers with its own controller and leads what the metadata log says. Started and closed by one
 * thread.
 */
public final class Broker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);
    /** How long requests that are being worked on may take when the broker stops. */
    private static final Duration DRAIN = Duration.ofSeconds(5);

    /** How long others may take to take over what this broker leads when it stops. */
    private static final Duration LEAVE = Duration.ofSeconds(10);

    /** Between two attempts to reach another server of the quorum, at most. */
    private static final int PEER_BACKOFF_MS = 250;

    private static final long PROGRESS_EVERY_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final BrokerConfig config;
    private final FileStore store;
    private final InstantSource clock = InstantSource.system();
    private final ClientQuotas quotas = new ClientQuotas(() -> System.nanoTime() / 1_000_000);
    /** What has been started, in that order; taken down in reverse. */
    private final List<AutoCloseable> parts = new ArrayList<>();

    /** Log directories whose disk did not answer at the start. */
    private final List<Path> unopened = new ArrayList<>();
    /** Their ids, as far as this broker has registered with them before. */
    private final List<UUID> unopenedIds = new ArrayList<>();

    private final CountDownLatch failed = new CountDownLatch(1);
    private final List<ListenAddress> addresses = new ArrayList<>();
    private String clusterId = "";
    private @Nullable PrometheusEndpoint endpoint;
    private @Nullable ControllerHost controller;
    /** To the other controllers; null while this node is alone, and nobody could join it. */
    private @Nullable PeerNetwork peerNetwork;

    private @Nullable ConnectedPeers peers;
    private @Nullable KafkaServer controllerSockets;
    private boolean hasLeft;

    /** @param host empty: all addresses */
    public record ListenAddress(String listener, String host, int port) {}

    private Broker(BrokerConfig config, FileStore store) {
        this.config = config;
        this.store = store;
    }

    /**
     * Starts a broker on the disk; returns when it serves.
     *
     * @throws IOException when a directory, a log or an address can't be had; everything is closed again
     */
    public static Broker start(BrokerConfig config) throws IOException {
        return start(config, new DiskFileStore());
    }

    /** As {@link #start(BrokerConfig)} on another store. */
    public static Broker start(BrokerConfig config, FileStore store) throws IOException {
        Broker broker = new Broker(config, store);
        boolean started = false;
        try {
            broker.start();
            started = true;
            return broker;
        } finally {
            if (!started) {
                broker.close();
            }
        }
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.add(part);
        return part;
    }

    private void start() throws IOException {
        if (!config.withoutEffect().isEmpty()) {
            LOG.warn("accepted without effect in this version: {}", String.join(", ", config.withoutEffect()));
        }
        Metrics metrics = new Metrics();
        quotas.register(metrics);
        List<LogDirectory> directories = openDirectories();
        MetadataNode metadata = metadata(directories, metrics);
        if (config.quorum().isBroker()) {
            serve(directories, metadata, metrics);
        } else {
            // A controller serves what it can, with others or while it waits for them.
            await("following the cluster's metadata", metadata.controller().addListener((_, after, _) -> {
                List<String> unknown = Features.unsupported(after);
                if (!unknown.isEmpty()) {
                    throw new IllegalStateException(unknownFeatures(unknown));
                }
            }));
            part(new Housekeeping(config, directories, Housekeeping.Hosted.NONE, clock))
                    .start();
            openEndpoint(metrics);
        }
    }

    /** The node's part in the quorum, which begins before anything else: others may wait for it, and this node for them. */
    private MetadataNode metadata(List<LogDirectory> directories, Metrics metrics) throws IOException {
        List<Listener> listeners = config.controllerListeners();
        Endpoint at = MetadataNode.endpoint(
                config, listeners.isEmpty() ? 0 : listeners.getFirst().port());
        connectPeers();
        ConnectedPeers connected = peers;
        MetadataNode metadata = MetadataNode.open(
                config,
                store,
                metadataHome(directories),
                at,
                connected == null ? new NoPeers() : connected,
                clock,
                _ -> failed.countDown());
        controller = metadata.controller();
        var _ = controller.addListener((before, after, _) -> {
            if (!before.quotas().equals(after.quotas())) {
                quotas.follow(after);
            }
        });
        if (!listeners.isEmpty()) {
            RequestRouter router = Handlers.controllerRouter(config, metadata.controller(), metadata.quorum(), quotas);
            List<KafkaServer.Listener> wanted = new ArrayList<>();
            for (Listener listener : listeners) {
                wanted.add(new KafkaServer.Listener(listener.name(), listener.host(), listener.port(), router));
            }
            KafkaServer sockets = KafkaServer.bind(wanted, networkOptions().withLoops(1), new NetworkMetrics(metrics));
            controllerSockets = sockets;
            part(() -> sockets.stop(DRAIN)); // of a start that fails; else after the quorum's server
            for (Listener listener : listeners) {
                addresses.add(new ListenAddress(listener.name(), listener.host(), sockets.port(listener.name())));
            }
            sockets.serve();
        }
        part(() -> stop(metadata)); // of a start that fails, or a controller alone; else it has been stopped before
        metadata.start();
        return metadata;
    }

    /** Others must not go on asking a server that is not there any more: its sockets go with it, when it has answered to its end. */
    private void stop(MetadataNode metadata) throws InterruptedException {
        metadata.stop(DRAIN.toMillis());
        KafkaServer sockets = controllerSockets;
        if (sockets != null) {
            sockets.stop(DRAIN);
        }
    }

    /** Its network is closed after the quorum's server, whose last word is that it hands over. */
    private void connectPeers() {
        QuorumConfig quorum = config.quorum();
        if (quorum.alone() && config.controllerListeners().isEmpty()) {
            return;
        }
        Map<Integer, ConnectedPeers.Address> known = new HashMap<>();
        for (QuorumConfig.Voter voter : quorum.voters()) {
            known.put(
                    voter.id(),
                    new ConnectedPeers.Address(
                            voter.address().host(), voter.address().port()));
        }
        for (int n = 0; n < quorum.bootstrapServers().size(); n++) {
            QuorumConfig.Address at = quorum.bootstrapServers().get(n);
            known.put(MetadataNode.bootstrapContact(n), new ConnectedPeers.Address(at.host(), at.port()));
        }
        PeerNetwork network = part(SocketNetwork.open(peerOptions()
                .withConnectTimeoutMs(quorum.requestTimeoutMs())
                .withMaxBackoffMs(Math.max(PEER_BACKOFF_MS, quorum.settings().retryBackoffMs()))
                .withBackoffMs(Math.clamp(quorum.settings().retryBackoffMs(), 1, PEER_BACKOFF_MS))));
        peerNetwork = network;
        peers = new ConnectedPeers(network, known);
    }

    private PeerOptions peerOptions() {
        String version = Broker.class.getPackage().getImplementationVersion();
        return PeerOptions.defaults("odradek-" + config.nodeId(), version == null ? "development" : version);
    }

    /** The way to whoever decides on another node; null where nobody else could. */
    private @Nullable ControllerLink controllerLink(ControllerHost here) {
        PeerNetwork network = peerNetwork;
        ConnectedPeers known = peers;
        return network == null || known == null
                ? null
                : new ControllerLink(
                        here,
                        config.nodeId(),
                        clusterId,
                        network,
                        known::addressOf,
                        config.intValue("controller.quorum.request.timeout.ms"));
    }

    /** What replicas need; those of a broker that nobody can join follow nobody, and have nothing to propose. */
    private ReplicaPorts replicaPorts(
            ActiveController active,
            ControllerHost metadata,
            LongSupplier brokerEpoch,
            LongSupplier leaseEndMs,
            ReplicaClock time) {
        if (peerNetwork == null) {
            return ReplicaPorts.alone(config.nodeId(), brokerEpoch, time);
        }
        // Of its own: what followers receive delays no election.
        PeerNetwork replicas = part(SocketNetwork.open(
                peerOptions()
                        .withMaxResponseBytes(largestFetched())
                        .withConnectTimeoutMs(config.intValue("replica.socket.timeout.ms"))
                        .withMaxBackoffMs(PEER_BACKOFF_MS),
                "odradek-replicas"));
        return new ReplicaPorts(
                config.nodeId(),
                brokerEpoch,
                leaseEndMs,
                new ReplicationSettings(
                        Math.toIntExact(config.longValue("replica.lag.time.max.ms")),
                        config.intValue("replica.fetch.backoff.ms"),
                        config.intValue("replica.fetch.wait.max.ms")),
                new FetcherSettings(
                        config.intValue("replica.fetch.max.bytes"),
                        config.intValue("replica.fetch.response.max.bytes"),
                        config.intValue("replica.fetch.min.bytes"),
                        config.intValue("replica.fetch.wait.max.ms"),
                        config.intValue("replica.fetch.backoff.ms"),
                        config.intValue("replica.socket.timeout.ms")),
                time,
                new BatchedProposals(active, config.nodeId()),
                new ConnectedBrokers(replicas, metadata::image, config.interBrokerListener()));
    }

    /** A leader may answer with as much as is asked for, and one batch more, which is no larger than what a producer may send. */
    private int largestFetched() {
        long most = (long) config.intValue("replica.fetch.response.max.bytes")
                + config.intValue("socket.request.max.bytes");
        return Math.clamp(most, peerOptions().maxResponseBytes(), Integer.MAX_VALUE);
    }

    private void openEndpoint(Metrics metrics) {
        if (config.metricsPort() >= 0) {
            endpoint = part(PrometheusEndpoint.start(
                    metrics, String.valueOf(config.text("odradek.metrics.host")), config.metricsPort()));
        }
    }

    private void serve(List<LogDirectory> directories, MetadataNode metadata, Metrics metrics) throws IOException {
        List<HostedShard> shards = shards(directories, metrics);
        TopicConfigs topicConfigs = new TopicConfigs(config);
        ControllerHost controller = metadata.controller();
        await("waiting for a majority of the controllers, and their metadata", controller.upToDateFuture());
        refuseUnknownFeatures(controller.image());
        refuseMissingDirectories(controller.image(), directories);
        ClusterImage recovered = controller.image();
        recover(directories, recovered, topicConfigs);

        ExecutorService blocking = Executors.newSingleThreadExecutor(
                task -> Thread.ofPlatform().name("blocking").unstarted(task));
        AtomicLong brokerEpoch = new AtomicLong(-1);
        AtomicLong leaseEndMs = new AtomicLong(Long.MAX_VALUE);
        ScheduledThreadPoolExecutor replicaTimer = new ScheduledThreadPoolExecutor(
                1,
                task -> Thread.ofPlatform().name("replica-timer").daemon(true).unstarted(task));
        replicaTimer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false); // or a stop waits for the longest
        ReplicaClock time = ReplicaClock.of(replicaTimer);
        ControllerLink link = controllerLink(controller);
        ActiveController active = link == null ? controller : link;
        Partitions partitions = new Partitions(
                shards,
                blocking,
                outOfReach(controller.image(), directories),
                replicaPorts(active, controller, brokerEpoch::get, leaseEndMs::get, time));
        part(() -> Housekeeping.checkpointHighWatermarks(directories, partitions::forEach));
        for (HostedShard home : shards) {
            // Also when other directories are well: clients would wait for the dead one's answers for ever.
            home.shard().onDeath(failed::countDown);
            home.shard().start();
            part(home.shard());
        }
        part(blocking);
        part(replicaTimer);

        part(() -> stop(metadata));

        TopicCreation creation = new TopicCreation(active, config);
        ImageOffsetsTopic offsetsTopic =
                new ImageOffsetsTopic(controller::image, creation, config.intValue("offsets.topic.num.partitions"));
        CoordinatorHost coordinator = part(new CoordinatorHost(
                groupSettings(config),
                new HostedOffsetsLog(
                        partitions,
                        Objects.requireNonNull(Codec.ofId(config.intValue("offsets.topic.compression.codec")))),
                offsetsTopic,
                CoordinatorHost.steadyClock(),
                1));
        coordinator.start();

        // The sockets are bound before the broker registers: by then a port 0 has become one that can be told.
        NetworkMetrics networkMetrics = new NetworkMetrics(metrics);
        KafkaServer sockets = bind(
                Handlers.router(new Handlers.Ports(
                        config,
                        controller,
                        creation,
                        new ProducerIds(active, config.nodeId(), brokerEpoch::get),
                        partitions,
                        new ImageHints(controller::image),
                        coordinator,
                        offsetsTopic,
                        blocking,
                        clock,
                        metrics,
                        metadata.quorum(),
                        link == null ? ControllerLine.alone(controller::isActive) : link,
                        quotas,
                        UUID::randomUUID)),
                networkMetrics);
        AtomicBoolean following = new AtomicBoolean();
        BrokerLifecycle lifecycle = new BrokerLifecycle(
                active,
                () -> following.get() ? controller.followedOffset() : -1,
                () -> failedDirectories(directories),
                registration(directories),
                new BrokerLifecycle.Times(
                        config.intValue("broker.heartbeat.interval.ms"),
                        config.intValue("broker.session.timeout.ms"),
                        config.intValue("initial.broker.registration.timeout.ms")),
                time,
                replicaTimer,
                new BrokerLifecycle.Listener() {
                    @Override
                    public void leased(boolean now) {
                        // Of a controller in this very process no other broker gets anything while this one stands
                        // still.
                        partitions.leased(now || config.quorum().alone());
                    }

                    @Override
                    public void leasedUntil(long endMs) {
                        if (!config.quorum().alone()) {
                            leaseEndMs.set(endMs);
                        }
                    }

                    @Override
                    public void superseded(String message) {
                        LOG.error(
                                "another process has registered as broker {}; this one is over: {}",
                                config.nodeId(),
                                message);
                        failed.countDown();
                    }
                });
        // Alone, after the sockets have answered what they read: nobody could take over, so giving leadership away
        // before would turn
        // answers into errors and help no client. Where others can, first: clients then go where they are.
        part(lifecycle::stop);
        part(() -> leave(lifecycle));
        part(() -> sockets.stop(DRAIN));
        part(() -> {
            if (controller.image().brokers().size() > 1) {
                leave(lifecycle);
            }
        });

        long epoch = await("registering with the controller", lifecycle.start());
        brokerEpoch.set(epoch);
        directories.forEach(directory -> directory.rememberBrokerEpoch(epoch));
        MetadataPublisher publisher =
                new MetadataPublisher(config.nodeId(), partitions, topicConfigs::logConfig, recovered);
        await("reading this broker's registration", registered(controller, epoch));
        topicConfigs
                .overruled(controller.image())
                .forEach((key, value) -> LOG.warn(
                        "{}={} of the configuration file is not used: the cluster has {}, which the controller and all"
                                + " brokers go by; change it with kafka-configs.sh --alter --entity-type brokers"
                                + " --entity-default --add-config {}=...",
                        key,
                        config.given().get(key),
                        value,
                        key));
        DirectoryAssignments assignments =
                new DirectoryAssignments(active, config.nodeId(), brokerEpoch::get, partitions::directoryOf, time);
        await("following the cluster's metadata", controller.addListener((before, after, delta) -> {
            // The client hears of its topic when this is done. A partition that can't be opened has been reported, and
            // stays unavailable; the others and the metadata go on.
            ClusterImage.Step step = new ClusterImage.Step(before, after, delta);
            awaitPublished(publisher.delete(step));
            awaitPublished(publisher.apply(step));
            assignments.follow(after, delta);
            coordinator.follow(config.nodeId(), after, delta);
        }));
        following.set(true);
        await("waiting to be unfenced by the controller", lifecycle.unfence());

        part(new Housekeeping(config, directories, partitions::forEach, clock)).start();
        Compaction compaction = part(new Compaction(config, partitions, clock));
        compaction.start();
        for (LogDirectory directory : directories) {
            directory.onOffline(_ -> {
                if (directories.stream().allMatch(LogDirectory::isOffline)) {
                    failed.countDown(); // as Kafka: a broker without a directory has nothing to serve
                }
                lifecycle.directoryFailed();
            });
        }
        networkMetrics.watch(sockets);
        BrokerMetrics.register(
                metrics,
                new BrokerMetrics.Sources(
                        config.nodeId(),
                        directories,
                        shards,
                        partitions,
                        compaction.cleaner(),
                        coordinator,
                        controller::image));
        openEndpoint(metrics);
        sockets.serve();
    }

    /** Before, the metadata may say that this broker leads what its predecessor did, whose reigns are over. */
    private CompletableFuture<Void> registered(ControllerHost metadata, long epoch) {
        CompletableFuture<Void> known = new CompletableFuture<>();
        var _ = metadata.addListener((_, after, _) -> {
            BrokerImage self = after.broker(config.nodeId());
            if (self != null && self.epoch() >= epoch) {
                known.complete(null);
            }
        });
        return known;
    }

    private KafkaServer bind(RequestRouter router, NetworkObserver observer) throws IOException {
        List<KafkaServer.Listener> listeners = new ArrayList<>();
        for (Listener listener : config.listeners()) {
            listeners.add(new KafkaServer.Listener(listener.name(), listener.host(), listener.port(), router));
        }
        KafkaServer sockets = KafkaServer.bind(listeners, networkOptions(), observer, quotas);
        for (Listener listener : config.listeners()) {
            addresses.add(new ListenAddress(listener.name(), listener.host(), sockets.port(listener.name())));
        }
        return sockets;
    }

    /**
     * Told of by the first start of a process at the latest; one directory's cluster is the cluster of all. A directory whose
     * disk does not answer is out of service, as it would be had that happened later; one that belongs to another broker, or
     * is in use, is a mistake that somebody has to correct.
     */
    private List<LogDirectory> openDirectories() throws IOException {
        // First the one that cannot be done without: it knows the cluster that an empty directory will belong to.
        Path metadata = config.metadataLogDirectory().toAbsolutePath().normalize();
        List<Path> paths = new ArrayList<>();
        config.logDirectories().forEach(path -> paths.add(path.toAbsolutePath().normalize()));
        paths.sort(Comparator.comparing(path -> !path.equals(metadata)));
        List<LogDirectory> directories = new ArrayList<>();
        String known = null;
        for (Path path : paths) {
            try {
                LogDirectory directory = LogDirectory.open(
                        store,
                        path,
                        known,
                        config.nodeId(),
                        LogDirectory.Options.defaults().withRecentBytes(config.recentBytes()));
                directories.add(directory);
                part(directory);
                known = directory.identity().clusterId();
            } catch (IOException e) {
                if (path.equals(metadata)
                        || e instanceof UnsuitableDirectoryException
                        || e instanceof DirectoryLockedException) {
                    throw e;
                }
                LOG.error("log directory {} can't be opened and is out of service; the others serve", path, e);
                unopened.add(path);
            }
        }
        clusterId = String.valueOf(known);
        return directories;
    }

    private List<HostedShard> shards(List<LogDirectory> directories, Metrics metrics) throws IOException {
        GroupSync.Strategy strategy =
                GroupSync.Strategy.valueOf(config.syncStrategy().toUpperCase(Locale.ROOT));
        List<HostedShard> shards = new ArrayList<>();
        for (LogDirectory directory : directories) {
            SyncMetrics syncs = new SyncMetrics(metrics, directory.path().toString());
            for (int i = 0; i < config.shards(); i++) {
                ShardSettlement settlement = new ShardSettlement();
                String name = Integer.toString(shards.size());
                Shard shard = new Shard(
                        new Shard.Options(
                                name,
                                config.ringSlots(),
                                config.ringBytes(),
                                config.waitStrategy(),
                                config.shardThreads(Runtime.getRuntime().availableProcessors())),
                        directory,
                        new GroupSync(store, directory.path(), strategy, syncs, System::nanoTime),
                        journal(directory, name),
                        settlement,
                        clock,
                        syncs);
                shards.add(new HostedShard(shard, directory, settlement));
            }
        }
        return shards;
    }

    private @Nullable Journal journal(LogDirectory directory, String shard) throws IOException {
        long halfBytes = config.journalHalfBytes();
        if (halfBytes == 0) {
            return null;
        }
        Journal journal = directory.openJournal(shard, Journal.Limits.of(halfBytes), System::nanoTime);
        journal.start();
        return journal;
    }

    private LogDirectory metadataHome(List<LogDirectory> directories) throws IOException {
        Path path = config.metadataLogDirectory().toAbsolutePath().normalize();
        for (LogDirectory directory : directories) {
            if (directory.path().equals(path)) {
                return directory;
            }
        }
        throw new IOException("metadata.log.dir=" + path + " is not one of log.dirs");
    }

    private static void refuseUnknownFeatures(ClusterImage image) throws IOException {
        List<String> unknown = Features.unsupported(image);
        if (!unknown.isEmpty()) {
            throw new IOException(unknownFeatures(unknown));
        }
    }

    private static String unknownFeatures(List<String> unknown) {
        return "this cluster's metadata needs features that this version does not have: " + String.join("; ", unknown)
                + "; start a version that has them";
    }

    /**
     * A partition that is found nowhere is made anew, since it may be one that a crash kept from being made. One whose directory
     * was left out, or replaced by an empty one, would come back empty under its name: so that is said, and has to be wanted.
     * The metadata has such a directory in the broker's registration, or, when it failed before, only with the replicas in it.
     */
    private void refuseMissingDirectories(ClusterImage image, List<LogDirectory> directories) throws IOException {
        BrokerImage registered = image.broker(config.nodeId());
        if (registered == null) {
            return;
        }
        Set<UUID> known = new HashSet<>(registered.directories());
        for (TopicImage topic : image.topicsByName().values()) {
            topic.partitions().forEach(partition -> known.add(partition.directoryIn(config.nodeId())));
        }
        known.remove(PartitionImage.UNKNOWN_DIRECTORY);
        Set<String> missing = new TreeSet<>();
        known.forEach(id -> missing.add(TopicIds.toKafka(id).toString()));
        directories.forEach(directory -> missing.remove(
                TopicIds.toKafka(directory.identity().directoryId()).toString()));
        List<String> givenUp = List.of(
                String.valueOf(config.text("odradek.lost.log.directories")).split("[, ]+", -1));
        givenUp.forEach(missing::remove);
        if (missing.size() > unopened.size()) {
            throw new IOException("a log directory that this broker had is not in log.dirs=" + config.logDirectories()
                    + ": directory.id=" + String.join(",", missing)
                    + " (see its meta.properties). What it holds would be"
                    + " made anew, empty. Bring it back, or give it up for good with odradek.lost.log.directories="
                    + String.join(",", missing));
        }
        missing.forEach(id -> unopenedIds.add(TopicIds.fromKafka(Uuid.fromString(id))));
    }

    private void recover(List<LogDirectory> directories, ClusterImage image, TopicConfigs topicConfigs)
            throws IOException {
        for (LogDirectory directory : directories) {
            Progress progress = new Progress(directory.path());
            try {
                directory.recoverAll(
                        partition -> {
                            TopicImage topic = image.topic(partition.topicId());
                            return topic == null ? null : topicConfigs.logConfig(image, topic.name());
                        },
                        config.intValue("num.recovery.threads.per.data.dir"),
                        progress);
            } catch (IOException e) {
                directory.takeOffline(e);
                if (directories.stream().allMatch(LogDirectory::isOffline)) {
                    throw e;
                }
                LOG.error("log directory {} goes offline: its logs can't be recovered", directory.path(), e);
            }
        }
    }

    /** What the image says this broker has, and no directory that was read has. */
    private OutOfReach outOfReach(ClusterImage image, List<LogDirectory> directories) {
        if (unopened.isEmpty() && directories.stream().noneMatch(LogDirectory::isOffline)) {
            return OutOfReach.NOTHING;
        }
        Set<TopicPartition> partitions = new HashSet<>();
        for (TopicImage topic : image.topicsByName().values()) {
            for (int n = 0; n < topic.partitions().size(); n++) {
                TopicPartition partition = new TopicPartition(topic.name(), topic.id(), n);
                if (topic.partitions().get(n).replicas().contains(config.nodeId())
                        && directories.stream()
                                .noneMatch(directory -> directory.log(partition).isPresent())) {
                    partitions.add(partition);
                }
            }
        }
        LOG.warn("{} partitions are out of reach until every log directory can be read again", partitions.size());
        return new OutOfReach(List.copyOf(unopened), Set.copyOf(partitions));
    }

    /** Says how far recovery has come, when it takes long. Any recovering thread. */
    private static final class Progress implements LogDirectory.RecoveryProgress {
        private final Path directory;
        private final long started = System.nanoTime();
        private long lastLine = started;
        private long bytes;

        Progress(Path directory) {
            this.directory = directory;
        }

        @Override
        public synchronized void logRecovered(TopicPartition partition, long scannedBytes, int done, int total) {
            bytes += scannedBytes;
            long now = System.nanoTime();
            if (now - lastLine > PROGRESS_EVERY_NANOS || (done == total && lastLine != started)) {
                lastLine = now;
                LOG.info(
                        "recovering {}: {} of {} logs, {} MB scanned, {} s",
                        directory,
                        done,
                        total,
                        bytes / 1_000_000,
                        (now - started) / 1_000_000_000L);
            }
        }
    }

    private NetworkOptions networkOptions() throws IOException {
        long queued = config.longValue("queued.max.request.bytes");
        NetworkOptions defaults = NetworkOptions.defaults();
        return defaults.withLoops(config.networkThreads())
                .withTransport(NetworkOptions.Transport.valueOf(
                        String.valueOf(config.text("odradek.network.transport")).toUpperCase(Locale.ROOT)))
                .withLimits(defaults.limits()
                        .withMaxRequestBytes(config.intValue("socket.request.max.bytes"))
                        .withMaxReceiveBytes(queued > 0 ? queued : 2 * config.ringBytes())
                        .withMaxIdleMs(config.longValue("connections.max.idle.ms"))
                        .withMaxConnections(config.intValue("max.connections"))
                        .withMaxConnectionsPerAddress(config.intValue("max.connections.per.ip"))
                        .withAddressOverrides(connectionOverrides())
                        .withMaxPipelinedRequests(config.intValue("odradek.pipelined.requests")))
                .withSockets(new NetworkOptions.Sockets(
                        config.intValue("socket.send.buffer.bytes"),
                        config.intValue("socket.receive.buffer.bytes"),
                        config.intValue("socket.listen.backlog.size")));
    }

    private Map<InetAddress, Integer> connectionOverrides() throws IOException {
        Map<InetAddress, Integer> overrides = new HashMap<>();
        for (Map.Entry<String, Integer> override : config.connectionOverrides().entrySet()) {
            try {
                for (InetAddress address : InetAddress.getAllByName(override.getKey())) {
                    overrides.put(address, override.getValue());
                }
            } catch (UnknownHostException e) {
                throw new IOException(
                        "max.connections.per.ip.overrides: nobody knows the host " + override.getKey()
                                + "; allowed: an address, or a name that can be looked up",
                        e);
            }
        }
        return overrides;
    }

    private RegisterBroker registration(List<LogDirectory> directories) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (Listener advertised : config.advertisedListeners()) {
            int port = advertised.port();
            for (ListenAddress address : addresses) {
                if (port == 0 && address.listener().equals(advertised.name())) {
                    port = address.port();
                }
            }
            endpoints.add(new Endpoint(advertised.name(), advertised.host(), port, advertised.protocol().id));
        }
        List<UUID> directoryIds = new ArrayList<>();
        for (LogDirectory directory : directories) {
            directoryIds.add(directory.identity().directoryId());
        }
        directoryIds.addAll(unopenedIds); // or the next start would not miss them
        return new RegisterBroker(
                config.nodeId(),
                UUID.randomUUID(),
                endpoints,
                Features.supported(),
                config.rack(),
                directoryIds,
                previousEpoch(directories));
    }

    /** Of those that are registered. */
    private List<UUID> failedDirectories(List<LogDirectory> directories) {
        List<UUID> ids = new ArrayList<>(unopenedIds);
        directories.stream()
                .filter(LogDirectory::isOffline)
                .forEach(directory -> ids.add(directory.identity().directoryId()));
        return ids;
    }

    /** The epoch in which the last stop was clean in every directory; -1 when they don't say so with one voice (KIP-966). */
    static long previousEpoch(List<LogDirectory> directories) {
        long epoch = directories.getFirst().lastBrokerEpoch();
        return directories.stream().allMatch(each -> each.lastBrokerEpoch() == epoch) ? epoch : -1;
    }

    /** Tells the controller that this stop is meant. A clean stop goes on without its consent. */
    private void leave(BrokerLifecycle lifecycle) throws InterruptedException {
        if (hasLeft || lifecycle.epoch() < 0) {
            return;
        }
        hasLeft = true;
        try {
            lifecycle.leave().get(LEAVE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            LOG.warn("the controller was not told of this stop, and finds out by itself: {}", cause.getMessage());
            LOG.debug("why it was not told", cause);
        } catch (TimeoutException e) {
            LOG.warn("The controller has not consented to this stop within {}; stopping without it", LEAVE);
        }
    }

    static GroupSettings groupSettings(BrokerConfig config) {
        return GroupSettingsBuilder.builder()
                .minSessionTimeoutMs(config.intValue("group.min.session.timeout.ms"))
                .maxSessionTimeoutMs(config.intValue("group.max.session.timeout.ms"))
                .initialRebalanceDelayMs(config.intValue("group.initial.rebalance.delay.ms"))
                .maxSize(config.intValue("group.max.size"))
                .newMemberJoinTimeoutMs(GroupSettings.DEFAULTS.newMemberJoinTimeoutMs())
                .offsetsRetentionMs(TimeUnit.MINUTES.toMillis(config.intValue("offsets.retention.minutes")))
                .offsetsRetentionCheckIntervalMs(config.longValue("offsets.retention.check.interval.ms"))
                .offsetMetadataMaxChars(config.intValue("offset.metadata.max.bytes"))
                .offsetsCommitTimeoutMs(config.intValue("offsets.commit.timeout.ms"))
                .offsetsTopicPartitions(config.intValue("offsets.topic.num.partitions"))
                .build();
    }

    /** Interrupted, it leaves the rest to whoever has lost patience with the metadata loop. */
    private static void awaitPublished(CompletableFuture<Void> published) {
        try {
            published.get();
        } catch (ExecutionException e) {
            LOG.error("not every partition could be brought to what the metadata says", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** However long it takes: a majority of controllers may come tomorrow. What is waited for is said now and then. */
    private static <T> T await(String what, CompletableFuture<T> done) throws IOException {
        for (long waited = PROGRESS_EVERY_NANOS; ; waited += PROGRESS_EVERY_NANOS) {
            try {
                return done.get(PROGRESS_EVERY_NANOS, TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                LOG.info("{}, for {} s now", what, TimeUnit.NANOSECONDS.toSeconds(waited));
            } catch (ExecutionException e) {
                throw new IOException(what + " failed: " + e.getCause(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException(what + " was interrupted");
            }
        }
    }

    /** Where this node is reached, with the ports it got: by controllers first, if it is one with a listener for them, then by clients. */
    public List<ListenAddress> addresses() {
        return List.copyOf(addresses);
    }

    /** The metadata as this node has it. */
    ControllerHost controller() {
        return Objects.requireNonNull(controller);
    }

    /**
     * The port that metrics are read at, once it is open; -1 when there is no endpoint.
     *
     * @throws CompletionException its port could not be had
     */
    public int metricsPort() {
        return endpoint == null ? -1 : endpoint.port();
    }

    public String clusterId() {
        return clusterId;
    }

    /** Returns when the broker can no longer do its work: no directory is left, or the metadata can't be written. */
    public void awaitFailure() throws InterruptedException {
        failed.await();
    }

    /** Whether {@link #awaitFailure} would return at once. Any thread. */
    public boolean hasFailed() {
        return failed.getCount() == 0;
    }

    /** Answers what is being worked on, then writes, syncs and closes everything, the newest part first. */
    @Override
    public void close() {
        while (!parts.isEmpty()) {
            AutoCloseable part = parts.removeLast();
            try {
                part.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                LOG.error("interrupted while stopping; the next start will recover", e);
            } catch (Exception e) { // each part goes, whatever happens to another
                LOG.error("stopping was not clean; the next start will recover", e);
            }
        }
    }
}
