package io.odradek.replication.quorum;

import static io.odradek.replication.quorum.HardState.NOBODY;

import io.odradek.replication.quorum.EntryBatch.LeaderChange;
import io.odradek.replication.quorum.EntryBatch.Payload;
import io.odradek.replication.quorum.EntryBatch.VotersChange;
import io.odradek.replication.quorum.Leadership.Changing;
import io.odradek.replication.quorum.Leadership.Joining;
import io.odradek.replication.quorum.Leadership.Parked;
import io.odradek.replication.quorum.Leadership.Progress;
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
import io.odradek.replication.quorum.QuorumEffect.FetchSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Follow;
import io.odradek.replication.quorum.QuorumEffect.InstallSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Lead;
import io.odradek.replication.quorum.QuorumEffect.Persist;
import io.odradek.replication.quorum.QuorumEffect.Reply;
import io.odradek.replication.quorum.QuorumEffect.ReplyEntries;
import io.odradek.replication.quorum.QuorumEffect.ReplyToChange;
import io.odradek.replication.quorum.QuorumEffect.Send;
import io.odradek.replication.quorum.QuorumEffect.StopFetchingSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Truncate;
import io.odradek.replication.quorum.QuorumEvent.AddVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.Answered;
import io.odradek.replication.quorum.QuorumEvent.AppendRequested;
import io.odradek.replication.quorum.QuorumEvent.Asked;
import io.odradek.replication.quorum.QuorumEvent.Failed;
import io.odradek.replication.quorum.QuorumEvent.RemoveVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.ShutDown;
import io.odradek.replication.quorum.QuorumEvent.SnapshotFailed;
import io.odradek.replication.quorum.QuorumEvent.SnapshotFetched;
import io.odradek.replication.quorum.QuorumEvent.SnapshotTaken;
import io.odradek.replication.quorum.QuorumEvent.Synced;
import io.odradek.replication.quorum.QuorumEvent.TimePassed;
import io.odradek.replication.quorum.QuorumEvent.UpdateVoterRequested;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
import io.odradek.replication.quorum.QuorumRequest.EndEpoch;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import io.odradek.replication.quorum.QuorumRequest.Vote;
import io.odradek.replication.quorum.Role.Candidate;
import io.odradek.replication.quorum.Role.Follower;
import io.odradek.replication.quorum.Role.Prospective;
import io.odradek.replication.quorum.Role.Resigned;
import io.odradek.replication.quorum.Role.Unattached;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One server of the metadata quorum: {@code tla/core/Quorum}, action by action. A voter or an observer, by what its log says.
 *
 * <p>Safety rests on four things: the hard state is on disk before anything that follows from it leaves ({@link Persist} is around
 * all else that a step wants); a vote goes to one candidate in an epoch, and only to one whose log is up to date; a follower asks
 * for more only when what it has is on disk, so that a fetch acknowledges; a leader counts only what it has on disk, and only from
 * its own epoch on. Time and lot decide when, never what.
 *
 * <p>Confined to the metadata loop.
 */
public final class QuorumMachine {

    /**
     * A request on its way.
     *
     * @param turn of the role that sent it: an answer is not for the one that came after
     */
    private record Sent(int to, QuorumRequest request, long turn) {}

    private final ReplicaKey self;
    private final QuorumSettings settings;
    private final List<Integer> contacts;
    private final SplittableRandom random;
    private final LogOutline log;

    private HardState hardState;
    private Role role;
    /** Counts the roles it has had. */
    private long turn;

    private long highWatermark;

    private long nowMs;
    private long nextRequestId;
    private final Map<Long, Sent> sent = new LinkedHashMap<>();
    /** Nothing is sent to a server before this. */
    private final Map<Integer, Long> notBeforeMs = new HashMap<>();

    private int nextContact;

    /** Of the step that is being taken. */
    private List<QuorumEffect> effects = new ArrayList<>();

    /**
     * A server that starts, for the first time or again. A leader that finds itself to have led does not go on: it may have lost
     * entries that a follower has, and would give their offsets to others.
     *
     * @param loaded from disk; {@link HardState#FIRST} on one that was just formatted
     * @param log as it was recovered, all of it durable; the machine's from now on
     * @param contacts servers to ask who leads besides the voters; negative where only an address is known
     * @param seed of the lot that spreads elections in time; another one for each start of each server
     */
    public QuorumMachine(
            ReplicaKey self,
            HardState loaded,
            LogOutline log,
            QuorumSettings settings,
            List<Integer> contacts,
            long seed,
            long nowMs) {
        if (loaded.epoch() < log.lastEpoch()) {
            throw new IllegalArgumentException("server " + self + " has records of epoch " + log.lastEpoch()
                    + " in its log, but its hard state knows of epoch " + loaded.epoch()
                    + " at most: the hard state is lost or of another disk, and with it the votes of this server");
        }
        this.self = self;
        this.hardState = loaded;
        this.log = log;
        this.settings = settings;
        this.contacts = List.copyOf(contacts);
        this.random = new SplittableRandom(seed);
        this.nowMs = nowMs;
        this.highWatermark = log.start().offset();
        boolean alone = votes() && log.voters().size() == 1;
        long firstTryMs = alone ? nowMs : electionDeadlineMs();
        this.role = loaded.leader() == self.id()
                ? new Resigned(firstTryMs)
                : loaded.knowsLeader() ? new Follower(loaded.leader(), fetchDeadlineMs()) : new Unattached(firstTryMs);
    }

