package io.odradek.broker.request;

import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.request.ConfigAlterations.Result;
import io.odradek.replication.controller.ControllerRequest.ConfigReplacement;
import io.odradek.replication.controller.ControllerRequest.ReplaceConfigs;
import io.odradek.replication.controller.ControllerRequest.Setting;
import java.util.List;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.AlterConfigsResponseData.AlterConfigsResourceResponse;

/** AlterConfigs, versions 0 to 2: replaces a resource's whole configuration. Deprecated in Kafka; older clients still send it. */
public final class AlterConfigsHandler implements ApiHandler {

    private final ControllerHost controller;

    public AlterConfigsHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        AlterConfigsRequestData body = (AlterConfigsRequestData) request.body();
        ConfigAlterations<ConfigReplacement> asked = new ConfigAlterations<>();
        for (AlterConfigsResource each : body.resources()) {
            asked.add(
                    each.resourceType(),
                    each.resourceName(),
                    null,
                    resource -> new ConfigReplacement(resource, settings(each)));
        }
        asked.submit(
                controller,
                replacements -> new ReplaceConfigs(replacements, body.validateOnly()),
                results -> reply.send(response(results)));
    }

    private static List<Setting> settings(AlterConfigsResource resource) {
        return resource.configs().stream()
                .map(config -> new Setting(config.name(), config.value()))
                .toList();
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
