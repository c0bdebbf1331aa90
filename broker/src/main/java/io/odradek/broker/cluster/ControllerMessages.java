package io.odradek.broker.cluster;

import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.net.PeerRequest;
import io.odradek.broker.request.ControllerErrors;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerReply.CreatedTopic;
import io.odradek.replication.controller.ControllerReply.DirectoriesAssigned;
import io.odradek.replication.controller.ControllerReply.HeartbeatAnswered;
import io.odradek.replication.controller.ControllerReply.PartitionsAltered;
import io.odradek.replication.controller.ControllerReply.ProducerIdBlock;
import io.odradek.replication.controller.ControllerReply.ProducerIdsAllocated;
import io.odradek.replication.controller.ControllerReply.TopicsCreated;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.AlterPartition;
import io.odradek.replication.controller.ControllerRequest.AssignDirectories;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DirectoryAssignment;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.ProposedInSync;
import io.odradek.replication.controller.ControllerRequest.ProposedMember;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.apache.kafka.common.message.AllocateProducerIdsRequestData;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData;
import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatResponseData;
import org.apache.kafka.common.message.BrokerRegistrationRequestData;
import org.apache.kafka.common.message.BrokerRegistrationResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * What a broker itself asks of the controller, as Kafka's messages, and the answers back. What its clients ask is forwarded as it came
 * (KIP-590).
 */
final class ControllerMessages {

    /** AlterPartition names the epochs of its members from this version on (KIP-903). */
    private static final short WITH_BROKER_EPOCHS = 3;

    /** Of a partition of which the answer says no more than that all is well. */
    private static final PartitionImage NOT_SAID = new PartitionImage(
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            PartitionImage.NO_LEADER,
            LeaderRecovery.RECOVERED,
            -1,
            -1);

    /**
     * A question and how its answer is read.
     *
     * @param reply null: who was asked is not the active controller, and has not looked at it
     */
    record Exchange(ApiKeys api, IntFunction<ApiMessage> message, Function<ApiMessage, @Nullable ControllerReply> reply)
            implements PeerRequest {
        @Override
        public ApiMessage at(short version) {
            return message.apply(version);
        }
    }

    /**
     * @param clusterId of the cluster that the broker's directories belong to
     * @param timeoutMs for what the controller may take its time with
     * @throws IllegalArgumentException this is nothing that a broker asks for itself
     */
    static Exchange of(ControllerRequest<?> request, String clusterId, int timeoutMs) {
        return switch (request) {
            case RegisterBroker register ->
                new Exchange(
                        ApiKeys.BROKER_REGISTRATION,
                        _ -> registration(register, clusterId),
                        answer -> registered((BrokerRegistrationResponseData) answer));
            case Heartbeat heartbeat ->
                new Exchange(
                        ApiKeys.BROKER_HEARTBEAT,
                        _ -> new BrokerHeartbeatRequestData()
                                .setBrokerId(heartbeat.brokerId())
                                .setBrokerEpoch(heartbeat.brokerEpoch())
                                .setCurrentMetadataOffset(heartbeat.metadataOffset())
                                .setWantFence(heartbeat.wantFence())
                                .setWantShutDown(heartbeat.wantShutdown())
                                .setOfflineLogDirs(heartbeat.offlineDirectories().stream()
                                        .map(TopicIds::toKafka)
                                        .toList()),
                        answer -> heard((BrokerHeartbeatResponseData) answer));
            case AllocateProducerIds allocate ->
                new Exchange(
                        ApiKeys.ALLOCATE_PRODUCER_IDS,
                        _ -> new AllocateProducerIdsRequestData()
                                .setBrokerId(allocate.brokerId())
                                .setBrokerEpoch(allocate.brokerEpoch()),
                        answer -> allocated((AllocateProducerIdsResponseData) answer));
            case AlterPartition alter ->
                new Exchange(
                        ApiKeys.ALTER_PARTITION,
                        version -> proposals(alter, version),
                        answer -> altered(alter, (AlterPartitionResponseData) answer));
            case AssignDirectories assign ->
                new Exchange(
                        ApiKeys.ASSIGN_REPLICAS_TO_DIRS,
                        _ -> places(assign),
                        answer -> assigned(assign, (AssignReplicasToDirsResponseData) answer));
            case CreateTopics create ->
                new Exchange(
                        ApiKeys.CREATE_TOPICS,
                        _ -> creation(create, timeoutMs),
                        answer -> created(create, (CreateTopicsResponseData) answer));
            default -> throw new IllegalArgumentException("no broker asks by itself for " + request);
        };
    }

    // ---- Questions.

