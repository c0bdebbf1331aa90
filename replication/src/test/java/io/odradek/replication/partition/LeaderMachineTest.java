package io.odradek.replication.partition;

import static io.odradek.replication.partition.Images.image;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.replication.partition.FetchAnswer.Diverging;
import io.odradek.replication.partition.FetchAnswer.OutOfRange;
import io.odradek.replication.partition.FetchAnswer.Refusal;
import io.odradek.replication.partition.FetchAnswer.Refused;
import io.odradek.replication.partition.IsrProposal.Member;
import io.odradek.replication.partition.IsrProposal.Verdict;
import io.odradek.replication.partition.LeaderEffect.ActAgain;
import io.odradek.replication.partition.LeaderEffect.AdvanceHighWatermark;
import io.odradek.replication.partition.LeaderEffect.AlterPartition;
import io.odradek.replication.partition.LeaderEffect.Reply;
import io.odradek.replication.partition.LeaderEffect.ReplyRecords;
import io.odradek.replication.partition.LeaderEffect.StopActing;
import io.odradek.replication.partition.LeaderEvent.FollowerFetched;
import io.odradek.replication.partition.LeaderEvent.LeaseLapsed;
import io.odradek.replication.partition.LeaderEvent.LeaseRenewed;
import io.odradek.replication.partition.LeaderEvent.LogGrew;
import io.odradek.replication.partition.LeaderEvent.MinInSyncReplicasChanged;
import io.odradek.replication.partition.LeaderEvent.PartitionChanged;
import io.odradek.replication.partition.LeaderEvent.ProposalAnswered;
import io.odradek.replication.partition.LeaderEvent.ProposalFailed;
import io.odradek.replication.partition.ReplicaEvent.LocallyAppended;
import io.odradek.replication.partition.ReplicaEvent.TimePassed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Broker 1 leads epoch 4; partition epoch 7 when the reign begins. */
class LeaderMachineTest {

    private static final int EPOCH = 4;
    private static final ReplicationSettings SETTINGS = new ReplicationSettings(1_000, 50, 500);
    private static final List<Integer> ALL = List.of(1, 2, 3);

    private final EpochsLog log = new EpochsLog();
    private long now;

    private LeaderMachine leader(List<Integer> replicas, List<Integer> inSync, int minInSync, long highWatermark) {
        return new LeaderMachine(
                1,
                100,
                image(replicas, inSync, 1, EPOCH, 7),
                minInSync,
                highWatermark,
                log.logEndOffset(),
                log,
                CommitRule.named("isr"),
                SETTINGS,
                true,
                0,
                now);
    }

    private static FollowerFetched fetch(long requestId, int replica, long offset) {
        return fetch(requestId, replica, replica * 100L, EPOCH, offset, offset == 0 ? -1 : EPOCH, 0);
    }

    private static FollowerFetched fetch(
            long requestId, int replica, long brokerEpoch, int epoch, long offset, int lastEpoch, int maxWaitMs) {
        return new FollowerFetched(
                requestId, new ReplicaFetch(replica, brokerEpoch, epoch, offset, lastEpoch, 0, 0, maxWaitMs));
    }

    private void writes(LeaderMachine leader, int records) {
        log.append(EPOCH, records);
        leader.step(now, new LocallyAppended(log.logEndOffset()));
    }

    private static PartitionChanged changed(List<Integer> inSync, int partitionEpoch) {
        return new PartitionChanged(image(ALL, inSync, 1, EPOCH, partitionEpoch));
    }

    private static List<Integer> ids(AlterPartition alter) {
        return alter.proposal().inSyncReplicas().stream().map(Member::replicaId).toList();
    }

    private static AlterPartition proposal(List<LeaderEffect> effects) {
        return effects.stream()
                .filter(AlterPartition.class::isInstance)
                .map(AlterPartition.class::cast)
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing is proposed: " + effects));
    }

    // What is committed.

