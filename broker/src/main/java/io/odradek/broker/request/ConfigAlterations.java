package io.odradek.broker.request;

import io.odradek.broker.metadata.ControllerHost;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.ConfigsAltered;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** What both ways of altering configurations share: which resources there are, and how results are collected. */
final class ConfigAlterations {

    /** @param message null when all is well */
    record Result(
            byte resourceType,
            String resourceName,
            Errors error,
            @Nullable String message) {}

    /** Null: not a kind of resource that can be configured here. */
    static @Nullable ConfigResource resource(byte type, String name) {
        for (ConfigResource.Type known : ConfigResource.Type.values()) {
            if (known.id() == type) {
                return new ConfigResource(known, name);
            }
        }
        return null;
    }

    static Result refused(byte type, String name, Errors error, String message) {
        return new Result(type, name, error, message);
    }

    /** Hands over the results of {@code request}, whose resources are {@code resources}, after those {@code before}. */
    static void submit(
            ControllerHost controller,
            ControllerRequest<ConfigsAltered> request,
            List<ConfigResource> resources,
            List<Result> before,
            Consumer<List<Result>> whenDone) {
        controller.submit(request, new ControllerHost.ReplyTo<ConfigsAltered>() {
            @Override
            public void reply(ConfigsAltered reply) {
                List<Result> all = new ArrayList<>(before);
                for (int i = 0; i < resources.size(); i++) {
                    ConfigResource resource = resources.get(i);
                    all.add(
                            switch (reply.resources().get(i)) {
                                case Done<ConfigResource> _ ->
                                    new Result(resource.type().id(), resource.name(), Errors.NONE, null);
                                case Refused<ConfigResource>(ControllerError error, String message) ->
                                    refused(
                                            resource.type().id(),
                                            resource.name(),
                                            ControllerErrors.toKafka(error),
                                            message);
                            });
                }
                whenDone.accept(all);
            }

            @Override
            public void failed(ControllerError error, String message) {
                List<Result> all = new ArrayList<>(before);
                resources.forEach(resource -> all.add(
                        refused(resource.type().id(), resource.name(), ControllerErrors.toKafka(error), message)));
                whenDone.accept(all);
            }
        });
    }

    private ConfigAlterations() {}
}
