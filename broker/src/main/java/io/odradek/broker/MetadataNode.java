package io.odradek.broker;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.BrokerConfigRules;
import io.odradek.broker.config.Listener;
import io.odradek.broker.config.QuorumConfig;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.Features;
import io.odradek.broker.metadata.MetadataLoop;
import io.odradek.broker.quorum.Peers;
import io.odradek.broker.quorum.QuorumHost;
import io.odradek.broker.quorum.QuorumStorage;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.FileStore;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.ControllerSettings;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A node's part in the metadata quorum, of whatever role it is: its log and snapshots, the loop, and what the records fold into. */
final class MetadataNode {

    private static final int LARGEST_BATCH_BYTES = 64 << 20;

    /** Kafka's default. */
    private static final int LONE_SESSION_MS = 9_000;

    private final QuorumHost quorum;
    private final ControllerHost controller;
    private final MetadataLoop loop;
    private boolean stopped;

    private MetadataNode(QuorumHost quorum, ControllerHost controller, MetadataLoop loop) {
        this.quorum = quorum;
        this.controller = controller;
        this.loop = loop;
    }

    /**
     * Reads what there is; {@link #start} begins to take part.
     *
     * @param directory of the metadata log
     * @param at where the other servers of the quorum reach this one; null when nobody is to know
     * @param onBroken told when this node can take part no more; any thread
     * @throws IOException what the disk holds contradicts itself
     */
    static MetadataNode open(
            BrokerConfig config,
            FileStore store,
            LogDirectory directory,
            @Nullable Endpoint at,
            Peers peers,
            InstantSource clock,
            Consumer<Throwable> onBroken)
            throws IOException {
        QuorumConfig quorum = config.quorum();
        SecureRandom random = new SecureRandom();
        ExecutorService publishing = MetadataLoop.publisher();
        ControllerHost controller = new ControllerHost(
                new ControllerHost.Options(
                        directory.identity().clusterId(),
                        config.nodeId(),
                        settings(config),
                        new BrokerConfigRules(config),
                        Features.forNewCluster(),
                        config.longValue("metadata.log.max.record.bytes.between.snapshots"),
                        config.longValue("metadata.log.max.snapshot.interval.ms")),
                random::nextLong,
                publishing);
        controller.onBroken(onBroken);
        boolean opened = false;
        try {
            QuorumHost host = new QuorumHost(
                    new QuorumHost.Options(
                            directory.identity().clusterId(),
                            quorum.listener(),
                            at,
                            contacts(config),
                            quorum.settings(),
                            quorum.requestTimeoutMs()),
                    QuorumStorage.open(store, directory, logConfig(config), firstVoters(config, directory, at), clock),
                    peers,
                    controller,
                    () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()),
                    clock,
                    random.nextLong(),
                    new Complaints(System::nanoTime));
            controller.decideFor(host);
            opened = true;
            return new MetadataNode(host, controller, new MetadataLoop(host, controller, publishing, onBroken));
        } finally {
            if (!opened) {
                publishing.shutdownNow();
            }
        }
    }

    private static ControllerSettings settings(BrokerConfig config) {
        int sessionMs = config.intValue("broker.session.timeout.ms");
        // Where nobody can join, nobody takes over: to miss the broker early would do nothing but stop it.
        boolean joined =
                !config.quorum().alone() || !config.controllerListeners().isEmpty();
        return ControllerSettings.of(config.defaultPartitions(), config.defaultReplicationFactor())
                .withSessionMs(joined ? sessionMs : Math.max(sessionMs, LONE_SESSION_MS))
                .withRebalanceIntervalMs(
                        config.flag("auto.leader.rebalance.enable")
                                ? TimeUnit.SECONDS.toMillis(config.longValue("leader.imbalance.check.interval.seconds"))
                                : 0)
                .withImbalancePercent(config.intValue("leader.imbalance.per.broker.percentage"));
    }

    /**
     * Who votes in a cluster that begins here: this node, when nothing says that there are others. Where there are some, it is not for one of
     * them to say so: docs/decisions/0027.
     */
    private static VoterSet firstVoters(BrokerConfig config, LogDirectory directory, @Nullable Endpoint at) {
        ReplicaKey self = new ReplicaKey(config.nodeId(), directory.identity().directoryId());
        return config.quorum().alone()
                ? VoterSet.of(List.of(new Voter(self, at == null ? List.of() : List.of(at))))
                : VoterSet.NONE;
    }

    /** Ids of {@code controller.quorum.voters}, else numbers for the addresses of {@code controller.quorum.bootstrap.servers}. */
    private static List<Integer> contacts(BrokerConfig config) {
        QuorumConfig quorum = config.quorum();
        List<Integer> contacts = new ArrayList<>();
        if (quorum.alone()) {
            return contacts;
        }
        for (QuorumConfig.Voter voter : quorum.voters()) {
            if (voter.id() != config.nodeId()) {
                contacts.add(voter.id());
            }
        }
        for (int n = 0; n < quorum.bootstrapServers().size(); n++) {
            contacts.add(bootstrapContact(n));
        }
        return contacts;
    }

    /** -1 is nobody. */
    static int bootstrapContact(int index) {
        return -2 - index;
    }

    /** Metadata is never lost to retention, and durable before anybody acts on it. */
    static LogConfig logConfig(BrokerConfig config) {
        return LogConfig.defaults()
                .withAppendAheadBytes(0)
                .withDurability(new Durability.Sync())
                .withSegmentBytes(Math.max(LARGEST_BATCH_BYTES, config.intValue("metadata.log.segment.bytes")))
                .withSegmentMs(config.longValue("metadata.log.segment.ms"))
                .withRetentionMs(-1)
                .withRetentionBytes(-1)
                .withMaxMessageBytes(Integer.MAX_VALUE)
                .withDelete(false);
    }

    /** Where this node is reached by others of the quorum; null when it has no listener for them. */
    static @Nullable Endpoint endpoint(BrokerConfig config, int boundPort) {
        List<Listener> own = config.controllerListeners();
        if (own.isEmpty()) {
            return null;
        }
        for (QuorumConfig.Voter voter : config.quorum().voters()) {
            if (voter.id() == config.nodeId()) {
                return new Endpoint(
                        config.quorum().listener(),
                        voter.address().host(),
                        voter.address().port(),
                        own.getFirst().protocol().id);
            }
        }
        Listener first = own.getFirst();
        return new Endpoint(
                first.name(), first.host().isEmpty() ? "localhost" : first.host(), boundPort, first.protocol().id);
    }

    void start() {
        loop.start();
    }

    ControllerHost controller() {
        return controller;
    }

    QuorumHost quorum() {
        return quorum;
    }

    /** Ends it, once; see {@link MetadataLoop#stop}. */
    void stop(long timeoutMs) throws InterruptedException {
        if (!stopped) {
            stopped = true;
            loop.stop(timeoutMs);
        }
    }
}
