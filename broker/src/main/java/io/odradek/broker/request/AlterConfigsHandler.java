package io.odradek.broker.request;

import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.request.ConfigAlterations.Result;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.ControllerRequest.ConfigReplacement;
import io.odradek.replication.controller.ControllerRequest.ReplaceConfigs;
import io.odradek.replication.controller.ControllerRequest.Setting;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.AlterConfigsResponseData.AlterConfigsResourceResponse;
import org.apache.kafka.common.protocol.Errors;

/** AlterConfigs, versions 0 to 2: replaces a resource's whole configuration. Deprecated in Kafka; older clients still send it. */
public final class AlterConfigsHandler implements ApiHandler {

    private final ControllerHost controller;

    public AlterConfigsHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        AlterConfigsRequestData body = (AlterConfigsRequestData) request.body();
        Map<List<Object>, Integer> times = new HashMap<>();
        body.resources().forEach(each -> times.merge(key(each), 1, Integer::sum));
        List<Result> results = new ArrayList<>();
        List<ConfigReplacement> replacements = new ArrayList<>();
        for (AlterConfigsResource each : body.resources()) {
            ConfigResource resource = ConfigAlterations.resource(each.resourceType(), each.resourceName());
            if (resource == null || times.getOrDefault(key(each), 0) > 1) {
                results.add(ConfigAlterations.refused(
                        each.resourceType(),
                        each.resourceName(),
                        Errors.INVALID_REQUEST,
                        resource == null
                                ? "Unexpected resource type " + each.resourceType()
                                : "Each resource must appear at most once."));
            } else {
                replacements.add(new ConfigReplacement(
                        resource,
                        each.configs().stream()
                                .map(config -> new Setting(config.name(), config.value()))
                                .toList()));
            }
        }
        ConfigAlterations.submit(
                controller,
                new ReplaceConfigs(replacements, body.validateOnly()),
                replacements.stream().map(ConfigReplacement::resource).toList(),
                results,
                all -> reply.send(response(all)));
    }

    private static List<Object> key(AlterConfigsResource resource) {
        return List.of(resource.resourceType(), resource.resourceName());
    }

    private static AlterConfigsResponseData response(List<Result> results) {
        AlterConfigsResponseData response = new AlterConfigsResponseData();
        results.forEach(result -> response.responses()
                .add(new AlterConfigsResourceResponse()
                        .setResourceType(result.resourceType())
                        .setResourceName(result.resourceName())
                        .setErrorCode(result.error().code())
                        .setErrorMessage(result.message())));
        return response;
    }
}
