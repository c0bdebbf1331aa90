package io.odradek.replication.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.partition.FetchAnswer.Diverging;
import io.odradek.replication.partition.FetchAnswer.OutOfRange;
import io.odradek.replication.partition.FetchAnswer.Records;
import io.odradek.replication.partition.FetchAnswer.Refusal;
import io.odradek.replication.partition.FetchAnswer.Refused;
import io.odradek.replication.partition.FollowerEffect.AdvanceLogStart;
import io.odradek.replication.partition.FollowerEffect.AppendFetched;
import io.odradek.replication.partition.FollowerEffect.Complain;
import io.odradek.replication.partition.FollowerEffect.Fetch;
import io.odradek.replication.partition.FollowerEffect.LearnHighWatermark;
import io.odradek.replication.partition.FollowerEffect.StartOver;
import io.odradek.replication.partition.FollowerEffect.Truncate;
import io.odradek.replication.partition.FollowerEvent.FetchAnswered;
import io.odradek.replication.partition.FollowerEvent.FetchFailed;
import io.odradek.replication.partition.FollowerEvent.FetchedAppended;
import io.odradek.replication.partition.FollowerEvent.Truncated;
import io.odradek.replication.partition.ReplicaEvent.LocallyAppended;
import io.odradek.replication.partition.ReplicaEvent.TimePassed;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Broker 2 follows broker 1 in epoch 4. */
class FollowerMachineTest {

    private static final int EPOCH = 4;

    private final EpochsLog log = new EpochsLog();
    private long now;

    private FollowerMachine follower(long highWatermark, long durableEnd) {
        return new FollowerMachine(
                2, 200, 1, EPOCH, highWatermark, durableEnd, log, new ReplicationSettings(1_000, 50, 500), 10, now);
    }

    private List<FollowerEffect> step(FollowerMachine follower, ReplicaEvent event) {
        return follower.step(now, event, true);
    }

    private Fetch fetch(long exchange, long offset, int lastEpoch, long highWatermark) {
        return new Fetch(
                exchange,
                1,
                new ReplicaFetch(2, 200, EPOCH, offset, lastEpoch, log.durableLogStart(), highWatermark, 500));
    }

    private FetchAnswered answer(long exchange, FetchAnswer answer) {
        return new FetchAnswered(exchange, EPOCH, answer);
    }

    private static Records records(long from, long to, int epoch, long highWatermark) {
        List<BatchSpan> batches = new ArrayList<>();
        if (to > from) {
            batches.add(new BatchSpan(from, to, epoch));
        }
        return new Records(batches, highWatermark, 0);
    }

    /** A fetch offset acknowledges: so a leader that was syncs first, and so does who has appended. */
    @Test
    void itAsksOnlyFromItsDurableEnd() {
        log.append(3, 5);
        FollowerMachine follower = follower(0, 2);
        assertThat(step(follower, new TimePassed())).isEmpty();
        assertThat(step(follower, new LocallyAppended(4))).isEmpty();
        assertThat(step(follower, new LocallyAppended(5))).containsExactly(fetch(10, 5, 3, 0));
        assertThat(step(follower, answer(10, records(5, 8, EPOCH, 7)))).containsExactly(new AppendFetched(10));
        assertThat(follower.changesLog()).isTrue();
        log.append(EPOCH, 3);
        assertThat(step(follower, new FetchedAppended(10, 8))).containsExactly(new LearnHighWatermark(7));
        assertThat(step(follower, new LocallyAppended(8))).containsExactly(fetch(11, 8, EPOCH, 7));
    }

    /** A crash would leave a checkpoint beyond the log's end. */
    @Test
    void noMoreIsCheckpointedThanIsDurable() {
        FollowerMachine follower = follower(0, 0);
        step(follower, new TimePassed());
        step(follower, answer(10, records(0, 8, EPOCH, 7)));
        log.append(EPOCH, 8);
        step(follower, new FetchedAppended(10, 8));
        assertThat(follower.highWatermark()).isEqualTo(7);
        assertThat(follower.checkpoint()).isZero();
        step(follower, new LocallyAppended(8));
        assertThat(follower.checkpoint()).isEqualTo(7);
    }

