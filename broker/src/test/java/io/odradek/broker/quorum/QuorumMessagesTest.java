package io.odradek.broker.quorum;

import static io.odradek.broker.quorum.WrittenMessages.SELF;
import static io.odradek.broker.quorum.WrittenMessages.STANDING;
import static io.odradek.broker.quorum.WrittenMessages.WIRE;
import static io.odradek.broker.quorum.WrittenMessages.overTheWire;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.EntryBatch;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.QuorumAnswer;
import io.odradek.replication.quorum.QuorumAnswer.Diverging;
import io.odradek.replication.quorum.QuorumAnswer.Entries;
import io.odradek.replication.quorum.QuorumAnswer.Noted;
import io.odradek.replication.quorum.QuorumAnswer.Refusal;
import io.odradek.replication.quorum.QuorumAnswer.Refused;
import io.odradek.replication.quorum.QuorumAnswer.SnapshotNeeded;
import io.odradek.replication.quorum.QuorumAnswer.Voted;
import io.odradek.replication.quorum.QuorumEffect.ChangeOutcome;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
import io.odradek.replication.quorum.QuorumRequest.EndEpoch;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import io.odradek.replication.quorum.QuorumRequest.Vote;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.ReplicaState;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.AddRaftVoterRequestData;
import org.apache.kafka.common.message.AddRaftVoterResponseData;
import org.apache.kafka.common.message.BeginQuorumEpochRequestData;
import org.apache.kafka.common.message.BeginQuorumEpochResponseData;
import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.message.DescribeQuorumResponseData;
import org.apache.kafka.common.message.EndQuorumEpochRequestData;
import org.apache.kafka.common.message.EndQuorumEpochResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchSnapshotRequestData;
import org.apache.kafka.common.message.FetchSnapshotResponseData;
import org.apache.kafka.common.message.RemoveRaftVoterRequestData;
import org.apache.kafka.common.message.RemoveRaftVoterResponseData;
import org.apache.kafka.common.message.UpdateRaftVoterRequestData;
import org.apache.kafka.common.message.UpdateRaftVoterResponseData;
import org.apache.kafka.common.message.VoteRequestData;
import org.apache.kafka.common.message.VoteResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

/** What goes out as bytes of Kafka's messages comes in as what it was, as far as the version has a place for it. */
class QuorumMessagesTest {

    private static final int LATEST_FETCH = 18;
    private static final int FIRST_FETCH_OF_A_QUORUM = 12;

    // ---- Round trips, in every version.

    @Property(tries = 300)
    void aVoteArrivesAsItWasSent(@ForAll("votes") Vote vote, @ForAll("voteVersions") int version) {
        VoteRequestData read = overTheWire(
                VoteMessages.request(
                        WIRE,
                        new Vote(
                                vote.epoch(),
                                vote.candidate(),
                                vote.voter(),
                                vote.logEnd(),
                                vote.preVote() && version >= 2)),
                new VoteRequestData(),
                (short) version);
        boolean disks = version >= 1;
        assertThat(VoteMessages.read(WIRE, SELF, read, STANDING, (short) version))
                .isEqualTo(new Received.Request<>(new Vote(
                        vote.epoch(),
                        disks
                                ? vote.candidate()
                                : ReplicaKey.of(vote.candidate().id()),
                        disks ? vote.voter() : SELF,
                        vote.logEnd(),
                        vote.preVote() && version >= 2)));
    }

    @Test
    void aPreVoteIsNotSentToWhomItWouldBeAVote() {
        Vote vote = new Vote(4, SELF, ReplicaKey.of(1), new OffsetAndEpoch(10, 3), true);
        for (short version = 0; version < 2; version++) {
            short old = version;
            assertThatThrownBy(() -> WrittenMessages.bytes(VoteMessages.request(WIRE, vote), old))
                    .isInstanceOf(UnsupportedVersionException.class);
        }
    }

    @Property(tries = 200)
    void aBeginningArrivesAsItWasSent(
            @ForAll("keys") ReplicaKey voter, @ForAll("epochs") int epoch, @ForAll("epochVersions") int version) {
        Endpoint at = STANDING.leaderAt();
        BeginQuorumEpochRequestData read = overTheWire(
                BeginEpochMessages.request(WIRE, new BeginEpoch(epoch, 2, voter), at),
                new BeginQuorumEpochRequestData(),
                (short) version);
        assertThat(BeginEpochMessages.read(WIRE, SELF, read))
                .isEqualTo(new Received.Request<>(
                        new BeginEpoch(epoch, 2, version >= 1 ? voter : SELF), version >= 1 ? at : null));
    }

