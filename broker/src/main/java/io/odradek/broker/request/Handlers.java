package io.odradek.broker.request;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.ConfigDescriptions;
import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.broker.coordination.ImageOffsetsTopic;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.Features;
import io.odradek.broker.metadata.ProducerIds;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.RequestRouter;
import io.odradek.broker.observe.Metrics;
import io.odradek.broker.partition.FetchSessions;
import io.odradek.broker.partition.LeaderHints;
import io.odradek.broker.partition.Partitions;
import io.odradek.broker.quorum.QuorumHost;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.engine.record.Refusal;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.quorum.VoterSet;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** One handler for each of {@link OfferedApis}. */
public final class Handlers {

    /**
     * What the handlers need of the broker.
     *
     * @param blocking where a task may wait for the disk
     * @param metrics where the handlers' figures are registered
     * @param quorum this node's server of the metadata quorum
     * @param line to the active controller
     * @param quotas of clients, as this node enforces them
     * @param memberIds of members of groups that come without one; any thread
     */
    public record Ports(
            BrokerConfig config,
            ControllerHost controller,
            TopicCreation creation,
            ProducerIds producerIds,
            Partitions partitions,
            LeaderHints hints,
            CoordinatorHost coordinator,
            ImageOffsetsTopic offsetsTopic,
            Executor blocking,
            InstantSource clock,
            Metrics metrics,
            QuorumHost quorum,
            ControllerLine line,
            ClientQuotas quotas,
            Supplier<UUID> memberIds) {}

    private Handlers() {}

    /** Exactly one handler for each API that is offered. */
    public static RequestRouter router(Ports ports) {
        BrokerConfig config = ports.config();
        ControllerHost controller = ports.controller();
        Partitions partitions = ports.partitions();
        LeaderHints hints = ports.hints();
        CoordinatorHost coordinator = ports.coordinator();
        ConfigDescriptions descriptions = new ConfigDescriptions(config);
        FetchSessions sessions =
                new FetchSessions(config.intValue("max.incremental.fetch.session.cache.slots"), ports.clock());
        ProduceHandler produce = new ProduceHandler(partitions, hints, ports.clock());
        FetchHandler fetch = new FetchHandler(
                partitions,
                hints,
                sessions,
                config.intValue("fetch.max.bytes"),
                ports.quotas(),
                ReadReplicaSelector.named(config.text("replica.selector.class")));
        watch(ports.metrics(), produce, fetch, sessions);
        Map<ApiKeys, ApiHandler> handlers = new EnumMap<>(ApiKeys.class);
        handlers.put(ApiKeys.API_VERSIONS, new ApiVersionsHandler(() -> features(controller.image())));
        handlers.put(ApiKeys.PRODUCE, produce);
        handlers.put(ApiKeys.FETCH, fetch);
        handlers.put(ApiKeys.LIST_OFFSETS, new ListOffsetsHandler(partitions, hints));
        handlers.put(ApiKeys.OFFSET_FOR_LEADER_EPOCH, new OffsetForLeaderEpochHandler(partitions, hints));
        handlers.put(ApiKeys.DELETE_RECORDS, new DeleteRecordsHandler(partitions, hints, ports.blocking()));
        handlers.put(ApiKeys.DESCRIBE_LOG_DIRS, new DescribeLogDirsHandler(partitions, ports.blocking()));
        handlers.put(ApiKeys.DESCRIBE_PRODUCERS, new DescribeProducersHandler(partitions, hints, ports.blocking()));
        handlers.put(ApiKeys.METADATA, new MetadataHandler(controller, ports.creation(), config));
        handlers.put(ApiKeys.DESCRIBE_CLUSTER, DescribeClusterHandler.ofBrokers(controller, config.nodeId()));
        handlers.put(ApiKeys.DESCRIBE_TOPIC_PARTITIONS, new DescribeTopicPartitionsHandler(controller, config));
        handlers.put(ApiKeys.DESCRIBE_CLIENT_QUOTAS, new DescribeClientQuotasHandler(controller::image));
        handlers.put(ApiKeys.DESCRIBE_CONFIGS, new DescribeConfigsHandler(controller, descriptions, config.nodeId()));
        handlers.put(ApiKeys.INIT_PRODUCER_ID, new InitProducerIdHandler(ports.producerIds()));
        handlers.put(ApiKeys.FIND_COORDINATOR, new FindCoordinatorHandler(coordinator, ports.offsetsTopic()));
        handlers.put(ApiKeys.JOIN_GROUP, new JoinGroupHandler(coordinator, ports.memberIds()));
        handlers.put(ApiKeys.SYNC_GROUP, new SyncGroupHandler(coordinator));
        handlers.put(ApiKeys.HEARTBEAT, new HeartbeatHandler(coordinator));
        handlers.put(ApiKeys.LEAVE_GROUP, new LeaveGroupHandler(coordinator));
        handlers.put(ApiKeys.OFFSET_COMMIT, new OffsetCommitHandler(coordinator, ports.offsetsTopic()));
        handlers.put(ApiKeys.OFFSET_FETCH, new OffsetFetchHandler(coordinator));
        handlers.put(ApiKeys.OFFSET_DELETE, new OffsetDeleteHandler(coordinator, ports.offsetsTopic()));
        handlers.put(ApiKeys.LIST_GROUPS, new ListGroupsHandler(coordinator));
        handlers.put(ApiKeys.DESCRIBE_GROUPS, new DescribeGroupsHandler(coordinator));
        handlers.put(ApiKeys.DELETE_GROUPS, new DeleteGroupsHandler(coordinator));
        handlers.putAll(forwarding(
                ports.line(),
                config.nodeId(),
                ofController(config, descriptions, controller, new QuorumHandler(ports.quorum()), ports.quotas())));
        return OfferedApis.router(handlers);
    }

