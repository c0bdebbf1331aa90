package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
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
import java.util.UUID;
import org.apache.kafka.common.message.AddRaftVoterResponseData;
import org.apache.kafka.common.message.BeginQuorumEpochResponseData;
import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.message.DescribeQuorumResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchSnapshotResponseData;
import org.apache.kafka.common.message.UpdateRaftVoterResponseData;
import org.apache.kafka.common.message.VoteResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** One server, asked by hand. */
@ExtendWith(QuietLog.class)
class QuorumHostTest {

    private static final Path DATA = Path.of("/data");
    private static final String CLUSTER = "AAAAAAAAAAAAAAAAAAAAAg";
    private static final QuorumWire WIRE = new QuorumWire(CLUSTER, "CONTROLLER");
    private static final Endpoint AT = new Endpoint("CONTROLLER", "one", 9093, (short) 0);
    private static final ReplicaKey OTHER = new ReplicaKey(2, new UUID(2, 2));
    private static final QuorumSettings SETTINGS = new QuorumSettings(1_000, 500, 500, 20, 100);

    private final SimulatedFileStore store = new SimulatedFileStore(1);
    private final List<Long> folded = new ArrayList<>();
    private final List<Integer> reigns = new ArrayList<>();
    private final List<Peers.Request> sent = new ArrayList<>();
    private long now = 10_000;

    private final class Folded implements ReplicatedState {
        @Override
        public void restore(OffsetAndEpoch snapshot, Batches batches) throws IOException {
            folded.clear();
            batches.forEach(batch -> batch.forEach(value -> folded.add(value.getLong(0))));
        }

        @Override
        public void apply(long baseOffset, int epoch, List<ByteBuffer> values) {
            values.forEach(value -> folded.add(value.getLong(0)));
        }

        @Override
        public void passed(long lastOffset) {}

        @Override
        public void snapshot(SnapshotWriter writer) throws IOException {
            for (long value : folded) {
                writer.append(List.of(bytes(value)));
            }
        }

        @Override
        public void leads(int epoch, long from) {
            reigns.add(epoch);
        }

        @Override
        public void follows(int epoch, int leader) {
            reigns.add(-epoch);
        }
    }