    @Test
    void theHighWatermarkIsWithinTheLog() {
        FollowerMachine follower = follower(0, 0);
        step(follower, new TimePassed());
        step(follower, answer(10, records(0, 3, EPOCH, 9)));
        log.append(EPOCH, 3);
        assertThat(step(follower, new FetchedAppended(10, 3))).containsExactly(new LearnHighWatermark(3));
    }

    /** Records were deleted up to the middle of a batch, which comes whole; once the log has records it would be a contradiction. */
    @Test
    void anEmptyLogTakesTheBatchThatItBeginsIn() {
        log.startAt(5);
        FollowerMachine follower = follower(5, 5);
        assertThat(step(follower, new TimePassed())).containsExactly(fetch(10, 5, -1, 5));
        assertThat(step(follower, answer(10, records(3, 8, EPOCH, 8)))).containsExactly(new AppendFetched(10));

        log.append(EPOCH, 3);
        step(follower, new FetchedAppended(10, 8));
        step(follower, new LocallyAppended(8));
        assertThat(step(follower, answer(11, records(7, 9, EPOCH, 8))))
                .hasSize(1)
                .hasOnlyElementsOfType(Complain.class);
    }

    /** Compaction has left nothing right below the cut. */
    @Test
    void aCutThatEndsInAGapTakesTheHighWatermarkWithIt() {
        log.append(3, 5).append(EPOCH, 1);
        FollowerMachine follower = follower(5, 6);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(10, new Diverging(new EpochEnd(3, 5)))))
                .containsExactly(new Truncate(5, 5));
        log.cut(4);
        step(follower, new Truncated(4));
        assertThat(follower.highWatermark()).isEqualTo(4);
        assertThat(follower.checkpoint()).isEqualTo(4);
    }

    @Test
    void anAnswerToAnotherExchangeIsPassedOver() {
        FollowerMachine follower = follower(0, 0);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(9, records(0, 3, EPOCH, 0)))).isEmpty();
        assertThat(step(follower, new FetchAnswered(10, EPOCH - 1, records(0, 3, EPOCH - 1, 0))))
                .isEmpty();
        assertThat(step(follower, answer(10, records(0, 3, EPOCH, 0)))).containsExactly(new AppendFetched(10));
        assertThat(step(follower, answer(10, records(0, 3, EPOCH, 0))))
                .as("twice")
                .isEmpty();
    }

    @Test
    void itAsksAgainAfterAWhile() {
        FollowerMachine follower = follower(0, 0);
        step(follower, new TimePassed());
        assertThat(step(follower, new FetchFailed(10))).isEmpty();
        assertThat(follower.deadlineMs()).isEqualTo(50);
        assertThat(step(follower, answer(10, records(0, 3, EPOCH, 0))))
                .as("it was given up")
                .isEmpty();
        now = 50;
        assertThat(step(follower, new TimePassed())).containsExactly(fetch(11, 0, -1, 0));
        assertThat(step(follower, answer(11, new Refused(Refusal.UNKNOWN_LEADER_EPOCH))))
                .isEmpty();
        now = 100;
        assertThat(step(follower, new TimePassed())).containsExactly(fetch(12, 0, -1, 0));
    }

    /** KIP-101, KIP-279: by its own epochs and the leader's, whichever end is nearer; never to the high watermark. */
    @Test
    void itCutsWhereTheTwoCanAgree() {
        log.append(0, 2).append(1, 2).append(2, 2);
        FollowerMachine follower = follower(1, 6);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(10, new Diverging(new EpochEnd(1, 9)))))
                .as("its own end of the epoch is nearer")
                .containsExactly(new Truncate(4, 1));
        assertThat(step(follower, new TimePassed())).as("not before it is done").isEmpty();
        log.cut(4);
        assertThat(step(follower, new Truncated(4))).containsExactly(fetch(11, 4, 1, 1));
        assertThat(step(follower, answer(11, new Diverging(new EpochEnd(1, 3)))))
                .as("the leader's is")
                .containsExactly(new Truncate(3, 1));
    }

    @Test
    void anUncleanElectionTakesBackWhatWasCommitted() {
        log.append(0, 2).append(1, 4);
        FollowerMachine follower = follower(5, 6);
        step(follower, new TimePassed());
        List<FollowerEffect> wanted = step(follower, answer(10, new Diverging(new EpochEnd(0, 2))));
        assertThat(wanted).hasSize(2).contains(new Truncate(2, 2)).anyMatch(Complain.class::isInstance);
        assertThat(follower.checkpoint()).isEqualTo(2);
        log.cut(2);
        step(follower, new Truncated(2));
        assertThat(follower.highWatermark()).isEqualTo(2);
    }

    @Test
    void whatTheLeaderHasDeletedIsGoneHereToo() {
        log.append(3, 5);
        FollowerMachine follower = follower(2, 5);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(10, new Records(List.of(), 5, 4))))
                .startsWith(new LearnHighWatermark(5), new AdvanceLogStart(4));
    }

    /** Else whoever waits for it would wait for ever. */
    @Test
    void whatTheLeaderHasDeletedIsDeletedAgainUntilItIsGoneForGood() {
        log.append(3, 5);
        FollowerMachine follower = follower(5, 5);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(10, new Records(List.of(), 5, 4))))
                .containsExactly(new AdvanceLogStart(4), fetch(11, 5, 3, 5));
        log.delete(4);
        assertThat(step(follower, answer(11, new Records(List.of(), 5, 4))))
                .containsExactly(new AdvanceLogStart(4), fetch(12, 5, 3, 5));
        log.startAt(4);
        Fetch says = fetch(13, 5, 3, 5);
        assertThat(says.fetch().logStartOffset()).isEqualTo(4);
        assertThat(step(follower, answer(12, new Records(List.of(), 5, 4)))).containsExactly(says);
    }

    @Test
    void itStartsOverWhereTheLeaderBegins() {
        log.append(3, 5);
        FollowerMachine follower = follower(5, 5);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(10, new OutOfRange(8, 20)))).containsExactly(new StartOver(8));
        log.cut(0).startAt(8);
        assertThat(step(follower, new Truncated(8))).containsExactly(fetch(11, 8, -1, 8));
    }

    /** Else it would forget producers, and take a batch twice that is sent again. */
    @Test
    void whoHasNothingButWhatWasCommittedAndDeletedDoesNotStartOver() {
        log.append(0, 9);
        FollowerMachine follower = follower(9, 9);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(10, new Diverging(new EpochEnd(-1, 9)))))
                .containsExactly(new AdvanceLogStart(9));
        log.startAt(9);
        now += 50;
        assertThat(step(follower, new TimePassed())).containsExactly(fetch(11, 9, -1, 9));
    }

    @Test
    void whoMayHaveSomethingElseThanWasCommittedStartsOver() {
        log.append(0, 9);
        FollowerMachine follower = follower(8, 9);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(10, new Diverging(new EpochEnd(-1, 9)))))
                .containsExactly(new StartOver(9));
    }

    /** The leader has nothing so old: what it began with was written later than anything here. */
    @Test
    void itStartsOverWhenNothingOfItIsLeftAtTheLeader() {
        log.append(0, 9);
        FollowerMachine follower = follower(6, 9);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(10, new Diverging(new EpochEnd(-1, 7)))))
                .containsExactly(new StartOver(7));
    }

    /** It began where a leader's log began that an unclean election has taken away. */
    @Test
    void anEmptyLogBeyondTheLeadersStartsOver() {
        log.startAt(9);
        FollowerMachine follower = follower(9, 9);
        step(follower, new TimePassed());
        assertThat(step(follower, answer(10, new OutOfRange(2, 5)))).contains(new StartOver(2));
    }

    @Test
    void nonsenseIsNotBelieved() {
        log.append(3, 5);
        for (FetchAnswer nonsense : List.of(
                records(4, 6, EPOCH, 5),
                records(5, 6, EPOCH + 1, 5),
                records(5, 6, 2, 5),
                new Records(List.of(), 3, 4),
                new OutOfRange(0, 9),
                new Diverging(new EpochEnd(3, 7)))) {
            FollowerMachine follower = follower(0, 5);
            step(follower, new TimePassed());
            assertThat(step(follower, answer(10, nonsense))).singleElement().isInstanceOf(Complain.class);
            assertThat(follower.deadlineMs()).isEqualTo(now + 50);
        }
    }
}
