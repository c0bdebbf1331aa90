package io.odradek.replication.partition;

import io.odradek.replication.controller.ConfigResource;
import io.odradek.replication.controller.ConfigRules;
import io.odradek.replication.controller.TopicPolicy;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** What topics are configured with is the same for all. */
record SimulatedPartitionRules(TopicPolicy policy) implements ConfigRules {

    @Override
    public boolean isList(ConfigResource.Type type, String key) {
        return false;
    }

    @Override
    public @Nullable String defaultValue(ConfigResource.Type type, String key) {
        return null;
    }

    @Override
    public @Nullable Refusal check(ConfigResource resource, Map<String, String> overrides) {
        return null;
    }

    @Override
    public SortedMap<String, String> agreed() {
        return Collections.emptySortedMap();
    }

    @Override
    public TopicPolicy policy(Map<String, String> allBrokers, Map<String, String> overrides) {
        return policy;
    }
}
