package io.odradek.replication.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.controller.ControllerEffect.AppendRecords;
import io.odradek.replication.controller.ControllerEffect.Reply;
import io.odradek.replication.controller.ControllerEvent.BecameActive;
import io.odradek.replication.controller.ControllerEvent.Requested;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.AlterConfigs;
import io.odradek.replication.controller.ControllerRequest.ConfigAlteration;
import io.odradek.replication.controller.ControllerRequest.ConfigChange;
import io.odradek.replication.controller.ControllerRequest.ConfigOperation;
import io.odradek.replication.controller.ControllerRequest.CreatePartitions;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DeleteTopics;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.MorePartitions;
import io.odradek.replication.controller.ControllerRequest.TopicKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/** Random requests, commits that lag behind, controllers that are lost with what was not committed. */
class ControllerHistoriesTest {

    private static final ControllerSettings SETTINGS = new ControllerSettings(2, 1, 50, 9, 10);
    private static final List<String> NAMES = List.of("a", "a.b", "a_b", "c", "bad name", "d");

    sealed interface Move {
        record Ask(int kind, String topic, int number, int broker, long seed) implements Move {}

        /** The oldest appends not yet committed are. */
        record Commit(int count) implements Move {}

        /** The machine is lost, and what was not committed. */
        record FailOver() implements Move {}
    }

    @Provide
    Arbitrary<List<Move>> moves() {
        Arbitrary<Move> ask = Combinators.combine(
                        Arbitraries.integers().between(0, 7),
                        Arbitraries.of(NAMES),
                        Arbitraries.integers().between(-1, 12),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.longs())
                .as(Move.Ask::new);
        Arbitrary<Move> commit = Arbitraries.integers().between(1, 4).map(Move.Commit::new);
        return Arbitraries.frequencyOf(
                        Tuple.of(10, ask), Tuple.of(8, commit), Tuple.of(1, Arbitraries.just(new Move.FailOver())))
                .list()
                .ofMaxSize(120);
    }

    @Property(tries = 500)
    void theFoldEqualsTheNaiveModelAndEveryRequestIsAnsweredOnceAfterItsRecords(@ForAll("moves") List<Move> moves) {
        ClusterImage committed = ClusterImage.empty("c");
        NaiveModel model = new NaiveModel();
        List<MetadataRecord> log = new ArrayList<>();
        ArrayDeque<AppendRecords> inFlight = new ArrayDeque<>();
        Set<Long> open = new HashSet<>();
        long nextRequest = 0;
        Map<Integer, Integer> processes = new HashMap<>();
        ControllerMachine machine = new ControllerMachine(committed, SETTINGS, Cluster.RULES);
        queue(machine.step(new BecameActive(new TreeMap<>(Map.of("metadata.version", (short) 30)))), inFlight);
        for (Move move : moves) {
            switch (move) {
                case Move.Ask ask -> {
                    long id = nextRequest++;
                    open.add(id);
                    ControllerRequest<?> request = request(ask, machine.image(), processes);
                    List<ControllerEffect> effects = machine.step(new Requested(id, request, ask.seed()));
                    // Same state, same event, same effects.
                    assertThat(effects.stream().filter(effect -> ((AppendRecords) effect).onceCommitted() != null))
                            .hasSize(1);
                    queue(effects, inFlight);
                }
                case Move.Commit(int count) -> {
                    for (int i = 0; i < count && !inFlight.isEmpty(); i++) {
                        AppendRecords append = inFlight.remove();
                        log.addAll(append.records());
                        committed = committed.apply(append.records());
                        append.records().forEach(model::apply);
                        Reply reply = append.onceCommitted();
                        if (reply != null) {
                            assertThat(open.remove(reply.requestId()))
                                    .as("answered twice")
                                    .isTrue();
                        }
                        checkInvariants(committed);
                    }
                }
                case Move.FailOver() -> {
                    for (AppendRecords lost : inFlight) {
                        Reply reply = lost.onceCommitted();
                        if (reply != null) {
                            open.remove(reply.requestId());
                        }
                    }
                    inFlight.clear();
                    machine = new ControllerMachine(committed, SETTINGS, Cluster.RULES);
                    queue(
                            machine.step(new BecameActive(new TreeMap<>(Map.of("metadata.version", (short) 30)))),
                            inFlight);
                }
            }
        }
        for (AppendRecords append : inFlight) {
            log.addAll(append.records());
            committed = committed.apply(append.records());
            append.records().forEach(model::apply);
            Reply reply = append.onceCommitted();
            if (reply != null) {
                assertThat(open.remove(reply.requestId())).as("answered twice").isTrue();
            }
        }
        assertThat(open).as("never answered").isEmpty();
        assertThat(machine.image())
                .as("what was decided on is what was committed")
                .isEqualTo(committed);
        assertThat(NaiveModel.of(committed)).isEqualTo(model);
        // However the log is cut into batches, the fold is the same.
        ClusterImage oneByOne = ClusterImage.empty("c");
        for (MetadataRecord record : log) {
            oneByOne = oneByOne.apply(List.of(record));
        }
        assertThat(oneByOne).isEqualTo(committed);
        assertThat(ClusterImage.empty("c").apply(log)).isEqualTo(committed);
    }