    @Property(tries = 200)
    void anEndArrivesAsItWasSent(
            @ForAll("successors") List<ReplicaKey> successors,
            @ForAll("epochs") int epoch,
            @ForAll("epochVersions") int version) {
        Endpoint at = STANDING.leaderAt();
        EndQuorumEpochRequestData read = overTheWire(
                EndEpochMessages.request(WIRE, new EndEpoch(epoch, 2, successors), at),
                new EndQuorumEpochRequestData(),
                (short) version);
        List<ReplicaKey> named = version >= 1
                ? successors
                : successors.stream().map(key -> ReplicaKey.of(key.id())).toList();
        assertThat(EndEpochMessages.read(WIRE, read, (short) version))
                .isEqualTo(new Received.Request<>(new EndEpoch(epoch, 2, named), version >= 1 ? at : null));
    }

    @Property(tries = 300)
    void aFetchArrivesAsItWasSent(@ForAll("fetches") Fetch fetch, @ForAll("fetchVersions") int version) {
        FetchRequestData read = overTheWire(
                FetchMessages.request(WIRE, fetch, 1 << 20, (short) version), new FetchRequestData(), (short) version);
        assertThat(FetchMessages.read(WIRE, read, STANDING, (short) version))
                .isEqualTo(new Received.Request<>(new Fetch(
                        fetch.epoch(),
                        version >= 17
                                ? fetch.replica()
                                : ReplicaKey.of(fetch.replica().id()),
                        fetch.logEnd(),
                        version >= 18 ? fetch.highWatermark() : Long.MAX_VALUE,
                        fetch.maxWaitMs())));
    }

    @Property(tries = 300)
    void anAnswerArrivesAsItWasSent(@ForAll("answers") QuorumAnswer answer, @ForAll("latestFetches") int fetchVersion) {
        Standing standing =
                new Standing(answer.epoch(), answer.leader(), answer.leader() < 0 ? null : STANDING.leaderAt());
        for (short version = 0; version <= 2; version++) {
            if (answer instanceof Voted || answer instanceof Refused) {
                assertThat(VoteMessages.heard(
                                WIRE,
                                overTheWire(
                                        VoteMessages.answer(answer, standing, version),
                                        new VoteResponseData(),
                                        version)))
                        .isEqualTo(new Heard.Answer(answer, version >= 1 ? standing.leaderAt() : null));
            }
            if ((answer instanceof Noted || answer instanceof Refused) && version < 2) {
                assertThat(BeginEpochMessages.heard(
                                WIRE,
                                overTheWire(
                                        BeginEpochMessages.answer(answer, standing, version),
                                        new BeginQuorumEpochResponseData(),
                                        version)))
                        .isEqualTo(new Heard.Answer(answer, version >= 1 ? standing.leaderAt() : null));
                assertThat(EndEpochMessages.heard(
                                WIRE,
                                overTheWire(
                                        EndEpochMessages.answer(answer, standing, version),
                                        new EndQuorumEpochResponseData(),
                                        version)))
                        .isEqualTo(new Heard.Answer(answer, version >= 1 ? standing.leaderAt() : null));
            }
        }
        if (answer instanceof Diverging || answer instanceof SnapshotNeeded || answer instanceof Refused) {
            FetchResponseData read = overTheWire(
                    FetchMessages.answer(answer, standing, (short) fetchVersion), new FetchResponseData(), (short)
                            fetchVersion);
            assertThat(FetchMessages.heard(WIRE, read, (short) fetchVersion))
                    .isEqualTo(new Heard.Answer(answer, fetchVersion >= 16 ? standing.leaderAt() : null));
        }
    }

    @Property(tries = 100)
    void entriesArriveAsTheyWereSent(
            @ForAll("offsets") long from, @ForAll("epochs") int epoch, @ForAll("latestFetches") int version)
            throws Exception {
        ByteBuffer records = WrittenMessages.batches(from, epoch, 3);
        Standing standing = new Standing(epoch, 2, null);
        FetchResponseData read = overTheWire(
                FetchMessages.entries(records, from + 1, 5, standing, (short) version), new FetchResponseData(), (short)
                        version);
        List<EntryBatch> batches = EntryBatches.read(records);
        assertThat(batches).extracting(EntryBatch::baseOffset).containsExactly(from, from + 1, from + 3);
        assertThat(FetchMessages.heard(WIRE, read, (short) version))
                .isEqualTo(new Heard.Answer(new Entries(epoch, 2, batches, from + 1), null));
    }

