package io.odradek.replication.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.controller.ControllerEffect.AppendRecords;
import io.odradek.replication.controller.ControllerEffect.Reply;
import io.odradek.replication.controller.ControllerEvent.BecameActive;
import io.odradek.replication.controller.ControllerEvent.Requested;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.AlterConfigs;
import io.odradek.replication.controller.ControllerRequest.AlterPartition;
import io.odradek.replication.controller.ControllerRequest.AlterQuotas;
import io.odradek.replication.controller.ControllerRequest.AlterReassignments;
import io.odradek.replication.controller.ControllerRequest.ConfigAlteration;
import io.odradek.replication.controller.ControllerRequest.ConfigChange;
import io.odradek.replication.controller.ControllerRequest.ConfigOperation;
import io.odradek.replication.controller.ControllerRequest.CreatePartitions;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DeleteTopics;
import io.odradek.replication.controller.ControllerRequest.ElectLeaders;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.MorePartitions;
import io.odradek.replication.controller.ControllerRequest.ProposedInSync;
import io.odradek.replication.controller.ControllerRequest.ProposedMember;
import io.odradek.replication.controller.ControllerRequest.QuotaAlteration;
import io.odradek.replication.controller.ControllerRequest.QuotaChange;
import io.odradek.replication.controller.ControllerRequest.Reassignment;
import io.odradek.replication.controller.ControllerRequest.TopicKey;
import io.odradek.replication.controller.ControllerRequest.TopicPartition;
import io.odradek.replication.controller.ControllerRequest.UnregisterBroker;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import org.jspecify.annotations.Nullable;

/** Random requests, commits that lag behind, controllers that are lost with what was not committed. */
class ControllerHistoriesTest {

    private static final ControllerSettings SETTINGS = ControllerSettings.of(2, 1)
            .with(it -> it.maxPartitionsPerRequest(50).maxRecordsPerBatch(9).producerIdBlock(10));
    private static final List<String> NAMES = List.of("a", "a.b", "a_b", "c", "bad name", "d");

    private static final AtomicInteger ACCEPTED = new AtomicInteger();
    private static final AtomicInteger REFUSED = new AtomicInteger();

    /** Nothing holds because nothing happens. */
    @AfterContainer
    static void proposalsAreAcceptedAndRefused() {
        System.out.println("proposals accepted: " + ACCEPTED + ", refused: " + REFUSED);
        assertThat(ACCEPTED.get()).isGreaterThan(15);
        assertThat(REFUSED.get()).isGreaterThan(100);
    }

    sealed interface Move {
        record Pass(int ms) implements Move {}

        record Ask(int kind, String topic, int number, int broker, long seed) implements Move {}

        /** The oldest appends not yet committed are. */
        record Commit(int count) implements Move {}

        /** The machine is lost, and what was not committed. */
        record FailOver() implements Move {}
    }