    @Test
    void aloneEverythingDurableIsCommitted() {
        log.append(3, 10);
        LeaderMachine leader = leader(List.of(1), List.of(1), 1, 3);
        assertThat(leader.highWatermark()).isEqualTo(10);
        log.append(EPOCH, 6);
        assertThat(leader.localEnd(15)).isEqualTo(15);
        assertThat(leader.step(now, new LocallyAppended(15))).isEmpty();
        assertThat(leader.step(now, new LocallyAppended(16))).containsExactly(new AdvanceHighWatermark(16));
    }

    @Test
    void oneReplicaSatisfiesAnyMinimumThatItsTopicCanReach() {
        assertThat(leader(List.of(1), List.of(1), 2, 0).admitsAcksAll()).isTrue();
        assertThat(leader(ALL, List.of(1), 2, 0).admitsAcksAll()).isFalse();
    }

    /** KIP-966: "the high watermark can only advance if the ISR size is larger or equal to min.insync.replicas". */
    @Test
    void belowTheMinimumNothingIsCommitted() {
        log.append(3, 5);
        LeaderMachine leader = leader(ALL, List.of(1, 2), 2, 5);
        log.append(EPOCH, 4);
        assertThat(leader.step(now, changed(List.of(1), 8))).isEmpty();
        assertThat(leader.step(now, new LocallyAppended(9))).isEmpty();
        assertThat(leader.highWatermark()).isEqualTo(5);
        assertThat(leader.step(now, new MinInSyncReplicasChanged(1))).containsExactly(new AdvanceHighWatermark(9));
    }

    @Test
    void theSlowestInSyncReplicaDecides() {
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        writes(leader, 100);
        leader.step(now, fetch(1, 2, 50));
        assertThat(leader.highWatermark()).isZero();
        assertThat(leader.step(now, fetch(2, 3, 30))).contains(new AdvanceHighWatermark(30));
        assertThat(leader.step(now, changed(List.of(1, 2), 8))).containsExactly(new AdvanceHighWatermark(50));
        assertThat(leader.step(now, changed(List.of(1), 7)))
                .as("an older partition epoch")
                .isEmpty();
        assertThat(leader.highWatermark()).isEqualTo(50);
    }

    @Test
    void newsOfAnotherReignAreAnotherMachines() {
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        leader.step(now, new PartitionChanged(image(ALL, List.of(1), 1, EPOCH + 1, 9)));
        assertThat(leader.partitionEpoch()).isEqualTo(7);
    }

