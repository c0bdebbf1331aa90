package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.broker.quota.MutationQuota;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.PartitionsCreated;
import io.odradek.replication.controller.ControllerRequest.CreatePartitions;
import io.odradek.replication.controller.ControllerRequest.MorePartitions;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreatePartitionsResponseData.CreatePartitionsTopicResult;
import org.apache.kafka.common.protocol.Errors;

/** CreatePartitions, versions 0 to 3. In version 3 what is over a quota is refused, before that waited for afterwards (KIP-599). */
public final class CreatePartitionsHandler implements ApiHandler {

    private static final short FIRST_VERSION_WITH_STRICT_QUOTAS = 3;

    private final ControllerHost controller;
    private final ClientQuotas quotas;

    public CreatePartitionsHandler(ControllerHost controller, ClientQuotas quotas) {
        this.controller = controller;
        this.quotas = quotas;
    }

    @Override
    public void handle(Request request, Reply reply) {
        CreatePartitionsRequestData body = (CreatePartitionsRequestData) request.body();
        Map<String, CreatePartitionsTopicResult> results = new LinkedHashMap<>();
        List<MorePartitions> topics = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        Set<String> duplicates = new HashSet<>();
        body.topics().forEach(topic -> {
            if (!seen.add(topic.name())) {
                duplicates.add(topic.name());
            }
        });
        MutationQuota quota =
                quotas.mutations(request.clientId(), request.version() >= FIRST_VERSION_WITH_STRICT_QUOTAS);
        List<Integer> costs = new ArrayList<>();
        for (CreatePartitionsTopic topic : body.topics()) {
            int cost = cost(topic, body.validateOnly());
            if (duplicates.contains(topic.name())) {
                results.put(topic.name(), result(topic.name(), Errors.INVALID_REQUEST, "Duplicate topic name."));
            } else if (topic.name().equals(TopicCreation.METADATA_TOPIC)) {
                results.put(
                        topic.name(),
                        result(topic.name(), Errors.TOPIC_AUTHORIZATION_FAILED, "The metadata log is no topic."));
            } else if (cost > 0 && !quota.admits(cost)) {
                results.put(
                        topic.name(),
                        result(
                                topic.name(),
                                Errors.THROTTLING_QUOTA_EXCEEDED,
                                Errors.THROTTLING_QUOTA_EXCEEDED.message()));
            } else {
                costs.add(cost);
                topics.add(new MorePartitions(
                        topic.name(),
                        topic.count(),
                        topic.assignments() == null
                                ? null
                                : topic.assignments().stream()
                                        .map(each -> List.copyOf(each.brokerIds()))
                                        .toList()));
            }
        }
        int throttleMs = quota.throttleMs();
        Deadline deadline = new Deadline(
                request,
                reply,
                body.timeoutMs(),
                () -> response(results, topics, Errors.REQUEST_TIMED_OUT, Errors.REQUEST_TIMED_OUT.message()));
        controller.submit(
                new CreatePartitions(topics, body.validateOnly()), new ActiveController.ReplyTo<PartitionsCreated>() {
                    @Override
                    public void reply(PartitionsCreated created) {
                        Map<String, CreatePartitionsTopicResult> all = new LinkedHashMap<>(results);
                        for (int i = 0; i < topics.size(); i++) {
                            String name = topics.get(i).topic();
                            all.put(
                                    name,
                                    switch (created.topics().get(i)) {
                                        case Done<String> _ -> new CreatePartitionsTopicResult().setName(name);
                                        case Refused<String>(ControllerError error, String message) -> {
                                            quota.giveBack(costs.get(i));
                                            yield result(name, ControllerErrors.toKafka(error), message);
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

    /** In partitions that are added; nothing where none is. */
    private int cost(CreatePartitionsTopic topic, boolean validateOnly) {
        TopicImage image = controller.image().topic(topic.name());
        return validateOnly || image == null
                ? 0
                : Math.max(0, topic.count() - image.partitions().size());
    }

    private static CreatePartitionsTopicResult result(String name, Errors error, String message) {
        return new CreatePartitionsTopicResult()
                .setName(name)
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }

    private static CreatePartitionsResponseData response(
            Map<String, CreatePartitionsTopicResult> results, List<MorePartitions> rest, Errors error, String message) {
        Map<String, CreatePartitionsTopicResult> all = new LinkedHashMap<>(results);
        rest.forEach(topic -> all.put(topic.topic(), result(topic.topic(), error, message)));
        return response(all);
    }

    private static CreatePartitionsResponseData response(Map<String, CreatePartitionsTopicResult> results) {
        return new CreatePartitionsResponseData().setResults(new ArrayList<>(results.values()));
    }
}
