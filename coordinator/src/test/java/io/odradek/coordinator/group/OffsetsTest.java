package io.odradek.coordinator.group;

import static io.odradek.coordinator.group.Coordinator.GROUP;
import static io.odradek.coordinator.group.Coordinator.SESSION_MS;
import static io.odradek.coordinator.group.Coordinator.range;
import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.coordinator.group.GroupEvent.OffsetToCommit;
import io.odradek.coordinator.group.GroupEvent.TopicPartition;
import io.odradek.coordinator.group.GroupRecord.CommittedOffset;
import io.odradek.coordinator.group.GroupReply.FetchedOffset;
import io.odradek.coordinator.group.GroupReply.GroupOutcome;
import io.odradek.coordinator.group.GroupReply.GroupsDeleted;
import io.odradek.coordinator.group.GroupReply.OffsetsCommitted;
import io.odradek.coordinator.group.GroupReply.OffsetsDeleted;
import io.odradek.coordinator.group.GroupReply.OffsetsFetched;
import io.odradek.coordinator.group.GroupReply.PartitionOutcome;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OffsetsTest {

    private static final long RETENTION_MS = GroupSettings.DEFAULTS.offsetsRetentionMs();
    private static final long CHECK_MS = GroupSettings.DEFAULTS.offsetsRetentionCheckIntervalMs();

    private final Coordinator it = new Coordinator(GroupSettings.DEFAULTS.withInitialRebalanceDelayMs(0));

    private void stable(String... topics) {
        it.joinDynamic("a", range(topics));
        it.passMs(1);
        it.sync("a", 1, "a", "all");
        assertThat(it.state()).isEqualTo(GroupState.STABLE);
    }

    private List<String> committed() {
        return fetched(it.fetchAll(false));
    }

    private List<String> fetched(long requestId) {
        return ((OffsetsFetched) it.answer(requestId))
                .offsets().stream().map(OffsetsTest::text).toList();
    }

    private static String text(FetchedOffset offset) {
        CommittedOffset value = offset.value();
        return offset.topic() + "-" + offset.partition() + "=" + (value == null ? "none" : value.offset());
    }

    @Test
    void aCommitIsAnsweredAndReadOnlyWhenItIsCommitted() {
        it.confirmsAtOnce = false;
        long commit = it.commit("", -1, "t", 0, 42);
        assertThat(it.isAnswered(commit)).isFalse();
        assertThat(committed()).isEmpty();
        long stableRead = it.fetchAll(true);
        assertThat(it.isAnswered(stableRead)).isFalse();
        it.confirmOldest();
        assertThat(it.answer(commit)).isEqualTo(new OffsetsCommitted(List.of(new PartitionOutcome("t", 0, null))));
        assertThat(fetched(stableRead)).containsExactly("t-0=42");
        assertThat(committed()).containsExactly("t-0=42");
    }

    @Test
    void commitsUnderWayAreConfirmedInTheirOrder() {
        it.confirmsAtOnce = false;
        long first = it.commit("", -1, "t", 0, 1);
        long second = it.commit("", -1, "t", 0, 2);
        it.confirmOldest();
        assertThat(it.isAnswered(first)).isTrue();
        assertThat(it.isAnswered(second)).isFalse();
        assertThat(committed()).containsExactly("t-0=1");
        it.confirmOldest();
        assertThat(committed()).containsExactly("t-0=2");
    }

    @Test
    void aRefusedCommitLeavesNothingBehind() {
        it.confirmsAtOnce = false;
        long commit = it.commit("", -1, "t", 0, 42);
        long read = it.fetchAll(true);
        it.refuseOldest(GroupError.RECORDS_TOO_LARGE);
        assertThat(it.refused(commit)).isEqualTo(GroupError.RECORDS_TOO_LARGE);
        assertThat(fetched(read)).isEmpty();
        assertThat(it.list(Set.of())).isEmpty();
        assertThat(it.log).isEmpty();
    }

    @Test
    void aCommitThatTakesTooLongIsAnsweredAndMayStillHold() {
        it.confirmsAtOnce = false;
        long commit = it.commit("", -1, "t", 0, 42);
        long read = it.fetchAll(true);
        it.passMs(GroupSettings.DEFAULTS.offsetsCommitTimeoutMs());
        assertThat(it.refused(commit)).isEqualTo(GroupError.COORDINATOR_NOT_AVAILABLE);
        assertThat(it.refused(read)).isEqualTo(GroupError.COORDINATOR_NOT_AVAILABLE);
        it.confirmOldest();
        assertThat(committed()).containsExactly("t-0=42");
    }

    /** A disk that hangs for an hour must not keep a connection for an hour, whenever its request came. */
    @Test
    void whoComesWhenTheLogIsOverdueIsToldAtOnce() {
        it.confirmsAtOnce = false;
        it.commit("", -1, "t", 0, 42);
        it.passMs(GroupSettings.DEFAULTS.offsetsCommitTimeoutMs());
        assertThat(it.answer(it.fetchAll(true)))
                .isEqualTo(new GroupReply.Refused(GroupError.COORDINATOR_NOT_AVAILABLE));
        assertThat(it.answer(it.deleteOffset("other", 0)))
                .isEqualTo(new GroupReply.Refused(GroupError.COORDINATOR_NOT_AVAILABLE));
        assertThat(committed()).as("who does not wait is answered").isEmpty();
        it.confirmOldest();
        assertThat(fetched(it.fetchAll(true))).containsExactly("t-0=42");
    }

    @Test
    void leaderEpochAndMetadataComeBackAsTheyWere() {
        it.commit("", -1, new OffsetToCommit("t", 3, 7, 5, "where I was: ⟂"));
        OffsetsFetched all = (OffsetsFetched) it.answer(it.fetchAll(false));
        assertThat(all.offsets())
                .containsExactly(new FetchedOffset("t", 3, new CommittedOffset(7, 5, "where I was: ⟂", it.nowMs, -1)));
    }

    @Test
    void onlyThePartitionWithTooMuchMetadataIsRefused() {
        String tooLong = "m".repeat(4097);
        long commit = it.commit(
                "",
                -1,
                new OffsetToCommit("t", 0, 1, -1, tooLong),
                new OffsetToCommit("t", 1, 2, -1, tooLong.substring(1)));
        assertThat(it.answer(commit))
                .isEqualTo(new OffsetsCommitted(List.of(
                        new PartitionOutcome("t", 0, GroupError.OFFSET_METADATA_TOO_LARGE),
                        new PartitionOutcome("t", 1, null))));
        assertThat(committed()).containsExactly("t-1=2");
    }

    @Test
    void unknownPartitionsAreAnsweredInTheOrderOfTheRequest() {
        it.commit("", -1, "t", 0, 42);
        long id = it.nextRequest();
        it.step(new GroupEvent.FetchOffsets(
                it.nowMs,
                id,
                GROUP,
                List.of(new TopicPartition("u", 1), new TopicPartition("t", 0), new TopicPartition("t", 1)),
                false));
        assertThat(fetched(id)).containsExactly("u-1=none", "t-0=42", "t-1=none");
    }

    @Test
    void commitsAreFencedByGenerationAndMember() {
        stable("t");
        assertThat(it.refused(it.commit("a", 0, "t", 0, 1))).isEqualTo(GroupError.ILLEGAL_GENERATION);
        assertThat(it.refused(it.commit("z", 1, "t", 0, 1))).isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
        assertThat(it.refused(it.commit("", -1, "t", 0, 1)))
                .as("nobody but members commits to a group that has some")
                .isEqualTo(GroupError.UNKNOWN_MEMBER_ID);
        assertThat(it.answer(it.commit("a", 1, "t", 0, 1))).isInstanceOf(OffsetsCommitted.class);
    }

    @Test
    void aMemberMayCommitWhileItPreparesButNotBeforeItHasItsPart() {
        stable("t");
        it.joinDynamic("b", range("t"));
        assertThat(it.answer(it.commit("a", 1, "t", 0, 1))).isInstanceOf(OffsetsCommitted.class);
        it.join("a", null, "x", range("t"));
        assertThat(it.refused(it.commit("a", 1, "t", 0, 2))).isEqualTo(GroupError.ILLEGAL_GENERATION);
        assertThat(it.refused(it.commit("a", 2, "t", 0, 2))).isEqualTo(GroupError.REBALANCE_IN_PROGRESS);
    }

    @Test
    void aMembersCommitToAGroupThatIsGoneDependsOnWhatTheClientUnderstands() {
        assertThat(it.refused(it.commit("a", 1, "t", 0, 1))).isEqualTo(GroupError.GROUP_ID_NOT_FOUND);
        long old = it.nextRequest();
        it.step(new GroupEvent.CommitOffsets(
                it.nowMs, old, GROUP, 1, "a", null, -1, false, List.of(new OffsetToCommit("t", 0, 1, -1, null))));
        assertThat(it.refused(old)).isEqualTo(GroupError.ILLEGAL_GENERATION);
    }

    @Test
    void aCommitCountsAsAHeartbeat() {
        stable("t");
        it.passMs(SESSION_MS - 1);
        it.commit("a", 1, "t", 0, 1);
        it.passMs(SESSION_MS - 1);
        assertThat(it.state()).isEqualTo(GroupState.STABLE);
        it.passMs(1);
        assertThat(it.state()).isEqualTo(GroupState.EMPTY);
    }

    /** KIP-211: retention starts when the group becomes empty. */
    @Test
    void offsetsOfAnEmptyGroupExpireAfterItBecameEmptyAndTheGroupWithThem() {
        stable("t");
        it.commit("a", 1, "t", 0, 1);
        it.passMs(SESSION_MS);
        assertThat(it.state()).isEqualTo(GroupState.EMPTY);
        it.passMs(RETENTION_MS - CHECK_MS);
        assertThat(committed()).containsExactly("t-0=1");
        it.passMs(2 * CHECK_MS);
        assertThat(committed()).isEmpty();
        assertThat(it.list(Set.of())).isEmpty();
        it.restart();
        assertThat(it.list(Set.of())).isEmpty();
        assertThat(committed()).isEmpty();
    }

    @Test
    void aStableGroupKeepsOffsetsOfItsTopicsAndLosesTheOthers() {
        it.commit("", -1, new OffsetToCommit("t", 0, 1, -1, null), new OffsetToCommit("gone", 0, 2, -1, null));
        stable("t");
        for (long passed = 0; passed < RETENTION_MS + CHECK_MS; passed += SESSION_MS - 1) {
            it.heartbeat("a", 1);
            it.passMs(SESSION_MS - 1);
        }
        assertThat(committed()).containsExactly("t-0=1");
    }

    @Test
    void anOffsetWithItsOwnRetentionExpiresByIt() {
        long id = it.nextRequest();
        it.step(new GroupEvent.CommitOffsets(
                it.nowMs, id, GROUP, -1, "", null, 1_000, false, List.of(new OffsetToCommit("t", 0, 1, -1, null))));
        it.passMs(CHECK_MS);
        assertThat(committed()).isEmpty();
    }

    @Test
    void offsetsOfConsumersThatAssignThemselvesExpireAfterTheirCommit() {
        it.commit("", -1, "t", 0, 1);
        it.passMs(RETENTION_MS / 2);
        it.commit("", -1, "t", 1, 1);
        it.passMs(RETENTION_MS / 2 + CHECK_MS);
        assertThat(committed()).containsExactly("t-1=1");
    }

    @Test
    void offsetsOfASubscribedTopicCannotBeDeleted() {
        it.commit("", -1, new OffsetToCommit("t", 0, 1, -1, null), new OffsetToCommit("other", 0, 2, -1, null));
        stable("t");
        assertThat(it.answer(it.deleteOffset("t", 0)))
                .isEqualTo(new OffsetsDeleted(
                        List.of(new PartitionOutcome("t", 0, GroupError.GROUP_SUBSCRIBED_TO_TOPIC))));
        assertThat(it.answer(it.deleteOffset("other", 0)))
                .isEqualTo(new OffsetsDeleted(List.of(new PartitionOutcome("other", 0, null))));
        assertThat(committed()).containsExactly("t-0=1");
    }

    @Test
    void aDeleteSeesTheCommitBeforeItAndWaitsForTheDeleteBeforeIt() {
        it.confirmsAtOnce = false;
        it.commit("", -1, "t", 0, 1);
        long delete = it.deleteOffset("t", 0);
        long again = it.deleteOffset("t", 0);
        assertThat(it.underWay).as("the second has nothing to delete").hasSize(2);
        it.confirmOldest();
        assertThat(it.isAnswered(again)).isFalse();
        it.confirmOldest();
        assertThat(it.answer(delete)).isEqualTo(it.answer(again));
        assertThat(committed()).isEmpty();
    }

    @Test
    void aRefusalTakesNothingFromWhatWasWrittenAfterIt() {
        it.commit("", -1, "u", 0, 1);
        it.confirmsAtOnce = false;
        long refused = it.commit("", -1, "t", 0, 1);
        it.commit("", -1, "t", 0, 2);
        it.refuseOldest(GroupError.COORDINATOR_NOT_AVAILABLE);
        assertThat(it.refused(refused)).isEqualTo(GroupError.COORDINATOR_NOT_AVAILABLE);
        it.deleteOffset("t", 0);
        it.confirmAll();
        assertThat(committed()).containsExactly("u-0=1");
    }

    @Test
    void offsetsOfAnUnknownGroupCannotBeDeleted() {
        assertThat(it.refused(it.deleteOffset("t", 0))).isEqualTo(GroupError.GROUP_ID_NOT_FOUND);
    }

    @Test
    void onlyAnEmptyGroupCanBeDeletedAndTakesItsOffsetsAlong() {
        stable("t");
        it.commit("a", 1, "t", 0, 1);
        assertThat(it.answer(it.deleteGroup()))
                .isEqualTo(new GroupsDeleted(List.of(new GroupOutcome(GROUP, GroupError.NON_EMPTY_GROUP))));
        it.leave("a");
        assertThat(it.answer(it.deleteGroup())).isEqualTo(new GroupsDeleted(List.of(new GroupOutcome(GROUP, null))));
        assertThat(it.answer(it.deleteGroup()))
                .isEqualTo(new GroupsDeleted(List.of(new GroupOutcome(GROUP, GroupError.GROUP_ID_NOT_FOUND))));
        assertThat(it.machine.committedRecords()).isEmpty();
        it.restart();
        assertThat(it.machine.committedRecords()).isEmpty();
    }

    @Test
    void aGroupWhoseDeletionIsRefusedIsStillThere() {
        it.commit("", -1, "t", 0, 1);
        it.confirmsAtOnce = false;
        long delete = it.deleteGroup();
        it.refuseOldest(GroupError.COORDINATOR_NOT_AVAILABLE);
        assertThat(it.refused(delete)).isEqualTo(GroupError.COORDINATOR_NOT_AVAILABLE);
        assertThat(committed()).containsExactly("t-0=1");
        it.confirmsAtOnce = true;
        assertThat(it.answer(it.deleteGroup())).isEqualTo(new GroupsDeleted(List.of(new GroupOutcome(GROUP, null))));
    }

    @Test
    void deletingATopicRemovesItsOffsetsEvenOfSubscribers() {
        stable("t");
        it.commit("a", 1, new OffsetToCommit("t", 0, 1, -1, null), new OffsetToCommit("u", 0, 2, -1, null));
        it.step(new GroupEvent.TopicsDeleted(it.nowMs, Set.of("t")));
        assertThat(committed()).containsExactly("u-0=2");
    }

    @Test
    void expiryOfManyOffsetsIsCutIntoBatches() {
        for (int topic = 0; topic < 20; topic++) {
            OffsetToCommit[] offsets = new OffsetToCommit[200];
            for (int partition = 0; partition < offsets.length; partition++) {
                offsets[partition] = new OffsetToCommit("t".repeat(200) + topic, partition, 1, -1, null);
            }
            it.commit("", -1, offsets);
        }
        it.confirmsAtOnce = false;
        long delete = it.deleteGroup();
        assertThat(it.underWay.size()).isGreaterThan(1);
        while (it.underWay.size() > 1) {
            it.confirmOldest();
        }
        assertThat(it.isAnswered(delete)).isFalse();
        assertThat(it.list(Set.of())).containsExactly(GROUP);
        it.confirmOldest();
        assertThat(it.answer(delete)).isEqualTo(new GroupsDeleted(List.of(new GroupOutcome(GROUP, null))));
        assertThat(it.list(Set.of())).isEmpty();
    }

    @Test
    void groupsAreListedByState() {
        it.commit("", -1, "t", 0, 1);
        assertThat(it.list(Set.of("empty"))).containsExactly(GROUP);
        assertThat(it.list(Set.of("stable"))).isEmpty();
        assertThat(it.list(Set.of())).containsExactly(GROUP);
    }

    @Test
    void offsetsAndTheirGroupSurviveTheCoordinator() {
        it.commit("", -1, new OffsetToCommit("t", 3, 7, 5, "m"));
        List<GroupRecord> before = it.machine.committedRecords();
        it.restart();
        assertThat(it.machine.committedRecords()).isEqualTo(before);
        assertThat(committed()).containsExactly("t-3=7");
    }
}