    /** What is answered at a controller's listener. */
    public static RequestRouter controllerRouter(
            BrokerConfig config, ControllerHost controller, QuorumHost quorum, ClientQuotas quotas) {
        return controllerRouter(config, controller, new QuorumHandler(quorum), quorum::known, quotas);
    }

    /**
     * @param quorum answers what is asked of the metadata quorum
     * @param voters of it, or who is known of them
     */
    static RequestRouter controllerRouter(
            BrokerConfig config,
            ControllerHost controller,
            ApiHandler quorum,
            Supplier<VoterSet> voters,
            ClientQuotas quotas) {
        ConfigDescriptions descriptions = new ConfigDescriptions(config);
        Map<ApiKeys, ApiHandler> ofController = ofController(config, descriptions, controller, quorum, quotas);
        Map<ApiKeys, ApiHandler> handlers = new EnumMap<>(ofController);
        handlers.computeIfPresent(
                ApiKeys.LIST_PARTITION_REASSIGNMENTS, (_, handler) -> whileActive(controller, handler));
        handlers.put(
                ApiKeys.ENVELOPE,
                new EnvelopeHandler(controller::isActive, OfferedApis.router(OfferedApis.forwarded(), ofController)));
        handlers.put(ApiKeys.FETCH, quorum);
        handlers.put(ApiKeys.VOTE, quorum);
        handlers.put(ApiKeys.BEGIN_QUORUM_EPOCH, quorum);
        handlers.put(ApiKeys.END_QUORUM_EPOCH, quorum);
        handlers.put(ApiKeys.FETCH_SNAPSHOT, quorum);
        handlers.put(ApiKeys.UPDATE_RAFT_VOTER, quorum);
        handlers.put(ApiKeys.BROKER_REGISTRATION, new BrokerRegistrationHandler(controller));
        handlers.put(ApiKeys.BROKER_HEARTBEAT, new BrokerHeartbeatHandler(controller));
        handlers.put(ApiKeys.ALTER_PARTITION, new AlterPartitionHandler(controller));
        handlers.put(ApiKeys.ALLOCATE_PRODUCER_IDS, new AllocateProducerIdsHandler(controller));
        handlers.put(ApiKeys.ASSIGN_REPLICAS_TO_DIRS, new AssignReplicasToDirsHandler(controller));
        handlers.put(ApiKeys.DESCRIBE_CONFIGS, new DescribeConfigsHandler(controller, descriptions, config.nodeId()));
        handlers.put(ApiKeys.DESCRIBE_CLUSTER, DescribeClusterHandler.ofControllers(controller, voters));
        handlers.put(
                ApiKeys.API_VERSIONS,
                new ApiVersionsHandler(OfferedApis.toControllers(), () -> features(controller.image())));
        return OfferedApis.router(OfferedApis.toControllers(), handlers);
    }