    private static void queue(List<ControllerEffect> effects, Queue<AppendRecords> inFlight) {
        for (ControllerEffect effect : effects) {
            inFlight.add((AppendRecords) effect);
        }
    }

    private static ControllerRequest<?> request(Move.Ask ask, ClusterImage image, Map<Integer, Integer> processes) {
        int broker = ask.broker();
        BrokerImage known = image.broker(broker);
        long epoch = known == null ? 3 : known.epoch();
        return switch (ask.kind()) {
            case 0 -> new CreateTopics(List.of(Cluster.topic(ask.topic(), ask.number(), ask.broker())), false);
            case 1 -> new DeleteTopics(List.of(new TopicKey.ByName(ask.topic())));
            case 2 -> new CreatePartitions(List.of(new MorePartitions(ask.topic(), ask.number(), null)), false);
            case 3 ->
                new AlterConfigs(
                        List.of(new ConfigAlteration(
                                ConfigResource.topic(ask.topic()),
                                List.of(new ConfigChange(
                                        "retention.ms",
                                        ask.number() < 0 ? ConfigOperation.DELETE : ConfigOperation.SET,
                                        Integer.toString(ask.number()))))),
                        false);
            case 4, 5 ->
                Cluster.registration(
                        broker, null, processes.merge(broker, 1, Integer::sum), ask.number() > 5 ? epoch : -1);
            case 6 -> new Heartbeat(broker, epoch, image.lastOffset(), ask.number() == 0, ask.number() == 1);
            default -> new AllocateProducerIds(broker, epoch);
        };
    }

    /** What has to hold of every committed image, whatever was asked. */
    private static void checkInvariants(ClusterImage image) {
        long partitions = 0;
        for (TopicImage topic : image.topicsByName().values()) {
            assertThat(image.topic(topic.id())).isSameAs(topic);
            partitions += topic.partitions().size();
            for (PartitionImage partition : topic.partitions()) {
                assertThat(partition.inSyncReplicas()).isNotEmpty();
                assertThat(partition.replicas())
                        .containsAll(partition.inSyncReplicas())
                        .doesNotHaveDuplicates();
                if (partition.hasLeader()) {
                    assertThat(partition.inSyncReplicas()).contains(partition.leader());
                }
            }
        }
        assertThat(image.partitionCount()).isEqualTo(partitions);
    }

    /** The metadata as plain maps, changed record by record in the most obvious way. */
    static final class NaiveModel {
        private final Map<UUID, String> topics = new HashMap<>();
        private final Map<List<Object>, PartitionImage> partitions = new HashMap<>();
        private final Map<List<Object>, String> configs = new HashMap<>();
        private final Map<Integer, List<Object>> brokers = new HashMap<>();
        private long nextProducerId;

