package io.odradek.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.odradek.replication.quorum.EntryBatch.LeaderChange;
import io.odradek.replication.quorum.QuorumAnswer.Diverging;
import io.odradek.replication.quorum.QuorumAnswer.Entries;
import io.odradek.replication.quorum.QuorumAnswer.Noted;
import io.odradek.replication.quorum.QuorumAnswer.Refusal;
import io.odradek.replication.quorum.QuorumAnswer.Refused;
import io.odradek.replication.quorum.QuorumAnswer.SnapshotNeeded;
import io.odradek.replication.quorum.QuorumAnswer.Voted;
import io.odradek.replication.quorum.QuorumEffect.Append;
import io.odradek.replication.quorum.QuorumEffect.ChangeOutcome;
import io.odradek.replication.quorum.QuorumEffect.Commit;
import io.odradek.replication.quorum.QuorumEffect.Complain;
import io.odradek.replication.quorum.QuorumEffect.Follow;
import io.odradek.replication.quorum.QuorumEffect.Lead;
import io.odradek.replication.quorum.QuorumEffect.Persist;
import io.odradek.replication.quorum.QuorumEffect.Reply;
import io.odradek.replication.quorum.QuorumEffect.ReplyEntries;
import io.odradek.replication.quorum.QuorumEffect.ReplyToChange;
import io.odradek.replication.quorum.QuorumEffect.Send;
import io.odradek.replication.quorum.QuorumEffect.Truncate;
import io.odradek.replication.quorum.QuorumEvent.AddVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.Answered;
import io.odradek.replication.quorum.QuorumEvent.AppendRequested;
import io.odradek.replication.quorum.QuorumEvent.Asked;
import io.odradek.replication.quorum.QuorumEvent.Failed;
import io.odradek.replication.quorum.QuorumEvent.RemoveVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.ShutDown;
import io.odradek.replication.quorum.QuorumEvent.Synced;
import io.odradek.replication.quorum.QuorumEvent.TimePassed;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
import io.odradek.replication.quorum.QuorumRequest.EndEpoch;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import io.odradek.replication.quorum.QuorumRequest.Vote;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One server, message by message; whole quorums are in {@link QuorumHistoriesTest}. */
class QuorumMachineTest {

    private static final QuorumSettings SETTINGS = new QuorumSettings(400, 200, 200, 20, 100);
    private static final EntryBatch.Payload NOTHING = new EntryBatch.Payload() {};

    private long now;

    @Test
    void theOnlyVoterLeadsAtOnceAndCommitsWhatIsOnItsDisk() {
        QuorumMachine machine = first(1);
        List<QuorumEffect> effects = machine.step(now, new TimePassed());
        assertThat(effects).singleElement().isInstanceOfSatisfying(Persist.class, persist -> {
            assertThat(persist.state()).isEqualTo(new HardState(1, key(0), 0));
            assertThat(persist.onceDurable())
                    .containsExactly(
                            new Follow(1, HardState.NOBODY),
                            new Append(new EntryBatch(1, 0, 1, null, new LeaderChange(0, voters(1)))),
                            new Lead(1, 1));
        });
        assertThat(machine.log().highWatermark()).isZero();
        assertThat(synced(machine, 1)).containsExactly(new Commit(1));
    }

    @Test
    void aLogThatKnowsMoreThanTheHardStateIsRefused() {
        LogOutline log = new LogOutline(voters(3));
        log.append(batch(5, 0));
        assertThatThrownBy(() -> new QuorumMachine(
                        key(0), new HardState(4, null, HardState.NOBODY), log, SETTINGS, List.of(), 1, 0))
                .hasMessageContaining("records of epoch 5")
                .hasMessageContaining("knows of epoch 4");
    }

    @Test
    void whoeverLedBeforeARestartDoesNotGoOn() {
        QuorumMachine machine = restarted(new HardState(3, key(0), 0));
        assertThat(machine.leads()).isFalse();
        assertThat(reply(ask(machine, fetch(3, 1, 0, 0)))).isEqualTo(new Refused(3, 0, Refusal.NOT_LEADER_OR_FOLLOWER));
        assertThat(reply(ask(machine, vote(3, 1, 9, 9))))
                .as("its own vote stands")
                .isEqualTo(new Voted(3, 0, false));
    }