    private static byte[] bytes(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    private static final class Told implements QuorumLog.Appended {
        private long committedAt = -1;
        private @Nullable Boolean failed;

        @Override
        public void committed(long baseOffset) {
            committedAt = baseOffset;
        }

        @Override
        public void failed(boolean mayBeCommitted) {
            failed = mayBeCommitted;
        }
    }

    private LogDirectory directory() throws IOException {
        store.prepare(DATA);
        return LogDirectory.open(store, DATA, CLUSTER, 1);
    }

    private QuorumHost host(LogDirectory directory, @Nullable Voter besides) throws IOException {
        List<Voter> voters = new ArrayList<>();
        voters.add(new Voter(new ReplicaKey(1, directory.identity().directoryId()), List.of(AT)));
        if (besides != null) {
            voters.add(besides);
        }
        InstantSource clock = () -> Instant.ofEpochMilli(1_000_000 + now);
        LogConfig config = LogConfig.defaults()
                .withDurability(new Durability.Sync())
                .withRetentionMs(-1)
                .withMaxMessageBytes(Integer.MAX_VALUE);
        return new QuorumHost(
                new QuorumHost.Options(CLUSTER, "CONTROLLER", AT, List.of(), SETTINGS, 300),
                QuorumStorage.open(store, directory, config, VoterSet.of(voters), clock),
                new Peers() {
                    @Override
                    public void ask(int to, Request request, int timeoutMs, Outcome outcome) {
                        sent.add(request);
                    }

                    @Override
                    public void reachedAt(int server, Endpoint at) {
                        reigns.add(1_000 + server);
                    }
                },
                new Folded(),
                () -> now,
                clock,
                1,
                line -> {});
    }

    private static ApiMessage ask(QuorumHost host, ApiMessage request, int version) throws IOException {
        List<ApiMessage> answers = new ArrayList<>();
        assertThat(host.receive(request, (short) version, answers::add)).isTrue();
        host.turn();
        assertThat(answers).hasSize(1);
        return answers.getFirst();
    }

    @Test
    void aloneItLeadsAtOnceAndCommitsWhatItHasSynced() throws Exception {
        QuorumHost host = host(directory(), null);
        host.turn();
        assertThat(reigns)
                .as("nobody leads when it starts; in the first turn it does, after it entered the epoch")
                .containsExactly(0, -1, 1);
        Told told = new Told();
        host.append(1, List.of(bytes(7), bytes(8)), told);
        host.append(2, List.of(bytes(9)), new Told());
        assertThat(told.committedAt).isEqualTo(-1);
        host.turn();
        assertThat(told.committedAt).isEqualTo(1);
        assertThat(folded).containsExactly(7L, 8L);
        Told late = new Told();
        host.append(9, List.of(bytes(10)), late);
        host.turn();
        assertThat(late.failed).as("of another epoch: surely not").isFalse();
        host.handOver();
        host.turn();
        Told after = new Told();
        host.append(1, List.of(bytes(11)), after);
        host.turn();
        assertThat(after.failed).isFalse();
    }

    @Test
    void aBatchHasRecordsAndABound() throws Exception {
        QuorumHost host = host(directory(), null);
        host.turn();
        assertThatThrownBy(() -> host.append(1, List.of(), new Told())).isInstanceOf(IllegalArgumentException.class);
        byte[] most = new byte[QuorumHost.MOST_BATCH_BYTES];
        assertThatThrownBy(() -> host.append(1, List.of(most, new byte[1]), new Told()))
                .isInstanceOf(IllegalArgumentException.class);
        Told told = new Told();
        host.append(1, List.of(most), told);
        host.turn();
        assertThat(told.committedAt).isEqualTo(1);
    }

    @Test
    void recordsOfATurnShareASync() throws Exception {
        QuorumHost host = host(directory(), null);
        host.turn();
        long before = syncs();
        for (int i = 0; i < 20; i++) {
            host.append(1, List.of(bytes(i)), new Told());
        }
        host.turn();
        assertThat(folded).hasSize(20);
        assertThat(syncs() - before).isEqualTo(1);
    }

    private long syncs() {
        return store.trace().stream().filter(line -> line.contains(" sync ")).count();
    }

    @Test
    void whatWasCommittedIsFoldedAgainAfterARestart() throws Exception {
        LogDirectory directory = directory();
        QuorumHost host = host(directory, null);
        host.turn();
        for (int i = 0; i < 5; i++) {
            host.append(1, List.of(bytes(i)), new Told());
        }
        host.turn();
        host.wantSnapshot();
        host.append(1, List.of(bytes(5)), new Told());
        host.turn();
        host.append(1, List.of(bytes(6)), new Told());
        host.turn();
        directory.close();
        folded.clear();
        reigns.clear();
        QuorumHost again = host(directory(), null);
        assertThat(folded).as("from the snapshot").containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
        again.turn();
        assertThat(folded).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L);
        assertThat(reigns).endsWith(2);
    }

