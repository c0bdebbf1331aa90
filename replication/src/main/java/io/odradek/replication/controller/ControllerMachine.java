package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerEffect.AppendRecords;
import io.odradek.replication.controller.ControllerEffect.Reply;
import io.odradek.replication.controller.ControllerEvent.BecameActive;
import io.odradek.replication.controller.ControllerEvent.Requested;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.AlterConfigs;
import io.odradek.replication.controller.ControllerRequest.CreatePartitions;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DeleteTopics;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerRequest.ReplaceConfigs;
import io.odradek.replication.controller.MetadataRecord.FeatureLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The active controller: turns requests into metadata records. Decides on the state as it will be once everything it has already
 * asked to append is committed, so that requests follow each other without waiting for the log; no reply leaves before what it
 * rests on is committed, refusals included. When the log fails or another controller takes over, this machine is thrown away and
 * the next one begins with what was committed.
 *
 * <p>Confined to the metadata loop.
 */
public final class ControllerMachine {

    private final ControllerSettings settings;
    private final TopicControl topics;
    private final ConfigControl configs;
    private ClusterImage image;

    /** @param committed the whole committed log, folded */
    public ControllerMachine(ClusterImage committed, ControllerSettings settings, ConfigRules rules) {
        this.settings = settings;
        this.image = committed;
        this.configs = new ConfigControl(rules, settings);
        this.topics = new TopicControl(settings, configs, committed);
    }

    /** The state after everything asked for so far, committed or not. */
    public ClusterImage image() {
        return image;
    }

    public List<ControllerEffect> step(ControllerEvent event) {
        return switch (event) {
            case BecameActive active -> onActive(active);
            case Requested(long requestId, ControllerRequest<?> request, long seed) ->
                append(decide(request, seed), requestId);
        };
    }

    /** The first thing of the controller's in a metadata log is what the log itself requires of its readers. */
    private List<ControllerEffect> onActive(BecameActive active) {
        if (!image.features().isEmpty()) {
            return List.of();
        }
        List<MetadataRecord> records = new ArrayList<>();
        for (Map.Entry<String, Short> feature : active.features().entrySet()) {
            records.add(new FeatureLevel(feature.getKey(), feature.getValue()));
        }
        apply(records);
        return List.of(new AppendRecords(List.copyOf(records), null));
    }

    private Decision decide(ControllerRequest<?> request, long seed) {
        return switch (request) {
            case CreateTopics create -> topics.create(image, create, seed);
            case DeleteTopics delete -> topics.delete(image, delete);
            case CreatePartitions create -> topics.addPartitions(image, create, seed);
            case AlterConfigs alter -> configs.alter(image, alter);
            case ReplaceConfigs replace -> configs.replace(image, replace);
            case RegisterBroker register -> BrokerControl.register(image, register);
            case Heartbeat heartbeat -> BrokerControl.heartbeat(image, heartbeat);
            case AllocateProducerIds allocate -> BrokerControl.allocate(image, allocate, settings.producerIdBlock());
        };
    }

    private List<ControllerEffect> append(Decision decision, long requestId) {
        List<MetadataRecord> records = decision.records();
        apply(records);
        Reply reply = new Reply(requestId, decision.reply());
        int perBatch = decision.atomic() ? Integer.MAX_VALUE : settings.maxRecordsPerBatch();
        List<ControllerEffect> effects = new ArrayList<>();
        int from = 0;
        for (; records.size() - from > perBatch; from += perBatch) {
            effects.add(new AppendRecords(records.subList(from, from + perBatch), null));
        }
        effects.add(new AppendRecords(records.subList(from, records.size()), reply));
        return effects;
    }

    private void apply(List<MetadataRecord> records) {
        if (!records.isEmpty()) {
            ClusterImage.Step step = image.apply(image.lastOffset() + 1, records);
            image = step.after();
            topics.follow(step.delta());
        }
    }
}
