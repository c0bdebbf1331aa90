package io.odradek.replication.controller;

import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.ConfigRules.Refusal;
import io.odradek.replication.controller.ControllerEffect.AppendRecords;
import io.odradek.replication.controller.ControllerEffect.Reply;
import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.Outcome.Done;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A controller with its log in memory: commits at once whatever it appends. */
final class Cluster {

    static final short PLAINTEXT = 0;
    static final VersionRange METADATA = new VersionRange((short) 7, (short) 30);

    /** Knows retention.ms (a number), cleanup.policy (a list), what the controller looks at, and nothing else. */
    static final ConfigRules RULES = new ConfigRules() {
        @Override
        public boolean isList(ConfigResource.Type type, String key) {
            return key.equals("cleanup.policy");
        }

        @Override
        public @Nullable String defaultValue(ConfigResource.Type type, String key) {
            return key.equals("cleanup.policy") ? "delete" : null;
        }

        @Override
        public @Nullable Refusal check(ConfigResource resource, Map<String, String> overrides) {
            for (Map.Entry<String, String> entry : overrides.entrySet()) {
                boolean fine = switch (entry.getKey()) {
                    case "retention.ms" -> entry.getValue().matches("-?[0-9]+");
                    case "cleanup.policy", "min.insync.replicas", UNCLEAN, DURABILITY -> true;
                    default -> false;
                };
                if (!fine) {
                    return new Refusal(ControllerError.INVALID_CONFIG, entry.toString());
                }
            }
            return null;
        }

        @Override
        public SortedMap<String, String> agreed() {
            return new TreeMap<>(Map.of("min.insync.replicas", "1", DURABILITY, "sync"));
        }

        @Override
        public TopicPolicy policy(Map<String, String> allBrokers, Map<String, String> overrides) {
            Map<String, String> all = new HashMap<>(allBrokers);
            all.putAll(overrides);
            return new TopicPolicy(
                    Integer.parseInt(all.getOrDefault("min.insync.replicas", "1")),
                    all.getOrDefault(UNCLEAN, "false").equals("true"),
                    all.getOrDefault(DURABILITY, "sync").equals("sync"));
        }
    };

    static final String UNCLEAN = "unclean.leader.election.enable";
    static final String DURABILITY = "odradek.durability";

    ControllerMachine machine;
    ClusterImage committed = ClusterImage.empty("cluster");
    final List<MetadataRecord> log = new ArrayList<>();
    final List<Integer> batchSizes = new ArrayList<>();
    private final ControllerSettings settings;
    private long nowMs;
    private long nextRequest;
    private long seed = 1;

    Cluster() {
        this(ControllerSettings.of(1, 1));
    }

    Cluster(ControllerSettings settings) {
        this.settings = settings;
        machine = new ControllerMachine(committed, settings, RULES);
        carryOut(machine.step(new ControllerEvent.BecameActive(new TreeMap<>(Map.of("metadata.version", (short) 30)))));
    }

    /** Loses the machine, keeps the log. */
    void failOver() {
        machine = new ControllerMachine(committed, settings, RULES);
        carryOut(machine.step(new ControllerEvent.BecameActive(new TreeMap<>())));
        carryOut(machine.step(new ControllerEvent.TimePassed(nowMs)));
    }

    void pass(long ms) {
        nowMs += ms;
        carryOut(machine.step(new ControllerEvent.TimePassed(nowMs)));
    }

    /** Until leadership is given back; everybody is heard of meanwhile. */
    void balance() {
        pass(0);
        for (long ms = 0; ms <= settings.rebalanceIntervalMs(); ms += settings.sessionMs() / 2) {
            pass(settings.sessionMs() / 2);
            for (BrokerImage broker : committed.brokers().values()) {
                beat(broker.id());
            }
        }
    }

    /** A topic of one partition. */
    void create(String topic, List<Integer> replicas) {
        ask(new ControllerRequest.CreateTopics(
                List.of(new NewTopic(
                        topic, -1, -1, List.of(new ControllerRequest.ManualAssignment(0, replicas)), List.of())),
                false));
    }