    @Test
    void aLeaderThatIsNotInSyncIsNone() {
        assertThatThrownBy(() -> leader(ALL, List.of(2, 3), 1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    /** It may lead soon, and would bring back what was deleted. */
    @Test
    void whoHasNotDeletedWhatWasDeletedIsNotProposed() {
        log.append(3, 5).delete(4);
        LeaderMachine leader = leader(ALL, List.of(1, 2), 1, 5);
        assertThat(leader.step(now, new FollowerFetched(1, new ReplicaFetch(3, 300, EPOCH, 5, 3, 3, 0, 0))))
                .noneMatch(AlterPartition.class::isInstance);
        AlterPartition alter =
                proposal(leader.step(now, new FollowerFetched(2, new ReplicaFetch(3, 300, EPOCH, 5, 3, 4, 0, 0))));
        assertThat(ids(alter)).containsExactly(1, 2, 3);
    }

    /** KIP-207: not before it has committed what was there when its reign began. */
    @Test
    void theEndIsToldOnceAllOfBeforeIsCommitted() {
        log.append(3, 5);
        LeaderMachine leader = leader(ALL, List.of(1, 2), 1, 2);
        assertThat(leader.tellsEnd()).isFalse();
        leader.step(now, fetch(1, 2, 200, EPOCH, 5, 3, 0));
        assertThat(leader.tellsEnd()).isTrue();
    }

    /** Moves: kind 0 local append, 1..3 fetch of that replica, 4 in-sync set by bit mask. */
    @Property
    void theHighWatermarkNeverGoesBackNorPastAnyInSyncReplica(
            @ForAll @Size(max = 100) List<@IntRange(max = 499) Integer> moves) {
        EpochsLog written = new EpochsLog();
        List<Integer> all = List.of(0, 1, 2, 3);
        LeaderMachine leader = new LeaderMachine(
                0, 0, image(all, all, 0, EPOCH, 0), 2, 0, 0, written, CommitRule.named("isr"), SETTINGS, true, 0, 0);
        Map<Integer, Long> ends = new HashMap<>(Map.of(0, 0L, 1, -1L, 2, -1L, 3, -1L));
        List<Integer> inSync = all;
        long before = 0;
        int epoch = 0;
        for (int move : moves) {
            int kind = move / 100;
            long amount = move % 100;
            switch (kind) {
                case 0 -> {
                    written.append(EPOCH, (int) amount);
                    ends.put(0, written.logEndOffset());
                    leader.step(0, new LocallyAppended(written.logEndOffset()));
                }
                case 1, 2, 3 -> {
                    long end = Math.min(written.logEndOffset(), amount * 10);
                    ends.put(kind, end); // also less than before: a fetch that was slow
                    leader.step(0, fetch(move, kind, end));
                }
                default -> {
                    List<Integer> next = new ArrayList<>(List.of(0));
                    for (int id = 1; id <= 3; id++) {
                        // Who joins has to be there.
                        boolean member = inSync.contains(id) || ends.getOrDefault(id, -1L) >= leader.highWatermark();
                        if ((amount >> id & 1) == 1 && member) {
                            next.add(id);
                        }
                    }
                    inSync = next;
                    leader.step(0, new PartitionChanged(image(all, next, 0, EPOCH, ++epoch)));
                }
            }
            long high = leader.highWatermark();
            assertThat(high).isGreaterThanOrEqualTo(before);
            long least = inSync.stream()
                    .mapToLong(id -> ends.getOrDefault(id, -1L))
                    .min()
                    .orElseThrow();
            assertThat(high).as("only an in-sync minimum moves it").isLessThanOrEqualTo(Math.max(before, least));
            before = high;
        }
    }

    // Fetches.

    /** KIP-320. */
    @Test
    void aFetchOfAnotherEpochIsRefused() {
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        assertThat(leader.step(now, fetch(1, 2, 200, EPOCH - 1, 0, -1, 0)))
                .containsExactly(new Reply(1, new Refused(Refusal.FENCED_LEADER_EPOCH)));
        assertThat(leader.step(now, fetch(2, 2, 200, EPOCH + 1, 0, -1, 0)))
                .containsExactly(new Reply(2, new Refused(Refusal.UNKNOWN_LEADER_EPOCH)));
        assertThat(leader.endOf(2)).isEqualTo(-1);
    }

    /** KIP-903: what a predecessor had says nothing of its successor. */
    @Test
    void aFetchOfAnEarlierProcessIsRefused() {
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        writes(leader, 10);
        leader.step(now, fetch(1, 3, 10));
        leader.step(now, fetch(2, 2, 201, EPOCH, 0, -1, 0));
        assertThat(leader.step(now, fetch(3, 2, 200, EPOCH, 10, EPOCH, 0)))
                .containsExactly(new Reply(3, new Refused(Refusal.STALE_BROKER_EPOCH)));
        assertThat(leader.highWatermark()).isZero();
    }

    @Test
    void whoIsNoReplicaIsRefused() {
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        assertThat(leader.step(now, fetch(1, 9, 0)))
                .containsExactly(new Reply(1, new Refused(Refusal.NOT_LEADER_OR_FOLLOWER)));
    }

    /** KIP-101 and KIP-279: it has an epoch that the leader has not, or more of one; nothing is noted of it (KAFKA-13141). */
    @Test
    void aFollowerOfAnotherHistoryIsToldWhereTheLogsPart() {
        log.append(0, 2).append(2, 2);
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        assertThat(leader.step(now, fetch(1, 2, 200, EPOCH, 4, 1, 0)))
                .as("an epoch that the leader lacks, though no longer")
                .containsExactly(new Reply(1, new Diverging(new EpochEnd(0, 2))));
        assertThat(leader.step(now, fetch(2, 2, 200, EPOCH, 3, 0, 0)))
                .as("more of an epoch")
                .containsExactly(new Reply(2, new Diverging(new EpochEnd(0, 2))));
        assertThat(leader.step(now, fetch(3, 2, 200, EPOCH, 9, 2, 0)))
                .containsExactly(new Reply(3, new Diverging(new EpochEnd(2, 4))));
        assertThat(leader.endOf(2)).isEqualTo(-1);
        leader.step(now, fetch(4, 2, 200, EPOCH, 2, 0, 0));
        assertThat(leader.endOf(2)).isEqualTo(2);
    }

    @Test
    void whereTheLogDoesNotReachIsOutOfRange() {
        log.startAt(5).append(2, 3);
        LeaderMachine leader = leader(ALL, ALL, 1, 5);
        assertThat(leader.step(now, fetch(1, 2, 200, EPOCH, 4, 0, 0)))
                .containsExactly(new Reply(1, new OutOfRange(5, 8)));
        assertThat(leader.step(now, fetch(2, 2, 200, EPOCH, 9, -1, 0)))
                .containsExactly(new Reply(2, new OutOfRange(5, 8)));
        assertThat(leader.step(now, fetch(3, 2, 200, EPOCH, 5, 1, 0)))
                .as("nothing is known of what it has")
                .containsExactly(new Reply(3, new Diverging(new EpochEnd(-1, 5))));
        assertThat(leader.step(now, fetch(4, 2, 200, EPOCH, 5, -1, 0)))
                .containsExactly(new ReplyRecords(4, EPOCH, 5, 8, 5, 5));
    }

    @Test
    void aFetchWaitsForNews() {
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        assertThat(leader.step(now, fetch(1, 2, 200, EPOCH, 0, -1, 500))).isEmpty();
        assertThat(leader.deadlineMs()).isEqualTo(500);
        log.append(EPOCH, 1);
        assertThat(leader.step(now, new LogGrew()))
                .as("not durable here, but that is no reason to wait")
                .containsExactly(new ReplyRecords(1, EPOCH, 0, 1, 0, 0));
        assertThat(leader.step(now, fetch(2, 2, 200, EPOCH, 1, EPOCH, 500))).isEmpty();
        assertThat(leader.step(now + 500, new TimePassed())).containsExactly(new ReplyRecords(2, EPOCH, 1, 1, 0, 0));
    }

    @Test
    void aReignThatEndsAnswersWhoWaits() {
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        leader.step(now, fetch(1, 2, 200, EPOCH, 0, -1, 500));
        assertThat(leader.end()).containsExactly(new Reply(1, new Refused(Refusal.NOT_LEADER_OR_FOLLOWER)));
    }

    // Who is in sync.

    @Test
    void whoHasCaughtUpIsProposed() {
        log.append(3, 5);
        LeaderMachine leader = leader(ALL, List.of(1, 2), 1, 2);
        assertThat(leader.step(now, fetch(1, 3, 300, EPOCH, 4, 3, 0)))
                .as("at the high watermark, but not where the reign began (KAFKA-7128)")
                .noneMatch(AlterPartition.class::isInstance);
        AlterPartition alter = proposal(leader.step(now, fetch(2, 3, 300, EPOCH, 5, 3, 0)));
        assertThat(alter.proposal())
                .isEqualTo(
                        new IsrProposal(EPOCH, 7, List.of(new Member(1, 100), new Member(2, -1), new Member(3, 300))));
    }

    /** KIP-497. */
    @Test
    void whoIsProposedCounts() {
        LeaderMachine leader = leader(ALL, List.of(1, 2), 1, 0);
        proposal(leader.step(now, fetch(1, 3, 0)));
        writes(leader, 10);
        leader.step(now, fetch(2, 2, 10));
        assertThat(leader.highWatermark()).isZero();
        leader.step(now, fetch(3, 3, 4));
        assertThat(leader.highWatermark()).isEqualTo(4);
    }

    @Test
    void whoIsToLeaveCountsUntilItHasLeft() {
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        writes(leader, 10);
        now = 900;
        leader.step(now, fetch(1, 2, 10));
        now = 1_001;
        assertThat(ids(proposal(leader.step(now, new TimePassed())))).containsExactly(1, 2);
        assertThat(leader.highWatermark()).isZero();
        assertThat(leader.step(now, changed(List.of(1, 2), 8))).contains(new AdvanceHighWatermark(10));
    }

    @Test
    void whoHasEverythingIsNotLateHoweverLongItIsSilent() {
        LeaderMachine leader = leader(ALL, ALL, 1, 0);
        writes(leader, 10);
        leader.step(now, fetch(1, 2, 10));
        leader.step(now, fetch(2, 3, 10));
        assertThat(leader.step(now + 100_000, new TimePassed())).isEmpty();
    }

    @Test
    void whoKeepsPaceWithALogThatGrowsIsNotLate() {
        LeaderMachine leader = leader(ALL, List.of(1, 2), 1, 0);
        for (int i = 1; i <= 50; i++) {
            writes(leader, 10);
            now = i * 100L;
            assertThat(leader.step(now, fetch(i, 2, (i - 1) * 10L))).noneMatch(AlterPartition.class::isInstance);
        }
    }

    @Test
    void oneChangeAtATime() {
        LeaderMachine leader = leader(ALL, List.of(1), 1, 0);
        proposal(leader.step(now, fetch(1, 2, 0)));
        assertThat(leader.step(now, fetch(2, 3, 0))).noneMatch(AlterPartition.class::isInstance);
        leader.step(now, changed(List.of(1, 2), 8));
        assertThat(ids(proposal(leader.step(now, fetch(3, 3, 0))))).containsExactly(1, 2, 3);
    }

    @Test
    void aRefusalEndsTheOnlyCopy() {
        LeaderMachine leader = leader(ALL, List.of(1), 1, 0);
        long request = proposal(leader.step(now, fetch(1, 2, 0))).requestId();
        writes(leader, 3);
        assertThat(leader.highWatermark()).isZero();
        assertThat(leader.step(now, new ProposalAnswered(request, Verdict.INELIGIBLE_REPLICA)))
                .containsExactly(new AdvanceHighWatermark(3));
        assertThat(leader.step(now, fetch(2, 2, 3)))
                .as("not again at once")
                .noneMatch(AlterPartition.class::isInstance);
        assertThat(leader.step(now + 50, fetch(3, 2, 3))).anyMatch(AlterPartition.class::isInstance);
    }

    /** An earlier copy may still be accepted: what it would change counts until a newer partition epoch makes it too late. */
    @Test
    void aRefusalOfALaterCopySaysNothing() {
        LeaderMachine leader = leader(ALL, List.of(1), 1, 0);
        AlterPartition first = proposal(leader.step(now, fetch(1, 2, 0)));
        writes(leader, 3);
        assertThat(leader.step(now, new ProposalFailed(first.requestId()))).isEmpty();
        now = 50;
        AlterPartition second = proposal(leader.step(now, new TimePassed()));
        assertThat(second.proposal()).isEqualTo(first.proposal());
        assertThat(leader.step(now, new ProposalAnswered(first.requestId(), Verdict.INELIGIBLE_REPLICA)))
                .as("it was given up")
                .isEmpty();
        AlterPartition withdrawal =
                proposal(leader.step(now, new ProposalAnswered(second.requestId(), Verdict.INELIGIBLE_REPLICA)));
        assertThat(ids(withdrawal)).containsExactly(1);
        assertThat(leader.highWatermark()).isZero();
        leader.step(now, new ProposalAnswered(withdrawal.requestId(), Verdict.ACCEPTED));
        assertThat(leader.highWatermark()).isZero();
        assertThat(leader.step(now, changed(List.of(1), 8))).contains(new AdvanceHighWatermark(3));
    }

    /** KIP-497: a copy of it may have been accepted, which is why the partition epoch is another one. */
    @Test
    void thatAnotherPartitionEpochIsCurrentSaysNothing() {
        for (Verdict verdict : List.of(
                Verdict.ACCEPTED,
                Verdict.INVALID_UPDATE_VERSION,
                Verdict.FENCED_LEADER_EPOCH,
                Verdict.NEW_LEADER_ELECTED,
                Verdict.STALE_BROKER_EPOCH)) {
            EpochsLog written = new EpochsLog();
            LeaderMachine leader = new LeaderMachine(
                    1,
                    100,
                    image(ALL, List.of(1), 1, EPOCH, 7),
                    1,
                    0,
                    0,
                    written,
                    CommitRule.named("isr"),
                    SETTINGS,
                    true,
                    0,
                    0);
            AlterPartition alter = proposal(leader.step(0, fetch(1, 2, 0)));
            written.append(EPOCH, 3);
            leader.step(0, new LocallyAppended(3));
            assertThat(leader.step(0, new ProposalAnswered(alter.requestId(), verdict)))
                    .isEmpty();
            assertThat(leader.step(100_000, new TimePassed())).as("sent again").isEmpty();
            assertThat(leader.highWatermark()).isZero();
        }
    }

    @Test
    void whatTheControllerHadNoTimeForIsSentAgain() {
        LeaderMachine leader = leader(ALL, List.of(1), 1, 0);
        AlterPartition first = proposal(leader.step(now, fetch(1, 2, 0)));
        leader.step(now, new ProposalAnswered(first.requestId(), Verdict.OPERATION_NOT_ATTEMPTED));
        assertThat(leader.deadlineMs()).isEqualTo(50);
        AlterPartition second = proposal(leader.step(now + 50, new TimePassed()));
        assertThat(second.proposal()).isEqualTo(first.proposal());
    }

    /** What was known when it was made. A successor that has less would join by a copy that is sent later. */
    @Test
    void aProposalKeepsTheBrokerEpochsItWasMadeWith() {
        LeaderMachine leader = leader(ALL, List.of(1), 1, 0);
        writes(leader, 3);
        AlterPartition first = proposal(leader.step(now, fetch(1, 2, 3)));
        leader.step(now, fetch(2, 2, 201, EPOCH, 0, -1, 0));
        leader.step(now, new ProposalFailed(first.requestId()));
        assertThat(proposal(leader.step(now + 50, new TimePassed())).proposal()).isEqualTo(first.proposal());
    }

    // The lease.

    @Test
    void withoutALeaseNothingIsSaid() {
        LeaderMachine leader = leader(ALL, List.of(1), 1, 0);
        leader.step(now, changed(List.of(1), 8));
        leader.step(now, fetch(1, 2, 200, EPOCH, 0, -1, 500));
        assertThat(leader.step(now, new LeaseLapsed()))
                .contains(new Reply(1, new Refused(Refusal.NOT_LEADER_OR_FOLLOWER)), new StopActing());
        writes(leader, 3);
        assertThat(leader.step(now, changed(List.of(1), 9))).isEmpty();
        assertThat(leader.highWatermark()).isZero();
        assertThat(leader.acts()).isFalse();
        assertThat(leader.tellsEnd()).isFalse();
        assertThat(leader.step(now, fetch(2, 2, 0)))
                .containsExactly(new Reply(2, new Refused(Refusal.NOT_LEADER_OR_FOLLOWER)));
        assertThat(leader.step(now, new LeaseRenewed()))
                .as("what became durable meanwhile is committed")
                .startsWith(new AdvanceHighWatermark(3), new ActAgain());
    }

    @Test
    void thereIsOneCommitRule() {
        assertThatThrownBy(() -> CommitRule.named("majority"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("odradek.commit=majority");
    }
}
