package io.odradek.broker.request;

import io.odradek.broker.config.ConfigDescriptions;
import io.odradek.broker.config.ConfigDescriptions.Description;
import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.metadata.TopicIds;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.broker.quota.MutationQuota;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.CreatedTopic;
import io.odradek.replication.controller.ControllerReply.TopicsCreated;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.ManualAssignment;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.Setting;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicConfigs;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.protocol.Errors;

/** CreateTopics, versions 2 to 7. From version 6 on what is over a quota is refused, before that waited for afterwards (KIP-599). */
public final class CreateTopicsHandler implements ApiHandler {

    private static final short FIRST_VERSION_WITH_STRICT_QUOTAS = 6;

    private final ControllerHost controller;
    private final ConfigDescriptions configs;
    private final ClientQuotas quotas;

    public CreateTopicsHandler(ControllerHost controller, ConfigDescriptions configs, ClientQuotas quotas) {
        this.controller = controller;
        this.configs = configs;
        this.quotas = quotas;
    }

    @Override
    public void handle(Request request, Reply reply) {
        CreateTopicsRequestData body = (CreateTopicsRequestData) request.body();
        Map<String, CreatableTopicResult> results = new LinkedHashMap<>();
        List<NewTopic> topics = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        Set<String> duplicates = new HashSet<>();
        for (CreatableTopic topic : body.topics()) {
            if (!seen.add(topic.name())) {
                duplicates.add(topic.name());
            }
        }
        MutationQuota quota =
                quotas.mutations(request.clientId(), request.version() >= FIRST_VERSION_WITH_STRICT_QUOTAS);
        List<Integer> costs = new ArrayList<>();
        for (CreatableTopic topic : body.topics()) {
            int cost = cost(topic, body.validateOnly());
            if (duplicates.contains(topic.name())) {
                results.put(topic.name(), refused(topic.name(), Errors.INVALID_REQUEST, "Duplicate topic name."));
            } else if (topic.name().equals(TopicCreation.METADATA_TOPIC)) {
                results.put(
                        topic.name(),
                        refused(topic.name(), Errors.TOPIC_AUTHORIZATION_FAILED, "The metadata log is no topic."));
            } else if (cost > 0 && !quota.admits(cost)) {
                results.put(
                        topic.name(),
                        refused(
                                topic.name(),
                                Errors.THROTTLING_QUOTA_EXCEEDED,
                                Errors.THROTTLING_QUOTA_EXCEEDED.message()));
            } else {
                topics.add(newTopic(topic));
                costs.add(cost);
            }
        }
        int throttleMs = quota.throttleMs();
        Deadline deadline = new Deadline(
                request,
                reply,
                body.timeoutMs(),
                () -> response(results, topics, Errors.REQUEST_TIMED_OUT, Errors.REQUEST_TIMED_OUT.message()));
        controller.submit(new CreateTopics(topics, body.validateOnly()), new ActiveController.ReplyTo<TopicsCreated>() {
            @Override
            public void reply(TopicsCreated created) {
                Map<String, CreatableTopicResult> all = new LinkedHashMap<>(results);
                for (int i = 0; i < topics.size(); i++) {
                    String name = topics.get(i).name();
                    all.put(
                            name,
                            switch (created.topics().get(i)) {
                                case Done<CreatedTopic>(CreatedTopic topic) -> created(topic, request.version());
                                case Refused<CreatedTopic>(ControllerError error, String message) -> {
                                    quota.giveBack(costs.get(i));
                                    yield refused(name, ControllerErrors.toKafka(error), message);
                                }
                            });
                }
                deadline.send(response(all).setThrottleTimeMs(throttleMs));
            }

            @Override
            public void failed(ControllerError error, String message) {
                costs.forEach(quota::giveBack);
                deadline.send(response(results, topics, ControllerErrors.toKafka(error), message));
            }
        });
    }

    /** In partitions; nothing where none is made. What is too many partitions to count is refused by the controller. */
    private int cost(CreatableTopic topic, boolean validateOnly) {
        if (validateOnly || controller.image().topic(topic.name()) != null) {
            return 0;
        }
        int partitions = topic.assignments().isEmpty()
                ? topic.numPartitions()
                : topic.assignments().size();
        return partitions == -1 ? configs.defaultPartitions() : Math.max(0, partitions);
    }

    private static NewTopic newTopic(CreatableTopic topic) {
        return new NewTopic(
                topic.name(),
                topic.numPartitions(),
                topic.replicationFactor(),
                topic.assignments().stream()
                        .map(each -> new ManualAssignment(each.partitionIndex(), List.copyOf(each.brokerIds())))
                        .toList(),
                topic.configs().stream()
                        .map(each -> new Setting(each.name(), each.value()))
                        .toList());
    }

    private static CreateTopicsResponseData response(Map<String, CreatableTopicResult> results) {
        CreateTopicsResponseData response = new CreateTopicsResponseData();
        results.values().forEach(response.topics()::add);
        return response;
    }

    private static CreateTopicsResponseData response(
            Map<String, CreatableTopicResult> results, List<NewTopic> rest, Errors error, String message) {
        Map<String, CreatableTopicResult> all = new LinkedHashMap<>(results);
        rest.forEach(topic -> all.put(topic.name(), refused(topic.name(), error, message)));
        return response(all);
    }

    private static CreatableTopicResult refused(String name, Errors error, String message) {
        return new CreatableTopicResult()
                .setName(name)
                .setTopicId(Uuid.ZERO_UUID)
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }

    private CreatableTopicResult created(CreatedTopic topic, short version) {
        CreatableTopicResult result = new CreatableTopicResult()
                .setName(topic.name())
                .setTopicId(TopicIds.toKafka(topic.id()))
                .setNumPartitions(topic.partitions())
                .setReplicationFactor((short) topic.replicationFactor());
        if (version >= 5) {
            for (Description config : configs.topic(controller.image(), topic.overrides())) {
                result.configs()
                        .add(new CreatableTopicConfigs()
                                .setName(config.name())
                                .setValue(config.value())
                                .setReadOnly(config.readOnly())
                                .setConfigSource(config.source().id())
                                .setIsSensitive(config.sensitive()));
            }
        }
        return result;
    }
}