    void assign(String topic, int broker, UUID directory) {
        TopicImage image = committed.topic(topic);
        BrokerImage registered = committed.broker(broker);
        if (image == null || registered == null) {
            throw new AssertionError(topic + ", " + broker);
        }
        ask(new ControllerRequest.AssignDirectories(
                broker,
                registered.epoch(),
                List.of(new ControllerRequest.DirectoryAssignment(image.id(), 0, directory))));
    }

    /** As long as it takes to miss these, while all others are heard of. */
    void miss(int... ids) {
        pass(0);
        for (int i = 0; i < 4; i++) {
            pass(settings.sessionMs() / 4 + 1);
            for (BrokerImage broker : committed.brokers().values()) {
                if (IntStream.of(ids).noneMatch(id -> id == broker.id())) {
                    beat(broker.id());
                }
            }
            pass(0);
        }
    }

    /** A heartbeat of a broker that has read everything. */
    ControllerReply.HeartbeatAnswered beat(int id) {
        BrokerImage broker = committed.broker(id);
        if (broker == null) {
            throw new AssertionError("no broker " + id);
        }
        return ask(new Heartbeat(id, broker.epoch(), committed.lastOffset(), false, false));
    }

    <R extends ControllerReply> R ask(ControllerRequest<R> request) {
        long id = nextRequest++;
        List<Reply> replies = carryOut(machine.step(new ControllerEvent.Requested(id, request, seed++)));
        if (replies.size() != 1 || replies.getFirst().requestId() != id) {
            throw new AssertionError("one reply to " + id + " expected, got " + replies);
        }
        return request.replyType().cast(replies.getFirst().body());
    }

    private List<Reply> carryOut(List<ControllerEffect> effects) {
        List<Reply> replies = new ArrayList<>();
        for (ControllerEffect effect : effects) {
            switch (effect) {
                case AppendRecords(List<MetadataRecord> records, boolean _, Reply reply) -> {
                    log.addAll(records);
                    committed = committed.apply(records);
                    batchSizes.add(records.size());
                    if (reply != null) {
                        replies.add(reply);
                    }
                }
            }
        }
        return replies;
    }

    static RegisterBroker registration(int id, @Nullable String rack, long incarnation, long previousEpoch) {
        return new RegisterBroker(
                id,
                new UUID(id, incarnation),
                List.of(new Endpoint("PLAINTEXT", "host" + id, 9092, PLAINTEXT)),
                Map.of("metadata.version", METADATA),
                rack,
                List.of(new UUID(7, id)),
                previousEpoch);
    }

    /** Registers the broker's next process and unfences it; returns its epoch. */
    long start(int id, long incarnation) {
        return start(registration(id, null, incarnation, -1));
    }

    /** After the session of the process before, when it did not stop cleanly. */
    long start(RegisterBroker registration) {
        if (committed.broker(registration.brokerId()) != null) {
            miss(registration.brokerId());
        }
        long epoch = epoch(ask(registration));
        ask(new Heartbeat(registration.brokerId(), epoch, committed.lastOffset(), false, false));
        return epoch;
    }

    static long epoch(BrokerRegistered reply) {
        if (reply.epoch() instanceof Done<Long>(Long epoch)) {
            return epoch;
        }
        throw new AssertionError("refused: " + reply);
    }

    static <T> T done(Outcome<T> outcome) {
        if (outcome instanceof Done<T>(T value)) {
            return value;
        }
        throw new AssertionError("refused: " + outcome);
    }

    PartitionImage partition(String topic, int partition) {
        TopicImage image = committed.topic(topic);
        if (image == null) {
            throw new AssertionError("no topic " + topic);
        }
        return image.partitions().get(partition);
    }

    static NewTopic topic(String name, int partitions, int replicationFactor) {
        return new NewTopic(name, partitions, replicationFactor, List.of(), List.of());
    }
}
