package io.odradek.broker.request;

import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.request.ConfigAlterations.Result;
import io.odradek.replication.controller.ControllerRequest.AlterConfigs;
import io.odradek.replication.controller.ControllerRequest.ConfigAlteration;
import io.odradek.replication.controller.ControllerRequest.ConfigChange;
import io.odradek.replication.controller.ControllerRequest.ConfigOperation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData.AlterConfigsResourceResponse;
import org.jspecify.annotations.Nullable;

/** IncrementalAlterConfigs, versions 0 and 1 (KIP-339). */
public final class IncrementalAlterConfigsHandler implements ApiHandler {

    private final ControllerHost controller;

    public IncrementalAlterConfigsHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        IncrementalAlterConfigsRequestData body = (IncrementalAlterConfigsRequestData) request.body();
        ConfigAlterations<ConfigAlteration> asked = new ConfigAlterations<>();
        for (AlterConfigsResource each : body.resources()) {
            asked.add(
                    each.resourceType(),
                    each.resourceName(),
                    problem(each),
                    resource -> new ConfigAlteration(resource, changes(each)));
        }
        asked.submit(
                controller,
                alterations -> new AlterConfigs(alterations, body.validateOnly()),
                results -> reply.send(response(results)));
    }

    private static @Nullable String problem(AlterConfigsResource resource) {
        Set<String> names = new HashSet<>();
        for (AlterableConfig config : resource.configs()) {
            if (!names.add(config.name())) {
                return "Error due to duplicate config keys";
            }
            if (operation(config.configOperation()) == null) {
                return "Unknown operation " + config.configOperation() + " on " + config.name();
            }
        }
        return null;
    }

    private static @Nullable ConfigOperation operation(byte id) {
        return switch (id) {
            case 0 -> ConfigOperation.SET;
            case 1 -> ConfigOperation.DELETE;
            case 2 -> ConfigOperation.APPEND;
            case 3 -> ConfigOperation.SUBTRACT;
            default -> null;
        };
    }

    private static List<ConfigChange> changes(AlterConfigsResource resource) {
        List<ConfigChange> changes = new ArrayList<>();
        for (AlterableConfig config : resource.configs()) {
            ConfigOperation operation = operation(config.configOperation());
            if (operation != null) {
                changes.add(new ConfigChange(config.name(), operation, config.value()));
            }
        }
        return changes;
    }

    private static IncrementalAlterConfigsResponseData response(List<Result> results) {
        IncrementalAlterConfigsResponseData response = new IncrementalAlterConfigsResponseData();
        results.forEach(result -> response.responses()
                .add(new AlterConfigsResourceResponse()
                        .setResourceType(result.resourceType())
                        .setResourceName(result.resourceName())
                        .setErrorCode(result.error().code())
                        .setErrorMessage(result.message())));
        return response;
    }
}
