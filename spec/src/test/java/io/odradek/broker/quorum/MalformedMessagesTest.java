package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.QuorumAnswer.Diverging;
import io.odradek.replication.quorum.QuorumAnswer.Noted;
import io.odradek.replication.quorum.QuorumAnswer.SnapshotNeeded;
import io.odradek.replication.quorum.QuorumAnswer.Voted;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
import io.odradek.replication.quorum.QuorumRequest.EndEpoch;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import io.odradek.replication.quorum.QuorumRequest.Vote;
import io.odradek.replication.quorum.QuorumSettings;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import io.odradek.spec.simulation.SimulatedFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Messages with some bytes that are not what was written: whatever of them still is a message for Kafka's parser is answered, or is no answer, and
 * nothing else comes of it. jqwik prints the seed.
 */
class MalformedMessagesTest {

    private static final Path DATA = Path.of("/data");
    private static final String CLUSTER = "AAAAAAAAAAAAAAAAAAAAAg";
    private static final QuorumWire WIRE = new QuorumWire(CLUSTER, "CONTROLLER");
    private static final Endpoint AT = new Endpoint("CONTROLLER", "one", 9093, (short) 0);
    private static final ReplicaKey OTHER = new ReplicaKey(2, new UUID(2, 2));
    private static final OffsetAndEpoch END = new OffsetAndEpoch(2, 1);
    private static final Standing STANDING = new Standing(3, 2, AT);

    /** Each try formats a directory, and each says so. */
    @BeforeContainer
    static void quiet() {
        log().setLevel(Level.OFF);
    }

    @AfterContainer
    static void loud() {
        log().setLevel(null);
    }

    private static Logger log() {
        return (Logger) LoggerFactory.getLogger("io.odradek");
    }

    private record Message(ApiKeys api, short version, ApiMessage content) {}

    private static Message request(SplittableRandom random, ReplicaKey self) {
        ApiKeys api = oneOf(
                random,
                ApiKeys.VOTE,
                ApiKeys.BEGIN_QUORUM_EPOCH,
                ApiKeys.END_QUORUM_EPOCH,
                ApiKeys.FETCH,
                ApiKeys.FETCH_SNAPSHOT,
                ApiKeys.DESCRIBE_QUORUM,
                ApiKeys.ADD_RAFT_VOTER,
                ApiKeys.REMOVE_RAFT_VOTER,
                ApiKeys.UPDATE_RAFT_VOTER);
        int oldest = api == ApiKeys.FETCH ? 12 : api.oldestVersion();
        short version = (short) random.nextInt(oldest, api.latestVersion() + 1);
        Voter voter = new Voter(OTHER, List.of(AT));
        ApiMessage content = switch (api) {
            case VOTE -> VoteMessages.request(WIRE, new Vote(2, OTHER, self, END, version == 2));
            case BEGIN_QUORUM_EPOCH -> BeginEpochMessages.request(WIRE, new BeginEpoch(2, 2, self), AT);
            case END_QUORUM_EPOCH -> EndEpochMessages.request(WIRE, new EndEpoch(2, 2, List.of(self)), AT);
            case FETCH -> FetchMessages.request(WIRE, new Fetch(1, OTHER, END, 0, 10), 100, version);
            case FETCH_SNAPSHOT -> SnapshotMessages.request(WIRE, new SnapshotMessages.Wanted(1, OTHER, END, 0, 100));
            case ADD_RAFT_VOTER -> VoterMessages.request(WIRE, new VoterMessages.Add(voter, 10));
            case REMOVE_RAFT_VOTER -> VoterMessages.request(WIRE, OTHER);
            case UPDATE_RAFT_VOTER -> VoterMessages.request(WIRE, new VoterMessages.Update(1, voter));
            default ->
                new DescribeQuorumRequestData()
                        .setTopics(List.of(new DescribeQuorumRequestData.TopicData()
                                .setTopicName("__cluster_metadata")
                                .setPartitions(List.of(new DescribeQuorumRequestData.PartitionData()))));
        };
        return new Message(api, version, content);
    }

    private static Message answer(SplittableRandom random) {
        ApiKeys api = oneOf(random, ApiKeys.VOTE, ApiKeys.BEGIN_QUORUM_EPOCH, ApiKeys.END_QUORUM_EPOCH, ApiKeys.FETCH);
        int oldest = api == ApiKeys.FETCH ? 12 : 0;
        short version = (short) random.nextInt(oldest, api.latestVersion() + 1);
        ByteBuffer records = ControlBatches.placed(new BatchBuilder().add(1, null, new byte[20]), 0, 3)
                .bytes();
        ByteBuffer voters = ControlBatches.placed(
                        ControlBatches.voters(VoterSet.of(List.of(new Voter(OTHER, List.of(AT)))), 1), 1, 3)
                .bytes();
        ByteBuffer both = ByteBuffer.allocate(records.limit() + voters.limit())
                .put(records.duplicate().position(0))
                .put(voters.duplicate().position(0))
                .flip();
        ApiMessage content = switch (api) {
            case VOTE -> VoteMessages.answer(new Voted(3, 2, true), STANDING, version);
            case BEGIN_QUORUM_EPOCH -> BeginEpochMessages.answer(new Noted(3, 2), STANDING, version);
            case END_QUORUM_EPOCH -> EndEpochMessages.answer(new Noted(3, 2), STANDING, version);
            default ->
                switch (random.nextInt(3)) {
                    case 0 -> FetchMessages.answer(new Diverging(3, 2, new OffsetAndEpoch(0, 0)), STANDING, version);
                    case 1 ->
                        FetchMessages.answer(new SnapshotNeeded(3, 2, new OffsetAndEpoch(9, 2)), STANDING, version);
                    default -> FetchMessages.entries(both, 1, 0, STANDING, version);
                };
        };
        return new Message(api, version, content);
    }

