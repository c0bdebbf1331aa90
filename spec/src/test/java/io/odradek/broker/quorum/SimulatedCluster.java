package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.config.BrokerConfigRules;
import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.metadata.Features;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.BrokerImage;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ConfigRules;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerReply.BrokerRegistered;
import io.odradek.replication.controller.ControllerReply.BrokerState;
import io.odradek.replication.controller.ControllerReply.CreatedTopic;
import io.odradek.replication.controller.ControllerReply.DeletedTopic;
import io.odradek.replication.controller.ControllerReply.HeartbeatAnswered;
import io.odradek.replication.controller.ControllerReply.ProducerIdBlock;
import io.odradek.replication.controller.ControllerReply.ProducerIdsAllocated;
import io.odradek.replication.controller.ControllerReply.TopicsCreated;
import io.odradek.replication.controller.ControllerReply.TopicsDeleted;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.AllocateProducerIds;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DeleteTopics;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.RegisterBroker;
import io.odradek.replication.controller.ControllerRequest.Setting;
import io.odradek.replication.controller.ControllerRequest.TopicKey;
import io.odradek.replication.controller.ControllerSettings;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.quorum.OffsetAndEpoch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The shipped {@link ControllerHost} on each of the simulated servers, and who asks it: brokers that register and topics that come and go.
 * What is answered is checked when it is answered, and once more at the end.
 */
final class SimulatedCluster {

    private static final ConfigRules RULES = new BrokerConfigRules(BrokerConfig.builtIn(Map.of()));
    private static final int BROKERS = 3;

    private final String clusterId;
    private final SplittableRandom random;
    private final Consumer<String> count;

    /** As of the last record of each batch that somebody has folded; all have to agree on it. */
    private final TreeMap<Long, ClusterImage> committed = new TreeMap<>();

    private final Map<UUID, String> created = new HashMap<>();
    /** Whose removal was asked for, and may have been carried out, whatever was answered. */
    private final Set<UUID> doomed = new HashSet<>();

    private final Set<UUID> deleted = new HashSet<>();
    /** Of requests that were not looked at. */
    private final Set<String> refused = new HashSet<>();

    private final Map<Integer, Long> brokerEpochs = new HashMap<>();
    private final Set<Long> allEpochs = new HashSet<>();
    private long endOfProducerIds;
    private int nextName;
    private int answered;

    SimulatedCluster(String clusterId, SplittableRandom random, Consumer<String> count) {
        this.clusterId = clusterId;
        this.random = random;
        this.count = count;
    }

    /** A server's life. */
    final class Member implements ReplicatedState {
        private final int id;
        private final ControllerHost host;
        private long asOf = -1;

        Member(int id) {
            this.id = id;
            this.host = new ControllerHost(
                    new ControllerHost.Options(
                            clusterId,
                            id,
                            ControllerSettings.of(1, 1),
                            RULES,
                            Features.forNewCluster(),
                            1_000 + random.nextInt(20_000),
                            random.nextInt(3) == 0 ? 500 : 0),
                    random::nextLong,
                    Runnable::run);
            host.onBroken(broken -> {
                throw new AssertionError("server " + id, broken);
            });
        }

        ControllerHost host() {
            return host;
        }

        @Override
        public void restore(OffsetAndEpoch snapshot, Batches batches) throws IOException {
            host.restore(snapshot, batches);
            Map.Entry<Long, ClusterImage> known = committed.lowerEntry(snapshot.offset());
            ClusterImage expected = known == null ? ClusterImage.empty(clusterId) : known.getValue();
            assertThat(host.image())
                    .as("server " + id + ": what the snapshot at " + snapshot + " says")
                    .isEqualTo(expected.at(snapshot.offset() - 1));
            asOf = snapshot.offset() - 1;
        }

