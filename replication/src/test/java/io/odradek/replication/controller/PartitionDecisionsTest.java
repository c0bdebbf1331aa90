package io.odradek.replication.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.controller.ControllerRequest.AlterConfigs;
import io.odradek.replication.controller.ControllerRequest.AlterPartition;
import io.odradek.replication.controller.ControllerRequest.AlterReassignments;
import io.odradek.replication.controller.ControllerRequest.ConfigAlteration;
import io.odradek.replication.controller.ControllerRequest.ConfigChange;
import io.odradek.replication.controller.ControllerRequest.ConfigOperation;
import io.odradek.replication.controller.ControllerRequest.CreatePartitions;
import io.odradek.replication.controller.ControllerRequest.CreateTopics;
import io.odradek.replication.controller.ControllerRequest.DeleteTopics;
import io.odradek.replication.controller.ControllerRequest.ElectLeaders;
import io.odradek.replication.controller.ControllerRequest.Heartbeat;
import io.odradek.replication.controller.ControllerRequest.ManualAssignment;
import io.odradek.replication.controller.ControllerRequest.MorePartitions;
import io.odradek.replication.controller.ControllerRequest.NewTopic;
import io.odradek.replication.controller.ControllerRequest.ProposedInSync;
import io.odradek.replication.controller.ControllerRequest.ProposedMember;
import io.odradek.replication.controller.ControllerRequest.Reassignment;
import io.odradek.replication.controller.ControllerRequest.Setting;
import io.odradek.replication.controller.ControllerRequest.TopicKey;
import io.odradek.replication.controller.ControllerRequest.TopicPartition;
import io.odradek.replication.controller.ControllerRequest.UnregisterBroker;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is in sync, who leads, where replicas go: four brokers, of which 1, 2 and 3 have the topic t, min.insync.replicas 2. */
class PartitionDecisionsTest {

    private static final TopicPartition T = new TopicPartition("t", 0);

    private final Cluster cluster = new Cluster(ControllerSettings.of(1, 1));

    @BeforeEach
    void fourBrokers() {
        for (int id = 1; id <= 4; id++) {
            cluster.start(id, 1);
        }
        create("t", "sync");
    }

    private void create(String name, String durability) {
        assertThat(cluster.ask(new CreateTopics(
                                List.of(new NewTopic(
                                        name,
                                        -1,
                                        -1,
                                        List.of(new ManualAssignment(0, List.of(1, 2, 3))),
                                        List.of(
                                                new Setting("min.insync.replicas", "2"),
                                                new Setting(Cluster.DURABILITY, durability)))),
                                false))
                        .topics())
                .singleElement()
                .isInstanceOf(Outcome.Done.class);
    }

    private PartitionImage t() {
        return cluster.partition("t", 0);
    }

    private long epoch(int broker) {
        return Objects.requireNonNull(cluster.committed.broker(broker)).epoch();
    }

    private ProposedInSync proposed(int... members) {
        return new ProposedInSync(
                Objects.requireNonNull(cluster.committed.topic("t")).id(),
                0,
                t().leaderEpoch(),
                t().partitionEpoch(),
                IntStream.of(members)
                        .mapToObj(id -> new ProposedMember(id, epoch(id)))
                        .toList(),
                LeaderRecovery.RECOVERED);
    }

    private @Nullable ControllerError propose(int broker, ProposedInSync proposal) {
        return error(Cluster.done(cluster.ask(new AlterPartition(broker, epoch(broker), List.of(proposal)))
                        .partitions())
                .getFirst());
    }

    private @Nullable ControllerError propose(int... members) {
        return propose(t().leader(), proposed(members));
    }

    private static @Nullable ControllerError error(Outcome<?> outcome) {
        return outcome instanceof Refused<?>(ControllerError error, String _) ? error : null;
    }

    private void configure(String key, String value) {
        cluster.ask(new AlterConfigs(
                List.of(new ConfigAlteration(
                        ConfigResource.topic("t"), List.of(new ConfigChange(key, ConfigOperation.SET, value)))),
                false));
    }

    // ---- AlterPartition.