    // ---- Looking at it. On the loop.

    public HardState hardState() {
        return hardState;
    }

    /** Exclusive; -1 never: at first it is where the log begins. */
    public long highWatermark() {
        return highWatermark;
    }

    /** Exclusive; a snapshot reaches no further: what it covers is committed, and on this disk. */
    public long snapshotEnd() {
        return Math.min(highWatermark, log.durableEnd());
    }

    public LogOutline log() {
        return log;
    }

    public boolean leads() {
        return role instanceof Leadership;
    }

    /** By its own log. */
    public boolean votes() {
        return log.voters().has(self);
    }

    /**
     * A voter, by its log; and one that its log removes, as long as it does not know that to be committed. For if nobody else has the
     * record that removes it, nobody else can be elected: the others lack that record, and it does not vote for them. It wins without
     * its own vote, and stops when its removal is committed (Raft dissertation 4.2.2).
     */
    private boolean mayLead() {
        return votes() || log.votersAt(highWatermark).has(self);
    }

    /** Where others are, as a leader knows. */
    public record ReplicaState(
            ReplicaKey replica, boolean votes, long logEndOffset, long lastFetchMs, long lastCaughtUpMs) {}

    /** Of all that have asked in this reign, and of the voters that have not (-1); empty when it does not lead. */
    public List<ReplicaState> replicas() {
        if (!(role instanceof Leadership reign)) {
            return List.of();
        }
        VoterSet voters = log.voters();
        List<ReplicaState> states = new ArrayList<>();
        states.add(new ReplicaState(self, votes(), log.end(), nowMs, nowMs));
        for (Progress known : reign.all()) {
            states.add(new ReplicaState(
                    known.replica(),
                    voters.has(known.replica()),
                    known.end(),
                    known.fetchedAtMs(),
                    known.caughtUpAtMs()));
        }
        for (Voter voter : voters.voters()) {
            if (!voter.key().names(self) && reign.progressOf(voter.key()) == null) {
                states.add(new ReplicaState(voter.key(), true, -1, -1, -1));
            }
        }
        return states;
    }

    /** When {@link QuorumEvent.TimePassed} is wanted, at the latest. */
    public long deadlineMs() {
        long deadline = roleDeadlineMs();
        if (role instanceof Leadership reign) {
            deadline = Math.min(deadline, reign.hearsMajorityUntilMs(log.voters()));
            if (log.voters().size() > 1) { // to announce itself to those that have fallen silent
                deadline = Math.min(deadline, nowMs + settings.fetchTimeoutMs() / 2);
            }
        }
        for (long notBefore : notBeforeMs.values()) {
            if (notBefore > nowMs) {
                deadline = Math.min(deadline, notBefore);
            }
        }
        return deadline;
    }

    /** Who may not lead waits for nothing: it asks around until it hears who does. */
    private long roleDeadlineMs() {
        return (role instanceof Unattached || role instanceof Resigned) && !mayLead()
                ? Long.MAX_VALUE
                : role.deadlineMs();
    }

    // ---- Steps.

    /** @param now of a clock that does not go back, in milliseconds; a time before the last one is taken for the last one */
    public List<QuorumEffect> step(long now, QuorumEvent event) {
        HardState before = hardState;
        effects = new ArrayList<>();
        nowMs = Math.max(nowMs, now);
        switch (event) {
            case TimePassed() -> {}
            case Asked(long requestId, Vote vote) -> onVote(requestId, vote);
            case Asked(long requestId, BeginEpoch begin) -> onBeginEpoch(requestId, begin);
            case Asked(long requestId, EndEpoch end) -> onEndEpoch(requestId, end);
            case Asked(long requestId, Fetch fetch) -> onFetch(requestId, fetch);
            case Answered(long requestId, QuorumAnswer answer) -> onAnswer(requestId, answer);
            case Failed(long requestId) -> onFailed(requestId);
            case Synced(long durableEnd) -> onSynced(durableEnd);
            case AppendRequested append -> onAppend(append);
            case SnapshotTaken(OffsetAndEpoch snapshot) -> onSnapshotTaken(snapshot);
            case SnapshotFetched fetched -> onSnapshotFetched(fetched);
            case SnapshotFailed(OffsetAndEpoch snapshot) -> onSnapshotFailed(snapshot);
            case AddVoterRequested add -> onAddVoter(add);
            case RemoveVoterRequested(long requestId, ReplicaKey voter) -> onRemoveVoter(requestId, voter);
            case UpdateVoterRequested(long requestId, Voter voter) -> onUpdateVoter(requestId, voter);
            case ShutDown() -> onShutDown();
        }
        onTime();
        sendWhatIsDue();
        List<QuorumEffect> wanted = effects;
        effects = new ArrayList<>();
        return hardState.equals(before) ? List.copyOf(wanted) : List.of(new Persist(hardState, wanted));
    }