        @Override
        public void apply(long baseOffset, int epoch, List<ByteBuffer> values) {
            ClusterImage before = host.image();
            host.apply(baseOffset, epoch, values);
            long last = baseOffset + values.size() - 1;
            for (BrokerImage after : host.image().brokers().values()) {
                BrokerImage known = before.broker(after.id());
                assertThat((known != null && known.epoch() == after.epoch()) || after.epoch() == baseOffset)
                        .as("the epoch of broker " + after.id() + ", " + after.epoch() + ", is where its registration "
                                + "begins, " + baseOffset)
                        .isTrue();
            }
            assertThat(last).as("server " + id + " folds what it has folded").isGreaterThan(asOf);
            asOf = last;
            ClusterImage known = committed.putIfAbsent(last, host.image());
            assertThat(known == null || known.equals(host.image()))
                    .as("StateMachineSafety: server " + id + " at offset " + last)
                    .isTrue();
        }

        @Override
        public void passed(long lastOffset) {
            host.passed(lastOffset);
        }

        @Override
        public void snapshot(SnapshotWriter writer) throws IOException {
            count.accept("a snapshot of the cluster is taken");
            host.snapshot(writer);
        }

        @Override
        public void leads(int epoch, long from) {
            host.leads(epoch, from);
            count.accept("a controller becomes active");
            nothingIsMissing("LeaderComplete: server " + id + " in epoch " + epoch, host.image());
        }

        @Override
        public void othersAppended(long lastOffset) {
            host.othersAppended(lastOffset);
        }

        @Override
        public void follows(int epoch, int leader) {
            host.follows(epoch, leader);
        }

        @Override
        public long turn(long nowMs) {
            return host.turn(nowMs);
        }

        @Override
        public void upToDate() {
            host.upToDate();
            count.accept("a server knows that it is up to date");
        }

        @Override
        public void ended(@Nullable Throwable cause) {
            host.ended(cause);
        }
    }

    private void nothingIsMissing(String where, ClusterImage image) {
        created.forEach((topic, name) -> assertThat(image.topic(topic) != null || doomed.contains(topic))
                .as(where + ": topic " + name + " was acknowledged")
                .isTrue());
        deleted.forEach(topic -> assertThat(image.topic(topic))
                .as(where + ": a topic was deleted")
                .isNull());
        assertThat(image.nextProducerId()).as(where + ": producer ids").isGreaterThanOrEqualTo(endOfProducerIds);
        brokerEpochs.forEach((broker, epoch) -> {
            var known = image.broker(broker);
            assertThat(known == null ? -1 : known.epoch())
                    .as(where + ": the epoch of broker " + broker)
                    .isGreaterThanOrEqualTo(epoch);
        });
    }

    // ---- Who asks.

    private abstract class To<R extends ControllerReply> implements ActiveController.ReplyTo<R> {
        private boolean told;

        @Override
        public final void reply(R reply) {
            once();
            answered++;
            count.accept("the controller answers");
            done(reply);
        }

        abstract void done(R reply);

        @Override
        public final void failed(ControllerError error, String message) {
            once();
            count.accept("the controller says " + error);
            if (error == ControllerError.NOT_CONTROLLER) {
                notLookedAt();
            }
        }

        void notLookedAt() {}

        private void once() {
            assertThat(told).as("one answer").isFalse();
            told = true;
        }
    }

    /** Any server may be asked; one that does not lead says so. */
    void ask(Member member) {
        int broker = 100 + random.nextInt(BROKERS);
        switch (random.nextInt(6)) {
            case 0 -> register(member, broker);
            case 1 -> beat(member, broker);
            case 2 -> allocate(member, broker);
            case 3 -> delete(member);
            default -> create(member);
        }
    }

    private void register(Member member, int broker) {
        submit(
                member,
                new RegisterBroker(
                        broker,
                        new UUID(random.nextLong(), random.nextLong()),
                        List.of(new Endpoint("PLAINTEXT", "broker-" + broker, 9092, (short) 0)),
                        Features.supported(),
                        null,
                        List.of(new UUID(broker, 1)),
                        -1),
                new To<BrokerRegistered>() {
                    @Override
                    void done(BrokerRegistered reply) {
                        if (reply.epoch() instanceof Done<Long>(Long epoch)) {
                            assertThat(allEpochs.add(epoch))
                                    .as("broker epoch " + epoch + " is given once")
                                    .isTrue();
                            assertThat(epoch).isGreaterThan(brokerEpochs.getOrDefault(broker, -1L));
                            brokerEpochs.put(broker, epoch);
                        }
                    }
                });
    }