    @Provide
    Arbitrary<List<Move>> moves() {
        Arbitrary<Move> ask = Combinators.combine(
                        Arbitraries.integers().between(0, 15),
                        Arbitraries.of(NAMES),
                        Arbitraries.integers().between(-1, 12),
                        Arbitraries.integers().between(1, 4),
                        Arbitraries.longs())
                .as(Move.Ask::new);
        Arbitrary<Move> commit = Arbitraries.integers().between(1, 4).map(Move.Commit::new);
        Arbitrary<Move> pass = Arbitraries.of(0, 100, 400, 2_000).map(Move.Pass::new);
        return Arbitraries.frequencyOf(
                        Tuple.of(20, ask),
                        Tuple.of(12, commit),
                        Tuple.of(3, pass),
                        Tuple.of(1, Arbitraries.just(new Move.FailOver())))
                .list()
                .ofMaxSize(200);
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
        long nowMs = 0;
        ControllerMachine machine = new ControllerMachine(committed, SETTINGS, Cluster.RULES);
        queue(machine.step(new BecameActive(new TreeMap<>(Map.of("metadata.version", (short) 30)))), inFlight);
        for (Move move : beginning(moves)) {
            switch (move) {
                case Move.Pass(int ms) -> {
                    nowMs += ms;
                    queue(machine.step(new ControllerEvent.TimePassed(nowMs)), inFlight);
                    checkDecided(machine.image());
                }
                case Move.Ask ask -> {
                    long id = nextRequest++;
                    open.add(id);
                    ControllerRequest<?> request = request(ask, machine.image(), processes);
                    ClusterImage before = machine.image();
                    List<ControllerEffect> effects = machine.step(new Requested(id, request, ask.seed()));
                    if (request instanceof AlterPartition alter) {
                        checkProposal(before, alter, effects);
                    }
                    checkDecided(machine.image());
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
                    queue(machine.step(new ControllerEvent.TimePassed(nowMs)), inFlight);
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
        List<MetadataRecord> snapshot = new ArrayList<>();
        ImageRecords.forEach(committed, snapshot::add);
        assertThat(ImageRecords.imageOf("c", snapshot, committed.lastOffset())).isEqualTo(committed);
    }

    /** Brokers that can do something, and a topic of theirs. */
    private static List<Move> beginning(List<Move> moves) {
        List<Move> all = new ArrayList<>();
        for (int broker = 1; broker <= 4; broker++) {
            all.add(new Move.Ask(4, "a", 0, broker, 1));
            all.add(new Move.Ask(6, "a", 5, broker, 1));
        }
        all.add(new Move.Ask(0, "a", 2, 3, 1));
        all.addAll(moves);
        return all;
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
            case 3 -> new AlterConfigs(List.of(new ConfigAlteration(resource(ask), List.of(change(ask)))), false);
            case 4, 5 ->
                Cluster.registration(
                        broker, null, processes.merge(broker, 1, Integer::sum), ask.number() > 5 ? epoch : -1);
            case 6, 7, 8 ->
                new Heartbeat(
                        broker,
                        epoch,
                        ask.number() == 2 ? epoch : image.lastOffset(),
                        ask.number() == 0,
                        ask.number() == 1);
            case 9, 10, 11 -> proposal(ask, image);
            case 12 ->
                new ElectLeaders(
                        ask.number() < 3,
                        ask.number() % 2 == 0
                                ? null
                                : List.of(new TopicPartition(existing(ask, image), ask.number() / 4)));
            case 13 ->
                switch (ask.number()) {
                    case 0 -> new UnregisterBroker(broker);
                    case 1, 2, 3, 4, 5, 6 -> quotas(ask);
                    default -> new AllocateProducerIds(broker, epoch);
                };
            default ->
                new AlterReassignments(
                        List.of(new Reassignment(
                                new TopicPartition(existing(ask, image), Math.max(0, ask.number()) / 6), target(ask))),
                        true);
        };
    }

    private static ControllerRequest<?> quotas(Move.Ask ask) {
        QuotaEntity entity = new QuotaEntity(List.of(new QuotaEntity.Part("user", ask.topic())));
        Double value = ask.number() < 3 ? null : (double) ask.number();
        return new AlterQuotas(
                List.of(new QuotaAlteration(
                        entity,
                        List.of(
                                new QuotaChange("producer_byte_rate", value),
                                new QuotaChange("request_percentage", ask.number() == 2 ? null : 5.0)))),
                false);
    }

    private static ConfigResource resource(Move.Ask ask) {
        return ask.broker() == 4 ? TopicPolicies.ALL_BROKERS : ConfigResource.topic(ask.topic());
    }

    private static ConfigChange change(Move.Ask ask) {
        return switch (Math.floorMod(ask.number(), 4)) {
            case 0 -> new ConfigChange("retention.ms", ConfigOperation.SET, Integer.toString(ask.number()));
            case 1 ->
                new ConfigChange(
                        "min.insync.replicas", ConfigOperation.SET, Long.toString(1 + Math.floorMod(ask.seed(), 3)));
            case 2 ->
                new ConfigChange(
                        Cluster.UNCLEAN, ConfigOperation.SET, Boolean.toString(Math.floorMod(ask.seed(), 3) == 0));
            default ->
                new ConfigChange(
                        Cluster.DURABILITY,
                        ask.seed() % 2 == 0 ? ConfigOperation.DELETE : ConfigOperation.SET,
                        "page-cache");
        };
    }

    /** Null: what runs is taken back. */
    private static @Nullable List<Integer> target(Move.Ask ask) {
        List<Integer> all = new ArrayList<>(List.of(1, 2, 3, 4));
        Collections.shuffle(all, new Random(ask.seed()));
        return ask.number() % 4 == 0 ? null : all.subList(0, 1 + Math.floorMod(ask.number(), 3));
    }

    /** The topic that is asked for, mostly another one when there is none of that name. */
    private static String existing(Move.Ask ask, ClusterImage image) {
        for (TopicImage topic : image.topicsByName().values()) {
            if (image.topic(ask.topic()) == null && ask.seed() % 5 != 0) {
                return topic.name();
            }
        }
        return ask.topic();
    }

    /** Of who leads, mostly, and based on what it knows, mostly. */
    private static ControllerRequest<?> proposal(Move.Ask ask, ClusterImage image) {
        TopicImage topic = image.topic(existing(ask, image));
        UUID id = topic == null ? new UUID(5, 5) : topic.id();
        int number = topic == null
                ? 0
                : Math.max(0, ask.number()) % (topic.partitions().size() + 1);
        PartitionImage partition = image.partition(id, number);
        SplittableRandom random = new SplittableRandom(ask.seed());
        int leader = partition == null || random.nextInt(10) == 0 ? ask.broker() : partition.leader();
        BrokerImage broker = image.broker(leader);
        List<ProposedMember> members = new ArrayList<>();
        for (int member : partition == null ? List.<Integer>of() : partition.replicas()) {
            if (random.nextInt(10) != 0) {
                BrokerImage known = image.broker(member);
                long epoch = known == null || random.nextInt(10) == 0 ? -1 : known.epoch();
                members.add(new ProposedMember(member, random.nextInt(20) == 0 ? 1 : epoch));
            }
        }
        return new AlterPartition(
                leader,
                broker == null ? 3 : broker.epoch() - (random.nextInt(20) == 0 ? 1 : 0),
                List.of(new ProposedInSync(
                        id,
                        number,
                        partition == null ? 0 : partition.leaderEpoch() + (random.nextInt(20) == 0 ? -1 : 0),
                        partition == null ? 0 : partition.partitionEpoch() + (random.nextInt(10) == 0 ? -1 : 0),
                        members,
                        random.nextInt(8) == 0 ? LeaderRecovery.RECOVERING : LeaderRecovery.RECOVERED)));
    }

    /** {@code ProposalStands}, said once more and in another way. */
    private static void checkProposal(ClusterImage image, AlterPartition alter, List<ControllerEffect> effects) {
        ProposedInSync proposed = alter.partitions().getFirst();
        PartitionImage p = image.partition(proposed.topicId(), proposed.partition());
        BrokerImage asking = image.broker(alter.brokerId());
        List<Integer> ids =
                proposed.inSyncReplicas().stream().map(ProposedMember::brokerId).toList();
        boolean recovers = proposed.leaderRecovery() == LeaderRecovery.RECOVERING;
        boolean stands = p != null
                && asking != null
                && asking.epoch() == alter.brokerEpoch()
                && p.leader() == alter.brokerId()
                && p.leaderEpoch() == proposed.leaderEpoch()
                && p.partitionEpoch() == proposed.partitionEpoch()
                && ids.contains(p.leader())
                && (!recovers || (p.leaderRecovery() == LeaderRecovery.RECOVERING && ids.size() == 1))
                && proposed.inSyncReplicas().stream().allMatch(member -> {
                    BrokerImage broker = image.broker(member.brokerId());
                    return broker != null
                            && broker.isActive()
                            && (member.brokerEpoch() == -1 || member.brokerEpoch() == broker.epoch());
                });
        List<MetadataRecord> records = effects.stream()
                .flatMap(effect -> ((AppendRecords) effect).records().stream())
                .toList();
        assertThat(records).as("%s of %s", alter, p).hasSize(stands ? 1 : 0);
        (stands ? ACCEPTED : REFUSED).incrementAndGet();
        if (p != null && stands) {
            PartitionImage after = p.changedBy((MetadataRecord.PartitionChange) records.getFirst());
            assertThat(after.partitionEpoch()).isEqualTo(p.partitionEpoch() + 1);
            if (!p.isReassigning()) {
                assertThat(after.inSyncReplicas()).containsExactlyInAnyOrderElementsOf(ids);
                assertThat(after.leaderEpoch()).isEqualTo(p.leaderEpoch());
            }
        }
    }

    /** What the specification says of every decision, and what KIP-455 adds to it. */
    private static void checkDecided(ClusterImage image) {
        for (TopicImage topic : image.topicsByName().values()) {
            TopicPolicy policy = Cluster.RULES.policy(
                    image.config(TopicPolicies.ALL_BROKERS), image.config(ConfigResource.topic(topic.name())));
            for (PartitionImage p : topic.partitions()) {
                int min = Math.min(policy.minInSyncReplicas(), p.replicas().size());
                assertThat(p.inSyncReplicas()).as("FencedOut").allMatch(image::isActive);
                assertThat(p.eligibleLeaderReplicas()).as("EligibleRules").noneMatch(p.inSyncReplicas()::contains);
                assertThat(p.inSyncReplicas().size() < min
                                || p.eligibleLeaderReplicas().isEmpty())
                        .as("EligibleRules: %s of %s", p, policy)
                        .isTrue();
                if (!p.hasLeader()) {
                    assertThat(p.inSyncReplicas()).as("LeaderAgain").isEmpty();
                    assertThat(p.eligibleLeaderReplicas()).as("LeaderAgain").noneMatch(image::isActive);
                    assertThat(policy.uncleanElection() && p.replicas().stream().anyMatch(image::isActive))
                            .as("unclean elections are allowed: %s", p)
                            .isFalse();
                }
                List<Integer> target = p.targetReplicas();
                List<Integer> staying =
                        p.inSyncReplicas().stream().filter(target::contains).toList();
                assertThat(p.isReassigning()
                                && staying.containsAll(target)
                                && staying.size() >= Math.min(policy.minInSyncReplicas(), target.size()))
                        .as("a reassignment that could be complete: %s", p)
                        .isFalse();
            }
        }
    }

    /** What has to hold of every committed image, whatever was asked. */
    private static void checkInvariants(ClusterImage image) {
        long partitions = 0;
        for (TopicImage topic : image.topicsByName().values()) {
            assertThat(image.topic(topic.id())).isSameAs(topic);
            partitions += topic.partitions().size();
            for (PartitionImage partition : topic.partitions()) {
                assertThat(partition.replicas())
                        .isNotEmpty()
                        .containsAll(partition.inSyncReplicas())
                        .containsAll(partition.eligibleLeaderReplicas())
                        .containsAll(partition.addingReplicas())
                        .containsAll(partition.removingReplicas())
                        .hasSameSizeAs(partition.directories())
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
        private final Map<List<Object>, Double> quotas = new HashMap<>();
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
                        partitions.put(
                                key,
                                new PartitionImage(
                                        or(change.replicas(), old.replicas()),
                                        or(change.directories(), old.directories()),
                                        or(change.inSyncReplicas(), old.inSyncReplicas()),
                                        or(change.removingReplicas(), old.removingReplicas()),
                                        or(change.addingReplicas(), old.addingReplicas()),
                                        or(change.eligibleLeaderReplicas(), old.eligibleLeaderReplicas()),
                                        or(
                                                change.lastKnownEligibleLeaderReplicas(),
                                                old.lastKnownEligibleLeaderReplicas()),
                                        reign ? change.leader() : old.leader(),
                                        or(change.leaderRecovery(), old.leaderRecovery()),
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
                case MetadataRecord.ClientQuota(QuotaEntity entity, String key, Double value) -> {
                    if (value == null) {
                        quotas.remove(List.<Object>of(entity, key));
                    } else {
                        quotas.put(List.of(entity, key), value);
                    }
                }
                case MetadataRecord.ProducerIds ids -> nextProducerId = ids.nextProducerId();
                case MetadataRecord.FeatureLevel _, MetadataRecord.NoOp _ -> {}
                case MetadataRecord.FenceBroker _, MetadataRecord.UnfenceBroker _ ->
                    throw new AssertionError("never written: " + record);
            }
        }

        private static <T> T or(@Nullable T changed, T old) {
            return changed == null ? old : changed;
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
            image.quotas()
                    .forEach(entry -> entry.getValue()
                            .forEach((key, value) -> model.quotas.put(List.of(entry.getKey(), key), value)));
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
            return sorted(topics)
                    + sorted(partitions)
                    + sorted(configs)
                    + sorted(quotas)
                    + sorted(brokers)
                    + nextProducerId;
        }

        private static String sorted(Map<?, ?> map) {
            TreeMap<String, Object> sorted = new TreeMap<>();
            map.forEach((key, value) -> sorted.put(key.toString(), value));
            return sorted.toString();
        }
    }
}