    private void onTime() {
        if (role instanceof Leadership reign) {
            reign.forgetObservers(log.voters(), nowMs);
            unpark(reign, false);
            expireJoining(reign);
            if (nowMs >= reign.hearsMajorityUntilMs(log.voters())) {
                resign(reign);
            }
            return;
        }
        if (nowMs < roleDeadlineMs()) {
            return;
        }
        switch (role) {
            case Prospective _ -> giveUp();
            case Follower follower when !mayLead() -> follower.lost();
            case Candidate _
            when !mayLead() -> become(new Unattached(electionDeadlineMs())); // its log was cut meanwhile
            case Unattached _, Resigned _, Follower _, Candidate _ -> startPreVote();
            case Leadership _ -> throw new AssertionError("looked at above");
        }
    }

    // ---- Elections.

    /** {@code StartPreVote}. */
    private void startPreVote() {
        ElectionTally tally = ownTally();
        become(new Prospective(tally, electionDeadlineMs()));
        if (tally.won()) {
            campaign();
        }
    }

    private ElectionTally ownTally() {
        ElectionTally tally = new ElectionTally(log.voters());
        if (votes()) {
            tally.count(self.id(), true);
        }
        return tally;
    }

    /** {@code GiveUp}: back to where it was. */
    private void giveUp() {
        become(
                hardState.leader() == self.id()
                        ? new Resigned(electionDeadlineMs())
                        : hardState.knowsLeader()
                                ? new Follower(hardState.leader(), fetchDeadlineMs())
                                : new Unattached(electionDeadlineMs()));
    }

    /** {@code Campaign}. */
    private void campaign() {
        ElectionTally tally = ownTally();
        enter(new Candidate(tally, electionDeadlineMs()), new HardState(hardState.epoch() + 1, self, NOBODY));
        if (tally.won()) {
            lead();
        }
    }

    /** {@code Lead}. */
    private void lead() {
        int epoch = hardState.epoch();
        Leadership reign = new Leadership(self, epoch, log.end(), nowMs, settings.checkQuorumTimeoutMs());
        enter(reign, new HardState(epoch, hardState.votedFor(), self.id()));
        append(reign, 1, null, new LeaderChange(self.id(), log.voters()));
        effects.add(new Lead(epoch, log.end()));
    }

    /** {@code AnswerVote}, {@code AnswerPreVote}. */
    private void onVote(long requestId, Vote vote) {
        if (vote.candidate().id() == self.id() || vote.epoch() < 0 || (vote.epoch() == 0 && !vote.preVote())) {
            refuse(requestId, Refusal.INVALID_REQUEST);
            return;
        }
        if (!vote.voter().names(self)) {
            refuse(requestId, Refusal.INVALID_VOTER_KEY);
            return;
        }
        if (vote.epoch() < hardState.epoch()) {
            refuse(requestId, Refusal.FENCED_LEADER_EPOCH);
            return;
        }
        if (vote.epoch() > hardState.epoch()) {
            unattached(vote.epoch(), null);
        }
        boolean granted = vote.logEnd().upToDateWith(log.endOffset())
                && (vote.preVote() ? mayPrefer() : isFree(vote.candidate()));
        if (granted && !vote.preVote() && !vote.candidate().equals(hardState.votedFor())) {
            unattached(vote.epoch(), vote.candidate());
        }
        effects.add(new Reply(requestId, new Voted(hardState.epoch(), hardState.leader(), granted)));
    }

    /** Whoever leads, or hears from the leader, needs no other. */
    private boolean mayPrefer() {
        return switch (role) {
            case Leadership _ -> false;
            case Follower follower -> !follower.hearing();
            case Unattached _, Resigned _, Prospective _, Candidate _ -> true;
        };
    }

    /** A vote is given once in an epoch, and not when somebody already leads it. */
    private boolean isFree(ReplicaKey candidate) {
        ReplicaKey votedFor = hardState.votedFor();
        return !hardState.knowsLeader() && (votedFor == null || votedFor.equals(candidate));
    }