    private void beat(Member member, int broker) {
        submit(
                member,
                new Heartbeat(
                        broker,
                        brokerEpochs.getOrDefault(broker, 0L),
                        member.host.followedOffset(),
                        random.nextInt(8) == 0,
                        false),
                new To<HeartbeatAnswered>() {
                    @Override
                    void done(HeartbeatAnswered reply) {
                        if (reply.state() instanceof Done<BrokerState>(BrokerState state)) {
                            count.accept(state.fenced() ? "a broker is fenced" : "a broker is unfenced");
                        }
                    }
                });
    }

    private void allocate(Member member, int broker) {
        submit(
                member,
                new AllocateProducerIds(broker, brokerEpochs.getOrDefault(broker, 0L)),
                new To<ProducerIdsAllocated>() {
                    @Override
                    void done(ProducerIdsAllocated reply) {
                        if (reply.block() instanceof Done<ProducerIdBlock>(ProducerIdBlock block)) {
                            // One server's replies come in order, and a later leader begins behind what was committed.
                            assertThat(block.firstId())
                                    .as("producer ids are given once")
                                    .isGreaterThanOrEqualTo(endOfProducerIds);
                            endOfProducerIds = block.firstId() + block.count();
                            count.accept("producer ids are given out");
                        }
                    }
                });
    }

    private void create(Member member) {
        String name = "topic-" + nextName++;
        submit(
                member,
                new CreateTopics(
                        List.of(new NewTopic(
                                name,
                                1 + random.nextInt(5),
                                1,
                                List.of(),
                                List.of(new Setting("retention.ms", "1000")))),
                        false),
                new To<TopicsCreated>() {
                    @Override
                    void done(TopicsCreated reply) {
                        Outcome<CreatedTopic> outcome = reply.topics().getFirst();
                        switch (outcome) {
                            case Done<CreatedTopic>(CreatedTopic topic) -> {
                                count.accept("a topic is created");
                                assertThat(created.put(topic.id(), name)).isNull();
                            }
                            case Refused<CreatedTopic>(ControllerError error, String _) ->
                                assertThat(error) // nobody has asked for this one before
                                        .isNotEqualTo(ControllerError.TOPIC_ALREADY_EXISTS);
                        }
                    }

                    @Override
                    void notLookedAt() {
                        refused.add(name);
                    }
                });
    }

    private void delete(Member member) {
        List<UUID> topics = created.keySet().stream()
                .filter(topic -> !doomed.contains(topic))
                .sorted()
                .toList();
        if (topics.isEmpty()) {
            return;
        }
        UUID topic = topics.get(random.nextInt(topics.size()));
        doomed.add(topic);
        submit(member, new DeleteTopics(List.of(new TopicKey.ById(topic))), new To<TopicsDeleted>() {
            @Override
            void done(TopicsDeleted reply) {
                if (reply.topics().getFirst() instanceof Done<DeletedTopic>) {
                    deleted.add(topic);
                    count.accept("a topic is deleted");
                }
            }
        });
    }

    private static <R extends ControllerReply> void submit(
            Member member, ControllerRequest<R> request, ActiveController.ReplyTo<R> to) {
        member.host.submit(request, to);
    }

    // ---- In the end.

    int answered() {
        return answered;
    }

    void finish(List<Member> members) {
        ClusterImage last = committed.lastEntry().getValue();
        assertThat(last.features()).isEqualTo(Features.forNewCluster());
        nothingIsMissing("AcknowledgedSurvives", last);
        refused.forEach(name ->
                assertThat(last.topic(name)).as(name + " was not looked at").isNull());
        for (Member member : members) {
            assertThat(member.host.image().at(0))
                    .as("what server " + member.id + " has folded")
                    .isEqualTo(last.at(0));
        }
    }
}