    @Property(tries = 100)
    void aPieceOfASnapshotArrivesAsItWasSent(
            @ForAll("keys") ReplicaKey replica,
            @ForAll("offsets") long position,
            @ForAll("epochVersions") int version) {
        SnapshotMessages.Wanted wanted =
                new SnapshotMessages.Wanted(9, replica, new OffsetAndEpoch(1_234, 5), position, 4_096);
        FetchSnapshotRequestData read =
                overTheWire(SnapshotMessages.request(WIRE, wanted), new FetchSnapshotRequestData(), (short) version);
        assertThat(SnapshotMessages.read(WIRE, read, STANDING, (short) version))
                .isEqualTo(new Received.Request<>(new SnapshotMessages.Wanted(
                        9, version >= 1 ? replica : ReplicaKey.of(replica.id()), wanted.snapshot(), position, 4_096)));
        SnapshotMessages.Piece piece = new SnapshotMessages.Piece(
                wanted.snapshot(), position + 3, position, ByteBuffer.wrap(new byte[] {1, 2, 3}));
        FetchSnapshotResponseData answer = overTheWire(
                SnapshotMessages.piece(piece, STANDING, (short) version), new FetchSnapshotResponseData(), (short)
                        version);
        assertThat(SnapshotMessages.heard(wanted, answer)).isEqualTo(piece);
        assertThat(SnapshotMessages.heard(
                        new SnapshotMessages.Wanted(9, replica, wanted.snapshot(), position + 1, 4_096), answer))
                .as("another position")
                .isNull();
        assertThat(SnapshotMessages.heard(
                        wanted,
                        overTheWire(
                                SnapshotMessages.refused(Errors.SNAPSHOT_NOT_FOUND, STANDING, (short) version),
                                new FetchSnapshotResponseData(),
                                (short) version)))
                .isNull();
    }

    @Property(tries = 100)
    void changesOfVotersArriveAsTheyWereSent(@ForAll("voterSets") VoterSet voters, @ForAll("epochs") int epoch) {
        for (Voter voter : voters.voters()) {
            if (voter.key().directory().equals(ReplicaKey.ANY_DIRECTORY)
                    || voter.endpoints().stream().noneMatch(at -> at.listener().equals("CONTROLLER"))) {
                continue;
            }
            VoterMessages.Add add = new VoterMessages.Add(voter, 500);
            for (short version = 0; version <= 1; version++) {
                assertThat(VoterMessages.read(
                                WIRE,
                                overTheWire(VoterMessages.request(WIRE, add), new AddRaftVoterRequestData(), version),
                                null))
                        .isEqualTo(new Received.Request<>(add));
            }
            assertThat(VoterMessages.read(
                            WIRE,
                            overTheWire(
                                    VoterMessages.request(WIRE, voter.key()), new RemoveRaftVoterRequestData(), (short)
                                            0),
                            null))
                    .isEqualTo(new Received.Request<>(voter.key()));
            VoterMessages.Update update = new VoterMessages.Update(epoch, voter);
            assertThat(VoterMessages.read(
                            WIRE,
                            overTheWire(
                                    VoterMessages.request(WIRE, update), new UpdateRaftVoterRequestData(), (short) 0),
                            null,
                            STANDING))
                    .isEqualTo(new Received.Request<>(update));
        }
    }