    private void onVoted(Vote vote, Voted answer) {
        ElectionTally tally = switch (role) {
            case Prospective prospective -> prospective.tally();
            case Candidate candidate -> candidate.tally();
            case Unattached _, Resigned _, Follower _, Leadership _ -> throw new AssertionError(role);
        };
        tally.count(vote.voter().id(), answer.granted());
        if (tally.won()) {
            if (vote.preVote()) {
                campaign();
            } else {
                lead();
            }
        } else if (tally.lost()) {
            long nextTryMs = nowMs + 1 + random.nextInt(settings.electionBackoffMaxMs());
            become(vote.preVote() ? new Prospective(tally, nextTryMs) : new Candidate(tally, nextTryMs));
        }
    }

    // ---- Who leads.

    /** {@code Follow}, or a newer epoch alone: what every message says besides. */
    private void hear(int epoch, int leader) {
        if (epoch < hardState.epoch() || epoch == 0) {
            return;
        }
        boolean newer = epoch > hardState.epoch();
        if (leader == self.id() && newer) {
            effects.add(new Complain("another server says that this one, " + self + ", leads epoch " + epoch
                    + ", but its hard state knows only of epoch " + hardState.epoch()
                    + ": it was lost or put back. It does not vote in that epoch again"));
            unattached(epoch, self);
        } else if (leader != NOBODY && leader != self.id() && (newer || !hardState.knowsLeader())) {
            enter(
                    new Follower(leader, fetchDeadlineMs()),
                    new HardState(epoch, newer ? null : hardState.votedFor(), leader));
        } else if (newer) {
            unattached(epoch, null);
        } else if (leader != NOBODY && leader != hardState.leader() && hardState.knowsLeader()) {
            effects.add(new Complain("epoch " + epoch + " is led by server " + hardState.leader()
                    + ", but another server says that " + leader + " leads it: that is not believed"));
        }
    }

    private void onBeginEpoch(long requestId, BeginEpoch begin) {
        if (!begin.voter().names(self)) {
            refuse(requestId, Refusal.INVALID_VOTER_KEY);
        } else if (begin.epoch() < hardState.epoch()) {
            refuse(requestId, Refusal.FENCED_LEADER_EPOCH);
        } else if (begin.leader() < 0 || begin.leader() == self.id() || begin.epoch() < 1) {
            refuse(requestId, Refusal.INVALID_REQUEST);
        } else {
            hear(begin.epoch(), begin.leader());
            if (role instanceof Prospective && hardState.leader() == begin.leader()) {
                giveUp(); // the leader is well
            }
            effects.add(new Reply(requestId, new Noted(hardState.epoch(), hardState.leader())));
        }
    }

    /** The best successor tries at once, each next one a little later (KIP-595). */
    private void onEndEpoch(long requestId, EndEpoch end) {
        if (end.epoch() < hardState.epoch()) {
            refuse(requestId, Refusal.FENCED_LEADER_EPOCH);
            return;
        }
        if (end.leader() < 0 || end.leader() == self.id() || end.epoch() < 1) {
            refuse(requestId, Refusal.INVALID_REQUEST);
            return;
        }
        hear(end.epoch(), end.leader());
        if (role instanceof Follower follower && follower.leader() == end.leader()) {
            int place = 0;
            while (place < end.successors().size()
                    && !end.successors().get(place).names(self)) {
                place++;
            }
            follower.leaderEnds(place == 0 ? nowMs : nowMs + random.nextInt(settings.electionBackoffMaxMs()) + 1);
        }
        effects.add(new Reply(requestId, new Noted(hardState.epoch(), hardState.leader())));
    }

    /** {@code Resign}: it tells the others, so that they need not wait. */
    private void resign(Leadership reign) {
        List<ReplicaKey> successors = reign.successors(log.voters());
        EndEpoch end = new EndEpoch(reign.epoch(), self.id(), successors);
        become(new Resigned(electionDeadlineMs()));
        effects.add(new Follow(hardState.epoch(), NOBODY));
        successors.forEach(voter -> send(voter.id(), end));
    }

    private void onShutDown() {
        if (role instanceof Leadership reign) {
            resign(reign);
        }
    }

    // ---- The leader.

    /** {@code Write}. */
    private void onAppend(AppendRequested request) {
        if (role instanceof Leadership reign && reign.epoch() == request.epoch()) {
            append(reign, request.count(), null, request.payload());
        }
    }

    private void append(Leadership reign, int count, @Nullable VoterSet voters, Payload payload) {
        EntryBatch batch = new EntryBatch(reign.epoch(), log.end(), count, voters, payload);
        log.append(batch);
        effects.add(new Append(batch));
        commit(reign);
        unpark(reign, true);
    }