    /** {@link OfferedApis#forwarded()}, as the active controller answers it. */
    static Map<ApiKeys, ApiHandler> ofController(
            BrokerConfig config,
            ConfigDescriptions descriptions,
            ControllerHost controller,
            ApiHandler quorum,
            ClientQuotas quotas) {
        Map<ApiKeys, ApiHandler> handlers = new EnumMap<>(ApiKeys.class);
        handlers.put(ApiKeys.CREATE_TOPICS, new CreateTopicsHandler(controller, descriptions, quotas));
        handlers.put(ApiKeys.DELETE_TOPICS, new DeleteTopicsHandler(controller, config, quotas));
        handlers.put(ApiKeys.CREATE_PARTITIONS, new CreatePartitionsHandler(controller, quotas));
        handlers.put(ApiKeys.ELECT_LEADERS, new ElectLeadersHandler(controller));
        handlers.put(ApiKeys.ALTER_PARTITION_REASSIGNMENTS, new AlterPartitionReassignmentsHandler(controller));
        handlers.put(ApiKeys.LIST_PARTITION_REASSIGNMENTS, new ListPartitionReassignmentsHandler(controller::image));
        handlers.put(ApiKeys.UNREGISTER_BROKER, new UnregisterBrokerHandler(controller));
        handlers.put(ApiKeys.ALTER_CLIENT_QUOTAS, new AlterClientQuotasHandler(controller));
        handlers.put(ApiKeys.UPDATE_FEATURES, new UpdateFeaturesHandler(controller));
        // Of brokers and topics alike: nothing of a configuration is one broker's own. Kafka's brokers keep log levels
        // to themselves.
        handlers.put(ApiKeys.ALTER_CONFIGS, new AlterConfigsHandler(controller));
        handlers.put(ApiKeys.INCREMENTAL_ALTER_CONFIGS, new IncrementalAlterConfigsHandler(controller));
        handlers.put(ApiKeys.DESCRIBE_QUORUM, quorum);
        handlers.put(ApiKeys.ADD_RAFT_VOTER, quorum);
        handlers.put(ApiKeys.REMOVE_RAFT_VOTER, quorum);
        return handlers;
    }

    /** The same as a broker answers it. */
    static Map<ApiKeys, ApiHandler> forwarding(ControllerLine line, int nodeId, Map<ApiKeys, ApiHandler> ofController) {
        Map<ApiKeys, ApiHandler> handlers = new EnumMap<>(ApiKeys.class);
        ofController.forEach((api, handler) -> handlers.put(api, new ForwardedHandler(line, handler)));
        handlers.computeIfPresent(
                ApiKeys.UNREGISTER_BROKER, (_, handler) -> UnregisterBrokerHandler.butNot(nodeId, handler));
        return handlers;
    }

    /** For what is read from the image: who is not active is behind, and may be for long. */
    private static ApiHandler whileActive(ControllerHost controller, ApiHandler handler) {
        return (request, reply) -> {
            if (controller.isActive()) {
                handler.handle(request, reply);
            } else {
                reply.send(ErrorResponses.of(request, Errors.NOT_CONTROLLER.exception()));
            }
        };
    }

    /** Who waits, and for what batches were refused. */
    private static void watch(Metrics metrics, ProduceHandler produce, FetchHandler fetch, FetchSessions sessions) {
        purgatory(metrics, "Produce", produce::parkedRequests);
        purgatory(metrics, "Fetch", fetch::parkedRequests);
        metrics.gauge(
                "odradek_stalled_connections",
                "Connections that are not read because a shard they write to is full",
                produce::stalledConnections);
        for (Refusal reason : Refusal.values()) {
            metrics.counter(
                    "odradek_batches_refused_total",
                    "Produced batches that were refused, by reason",
                    () -> produce.refusedBatches(reason),
                    "reason",
                    reason.name().toLowerCase(Locale.ROOT));
        }
        metrics.gauge("kafka_server_fetchsessioncache_numincrementalfetchsessions", "Fetch sessions", sessions::count);
        metrics.gauge(
                "kafka_server_fetchsessioncache_numincrementalfetchpartitionscached",
                "Partitions in fetch sessions",
                () -> (double) sessions.partitionCount());
        metrics.counter(
                "kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total",
                "Fetch sessions that gave way to others",
                sessions::evictions);
    }

    private static void purgatory(Metrics metrics, String operation, LongSupplier waiting) {
        metrics.gauge(
                "kafka_server_delayedoperationpurgatory_purgatorysize",
                "Requests that wait: to be replicated, or for something to read",
                () -> (double) waiting.getAsLong(),
                "delayedOperation",
                operation);
    }

    private static FeatureLevels features(ClusterImage image) {
        Map<String, FeatureLevels.Range> supported = new HashMap<>();
        Features.supported()
                .forEach((name, range) -> supported.put(name, new FeatureLevels.Range(range.min(), range.max())));
        return new FeatureLevels(supported, image.features(), image.lastOffset());
    }
}