    @Test
    void theLeaderDescribesTheQuorum() throws Exception {
        LogDirectory directory = directory();
        QuorumHost host = host(directory, null);
        host.turn();
        host.append(1, List.of(bytes(7)), new Told());
        host.turn();
        ask(host, FetchMessages.request(WIRE, new Fetch(1, OTHER, new OffsetAndEpoch(1, 1), 0, 0), 10, (short) 18), 18);
        DescribeQuorumResponseData.PartitionData said = ((DescribeQuorumResponseData) ask(
                        host,
                        new DescribeQuorumRequestData()
                                .setTopics(List.of(new DescribeQuorumRequestData.TopicData()
                                        .setTopicName("__cluster_metadata")
                                        .setPartitions(List.of(new DescribeQuorumRequestData.PartitionData())))),
                        2))
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
        assertThat(said.leaderId()).isEqualTo(1);
        assertThat(said.leaderEpoch()).isEqualTo(1);
        assertThat(said.highWatermark()).isEqualTo(2);
        assertThat(said.currentVoters()).hasSize(1);
        assertThat(said.currentVoters().getFirst().lastFetchTimestamp()).isEqualTo(1_000_000 + now);
        assertThat(said.observers()).hasSize(1);
        assertThat(said.observers().getFirst().replicaId()).isEqualTo(2);
        assertThat(said.observers().getFirst().logEndOffset()).isEqualTo(1);
    }

    @Test
    void aFollowerIsServedFromLogAndSnapshot() throws Exception {
        QuorumHost host = host(directory(), null);
        host.turn();
        for (int i = 0; i < 5; i++) {
            host.append(1, List.of(bytes(i)), new Told());
            host.turn();
        }
        Fetch first = new Fetch(1, OTHER, OffsetAndEpoch.NOTHING, 0, 50);
        FetchResponseData all = (FetchResponseData) ask(host, FetchMessages.request(WIRE, first, 10, (short) 18), 18);
        assertThat(FetchMessages.heard(WIRE, all, (short) 18))
                .isInstanceOfSatisfying(
                        Heard.Answer.class,
                        answer -> assertThat(answer.leaderAt()).isEqualTo(AT));
        // At the end it waits, and is answered when something comes, or its time is over.
        List<ApiMessage> waiting = new ArrayList<>();
        Fetch atEnd = new Fetch(1, OTHER, new OffsetAndEpoch(6, 1), 6, 50);
        host.receive(FetchMessages.request(WIRE, atEnd, 10, (short) 18), (short) 18, waiting::add);
        host.turn();
        assertThat(waiting).isEmpty();
        now += 50;
        host.turn();
        assertThat(waiting).hasSize(1);

        host.wantSnapshot();
        host.turn();
        FetchResponseData elsewhere =
                (FetchResponseData) ask(host, FetchMessages.request(WIRE, first, 10, (short) 18), 18);
        FetchResponseData.SnapshotId id =
                elsewhere.responses().getFirst().partitions().getFirst().snapshotId();
        OffsetAndEpoch snapshot = new OffsetAndEpoch(id.endOffset(), id.epoch());
        assertThat(snapshot).isEqualTo(new OffsetAndEpoch(6, 1));
        long position = 0;
        long size = Long.MAX_VALUE;
        while (position < size) {
            SnapshotMessages.Wanted wanted = new SnapshotMessages.Wanted(1, OTHER, snapshot, position, 100);
            SnapshotMessages.Piece piece = SnapshotMessages.heard(
                    wanted, (FetchSnapshotResponseData) ask(host, SnapshotMessages.request(WIRE, wanted), 1));
            assertThat(piece).isNotNull();
            size = piece == null ? 0 : piece.sizeBytes();
            position += piece == null ? 0 : piece.bytes().remaining();
        }
        assertThat(position).isEqualTo(size);
        piece(host, new SnapshotMessages.Wanted(1, OTHER, snapshot, size, 100), Errors.POSITION_OUT_OF_RANGE);
        piece(host, new SnapshotMessages.Wanted(1, OTHER, snapshot, -1, 100), Errors.POSITION_OUT_OF_RANGE);
        piece(host, new SnapshotMessages.Wanted(1, OTHER, new OffsetAndEpoch(5, 1), 0, 100), Errors.SNAPSHOT_NOT_FOUND);
        piece(host, new SnapshotMessages.Wanted(0, OTHER, snapshot, 0, 100), Errors.FENCED_LEADER_EPOCH);
        piece(host, new SnapshotMessages.Wanted(2, OTHER, snapshot, 0, 100), Errors.UNKNOWN_LEADER_EPOCH);
        piece(host, new SnapshotMessages.Wanted(1, OTHER, snapshot, 0, -5), Errors.NONE);
    }