    private void commit(Leadership reign) {
        long committed = reign.committed(log.voters(), log.durableEnd(), highWatermark);
        if (committed <= highWatermark) {
            return;
        }
        highWatermark = committed;
        effects.add(new Commit(committed));
        unpark(reign, true);
        Changing changing = reign.changing();
        if (changing != null && committed >= changing.end()) {
            reign.change(null);
            effects.add(new ReplyToChange(changing.requestId(), ChangeOutcome.COMMITTED, "voters: " + log.voters()));
        }
        if (!votes() && !log.votersChangeAfter(committed)) {
            resign(reign); // it has removed itself, and stayed until that was safe (Raft dissertation 4.2.2)
        } else {
            admit(reign);
        }
    }

    /** {@code AnswerFetch}. */
    private void onFetch(long requestId, Fetch fetch) {
        if (!(role instanceof Leadership reign)) {
            refuse(
                    requestId,
                    fetch.epoch() < hardState.epoch() ? Refusal.FENCED_LEADER_EPOCH : Refusal.NOT_LEADER_OR_FOLLOWER);
            return;
        }
        OffsetAndEpoch theirs = fetch.logEnd();
        if (fetch.epoch() != reign.epoch()) {
            refuse(
                    requestId,
                    fetch.epoch() < reign.epoch() ? Refusal.FENCED_LEADER_EPOCH : Refusal.UNKNOWN_LEADER_EPOCH);
            return;
        }
        if (fetch.replica().id() == self.id() || theirs.offset() < 0 || theirs.epoch() < 0) {
            refuse(requestId, Refusal.INVALID_REQUEST);
            return;
        }
        OffsetAndEpoch start = log.start();
        if (theirs.offset() < start.offset() || theirs.epoch() < start.epoch()) {
            effects.add(new Reply(requestId, new SnapshotNeeded(reign.epoch(), self.id(), start)));
            return;
        }
        OffsetAndEpoch own = log.endOfEpoch(theirs.epoch());
        if (theirs.offset() > own.offset() || theirs.epoch() != own.epoch()) {
            effects.add(new Reply(requestId, new Diverging(reign.epoch(), self.id(), own)));
            return;
        }
        reign.fetched(fetch, log.end(), nowMs);
        commit(reign);
        if (role != reign) { // it was the last acknowledgement that its own removal needed
            refuse(requestId, Refusal.NOT_LEADER_OR_FOLLOWER);
            return;
        }
        admit(reign);
        Parked parked = new Parked(requestId, fetch, nowMs + Math.max(0, fetch.maxWaitMs()));
        boolean waits = theirs.offset() == log.end() && fetch.highWatermark() >= highWatermark && fetch.maxWaitMs() > 0;
        if (!waits) {
            answer(reign, parked);
            return;
        }
        Parked before = reign.park(parked);
        if (before != null) {
            answer(reign, before);
        }
    }

    private void unpark(Leadership reign, boolean news) {
        reign.unpark(nowMs, news).forEach(fetch -> answer(reign, fetch));
    }

    private void answer(Leadership reign, Parked parked) {
        effects.add(new ReplyEntries(
                parked.requestId(),
                reign.epoch(),
                self.id(),
                parked.fetch().logEnd().offset(),
                highWatermark));
    }

    // ---- Changes of the voters (ChangeVoters; KIP-853).

    private void onAddVoter(AddVoterRequested add) {
        Leadership reign = reignOfChange(add.requestId());
        if (reign == null) {
            return;
        }
        ReplicaKey key = add.voter().key();
        if (key.directory().equals(ReplicaKey.ANY_DIRECTORY)) {
            replyToChange(
                    add.requestId(),
                    ChangeOutcome.INVALID_REQUEST,
                    "server " + key.id() + " without the id of its directory");
            return;
        }
        Voter same = log.voters().voter(key.id());
        if (same != null) {
            replyToChange(
                    add.requestId(),
                    ChangeOutcome.DUPLICATE_VOTER,
                    "server " + key.id() + " votes already, with directory "
                            + same.key().directory() + ": remove that one first");
            return;
        }
        reign.join(new Joining(add.requestId(), add.voter(), nowMs + Math.max(0, add.timeoutMs())));
        admit(reign);
    }

    /** A new voter is added when it has all that is committed, or it might hold up the others. */
    private void admit(Leadership reign) {
        Joining joining = reign.joining();
        if (joining == null || role != reign) {
            return;
        }
        Progress known = reign.progressOf(joining.voter().key());
        if (known != null && known.end() >= highWatermark) {
            reign.join(null);
            change(reign, joining.requestId(), log.voters().with(joining.voter()));
        }
    }