    @Test
    void theQuorumIsDescribedInEveryVersion() {
        VoterSet voters = VoterSet.of(List.of(
                new Voter(SELF, List.of(new Endpoint("CONTROLLER", "three", 9093, (short) 0))),
                new Voter(new ReplicaKey(1, new UUID(1, 1)), List.of())));
        List<ReplicaState> replicas = List.of(
                new ReplicaState(SELF, true, 20, 700, 700),
                new ReplicaState(new ReplicaKey(1, new UUID(1, 1)), true, -1, -1, -1),
                new ReplicaState(new ReplicaKey(8, new UUID(1, 8)), false, 12, 600, 500),
                new ReplicaState(ReplicaKey.of(-1), false, 3, 650, -1));
        for (short version = 0; version <= 2; version++) {
            DescribeQuorumResponseData read = overTheWire(
                    DescribeMessages.answer(
                            new Standing(7, 3, null), 15, voters, replicas, ms -> ms + 1_000_000, version),
                    new DescribeQuorumResponseData(),
                    version);
            DescribeQuorumResponseData.PartitionData partition =
                    read.topics().getFirst().partitions().getFirst();
            assertThat(partition.leaderId()).isEqualTo(3);
            assertThat(partition.leaderEpoch()).isEqualTo(7);
            assertThat(partition.highWatermark()).isEqualTo(15);
            assertThat(partition.currentVoters())
                    .extracting(DescribeQuorumResponseData.ReplicaState::logEndOffset)
                    .containsExactly(20L, -1L);
            assertThat(partition.observers())
                    .extracting(DescribeQuorumResponseData.ReplicaState::replicaId)
                    .containsExactly(8);
            if (version >= 1) {
                assertThat(partition.observers().getFirst().lastCaughtUpTimestamp())
                        .isEqualTo(1_000_500);
                assertThat(partition.currentVoters().getLast().lastFetchTimestamp())
                        .isEqualTo(-1);
            }
            if (version >= 2) {
                assertThat(partition.currentVoters().getFirst().replicaDirectoryId())
                        .isEqualTo(QuorumWire.directoryOf(SELF));
                assertThat(read.nodes().find(3).listeners().find("CONTROLLER").host())
                        .isEqualTo("three");
            }
            assertThat(overTheWire(DescribeMessages.notLeading(), new DescribeQuorumResponseData(), version)
                            .topics()
                            .getFirst()
                            .partitions()
                            .getFirst()
                            .errorCode())
                    .isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER.code());
        }
    }

    @Test
    void whatBecameOfAChangeIsSaidInKafkasWords() {
        assertThat(VoterMessages.added(ChangeOutcome.COMMITTED, "done").errorCode())
                .isZero();
        assertThat(VoterMessages.added(ChangeOutcome.DUPLICATE_VOTER, "it is there")
                        .errorCode())
                .isEqualTo(Errors.DUPLICATE_VOTER.code());
        assertThat(VoterMessages.removed(ChangeOutcome.VOTER_NOT_FOUND, "it is not")
                        .errorCode())
                .isEqualTo(Errors.VOTER_NOT_FOUND.code());
        assertThat(VoterMessages.removed(ChangeOutcome.REQUEST_IN_PROGRESS, "wait")
                        .errorCode())
                .isEqualTo(Errors.REQUEST_TIMED_OUT.code());
        UpdateRaftVoterResponseData updated = overTheWire(
                VoterMessages.updated(ChangeOutcome.NOT_LEADER_OR_FOLLOWER, STANDING),
                new UpdateRaftVoterResponseData(),
                (short) 0);
        assertThat(updated.errorCode()).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER.code());
        assertThat(updated.currentLeader().host()).isEqualTo("controller-2.example");
    }

    // ---- What is refused.

    @Test
    void whoMeansAnotherClusterIsToldSo() {
        QuorumWire other = new QuorumWire("another", "CONTROLLER");
        Vote vote = new Vote(8, new ReplicaKey(1, new UUID(1, 1)), SELF, OffsetAndEpoch.NOTHING, false);
        short code = Errors.INCONSISTENT_CLUSTER_ID.code();
        assertThat(refused(VoteMessages.read(WIRE, SELF, VoteMessages.request(other, vote), STANDING, (short) 2)))
                .isEqualTo(new VoteResponseData().setErrorCode(code));
        assertThat(refused(BeginEpochMessages.read(
                        WIRE, SELF, BeginEpochMessages.request(other, new BeginEpoch(8, 1, SELF), null))))
                .isEqualTo(new BeginQuorumEpochResponseData().setErrorCode(code));
        assertThat(refused(EndEpochMessages.read(
                        WIRE, EndEpochMessages.request(other, new EndEpoch(8, 1, List.of()), null), (short) 1)))
                .isEqualTo(new EndQuorumEpochResponseData().setErrorCode(code));
        Fetch fetch = new Fetch(8, ReplicaKey.of(1), OffsetAndEpoch.NOTHING, 0, 0);
        assertThat(refused(FetchMessages.read(
                        WIRE, FetchMessages.request(other, fetch, 10, (short) 18), STANDING, (short) 18)))
                .isEqualTo(new FetchResponseData().setErrorCode(code));
        assertThat(refused(SnapshotMessages.read(
                        WIRE,
                        SnapshotMessages.request(
                                other, new SnapshotMessages.Wanted(8, ReplicaKey.of(1), OffsetAndEpoch.NOTHING, 0, 10)),
                        STANDING,
                        (short) 1)))
                .isEqualTo(new FetchSnapshotResponseData().setErrorCode(code));
        assertThat(((AddRaftVoterResponseData) refused(
                                VoterMessages.read(WIRE, new AddRaftVoterRequestData().setClusterId("another"), null)))
                        .errorCode())
                .isEqualTo(code);
        assertThat(((RemoveRaftVoterResponseData) refused(VoterMessages.read(
                                WIRE, new RemoveRaftVoterRequestData().setClusterId("another"), null)))
                        .errorCode())
                .isEqualTo(code);
        assertThat(((UpdateRaftVoterResponseData) refused(VoterMessages.read(
                                WIRE, new UpdateRaftVoterRequestData().setClusterId("another"), null, STANDING)))
                        .errorCode())
                .isEqualTo(code);
    }

    @Test
    void whoNamesNoClusterIsBelieved() {
        VoteRequestData request = VoteMessages.request(
                        WIRE, new Vote(8, new ReplicaKey(1, new UUID(1, 1)), SELF, OffsetAndEpoch.NOTHING, false))
                .setClusterId(null);
        assertThat(VoteMessages.read(WIRE, SELF, request, STANDING, (short) 2)).isInstanceOf(Received.Request.class);
    }

    @Test
    void aMessageIsAboutTheMetadataPartitionAlone() {
        Vote vote = new Vote(8, new ReplicaKey(1, new UUID(1, 1)), SELF, OffsetAndEpoch.NOTHING, false);
        VoteResponseData refusal = new VoteResponseData().setErrorCode(Errors.INVALID_REQUEST.code());
        VoteRequestData none = VoteMessages.request(WIRE, vote).setTopics(List.of());
        VoteRequestData another = VoteMessages.request(WIRE, vote);
        another.topics().getFirst().setTopicName("orders");
        VoteRequestData twoTopics = VoteMessages.request(WIRE, vote);
        twoTopics.setTopics(
                List.of(twoTopics.topics().getFirst(), twoTopics.topics().getFirst()));
        VoteRequestData twoPartitions = VoteMessages.request(WIRE, vote);
        VoteRequestData.TopicData topic = twoPartitions.topics().getFirst();
        topic.setPartitions(
                List.of(topic.partitions().getFirst(), topic.partitions().getFirst()));
        VoteRequestData noPartition = VoteMessages.request(WIRE, vote);
        noPartition.topics().getFirst().setPartitions(List.of());
        VoteRequestData anotherPartition = VoteMessages.request(WIRE, vote);
        anotherPartition.topics().getFirst().partitions().getFirst().setPartitionIndex(1);
        for (VoteRequestData wrong : List.of(none, another, twoTopics, twoPartitions, noPartition, anotherPartition)) {
            assertThat(refused(VoteMessages.read(WIRE, SELF, wrong, STANDING, (short) 2)))
                    .as(wrong.toString())
                    .isEqualTo(refusal);
        }
        FetchRequestData fetch =
                FetchMessages.request(WIRE, new Fetch(8, SELF, OffsetAndEpoch.NOTHING, 0, 0), 10, (short) 18);
        fetch.topics().getFirst().setTopicId(org.apache.kafka.common.Uuid.ONE_UUID);
        assertThat(FetchMessages.read(WIRE, fetch, STANDING, (short) 18))
                .as("Kafka's fixed id of the topic is ONE_UUID")
                .isInstanceOf(Received.Request.class);
        fetch.topics().getFirst().setTopicId(org.apache.kafka.common.Uuid.METADATA_TOPIC_ID);
        assertThat(FetchMessages.read(WIRE, fetch, STANDING, (short) 18)).isInstanceOf(Received.Request.class);
        fetch.topics().getFirst().setTopicId(org.apache.kafka.common.Uuid.ZERO_UUID);
        assertThat(refused(FetchMessages.read(WIRE, fetch, STANDING, (short) 18)))
                .isEqualTo(new FetchResponseData().setErrorCode(Errors.INVALID_REQUEST.code()));
    }

    @Test
    void aSnapshotOfAnotherPartitionIsUnknown() {
        FetchSnapshotRequestData request =
                SnapshotMessages.request(WIRE, new SnapshotMessages.Wanted(8, SELF, OffsetAndEpoch.NOTHING, 0, 10));
        request.topics().getFirst().setName("orders").partitions().getFirst().setPartition(4);
        FetchSnapshotResponseData answer =
                (FetchSnapshotResponseData) refused(SnapshotMessages.read(WIRE, request, STANDING, (short) 1));
        assertThat(answer.errorCode()).isZero();
        assertThat(answer.topics().getFirst().name()).isEqualTo("orders");
        assertThat(answer.topics().getFirst().partitions().getFirst().index()).isEqualTo(4);
        assertThat(answer.topics().getFirst().partitions().getFirst().errorCode())
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        request.setTopics(List.of());
        assertThat(refused(SnapshotMessages.read(WIRE, request, STANDING, (short) 1)))
                .isEqualTo(new FetchSnapshotResponseData().setErrorCode(Errors.INVALID_REQUEST.code()));
    }

    @Test
    void anUnknownPartitionIsNotDescribed() {
        DescribeQuorumRequestData request = new DescribeQuorumRequestData()
                .setTopics(List.of(new DescribeQuorumRequestData.TopicData()
                        .setTopicName("orders")
                        .setPartitions(List.of(
                                new DescribeQuorumRequestData.PartitionData().setPartitionIndex(0),
                                new DescribeQuorumRequestData.PartitionData().setPartitionIndex(1)))));
        DescribeQuorumResponseData objection = Objects.requireNonNull(DescribeMessages.objection(request));
        assertThat(objection.topics().getFirst().partitions())
                .extracting(DescribeQuorumResponseData.PartitionData::errorCode)
                .containsOnly(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
    }

    /** As Kafka's {@code handleVoteRequest}: before an election the candidate's last epoch may be its own, in one not. */
    @Test
    void aVoteWithNumbersThatCannotBeIsInvalid() {
        ReplicaKey candidate = new ReplicaKey(1, new UUID(1, 1));
        for (Vote wrong : List.of(
                new Vote(8, candidate, SELF, new OffsetAndEpoch(-1, 3), false),
                new Vote(8, candidate, SELF, new OffsetAndEpoch(5, -1), false),
                new Vote(8, candidate, SELF, new OffsetAndEpoch(5, 8), false),
                new Vote(8, candidate, SELF, new OffsetAndEpoch(5, 9), true),
                new Vote(8, ReplicaKey.of(-1), SELF, new OffsetAndEpoch(5, 3), false))) {
            VoteResponseData answer = (VoteResponseData)
                    refused(VoteMessages.read(WIRE, SELF, VoteMessages.request(WIRE, wrong), STANDING, (short) 2));
            assertThat(answer.errorCode()).isZero();
            VoteResponseData.PartitionData partition =
                    answer.topics().getFirst().partitions().getFirst();
            assertThat(partition.errorCode()).as(wrong.toString()).isEqualTo(Errors.INVALID_REQUEST.code());
            assertThat(partition.leaderEpoch()).isEqualTo(STANDING.epoch());
            assertThat(partition.leaderId()).isEqualTo(STANDING.leader());
        }
        Vote preVote = new Vote(8, candidate, SELF, new OffsetAndEpoch(5, 8), true);
        assertThat(VoteMessages.read(WIRE, SELF, VoteMessages.request(WIRE, preVote), STANDING, (short) 2))
                .isEqualTo(new Received.Request<>(preVote));
    }

    @Test
    void aFetchWithNumbersThatCannotBeIsInvalid() {
        for (Fetch wrong : List.of(
                new Fetch(8, SELF, new OffsetAndEpoch(-1, 0), 0, 0),
                new Fetch(8, SELF, new OffsetAndEpoch(0, -1), 0, 0),
                new Fetch(8, SELF, new OffsetAndEpoch(0, 9), 0, 0),
                new Fetch(8, SELF, new OffsetAndEpoch(0, 0), 0, -1))) {
            FetchResponseData answer = (FetchResponseData) refused(
                    FetchMessages.read(WIRE, FetchMessages.request(WIRE, wrong, 10, (short) 18), STANDING, (short) 18));
            FetchResponseData.PartitionData partition =
                    answer.responses().getFirst().partitions().getFirst();
            assertThat(partition.errorCode()).as(wrong.toString()).isEqualTo(Errors.INVALID_REQUEST.code());
            assertThat(partition.currentLeader().leaderEpoch()).isEqualTo(STANDING.epoch());
        }
    }

    @Test
    void aFetchOfAConsumersVersionIsInvalidHere() {
        for (short version = 4; version < FIRST_FETCH_OF_A_QUORUM; version++) {
            FetchRequestData request =
                    FetchMessages.request(WIRE, new Fetch(8, SELF, OffsetAndEpoch.NOTHING, 0, 0), 10, version);
            request.topics().getFirst().partitions().getFirst().setLastFetchedEpoch(-1); // there is no place for it
            FetchRequestData read = overTheWire(request, new FetchRequestData(), version);
            FetchResponseData answer = (FetchResponseData) refused(FetchMessages.read(WIRE, read, STANDING, version));
            FetchResponseData written = overTheWire(answer, new FetchResponseData(), version);
            assertThat(written.responses().getFirst().partitions().getFirst().errorCode())
                    .isEqualTo(Errors.INVALID_REQUEST.code());
        }
    }

    @Test
    void aVoterIsNamedByIdAndDirectoryAndListener() {
        short invalid = Errors.INVALID_REQUEST.code();
        Endpoint elsewhere = new Endpoint("OTHER", "h", 1, (short) 0);
        Endpoint here = new Endpoint("CONTROLLER", "h", 1, (short) 0);
        for (Voter wrong : List.of(
                new Voter(ReplicaKey.of(4), List.of(here)),
                new Voter(new ReplicaKey(-1, new UUID(1, 1)), List.of(here)),
                new Voter(new ReplicaKey(4, new UUID(1, 1)), List.of()),
                new Voter(new ReplicaKey(4, new UUID(1, 1)), List.of(elsewhere)))) {
            assertThat(((AddRaftVoterResponseData) refused(VoterMessages.read(
                                    WIRE, VoterMessages.request(WIRE, new VoterMessages.Add(wrong, 1)), null)))
                            .errorCode())
                    .as(wrong.toString())
                    .isEqualTo(invalid);
            assertThat(((UpdateRaftVoterResponseData) refused(VoterMessages.read(
                                    WIRE,
                                    VoterMessages.request(WIRE, new VoterMessages.Update(7, wrong)),
                                    null,
                                    STANDING)))
                            .errorCode())
                    .isEqualTo(invalid);
        }
        assertThat(((RemoveRaftVoterResponseData)
                                refused(VoterMessages.read(WIRE, VoterMessages.request(WIRE, ReplicaKey.of(4)), null)))
                        .errorCode())
                .isEqualTo(invalid);
        Voter right = new Voter(new ReplicaKey(4, new UUID(1, 1)), List.of(here));
        assertThat(((AddRaftVoterResponseData) refused(VoterMessages.read(
                                WIRE,
                                VoterMessages.request(WIRE, new VoterMessages.Add(right, 1)),
                                Errors.NOT_LEADER_OR_FOLLOWER)))
                        .errorCode())
                .isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER.code());
        UpdateRaftVoterRequestData old = VoterMessages.request(WIRE, new VoterMessages.Update(7, right));
        old.kRaftVersionFeature().setMaxSupportedVersion((short) 0).setMinSupportedVersion((short) 0);
        assertThat(((UpdateRaftVoterResponseData) refused(VoterMessages.read(WIRE, old, null, STANDING))).errorCode())
                .as("a voter that does not know of voters in the log")
                .isEqualTo(invalid);
    }

    @Test
    void answersThatMakeNoSenseAreNone() {
        assertThat(VoteMessages.heard(WIRE, new VoteResponseData())).isInstanceOf(Heard.Nonsense.class);
        assertThat(VoteMessages.heard(
                        WIRE,
                        VoteMessages.answer(new Voted(7, 2, true), STANDING, (short) 2)
                                .setErrorCode(Errors.INCONSISTENT_CLUSTER_ID.code())))
                .isInstanceOf(Heard.Nonsense.class);
        VoteResponseData unknownError = VoteMessages.answer(new Voted(7, 2, true), STANDING, (short) 2);
        unknownError.topics().getFirst().partitions().getFirst().setErrorCode((short) 12_345);
        assertThat(VoteMessages.heard(WIRE, unknownError)).isInstanceOf(Heard.Nonsense.class);
        VoteResponseData negative = VoteMessages.answer(new Voted(7, 2, true), STANDING, (short) 2);
        negative.topics().getFirst().partitions().getFirst().setLeaderEpoch(-7);
        assertThat(VoteMessages.heard(WIRE, negative)).isInstanceOf(Heard.Nonsense.class);

        FetchResponseData half = FetchMessages.answer(
                new SnapshotNeeded(7, 2, new OffsetAndEpoch(5, 3)), STANDING, (short) LATEST_FETCH);
        half.responses().getFirst().partitions().getFirst().snapshotId().setEpoch(-1);
        assertThat(FetchMessages.heard(WIRE, half, (short) LATEST_FETCH)).isInstanceOf(Heard.Nonsense.class);
        FetchResponseData nowhere =
                FetchMessages.answer(new Diverging(7, 2, new OffsetAndEpoch(5, 3)), STANDING, (short) LATEST_FETCH);
        nowhere.responses().getFirst().partitions().getFirst().divergingEpoch().setEndOffset(-1);
        assertThat(FetchMessages.heard(WIRE, nowhere, (short) LATEST_FETCH)).isInstanceOf(Heard.Nonsense.class);
        ByteBuffer damaged = WrittenMessages.batches(3, 7, 1);
        damaged.put(damaged.limit() - 1, (byte) ~damaged.get(damaged.limit() - 1));
        assertThat(FetchMessages.heard(
                        WIRE, FetchMessages.entries(damaged, 3, 0, STANDING, (short) LATEST_FETCH), (short)
                                LATEST_FETCH))
                .isInstanceOf(Heard.Nonsense.class);
    }

    /** Whoever speaks for a leader below 0 speaks for nobody. */
    @Test
    void everyNegativeLeaderIsNobody() {
        VoteResponseData answer = VoteMessages.answer(new Voted(7, 2, true), STANDING, (short) 2);
        answer.topics().getFirst().partitions().getFirst().setLeaderId(-17);
        assertThat(VoteMessages.heard(WIRE, answer)).isEqualTo(new Heard.Answer(new Voted(7, -1, true), null));
    }

    private static Object refused(Received<?> received) {
        assertThat(received).isInstanceOf(Received.Refused.class);
        return ((Received.Refused<?>) received).answer();
    }

    // ---- What is sent.

    @Provide
    Arbitrary<Vote> votes() {
        return WrittenMessages.epochs()
                .flatMap(epoch -> Combinators.combine(
                                WrittenMessages.keys(),
                                WrittenMessages.keys(),
                                WrittenMessages.endsBelow(epoch),
                                Arbitraries.of(true, false))
                        .as((candidate, voter, end, preVote) -> new Vote(epoch, candidate, voter, end, preVote)));
    }

    @Provide
    Arbitrary<Fetch> fetches() {
        return WrittenMessages.epochs()
                .flatMap(epoch -> Combinators.combine(
                                WrittenMessages.keys(),
                                WrittenMessages.endsBelow(epoch),
                                Arbitraries.longs().between(0, Long.MAX_VALUE),
                                Arbitraries.integers().between(0, 10_000))
                        .as((replica, end, highWatermark, wait) ->
                                new Fetch(epoch, replica, end, highWatermark, wait)));
    }

    @Provide
    Arbitrary<QuorumAnswer> answers() {
        Arbitrary<Integer> leaders = Arbitraries.integers().between(-1, 5);
        Arbitrary<OffsetAndEpoch> ends = WrittenMessages.endsBelow(1_000);
        return WrittenMessages.epochs()
                .flatMap(epoch -> leaders.flatMap(leader -> Arbitraries.oneOf(
                        Arbitraries.of(true, false).map(granted -> new Voted(epoch, leader, granted)),
                        Arbitraries.just(new Noted(epoch, leader)),
                        Arbitraries.of(Refusal.class).map(why -> new Refused(epoch, leader, why)),
                        ends.map(end -> new Diverging(epoch, leader, end)),
                        ends.map(end -> new SnapshotNeeded(epoch, leader, end)))));
    }

    @Provide
    Arbitrary<ReplicaKey> keys() {
        return WrittenMessages.keys();
    }

    @Provide
    Arbitrary<List<ReplicaKey>> successors() {
        return WrittenMessages.keys().list().ofMaxSize(4);
    }

    @Provide
    Arbitrary<Integer> epochs() {
        return WrittenMessages.epochs();
    }

    @Provide
    Arbitrary<Long> offsets() {
        return Arbitraries.longs().between(0, Long.MAX_VALUE - 1_000);
    }

    @Provide
    Arbitrary<VoterSet> voterSets() {
        return WrittenMessages.voterSets();
    }

    @Provide
    Arbitrary<Integer> voteVersions() {
        return WrittenMessages.versions(new VoteRequestData());
    }

    @Provide
    Arbitrary<Integer> epochVersions() {
        return WrittenMessages.versions(new BeginQuorumEpochRequestData());
    }

    @Provide
    Arbitrary<Integer> fetchVersions() {
        return Arbitraries.integers().between(FIRST_FETCH_OF_A_QUORUM, LATEST_FETCH);
    }

    @Provide
    Arbitrary<Integer> latestFetches() {
        return fetchVersions();
    }
}
