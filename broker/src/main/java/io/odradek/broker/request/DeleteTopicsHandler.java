package io.odradek.broker.request;

import io.odradek.broker.config.BrokerConfig;
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
import io.odradek.replication.controller.ControllerReply.DeletedTopic;
import io.odradek.replication.controller.ControllerReply.TopicsDeleted;
import io.odradek.replication.controller.ControllerRequest.DeleteTopics;
import io.odradek.replication.controller.ControllerRequest.TopicKey;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsResponseData.DeletableTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * DeleteTopics, versions 1 to 6: by name, from version 6 on also by id. From version 5 on what is over a quota is refused, before that waited for
 * afterwards (KIP-599).
 */
public final class DeleteTopicsHandler implements ApiHandler {

    private static final short FIRST_VERSION_WITH_STRICT_QUOTAS = 5;

    private final ControllerHost controller;
    private final BrokerConfig config;
    private final ClientQuotas quotas;

    public DeleteTopicsHandler(ControllerHost controller, BrokerConfig config, ClientQuotas quotas) {
        this.controller = controller;
        this.config = config;
        this.quotas = quotas;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DeleteTopicsRequestData body = (DeleteTopicsRequestData) request.body();
        List<DeleteTopicState> asked = new ArrayList<>(body.topics());
        body.topicNames().forEach(name -> asked.add(new DeleteTopicState().setName(name)));
        List<DeletableTopicResult> results = new ArrayList<>();
        List<DeleteTopicState> accepted = new ArrayList<>();
        Map<Object, Integer> times = new HashMap<>();
        asked.forEach(topic -> times.merge(key(topic), 1, Integer::sum));
        MutationQuota quota =
                quotas.mutations(request.clientId(), request.version() >= FIRST_VERSION_WITH_STRICT_QUOTAS);
        List<Integer> costs = new ArrayList<>();
        for (DeleteTopicState topic : asked) {
            int cost = cost(topic);
            String problem = problem(topic, times);
            if (!config.deleteTopics()) {
                Errors error = request.version() < 3 ? Errors.INVALID_REQUEST : Errors.TOPIC_DELETION_DISABLED;
                results.add(refused(topic, error, "Topic deletion is disabled (delete.topic.enable=false)."));
            } else if (problem != null) {
                results.add(refused(topic, Errors.INVALID_REQUEST, problem));
            } else if (TopicCreation.METADATA_TOPIC.equals(topic.name())
                    || TopicIds.METADATA.equals(TopicIds.fromKafka(topic.topicId()))) {
                results.add(refused(topic, Errors.TOPIC_AUTHORIZATION_FAILED, "The metadata log is no topic."));
            } else if (cost > 0 && !quota.admits(cost)) {
                results.add(
                        refused(topic, Errors.THROTTLING_QUOTA_EXCEEDED, Errors.THROTTLING_QUOTA_EXCEEDED.message()));
            } else {
                accepted.add(topic);
                costs.add(cost);
            }
        }
        int throttleMs = quota.throttleMs();
        Deadline deadline = new Deadline(
                request,
                reply,
                body.timeoutMs(),
                () -> response(results, accepted, Errors.REQUEST_TIMED_OUT, Errors.REQUEST_TIMED_OUT.message()));
        List<TopicKey> keys = new ArrayList<>();
        for (DeleteTopicState topic : accepted) {
            keys.add(
                    topic.name() != null
                            ? new TopicKey.ByName(topic.name())
                            : new TopicKey.ById(TopicIds.fromKafka(topic.topicId())));
        }
        controller.submit(new DeleteTopics(keys), new ActiveController.ReplyTo<TopicsDeleted>() {
            @Override
            public void reply(TopicsDeleted deleted) {
                List<DeletableTopicResult> all = new ArrayList<>(results);
                for (int i = 0; i < accepted.size(); i++) {
                    all.add(
                            switch (deleted.topics().get(i)) {
                                case Done<DeletedTopic>(DeletedTopic topic) ->
                                    new DeletableTopicResult()
                                            .setName(topic.name())
                                            .setTopicId(TopicIds.toKafka(topic.id()));
                                case Refused<DeletedTopic>(ControllerError error, String message) -> {
                                    quota.giveBack(costs.get(i));
                                    yield refused(accepted.get(i), ControllerErrors.toKafka(error), message);
                                }
                            });
                }
                deadline.send(response(all).setThrottleTimeMs(throttleMs));
            }

            @Override
            public void failed(ControllerError error, String message) {
                costs.forEach(quota::giveBack);
                deadline.send(response(results, accepted, ControllerErrors.toKafka(error), message));
            }
        });
    }

    /** In partitions that go; nothing where none does. */
    private int cost(DeleteTopicState topic) {
        TopicImage image = topic.name() != null
                ? controller.image().topic(topic.name())
                : controller.image().topic(TopicIds.fromKafka(topic.topicId()));
        return image == null ? 0 : image.partitions().size();
    }

    private static Object key(DeleteTopicState topic) {
        return topic.name() != null ? topic.name() : topic.topicId();
    }

    private @Nullable String problem(DeleteTopicState topic, Map<Object, Integer> times) {
        boolean hasId = !topic.topicId().equals(Uuid.ZERO_UUID);
        if (topic.name() == null && !hasId) {
            return "Neither topic name nor id were specified.";
        }
        if (topic.name() != null && hasId) {
            return "You may not specify both topic name and topic id.";
        }
        if (times.getOrDefault(key(topic), 0) > 1) {
            return topic.name() != null ? "Duplicate topic name." : "Duplicate topic id.";
        }
        if (topic.name() == null) {
            TopicImage image = controller.image().topic(TopicIds.fromKafka(topic.topicId()));
            if (image != null && times.containsKey(image.name())) {
                return "The provided topic name maps to an ID that was already supplied.";
            }
        }
        return null;
    }

    private static DeletableTopicResult refused(DeleteTopicState topic, Errors error, String message) {
        return new DeletableTopicResult()
                .setName(topic.name())
                .setTopicId(topic.topicId())
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }

    private static DeleteTopicsResponseData response(List<DeletableTopicResult> results) {
        DeleteTopicsResponseData response = new DeleteTopicsResponseData();
        results.forEach(response.responses()::add);
        return response;
    }

    private static DeleteTopicsResponseData response(
            List<DeletableTopicResult> results, List<DeleteTopicState> rest, Errors error, String message) {
        List<DeletableTopicResult> all = new ArrayList<>(results);
        rest.forEach(topic -> all.add(refused(topic, error, message)));
        return response(all);
    }
}