    private void expireJoining(Leadership reign) {
        Joining joining = reign.joining();
        if (joining != null && joining.untilMs() <= nowMs) {
            reign.join(null);
            Progress known = reign.progressOf(joining.voter().key());
            replyToChange(
                    joining.requestId(),
                    ChangeOutcome.REQUEST_TIMED_OUT,
                    known == null
                            ? "server " + joining.voter().key()
                                    + " has not fetched anything yet: is it running, with that directory?"
                            : "server " + joining.voter().key() + " has got to offset " + known.end() + ", "
                                    + highWatermark + " is committed: try again when it has caught up");
        }
    }

    private void onRemoveVoter(long requestId, ReplicaKey voter) {
        Leadership reign = reignOfChange(requestId);
        if (reign == null) {
            return;
        }
        VoterSet voters = log.voters();
        Voter found = voters.voter(voter.id());
        if (found == null || !(found.key().equals(voter) || found.key().names(voter))) {
            replyToChange(requestId, ChangeOutcome.VOTER_NOT_FOUND, "no voter " + voter + ", voters are " + voters);
        } else if (voters.size() == 1) {
            replyToChange(requestId, ChangeOutcome.INVALID_REQUEST, "server " + voter + " is the only voter");
        } else {
            change(reign, requestId, voters.without(voter.id()));
        }
    }

    private void onUpdateVoter(long requestId, Voter voter) {
        Leadership reign = reignOfChange(requestId);
        if (reign == null) {
            return;
        }
        Voter found = log.voters().voter(voter.key().id());
        if (found == null || !found.key().equals(voter.key())) {
            replyToChange(
                    requestId,
                    ChangeOutcome.VOTER_NOT_FOUND,
                    "no voter " + voter.key() + ", voters are " + log.voters());
        } else {
            change(reign, requestId, log.voters().with(voter));
        }
    }

    /**
     * The reign in which a change may begin now: none is under way, and the leader has committed something of its own, or two leaders
     * could each change the voters of a common past and have majorities that do not meet (Ongaro 2015, "bug in single-server
     * membership changes"). Null when the request was refused.
     */
    private @Nullable Leadership reignOfChange(long requestId) {
        if (!(role instanceof Leadership reign)) {
            replyToChange(requestId, ChangeOutcome.NOT_LEADER_OR_FOLLOWER, leaderElsewhere());
            return null;
        }
        if (highWatermark <= reign.firstOffset()) {
            replyToChange(
                    requestId,
                    ChangeOutcome.REQUEST_IN_PROGRESS,
                    "server " + self.id() + " has begun to lead just now: try again");
            return null;
        }
        if (reign.joining() != null || log.votersChangeAfter(highWatermark)) {
            replyToChange(
                    requestId,
                    ChangeOutcome.REQUEST_IN_PROGRESS,
                    "another change of the voters is under way: try again when it is done");
            return null;
        }
        return reign;
    }

    private void change(Leadership reign, long requestId, VoterSet voters) {
        reign.change(new Changing(requestId, log.end() + 1));
        append(reign, 1, voters, new VotersChange(voters));
    }

    private String leaderElsewhere() {
        return hardState.knowsLeader() && hardState.leader() != self.id()
                ? "server " + hardState.leader() + " leads, as far as is known"
                : "no leader is known";
    }

    private void replyToChange(long requestId, ChangeOutcome outcome, String message) {
        effects.add(new ReplyToChange(requestId, outcome, message));
    }

    // ---- The follower.

    private void onAnswer(long requestId, QuorumAnswer answer) {
        Sent request = sent.remove(requestId);
        if (request == null) {
            return;
        }
        hear(answer.epoch(), answer.leader());
        if (turn != request.turn() || answer.epoch() != hardState.epoch()) {
            return;
        }
        switch (request.request()) {
            case Vote vote when answer instanceof Voted voted -> onVoted(vote, voted);
            case Fetch fetch
            when role instanceof Follower follower && request.to() == follower.leader() -> {
                switch (answer) {
                    case Entries entries -> takeEntries(follower, fetch, entries);
                    case Diverging diverging -> cutBack(follower, fetch, diverging);
                    case SnapshotNeeded needed -> fetchSnapshot(follower, needed);
                    case Refused _, Voted _, Noted _ -> waitBefore(request.to());
                }
            }
            case BeginEpoch _ -> waitBefore(request.to(), settings.fetchTimeoutMs() / 2);
            case EndEpoch _ -> {}
            case Vote _, Fetch _ -> waitBefore(request.to());
        }
    }

    private void onFailed(long requestId) {
        Sent request = sent.remove(requestId);
        if (request != null) {
            waitBefore(request.to());
        }
    }

    /** {@code TakeEntries}. */
    private void takeEntries(Follower follower, Fetch fetch, Entries answer) {
        follower.heard(fetchDeadlineMs());
        if (log.end() != fetch.logEnd().offset()) {
            return; // cut or replaced meanwhile
        }
        String wrong = whatIsWrongWith(answer.batches());
        if (wrong != null) {
            complain(follower, wrong + ": nothing of it was appended");
            return;
        }
        for (EntryBatch batch : answer.batches()) {
            log.append(batch);
            effects.add(new Append(batch));
        }
        known(Math.min(answer.highWatermark(), log.end()));
    }