    /** Decision 25: what is accepted makes a new partition epoch, also when the set stays as it was. */
    @Test
    void whatIsAcceptedIsANewPartitionEpochOfTheSameReign() {
        int before = t().partitionEpoch();
        assertThat(propose(3, 1, 2)).isNull();
        assertThat(t().partitionEpoch()).isEqualTo(before + 1);
        assertThat(propose(1, 2)).isNull();
        assertThat(t().inSyncReplicas()).containsExactly(1, 2);
        assertThat(t().partitionEpoch()).isEqualTo(before + 2);
        assertThat(t().leaderEpoch()).isZero();
    }

    @Test
    void aProposalIsJudgedByWhatItWasBasedOn() {
        ProposedInSync good = proposed(1, 2);
        assertThat(propose(1, with(good, 1, 0))).isEqualTo(ControllerError.NOT_CONTROLLER);
        assertThat(propose(1, with(good, 0, 1))).isEqualTo(ControllerError.NOT_CONTROLLER);
        assertThat(propose(1, with(good, -1, 0))).isEqualTo(ControllerError.FENCED_LEADER_EPOCH);
        assertThat(propose(2, good)).isEqualTo(ControllerError.INVALID_REQUEST);
        assertThat(propose(1, good)).isNull();
        assertThat(propose(1, good)).isEqualTo(ControllerError.INVALID_UPDATE_VERSION);
        assertThat(propose(1, 4)).isEqualTo(ControllerError.INVALID_REQUEST);
        assertThat(propose(1, 2, 2)).isEqualTo(ControllerError.INVALID_REQUEST);
        assertThat(propose(2, 3)).isEqualTo(ControllerError.INVALID_REQUEST);
        assertThat(propose(
                        1,
                        new ProposedInSync(good.topicId(), 9, 0, 1, good.inSyncReplicas(), LeaderRecovery.RECOVERED)))
                .isEqualTo(ControllerError.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(propose(
                        1,
                        new ProposedInSync(new UUID(1, 1), 0, 0, 1, good.inSyncReplicas(), LeaderRecovery.RECOVERED)))
                .isEqualTo(ControllerError.UNKNOWN_TOPIC_ID);
        assertThat(error(cluster.ask(new AlterPartition(1, epoch(1) - 1, List.of(proposed(1, 2))))
                        .partitions()))
                .isEqualTo(ControllerError.STALE_BROKER_EPOCH);
        assertThat(error(cluster.ask(new AlterPartition(9, 1, List.of(proposed(1, 2))))
                        .partitions()))
                .isEqualTo(ControllerError.STALE_BROKER_EPOCH);
        List<Outcome<PartitionImage>> twice =
                Cluster.done(cluster.ask(new AlterPartition(1, epoch(1), List.of(proposed(1, 2), proposed(1))))
                        .partitions());
        assertThat(error(twice.get(1))).isEqualTo(ControllerError.INVALID_REQUEST);
        assertThat(t().inSyncReplicas()).containsExactly(1, 2);
    }

    private static ProposedInSync with(ProposedInSync p, int leaderEpochs, int partitionEpochs) {
        return new ProposedInSync(
                p.topicId(),
                p.partition(),
                p.leaderEpoch() + leaderEpochs,
                p.partitionEpoch() + partitionEpochs,
                p.inSyncReplicas(),
                p.leaderRecovery());
    }

    /** KIP-841, KIP-903. */
    @Test
    void whoIsFencedOrLeavesOrHasStartedAgainDoesNotJoin() {
        assertThat(propose(1, 2)).isNull();
        ProposedInSync predecessor = new ProposedInSync(
                proposed(1).topicId(),
                0,
                0,
                t().partitionEpoch(),
                List.of(
                        new ProposedMember(1, -1),
                        new ProposedMember(2, epoch(2)),
                        new ProposedMember(3, epoch(3) - 1)),
                LeaderRecovery.RECOVERED);
        assertThat(propose(1, predecessor)).isEqualTo(ControllerError.INELIGIBLE_REPLICA);
        cluster.create("u", List.of(3, 4));
        cluster.ask(new Heartbeat(3, epoch(3), cluster.committed.lastOffset(), false, true));
        assertThat(Objects.requireNonNull(cluster.committed.broker(3)).fenced()).isFalse();
        assertThat(propose(1, 2, 3)).isEqualTo(ControllerError.INELIGIBLE_REPLICA);
        cluster.start(3, 2);
        cluster.miss(3);
        assertThat(Objects.requireNonNull(cluster.committed.broker(3)).inControlledShutdown())
                .isFalse();
        assertThat(propose(1, 2, 3)).isEqualTo(ControllerError.INELIGIBLE_REPLICA);
        cluster.ask(new UnregisterBroker(3));
        assertThat(propose(
                        1,
                        new ProposedInSync(
                                proposed(1).topicId(),
                                0,
                                0,
                                t().partitionEpoch(),
                                List.of(new ProposedMember(1, -1), new ProposedMember(3, -1)),
                                LeaderRecovery.RECOVERED)))
                .isEqualTo(ControllerError.INELIGIBLE_REPLICA);
    }

    /** KIP-966: who leaves stays eligible while fewer than min.insync.replicas are in sync. */
    @Test
    void whoLeavesBelowTheMinimumStaysEligibleUntilEnoughAreInSyncAgain() {
        propose(1, 2);
        assertThat(t().eligibleLeaderReplicas()).isEmpty();
        propose(1);
        assertThat(t().eligibleLeaderReplicas()).containsExactly(2);
        cluster.miss(1);
        assertThat(t().leader()).as("eligible, so as good as in sync").isEqualTo(2);
        assertThat(t().inSyncReplicas()).containsExactly(2);
        assertThat(t().eligibleLeaderReplicas()).containsExactly(1);
        assertThat(t().leaderRecovery()).isEqualTo(LeaderRecovery.RECOVERED);
        propose(2, 3);
        assertThat(t().eligibleLeaderReplicas()).isEmpty();
    }

    /** The controller before had another file, in a log of before there was an agreement. */
    @Test
    void aControllerThatBringsALowerMinimumMakesNobodyEligibleAnyMore() {
        propose(1);
        assertThat(t().eligibleLeaderReplicas()).isNotEmpty();
        cluster.committed = cluster.committed.apply(List.of(
                new MetadataRecord.Config(ConfigResource.topic("t"), "min.insync.replicas", null),
                new MetadataRecord.Config(TopicPolicies.ALL_BROKERS, "min.insync.replicas", null)));
        cluster.failOver();
        assertThat(t().eligibleLeaderReplicas()).isEmpty();
    }

    @Test
    void aLowerMinimumMakesNobodyEligibleAnyMore() {
        propose(1);
        int records = cluster.log.size();
        configure("min.insync.replicas", "1");
        assertThat(t().eligibleLeaderReplicas()).isEmpty();
        assertThat(cluster.batchSizes.getLast()).as("in one batch").isEqualTo(cluster.log.size() - records);
    }

    /** A decision about a broker is cut into batches, and a controller may be lost between them. */
    @Test
    void whatIsLeftHalfDoneIsFinishedByTheNextController() {
        cluster.create("u", List.of(4));
        UUID u = Objects.requireNonNull(cluster.committed.topic("u")).id();
        cluster.committed = cluster.committed.apply(List.of(new MetadataRecord.PartitionChange(
                u, 0, List.of(), -1, null, null, null, null, null, List.of(4), null)));
        cluster.failOver();
        assertThat(cluster.partition("u", 0).leader())
                .as("4 is not fenced, and may never be")
                .isEqualTo(4);
        cluster.committed = cluster.committed.apply(
                List.of(new MetadataRecord.BrokerRegistrationChange(4, epoch(4), true, null, List.of())));
        cluster.failOver();
        assertThat(cluster.partition("u", 0).leader())
                .as("4 is fenced, and was given it")
                .isEqualTo(-1);
        assertThat(cluster.partition("u", 0).eligibleLeaderReplicas()).containsExactly(4);
    }

    // ---- Sessions.

    @Test
    void whoIsNotHeardOfInTimeIsFencedAndLeadsNoMore() {
        cluster.pass(0);
        cluster.pass(999);
        assertThat(cluster.committed.isActive(1)).isTrue();
        for (int id = 1; id <= 4; id++) {
            cluster.beat(id);
        }
        cluster.miss(1);
        assertThat(cluster.committed.isActive(1)).isFalse();
        assertThat(cluster.committed.isActive(2)).isTrue();
        assertThat(t().leader()).isEqualTo(2);
        assertThat(t().inSyncReplicas()).containsExactly(2, 3);
        assertThat(t().leaderEpoch()).isEqualTo(1);
        cluster.beat(1);
        assertThat(cluster.committed.isActive(1)).isTrue();
        assertThat(t().leader()).as("it comes back, not at once").isEqualTo(2);
    }

    @Test
    void whoHasNotReadWhatWasDecidedStaysFenced() {
        cluster.miss(1);
        long fenced = cluster.committed.lastOffset();
        propose(2);
        cluster.ask(new Heartbeat(1, epoch(1), fenced, false, false));
        assertThat(cluster.committed.isActive(1)).as("of its own partition").isFalse();
        long read = cluster.committed.lastOffset();
        cluster.create("u", List.of(2, 3));
        cluster.ask(new Heartbeat(1, epoch(1), read, false, false));
        assertThat(cluster.committed.isActive(1))
                .as("of others' it need not know all")
                .isTrue();
    }

    @Test
    void aControllerThatBeginsGivesEverybodyAFullSession() {
        cluster.pass(0);
        cluster.pass(900);
        cluster.failOver();
        cluster.pass(999);
        assertThat(cluster.committed.isActive(1)).isTrue();
        cluster.pass(1);
        assertThat(cluster.committed.isActive(1)).isFalse();
        assertThat(t().leader()).isEqualTo(PartitionImage.NO_LEADER);
        assertThat(t().inSyncReplicas()).isEmpty();
        assertThat(t().eligibleLeaderReplicas())
                .as("since 1 left, 2 and 3 could commit")
                .containsExactly(2, 3);
        assertThat(t().lastKnownEligibleLeaderReplicas()).isNotEmpty();
        cluster.beat(3);
        assertThat(t().leader()).isEqualTo(3);
        assertThat(t().lastKnownEligibleLeaderReplicas()).isEmpty();
    }

    @Test
    void aHeartbeatCountsFromTheTimeThatIsToldAfterIt() {
        cluster.pass(0);
        cluster.pass(500);
        cluster.beat(1);
        assertThat(cluster.machine.deadlineMs()).as("time is wanted at once").isLessThanOrEqualTo(500);
        cluster.pass(500);
        assertThat(cluster.committed.isActive(1)).isTrue();
        assertThat(cluster.committed.isActive(2)).isFalse();
        assertThat(cluster.machine.deadlineMs()).isEqualTo(2_000);
        cluster.pass(1_000);
        assertThat(cluster.committed.isActive(1)).isFalse();
    }

    @Test
    void aSecondProcessIsRefusedWhileTheFirstMayLive() {
        assertThat(register(1, 2, -1)).isEqualTo(ControllerError.DUPLICATE_BROKER_REGISTRATION);
        assertThat(register(1, 3, epoch(1))).as("the first has stopped cleanly").isNull();
        cluster.miss(2);
        assertThat(register(2, 2, -1)).as("its session is over").isNull();
        cluster.failOver();
        cluster.pass(10);
        assertThat(register(3, 2, -1))
                .as("never heard of by this controller, and whoever holds the locks of its directories is its"
                        + " successor")
                .isNull();
    }

    private @Nullable ControllerError register(int id, long incarnation, long previous) {
        return error(cluster.ask(Cluster.registration(id, null, incarnation, previous))
                .epoch());
    }

    @Test
    void aFailedDirectoryTakesItsReplicasAlone() {
        UUID good = new UUID(70, 1);
        UUID bad = new UUID(70, 2);
        cluster.miss(4);
        ControllerRequest.RegisterBroker four = Cluster.registration(4, null, 2, -1);
        cluster.ask(new ControllerRequest.RegisterBroker(
                4, four.incarnationId(), four.endpoints(), four.features(), null, List.of(good, bad), -1));
        cluster.beat(4);
        cluster.create("a", List.of(4, 2));
        cluster.create("b", List.of(4, 2));
        cluster.assign("a", 4, good);
        cluster.assign("b", 4, bad);
        cluster.ask(new Heartbeat(4, epoch(4), cluster.committed.lastOffset(), false, false, List.of(bad)));
        assertThat(cluster.partition("a", 0).leader()).isEqualTo(4);
        assertThat(cluster.partition("b", 0).leader()).isEqualTo(2);
        assertThat(cluster.partition("b", 0).inSyncReplicas()).containsExactly(2);
        assertThat(cluster.committed.isActive(4)).isTrue();
        PartitionImage b = cluster.partition("b", 0);
        ProposedInSync joins = new ProposedInSync(
                Objects.requireNonNull(cluster.committed.topic("b")).id(),
                0,
                b.leaderEpoch(),
                b.partitionEpoch(),
                List.of(new ProposedMember(2, epoch(2)), new ProposedMember(4, epoch(4))),
                LeaderRecovery.RECOVERED);
        assertThat(propose(2, joins)).isEqualTo(ControllerError.INELIGIBLE_REPLICA);
        int records = cluster.log.size();
        cluster.ask(new Heartbeat(4, epoch(4), cluster.committed.lastOffset(), false, false, List.of(bad)));
        assertThat(cluster.log).as("told again it is no news").hasSize(records);
        cluster.ask(new Heartbeat(4, epoch(4), cluster.committed.lastOffset(), false, false, List.of(bad, good)));
        assertThat(cluster.committed.isActive(4)).as("nothing is left").isFalse();
    }

    @Test
    void aReplicaIsPutIntoADirectoryThatItsBrokerHas() {
        ControllerRequest.AssignDirectories request = new ControllerRequest.AssignDirectories(
                1,
                epoch(1),
                List.of(
                        new ControllerRequest.DirectoryAssignment(proposed(1).topicId(), 0, new UUID(9, 9)),
                        new ControllerRequest.DirectoryAssignment(proposed(1).topicId(), 1, new UUID(9, 9)),
                        new ControllerRequest.DirectoryAssignment(new UUID(9, 1), 0, new UUID(9, 9))));
        assertThat(Cluster.done(cluster.ask(request).partitions()).stream().map(PartitionDecisionsTest::error))
                .containsExactly(null, ControllerError.UNKNOWN_TOPIC_OR_PARTITION, ControllerError.UNKNOWN_TOPIC_ID);
        assertThat(t().leader()).as("it has failed, or it would be registered").isEqualTo(2);
        assertThat(t().directories()).startsWith(new UUID(9, 9));
        cluster.create("u", List.of(4));
        UUID u = Objects.requireNonNull(cluster.committed.topic("u")).id();
        assertThat(error(Cluster.done(cluster.ask(new ControllerRequest.AssignDirectories(
                                        1,
                                        epoch(1),
                                        List.of(new ControllerRequest.DirectoryAssignment(u, 0, new UUID(7, 1)))))
                                .partitions())
                        .getFirst()))
                .isEqualTo(ControllerError.NOT_LEADER_OR_FOLLOWER);
    }

    @Test
    void featuresRiseToWhatEverybodyCanDo() {
        assertThat(feature("metadata.version", 31, ControllerRequest.FeatureChange.UPGRADE))
                .isEqualTo(ControllerError.INVALID_UPDATE_VERSION);
        assertThat(feature("metadata.version", 20, ControllerRequest.FeatureChange.UPGRADE))
                .isEqualTo(ControllerError.INVALID_UPDATE_VERSION);
        assertThat(feature("metadata.version", 20, ControllerRequest.FeatureChange.SAFE_DOWNGRADE))
                .isEqualTo(ControllerError.INVALID_UPDATE_VERSION);
        assertThat(feature("group.version", 1, ControllerRequest.FeatureChange.UPGRADE))
                .isEqualTo(ControllerError.INVALID_UPDATE_VERSION);
        int records = cluster.log.size();
        assertThat(feature("metadata.version", 30, ControllerRequest.FeatureChange.UPGRADE))
                .isNull();
        assertThat(cluster.log).hasSize(records);
    }

    private @Nullable ControllerError feature(String name, int level, ControllerRequest.FeatureChange change) {
        return error(cluster.ask(new ControllerRequest.UpdateFeatures(
                        List.of(new ControllerRequest.FeatureUpdate(name, (short) level, change)), false))
                .features());
    }

    // ---- Elections.

    private List<@Nullable ControllerError> elect(boolean unclean, TopicPartition... partitions) {
        return cluster.ask(new ElectLeaders(unclean, List.of(partitions))).partitions().stream()
                .map(elected -> error(elected.outcome()))
                .toList();
    }

    @Test
    void thePreferredLeaderIsElectedWhenItIsInSync() {
        cluster.miss(1);
        List<ControllerError> expected = new ArrayList<>(
                List.of(ControllerError.PREFERRED_LEADER_NOT_AVAILABLE, ControllerError.UNKNOWN_TOPIC_OR_PARTITION));
        assertThat(elect(false, T, new TopicPartition("t", 1))).isEqualTo(expected);
        cluster.beat(1);
        assertThat(elect(false, T)).as("not in sync").containsExactly(ControllerError.PREFERRED_LEADER_NOT_AVAILABLE);
        propose(1, 2, 3);
        int epoch = t().leaderEpoch();
        assertThat(cluster.ask(new ElectLeaders(false, null)).partitions()).hasSize(1);
        assertThat(t().leader()).isEqualTo(1);
        assertThat(t().leaderEpoch()).isEqualTo(epoch + 1);
        assertThat(elect(false, T)).containsExactly(ControllerError.ELECTION_NOT_NEEDED);
        assertThat(cluster.ask(new ElectLeaders(false, null)).partitions()).isEmpty();
    }

    @Test
    void anUncleanElectionIsForWhoAsksOrAllowsItAndIsRecorded() {
        propose(1, 2);
        propose(1);
        cluster.miss(1, 2);
        assertThat(t().leader()).isEqualTo(PartitionImage.NO_LEADER);
        assertThat(t().eligibleLeaderReplicas()).containsExactly(1, 2);
        assertThat(elect(true, T)).containsExactly((ControllerError) null);
        assertThat(t().leader()).isEqualTo(3);
        assertThat(t().inSyncReplicas()).containsExactly(3);
        assertThat(t().eligibleLeaderReplicas()).isEmpty();
        assertThat(t().leaderRecovery()).isEqualTo(LeaderRecovery.RECOVERING);
        assertThat(elect(true, T)).containsExactly(ControllerError.ELECTION_NOT_NEEDED);
        assertThat(propose(3)).as("it says that it has recovered").isNull();
        assertThat(t().leaderRecovery()).isEqualTo(LeaderRecovery.RECOVERED);
        cluster.miss(1, 2, 3);
        assertThat(elect(true, T)).containsExactly(ControllerError.ELIGIBLE_LEADERS_NOT_AVAILABLE);
        cluster.beat(1);
        assertThat(t().leader()).as("it has not what 3 has").isEqualTo(PartitionImage.NO_LEADER);
        configure(Cluster.UNCLEAN, "true");
        assertThat(t().leader()).isEqualTo(1);
    }

    /** Decision 26. */
    @Test
    void theOnlyReplicaIsElectedWhateverItHasLost() {
        cluster.ask(new CreateTopics(
                List.of(new NewTopic(
                        "u",
                        -1,
                        -1,
                        List.of(new ManualAssignment(0, List.of(1))),
                        List.of(new Setting(Cluster.DURABILITY, "page-cache")))),
                false));
        cluster.start(1, 2);
        assertThat(cluster.partition("u", 0).leader()).isEqualTo(1);
        assertThat(cluster.partition("u", 0).leaderRecovery()).isEqualTo(LeaderRecovery.RECOVERING);
    }

    @Test
    void leadershipGoesBackAfterAWhile() {
        cluster.miss(1);
        cluster.beat(1);
        propose(1, 2, 3);
        assertThat(t().leader()).isEqualTo(2);
        cluster.balance();
        assertThat(t().leader()).isEqualTo(1);
    }

    @Test
    void anUnregisteredBrokerIsGone() {
        cluster.ask(new UnregisterBroker(1));
        assertThat(cluster.committed.broker(1)).isNull();
        assertThat(t().leader()).isEqualTo(2);
        assertThat(t().inSyncReplicas()).containsExactly(2, 3);
        assertThat(error(cluster.ask(new UnregisterBroker(1)).epoch()))
                .isEqualTo(ControllerError.BROKER_ID_NOT_REGISTERED);
    }

    // ---- Reassignment.

    private @Nullable ControllerError reassign(boolean mayChangeFactor, @Nullable List<Integer> replicas) {
        return error(cluster.ask(new AlterReassignments(List.of(new Reassignment(T, replicas)), mayChangeFactor))
                .partitions()
                .getFirst());
    }

    @Test
    void replicasThatGoStayUntilThoseThatComeAreInSync() {
        assertThat(reassign(false, List.of(4, 2, 3))).isNull();
        assertThat(t().replicas()).containsExactly(4, 2, 3, 1);
        assertThat(t().addingReplicas()).containsExactly(4);
        assertThat(t().removingReplicas()).containsExactly(1);
        assertThat(t().leader()).isEqualTo(1);
        cluster.ask(new CreatePartitions(List.of(new MorePartitions("t", 2, null)), false));
        assertThat(cluster.partition("t", 1).replicas())
                .as("as many as are wanted")
                .hasSize(3);
        assertThat(propose(1, 2, 3, 4)).isEqualTo(ControllerError.NEW_LEADER_ELECTED);
        assertThat(t().replicas()).containsExactly(4, 2, 3);
        assertThat(t().isReassigning()).isFalse();
        assertThat(t().leader()).isEqualTo(4);
        assertThat(t().inSyncReplicas()).containsExactly(4, 2, 3);
        assertThat(t().directories()).containsExactly(new UUID(7, 4), new UUID(7, 2), new UUID(7, 3));
    }

    /** Late fetches of who goes and comes back are of another log. */
    @Test
    void aNewReignBeginsWhenReplicasHaveGone() {
        int epoch = t().leaderEpoch();
        assertThat(reassign(true, List.of(1, 2))).isNull();
        assertThat(t().replicas()).containsExactly(1, 2);
        assertThat(t().leader()).isEqualTo(1);
        assertThat(t().leaderEpoch()).isEqualTo(epoch + 1);
    }

    @Test
    void aReassignmentIsChangedAndTakenBack() {
        reassign(false, List.of(4, 2, 3));
        assertThat(reassign(false, List.of(1, 4, 3))).isNull();
        assertThat(t().addingReplicas()).containsExactly(4);
        assertThat(t().removingReplicas()).containsExactly(2);
        assertThat(reassign(false, null)).isNull();
        assertThat(t().replicas()).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(t().isReassigning()).isFalse();
        assertThat(reassign(false, null)).isEqualTo(ControllerError.NO_REASSIGNMENT_IN_PROGRESS);
    }

    @Test
    void asManyStayInSyncAsACommitNeeds() {
        propose(1, 2);
        cluster.miss(2);
        reassign(false, List.of(4, 2, 3));
        propose(1, 4);
        assertThat(t().isReassigning())
                .as("4 alone could lose what was committed")
                .isTrue();
        propose(1, 4, 3);
        assertThat(t().isReassigning()).isFalse();
    }

    @Test
    void impossibleReassignmentsAreRefused() {
        assertThat(reassign(false, List.of())).isEqualTo(ControllerError.INVALID_REPLICA_ASSIGNMENT);
        assertThat(reassign(false, List.of(1, 1, 2))).isEqualTo(ControllerError.INVALID_REPLICA_ASSIGNMENT);
        assertThat(reassign(false, List.of(1, 2, 9))).isEqualTo(ControllerError.INVALID_REPLICA_ASSIGNMENT);
        assertThat(reassign(false, List.of(1, 2))).isEqualTo(ControllerError.INVALID_REPLICATION_FACTOR);
        assertThat(error(cluster.ask(new AlterReassignments(
                                List.of(new Reassignment(new TopicPartition("t", 4), List.of(1, 2, 3))), true))
                        .partitions()
                        .getFirst()))
                .isEqualTo(ControllerError.UNKNOWN_TOPIC_OR_PARTITION);
        reassign(false, List.of(4, 2, 3));
        propose(1, 4);
        cluster.miss(1, 2, 3);
        assertThat(t().inSyncReplicas()).containsExactly(4);
        assertThat(reassign(false, null))
                .as("only the one that was to come is in sync")
                .isEqualTo(ControllerError.INVALID_REPLICA_ASSIGNMENT);
        cluster.ask(new DeleteTopics(List.of(new TopicKey.ByName("t"))));
        assertThat(cluster.committed.topic("t")).isNull();
    }
}
