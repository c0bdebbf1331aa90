package io.odradek.replication.controller;

import io.odradek.replication.controller.ConfigRules.Refusal;
import io.odradek.replication.controller.ControllerReply.ConfigsAltered;
import io.odradek.replication.controller.ControllerRequest.AlterConfigs;
import io.odradek.replication.controller.ControllerRequest.ConfigAlteration;
import io.odradek.replication.controller.ControllerRequest.ConfigChange;
import io.odradek.replication.controller.ControllerRequest.ConfigReplacement;
import io.odradek.replication.controller.ControllerRequest.ReplaceConfigs;
import io.odradek.replication.controller.ControllerRequest.Setting;
import io.odradek.replication.controller.MetadataRecord.Config;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Changing dynamic configuration. What it may say is for the {@link ConfigRules}. */
final class ConfigControl {

    /** One request is one batch of the metadata log, and a batch has to stay small beside the log's segments. */
    private static final int MAX_TEXT = 1 << 20;

    static final String TOO_MUCH =
            "Unable to perform excessively large batch operation; allowed: 10000 settings and 1 MiB of text per"
                    + " request";

    private final ConfigRules rules;
    private final ControllerSettings settings;

    ConfigControl(ConfigRules rules, ControllerSettings settings) {
        this.rules = rules;
        this.settings = settings;
    }

    /** What a cluster lacks of what is agreed upon, and what single brokers have of it: one batch, empty in a cluster that has begun with this. */
    List<MetadataRecord> agree(ClusterImage image) {
        List<MetadataRecord> records = new ArrayList<>();
        rules.agreed().forEach((key, value) -> {
            if (!image.config(TopicPolicies.ALL_BROKERS).containsKey(key)) {
                records.add(new Config(TopicPolicies.ALL_BROKERS, key, value));
            }
        });
        for (Map.Entry<ConfigResource, SortedMap<String, String>> configured : image.configs()) {
            if (isOneBroker(configured.getKey())) {
                for (String key : configured.getValue().keySet()) {
                    if (rules.agreed().containsKey(key)) {
                        records.add(new Config(configured.getKey(), key, null));
                    }
                }
            }
        }
        return records;
    }

    private static boolean isOneBroker(ConfigResource resource) {
        return resource.type() == ConfigResource.Type.BROKER && !resource.equals(TopicPolicies.ALL_BROKERS);
    }

    /** Whether so many settings can be one batch. */
    boolean fits(List<Setting> all) {
        long text = 0;
        for (Setting setting : all) {
            String value = setting.value();
            text += setting.key().length() + (value == null ? 0 : value.length());
        }
        return text <= MAX_TEXT && all.size() <= settings.maxRecordsPerBatch();
    }

    /** Checks a new topic's settings and collects them into {@code overrides}; null when they are fine. */
    @Nullable
    Refusal checkNew(ConfigResource resource, List<Setting> given, Map<String, String> overrides) {
        List<String> withoutValue = new ArrayList<>();
        for (Setting setting : given) {
            if (setting.value() == null) {
                withoutValue.add(setting.key());
            } else {
                overrides.put(setting.key(), setting.value());
            }
        }
        if (!withoutValue.isEmpty()) {
            return new Refusal(
                    ControllerError.INVALID_CONFIG,
                    "Null value not supported for topic configs: " + String.join(",", withoutValue));
        }
        return overrides.isEmpty() ? null : rules.check(resource, overrides);
    }

    Decision alter(ClusterImage image, AlterConfigs request) {
        List<Setting> all = request.alterations().stream()
                .flatMap(alteration -> alteration.changes().stream())
                .map(change -> new Setting(change.key(), change.value()))
                .toList();
        if (!fits(all)) {
            return refuseAll(request.alterations().size());
        }
        List<MetadataRecord> records = new ArrayList<>();
        List<Outcome<ConfigResource>> outcomes = new ArrayList<>();
        for (ConfigAlteration alteration : request.alterations()) {
            outcomes.add(alter(image, alteration, records));
        }
        return decision(records, outcomes, request.validateOnly());
    }

    private static Decision refuseAll(int count) {
        return Decision.only(new ConfigsAltered(
                Collections.nCopies(count, new Refused<>(ControllerError.POLICY_VIOLATION, TOO_MUCH))));
    }

    private static Decision decision(
            List<MetadataRecord> records, List<Outcome<ConfigResource>> outcomes, boolean validateOnly) {
        ConfigsAltered reply = new ConfigsAltered(List.copyOf(outcomes));
        return validateOnly ? Decision.only(reply) : Decision.atomic(records, reply);
    }