    private @Nullable String whatIsWrongWith(List<EntryBatch> batches) {
        long next = log.end();
        int epoch = log.lastEpoch();
        for (EntryBatch batch : batches) {
            if (batch.baseOffset() != next || batch.epoch() < epoch || batch.epoch() > hardState.epoch()) {
                return "sent a batch at offset " + batch.baseOffset() + " of epoch " + batch.epoch() + " where offset "
                        + next + " and an epoch from " + epoch + " to " + hardState.epoch() + " was expected";
            }
            next = batch.endOffset();
            epoch = batch.epoch();
        }
        return null;
    }

    private void known(long committed) {
        if (committed > highWatermark) {
            highWatermark = committed;
            effects.add(new Commit(committed));
        }
    }

    /** {@code CutBack}: where the two logs can still agree. */
    private void cutBack(Follower follower, Fetch fetch, Diverging answer) {
        follower.heard(fetchDeadlineMs());
        if (log.end() != fetch.logEnd().offset()) {
            return;
        }
        long to = Math.min(
                answer.endOfEpoch().offset(),
                log.endOfEpoch(answer.endOfEpoch().epoch()).offset());
        if (to < highWatermark || to >= log.end()) {
            complain(
                    follower,
                    "wants the log cut at offset " + to + ", but it ends at " + log.end() + " and is committed up to "
                            + highWatermark + ": it was left alone");
            return;
        }
        log.truncate(to);
        effects.add(new Truncate(to));
    }

    private void fetchSnapshot(Follower follower, SnapshotNeeded answer) {
        follower.heard(fetchDeadlineMs());
        if (answer.snapshot().offset() < highWatermark || answer.snapshot().epoch() > hardState.epoch()) {
            complain(
                    follower,
                    "offers a snapshot at " + answer.snapshot() + ", but offset " + highWatermark
                            + " is known to be committed: it was refused");
            return;
        }
        follower.fetchSnapshot(answer.snapshot());
        effects.add(new FetchSnapshot(follower.leader(), hardState.epoch(), answer.snapshot()));
    }

    /** {@code TakeSnapshot}. */
    private void onSnapshotFetched(SnapshotFetched fetched) {
        if (!(role instanceof Follower follower) || !fetched.snapshot().equals(follower.fetchedSnapshot())) {
            return; // of a leader that is none any more
        }
        follower.fetchSnapshot(null);
        follower.heard(fetchDeadlineMs());
        if (fetched.snapshot().offset() < highWatermark) {
            return;
        }
        log.beginWith(fetched.snapshot(), fetched.voters());
        effects.add(new InstallSnapshot(fetched.snapshot()));
        known(fetched.snapshot().offset());
    }

    private void onSnapshotFailed(OffsetAndEpoch snapshot) {
        if (role instanceof Follower follower && snapshot.equals(follower.fetchedSnapshot())) {
            follower.fetchSnapshot(null);
            waitBefore(follower.leader());
        }
    }

    private void complain(Follower follower, String what) {
        waitBefore(follower.leader());
        effects.add(new Complain(
                "the leader of epoch " + hardState.epoch() + ", server " + follower.leader() + ", " + what));
    }

    // ---- The disk.

    /** {@code Sync}. */
    private void onSynced(long durableEnd) {
        log.durable(Math.min(durableEnd, log.end()));
        if (role instanceof Leadership reign) {
            commit(reign);
        }
    }

    /** {@code Snapshot}. */
    private void onSnapshotTaken(OffsetAndEpoch snapshot) {
        if (snapshot.offset() > highWatermark) {
            throw new IllegalArgumentException(
                    "a snapshot at " + snapshot + ", but only offset " + highWatermark + " is committed");
        }
        if (snapshot.offset() > log.start().offset()) { // else the leader's, which has come meanwhile, reaches further
            log.startAt(snapshot);
        }
    }

    // ---- Sending.

    private void sendWhatIsDue() {
        switch (role) {
            case Prospective prospective -> askForVotes(prospective.tally(), true);
            case Candidate candidate -> askForVotes(candidate.tally(), false);
            case Follower follower when follower.isLost() -> askAround();
            case Follower follower -> fetch(follower);
            case Unattached _ -> askAround();
            case Leadership reign -> announce(reign);
            case Resigned _ -> {
                if (!votes()) { // nobody announces itself to it
                    askAround();
                }
            }
        }
    }