    /** What of its log is committed it does not know any more, so whatever the log says of the voters may hold. */
    @Test
    void aServerThatWasAddedAndRemovedTriesWhenItStartsAgain() {
        VoterSet other = VoterSet.of(List.of(new Voter(key(1), List.of())));
        LogOutline log = new LogOutline(other);
        log.append(new EntryBatch(1, 0, 1, voters(2), NOTHING));
        log.append(new EntryBatch(2, 1, 1, other, NOTHING));
        log.allDurable();
        QuorumMachine machine =
                new QuorumMachine(key(0), new HardState(2, key(0), 0), log, SETTINGS, List.of(), 1, now);
        now += 2L * SETTINGS.electionTimeoutMs();
        assertThat(sends(machine.step(now, new TimePassed())))
                .extracting(Send::request)
                .containsExactly(new Vote(2, key(0), key(1), new OffsetAndEpoch(2, 2), true));
    }

    @Test
    void aVoteGoesToOneCandidateAndIsPersistedBeforeItIsTold() {
        QuorumMachine machine = first(3);
        List<QuorumEffect> effects = ask(machine, vote(4, 1, 0, 0));
        assertThat(effects).singleElement().isInstanceOfSatisfying(Persist.class, persist -> {
            assertThat(persist.state()).isEqualTo(new HardState(4, key(1), HardState.NOBODY));
            assertThat(persist.onceDurable()).contains(new Reply(7, new Voted(4, HardState.NOBODY, true)));
        });
        assertThat(reply(ask(machine, vote(4, 1, 0, 0)))).as("asked again").isEqualTo(new Voted(4, -1, true));
        assertThat(reply(ask(machine, vote(4, 2, 9, 9)))).isEqualTo(new Voted(4, -1, false));
        assertThat(reply(ask(machine, vote(3, 2, 9, 9)))).isEqualTo(new Refused(4, -1, Refusal.FENCED_LEADER_EPOCH));
    }

    @Test
    void aVoteMeantForAnotherDiskIsRefused() {
        QuorumMachine machine = first(3);
        ReplicaKey replaced = new ReplicaKey(0, new UUID(9, 9));
        Vote vote = new Vote(4, key(1), replaced, OffsetAndEpoch.NOTHING, false);
        assertThat(reply(ask(machine, vote))).isEqualTo(new Refused(0, -1, Refusal.INVALID_VOTER_KEY));
        assertThat(machine.hardState()).isEqualTo(HardState.FIRST);
    }

