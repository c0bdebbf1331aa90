package io.odradek.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.odradek.replication.Endpoint;
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
import io.odradek.replication.quorum.QuorumEvent.SnapshotFetched;
import io.odradek.replication.quorum.QuorumEvent.SnapshotRead;
import io.odradek.replication.quorum.QuorumEvent.SnapshotTaken;
import io.odradek.replication.quorum.QuorumEvent.Synced;
import io.odradek.replication.quorum.QuorumEvent.TimePassed;
import io.odradek.replication.quorum.QuorumEvent.UpdateVoterRequested;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
import io.odradek.replication.quorum.QuorumRequest.EndEpoch;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import io.odradek.replication.quorum.QuorumRequest.Vote;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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

    @Test
    void whoeverLedAndDoesNotVoteAnyMoreAsksWhoLeads() {
        LogOutline log =
                new LogOutline(VoterSet.of(List.of(new Voter(key(1), List.of()), new Voter(key(2), List.of()))));
        QuorumMachine machine = new QuorumMachine(key(0), new HardState(3, null, 0), log, SETTINGS, List.of(), 1, now);
        assertThat(sends(machine.step(now, new TimePassed())))
                .extracting(Send::request)
                .containsExactly(new Fetch(3, key(0), OffsetAndEpoch.NOTHING, 0, 0));
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
    void aLeaderPrefersNoOther() {
        QuorumMachine machine = leader(3);
        int epoch = machine.hardState().epoch();
        Vote preVote = new Vote(epoch, key(1), key(0), new OffsetAndEpoch(9, epoch), true);
        assertThat(reply(ask(machine, preVote))).isEqualTo(new Voted(epoch, 0, false));
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

    /** Fails the fetch that is under way; the next one, or what else was sent, when it is time again. */
    private List<Send> fail(QuorumMachine machine, long fetchId) {
        List<Send> sent = new ArrayList<>(sends(machine.step(now, new Failed(fetchId))));
        for (int ms = 0; ms < SETTINGS.retryBackoffMs() && sent.isEmpty(); ms++) {
            now++;
            sent.addAll(sends(machine.step(now, new TimePassed())));
        }
        return sent;
    }

    /** Whoever hears a leader refuses; and as long as too few are there to answer, it goes on asking. */
    @Test
    void aServerThatStartsAsksSoonWhetherItWouldWin() {
        QuorumMachine machine = first(3);
        now += SETTINGS.electionTimeoutMs() / 8;
        List<Send> asked = sends(machine.step(now, new TimePassed()));
        assertThat(machine.role()).isInstanceOf(Role.Prospective.class);
        assertThat(asked)
                .hasSize(2)
                .allSatisfy(send -> assertThat(send.request()).isInstanceOf(Vote.class));
        assertThat(fail(machine, asked.getFirst().requestId()))
                .extracting(Send::to)
                .containsExactly(asked.getFirst().to());
    }

    @Test
    void aLeaderThatCannotBeReachedIsGivenUpEarly() {
        QuorumMachine machine = first(3);
        long begun = now;
        long fetchId = follow(machine, 2, 1);
        for (int failures = 0; failures < 2; failures++) {
            Send next = fail(machine, fetchId).getFirst();
            assertThat(next.request()).as("after %d failures", failures + 1).isInstanceOf(Fetch.class);
            fetchId = next.requestId();
        }
        machine.step(now, new Failed(fetchId));
        now += SETTINGS.electionTimeoutMs() / 8;
        machine.step(now, new TimePassed());
        assertThat(machine.role()).isInstanceOf(Role.Prospective.class);
        assertThat(now - begun).isLessThan(SETTINGS.fetchTimeoutMs() / 4);
        assertThat(reply(ask(machine, new Vote(2, key(2), key(0), OffsetAndEpoch.NOTHING, true))))
                .as("nor does it keep others from it")
                .isEqualTo(new Voted(2, 1, true));
    }

    @Test
    void aLeaderThatHasAnsweredSinceIsNotGivenUp() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        for (int i = 0; i < 20; i++) {
            fetchId = fail(machine, fetchId).getFirst().requestId();
            fetchId = fail(machine, fetchId).getFirst().requestId();
            fetchId = sends(machine.step(now, new Answered(fetchId, new Entries(2, 1, List.of(), 0))))
                    .getFirst()
                    .requestId();
            assertThat(machine.role()).isInstanceOf(Following.class);
        }
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

    /** Where its log says nothing of who votes now: it was behind when the voters of its log went. */
    @Test
    void anObserverAsksItsContactsToo() {
        LogOutline log = new LogOutline(VoterSet.of(List.of(new Voter(key(1), List.of()))));
        QuorumMachine machine = new QuorumMachine(key(0), HardState.FIRST, log, SETTINGS, List.of(-2, 5), 1, now);
        List<Send> asked = new ArrayList<>(sends(machine.step(now, new TimePassed())));
        while (asked.size() < 3) {
            asked.addAll(sends(machine.step(now, new Failed(asked.getLast().requestId()))));
            now += SETTINGS.retryBackoffMs();
        }
        assertThat(asked).extracting(Send::to).containsExactlyInAnyOrder(-2, 1, 5);
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
    void aLeaderThatWantsTheLogCutWhereItEndsIsComplainedOf() {
        QuorumMachine machine = restarted(new HardState(2, null, HardState.NOBODY), batch(1, 0), batch(2, 1));
        long fetchId = follow(machine, 2, 1);
        assertThat(machine.step(now, new Answered(fetchId, new Diverging(2, 1, new OffsetAndEpoch(7, 2)))))
                .as("where its last epoch ends here, too")
                .singleElement()
                .isInstanceOf(Complain.class);
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

    /** Epoch 2 ends at the leader where a batch of epoch 1 lies here: of a batch there is all or nothing. */
    @Test
    void aBatchIsNotCutInTwo() {
        QuorumMachine machine = restarted(
                new HardState(4, null, HardState.NOBODY),
                batch(1, 0),
                new EntryBatch(1, 1, 3, null, NOTHING),
                batch(3, 4));
        long fetchId = follow(machine, 5, 1);
        assertThat(machine.step(now, new Answered(fetchId, new Diverging(5, 1, new OffsetAndEpoch(3, 2)))))
                .startsWith(new Truncate(1));
        assertThat(machine.log().endOffset()).isEqualTo(new OffsetAndEpoch(1, 1));
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
    void aSyncFromBeforeASnapshotAcknowledgesNothing() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        Synced late = new Synced(3, machine.log().cuts());
        OffsetAndEpoch snapshot = new OffsetAndEpoch(1, 1);
        machine.step(now, new Answered(fetchId, new SnapshotNeeded(2, 1, snapshot)));
        long next = sends(machine.step(now, new SnapshotFetched(snapshot, null)))
                .getFirst()
                .requestId();
        machine.step(now, new Answered(next, new Entries(2, 1, List.of(batch(2, 1), batch(2, 2)), 1)));
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
    void aLeaderThatHearsOfANewerEpochStops() {
        QuorumMachine machine = leader(3);
        int epoch = machine.hardState().epoch();
        for (long sent = 0; sent < 20; sent++) { // one of them announces that it leads
            machine.step(
                    now, new Answered(sent, new Refused(epoch + 3, HardState.NOBODY, Refusal.FENCED_LEADER_EPOCH)));
        }
        assertThat(machine.leads()).isFalse();
        assertThat(machine.hardState()).isEqualTo(new HardState(epoch + 3, null, HardState.NOBODY));
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

    /** A voter that is behind the leader's snapshot fetches it in pieces for longer than the leader waits to be asked. */
    @Test
    void whoFetchesASnapshotIsHeard() {
        QuorumMachine machine = leader(3);
        int epoch = machine.hardState().epoch();
        for (int pieces = 0; pieces < 5; pieces++) {
            now += 500;
            assertThat(machine.step(now, new SnapshotRead(key(1), epoch))).doesNotHaveAnyElementsOfTypes(Follow.class);
        }
        now += 599;
        machine.step(now, new SnapshotRead(key(1), epoch - 1)); // of another reign
        machine.step(now, new SnapshotRead(new ReplicaKey(2, new UUID(9, 9)), epoch)); // another disk than the voter's
        now += 1;
        assertThat(machine.step(now, new TimePassed())).contains(new Follow(epoch, HardState.NOBODY));
    }

    /** It knows who leads, though its log is not what the leader can go on from. */
    @Test
    void whoAsksFromBehindTheSnapshotOrFromAnotherLogIsHeard() {
        QuorumMachine machine = restarted(new HardState(4, null, HardState.NOBODY), batch(1, 0), batch(3, 1));
        elect(machine);
        synced(machine, 3);
        ask(machine, fetch(5, 1, 3, 5));
        machine.step(now, new SnapshotTaken(new OffsetAndEpoch(2, 3)));
        now += 599;
        assertThat(reply(ask(machine, fetch(5, 1, 1, 1)))).isInstanceOf(SnapshotNeeded.class);
        now += 599;
        assertThat(machine.step(now, new TimePassed())).doesNotHaveAnyElementsOfTypes(Follow.class);
        now += 1;
        assertThat(machine.step(now, new TimePassed())).contains(new Follow(5, HardState.NOBODY));
    }

    @Test
    void aLeaderOfFiveThatHearsOneOfThemStops() {
        QuorumMachine machine = leader(5);
        int epoch = machine.hardState().epoch();
        now += 599;
        ask(machine, fetch(epoch, 1, 0, 0));
        now += 1;
        assertThat(machine.step(now, new TimePassed())).contains(new Follow(epoch, HardState.NOBODY));
    }

    @Test
    void whoeverIsBehindTheSnapshotByItsOffsetOrItsEpochNeedsIt() {
        QuorumMachine machine = restarted(new HardState(4, null, HardState.NOBODY), batch(1, 0), batch(3, 1));
        elect(machine);
        synced(machine, 3);
        ask(machine, fetch(5, 1, 3, 5));
        OffsetAndEpoch snapshot = new OffsetAndEpoch(2, 3);
        machine.step(now, new SnapshotTaken(snapshot));
        assertThat(reply(ask(machine, fetch(5, 2, 1, 1)))).isEqualTo(new SnapshotNeeded(5, 0, snapshot));
        assertThat(reply(ask(machine, fetch(5, 2, 2, 1)))).isEqualTo(new SnapshotNeeded(5, 0, snapshot));
        assertThat(ask(machine, fetch(5, 2, 2, 3))).hasAtLeastOneElementOfType(ReplyEntries.class);
        machine.step(now, new SnapshotTaken(new OffsetAndEpoch(1, 1)));
        assertThat(machine.log().start())
                .as("one that was begun before, and reaches less far")
                .isEqualTo(snapshot);
    }

    @Test
    void theVotersOfASnapshotTakeThePlaceOfThoseOfTheLog() {
        LogOutline log = new LogOutline(voters(3));
        log.append(new EntryBatch(1, 0, 1, voters(2), NOTHING));
        log.allDurable();
        QuorumMachine machine =
                new QuorumMachine(key(0), new HardState(1, null, HardState.NOBODY), log, SETTINGS, List.of(), 1, now);
        OffsetAndEpoch snapshot = new OffsetAndEpoch(4, 1);
        machine.step(now, new Answered(follow(machine, 2, 1), new SnapshotNeeded(2, 1, snapshot)));
        machine.step(now, new SnapshotFetched(snapshot, voters(3)));
        assertThat(machine.log().voters()).isEqualTo(voters(3));
        assertThat(machine.log().votersAt(4)).isEqualTo(voters(3));
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
        machine.step(now, new AppendRequested(epoch, 1, NOTHING));
        machine.step(now, new RemoveVoterRequested(9, key(0)));
        synced(machine, 3);
        assertThat(machine.log().voters().ids()).containsExactly(1);
        assertThat(machine.log().highWatermark())
                .as("its own disk does not count any more")
                .isEqualTo(1);
        assertThat(ask(machine, fetch(epoch, 1, 2, epoch)))
                .as("what is before the change")
                .contains(new Commit(2));
        assertThat(machine.leads()).isTrue();
        List<QuorumEffect> effects = ask(machine, fetch(epoch, 1, 3, epoch));
        assertThat(outcome(effects)).isEqualTo(ChangeOutcome.COMMITTED);
        assertThat(reply(effects)).isEqualTo(new Refused(epoch, 0, Refusal.NOT_LEADER_OR_FOLLOWER));
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

    @Test
    void votersAreChangedByTheirDisks() {
        QuorumMachine machine = leader(3);
        synced(machine, 1);
        int epoch = machine.hardState().epoch();
        ask(machine, fetch(epoch, 1, 1, epoch));
        ReplicaKey otherDisk = new ReplicaKey(2, new UUID(9, 9));
        assertThat(outcome(machine.step(now, new RemoveVoterRequested(9, otherDisk))))
                .isEqualTo(ChangeOutcome.VOTER_NOT_FOUND);
        assertThat(outcome(machine.step(now, new UpdateVoterRequested(9, new Voter(otherDisk, List.of())))))
                .isEqualTo(ChangeOutcome.VOTER_NOT_FOUND);
        assertThat(outcome(machine.step(now, new UpdateVoterRequested(9, new Voter(key(4), List.of())))))
                .isEqualTo(ChangeOutcome.VOTER_NOT_FOUND);
        assertThat(outcome(machine.step(now, new AddVoterRequested(9, new Voter(otherDisk, List.of()), 300))))
                .isEqualTo(ChangeOutcome.DUPLICATE_VOTER);
        assertThat(outcome(machine.step(now, new AddVoterRequested(9, new Voter(ReplicaKey.of(4), List.of()), 300))))
                .as("whichever disk it has")
                .isEqualTo(ChangeOutcome.INVALID_REQUEST);
        Voter moved = new Voter(key(2), List.of(new Endpoint("CONTROLLER", "elsewhere", 9093, (short) 0)));
        machine.step(now, new UpdateVoterRequested(9, moved));
        assertThat(machine.log().voters().voter(2)).isEqualTo(moved);
        assertThat(outcome(machine.step(now, new UpdateVoterRequested(8, moved))))
                .isEqualTo(ChangeOutcome.REQUEST_IN_PROGRESS);
        synced(machine, 2);
        assertThat(outcome(ask(machine, fetch(epoch, 1, 2, epoch)))).isEqualTo(ChangeOutcome.COMMITTED);
    }

    /** Static voters are configured by their ids alone. */
    @Test
    void aVoterWhoseDiskIsNotSaidVotesWithAnyDisk() {
        LogOutline log = new LogOutline(VoterSet.of(IntStream.range(0, 3)
                .mapToObj(id -> new Voter(ReplicaKey.of(id), List.of()))
                .toList()));
        QuorumMachine machine = new QuorumMachine(key(0), HardState.FIRST, log, SETTINGS, List.of(), 1, now);
        assertThat(machine.votes()).isTrue();
        elect(machine);
        synced(machine, 1);
        ask(machine, fetch(1, 1, 1, 1));
        assertThat(machine.log().highWatermark()).isEqualTo(1);
    }

    // What no honest server sends, or none in its senses.

    @Test
    void aTimeBeforeTheLastOneIsTakenForTheLastOne() {
        QuorumMachine machine = leader(3);
        int epoch = machine.hardState().epoch();
        machine.step(now + 100, new TimePassed());
        ask(machine, fetch(epoch, 1, 0, 0));
        assertThat(machine.replicas())
                .filteredOn(state -> state.replica().equals(key(1)))
                .extracting(ReplicaState::lastFetchMs)
                .containsExactly(now + 100);
    }

    @Test
    void aVoteForTheServerItselfOrForNoEpochIsRefused() {
        QuorumMachine machine = first(3);
        Vote own = new Vote(4, new ReplicaKey(0, new UUID(9, 9)), key(0), OffsetAndEpoch.NOTHING, false);
        assertThat(reply(ask(machine, own))).isEqualTo(new Refused(0, -1, Refusal.INVALID_REQUEST));
        assertThat(reply(ask(machine, vote(0, 1, 0, 0)))).isEqualTo(new Refused(0, -1, Refusal.INVALID_REQUEST));
        Vote preVote = new Vote(0, key(1), key(0), OffsetAndEpoch.NOTHING, true);
        assertThat(reply(ask(machine, preVote))).as("before the first epoch").isEqualTo(new Voted(0, -1, true));
    }

    @Test
    void anAnswerIsBelievedOnceInItsEpochAndFromWhomItWasAsked() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        Entries late = new Entries(1, 1, List.of(batch(1, 0)), 0);
        List<QuorumEffect> effects = machine.step(now, new Answered(fetchId, late));
        assertThat(effects).as("of an epoch that is over").doesNotHaveAnyElementsOfTypes(Append.class);
        long next = sends(effects).getFirst().requestId();
        machine.step(now, new Failed(next));
        assertThat(machine.step(now, new Answered(next, new Entries(2, 1, List.of(batch(1, 0)), 0))))
                .as("of a request that was given up")
                .isEmpty();

        LogOutline log =
                new LogOutline(VoterSet.of(List.of(new Voter(key(1), List.of()), new Voter(key(2), List.of()))));
        QuorumMachine observer = new QuorumMachine(key(0), HardState.FIRST, log, SETTINGS, List.of(), 1, now);
        observer.step(now, new Failed(follow(observer, 2, 3)));
        now += SETTINGS.fetchTimeoutMs();
        Send around = sends(observer.step(now, new TimePassed())).getFirst();
        assertThat(around.to()).isNotEqualTo(3);
        assertThat(observer.step(now, new Answered(around.requestId(), new Entries(2, 3, List.of(batch(1, 0)), 0))))
                .as("of another server than the leader")
                .doesNotHaveAnyElementsOfTypes(Append.class);
    }

    /** Its hard state was lost or put back, so it may have voted in that epoch, too. */
    @Test
    void aServerDoesNotVoteInAnEpochThatItIsSaidToHaveLed() {
        QuorumMachine machine = first(3);
        long asked = 0; // it has asked around
        sends(machine.step(now, new TimePassed()));
        List<QuorumEffect> effects =
                machine.step(now, new Answered(asked, new Refused(5, 0, Refusal.NOT_LEADER_OR_FOLLOWER)));
        assertThat(flat(effects)).hasAtLeastOneElementOfType(Complain.class);
        assertThat(machine.hardState()).isEqualTo(new HardState(5, key(0), HardState.NOBODY));
        assertThat(reply(ask(machine, vote(5, 1, 9, 4)))).isEqualTo(new Voted(5, -1, false));
    }

    @Test
    void anAnnouncementForAnotherDiskOrOfAnEpochThatIsOverIsRefused() {
        QuorumMachine machine = first(3);
        assertThat(reply(ask(machine, new BeginEpoch(2, 1, new ReplicaKey(0, new UUID(9, 9))))))
                .isEqualTo(new Refused(0, -1, Refusal.INVALID_VOTER_KEY));
        follow(machine, 2, 1);
        assertThat(reply(ask(machine, new BeginEpoch(1, 2, new ReplicaKey(0, new UUID(9, 9))))))
                .as("Kafka looks at the epoch first")
                .isEqualTo(new Refused(2, 1, Refusal.FENCED_LEADER_EPOCH));
        assertThat(reply(ask(machine, new BeginEpoch(1, 2, key(0)))))
                .isEqualTo(new Refused(2, 1, Refusal.FENCED_LEADER_EPOCH));
        assertThat(reply(ask(machine, new BeginEpoch(3, 0, key(0)))))
                .as("that this server leads")
                .isEqualTo(new Refused(2, 1, Refusal.INVALID_REQUEST));
    }

    @Test
    void onlyTheLeadersGoodbyeIsBelieved() {
        QuorumMachine machine = first(3);
        follow(machine, 2, 1);
        assertThat(reply(ask(machine, new EndEpoch(1, 1, List.of(key(0))))))
                .isEqualTo(new Refused(2, 1, Refusal.FENCED_LEADER_EPOCH));
        assertThat(reply(ask(machine, new EndEpoch(2, 0, List.of(key(0))))))
                .isEqualTo(new Refused(2, 1, Refusal.INVALID_REQUEST));
        assertThat(sends(ask(machine, new EndEpoch(2, 2, List.of(key(0))))))
                .extracting(Send::request)
                .doesNotHaveAnyElementsOfTypes(Vote.class);
    }

    @Test
    void aSuccessorThatIsNotTheBestWaitsALittle() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        assertThat(sends(ask(machine, new EndEpoch(2, 1, List.of(key(2), key(0))))))
                .isEmpty();
        machine.step(now, new Answered(fetchId, new Entries(2, 1, List.of(), 0)));
        follow(machine, 3, 1);
        assertThat(sends(ask(machine, new EndEpoch(3, 1, List.of(key(2), key(0))))))
                .isEmpty();
        assertThat(machine.deadlineMs()).isBetween(now + 1, now + SETTINGS.electionBackoffMaxMs());
    }

    @Test
    void whoeverAsksForPreVotesFollowsAgainWhenItsLeaderIsWell() {
        QuorumMachine machine = first(3);
        machine.step(now, new Failed(follow(machine, 2, 1)));
        now += SETTINGS.fetchTimeoutMs();
        assertThat(sends(machine.step(now, new TimePassed())))
                .extracting(Send::request)
                .hasOnlyElementsOfType(Vote.class);
        assertThat(sends(ask(machine, new BeginEpoch(2, 1, key(0)))))
                .extracting(Send::to, Send::request)
                .containsExactly(tuple(1, new Fetch(2, key(0), OffsetAndEpoch.NOTHING, 0, 100)));
    }

    @Test
    void aFetchOfTheLeaderItselfOrFromNowhereIsRefused() {
        QuorumMachine machine = leader(3);
        int epoch = machine.hardState().epoch();
        Refused refused = new Refused(epoch, 0, Refusal.INVALID_REQUEST);
        assertThat(reply(ask(machine, fetch(epoch, 0, 0, 0)))).isEqualTo(refused);
        assertThat(reply(ask(machine, fetch(epoch, 1, -1, 0)))).isEqualTo(refused);
        assertThat(reply(ask(machine, fetch(epoch, 1, 0, -1)))).isEqualTo(refused);
    }

    /** KIP-1166. */
    @Test
    void aFetchThatDoesNotKnowTheHighWatermarkIsAnsweredAtOnce() {
        QuorumMachine machine = leader(3);
        synced(machine, 1);
        int epoch = machine.hardState().epoch();
        ask(machine, fetch(epoch, 1, 1, epoch));
        assertThat(ask(machine, new Fetch(epoch, key(2), new OffsetAndEpoch(1, epoch), 0, 100)))
                .contains(new ReplyEntries(7, epoch, 0, 1, 1));
        machine.step(now, new AppendRequested(epoch, 1, NOTHING));
        synced(machine, 2);
        Fetch waiting = new Fetch(epoch, key(4), new OffsetAndEpoch(2, epoch), 1, 100);
        assertThat(machine.step(now, new Asked(8, waiting))).isEmpty();
        assertThat(ask(machine, fetch(epoch, 1, 2, epoch)))
                .as("it moves")
                .contains(new Commit(2), new ReplyEntries(8, epoch, 0, 2, 2));
    }

    @Test
    void theVoterThatIsFurthestIsTheBestSuccessor() {
        QuorumMachine machine = leader(3);
        synced(machine, 1);
        int epoch = machine.hardState().epoch();
        ask(machine, fetch(epoch, 1, 0, 0));
        ask(machine, fetch(epoch, 2, 1, epoch));
        assertThat(sends(machine.step(now, new ShutDown())))
                .extracting(Send::to, Send::request)
                .containsExactly(
                        tuple(2, new EndEpoch(epoch, 0, List.of(key(2), key(1)))),
                        tuple(1, new EndEpoch(epoch, 0, List.of(key(2), key(1)))));
    }

    @Test
    void anObserverThatIsGoneIsForgottenAVoterNever() {
        QuorumMachine machine = leader(3);
        synced(machine, 1);
        int epoch = machine.hardState().epoch();
        ask(machine, fetch(epoch, 1, 1, epoch));
        ask(machine, fetch(epoch, 4, 1, epoch));
        for (int asked = 0; asked < 1_000; asked++) { // five minutes, in which one voter asks and the leader stays
            now += 301;
            ask(machine, fetch(epoch, 2, 1, epoch));
        }
        assertThat(machine.replicas())
                .extracting(ReplicaState::replica, ReplicaState::logEndOffset)
                .containsExactly(tuple(key(0), 1L), tuple(key(1), 1L), tuple(key(2), 1L));
    }

    @Test
    void aSnapshotThatIsNotWaitedForIsNotInstalled() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        OffsetAndEpoch snapshot = new OffsetAndEpoch(5, 2);
        assertThat(machine.step(now, new SnapshotFetched(snapshot, null))).isEmpty();
        machine.step(now, new Answered(fetchId, new SnapshotNeeded(2, 1, snapshot)));
        assertThat(machine.step(now, new SnapshotFetched(new OffsetAndEpoch(4, 2), null)))
                .as("another one")
                .isEmpty();
        assertThat(machine.log().end()).isZero();
    }

    @Test
    void aSnapshotOfAnEpochAfterTheLeadersIsRefused() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        assertThat(machine.step(now, new Answered(fetchId, new SnapshotNeeded(2, 1, new OffsetAndEpoch(5, 3)))))
                .singleElement()
                .isInstanceOf(Complain.class);
    }

    @Test
    void batchesOfAnEpochThatCannotBeAreRefused() {
        QuorumMachine machine = first(3);
        long fetchId = follow(machine, 2, 1);
        assertThat(machine.step(now, new Answered(fetchId, new Entries(2, 1, List.of(batch(3, 0)), 0))))
                .as("after the leader's")
                .doesNotHaveAnyElementsOfTypes(Append.class);
        now += 20;
        long next = sends(machine.step(now, new TimePassed())).getFirst().requestId();
        assertThat(machine.step(now, new Answered(next, new Entries(2, 1, List.of(batch(2, 0), batch(1, 1)), 0))))
                .as("before the last one's")
                .doesNotHaveAnyElementsOfTypes(Append.class);
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
        elect(machine);
        return machine;
    }

    private void elect(QuorumMachine machine) {
        now = machine.deadlineMs();
        Deque<Send> asked = new ArrayDeque<>(sends(machine.step(now, new TimePassed())));
        while (!machine.leads()) {
            Send ask = asked.remove();
            assertThat(ask.request()).isInstanceOf(Vote.class);
            int epoch = ((Vote) ask.request()).epoch();
            asked.addAll(sends(
                    machine.step(now, new Answered(ask.requestId(), new Voted(epoch, HardState.NOBODY, true)))));
        }
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