    private void askForVotes(ElectionTally tally, boolean preVote) {
        for (Voter voter : tally.voters().voters()) {
            int id = voter.key().id();
            if (!voter.key().names(self) && !tally.hasAnswered(id) && maySend(id)) {
                send(id, new Vote(hardState.epoch(), self, voter.key(), log.endOffset(), preVote));
            }
        }
    }

    /** {@code SendFetch}: only when all there is is on disk, for the offset acknowledges it. */
    private void fetch(Follower follower) {
        if (follower.fetchedSnapshot() == null && log.durableEnd() == log.end() && maySend(follower.leader())) {
            send(follower.leader(), nextFetch(settings.fetchMaxWaitMs()));
        }
    }

    private Fetch nextFetch(int maxWaitMs) {
        return new Fetch(hardState.epoch(), self, log.endOffset(), highWatermark, maxWaitMs);
    }

    /** Who leads? A fetch asks that, too, and any answer says it. One server after the other. */
    private void askAround() {
        if (log.durableEnd() != log.end() || sent.values().stream().anyMatch(request -> request.turn() == turn)) {
            return; // a leader that is asked by chance takes the offset for an acknowledgement
        }
        TreeSet<Integer> known = new TreeSet<>(log.voters().ids());
        known.addAll(contacts);
        known.remove(self.id());
        List<Integer> inTurn = List.copyOf(known);
        for (int tried = 0; tried < inTurn.size(); tried++) {
            int to = inTurn.get(Math.floorMod(nextContact++, inTurn.size()));
            if (maySend(to)) {
                send(to, nextFetch(0));
                return;
            }
        }
    }

    /** Voters that have not asked lately may not know who leads. */
    private void announce(Leadership reign) {
        for (Voter voter : log.voters().voters()) {
            int id = voter.key().id();
            if (!voter.key().names(self)
                    && !reign.hearsFrom(voter, nowMs - settings.fetchTimeoutMs() / 2)
                    && maySend(id)) {
                send(id, new BeginEpoch(reign.epoch(), self.id(), voter.key()));
            }
        }
    }

    private boolean maySend(int to) {
        return notBeforeMs.getOrDefault(to, Long.MIN_VALUE) <= nowMs
                && sent.values().stream().noneMatch(request -> request.to() == to && request.turn() == turn);
    }

    private void send(int to, QuorumRequest request) {
        long requestId = nextRequestId++;
        sent.put(requestId, new Sent(to, request, turn));
        effects.add(new Send(requestId, to, request));
    }

    private void waitBefore(int to) {
        waitBefore(to, settings.retryBackoffMs());
    }

    private void waitBefore(int to, int ms) {
        notBeforeMs.put(to, nowMs + ms);
    }

    private void refuse(long requestId, Refusal why) {
        effects.add(new Reply(requestId, new Refused(hardState.epoch(), hardState.leader(), why)));
    }

    // ---- Changing places.

    private void unattached(int epoch, @Nullable ReplicaKey votedFor) {
        enter(new Unattached(electionDeadlineMs()), new HardState(epoch, votedFor, NOBODY));
    }

    /** Another place in another epoch, or with another leader. */
    private void enter(Role next, HardState state) {
        boolean others = state.epoch() != hardState.epoch() || state.leader() != hardState.leader();
        hardState = state;
        become(next);
        if (others && !(next instanceof Leadership)) {
            effects.add(new Follow(state.epoch(), state.leader()));
        }
    }

    /** Whoever led tells those that waited for it; whoever fetched a snapshot needs it no more. */
    private void become(Role next) {
        Role last = role;
        role = next;
        turn++;
        notBeforeMs.clear();
        switch (last) {
            case Leadership reign -> end(reign);
            case Follower follower -> {
                OffsetAndEpoch snapshot = follower.fetchedSnapshot();
                if (snapshot != null) {
                    effects.add(new StopFetchingSnapshot(snapshot));
                }
            }
            case Unattached _, Resigned _, Prospective _, Candidate _ -> {}
        }
    }

    private void end(Leadership reign) {
        reign.unpark(nowMs, true).forEach(fetch -> refuse(fetch.requestId(), Refusal.NOT_LEADER_OR_FOLLOWER));
        Joining joining = reign.joining();
        if (joining != null) {
            replyToChange(joining.requestId(), ChangeOutcome.NOT_LEADER_OR_FOLLOWER, leaderElsewhere());
        }
        Changing changing = reign.changing();
        if (changing != null) {
            replyToChange(
                    changing.requestId(),
                    ChangeOutcome.NOT_LEADER_OR_FOLLOWER,
                    "the change was appended, and may or may not be committed; " + leaderElsewhere());
        }
    }

    private long fetchDeadlineMs() {
        return nowMs + settings.fetchTimeoutMs();
    }

    private long electionDeadlineMs() {
        return nowMs + settings.electionTimeoutMs() + random.nextInt(settings.electionTimeoutMs());
    }
}