    private static ApiMessage registration(RegisterBroker register, String clusterId) {
        BrokerRegistrationRequestData data = new BrokerRegistrationRequestData()
                .setBrokerId(register.brokerId())
                .setClusterId(clusterId)
                .setIncarnationId(TopicIds.toKafka(register.incarnationId()))
                .setRack(register.rack())
                .setLogDirs(register.directories().stream()
                        .map(TopicIds::toKafka)
                        .sorted()
                        .toList())
                .setPreviousBrokerEpoch(register.previousEpoch());
        register.endpoints()
                .forEach(at -> data.listeners()
                        .add(new BrokerRegistrationRequestData.Listener()
                                .setName(at.listener())
                                .setHost(at.host())
                                .setPort(at.port())
                                .setSecurityProtocol(at.securityProtocol())));
        register.features()
                .forEach((name, range) -> data.features()
                        .add(new BrokerRegistrationRequestData.Feature()
                                .setName(name)
                                .setMinSupportedVersion(range.min())
                                .setMaxSupportedVersion(range.max())));
        return data;
    }

    private static ApiMessage proposals(AlterPartition alter, int version) {
        AlterPartitionRequestData data =
                new AlterPartitionRequestData().setBrokerId(alter.brokerId()).setBrokerEpoch(alter.brokerEpoch());
        Map<UUID, AlterPartitionRequestData.TopicData> topics = new LinkedHashMap<>();
        for (ProposedInSync proposed : alter.partitions()) {
            AlterPartitionRequestData.PartitionData partition = new AlterPartitionRequestData.PartitionData()
                    .setPartitionIndex(proposed.partition())
                    .setLeaderEpoch(proposed.leaderEpoch())
                    .setPartitionEpoch(proposed.partitionEpoch())
                    .setLeaderRecoveryState((byte) (proposed.leaderRecovery() == LeaderRecovery.RECOVERING ? 1 : 0));
            if (version < WITH_BROKER_EPOCHS) {
                partition.setNewIsr(proposed.inSyncReplicas().stream()
                        .map(ProposedMember::brokerId)
                        .toList());
            } else {
                proposed.inSyncReplicas()
                        .forEach(member -> partition
                                .newIsrWithEpochs()
                                .add(new AlterPartitionRequestData.BrokerState()
                                        .setBrokerId(member.brokerId())
                                        .setBrokerEpoch(member.brokerEpoch())));
            }
            topics.computeIfAbsent(
                            proposed.topicId(),
                            id -> new AlterPartitionRequestData.TopicData().setTopicId(TopicIds.toKafka(id)))
                    .partitions()
                    .add(partition);
        }
        data.topics().addAll(topics.values());
        return data;
    }

    private static ApiMessage places(AssignDirectories assign) {
        Map<UUID, Map<UUID, AssignReplicasToDirsRequestData.TopicData>> directories = new LinkedHashMap<>();
        for (DirectoryAssignment assigned : assign.assignments()) {
            directories
                    .computeIfAbsent(assigned.directory(), _ -> new LinkedHashMap<>())
                    .computeIfAbsent(
                            assigned.topicId(),
                            id -> new AssignReplicasToDirsRequestData.TopicData().setTopicId(TopicIds.toKafka(id)))
                    .partitions()
                    .add(new AssignReplicasToDirsRequestData.PartitionData().setPartitionIndex(assigned.partition()));
        }
        AssignReplicasToDirsRequestData data = new AssignReplicasToDirsRequestData()
                .setBrokerId(assign.brokerId())
                .setBrokerEpoch(assign.brokerEpoch());
        directories.forEach((id, topics) -> data.directories()
                .add(new AssignReplicasToDirsRequestData.DirectoryData()
                        .setId(TopicIds.toKafka(id))
                        .setTopics(List.copyOf(topics.values()))));
        return data;
    }

    private static ApiMessage creation(CreateTopics create, int timeoutMs) {
        CreateTopicsRequestData data =
                new CreateTopicsRequestData().setTimeoutMs(timeoutMs).setValidateOnly(create.validateOnly());
        for (NewTopic topic : create.topics()) {
            CreateTopicsRequestData.CreatableTopic wanted = new CreateTopicsRequestData.CreatableTopic()
                    .setName(topic.name())
                    .setNumPartitions(topic.partitions())
                    .setReplicationFactor((short) topic.replicationFactor());
            topic.assignments()
                    .forEach(assigned -> wanted.assignments()
                            .add(new CreateTopicsRequestData.CreatableReplicaAssignment()
                                    .setPartitionIndex(assigned.partition())
                                    .setBrokerIds(assigned.replicas())));
            topic.configs()
                    .forEach(setting -> wanted.configs()
                            .add(new CreateTopicsRequestData.CreatableTopicConfig()
                                    .setName(setting.key())
                                    .setValue(setting.value())));
            data.topics().add(wanted);
        }
        return data;
    }

    // ---- Answers.

    private static @Nullable ControllerReply registered(BrokerRegistrationResponseData answer) {
        return whole(answer.errorCode(), () -> answer.brokerEpoch(), BrokerRegistered::new);
    }

    private static @Nullable ControllerReply heard(BrokerHeartbeatResponseData answer) {
        return whole(
                answer.errorCode(),
                () -> new BrokerState(answer.isCaughtUp(), answer.isFenced(), answer.shouldShutDown()),
                HeartbeatAnswered::new);
    }

    private static @Nullable ControllerReply allocated(AllocateProducerIdsResponseData answer) {
        return whole(
                answer.errorCode(),
                () -> new ProducerIdBlock(answer.producerIdStart(), answer.producerIdLen()),
                ProducerIdsAllocated::new);
    }