    private static void piece(QuorumHost host, SnapshotMessages.Wanted wanted, Errors expected) throws IOException {
        FetchSnapshotResponseData answer =
                (FetchSnapshotResponseData) ask(host, SnapshotMessages.request(WIRE, wanted), 1);
        assertThat(answer.topics().getFirst().partitions().getFirst().errorCode())
                .as(wanted.toString())
                .isEqualTo(expected.code());
    }

    /** The voters that a snapshot carries are those below its end: a change that is not committed is not among them. */
    @Test
    void aSnapshotCarriesTheVotersOfItsOwnOffset() throws Exception {
        LogDirectory directory = directory();
        QuorumHost host = host(directory, null);
        host.turn();
        host.append(1, List.of(bytes(1)), new Told());
        host.turn();
        ask(host, FetchMessages.request(WIRE, new Fetch(1, OTHER, new OffsetAndEpoch(2, 1), 2, 0), 10, (short) 18), 18);
        List<ApiMessage> added = new ArrayList<>();
        host.receive(
                VoterMessages.request(
                        WIRE,
                        new VoterMessages.Add(
                                new Voter(OTHER, List.of(new Endpoint("CONTROLLER", "two", 9093, (short) 0))), 100)),
                (short) 1,
                added::add);
        host.turn();
        assertThat(host.machine().log().voters().size()).isEqualTo(2);
        assertThat(added).as("waits for the new one's acknowledgement").isEmpty();
        host.wantSnapshot();
        host.turn();
        Path snapshot = DATA.resolve("__cluster_metadata-0/00000000000000000002-0000000001.checkpoint");
        assertThat(SnapshotReader.read(store, snapshot, new OffsetAndEpoch(2, 1), batch -> {}))
                .isEqualTo(VoterSet.of(
                        List.of(new Voter(new ReplicaKey(1, directory.identity().directoryId()), List.of(AT)))));
        ask(host, FetchMessages.request(WIRE, new Fetch(1, OTHER, new OffsetAndEpoch(3, 1), 2, 0), 10, (short) 18), 18);
        assertThat(added).hasSize(1);
        assertThat(((AddRaftVoterResponseData) added.getFirst()).errorCode()).isZero();
    }

