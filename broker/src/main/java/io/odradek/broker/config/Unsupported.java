package io.odradek.broker.config;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values that ask for something that is not there. Passing over them would be worse than refusing: a broker that ignores its
 * authorizer is open, one that ignores its quorum splits the cluster.
 */
final class Unsupported {

    private static final List<String> PLUG_INS = List.of(
            "authorizer.class.name",
            "create.topic.policy.class.name",
            "alter.config.policy.class.name",
            "client.quota.callback.class",
            "delegation.token.secret.key",
            "config.providers",
            "security.providers",
            "early.start.listeners",
            "cordoned.log.dirs");

    static void check(Map<String, String> given, Map<String, @Nullable Object> values, List<String> problems) {
        for (String key : PLUG_INS) {
            String value = given.getOrDefault(key, "");
            if (!value.isEmpty()) {
                String shown = key.contains("secret") ? "[hidden]" : value;
                problems.add(key + "=" + shown + ": not supported yet; allowed: leave it out");
            }
        }
        refuseUnless(given, "remote.log.storage.system.enable", "false", "tiered storage is not supported", problems);
        refuseUnless(given, "security.inter.broker.protocol", "PLAINTEXT", "not supported yet", problems);
    }

    private static void refuseUnless(
            Map<String, String> given, String key, String allowed, String reason, List<String> problems) {
        String value = given.getOrDefault(key, allowed);
        if (!value.equalsIgnoreCase(allowed)) {
            problems.add(key + "=" + value + ": " + reason + "; allowed: " + allowed);
        }
    }

    private Unsupported() {}
}
