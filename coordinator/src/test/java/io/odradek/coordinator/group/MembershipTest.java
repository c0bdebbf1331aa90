package io.odradek.coordinator.group;

import static io.odradek.coordinator.group.Coordinator.GROUP;
import static io.odradek.coordinator.group.Coordinator.REBALANCE_MS;
import static io.odradek.coordinator.group.Coordinator.SESSION_MS;
import static io.odradek.coordinator.group.Coordinator.protocol;
import static io.odradek.coordinator.group.Coordinator.range;
import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.coordinator.group.GroupReply.DescribedGroup;
import io.odradek.coordinator.group.GroupReply.HeartbeatAccepted;
import io.odradek.coordinator.group.GroupReply.JoinRefused;
import io.odradek.coordinator.group.GroupReply.Joined;
import io.odradek.coordinator.group.GroupReply.JoinedMember;
import io.odradek.coordinator.group.GroupReply.Left;
import io.odradek.coordinator.group.GroupReply.LeftMember;
import io.odradek.coordinator.group.GroupReply.Refused;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MembershipTest {

    private static final long DELAY_MS = GroupSettings.DEFAULTS.initialRebalanceDelayMs();

    private final Coordinator it = new Coordinator(GroupSettings.DEFAULTS);

    /** Members a and b, stable in generation 1, a leading, each with its own name as assignment. */
    private void stableWithTwo() {
        long a = it.joinDynamic("a");
        long b = it.joinDynamic("b");
        it.passMs(2 * DELAY_MS);
        assertThat(it.joined(a).generationId()).isEqualTo(1);
        assertThat(it.joined(b).leaderId()).isEqualTo("a");
        long syncB = it.sync("b", 1);
        long syncA = it.sync("a", 1, "a", "for a", "b", "for b");
        assertThat(it.synced(syncA)).isEqualTo("for a");
        assertThat(it.synced(syncB)).isEqualTo("for b");
        assertThat(it.state()).isEqualTo(GroupState.STABLE);
    }

    /** Member "one" of instance i1, stable in generation 1, with p0. */
    private void stableWithOneStatic() {
        it.join("", "i1", "one");
        it.passMs(DELAY_MS);
        it.syncStatic("one", "i1", 1, "one", "p0");
    }

    /** Member a alone, whose sync in generation 1 waits for its assignment to be stored. */
    private long assignmentUnderWay() {
        long a = it.joinDynamic("a");
        it.passMs(DELAY_MS);
        it.joined(a);
        it.confirmsAtOnce = false;
        return it.sync("a", 1, "a", "mine");
    }

    @Test
    void aMemberWithoutAnIdMustComeBackWithTheOneItIsGiven() {
        long first = it.join("", null, "fresh");
        assertThat(it.answer(first)).isEqualTo(new JoinRefused(GroupError.MEMBER_ID_REQUIRED, "fresh"));
        long second = it.join("fresh", null, "other");
        it.passMs(DELAY_MS);
        assertThat(it.joined(second).memberId()).isEqualTo("fresh");
    }

    @Test
    void anIdThatWasNeverGivenIsUnknown() {
        long toNoGroup = it.join("made up", null, "x");
        assertThat(it.answer(toNoGroup)).isEqualTo(new JoinRefused(GroupError.UNKNOWN_MEMBER_ID, "made up"));
        stableWithTwo();
        assertThat(it.refused(it.join("made up", null, "x"))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
    }

    @Test
    void anIdThatIsNotUsedWithinTheSessionTimeoutIsForgotten() {
        it.join("", null, "fresh");
        it.passMs(SESSION_MS);
        assertThat(it.refused(it.join("fresh", null, "x"))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
    }

    @Test
    void onlyTheLeaderSeesTheMembers() {
        long a = it.joinDynamic("a", range("t1"));
        long b = it.joinDynamic("b", range("t2"));
        it.passMs(2 * DELAY_MS);
        assertThat(it.joined(a))
                .isEqualTo(new Joined(
                        "a",
                        1,
                        "consumer",
                        "range",
                        "a",
                        false,
                        List.of(
                                new JoinedMember("a", null, Coordinator.subscription("t1")),
                                new JoinedMember("b", null, Coordinator.subscription("t2")))));
        assertThat(it.joined(b).members()).isEmpty();
    }

    /** KIP-134: the delay is extended by each newcomer, up to the rebalance timeout. */
    @Test
    void theInitialDelayIsExtendedWhileMembersKeepComing() {
        long a = it.joinDynamic("a");
        it.passMs(DELAY_MS - 100);
        long b = it.joinDynamic("b");
        it.passMs(DELAY_MS);
        assertThat(it.isAnswered(a)).isFalse();
        it.passMs(100);
        assertThat(it.joined(a).generationId()).isEqualTo(1);
        assertThat(it.joined(b).generationId()).isEqualTo(1);
    }

    @Test
    void theInitialDelayIsNeverLongerThanTheRebalanceTimeout() {
        long first = it.joinDynamic("m0");
        long extensions = REBALANCE_MS / DELAY_MS - 1;
        for (int i = 1; i <= extensions; i++) {
            it.passMs(DELAY_MS - 1);
            it.joinDynamic("m" + i);
            it.passMs(1);
            assertThat(it.isAnswered(first)).as("extension %d", i).isFalse();
        }
        it.passMs(DELAY_MS);
        assertThat(it.joined(first).members()).hasSize((int) extensions + 1);
    }

    @Test
    void aNewcomerMakesEveryoneJoinAgain() {
        stableWithTwo();
        long c = it.joinDynamic("c");
        assertThat(it.refused(it.heartbeat("a", 1))).isEqualTo(GroupError.REBALANCE_IN_PROGRESS);
        long a = it.join("a", null, "x");
        assertThat(it.isAnswered(c)).isFalse();
        long b = it.join("b", null, "x");
        assertThat(it.joined(a).generationId()).isEqualTo(2);
        assertThat(it.joined(b).generationId()).isEqualTo(2);
        assertThat(it.joined(c).generationId()).isEqualTo(2);
    }

    @Test
    void whoDoesNotJoinAgainInTimeIsOut() {
        stableWithTwo();
        long c = it.joinDynamic("c");
        long a = it.join("a", null, "x");
        for (int i = 0; i < REBALANCE_MS / 5_000 - 1; i++) {
            it.passMs(5_000);
            it.heartbeat("b", 1);
        }
        assertThat(it.isAnswered(c)).isFalse();
        it.passMs(5_000);
        assertThat(it.joined(a).members()).extracting(JoinedMember::memberId).containsExactly("a", "c");
        assertThat(it.refused(it.heartbeat("b", 1))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aLeaderThatDoesNotJoinAgainIsReplaced() {
        stableWithTwo();
        it.joinDynamic("c");
        long b = it.join("b", null, "x");
        it.passMs(REBALANCE_MS);
        assertThat(it.joined(b).leaderId()).isEqualTo("b");
        assertThat(it.joined(b).members()).hasSize(2);
    }

    @Test
    void aSilentMemberIsRemovedAfterItsSession() {
        stableWithTwo();
        it.passMs(SESSION_MS - 1);
        assertThat(it.answer(it.heartbeat("a", 1))).isEqualTo(new HeartbeatAccepted());
        it.passMs(1);
        assertThat(it.state()).isEqualTo(GroupState.PREPARING_REBALANCE);
        assertThat(it.refused(it.heartbeat("b", 1))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
        long a = it.join("a", null, "x");
        assertThat(it.joined(a).generationId()).isEqualTo(2);
        assertThat(it.joined(a).members()).hasSize(1);
    }

    @Test
    void leavingGivesTheRestANewGeneration() {
        stableWithTwo();
        long left = it.leave("a");
        assertThat(it.answer(left)).isEqualTo(new Left(List.of(new LeftMember("a", null, null))));
        long b = it.join("b", null, "x");
        assertThat(it.joined(b))
                .extracting(Joined::generationId, Joined::leaderId)
                .containsExactly(2, "b");
    }

    @Test
    void theLastToLeaveEmptiesTheGroupDurably() {
        stableWithTwo();
        it.confirmsAtOnce = false;
        long left = it.leave("a", "b", "nobody");
        assertThat(it.isAnswered(left)).isFalse();
        it.confirmAll();
        assertThat(it.answer(left))
                .isEqualTo(new Left(List.of(
                        new LeftMember("a", null, null),
                        new LeftMember("b", null, null),
                        new LeftMember("nobody", null, GroupError.UNKNOWN_MEMBER_ID))));
        assertThat(it.state()).isEqualTo(GroupState.EMPTY);
        it.restart();
        assertThat(it.state()).isEqualTo(GroupState.EMPTY);
        it.confirmsAtOnce = true;
        long again = it.joinDynamic("c");
        it.passMs(DELAY_MS);
        assertThat(it.joined(again).generationId()).isEqualTo(3);
    }

    @Test
    void aMemberThatLeavesWhileParkedIsAnswered() {
        stableWithTwo();
        long c = it.joinDynamic("c");
        it.leave("c");
        assertThat(it.answer(c)).isEqualTo(new JoinRefused(GroupError.UNKNOWN_MEMBER_ID, ""));
        long b = it.join("b", null, "x");
        long a = it.join("a", null, "x");
        long syncB = it.sync("b", 2);
        it.leave("b");
        assertThat(it.answer(syncB)).isEqualTo(new Refused(GroupError.UNKNOWN_MEMBER_ID));
        assertThat(it.joined(a).generationId()).isEqualTo(2);
        assertThat(it.joined(b).generationId()).isEqualTo(2);
    }

    @Test
    void assignmentsLeaveOnlyWhenTheyAreStored() {
        long sync = assignmentUnderWay();
        assertThat(it.isAnswered(sync)).isFalse();
        assertThat(it.state()).isEqualTo(GroupState.COMPLETING_REBALANCE);
        it.confirmAll();
        assertThat(it.synced(sync)).isEqualTo("mine");
    }

    @Test
    void anAssignmentThatCannotBeStoredMakesTheMembersJoinAgain() {
        long sync = assignmentUnderWay();
        it.refuseOldest(GroupError.NOT_COORDINATOR);
        assertThat(it.refused(sync)).isEqualTo(GroupError.NOT_COORDINATOR);
        assertThat(it.state()).isEqualTo(GroupState.PREPARING_REBALANCE);
        long again = it.join("a", null, "x");
        assertThat(it.joined(again).generationId()).isEqualTo(2);
    }

    @Test
    void anAssignmentConfirmedTooLateIsNotUsed() {
        long sync = assignmentUnderWay();
        it.passMs(GroupSettings.DEFAULTS.offsetsCommitTimeoutMs());
        assertThat(it.refused(sync)).isEqualTo(GroupError.COORDINATOR_NOT_AVAILABLE);
        it.confirmAll();
        assertThat(it.state()).isEqualTo(GroupState.PREPARING_REBALANCE);
    }

    @Test
    void whoJoinsDuringTheStoreOfAnAssignmentStartsTheNextGeneration() {
        stableWithTwo();
        it.leave("b");
        it.join("a", null, "x");
        it.confirmsAtOnce = false;
        long sync = it.sync("a", 2, "a", "mine");
        it.joinDynamic("c");
        assertThat(it.refused(sync)).isEqualTo(GroupError.REBALANCE_IN_PROGRESS);
        it.confirmAll();
        assertThat(it.state()).isEqualTo(GroupState.PREPARING_REBALANCE);
    }

    @Test
    void anAssignmentConfirmedInALaterGenerationIsNotUsed() {
        stableWithTwo();
        it.leave("b");
        it.join("a", null, "x");
        it.confirmsAtOnce = false;
        it.sync("a", 2, "a", "of generation 2");
        long newcomer = it.joinDynamic("c");
        it.join("a", null, "x");
        assertThat(it.joined(newcomer).generationId()).isEqualTo(3);
        long sync = it.sync("a", 3, "a", "of generation 3");
        it.confirmOldest();
        assertThat(it.isAnswered(sync)).as("generation 2 is over").isFalse();
        assertThat(it.state()).isEqualTo(GroupState.COMPLETING_REBALANCE);
        it.confirmOldest();
        assertThat(it.synced(sync)).isEqualTo("of generation 3");
    }

    @Test
    void theSameSyncTwiceIsStoredOnceAndBothAreAnswered() {
        long first = assignmentUnderWay();
        long retry = it.sync("a", 1, "a", "mine");
        assertThat(it.underWay).hasSize(1);
        it.confirmAll();
        assertThat(it.refused(first)).isEqualTo(GroupError.REBALANCE_IN_PROGRESS);
        assertThat(it.synced(retry)).isEqualTo("mine");
    }

    @Test
    void membersThatNeverSyncAreOut() {
        long a = it.joinDynamic("a");
        it.joinDynamic("b");
        it.passMs(2 * DELAY_MS);
        it.joined(a);
        it.sync("a", 1, "a", "x", "b", "y");
        for (int i = 0; i < REBALANCE_MS / 5_000; i++) {
            assertThat(it.answer(it.heartbeat("a", 1))).isEqualTo(new HeartbeatAccepted());
            assertThat(it.answer(it.heartbeat("b", 1))).isEqualTo(new HeartbeatAccepted());
            it.passMs(5_000);
        }
        assertThat(it.refused(it.heartbeat("b", 1))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
        assertThat(it.refused(it.heartbeat("a", 1))).isEqualTo(GroupError.REBALANCE_IN_PROGRESS);
    }

    @Test
    void syncAndHeartbeatAreCheckedAgainstTheGeneration() {
        stableWithTwo();
        assertThat(it.refused(it.sync("a", 0))).isEqualTo(GroupError.ILLEGAL_GENERATION);
        assertThat(it.refused(it.sync("z", 1))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
        assertThat(it.refused(it.heartbeat("a", 2))).isEqualTo(GroupError.ILLEGAL_GENERATION);
        assertThat(it.refused(it.heartbeat("z", 1))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
        long id = it.nextRequest();
        it.step(new GroupEvent.Sync(it.nowMs, id, GROUP, 1, "a", null, "connect", "range", List.of()));
        assertThat(it.refused(id)).isEqualTo(GroupError.INCONSISTENT_GROUP_PROTOCOL);
        long other = it.nextRequest();
        it.step(new GroupEvent.Sync(it.nowMs, other, GROUP, 1, "a", null, "consumer", "sticky", List.of()));
        assertThat(it.refused(other)).isEqualTo(GroupError.INCONSISTENT_GROUP_PROTOCOL);
    }

    @Test
    void theProtocolMostMembersPreferAmongThoseAllHaveIsChosen() {
        long a = it.joinDynamic("a", protocol("range"), protocol("sticky"));
        it.joinDynamic("b", protocol("sticky"), protocol("range"));
        it.joinDynamic("c", protocol("own"), protocol("sticky"), protocol("range"));
        it.passMs(3 * DELAY_MS);
        assertThat(it.joined(a).protocolName()).isEqualTo("sticky");
        assertThat(it.refused(it.join("", null, "d", protocol("own"))))
                .isEqualTo(GroupError.INCONSISTENT_GROUP_PROTOCOL);
    }

    @Test
    void anyProtocolTypeWillDoButOnlyOne() {
        long id = it.join(it.joining("", null, "worker")
                .withProtocolType("connect")
                .withProtocols(List.of(protocol("compatible")))
                .withMemberIdRequired(false));
        it.passMs(DELAY_MS);
        assertThat(it.joined(id).protocolType()).isEqualTo("connect");
        assertThat(it.refused(it.join("", null, "x", protocol("compatible"))))
                .isEqualTo(GroupError.INCONSISTENT_GROUP_PROTOCOL);
    }

    @Test
    void sessionTimeoutsOutsideTheLimitsAreRefused() {
        for (int timeoutMs : new int[] {5_999, 1_800_001}) {
            long id = it.join(it.joining("", null, "m").withSessionTimeoutMs(timeoutMs));
            assertThat(it.refused(id)).isEqualTo(GroupError.INVALID_SESSION_TIMEOUT);
        }
        assertThat(it.list(Set.of())).isEmpty();
    }

    @Test
    void aFullGroupTakesNobody() {
        Coordinator small =
                new Coordinator(GroupSettings.DEFAULTS.withMaxSize(2).withInitialRebalanceDelayMs(0));
        small.joinDynamic("a");
        small.passMs(1);
        long b = small.joinDynamic("b");
        small.join("a", null, "x");
        assertThat(small.joined(b).generationId()).isEqualTo(2);
        assertThat(small.answer(small.join("", null, "c")))
                .isEqualTo(new JoinRefused(GroupError.GROUP_MAX_SIZE_REACHED, ""));
    }

    /** KIP-814 and KIP-345: a restart within the session disturbs nobody, and a leader learns that it still leads. */
    @Test
    void aStaticMemberThatRestartsKeepsItsPlaceWithoutARebalance() {
        long one = it.join("", "i1", "one");
        long two = it.join("", "i2", "two");
        it.passMs(2 * DELAY_MS);
        assertThat(it.joined(one).leaderId()).isEqualTo("one");
        it.joined(two);
        it.syncStatic("one", "i1", 1, "one", "p0", "two", "p1");
        it.syncStatic("two", "i2", 1);

        long back = it.join("", "i1", "uno");
        Joined again = it.joined(back);
        assertThat(again)
                .extracting(Joined::memberId, Joined::generationId, Joined::leaderId, Joined::skipAssignment)
                .containsExactly("uno", 1, "uno", true);
        assertThat(again.members()).hasSize(2);
        assertThat(it.synced(it.syncStatic("uno", "i1", 1))).isEqualTo("p0");
        assertThat(it.state()).isEqualTo(GroupState.STABLE);

        long old = it.nextRequest();
        it.step(new GroupEvent.Heartbeat(it.nowMs, old, GROUP, 1, "one", "i1"));
        assertThat(it.refused(old)).isEqualTo(GroupError.FENCED_INSTANCE_ID);
        it.restart();
        assertThat(it.synced(it.syncStatic("uno", "i1", 1))).isEqualTo("p0");
    }

    /** Before KIP-814 the restarted leader is told another's id, so that it does not assign. */
    @Test
    void anOldClientThatRestartsAsLeaderDoesNotLearnThatItLeads() {
        stableWithOneStatic();
        long back = it.join(it.joining("", "i1", "uno").withMaySkipAssignment(false));
        assertThat(it.joined(back)).isEqualTo(new Joined("uno", 1, "consumer", "range", "one", false, List.of()));
    }

    @Test
    void aReplacementThatCannotBeStoredIsUndone() {
        stableWithOneStatic();
        it.confirmsAtOnce = false;
        long back = it.join("", "i1", "uno");
        assertThat(it.isAnswered(back)).isFalse();
        it.refuseOldest(GroupError.COORDINATOR_NOT_AVAILABLE);
        assertThat(it.answer(back)).isEqualTo(new JoinRefused(GroupError.COORDINATOR_NOT_AVAILABLE, ""));
        assertThat(it.answer(it.heartbeat("one", 1))).isEqualTo(new HeartbeatAccepted());
        assertThat(it.refused(it.heartbeat("uno", 1))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aStaticMemberThatComesBackWithOtherProtocolsMakesARebalance() {
        it.join("", "i1", "one", protocol("range"), protocol("sticky"));
        it.passMs(DELAY_MS);
        it.syncStatic("one", "i1", 1, "one", "p0");
        long back = it.join("", "i1", "uno", protocol("range"), protocol("roundrobin"));
        assertThat(it.joined(back).generationId()).as("range is still chosen").isEqualTo(1);
        long changed = it.join("", "i1", "ein", protocol("roundrobin"), protocol("range"));
        assertThat(it.joined(changed))
                .extracting(Joined::generationId, Joined::protocolName)
                .containsExactly(2, "roundrobin");
    }

    @Test
    void aSecondProcessWithTheSameInstanceFencesTheFirstAtOnce() {
        long one = it.join("", "i1", "one");
        long two = it.join("", "i1", "two");
        assertThat(it.answer(one)).isEqualTo(new JoinRefused(GroupError.FENCED_INSTANCE_ID, "one"));
        it.passMs(2 * DELAY_MS);
        assertThat(it.joined(two).members()).hasSize(1);
        long sync = it.syncStatic("one", "i1", 1);
        assertThat(it.refused(sync)).isEqualTo(GroupError.FENCED_INSTANCE_ID);
    }

    @Test
    void aSilentStaticMemberStaysThroughARebalanceUntilItsSessionEnds() {
        stableWithOneStatic();
        long b = it.joinDynamic("b");
        it.passMs(SESSION_MS - 1);
        assertThat(it.isAnswered(b)).isFalse();
        it.passMs(1);
        assertThat(it.joined(b).members()).extracting(JoinedMember::memberId).containsExactly("b");
    }

    @Test
    void anAdministratorRemovesAStaticMemberByItsInstance() {
        stableWithOneStatic();
        long id = it.nextRequest();
        it.step(new GroupEvent.Leave(
                it.nowMs,
                id,
                GROUP,
                List.of(
                        new GroupEvent.LeavingMember("", "i1", "moved"),
                        new GroupEvent.LeavingMember("", "i9", null))));
        assertThat(it.answer(id))
                .isEqualTo(new Left(List.of(
                        new LeftMember("", "i1", null), new LeftMember("", "i9", GroupError.UNKNOWN_MEMBER_ID))));
        assertThat(it.state()).isEqualTo(GroupState.EMPTY);
    }

    /** KIP-429: members give up what moves in a first generation, and get it in a second; to the group two rebalances. */
    @Test
    void cooperativeMembersTakeTwoGenerations() {
        long a = it.joinDynamic("a", protocol("cooperative-sticky", "t"));
        it.passMs(DELAY_MS);
        it.joined(a);
        it.sync("a", 1, "a", "p0 p1");

        long b = it.joinDynamic("b", protocol("cooperative-sticky", "t"));
        long a2 = it.join("a", null, "x", protocol("cooperative-sticky", "t"));
        assertThat(it.joined(a2).members()).hasSize(2);
        assertThat(it.joined(b).generationId()).isEqualTo(2);
        long syncB = it.sync("b", 2);
        it.sync("a", 2, "a", "p0");
        assertThat(it.synced(syncB)).isEmpty();

        // Having given up p1, a joins again; it leads, so that alone is a rebalance.
        long a3 = it.join("a", null, "x", protocol("cooperative-sticky", "t"));
        assertThat(it.refused(it.heartbeat("b", 2))).isEqualTo(GroupError.REBALANCE_IN_PROGRESS);
        long b3 = it.join("b", null, "x", protocol("cooperative-sticky", "t"));
        assertThat(it.joined(a3).generationId()).isEqualTo(3);
        assertThat(it.joined(b3).generationId()).isEqualTo(3);
        long lastB = it.sync("b", 3);
        long lastA = it.sync("a", 3, "a", "p0", "b", "p1");
        assertThat(it.synced(lastA)).isEqualTo("p0");
        assertThat(it.synced(lastB)).isEqualTo("p1");
    }

    @Test
    void aFollowerThatLostItsAnswerMayAskAgain() {
        stableWithTwo();
        Joined again = it.joined(it.join("b", null, "x"));
        assertThat(again.generationId()).isEqualTo(1);
        assertThat(again.members()).isEmpty();
        assertThat(it.state()).isEqualTo(GroupState.STABLE);
    }

    @Test
    void aJoinSentAgainReplacesTheOneThatIsParked() {
        stableWithTwo();
        it.joinDynamic("c");
        long first = it.join("a", null, "x");
        long second = it.join("a", null, "x");
        assertThat(it.refused(first)).isEqualTo(GroupError.REBALANCE_IN_PROGRESS);
        it.join("b", null, "x");
        assertThat(it.joined(second).generationId()).isEqualTo(2);
    }

    @Test
    void aStableGroupSurvivesItsCoordinator() {
        stableWithTwo();
        it.restart();
        assertThat(it.answer(it.heartbeat("a", 1))).isEqualTo(new HeartbeatAccepted());
        assertThat(it.synced(it.sync("b", 1))).isEqualTo("for b");
        DescribedGroup group = (DescribedGroup) it.describe();
        assertThat(group.members())
                .extracting(m -> m.memberId() + "=" + Coordinator.string(m.assignment()))
                .containsExactly("a=for a", "b=for b");
        it.passMs(SESSION_MS);
        assertThat(it.state()).as("sessions began anew at loading").isEqualTo(GroupState.EMPTY);
    }

    @Test
    void whoeverWaitsWhenTheCoordinatorMovesIsSentElsewhere() {
        stableWithTwo();
        long c = it.joinDynamic("c");
        it.confirmsAtOnce = false;
        long commit = it.commit("a", 1, "topic", 0, 5);
        it.step(new GroupEvent.Unloaded(it.nowMs));
        assertThat(it.refused(c)).isEqualTo(GroupError.NOT_COORDINATOR);
        assertThat(it.refused(commit)).isEqualTo(GroupError.NOT_COORDINATOR);
    }

    @Test
    void aGroupWhoseFirstRecordIsRefusedNeverWas() {
        it.confirmsAtOnce = false;
        it.join("", null, "a");
        long parked = it.join("a", null, "x");
        it.refuseOldest(GroupError.COORDINATOR_NOT_AVAILABLE);
        assertThat(it.refused(parked)).isEqualTo(GroupError.COORDINATOR_NOT_AVAILABLE);
        assertThat(it.refused(it.join("a", null, "x"))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
        assertThat(it.state()).isEqualTo(GroupState.DEAD);
    }

    @Test
    void aRebalanceTimeoutOfNothingDoesNotHangTheMachine() {
        for (String instance : List.of("i1", "i2")) {
            it.join(it.joining("", instance, instance + "-m").withRebalanceTimeoutMs(-5));
        }
        it.passMs(DELAY_MS + SESSION_MS + 5);
        assertThat(it.state()).isEqualTo(GroupState.EMPTY);
    }

    @Test
    void nothingIsDueWhenThereIsNobody() {
        GroupMachine idle = new GroupMachine(GroupSettings.DEFAULTS);
        assertThat(idle.nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
        assertThat(Objects.requireNonNull(it.list(Set.of()))).isEmpty();
    }
}