    private Outcome<ConfigResource> alter(
            ClusterImage image, ConfigAlteration alteration, List<MetadataRecord> records) {
        ConfigResource resource = alteration.resource();
        Map<String, String> before = image.config(resource);
        Map<String, String> after = new TreeMap<>(before);
        for (ConfigChange change : alteration.changes()) {
            String key = change.key();
            String value = change.value();
            switch (change.operation()) {
                case SET -> {
                    if (value == null) {
                        return new Refused<>(ControllerError.INVALID_REQUEST, "Null value not supported for : " + key);
                    }
                    after.put(key, value);
                }
                case DELETE -> after.remove(key);
                case APPEND, SUBTRACT -> {
                    if (value == null) {
                        return new Refused<>(ControllerError.INVALID_REQUEST, "Null value not supported for : " + key);
                    }
                    if (!rules.isList(resource.type(), key)) {
                        return new Refused<>(
                                ControllerError.INVALID_CONFIG,
                                "Can't " + change.operation() + " to key " + key + " because its type is not LIST.");
                    }
                    List<String> list = new ArrayList<>(
                            parts(after.getOrDefault(key, orEmpty(rules.defaultValue(resource.type(), key)))));
                    for (String part : parts(value)) {
                        if (change.operation() == ControllerRequest.ConfigOperation.SUBTRACT) {
                            list.remove(part);
                        } else if (!list.contains(part)) {
                            list.add(part);
                        }
                    }
                    after.put(key, String.join(",", list));
                }
            }
        }
        return replace(image, resource, before, after, records);
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static List<String> parts(String list) {
        return Arrays.stream(list.split(",", -1))
                .filter(part -> !part.isEmpty())
                .toList();
    }

    Decision replace(ClusterImage image, ReplaceConfigs request) {
        List<Setting> all = request.replacements().stream()
                .flatMap(replacement -> replacement.settings().stream())
                .toList();
        if (!fits(all)) {
            return refuseAll(request.replacements().size());
        }
        List<MetadataRecord> records = new ArrayList<>();
        List<Outcome<ConfigResource>> outcomes = new ArrayList<>();
        for (ConfigReplacement replacement : request.replacements()) {
            Map<String, String> after = new TreeMap<>();
            for (Setting setting : replacement.settings()) {
                if (setting.value() != null) {
                    after.put(setting.key(), setting.value());
                }
            }
            outcomes.add(
                    replacement.settings().stream().anyMatch(setting -> setting.value() == null)
                            ? new Refused<>(ControllerError.INVALID_REQUEST, "Null value not supported for configs")
                            : replace(
                                    image,
                                    replacement.resource(),
                                    image.config(replacement.resource()),
                                    after,
                                    records));
        }
        return decision(records, outcomes, request.validateOnly());
    }

    private Outcome<ConfigResource> replace(
            ClusterImage image,
            ConfigResource resource,
            Map<String, String> before,
            Map<String, String> after,
            List<MetadataRecord> records) {
        Refusal refusal = rules.check(resource, after);
        if (refusal == null) {
            refusal = absent(image, resource);
        }
        if (refusal == null) {
            refusal = disagreement(resource, before, after);
        }
        if (refusal != null) {
            return new Refused<>(refusal.error(), refusal.message());
        }
        for (String key : before.keySet()) {
            if (!after.containsKey(key)) {
                records.add(new Config(resource, key, null));
            }
        }
        after.forEach((key, value) -> {
            if (!Objects.equals(before.get(key), value)) {
                records.add(new Config(resource, key, value));
            }
        });
        return new Done<>(resource);
    }

    /** Kafka's words, as far as they go. */
    private @Nullable Refusal disagreement(
            ConfigResource resource, Map<String, String> before, Map<String, String> after) {
        for (String key : rules.agreed().keySet()) {
            if (isOneBroker(resource) && after.containsKey(key)) {
                return new Refusal(
                        ControllerError.INVALID_CONFIG,
                        "Broker-level " + key
                                + " cannot be altered while ELR is enabled. Set it for all brokers, or for a"
                                + " topic.");
            }
            if (resource.equals(TopicPolicies.ALL_BROKERS) && before.containsKey(key) && !after.containsKey(key)) {
                return new Refusal(
                        ControllerError.INVALID_CONFIG,
                        "Cluster-level " + key + " cannot be removed while ELR is enabled. Set it to another value.");
            }
        }
        return null;
    }

    private static @Nullable Refusal absent(ClusterImage image, ConfigResource resource) {
        return switch (resource.type()) {
            case TOPIC ->
                image.topic(resource.name()) != null
                        ? null
                        : new Refusal(
                                ControllerError.UNKNOWN_TOPIC_OR_PARTITION,
                                "The topic '" + resource.name() + "' does not exist.");
            case BROKER ->
                resource.name().isEmpty() || isRegistered(image, resource.name())
                        ? null
                        : new Refusal(
                                ControllerError.BROKER_ID_NOT_REGISTERED,
                                "No broker with id " + resource.name() + " found.");
            case GROUP, CLIENT_METRICS -> null;
        };
    }

    private static boolean isRegistered(ClusterImage image, String id) {
        return id.matches("[0-9]{1,9}") && image.broker(Integer.parseInt(id)) != null;
    }
}
