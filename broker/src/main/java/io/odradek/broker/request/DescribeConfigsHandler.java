package io.odradek.broker.request;

import io.odradek.broker.config.ConfigDescriptions;
import io.odradek.broker.config.ConfigDescriptions.Description;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.TopicNames;
import java.util.List;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResourceResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsSynonym;
import org.apache.kafka.common.protocol.Errors;

/** DescribeConfigs, versions 1 to 4: topics, this broker, and the defaults of all brokers. */
public final class DescribeConfigsHandler implements ApiHandler {

    private final ControllerHost controller;
    private final ConfigDescriptions configs;
    private final int nodeId;

    public DescribeConfigsHandler(ControllerHost controller, ConfigDescriptions configs, int nodeId) {
        this.controller = controller;
        this.configs = configs;
        this.nodeId = nodeId;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DescribeConfigsRequestData body = (DescribeConfigsRequestData) request.body();
        DescribeConfigsResponseData response = new DescribeConfigsResponseData();
        for (DescribeConfigsResource resource : body.resources()) {
            response.results()
                    .add(describe(resource, body)
                            .setResourceType(resource.resourceType())
                            .setResourceName(resource.resourceName()));
        }
        reply.send(response);
    }

    private DescribeConfigsResult describe(DescribeConfigsResource resource, DescribeConfigsRequestData body) {
        ClusterImage image = controller.image();
        String name = resource.resourceName();
        return switch (ConfigResource.Type.forId(resource.resourceType())) {
            case TOPIC -> {
                String badName = TopicNames.problem(name);
                if (badName != null) {
                    yield refused(Errors.INVALID_TOPIC_EXCEPTION, badName);
                }
                yield image.topic(name) == null
                        ? new DescribeConfigsResult().setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code())
                        : described(
                                configs.topic(
                                        image,
                                        image.config(io.odradek.replication.controller.ConfigResource.topic(name))),
                                resource,
                                body);
            }
            case BROKER -> {
                if (name.isEmpty()) {
                    yield described(configs.allBrokers(image), resource, body);
                }
                if (!name.matches("-?[0-9]{1,10}")) {
                    yield refused(Errors.INVALID_REQUEST, "Broker id must be an integer, but it is: " + name);
                }
                yield name.equals(Integer.toString(nodeId))
                        ? described(configs.broker(image), resource, body)
                        : refused(
                                Errors.INVALID_REQUEST,
                                "Unexpected broker id, expected " + nodeId + " or empty string, but received " + name);
            }
            case BROKER_LOGGER, CLIENT_METRICS, GROUP, UNKNOWN ->
                refused(Errors.INVALID_REQUEST, "Unsupported resource type: " + resource.resourceType());
        };
    }

    private static DescribeConfigsResult refused(Errors error, String message) {
        return new DescribeConfigsResult().setErrorCode(error.code()).setErrorMessage(message);
    }

    private static DescribeConfigsResult described(
            List<Description> descriptions, DescribeConfigsResource resource, DescribeConfigsRequestData body) {
        DescribeConfigsResult result = new DescribeConfigsResult();
        List<String> keys = resource.configurationKeys();
        for (Description config : descriptions) {
            if (keys == null || keys.isEmpty() || keys.contains(config.name())) {
                result.configs().add(entry(config, body));
            }
        }
        return result;
    }

    private static DescribeConfigsResourceResult entry(Description config, DescribeConfigsRequestData body) {
        DescribeConfigsResourceResult entry = new DescribeConfigsResourceResult()
                .setName(config.name())
                .setValue(config.value())
                .setReadOnly(config.readOnly())
                .setConfigSource(config.source().id())
                .setIsSensitive(config.sensitive())
                .setConfigType(config.type())
                .setDocumentation(body.includeDocumentation() ? config.documentation() : null);
        if (body.includeSynonyms()) {
            config.synonyms()
                    .forEach(synonym -> entry.synonyms()
                            .add(new DescribeConfigsSynonym()
                                    .setName(synonym.name())
                                    .setValue(synonym.value())
                                    .setSource(synonym.source().id())));
        }
        return entry;
    }
}
