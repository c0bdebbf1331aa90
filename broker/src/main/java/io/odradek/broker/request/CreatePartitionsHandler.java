package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.TopicCreation;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.PartitionsCreated;
import io.odradek.replication.controller.ControllerRequest.CreatePartitions;
import io.odradek.replication.controller.ControllerRequest.MorePartitions;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
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

/** CreatePartitions, versions 0 to 3. */
public final class CreatePartitionsHandler implements ApiHandler {

    private final ControllerHost controller;

    public CreatePartitionsHandler(ControllerHost controller) {
        this.controller = controller;
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
        for (CreatePartitionsTopic topic : body.topics()) {
            if (duplicates.contains(topic.name())) {
                results.put(topic.name(), result(topic.name(), Errors.INVALID_REQUEST, "Duplicate topic name."));
            } else if (topic.name().equals(TopicCreation.METADATA_TOPIC)) {
                results.put(
                        topic.name(),
                        result(topic.name(), Errors.TOPIC_AUTHORIZATION_FAILED, "The metadata log is no topic."));
            } else {
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
                                        case Refused<String>(ControllerError error, String message) ->
                                            result(name, ControllerErrors.toKafka(error), message);
                                    });
                        }
                        deadline.send(response(all));
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        deadline.send(response(results, topics, ControllerErrors.toKafka(error), message));
                    }
                });
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