    /** KIP-996: a server that was cut off does not disturb those that hear their leader. */
    @Test
    void aFollowerThatHearsItsLeaderPrefersNoOther() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        Vote preVote = new Vote(2, key(2), key(0), new OffsetAndEpoch(9, 2), true);
        assertThat(reply(ask(machine, preVote))).as("not heard yet").isEqualTo(new Voted(2, 1, true));
        machine.step(now, new Answered(fetchId, new Entries(2, 1, List.of(), 0)));
        assertThat(reply(ask(machine, preVote))).isEqualTo(new Voted(2, 1, false));
        ask(machine, new EndEpoch(2, 1, List.of(key(2))));
        assertThat(reply(ask(machine, preVote)))
                .as("the leader has said goodbye")
                .isEqualTo(new Voted(2, 1, true));
    }

    @Test
    void theBestSuccessorTriesAtOnce() {
        QuorumMachine machine = first(3);
        follow(machine, 2, 1);
        List<QuorumEffect> effects = ask(machine, new EndEpoch(2, 1, List.of(key(0), key(2))));
        assertThat(sends(effects))
                .extracting(Send::request)
                .hasOnlyElementsOfType(Vote.class)
                .hasSize(2);
        assertThat(machine.hardState().epoch()).as("a pre-vote opens no epoch").isEqualTo(2);
    }

    @Test
    void aFetchIsSentOnlyFromTheDurableEnd() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        List<QuorumEffect> effects =
                machine.step(now, new Answered(fetchId, new Entries(2, 1, List.of(batch(1, 0), batch(2, 1)), 1)));
        assertThat(effects).containsExactly(new Append(batch(1, 0)), new Append(batch(2, 1)), new Commit(1));
        assertThat(sends(synced(machine, 1))).isEmpty();
        assertThat(sends(synced(machine, 2)))
                .extracting(Send::request)
                .containsExactly(new Fetch(2, key(0), new OffsetAndEpoch(2, 2), 1, 100));
    }

    /** Which may have become a voter behind the end of its log, so that nobody else would lead it there. */
    @Test
    void anObserverThatHasLostTheLeaderAsksThatOneToo() {
        LogOutline log =
                new LogOutline(VoterSet.of(List.of(new Voter(key(1), List.of()), new Voter(key(2), List.of()))));
        QuorumMachine machine = new QuorumMachine(key(0), HardState.FIRST, log, SETTINGS, List.of(), 1, now);
        List<Send> asked = new ArrayList<>(List.of(new Send(follow(machine, 2, 3), 3, fetch(2, 0, 0, 0))));
        now += SETTINGS.fetchTimeoutMs();
        for (int i = 0; i < 3; i++) {
            asked.addAll(sends(machine.step(now, new Failed(asked.getLast().requestId()))));
            now += SETTINGS.retryBackoffMs();
        }
        assertThat(asked.subList(1, asked.size())).extracting(Send::to).containsExactlyInAnyOrder(1, 2, 3);
    }

    @Test
    void batchesThatDoNotFitAreRefusedAsAWholeWithOneLine() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        List<QuorumEffect> effects =
                machine.step(now, new Answered(fetchId, new Entries(2, 1, List.of(batch(1, 0), batch(1, 2)), 3)));
        assertThat(effects)
                .singleElement()
                .isInstanceOfSatisfying(
                        Complain.class,
                        complaint -> assertThat(complaint.line())
                                .contains(
                                        "server 1",
                                        "batch at offset 2 of epoch 1",
                                        "offset 1",
                                        "nothing of it was appended"));
        assertThat(machine.log().end()).isZero();
        now += 20;
        assertThat(sends(machine.step(now, new TimePassed()))).as("it goes on").hasSize(1);
    }

    @Test
    void aLogIsNotCutBelowWhatIsCommitted() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        machine.step(now, new Answered(fetchId, new Entries(2, 1, List.of(batch(1, 0), batch(2, 1)), 1)));
        long next = sends(synced(machine, 2)).getFirst().requestId();
        List<QuorumEffect> effects = machine.step(now, new Answered(next, new Diverging(2, 1, OffsetAndEpoch.NOTHING)));
        assertThat(effects)
                .singleElement()
                .isInstanceOfSatisfying(
                        Complain.class,
                        complaint -> assertThat(complaint.line())
                                .contains("cut at offset 0", "committed up to 1", "left alone"));
        assertThat(machine.log().end()).isEqualTo(2);
    }

    @Test
    void whereTheLogsPartIsFoundByEpochs() {
        QuorumMachine machine =
                restarted(new HardState(4, null, HardState.NOBODY), batch(1, 0), batch(1, 1), batch(3, 2));
        long fetchId = follow(machine, 5, 1);
        assertThat(machine.step(now, new Answered(fetchId, new Diverging(5, 1, new OffsetAndEpoch(7, 2)))))
                .as("here epoch 1 ends at offset 2")
                .startsWith(new Truncate(2));
    }

    /** What it made durable was cut since, and other records stand there now. */
    @Test
    void aSyncFromBeforeACutAcknowledgesNothing() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        machine.step(now, new Answered(fetchId, new Entries(2, 1, List.of(batch(1, 0), batch(2, 1), batch(2, 2)), 1)));
        Synced late = new Synced(3, machine.log().cuts());
        synced(machine, 3);
        long next = follow(machine, 5, 2);
        List<QuorumEffect> effects =
                machine.step(now, new Answered(next, new Diverging(5, 2, new OffsetAndEpoch(1, 1))));
        assertThat(effects).startsWith(new Truncate(1));
        long again = sends(effects).getFirst().requestId();
        machine.step(now, new Answered(again, new Entries(5, 2, List.of(batch(5, 1), batch(5, 2)), 1)));
        assertThat(machine.log().end()).isEqualTo(3);
        assertThat(sends(machine.step(now, late))).isEmpty();
        assertThat(machine.log().durableEnd()).isEqualTo(1);
        assertThat(sends(synced(machine, 3))).hasSize(1);
    }

    @Test
    void anEpochAfterWhichThereIsNoneIsNotBelieved() {
        QuorumMachine machine = first(3);
        assertThat(reply(ask(machine, vote(Integer.MAX_VALUE, 1, 9, 9))))
                .isEqualTo(new Refused(0, -1, Refusal.INVALID_REQUEST));
        assertThat(reply(ask(machine, new BeginEpoch(Integer.MAX_VALUE, 1, key(0)))))
                .isEqualTo(new Refused(0, -1, Refusal.INVALID_REQUEST));
        assertThat(reply(ask(machine, new BeginEpoch(1, -7, key(0)))))
                .isEqualTo(new Refused(0, -1, Refusal.INVALID_REQUEST));
        long asked = 0; // it has asked around
        assertThat(machine.step(now, new Answered(asked, new Refused(3, -7, Refusal.NOT_LEADER_OR_FOLLOWER))))
                .hasAtLeastOneElementOfType(Complain.class);
        assertThat(machine.hardState()).isEqualTo(HardState.FIRST);
    }

    @Test
    void aSnapshotBehindWhatIsCommittedIsRefused() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        machine.step(now, new Answered(fetchId, new Entries(2, 1, List.of(batch(1, 0), batch(2, 1)), 2)));
        long next = sends(synced(machine, 2)).getFirst().requestId();
        assertThat(machine.step(now, new Answered(next, new SnapshotNeeded(2, 1, new OffsetAndEpoch(1, 1)))))
                .singleElement()
                .isInstanceOf(Complain.class);
    }

    @Test
    void aSecondLeaderOfOneEpochIsNotBelieved() {
        QuorumMachine machine = first(3);
        follow(machine, 2, 1);
        assertThat(ask(machine, new BeginEpoch(2, 2, key(0))))
                .contains(new Reply(7, new Noted(2, 1)))
                .hasAtLeastOneElementOfType(Complain.class);
    }

    @Test
    void aLeaderThatHearsNoMajorityStops() {
        QuorumMachine machine = leader(3);
        now += 599;
        assertThat(machine.step(now, new TimePassed())).doesNotHaveAnyElementsOfTypes(Follow.class);
        ask(machine, fetch(machine.hardState().epoch(), 1, 0, 0));
        now += 599;
        assertThat(machine.step(now, new TimePassed())).doesNotHaveAnyElementsOfTypes(Follow.class);
        now += 1;
        List<QuorumEffect> effects = machine.step(now, new TimePassed());
        assertThat(effects).contains(new Follow(machine.hardState().epoch(), HardState.NOBODY));
        assertThat(sends(effects))
                .extracting(Send::request)
                .contains(new EndEpoch(machine.hardState().epoch(), 0, List.of(key(1), key(2))));
    }

    @Test
    void aFetchWaitsForNewsButNotLongerThanItSays() {
        QuorumMachine machine = leader(3);
        synced(machine, 1);
        int epoch = machine.hardState().epoch();
        assertThat(ask(machine, fetch(epoch, 1, 1, epoch)))
                .as("the high watermark moved: that is news")
                .contains(new Commit(1), new ReplyEntries(7, epoch, 0, 1, 1));
        Fetch waiting = new Fetch(epoch, key(1), new OffsetAndEpoch(1, epoch), 1, 100);
        assertThat(ask(machine, waiting)).isEmpty();
        assertThat(machine.deadlineMs()).isLessThanOrEqualTo(now + 100);
        now += 100;
        assertThat(machine.step(now, new TimePassed())).contains(new ReplyEntries(7, epoch, 0, 1, 1));
        ask(machine, waiting);
        assertThat(machine.step(now, new AppendRequested(epoch, 2, NOTHING)))
                .contains(new ReplyEntries(7, epoch, 0, 1, 1));
        ask(machine, new Fetch(epoch, key(1), new OffsetAndEpoch(3, epoch), 1, 100));
        assertThat(machine.step(now, new ShutDown()))
                .as("nobody is left waiting")
                .contains(new Reply(7, new Refused(epoch, 0, Refusal.NOT_LEADER_OR_FOLLOWER)));
    }

    @Test
    void aLeaderAnnouncesItselfToVotersThatDoNotFetch() {
        QuorumMachine machine = leader(3);
        int epoch = machine.hardState().epoch();
        ask(machine, fetch(epoch, 1, 0, 0));
        now += 300; // the first announcements were given up
        for (long sent = 0; sent < 20; sent++) {
            machine.step(now, new Failed(sent));
        }
        ask(machine, fetch(epoch, 1, 0, 0));
        now += 20;
        assertThat(sends(machine.step(now, new TimePassed())))
                .extracting(Send::to, Send::request)
                .containsExactly(tuple(2, new BeginEpoch(epoch, 0, key(2))));
    }

    @Test
    void aFetchOfAnotherEpochIsRefusedAndAcknowledgesNothing() {
        QuorumMachine machine = leader(3);
        synced(machine, 1);
        int epoch = machine.hardState().epoch();
        assertThat(reply(ask(machine, fetch(epoch - 1, 1, 1, epoch))))
                .isEqualTo(new Refused(epoch, 0, Refusal.FENCED_LEADER_EPOCH));
        assertThat(reply(ask(machine, fetch(epoch + 1, 1, 1, epoch))))
                .isEqualTo(new Refused(epoch, 0, Refusal.UNKNOWN_LEADER_EPOCH));
        assertThat(machine.log().highWatermark()).isZero();
    }

    /** Raft dissertation 4.2.2. */
    @Test
    void aLeaderThatRemovesItselfStaysUntilThatIsCommitted() {
        QuorumMachine machine = leader(2);
        int epoch = machine.hardState().epoch();
        synced(machine, 1);
        ask(machine, fetch(epoch, 1, 1, epoch));
        machine.step(now, new RemoveVoterRequested(9, key(0)));
        synced(machine, 2);
        assertThat(machine.log().voters().ids()).containsExactly(1);
        assertThat(machine.log().highWatermark())
                .as("its own disk does not count any more")
                .isEqualTo(1);
        assertThat(machine.leads()).isTrue();
        List<QuorumEffect> effects = ask(machine, fetch(epoch, 1, 2, epoch));
        assertThat(outcome(effects)).isEqualTo(ChangeOutcome.COMMITTED);
        assertThat(effects).contains(new Follow(epoch, HardState.NOBODY));
        assertThat(machine.leads()).isFalse();
    }

    @Test
    void recordsOfAnEarlierReignAreDropped() {
        QuorumMachine machine = leader(3);
        assertThat(machine.step(now, new AppendRequested(machine.hardState().epoch() - 1, 1, NOTHING)))
                .isEmpty();
    }

    @Test
    void aNewVoterHasToCatchUpFirst() {
        QuorumMachine machine = leader(1);
        synced(machine, 1);
        Voter fresh = new Voter(key(4), List.of());
        assertThat(machine.step(now, new AddVoterRequested(9, fresh, 300))).isEmpty();
        now += 300;
        assertThat(machine.step(now, new TimePassed()))
                .singleElement()
                .isInstanceOfSatisfying(ReplyToChange.class, reply -> {
                    assertThat(reply.outcome()).isEqualTo(ChangeOutcome.REQUEST_TIMED_OUT);
                    assertThat(reply.message()).contains("has not fetched anything");
                });
        machine.step(now, new AddVoterRequested(9, fresh, 300));
        assertThat(ask(machine, fetch(1, 4, 0, 0))).as("behind").doesNotHaveAnyElementsOfTypes(Append.class);
        assertThat(ask(machine, fetch(1, 4, 1, 1))).hasAtLeastOneElementOfType(Append.class);
        assertThat(machine.log().voters().ids()).containsExactly(0, 4);
        synced(machine, 2);
        assertThat(ask(machine, fetch(1, 4, 2, 1)))
                .as("the new one counts already")
                .contains(new ReplyToChange(
                        9, ChangeOutcome.COMMITTED, "voters: " + machine.log().voters()));
    }

    @Test
    void aServerThatHasFallenSilentIsNotMadeAVoter() {
        QuorumMachine machine = leader(1);
        synced(machine, 1);
        ask(machine, fetch(1, 4, 1, 1));
        now += 400;
        assertThat(machine.step(now, new AddVoterRequested(9, new Voter(key(4), List.of()), 300)))
                .isEmpty();
        assertThat(ask(machine, fetch(1, 4, 1, 1))).hasAtLeastOneElementOfType(Append.class);
    }

    @Test
    void theVotersChangeOneAtATimeAndNeverToNobody() {
        QuorumMachine machine = leader(1);
        assertThat(outcome(machine.step(now, new RemoveVoterRequested(9, key(0)))))
                .as("nothing of its own is committed yet")
                .isEqualTo(ChangeOutcome.REQUEST_IN_PROGRESS);
        synced(machine, 1);
        assertThat(outcome(machine.step(now, new RemoveVoterRequested(9, key(0)))))
                .isEqualTo(ChangeOutcome.INVALID_REQUEST);
        assertThat(outcome(machine.step(now, new RemoveVoterRequested(9, key(3)))))
                .isEqualTo(ChangeOutcome.VOTER_NOT_FOUND);
        assertThat(outcome(machine.step(now, new AddVoterRequested(9, new Voter(key(0), List.of()), 1))))
                .isEqualTo(ChangeOutcome.DUPLICATE_VOTER);
        machine.step(now, new AddVoterRequested(9, new Voter(key(4), List.of()), 300));
        assertThat(outcome(machine.step(now, new AddVoterRequested(9, new Voter(key(5), List.of()), 300))))
                .isEqualTo(ChangeOutcome.REQUEST_IN_PROGRESS);
        assertThat(outcome(first(3).step(now, new RemoveVoterRequested(9, key(0)))))
                .isEqualTo(ChangeOutcome.NOT_LEADER_OR_FOLLOWER);
    }

    // Words.

    private static ReplicaKey key(int id) {
        return new ReplicaKey(id, new UUID(id, 1));
    }

    private static VoterSet voters(int count) {
        return VoterSet.of(IntStream.range(0, count)
                .mapToObj(id -> new Voter(key(id), List.of()))
                .toList());
    }

    private static EntryBatch batch(int epoch, long offset) {
        return new EntryBatch(epoch, offset, 1, null, NOTHING);
    }

    private QuorumMachine first(int voters) {
        return new QuorumMachine(key(0), HardState.FIRST, new LogOutline(voters(voters)), SETTINGS, List.of(), 1, now);
    }

    private QuorumMachine restarted(HardState hardState, EntryBatch... log) {
        LogOutline outline = new LogOutline(voters(3));
        List.of(log).forEach(outline::append);
        outline.allDurable();
        return new QuorumMachine(key(0), hardState, outline, SETTINGS, List.of(), 1, now);
    }

    /** Elected; its first record is not on disk yet. */
    private QuorumMachine leader(int voters) {
        QuorumMachine machine = first(voters);
        now = machine.deadlineMs();
        List<QuorumEffect> effects = machine.step(now, new TimePassed());
        while (!machine.leads()) {
            Send ask = sends(effects).getFirst();
            assertThat(ask.request()).isInstanceOf(Vote.class);
            int epoch = ((Vote) ask.request()).epoch();
            effects = machine.step(now, new Answered(ask.requestId(), new Voted(epoch, HardState.NOBODY, true)));
        }
        return machine;
    }

    /** Returns the fetch that it sends. */
    private long follow(QuorumMachine machine, int epoch, int leader) {
        return sends(ask(machine, new BeginEpoch(epoch, leader, key(0)))).stream()
                .filter(send -> send.request() instanceof Fetch && send.to() == leader)
                .findFirst()
                .orElseThrow()
                .requestId();
    }

    private List<QuorumEffect> ask(QuorumMachine machine, QuorumRequest request) {
        return machine.step(now, new Asked(7, request));
    }

    private static Vote vote(int epoch, int candidate, long end, int lastEpoch) {
        return new Vote(epoch, key(candidate), key(0), new OffsetAndEpoch(end, lastEpoch), false);
    }

    private static Fetch fetch(int epoch, int replica, long offset, int lastEpoch) {
        return new Fetch(epoch, key(replica), new OffsetAndEpoch(offset, lastEpoch), 0, 0);
    }

    private List<QuorumEffect> synced(QuorumMachine machine, long end) {
        return machine.step(now, new Synced(end, machine.log().cuts()));
    }

    private static QuorumAnswer reply(List<QuorumEffect> effects) {
        return flat(effects).stream()
                .filter(Reply.class::isInstance)
                .map(effect -> ((Reply) effect).answer())
                .findFirst()
                .orElseThrow();
    }

    private static ChangeOutcome outcome(List<QuorumEffect> effects) {
        return effects.stream()
                .filter(ReplyToChange.class::isInstance)
                .map(effect -> ((ReplyToChange) effect).outcome())
                .findFirst()
                .orElseThrow();
    }

    private static List<Send> sends(List<QuorumEffect> effects) {
        return flat(effects).stream()
                .filter(Send.class::isInstance)
                .map(Send.class::cast)
                .toList();
    }

    private static List<QuorumEffect> flat(List<QuorumEffect> effects) {
        List<QuorumEffect> all = new ArrayList<>();
        for (QuorumEffect effect : effects) {
            if (effect instanceof Persist(HardState _, List<QuorumEffect> onceDurable)) {
                all.addAll(onceDurable);
            } else {
                all.add(effect);
            }
        }
        return all;
    }
}
