package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.ConfigsAltered;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * What one request alters, in either way of altering configurations: resources that cannot be altered are refused here, the
 * others go to the controller together.
 *
 * @param <A> what the controller is told about one resource
 */
final class ConfigAlterations<A> {

    /** @param message null when all is well */
    record Result(
            byte resourceType,
            String resourceName,
            Errors error,
            @Nullable String message) {

        static Result refused(ConfigResource resource, ControllerError error, String message) {
            return new Result(resource.type().id(), resource.name(), ControllerErrors.toKafka(error), message);
        }
    }

    private record Name(byte resourceType, String resourceName) {}

    private record Asked<A>(Name name, @Nullable String problem, Function<ConfigResource, A> alteration) {}

    private final List<Asked<A>> asked = new ArrayList<>();
    private final Map<Name, Integer> times = new HashMap<>();

    /** @param problem why the request cannot be granted, null when nothing speaks against it */
    void add(byte resourceType, String resourceName, @Nullable String problem, Function<ConfigResource, A> alteration) {
        Name name = new Name(resourceType, resourceName);
        asked.add(new Asked<>(name, problem, alteration));
        times.merge(name, 1, Integer::sum);
    }

    /** Hands over the results: first those of what is refused here, then those of the controller. */
    void submit(
            ControllerHost controller,
            Function<List<A>, ControllerRequest<ConfigsAltered>> request,
            Consumer<List<Result>> whenDone) {
        List<Result> results = new ArrayList<>();
        List<ConfigResource> resources = new ArrayList<>();
        List<A> alterations = new ArrayList<>();
        for (Asked<A> each : asked) {
            Name name = each.name();
            ConfigResource resource = resource(name);
            String problem = times.getOrDefault(name, 0) > 1
                    ? "Each resource must appear at most once."
                    : resource == null ? "Unexpected resource type " + name.resourceType() : each.problem();
            if (resource == null || problem != null) {
                results.add(new Result(name.resourceType(), name.resourceName(), Errors.INVALID_REQUEST, problem));
            } else {
                resources.add(resource);
                alterations.add(each.alteration().apply(resource));
            }
        }
        controller.submit(request.apply(alterations), new ActiveController.ReplyTo<ConfigsAltered>() {
            @Override
            public void reply(ConfigsAltered reply) {
                for (int i = 0; i < resources.size(); i++) {
                    ConfigResource resource = resources.get(i);
                    results.add(
                            switch (reply.resources().get(i)) {
                                case Done<ConfigResource> _ ->
                                    new Result(resource.type().id(), resource.name(), Errors.NONE, null);
                                case Refused<ConfigResource>(ControllerError error, String message) ->
                                    Result.refused(resource, error, message);
                            });
                }
                whenDone.accept(results);
            }

            @Override
            public void failed(ControllerError error, String message) {
                resources.forEach(resource -> results.add(Result.refused(resource, error, message)));
                whenDone.accept(results);
            }
        });
    }

    /** Null: not a kind of resource that can be configured here. */
    private static @Nullable ConfigResource resource(Name name) {
        for (ConfigResource.Type known : ConfigResource.Type.values()) {
            if (known.id() == name.resourceType()) {
                return new ConfigResource(known, name.resourceName());
            }
        }
        return null;
    }
}