    private static @Nullable ControllerReply altered(AlterPartition asked, AlterPartitionResponseData answer) {
        return whole(answer.errorCode(), () -> verdicts(asked, answer), PartitionsAltered::new);
    }

    private record Place(UUID topicId, int partition) {}

    private static List<Outcome<PartitionImage>> verdicts(AlterPartition asked, AlterPartitionResponseData answer) {
        Map<Place, AlterPartitionResponseData.PartitionData> byPlace = new HashMap<>();
        answer.topics()
                .forEach(topic -> topic.partitions()
                        .forEach(partition -> byPlace.put(
                                new Place(TopicIds.fromKafka(topic.topicId()), partition.partitionIndex()),
                                partition)));
        List<Outcome<PartitionImage>> verdicts = new ArrayList<>();
        for (ProposedInSync proposed : asked.partitions()) {
            AlterPartitionResponseData.PartitionData said =
                    byPlace.get(new Place(proposed.topicId(), proposed.partition()));
            if (said == null) {
                verdicts.add(new Refused<>(
                        ControllerError.CONTROLLER_UNAVAILABLE, "the controller has said nothing of this partition"));
            } else if (said.errorCode() != Errors.NONE.code()) {
                verdicts.add(refused(said.errorCode()));
            } else {
                verdicts.add(new Done<>(new PartitionImage(
                        List.of(),
                        List.of(),
                        List.copyOf(said.isr()),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        said.leaderId(),
                        said.leaderRecoveryState() == 1 ? LeaderRecovery.RECOVERING : LeaderRecovery.RECOVERED,
                        said.leaderEpoch(),
                        said.partitionEpoch())));
            }
        }
        return verdicts;
    }

    private static @Nullable ControllerReply assigned(
            AssignDirectories asked, AssignReplicasToDirsResponseData answer) {
        record Position(UUID directory, UUID topicId, int partition) {}
        return whole(
                answer.errorCode(),
                () -> {
                    Map<Position, Short> said = new HashMap<>();
                    answer.directories()
                            .forEach(directory -> directory
                                    .topics()
                                    .forEach(topic -> topic.partitions()
                                            .forEach(partition -> said.put(
                                                    new Position(
                                                            TopicIds.fromKafka(directory.id()),
                                                            TopicIds.fromKafka(topic.topicId()),
                                                            partition.partitionIndex()),
                                                    partition.errorCode()))));
                    List<Outcome<PartitionImage>> outcomes = new ArrayList<>();
                    for (DirectoryAssignment assigned : asked.assignments()) {
                        Short error =
                                said.get(new Position(assigned.directory(), assigned.topicId(), assigned.partition()));
                        if (error == null) {
                            outcomes.add(new Refused<>(
                                    ControllerError.CONTROLLER_UNAVAILABLE,
                                    "the controller has said nothing of this partition"));
                        } else {
                            outcomes.add(error == Errors.NONE.code() ? new Done<>(NOT_SAID) : refused(error));
                        }
                    }
                    return outcomes;
                },
                DirectoriesAssigned::new);
    }

    /** The controller that is not active says so of each topic. */
    private static @Nullable ControllerReply created(CreateTopics asked, CreateTopicsResponseData answer) {
        List<Outcome<CreatedTopic>> outcomes = new ArrayList<>();
        for (NewTopic topic : asked.topics()) {
            CreateTopicsResponseData.CreatableTopicResult said = answer.topics().find(topic.name());
            if (said == null) {
                outcomes.add(new Refused<>(
                        ControllerError.CONTROLLER_UNAVAILABLE, "the controller has said nothing of this topic"));
            } else if (said.errorCode() == Errors.NOT_CONTROLLER.code()) {
                return null;
            } else if (said.errorCode() != Errors.NONE.code()) {
                Refused<CreatedTopic> refused = refused(said.errorCode());
                String message = said.errorMessage();
                outcomes.add(message == null ? refused : new Refused<>(refused.error(), message));
            } else {
                outcomes.add(new Done<>(new CreatedTopic(
                        topic.name(),
                        TopicIds.fromKafka(said.topicId()),
                        said.numPartitions(),
                        said.replicationFactor(),
                        Map.of())));
            }
        }
        return new TopicsCreated(outcomes);
    }

    private interface Value<T> {
        T get();
    }

    private static <T> @Nullable ControllerReply whole(
            short errorCode, Value<T> value, Function<Outcome<T>, ControllerReply> reply) {
        if (errorCode == Errors.NOT_CONTROLLER.code()) {
            return null;
        }
        return reply.apply(errorCode == Errors.NONE.code() ? new Done<>(value.get()) : refused(errorCode));
    }

    private static <T> Refused<T> refused(short errorCode) {
        Errors error = Errors.forCode(errorCode);
        ControllerError known = ControllerErrors.fromKafka(error);
        return new Refused<>(known == null ? ControllerError.INVALID_REQUEST : known, error + ": " + error.message());
    }

    private ControllerMessages() {}
}