    @Test
    void whatALeaderAloneAnswersNobodyElseDoes() throws Exception {
        QuorumHost host = host(directory(), new Voter(OTHER, List.of()));
        host.turn();
        Fetch fetch = new Fetch(0, OTHER, OffsetAndEpoch.NOTHING, 0, 0);
        FetchResponseData refused =
                (FetchResponseData) ask(host, FetchMessages.request(WIRE, fetch, 10, (short) 18), 18);
        assertThat(refused.responses().getFirst().partitions().getFirst().errorCode())
                .isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER.code());
        Endpoint two = new Endpoint("CONTROLLER", "two", 9093, (short) 0);
        BeginQuorumEpochResponseData noted = (BeginQuorumEpochResponseData)
                ask(host, BeginEpochMessages.request(WIRE, new BeginEpoch(3, 2, ReplicaKey.of(1)), two), 1);
        assertThat(noted.topics().getFirst().partitions().getFirst().errorCode())
                .isZero();
        assertThat(noted.topics().getFirst().partitions().getFirst().leaderEpoch())
                .isEqualTo(3);
        assertThat(noted.nodeEndpoints().find(2).host()).isEqualTo("two");
        assertThat(reigns).contains(1_002);
        UpdateRaftVoterResponseData update = (UpdateRaftVoterResponseData) ask(
                host,
                VoterMessages.request(
                        WIRE, new VoterMessages.Update(3, new Voter(new ReplicaKey(1, new UUID(1, 1)), List.of(AT)))),
                0);
        assertThat(update.errorCode()).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER.code());
        assertThat(update.currentLeader().leaderId()).isEqualTo(2);
        assertThat(update.currentLeader().host()).isEqualTo("two");
    }

    @Test
    void aVoteIsOnTheDiskBeforeItIsGiven() throws Exception {
        LogDirectory directory = directory();
        QuorumHost host = host(directory, new Voter(OTHER, List.of()));
        host.turn();
        List<HardState> onDisk = new ArrayList<>();
        Vote vote = new Vote(4, OTHER, ReplicaKey.of(1), OffsetAndEpoch.NOTHING, false);
        host.receive(VoteMessages.request(WIRE, vote), (short) 2, answer -> {
            assertThat(((VoteResponseData) answer)
                            .topics()
                            .getFirst()
                            .partitions()
                            .getFirst()
                            .voteGranted())
                    .isTrue();
            try {
                SimulatedFileStore disk = store.afterCrash(5);
                onDisk.add(new QuorumStateFile(disk, DATA.resolve("__cluster_metadata-0")).read());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        host.turn();
        assertThat(onDisk).containsExactly(new HardState(4, OTHER, HardState.NOBODY));
    }

    @Test
    void votersWithoutTheirDisksAreRefused() throws Exception {
        LogDirectory directory = directory();
        assertThatThrownBy(() -> host(directory, new Voter(ReplicaKey.of(2), List.of())))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("directory's id");
    }

    @Test
    void aHardStateThatIsOlderThanTheLogIsRefused() throws Exception {
        LogDirectory directory = directory();
        QuorumHost host = host(directory, null);
        host.turn();
        directory.close();
        new QuorumStateFile(store, DATA.resolve("__cluster_metadata-0")).write(HardState.FIRST);
        LogDirectory again = directory();
        assertThatThrownBy(() -> host(again, null))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("quorum-state")
                .hasMessageContaining("epoch 1");
    }

    @Test
    void whoeverComesWhenTooMuchWaitsIsTurnedAway() throws Exception {
        QuorumHost host = host(directory(), null);
        host.turn();
        ApiMessage request = new DescribeQuorumRequestData();
        for (int i = 0; i < QuorumHost.MOST_INPUTS; i++) {
            assertThat(host.receive(request, (short) 2, answer -> {})).isTrue();
        }
        assertThat(host.receive(request, (short) 2, answer -> {})).isFalse();
        Told told = new Told();
        host.append(1, List.of(bytes(1)), told);
        assertThat(told.failed).isFalse();
        host.turn();
        assertThat(host.receive(request, (short) 2, answer -> {})).isTrue();
    }

    @Test
    void whoWaitsWhenTheDiskFailsHearsThatNobodyKnows() throws Exception {
        QuorumHost host = host(directory(), null);
        host.turn();
        Told told = new Told();
        host.append(1, List.of(bytes(1)), told);
        store.failSync(1);
        assertThatThrownBy(host::turn).isInstanceOf(IOException.class);
        Told notTaken = new Told();
        host.append(1, List.of(bytes(2)), notTaken);
        host.end();
        assertThat(told.failed).isTrue();
        assertThat(told.committedAt).isEqualTo(-1);
        assertThat(notTaken.failed).as("never seen by the log").isFalse();
        assertThat(folded).isEmpty();
        Told late = new Told();
        host.append(1, List.of(bytes(3)), late);
        assertThat(late.failed).isFalse();
        assertThat(host.receive(new DescribeQuorumRequestData(), (short) 2, answer -> {}))
                .isFalse();
    }

    @Test
    void whatCouldNotBeWrittenMayBeThereAllTheSame() throws Exception {
        QuorumHost host = host(directory(), null);
        host.turn();
        Told told = new Told();
        host.append(1, List.of(bytes(1)), told);
        store.failWrite(1);
        assertThatThrownBy(host::turn).isInstanceOf(IOException.class);
        host.end();
        assertThat(told.failed).isTrue();
    }
}