    private static ApiKeys oneOf(SplittableRandom random, ApiKeys... keys) {
        return keys[random.nextInt(keys.length)];
    }

    /** Null when it is no message any more. */
    private static @Nullable ApiMessage damaged(Message message, SplittableRandom random, boolean request) {
        ByteBuffer bytes = MessageUtil.toByteBufferAccessor(message.content(), message.version())
                .buffer();
        for (int i = random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(bytes.limit());
            byte value = (byte) oneOf(random, 0, 1, 0x7F, 0x80, 0xFF, bytes.get(at) ^ (1 << random.nextInt(8)));
            bytes.put(at, value);
        }
        ApiMessage parsed = request
                ? message.api().messageType.newRequest()
                : message.api().messageType.newResponse();
        try {
            parsed.read(new ByteBufferAccessor(bytes), message.version());
            return parsed;
        } catch (RuntimeException noMessage) {
            return null;
        }
    }

    private static int oneOf(SplittableRandom random, int... values) {
        return values[random.nextInt(values.length)];
    }

    @Property(tries = 400)
    void whateverIsAskedIsAnsweredAndDisturbsNothing(@ForAll long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        Asked asked = new Asked();
        QuorumHost host = asked.host(random.nextBoolean());
        host.turn();
        for (int i = 0; i < 20; i++) {
            Message message = request(random, asked.self);
            ApiMessage request = damaged(message, random, true);
            if (request == null) {
                continue;
            }
            int[] answers = {0};
            host.receive(request, message.version(), answer -> {
                answers[0]++;
                ApiMessage read = message.api().messageType.newResponse();
                read.read(
                        new ByteBufferAccessor(MessageUtil.toByteBufferAccessor(answer, message.version())
                                .buffer()),
                        message.version());
            });
            host.turn();
            asked.now += 20;
            host.turn();
            assertThat(answers[0]).as("answers to " + request).isLessThanOrEqualTo(1);
        }
        asked.now += 200_000; // whatever waits for somebody to catch up gives up
        host.turn();
    }

    @Property(tries = 400)
    void whateverIsAnsweredDisturbsNothing(@ForAll long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        Asked asked = new Asked();
        QuorumHost host = asked.host(true);
        host.turn();
        for (int i = 0; i < 20; i++) {
            asked.now += random.nextInt(600);
            host.turn();
            List<Asked.Sent> sent = List.copyOf(asked.sent);
            asked.sent.clear();
            for (Asked.Sent each : sent) {
                Message message = answer(random);
                ApiMessage response = damaged(message, random, false);
                if (response == null || random.nextInt(3) == 0) {
                    each.outcome().failed("no answer");
                } else {
                    each.outcome().answered(response, message.version());
                }
            }
            host.turn();
        }
    }

    private static final class Asked {
        private record Sent(Peers.Request request, Peers.Outcome outcome) {}

        private final List<Sent> sent = new ArrayList<>();
        private long now = 1_000;
        private ReplicaKey self = OTHER;

        QuorumHost host(boolean besides) throws IOException {
            SimulatedFileStore store = new SimulatedFileStore(1);
            store.prepare(DATA);
            LogDirectory directory = LogDirectory.open(store, DATA, CLUSTER, 1);
            self = new ReplicaKey(1, directory.identity().directoryId());
            List<Voter> voters = new ArrayList<>(List.of(new Voter(self, List.of(AT))));
            if (besides) {
                voters.add(new Voter(OTHER, List.of(AT)));
            }
            InstantSource clock = () -> Instant.ofEpochMilli(now);
            LogConfig config = LogConfig.defaults()
                    .withDurability(new Durability.Sync())
                    .withRetentionMs(-1)
                    .withMaxMessageBytes(Integer.MAX_VALUE);
            return new QuorumHost(
                    new QuorumHost.Options(
                            CLUSTER, "CONTROLLER", AT, List.of(), new QuorumSettings(1_000, 500, 500, 20, 100), 300),
                    QuorumStorage.open(store, directory, config, VoterSet.of(voters), clock),
                    new Peers() {
                        @Override
                        public void ask(int to, Request request, int timeoutMs, Outcome outcome) {
                            sent.add(new Sent(request, outcome));
                        }

                        @Override
                        public void reachedAt(int server, Endpoint at) {}
                    },
                    new ReplicatedState() {
                        @Override
                        public void restore(OffsetAndEpoch snapshot, Batches batches) {}

                        @Override
                        public void apply(long baseOffset, int epoch, List<ByteBuffer> values) {}

                        @Override
                        public void passed(long lastOffset) {}

                        @Override
                        public void snapshot(SnapshotWriter writer) {}

                        @Override
                        public void leads(int epoch, long from) {}

                        @Override
                        public void follows(int epoch, int leader) {}
                    },
                    () -> now,
                    clock,
                    1,
                    line -> {});
        }
    }
}
