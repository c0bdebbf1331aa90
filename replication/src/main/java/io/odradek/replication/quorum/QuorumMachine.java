package io.odradek.replication.quorum;

import static io.odradek.replication.quorum.HardState.NOBODY;

import io.odradek.replication.quorum.EntryBatch.LeaderChange;
import io.odradek.replication.quorum.EntryBatch.Payload;
import io.odradek.replication.quorum.EntryBatch.VotersChange;
import io.odradek.replication.quorum.Leadership.Parked;
import io.odradek.replication.quorum.Outbox.Sent;
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
import io.odradek.replication.quorum.QuorumEffect.StopFetchingSnapshot;
import io.odradek.replication.quorum.QuorumEvent.AddVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.Answered;
import io.odradek.replication.quorum.QuorumEvent.AppendRequested;
import io.odradek.replication.quorum.QuorumEvent.Asked;
import io.odradek.replication.quorum.QuorumEvent.Failed;
import io.odradek.replication.quorum.QuorumEvent.RemoveVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.ShutDown;
import io.odradek.replication.quorum.QuorumEvent.SnapshotFailed;
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
import io.odradek.replication.quorum.Role.Candidate;
import io.odradek.replication.quorum.Role.Prospective;
import io.odradek.replication.quorum.Role.Resigned;
import io.odradek.replication.quorum.Role.Unattached;
import io.odradek.replication.quorum.VoterChanges.Verdict;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
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

    /** Nobody can lead after it, so nobody is believed to be in it. */
    private static final int NO_EPOCH_AFTER = Integer.MAX_VALUE;

    /**
     * Of the time by which elections are spread, for those that have just started, or lost a leader which nobody reaches: there is nobody whom
     * they could take it from, and whoever hears a leader refuses them.
     */
    private static final int SOONER = 8;

    private final ReplicaKey self;
    private final QuorumSettings settings;
    private final List<Integer> contacts;
    private final SplittableRandom random;
    private final LogOutline log;
    private final Outbox outbox = new Outbox();

    private HardState hardState;
    private Role role;
    private long nowMs;
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
        boolean alone = votes() && log.voters().size() == 1;
        long firstTryMs = alone ? nowMs : soonMs();
        this.role = loaded.leader() == self.id()
                ? new Resigned(firstTryMs)
                : loaded.knowsLeader() ? follow(loaded.epoch(), loaded.leader()) : new Unattached(firstTryMs);
    }

    // ---- Looking at it. On the loop.

    public HardState hardState() {
        return hardState;
    }

    /** Where it ends, what of it is durable, and what committed. */
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
     * A voter, by its log; and one that was a voter somewhere behind what it knows to be committed. For if nobody else has the record
     * that removes it, nobody else can be elected: the others lack that record, and it does not vote for them. It wins without its own
     * vote, and stops when its removal is committed (Raft dissertation 4.2.2). After a restart it knows less of what is committed, and
     * tries rather once too often.
     */
    private boolean mayLead() {
        return log.votesFrom(log.highWatermark(), self);
    }

    Role role() {
        return role;
    }

    /** How far all are that it knows of; empty when it does not lead. */
    public List<ReplicaState> replicas() {
        return role instanceof Leadership reign ? reign.replicas(nowMs) : List.of();
    }

    /** When {@link QuorumEvent.TimePassed} is wanted, at the latest. */
    public long deadlineMs() {
        long deadline = roleDeadlineMs();
        if (role instanceof Leadership reign) {
            deadline = Math.min(deadline, reign.hearsMajorityUntilMs());
            if (log.voters().size() > 1) { // to announce itself to those that have fallen silent
                deadline = Math.min(deadline, nowMs + settings.fetchTimeoutMs() / 2);
            }
        }
        return Math.min(deadline, outbox.nextMs(nowMs));
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
            case Synced synced -> onSynced(synced);
            case AppendRequested append -> onAppend(append);
            case SnapshotTaken(OffsetAndEpoch snapshot) -> onSnapshotTaken(snapshot);
            case SnapshotFetched fetched -> {
                if (role instanceof Following following) {
                    effects.addAll(following.takeSnapshot(fetched, nowMs));
                }
            }
            case SnapshotRead(ReplicaKey by, int epoch) -> {
                if (role instanceof Leadership reign && reign.epoch() == epoch) {
                    reign.heard(by, nowMs);
                }
            }
            case SnapshotFailed(OffsetAndEpoch snapshot) -> {
                if (role instanceof Following following && following.snapshotFailed(snapshot)) {
                    waitBefore(following.leader());
                }
            }
            case AddVoterRequested add ->
                change(add.requestId(), reign -> reign.changes().add(add, nowMs));
            case RemoveVoterRequested(long requestId, ReplicaKey voter) ->
                change(requestId, reign -> reign.changes().remove(requestId, voter));
            case UpdateVoterRequested(long requestId, Voter voter) ->
                change(requestId, reign -> reign.changes().update(requestId, voter));
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
            reign.forgetObservers(nowMs);
            unpark(reign, false);
            carryOut(reign, reign.changes().expire(nowMs));
            if (nowMs >= reign.hearsMajorityUntilMs()) {
                resign(reign);
            }
            return;
        }
        if (nowMs < roleDeadlineMs()) {
            return;
        }
        switch (role) {
            case Prospective _ -> giveUp();
            case Following following when !mayLead() -> following.lost();
            case Unattached _, Resigned _, Following _, Candidate _ -> startPreVote();
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
                                ? follow(hardState.epoch(), hardState.leader())
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
        Leadership reign = new Leadership(self, epoch, log, settings, nowMs);
        enter(reign, new HardState(epoch, hardState.votedFor(), self.id()));
        append(reign, 1, null, new LeaderChange(self.id(), log.voters()));
        effects.add(new Lead(epoch, log.end()));
    }

    /** {@code AnswerVote}, {@code AnswerPreVote}. */
    private void onVote(long requestId, Vote vote) {
        if (vote.candidate().id() == self.id()
                || vote.epoch() < (vote.preVote() ? 0 : 1)
                || vote.epoch() == NO_EPOCH_AFTER) {
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
            case Following following -> !following.hearing();
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
            case Unattached _, Resigned _, Following _, Leadership _ -> throw new AssertionError(role);
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
        if (leader < NOBODY || epoch == NO_EPOCH_AFTER) {
            effects.add(new Complain("another server says that " + leader + " leads epoch " + epoch
                    + ": that makes no sense, and is not believed"));
            return;
        }
        boolean newer = epoch > hardState.epoch();
        if (leader == self.id() && newer) {
            effects.add(new Complain("another server says that this one, " + self + ", leads epoch " + epoch
                    + ", but its hard state knows only of epoch " + hardState.epoch()
                    + ": it was lost or put back. It does not vote in that epoch again"));
            unattached(epoch, self);
        } else if (leader != NOBODY && leader != self.id() && (newer || !hardState.knowsLeader())) {
            enter(follow(epoch, leader), new HardState(epoch, newer ? null : hardState.votedFor(), leader));
        } else if (newer) {
            unattached(epoch, null);
        } else if (leader != NOBODY && leader != hardState.leader() && hardState.knowsLeader()) {
            effects.add(new Complain("epoch " + epoch + " is led by server " + hardState.leader()
                    + ", but another server says that " + leader + " leads it: that is not believed"));
        }
    }

    /** Whether what a message says of another server's reign makes sense. */
    private boolean mayLead(int leader, int epoch) {
        return leader >= 0 && leader != self.id() && epoch >= 1 && epoch != NO_EPOCH_AFTER;
    }

    /** Refusals are in Kafka's order. */
    private void onBeginEpoch(long requestId, BeginEpoch begin) {
        if (begin.epoch() < hardState.epoch()) {
            refuse(requestId, Refusal.FENCED_LEADER_EPOCH);
        } else if (!mayLead(begin.leader(), begin.epoch())) {
            refuse(requestId, Refusal.INVALID_REQUEST);
        } else if (!begin.voter().names(self)) {
            refuse(requestId, Refusal.INVALID_VOTER_KEY);
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
        if (!mayLead(end.leader(), end.epoch())) {
            refuse(requestId, Refusal.INVALID_REQUEST);
            return;
        }
        hear(end.epoch(), end.leader());
        if (role instanceof Following following && following.leader() == end.leader()) {
            int place = 0;
            while (place < end.successors().size()
                    && !end.successors().get(place).names(self)) {
                place++;
            }
            following.leaderEnds(place == 0 ? nowMs : nowMs + random.nextInt(settings.electionBackoffMaxMs()) + 1);
        }
        effects.add(new Reply(requestId, new Noted(hardState.epoch(), hardState.leader())));
    }

    /** {@code Resign}: it tells the others, so that they need not wait. */
    private void resign(Leadership reign) {
        List<ReplicaKey> successors = reign.successors();
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
        if (!log.commit(reign.committed())) {
            return;
        }
        effects.add(new Commit(log.highWatermark()));
        unpark(reign, true);
        ReplyToChange reply = reign.changes().committed();
        if (reply != null) {
            effects.add(reply);
        }
        if (!votes() && !log.votersAreChanging()) {
            resign(reign); // it has removed itself, and stayed until that was safe (Raft dissertation 4.2.2)
        } else {
            carryOut(reign, reign.changes().admit(nowMs));
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
        if (fetch.epoch() != reign.epoch()) {
            refuse(
                    requestId,
                    fetch.epoch() < reign.epoch() ? Refusal.FENCED_LEADER_EPOCH : Refusal.UNKNOWN_LEADER_EPOCH);
            return;
        }
        reign.heard(fetch.replica(), nowMs);
        QuorumAnswer objection = reign.objection(fetch);
        if (objection != null) {
            effects.add(new Reply(requestId, objection));
            return;
        }
        reign.fetched(fetch, nowMs);
        commit(reign);
        if (role != reign) { // it was the last acknowledgement that its own removal needed
            refuse(requestId, Refusal.NOT_LEADER_OR_FOLLOWER);
            return;
        }
        carryOut(reign, reign.changes().admit(nowMs));
        Parked parked = new Parked(requestId, fetch, nowMs + Math.max(0, fetch.maxWaitMs()));
        boolean waits = fetch.logEnd().offset() == log.end()
                && fetch.highWatermark() >= log.highWatermark()
                && fetch.maxWaitMs() > 0;
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
                log.highWatermark()));
    }

    // ---- Changes of the voters.

    /** {@code ChangeVoters}. */
    private void change(long requestId, Function<Leadership, Verdict> decide) {
        if (role instanceof Leadership reign) {
            carryOut(reign, decide.apply(reign));
        } else {
            effects.add(new ReplyToChange(requestId, ChangeOutcome.NOT_LEADER_OR_FOLLOWER, leaderElsewhere()));
        }
    }

    private void carryOut(Leadership reign, Verdict verdict) {
        switch (verdict) {
            case Verdict.Wait() -> {}
            case Verdict.Refuse(ReplyToChange reply) -> effects.add(reply);
            case Verdict.Change(long requestId, VoterSet voters) -> {
                reign.changes().appended(requestId, log.end() + 1);
                append(reign, 1, voters, new VotersChange(voters));
            }
        }
    }

    private String leaderElsewhere() {
        return hardState.knowsLeader() && hardState.leader() != self.id()
                ? "server " + hardState.leader() + " leads, as far as is known"
                : "no leader is known";
    }

    // ---- The following.

    private void onAnswer(long requestId, QuorumAnswer answer) {
        Sent request = outbox.ended(requestId);
        if (request == null) {
            return;
        }
        hear(answer.epoch(), answer.leader());
        if (!outbox.isOfThisTurn(request) || answer.epoch() != hardState.epoch()) {
            return;
        }
        switch (request.request()) {
            case Vote vote when answer instanceof Voted voted -> onVoted(vote, voted);
            case Fetch fetch
            when role instanceof Following following && request.to() == following.leader() -> {
                switch (answer) {
                    case Entries entries -> taken(following, following.takeEntries(fetch, entries, nowMs));
                    case Diverging diverging -> taken(following, following.cutBack(fetch, diverging, nowMs));
                    case SnapshotNeeded needed -> taken(following, following.fetchSnapshot(needed, nowMs));
                    case Refused _, Voted _, Noted _ -> waitBefore(request.to());
                }
            }
            case BeginEpoch _ -> waitBefore(request.to(), settings.fetchTimeoutMs() / 2);
            case EndEpoch _ -> {}
            case Vote _, Fetch _ -> waitBefore(request.to());
        }
    }

    private void onFailed(long requestId) {
        Sent request = outbox.ended(requestId);
        if (request != null) {
            waitBefore(request.to());
            if (role instanceof Following following
                    && request.request() instanceof Fetch
                    && request.to() == following.leader()
                    && outbox.isOfThisTurn(request)) {
                following.failed(soonMs());
            }
        }
    }

    private void taken(Following following, List<QuorumEffect> taken) {
        effects.addAll(taken);
        if (!taken.isEmpty() && taken.getLast() instanceof Complain) {
            waitBefore(following.leader());
        }
    }

    // ---- The disk.

    /** {@code Sync}. */
    private void onSynced(Synced synced) {
        log.durable(synced.end(), synced.cuts());
        if (role instanceof Leadership reign) {
            commit(reign);
        }
    }

    /** {@code Snapshot}. */
    private void onSnapshotTaken(OffsetAndEpoch snapshot) {
        if (snapshot.offset() > log.start().offset()) { // else the leader's, which has come meanwhile, reaches further
            log.startAt(snapshot);
        }
    }

    // ---- Sending.

    private void sendWhatIsDue() {
        switch (role) {
            case Prospective prospective -> askForVotes(prospective.tally(), true);
            case Candidate candidate -> askForVotes(candidate.tally(), false);
            case Following following when following.isLost() -> askAround();
            case Following following -> fetch(following);
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
            if (!voter.key().names(self) && !tally.hasAnswered(id) && outbox.maySend(id, nowMs)) {
                send(id, new Vote(hardState.epoch(), self, voter.key(), log.endOffset(), preVote));
            }
        }
    }

    /** {@code SendFetch}: only when all there is is on disk, for the offset acknowledges it. */
    private void fetch(Following following) {
        if (following.fetchedSnapshot() == null
                && log.durableEnd() == log.end()
                && outbox.maySend(following.leader(), nowMs)) {
            send(following.leader(), nextFetch(settings.fetchMaxWaitMs()));
        }
    }

    private Fetch nextFetch(int maxWaitMs) {
        return new Fetch(hardState.epoch(), self, log.endOffset(), log.highWatermark(), maxWaitMs);
    }

    /** Who leads? A fetch asks that, too, and any answer says it. One server after the other. */
    private void askAround() {
        if (log.durableEnd() != log.end() || outbox.waits()) {
            return; // a leader that is asked by chance takes the offset for an acknowledgement
        }
        TreeSet<Integer> known = new TreeSet<>(log.voters().ids());
        known.addAll(contacts);
        if (hardState.knowsLeader()) {
            known.add(hardState.leader()); // which may have become a voter behind the end of this log
        }
        known.remove(self.id());
        List<Integer> inTurn = List.copyOf(known);
        for (int tried = 0; tried < inTurn.size(); tried++) {
            int to = inTurn.get(Math.floorMod(nextContact++, inTurn.size()));
            if (outbox.maySend(to, nowMs)) {
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
                    && outbox.maySend(id, nowMs)) {
                send(id, new BeginEpoch(reign.epoch(), self.id(), voter.key()));
            }
        }
    }

    private void send(int to, QuorumRequest request) {
        effects.add(outbox.send(to, request));
    }

    private void waitBefore(int to) {
        waitBefore(to, settings.retryBackoffMs());
    }

    private void waitBefore(int to, int ms) {
        outbox.notBefore(to, nowMs + ms);
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
        outbox.nextTurn();
        switch (last) {
            case Leadership reign -> end(reign);
            case Following following -> {
                OffsetAndEpoch snapshot = following.fetchedSnapshot();
                if (snapshot != null) {
                    effects.add(new StopFetchingSnapshot(snapshot));
                }
            }
            case Unattached _, Resigned _, Prospective _, Candidate _ -> {}
        }
    }

    private void end(Leadership reign) {
        reign.unpark(nowMs, true).forEach(fetch -> refuse(fetch.requestId(), Refusal.NOT_LEADER_OR_FOLLOWER));
        effects.addAll(reign.changes().end(leaderElsewhere()));
    }

    private Following follow(int epoch, int leader) {
        return new Following(epoch, leader, log, settings.fetchTimeoutMs(), nowMs);
    }

    /** By lot, as with every election: else all would try at the same time. */
    private long soonMs() {
        return nowMs + random.nextInt(settings.electionTimeoutMs()) / SOONER;
    }

    private long electionDeadlineMs() {
        return nowMs + settings.electionTimeoutMs() + random.nextInt(settings.electionTimeoutMs());
    }
}
