package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerEffect.AppendRecords;
import io.odradek.replication.controller.ControllerEffect.Reply;
import io.odradek.replication.controller.ControllerEvent.BecameActive;
import io.odradek.replication.controller.ControllerEvent.OthersAppended;
import io.odradek.replication.controller.ControllerEvent.Requested;
import io.odradek.replication.controller.ControllerEvent.TimePassed;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.AlterConfigs;
import io.odradek.replication.controller.ControllerRequest.AlterPartition;
import io.odradek.replication.controller.ControllerRequest.AlterQuotas;
import io.odradek.replication.controller.ControllerRequest.AlterReassignments;
import io.odradek.replication.controller.ControllerRequest.AssignDirectories;
import io.odradek.replication.controller.ControllerRequest.CreatePartitions;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DeleteTopics;
import io.odradek.replication.controller.ControllerRequest.ElectLeaders;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerRequest.ReplaceConfigs;
import io.odradek.replication.controller.ControllerRequest.UnregisterBroker;
import io.odradek.replication.controller.ControllerRequest.UpdateFeatures;
import io.odradek.replication.controller.MetadataRecord.FeatureLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
    private final TopicPolicies policies;
    private final BrokerLeases leases;
    private final Concerns concerns;
    private final TopicControl topics;
    private final ConfigControl configs;
    private final BrokerControl brokers;
    private final InSyncControl inSync;
    private final ElectionControl elections;
    private final ReassignmentControl reassignments;
    private final QuotaControl quotas;
    private ClusterImage image;
    private long nowMs = Long.MIN_VALUE;
    private long balanceAtMs = Long.MIN_VALUE;

    /** @param committed the whole committed log, folded */
    public ControllerMachine(ClusterImage committed, ControllerSettings settings, ConfigRules rules) {
        this.settings = settings;
        this.image = committed;
        this.policies = new TopicPolicies(rules);
        this.leases = new BrokerLeases(settings.sessionMs());
        this.concerns = new Concerns(committed);
        this.configs = new ConfigControl(rules, settings);
        this.topics = new TopicControl(settings, configs, committed);
        this.brokers = new BrokerControl(policies, leases, concerns);
        this.inSync = new InSyncControl(policies);
        this.elections = new ElectionControl(policies, settings);
        this.reassignments = new ReassignmentControl(policies);
        this.quotas = new QuotaControl(settings);
        leases.begin(committed);
    }

    /** The state after everything asked for so far, committed or not. */
    public ClusterImage image() {
        return image;
    }

    /** When {@link TimePassed} is wanted, at the latest; a time that is over: at once. */
    public long deadlineMs() {
        return Math.min(leases.deadlineMs(), settings.rebalanceIntervalMs() > 0 ? balanceAtMs : Long.MAX_VALUE);
    }

    public List<ControllerEffect> step(ControllerEvent event) {
        return switch (event) {
            case BecameActive active -> onActive(active);
            case Requested(long requestId, ControllerRequest<?> request, long seed) -> {
                Decision decision = decide(request, seed);
                yield append(decision.records(), decision.atomic(), new Reply(requestId, decision.reply()));
            }
            case TimePassed(long now) -> onTime(now);
            case OthersAppended(long lastOffset) -> {
                image = image.at(Math.max(image.lastOffset(), lastOffset));
                yield List.of();
            }
        };
    }

    /**
     * The first thing of the controller's in a metadata log is what the log itself requires of its readers. In one that has that, the
     * controller before may have left something half done.
     */
    private List<ControllerEffect> onActive(BecameActive active) {
        boolean hasBegun = !image.features().isEmpty();
        List<MetadataRecord> records = new ArrayList<>();
        if (!hasBegun) {
            for (Map.Entry<String, Short> feature : active.features().entrySet()) {
                records.add(new FeatureLevel(feature.getKey(), feature.getValue()));
            }
        }
        records.addAll(withElections(configs.agree(image)));
        List<ControllerEffect> effects = new ArrayList<>(append(records, true, null));
        if (hasBegun) {
            effects.addAll(append(elections.begin(image), false, null));
        }
        return effects;
    }

    /** Who was not heard of in time is fenced, one after the other. Now and then leadership is given back. */
    private List<ControllerEffect> onTime(long now) {
        nowMs = Math.max(nowMs, now);
        leases.timePassed(nowMs);
        List<ControllerEffect> effects = new ArrayList<>();
        for (int brokerId : leases.expired()) {
            effects.addAll(append(brokers.expire(image, brokerId), false, null));
        }
        if (settings.rebalanceIntervalMs() > 0 && nowMs >= balanceAtMs) {
            if (balanceAtMs != Long.MIN_VALUE) { // not at once: brokers of a cluster that starts may be on their way
                effects.addAll(append(elections.balance(image), false, null));
            }
            balanceAtMs = nowMs + settings.rebalanceIntervalMs();
        }
        return effects;
    }

    private Decision decide(ControllerRequest<?> request, long seed) {
        return switch (request) {
            case CreateTopics create -> topics.create(image, create, seed);
            case DeleteTopics delete -> topics.delete(image, delete);
            case CreatePartitions create -> topics.addPartitions(image, create, seed);
            case AlterConfigs alter -> configured(configs.alter(image, alter));
            case ReplaceConfigs replace -> configured(configs.replace(image, replace));
            case RegisterBroker register -> brokers.register(image, register);
            case Heartbeat heartbeat -> brokers.heartbeat(image, heartbeat);
            case UnregisterBroker unregister -> brokers.unregister(image, unregister);
            case AllocateProducerIds allocate -> BrokerControl.allocate(image, allocate, settings.producerIdBlock());
            case AlterPartition alter -> inSync.alter(image, alter);
            case ElectLeaders elect -> elections.elect(image, elect);
            case AlterReassignments alter -> reassignments.alter(image, alter);
            case AssignDirectories assign -> brokers.assign(image, assign);
            case UpdateFeatures update -> FeatureControl.update(image, update);
            case AlterQuotas alter -> quotas.alter(image, alter);
        };
    }

    private Decision configured(Decision decision) {
        return decision.records().isEmpty()
                ? decision
                : Decision.atomic(withElections(decision.records()), decision.reply());
    }

    /** What follows from the configuration for who is eligible and who leads, in the batch that changes it. */
    private List<MetadataRecord> withElections(List<MetadataRecord> configured) {
        if (configured.isEmpty()) {
            return configured;
        }
        ClusterImage.Step step = image.apply(image.lastOffset() + 1, configured);
        policies.follow(step.delta());
        List<MetadataRecord> records = new ArrayList<>(configured);
        records.addAll(elections.onConfigs(step.after(), step.delta().changedConfigs()));
        return records;
    }

    private List<ControllerEffect> append(List<MetadataRecord> records, boolean atomic, @Nullable Reply reply) {
        if (records.isEmpty() && reply == null) {
            return List.of();
        }
        apply(records);
        int perBatch = atomic ? Integer.MAX_VALUE : settings.maxRecordsPerBatch();
        List<ControllerEffect> effects = new ArrayList<>();
        int from = 0;
        for (; records.size() - from > perBatch; from += perBatch) {
            effects.add(new AppendRecords(records.subList(from, from + perBatch), atomic, null));
        }
        effects.add(new AppendRecords(records.subList(from, records.size()), atomic, reply));
        return effects;
    }

    private void apply(List<MetadataRecord> records) {
        if (!records.isEmpty()) {
            ClusterImage.Step step = image.apply(image.lastOffset() + 1, records);
            concerns.follow(image.lastOffset() + 1, records, step.after());
            image = step.after();
            topics.follow(step.delta());
            policies.follow(step.delta());
        }
    }
}