        void apply(MetadataRecord record) {
            switch (record) {
                case MetadataRecord.Topic(String name, UUID id) -> topics.put(id, name);
                case MetadataRecord.Partition(UUID id, int number, PartitionImage image) ->
                    partitions.put(List.of(id, number), image);
                case MetadataRecord.PartitionChange change -> {
                    List<Object> key = List.of(change.topicId(), change.partition());
                    PartitionImage old = partitions.get(key);
                    assertThat(old).isNotNull();
                    if (old != null) {
                        boolean reign = change.leader() != -2;
                        List<Integer> isr = change.inSyncReplicas();
                        partitions.put(
                                key,
                                new PartitionImage(
                                        old.replicas(),
                                        old.directories(),
                                        isr == null ? old.inSyncReplicas() : isr,
                                        old.removingReplicas(),
                                        old.addingReplicas(),
                                        old.eligibleLeaderReplicas(),
                                        old.lastKnownEligibleLeaderReplicas(),
                                        reign ? change.leader() : old.leader(),
                                        old.leaderRecovery(),
                                        old.leaderEpoch() + (reign ? 1 : 0),
                                        old.partitionEpoch() + 1));
                    }
                }
                case MetadataRecord.RemoveTopic(UUID id) -> {
                    String name = topics.remove(id);
                    partitions.keySet().removeIf(key -> key.getFirst().equals(id));
                    configs.keySet().removeIf(key -> key.getFirst().equals(ConfigResource.topic(String.valueOf(name))));
                }
                case MetadataRecord.Config(ConfigResource resource, String key, String value) -> {
                    if (value == null) {
                        configs.remove(List.<Object>of(resource, key));
                    } else {
                        configs.put(List.of(resource, key), value);
                    }
                }
                case MetadataRecord.RegisterBroker broker ->
                    brokers.put(
                            broker.brokerId(),
                            List.of(broker.brokerEpoch(), broker.fenced(), broker.inControlledShutdown()));
                case MetadataRecord.BrokerRegistrationChange change -> {
                    List<Object> old = brokers.getOrDefault(change.brokerId(), List.of());
                    Boolean fenced = change.fenced();
                    Boolean leaving = change.inControlledShutdown();
                    brokers.put(
                            change.brokerId(),
                            List.of(
                                    old.get(0),
                                    fenced == null ? old.get(1) : fenced,
                                    leaving == null ? old.get(2) : leaving));
                }
                case MetadataRecord.UnregisterBroker(int id, long _) -> brokers.remove(id);
                case MetadataRecord.ProducerIds ids -> nextProducerId = ids.nextProducerId();
                case MetadataRecord.FeatureLevel _, MetadataRecord.NoOp _ -> {}
                case MetadataRecord.FenceBroker _, MetadataRecord.UnfenceBroker _ ->
                    throw new AssertionError("never written: " + record);
            }
        }

        static NaiveModel of(ClusterImage image) {
            NaiveModel model = new NaiveModel();
            for (TopicImage topic : image.topicsById().values()) {
                model.topics.put(topic.id(), topic.name());
                for (int i = 0; i < topic.partitions().size(); i++) {
                    model.partitions.put(
                            List.of(topic.id(), i), topic.partitions().get(i));
                }
            }
            image.configs()
                    .forEach(entry -> entry.getValue()
                            .forEach((key, value) -> model.configs.put(List.of(entry.getKey(), key), value)));
            for (BrokerImage broker : image.brokers().values()) {
                model.brokers.put(broker.id(), List.of(broker.epoch(), broker.fenced(), broker.inControlledShutdown()));
            }
            model.nextProducerId = image.nextProducerId();
            return model;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof NaiveModel that && toString().equals(that.toString());
        }

        @Override
        public int hashCode() {
            return toString().hashCode();
        }

        @Override
        public String toString() {
            return sorted(topics) + sorted(partitions) + sorted(configs) + sorted(brokers) + nextProducerId;
        }

        private static String sorted(Map<?, ?> map) {
            TreeMap<String, Object> sorted = new TreeMap<>();
            map.forEach((key, value) -> sorted.put(key.toString(), value));
            return sorted.toString();
        }
    }
}
