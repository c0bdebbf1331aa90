package io.odradek.broker.request;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.CreatedTopic;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import io.odradek.replication.controller.TopicNames;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Metadata, versions 0 to 13. A topic that is created by asking for it is waited for: Kafka answers UNKNOWN_TOPIC_OR_PARTITION at
 * once and lets the client ask again after its back-off, which costs every first record some 100 ms.
 */
public final class MetadataHandler implements ApiHandler {

    private final ControllerHost controller;
    private final TopicCreation creation;
    private final BrokerConfig config;

    public MetadataHandler(ControllerHost controller, TopicCreation creation, BrokerConfig config) {
        this.controller = controller;
        this.creation = creation;
        this.config = config;
    }

    @Override
    public void handle(Request request, Reply reply) {
        MetadataRequestData body = (MetadataRequestData) request.body();
        Set<String> missing = missing(body);
        if (missing.isEmpty() || !body.allowAutoTopicCreation() || !config.autoCreateTopics()) {
            reply.send(response(request, body, Map.of()));
            return;
        }
        creation.ensure(missing, refused -> reply.send(response(request, body, refused)));
    }

    /** Topics asked for by a legal name that do not exist. */
    private Set<String> missing(MetadataRequestData body) {
        Set<String> missing = new LinkedHashSet<>();
        if (body.topics() != null) {
            ClusterImage image = controller.image();
            for (MetadataRequestTopic topic : body.topics()) {
                String name = topic.name();
                if (name != null
                        && topic.topicId().equals(Uuid.ZERO_UUID)
                        && image.topic(name) == null
                        && TopicNames.problem(name) == null
                        && !name.equals(TopicCreation.METADATA_TOPIC)) {
                    missing.add(name);
                }
            }
        }
        return missing;
    }

    private MetadataResponseData response(
            Request request, MetadataRequestData body, Map<String, Refused<CreatedTopic>> refused) {
        ClusterImage image = controller.image();
        Topology topology = new Topology(image, request.listener());
        MetadataResponseData response = new MetadataResponseData()
                .setClusterId(image.clusterId())
                .setControllerId(topology.controllerId(config.nodeId()));
        for (BrokerImage broker : image.brokers().values()) {
            Endpoint endpoint = topology.endpoint(broker.id());
            if (endpoint != null) {
                response.brokers()
                        .add(new MetadataResponseBroker()
                                .setNodeId(broker.id())
                                .setHost(endpoint.host())
                                .setPort(endpoint.port())
                                .setRack(broker.rack()));
            }
        }
        if (request.version() >= 8 && request.version() <= 10 && body.includeClusterAuthorizedOperations()) {
            response.setClusterAuthorizedOperations(AuthorizedOperations.ON_CLUSTER);
        }
        int operations = request.version() >= 8 && body.includeTopicAuthorizedOperations()
                ? AuthorizedOperations.ON_TOPIC
                : AuthorizedOperations.OMITTED;
        for (MetadataResponseTopic topic : topics(image, topology, request.version(), body, refused)) {
            response.topics().add(topic.setTopicAuthorizedOperations(operations));
        }
        return response;
    }

    private static List<MetadataResponseTopic> topics(
            ClusterImage image,
            Topology topology,
            short version,
            MetadataRequestData body,
            Map<String, Refused<CreatedTopic>> refused) {
        List<MetadataResponseTopic> topics = new ArrayList<>();
        List<MetadataRequestTopic> asked = body.topics();
        if (asked == null || (version == 0 && asked.isEmpty())) {
            image.topicsByName().values().forEach(topic -> topics.add(found(topic, topology)));
            return topics;
        }
        Set<Object> seen = new LinkedHashSet<>();
        for (MetadataRequestTopic topic : asked) {
            boolean byId = !topic.topicId().equals(Uuid.ZERO_UUID);
            if (!seen.add(byId ? topic.topicId() : String.valueOf(topic.name()))) {
                continue;
            }
            if (version < 12 && (byId || topic.name() == null)) {
                topics.add(absent(topic.name() == null ? "" : topic.name(), topic.topicId(), Errors.INVALID_REQUEST));
                continue;
            }
            if (topic.name() == null && !byId) {
                topics.add(absent(null, topic.topicId(), Errors.INVALID_REQUEST));
                continue;
            }
            TopicImage found = byId ? image.topic(TopicIds.fromKafka(topic.topicId())) : image.topic(topic.name());
            if (found != null) {
                topics.add(found(found, topology));
            } else if (byId) {
                topics.add(absent(null, topic.topicId(), Errors.UNKNOWN_TOPIC_ID));
            } else {
                topics.add(absent(topic.name(), Uuid.ZERO_UUID, whyAbsent(topic.name(), refused)));
            }
        }
        return topics;
    }

    private static Errors whyAbsent(String name, Map<String, Refused<CreatedTopic>> refused) {
        if (TopicNames.problem(name) != null) {
            return Errors.INVALID_TOPIC_EXCEPTION;
        }
        Refused<CreatedTopic> refusal = refused.get(name);
        if (refusal == null
                || refusal.error() == ControllerError.CONTROLLER_UNAVAILABLE
                || refusal.error() == ControllerError.NOT_CONTROLLER) {
            return Errors.UNKNOWN_TOPIC_OR_PARTITION; // clients ask again
        }
        return ControllerErrors.toKafka(refusal.error());
    }

    private static MetadataResponseTopic absent(@Nullable String name, Uuid id, Errors error) {
        return new MetadataResponseTopic()
                .setName(name)
                .setTopicId(id)
                .setErrorCode(error.code())
                .setIsInternal(name != null && TopicCreation.isInternal(name));
    }

    private static MetadataResponseTopic found(TopicImage topic, Topology topology) {
        List<MetadataResponsePartition> partitions =
                new ArrayList<>(topic.partitions().size());
        for (int i = 0; i < topic.partitions().size(); i++) {
            PartitionImage partition = topic.partitions().get(i);
            Errors error = topology.leaderError(partition);
            partitions.add(new MetadataResponsePartition()
                    .setErrorCode(error.code())
                    .setPartitionIndex(i)
                    .setLeaderId(error == Errors.NONE ? partition.leader() : PartitionImage.NO_LEADER)
                    .setLeaderEpoch(partition.leaderEpoch())
                    .setReplicaNodes(partition.replicas())
                    .setIsrNodes(partition.inSyncReplicas())
                    .setOfflineReplicas(topology.offline(partition)));
        }
        return new MetadataResponseTopic()
                .setName(topic.name())
                .setTopicId(TopicIds.toKafka(topic.id()))
                .setIsInternal(TopicCreation.isInternal(topic.name()))
                .setPartitions(partitions);
    }
}
