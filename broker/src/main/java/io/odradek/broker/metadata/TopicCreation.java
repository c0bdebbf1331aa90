package io.odradek.broker.metadata;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.CreatedTopic;
import io.odradek.replication.controller.ControllerReply.TopicsCreated;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.Setting;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Creates topics because somebody asks for them: any topic by num.partitions and default.replication.factor, Kafka's internal
 * ones as their own keys say. Any thread.
 */
public final class TopicCreation {

    public static final String OFFSETS_TOPIC = "__consumer_offsets";
    public static final String TRANSACTIONS_TOPIC = "__transaction_state";
    public static final String METADATA_TOPIC = "__cluster_metadata";

    private static final Set<String> INTERNAL = Set.of(OFFSETS_TOPIC, TRANSACTIONS_TOPIC);

    private final ActiveController controller;
    private final BrokerConfig config;

    public TopicCreation(ActiveController controller, BrokerConfig config) {
        this.controller = controller;
        this.config = config;
    }

    /** Topics that clients are told not to meddle with. */
    public static boolean isInternal(String topic) {
        return INTERNAL.contains(topic);
    }

    /**
     * Creates what does not exist yet.
     *
     * @param whenDone the names that do not exist even now, with the reason; called once, when those that do are usable
     */
    public void ensure(Collection<String> names, Consumer<Map<String, Refused<CreatedTopic>>> whenDone) {
        List<NewTopic> topics = new ArrayList<>();
        for (String name : names) {
            topics.add(name.equals(OFFSETS_TOPIC) ? offsetsTopic() : new NewTopic(name, -1, -1, List.of(), List.of()));
        }
        controller.submit(new CreateTopics(topics, false), new ActiveController.ReplyTo<TopicsCreated>() {
            @Override
            public void reply(TopicsCreated reply) {
                Map<String, Refused<CreatedTopic>> refused = new LinkedHashMap<>();
                for (int i = 0; i < topics.size(); i++) {
                    Outcome<CreatedTopic> outcome = reply.topics().get(i);
                    switch (outcome) {
                        case Done<CreatedTopic> _ -> {}
                        // Somebody was faster; by the order of replies it is usable by now.
                        case Refused<CreatedTopic>(ControllerError error, String _)
                        when error == ControllerError.TOPIC_ALREADY_EXISTS -> {}
                        case Refused<CreatedTopic> refusal ->
                            refused.put(topics.get(i).name(), refusal);
                    }
                }
                whenDone.accept(refused);
            }

            @Override
            public void failed(ControllerError error, String message) {
                Map<String, Refused<CreatedTopic>> refused = new LinkedHashMap<>();
                topics.forEach(topic -> refused.put(topic.name(), new Refused<>(error, message)));
                whenDone.accept(refused);
            }
        });
    }

    /**
     * As Kafka's group coordinator wants it. Its durability is its own: a broker that takes records into the page cache only
     * has promised nothing about the commits of those who read them. Changed like any topic's.
     */
    private NewTopic offsetsTopic() {
        return new NewTopic(
                OFFSETS_TOPIC,
                config.intValue("offsets.topic.num.partitions"),
                config.intValue("offsets.topic.replication.factor"),
                List.of(),
                List.of(
                        new Setting("cleanup.policy", "compact"),
                        new Setting("compression.type", "producer"),
                        new Setting("odradek.durability", "sync"),
                        new Setting("segment.bytes", String.valueOf(config.intValue("offsets.topic.segment.bytes")))));
    }
}
