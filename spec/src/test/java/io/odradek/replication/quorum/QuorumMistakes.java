package io.odradek.replication.quorum;

import io.odradek.replication.quorum.QuorumMistake.Fate;
import io.odradek.spec.stress.PlantedMistake;
import java.util.List;

/**
 * What the checks of the quorum's machine are known to notice: histories from seed 0 on, the same beside the specification, and the tests
 * of {@code QuorumMachineTest}. How many of each is rounded up, to 10, 60 or 400: the build has 400 histories, of random seeds, and the
 * first 60 beside the specification.
 */
final class QuorumMistakes {
    private static final String DIRECTORY = "replication/src/main/java/io/odradek/replication/quorum/";
    private static final boolean UNIT = true;
    private static final boolean NO_UNIT = false;

    static final List<QuorumMistake> ALL = List.of(
            mistake(
                    "QuorumMachine",
                    "a hard state that is older than the log is taken",
                    "if (loaded.epoch() < log.lastEpoch()) {",
                    "if (loaded.epoch() < 0) {",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "LeadsOnAfterRestart",
                    "QuorumMachine",
                    "who led before a restart leads on",
                    """
                    ? new Resigned(firstTryMs)
                    : loaded.knowsLeader()
                    """,
                    """
                    ? new Leadership(self, loaded.epoch(), log, settings, nowMs)
                    : loaded.knowsLeader()
                    """,
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "the only voter waits for others before it leads",
                    "boolean alone = votes() && log.voters().size() == 1;",
                    "boolean alone = false;",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "RemovedStaysAway",
                    "QuorumMachine",
                    "who was removed does not campaign, though only it has the record that says so",
                    "return log.votesFrom(log.highWatermark(), self);",
                    "return votes();",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "RemovedForgets",
                    "LogOutline",
                    "who was added and removed behind the high watermark does not campaign",
                    """
                    return votersAt(offset).has(replica)
                    || votersByEnd.tailMap(offset, false).values().stream().anyMatch(voters -> voters.has(replica));
                    """,
                    "return votersAt(offset).has(replica) || voters().has(replica);",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "an observer that knows of no leader campaigns",
                    """
                    return (role instanceof Unattached || role instanceof Resigned) && !mayLead()
                    ? Long.MAX_VALUE
                    : role.deadlineMs();
                    """,
                    "return role.deadlineMs();",
                    noticed(NO_UNIT, 0, 10)),
            mistake(
                    "QuorumMachine",
                    "an observer that has lost its leader campaigns",
                    "case Following following when !mayLead() -> following.lost();",
                    "",
                    noticed(UNIT, 0, 10)),
            counterpart(
                    "VoteNotPersisted",
                    "QuorumMachine",
                    "what follows from a vote leaves before it is on disk",
                    """
                    return hardState.equals(before) ? List.copyOf(wanted) : List.of(new Persist(hardState, wanted));
                    """,
                    """
                    if (!hardState.equals(before)) {
                    wanted.add(new Persist(hardState, List.of()));
                    }
                    return List.copyOf(wanted);
                    """,
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "VoteNotPersisted",
                    "QuorumMachine",
                    "a vote is not written down",
                    """
                    return hardState.equals(before) ? List.copyOf(wanted) : List.of(new Persist(hardState, wanted));
                    """,
                    """
                    return hardState.epoch() == before.epoch() && hardState.leader() == before.leader()
                    ? List.copyOf(wanted) : List.of(new Persist(hardState, wanted));
                    """,
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "time goes back",
                    "nowMs = Math.max(nowMs, now);",
                    "nowMs = now;",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "NeverResigns",
                    "QuorumMachine",
                    "a leader that no majority asks leads on",
                    "if (nowMs >= reign.hearsMajorityUntilMs()) {",
                    "if (nowMs < 0) {",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "ProspectiveForEver",
                    "QuorumMachine",
                    "a server that was not granted enough pre-votes asks no more",
                    "case Prospective _ -> giveUp();",
                    "case Prospective prospective -> become(new Prospective(prospective.tally(), Long.MAX_VALUE));",
                    noticed(NO_UNIT, 60, 0)),
            mistake(
                    "QuorumMachine",
                    "a new voter may take for ever to catch up",
                    "carryOut(reign, reign.changes().expire(nowMs));",
                    "",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a fetch waits until there is news",
                    "unpark(reign, false);",
                    "",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "NoPreVote",
                    "QuorumMachine",
                    "a server campaigns without asking whether it would win",
                    """
                    if (tally.won()) {
                    campaign();
                    }
                    }

                    private ElectionTally ownTally() {
                    """,
                    """
                    campaign();
                    }

                    private ElectionTally ownTally() {
                    """,
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a pre-vote opens an epoch",
                    "become(new Prospective(tally, electionDeadlineMs()));",
                    """
                    enter(new Prospective(tally, electionDeadlineMs()), new HardState(hardState.epoch() + 1, null, NOBODY));
                    """,
                    noticed(UNIT, 0, 10)),
            counterpart(
                    "PreVoteCounts",
                    "QuorumMachine",
                    "a granted pre-vote counts as the vote",
                    """
                    ElectionTally tally = ownTally();
                    enter(
                    """,
                    """
                    ElectionTally tally = role instanceof Prospective asked ? asked.tally() : ownTally();
                    enter(
                    """,
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a candidate opens no epoch of its own",
                    "new HardState(hardState.epoch() + 1, self, NOBODY));",
                    "new HardState(Math.max(1, hardState.epoch()), self, NOBODY));",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a candidate does not write down that it voted for itself",
                    "new HardState(hardState.epoch() + 1, self, NOBODY));",
                    "new HardState(hardState.epoch() + 1, null, NOBODY));",
                    noticed(UNIT, 0, 10)),
            mistake(
                    "QuorumMachine",
                    "a leader appends nothing to open its epoch",
                    "append(reign, 1, null, new LeaderChange(self.id(), log.voters()));",
                    "",
                    noticed(UNIT, 60, 10)),
            mistake(
                    "QuorumMachine",
                    "a controller is told to lead before the record that opens the epoch",
                    """
                    append(reign, 1, null, new LeaderChange(self.id(), log.voters()));
                    effects.add(new Lead(epoch, log.end()));
                    """,
                    """
                    effects.add(new Lead(epoch, log.end()));
                    append(reign, 1, null, new LeaderChange(self.id(), log.voters()));
                    """,
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a vote in an epoch after which there is none is answered",
                    "|| vote.epoch() == NO_EPOCH_AFTER) {",
                    ") {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a request for a vote by the server itself is answered",
                    """
                    if (vote.candidate().id() == self.id()
                    ||
                    """,
                    "if (",
                    noticed(UNIT, 0, 0)),
            mistake("QuorumMachine", "a vote that is meant for another disk is given", """
                if (!vote.voter().names(self)) {
                refuse(requestId, Refusal.INVALID_VOTER_KEY);
                """, """
                if (vote.voter().id() != self.id()) {
                refuse(requestId, Refusal.INVALID_VOTER_KEY);
                """, noticed(UNIT, 0, 10)),
            mistake(
                    "QuorumMachine",
                    "a vote in an epoch that is over is given",
                    "if (vote.epoch() < hardState.epoch()) {",
                    "if (vote.epoch() < 0) {",
                    noticed(UNIT, 60, 10)),
            mistake(
                    "QuorumMachine",
                    "a candidate's newer epoch is not taken over",
                    "if (vote.epoch() > hardState.epoch()) {",
                    "if (vote.epoch() > hardState.epoch() && vote.preVote()) {",
                    noticed(NO_UNIT, 10, 10)),
            counterpart(
                    "NoLogComparison",
                    "QuorumMachine",
                    "a vote goes to any log",
                    "boolean granted = vote.logEnd().upToDateWith(log.endOffset())",
                    "boolean granted = (!vote.preVote() || vote.logEnd().upToDateWith(log.endOffset()))",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a pre-vote goes to any log",
                    "boolean granted = vote.logEnd().upToDateWith(log.endOffset())",
                    "boolean granted = (vote.preVote() || vote.logEnd().upToDateWith(log.endOffset()))",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "OffsetAndEpoch",
                    "logs are compared by their ends, not by their epochs",
                    "return epoch > other.epoch || (epoch == other.epoch && offset >= other.offset);",
                    "return offset >= other.offset;",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "OffsetAndEpoch",
                    "logs are compared by their epochs, not by their ends",
                    "return epoch > other.epoch || (epoch == other.epoch && offset >= other.offset);",
                    "return epoch >= other.epoch;",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "OffsetAndEpoch",
                    "a log that is the same is not up to date",
                    "return epoch > other.epoch || (epoch == other.epoch && offset >= other.offset);",
                    "return epoch > other.epoch || (epoch == other.epoch && offset > other.offset);",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "VoteNotPersisted",
                    "QuorumMachine",
                    "a vote is given that is not kept",
                    "if (granted && !vote.preVote() && !vote.candidate().equals(hardState.votedFor())) {",
                    "if (granted && vote.preVote() && vote.epoch() < 0) {",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a pre-vote is kept as a vote",
                    "if (granted && !vote.preVote() && !vote.candidate().equals(hardState.votedFor())) {",
                    "if (granted && !vote.candidate().equals(hardState.votedFor())) {",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "VotesTwice",
                    "QuorumMachine",
                    "a vote goes to each who asks",
                    "return !hardState.knowsLeader() && (votedFor == null || votedFor.equals(candidate));",
                    "return !hardState.knowsLeader();",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a vote goes to another when the epoch has a leader",
                    "return !hardState.knowsLeader() && (votedFor == null || votedFor.equals(candidate));",
                    "return votedFor == null || votedFor.equals(candidate);",
                    noticed(NO_UNIT, 0, 10)),
            mistake("QuorumMachine", "a leader would vote for another", """
                case Leadership _ -> false;
                case Following following -> !following.hearing();
                """, """
                case Leadership _ -> true;
                case Following following -> !following.hearing();
                """, noticed(UNIT, 0, 0)),
            counterpart(
                    "FollowersRefuse",
                    "QuorumMachine",
                    "a follower refuses pre-votes though it has not heard from its leader",
                    "case Following following -> !following.hearing();",
                    "case Following _ -> false;",
                    noticed(UNIT, 60, 0)),
            mistake(
                    "QuorumMachine",
                    "a follower that hears its leader grants pre-votes",
                    "case Following following -> !following.hearing();",
                    "case Following _ -> true;",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a vote that was refused counts",
                    "tally.count(vote.voter().id(), answer.granted());",
                    "tally.count(vote.voter().id(), true);",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "ElectionTally",
                    "a majority less one elects",
                    "return votes(true) >= voters.majority();",
                    "return votes(true) >= voters.majority() - 1;",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "ElectionTally",
                    "a majority is not enough",
                    "return votes(true) >= voters.majority();",
                    "return votes(true) > voters.majority();",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "HalfCounts",
                    "VoterSet",
                    "half of the voters is a majority",
                    "return byId.size() / 2 + 1;",
                    "return (byId.size() + 1) / 2;",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "what was asked in another role is answered in this one",
                    "if (!outbox.isOfThisTurn(request) || answer.epoch() != hardState.epoch()) {",
                    "if (answer.epoch() != hardState.epoch()) {",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "an answer of another epoch is believed",
                    "if (!outbox.isOfThisTurn(request) || answer.epoch() != hardState.epoch()) {",
                    "if (!outbox.isOfThisTurn(request)) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a new role waits for what the last one asked",
                    "outbox.nextTurn();",
                    "",
                    noticed(UNIT, 10, 10)),
            mistake("QuorumMachine", "a request that was given up is answered", """
                Sent request = outbox.ended(requestId);
                if (request == null) {
                return;
                }
                hear(
                """, """
                Sent request = outbox.ended(requestId);
                hear(
                """, noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "an epoch that is over is believed",
                    "if (epoch < hardState.epoch() || epoch == 0) {",
                    "if (epoch == 0) {",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a leader or an epoch that cannot be is believed",
                    "if (leader < NOBODY || epoch == NO_EPOCH_AFTER) {",
                    "if (leader < -100) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a server votes in an epoch that it is said to have led",
                    "unattached(epoch, self);",
                    "unattached(epoch, null);",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a second leader of an epoch is believed",
                    "&& (newer || !hardState.knowsLeader())) {",
                    "&& (newer || leader != hardState.leader())) {",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "VoteNotPersisted",
                    "QuorumMachine",
                    "who hears of the leader forgets its vote",
                    "newer ? null : hardState.votedFor(), leader)",
                    "null, leader)",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a vote of the last epoch is kept in the next",
                    "newer ? null : hardState.votedFor(), leader)",
                    "hardState.votedFor(), leader)",
                    noticed(NO_UNIT, 0, 10)),
            mistake("QuorumMachine", "a newer epoch that nobody leads is not believed", """
                } else if (newer) {
                unattached(epoch, null);
                """, """
                } else if (newer && epoch < 0) {
                unattached(epoch, null);
                """, noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "who leads is not heard from answers",
                    "hear(answer.epoch(), answer.leader());",
                    "",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "an announcement that is meant for another disk is believed",
                    "if (!begin.voter().names(self)) {",
                    "if (begin.voter().id() != self.id()) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "an announcement of an epoch that is over is noted",
                    "if (begin.epoch() < hardState.epoch()) {",
                    "if (begin.epoch() < 0) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "who fetches a piece of a snapshot is not heard",
                    "reign.heard(by, nowMs);",
                    "",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "who fetches what is not there is not heard",
                    "reign.heard(fetch.replica(), nowMs);",
                    "if (reign.objection(fetch) == null) { reign.heard(fetch.replica(), nowMs); }",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Leadership",
                    "any disk of a server is heard for the voter",
                    ".filter(heard -> voter.key().names(heard.getKey()))",
                    ".filter(heard -> voter.key().id() == heard.getKey().id())",
                    noticed(UNIT, 0, 0)),
            mistake("QuorumMachine", "an announcement that makes no sense is noted", """
                } else if (!mayLead(begin.leader(), begin.epoch())) {
                refuse(requestId, Refusal.INVALID_REQUEST);
                """, "", noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "who hears that its leader is well campaigns all the same",
                    "if (role instanceof Prospective && hardState.leader() == begin.leader()) {",
                    "if (role instanceof Prospective && hardState.leader() == self.id()) {",
                    noticed(UNIT, 0, 0)),
            mistake("QuorumMachine", "a goodbye of an epoch that is over is noted", """
                if (end.epoch() < hardState.epoch()) {
                refuse(requestId, Refusal.FENCED_LEADER_EPOCH);
                return;
                }
                """, "", noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a goodbye of another than the leader is believed",
                    "if (role instanceof Following following && following.leader() == end.leader()) {",
                    "if (role instanceof Following following) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "every successor tries at once",
                    """
                    following.leaderEnds(place == 0 ? nowMs : nowMs + random.nextInt(settings.electionBackoffMaxMs()) + 1);
                    """,
                    "following.leaderEnds(nowMs);",
                    noticed(UNIT, 0, 0)),
            mistake("QuorumMachine", "no successor tries before its time", """
                following.leaderEnds(place == 0 ? nowMs : nowMs + random.nextInt(settings.electionBackoffMaxMs()) + 1);
                """, "", noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "who resigns tells nobody",
                    "successors.forEach(voter -> send(voter.id(), end));",
                    "",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a controller is not told that the reign is over",
                    "effects.add(new Follow(hardState.epoch(), NOBODY));",
                    "",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a server is not told of a new leader",
                    "if (others && !(next instanceof Leadership)) {",
                    "if (others && next instanceof Unattached) {",
                    noticed(UNIT, 10, 10)),
            mistake("QuorumMachine", "who resigns may lead the epoch again", """
                become(new Resigned(electionDeadlineMs()));
                effects
                """, """
                become(new Unattached(electionDeadlineMs()));
                effects
                """, noticed(NO_UNIT, 0, 10)),
            mistake(
                    "QuorumMachine",
                    "records of an earlier reign are appended",
                    "if (role instanceof Leadership reign && reign.epoch() == request.epoch()) {",
                    "if (role instanceof Leadership reign) {",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "CountsUnsyncedEnd",
                    "Leadership",
                    "a leader counts what it has not synced",
                    "ends.add(voter.key().names(self) ? log.durableEnd() : endOf(voter));",
                    "ends.add(voter.key().names(self) ? log.end() : endOf(voter));",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "LeaderAlwaysCounts",
                    "Leadership",
                    "a leader that is no voter counts itself",
                    """
                    ends.sort(Comparator.reverseOrder());
                    long held
                    """,
                    """
                    if (!voters.has(self)) {
                    ends.add(log.durableEnd());
                    }
                    ends.sort(Comparator.reverseOrder());
                    long held
                    """,
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "CommitsOldEpoch",
                    "Leadership",
                    "a leader commits what an older epoch left",
                    "return held > firstOffset ? Math.max(held, log.highWatermark()) : log.highWatermark();",
                    "return Math.max(held, log.highWatermark());",
                    noticed(NO_UNIT, 10, 10)),
            counterpart(
                    "CommitsOldEpoch",
                    "Leadership",
                    "a leader commits what an older epoch left, as far as its own begins",
                    "return held > firstOffset ?",
                    "return held >= firstOffset ?",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "Leadership",
                    "the furthest of a majority commits, not the last",
                    "long held = ends.get(voters.majority() - 1);",
                    "long held = ends.get(Math.max(0, voters.majority() - 2));",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "NoDirectoryId",
                    "Leadership",
                    "an end counts for another disk of its server",
                    "return known != null && voter.key().names(known.replica) ? known.end : -1;",
                    "return known != null ? known.end : -1;",
                    noticed(NO_UNIT, 10, 10)),
            counterpart(
                    "NoDirectoryId",
                    "ReplicaKey",
                    "a server is the same on another disk",
                    """
                    return id == other.id && (directory.equals(ANY_DIRECTORY) || directory.equals(other.directory));
                    """,
                    "return id == other.id;",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "ReplicaKey",
                    "a server without a disk's id is no server",
                    """
                    return id == other.id && (directory.equals(ANY_DIRECTORY) || directory.equals(other.directory));
                    """,
                    "return id == other.id && directory.equals(other.directory);",
                    noticed(UNIT, 0, 0)),
            mistake("QuorumMachine", "a high watermark that moved is not told", """
                effects.add(new Commit(log.highWatermark()));
                unpark(reign, true);
                ReplyToChange
                """, """
                unpark(reign, true);
                ReplyToChange
                """, noticed(UNIT, 10, 10)),
            mistake("QuorumMachine", "nobody is told that a change is committed", """
                if (reply != null) {
                effects.add(reply);
                }
                """, "", noticed(UNIT, 60, 0)),
            mistake(
                    "QuorumMachine",
                    "a removed leader leads on",
                    "if (!votes() && !log.votersAreChanging()) {",
                    "if (nowMs < 0) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a leader that removes itself stops before that is committed",
                    "if (!votes() && !log.votersAreChanging()) {",
                    "if (!votes()) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a fetch of another epoch is answered",
                    "if (fetch.epoch() != reign.epoch()) {",
                    "if (fetch.epoch() < 0) {",
                    noticed(UNIT, 0, 10)),
            mistake(
                    "QuorumMachine",
                    "a fetch that does not fit is an acknowledgement",
                    "QuorumAnswer objection = reign.objection(fetch);",
                    """
                    reign.fetched(fetch, nowMs);
                    QuorumAnswer objection = reign.objection(fetch);
                    """,
                    noticed(NO_UNIT, 10, 10)),
            mistake("QuorumMachine", "a fetch is no acknowledgement", """
                reign.fetched(fetch, nowMs);
                commit(reign);
                if (role
                """, """
                reign.fetched(fetch, nowMs);
                if (role
                """, noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a fetch is answered as a leader by one that has just stopped",
                    "if (role != reign) { // it was the last acknowledgement that its own removal needed",
                    "if (nowMs < 0) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a new voter that has caught up is not looked at",
                    """
                    carryOut(reign, reign.changes().admit(nowMs));
                    Parked parked
                    """,
                    "Parked parked",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a fetch waits though the high watermark is news to it",
                    "&& fetch.highWatermark() >= log.highWatermark()",
                    "",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a fetch that waits is not answered when the same server asks again",
                    """
                    if (before != null) {
                    answer(reign, before);
                    }
                    """,
                    "",
                    noticed(NO_UNIT, 60, 0)),
            mistake(
                    "QuorumMachine",
                    "a fetch that waits is not answered when something is appended",
                    """
                    commit(reign);
                    unpark(reign, true);
                    }
                    """,
                    """
                    commit(reign);
                    }
                    """,
                    noticed(UNIT, 0, 0)),
            mistake("QuorumMachine", "a leader tells its end for the high watermark", """
                parked.fetch().logEnd().offset(),
                log.highWatermark()));
                """, """
                parked.fetch().logEnd().offset(),
                log.end()));
                """, noticed(UNIT, 60, 10)),
            mistake(
                    "QuorumMachine",
                    "a leader does not look at what is committed when its disk has it",
                    """
                    if (role instanceof Leadership reign) {
                    commit(reign);
                    }
                    }

                    /** {@code Snapshot}. */
                    """,
                    """
                    }

                    /** {@code Snapshot}. */
                    """,
                    noticed(UNIT, 0, 10)),
            mistake(
                    "QuorumMachine",
                    "who waits at a leader is not answered when it stops",
                    """
                    reign.unpark(nowMs, true).forEach(fetch -> refuse(fetch.requestId(), Refusal.NOT_LEADER_OR_FOLLOWER));
                    """,
                    "",
                    noticed(UNIT, 60, 0)),
            mistake(
                    "QuorumMachine",
                    "who asked for a change is not answered when the leader stops",
                    "effects.addAll(reign.changes().end(leaderElsewhere()));",
                    "",
                    noticed(NO_UNIT, 60, 0)),
            counterpart(
                    "ForgetsItself",
                    "Leadership",
                    "a leader does not count itself for who hears it",
                    "? Long.MAX_VALUE : heardAtMs(voter)",
                    "? beganAtMs : heardAtMs(voter)",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "Leadership",
                    "a leader hears everybody for as long as it hears one",
                    "long least = heard.get(voters.majority() - 1);",
                    "long least = heard.get(Math.min(1, voters.majority() - 1));",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Leadership",
                    "a fetch from behind the log's start is served from the log",
                    """
                    if (theirs.offset() < log.start().offset()
                    || theirs.epoch() < log.start().epoch()) {
                    """,
                    "if (theirs.epoch() < log.start().epoch()) {",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "Leadership",
                    "a fetch of an epoch from before the snapshot is served from the log",
                    """
                    if (theirs.offset() < log.start().offset()
                    || theirs.epoch() < log.start().epoch()) {
                    """,
                    "if (theirs.offset() < log.start().offset()) {",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "NoEpochInDivergence",
                    "Leadership",
                    "where logs part is looked for by offset alone",
                    "return theirs.offset() > own.offset() || theirs.epoch() != own.epoch()",
                    "return theirs.offset() > log.end()",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "Leadership",
                    "where logs part is looked for by the epoch, not by its end",
                    "return theirs.offset() > own.offset() || theirs.epoch() != own.epoch()",
                    "return theirs.epoch() != own.epoch()",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "Leadership",
                    "where logs part is looked for by the end of the epoch before",
                    "return theirs.offset() > own.offset() || theirs.epoch() != own.epoch()",
                    "return theirs.offset() > own.offset()",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "Leadership",
                    "a fetch of the leader itself, or from below offset 0, is answered",
                    "if (fetch.replica().id() == self.id() || theirs.offset() < 0 || theirs.epoch() < 0) {",
                    "if (theirs.epoch() < -100) {",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "NoDirectoryId",
                    "Leadership",
                    "a replaced disk goes on where the old one was",
                    "if (known == null || !known.replica.equals(fetch.replica())) {",
                    "if (known == null) {",
                    noticed(NO_UNIT, 60, 0)),
            mistake(
                    "Leadership",
                    "when a replica asked last is not kept",
                    """
                    known.end = fetch.logEnd().offset();
                    known.fetchedAtMs = nowMs;
                    """,
                    "known.end = fetch.logEnd().offset();",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Leadership",
                    "voters are forgotten as observers are",
                    """
                    .removeIf(known -> !voters.has(known.replica) && known.fetchedAtMs + OBSERVER_FORGOTTEN_MS < nowMs);
                    """,
                    ".removeIf(known -> known.fetchedAtMs + OBSERVER_FORGOTTEN_MS < nowMs);",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Leadership",
                    "observers are never forgotten",
                    """
                    .removeIf(known -> !voters.has(known.replica) && known.fetchedAtMs + OBSERVER_FORGOTTEN_MS < nowMs);
                    """,
                    ".removeIf(known -> known.end < -1);",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Leadership",
                    "the one that is furthest behind is the first to succeed",
                    "others.sort(Comparator.comparingLong(this::endOf).reversed());",
                    "others.sort(Comparator.comparingLong(this::endOf));",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "ChangeBeforeOwnCommit",
                    "VoterChanges",
                    "the voters are changed before anything of the own epoch is committed",
                    "if (log.highWatermark() <= reign.firstOffset()) {",
                    "if (log.highWatermark() < 0) {",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "ChangeBeforeOwnCommit",
                    "VoterChanges",
                    "the voters are changed when all before the own epoch is committed",
                    "if (log.highWatermark() <= reign.firstOffset()) {",
                    "if (log.highWatermark() < reign.firstOffset()) {",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "SecondChangeInFlight",
                    "VoterChanges",
                    "the voters are changed before the last change is committed",
                    "if (joining != null || log.votersAreChanging()) {",
                    "if (joining != null) {",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "VoterChanges",
                    "a second voter may join before the first has",
                    "if (joining != null || log.votersAreChanging()) {",
                    "if (log.votersAreChanging()) {",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "AddsUnheard",
                    "VoterChanges",
                    "a server becomes a voter that has never asked",
                    """
                    if (known == null || known.end() < log.highWatermark() || known.fetchedAtMs() + fetchTimeoutMs <= nowMs) {
                    """,
                    """
                    if (known != null && (known.end() < log.highWatermark() || known.fetchedAtMs() + fetchTimeoutMs <= nowMs)) {
                    """,
                    noticed(UNIT, 0, 10)),
            mistake(
                    "VoterChanges",
                    "a server becomes a voter before it has caught up",
                    "known.end() < log.highWatermark() ||",
                    "",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "VoterChanges",
                    "a server becomes a voter that has fallen silent",
                    "|| known.fetchedAtMs() + fetchTimeoutMs <= nowMs) {",
                    ") {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "VoterChanges",
                    "a voter joins twice",
                    """
                    joining = null;
                    return new Verdict.Change(waiting
                    """,
                    "return new Verdict.Change(waiting",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "VoterChanges",
                    "a voter without the id of its directory is added",
                    "if (key.directory().equals(ReplicaKey.ANY_DIRECTORY)) {",
                    "if (key.id() < 0) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "VoterChanges",
                    "a voter is added a second time, with another disk",
                    "if (same != null) {",
                    "if (same != null && same.key().equals(key)) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "VoterChanges",
                    "the only voter is removed",
                    "if (voters.size() == 1) {",
                    "if (voters.size() == 0) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "VoterChanges",
                    "a voter is removed by the id of another disk",
                    "if (found == null || !(found.key().equals(voter) || found.key().names(voter))) {",
                    "if (found == null) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "VoterChanges",
                    "a voter is updated by the id of another disk",
                    "if (found == null || !found.key().equals(voter.key())) {",
                    "if (found == null) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "VoterChanges",
                    "an update makes a voter of anybody",
                    "if (found == null || !found.key().equals(voter.key())) {",
                    "if (found != null && !found.key().equals(voter.key())) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "VoterChanges",
                    "a change is answered before it is committed",
                    "if (appended == null || log.highWatermark() < appended.end) {",
                    "if (appended == null) {",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "VoterChanges",
                    "a change is answered when all before it is committed",
                    "if (appended == null || log.highWatermark() < appended.end) {",
                    "if (appended == null || log.highWatermark() < appended.end - 1) {",
                    noticed(UNIT, 10, 10)),
            mistake("VoterChanges", "a change is answered again", """
                changing = null;
                return
                """, "return", noticed(NO_UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a change that is in the log is forgotten",
                    "reign.changes().appended(requestId, log.end() + 1);",
                    "",
                    noticed(UNIT, 60, 0)),
            mistake(
                    "QuorumMachine",
                    "a change stands in the log without effect",
                    "append(reign, 1, voters, new VotersChange(voters));",
                    "append(reign, 1, null, new VotersChange(voters));",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "FetchesFromUnsyncedEnd",
                    "QuorumMachine",
                    "a follower asks for more before what it has is on its disk",
                    "&& log.durableEnd() == log.end()",
                    "",
                    noticed(UNIT, 10, 10)),
            counterpart(
                    "FetchesFromUnsyncedEnd",
                    "QuorumMachine",
                    "who asks around does so before what it has is on its disk",
                    "if (log.durableEnd() != log.end() || outbox.waits()) {",
                    "if (outbox.waits()) {",
                    noticed(NO_UNIT, 0, 10)),
            mistake(
                    "QuorumMachine",
                    "a follower fetches from the log while it fetches a snapshot",
                    """
                    if (following.fetchedSnapshot() == null
                    &&
                    """,
                    "if (",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "who has no leader does not look for one",
                    "case Unattached _ -> askAround();",
                    "case Unattached _ -> {}",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "who has lost its leader does not look for another",
                    "case Following following when following.isLost() -> askAround();",
                    "",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "who asks around asks always the same",
                    "Math.floorMod(nextContact++, inTurn.size())",
                    "Math.floorMod(nextContact, inTurn.size())",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "who asks around asks voters alone",
                    "known.addAll(contacts);",
                    "",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "who asks around does not ask the leader that it knew",
                    """
                    if (hardState.knowsLeader()) {
                    known.add
                    """,
                    """
                    if (hardState.leader() < NOBODY) {
                    known.add
                    """,
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "one that has resigned and does not vote asks nobody",
                    """
                    if (!votes()) { // nobody announces itself to it
                    askAround();
                    }
                    """,
                    "",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a leader does not announce itself",
                    "case Leadership reign -> announce(reign);",
                    "case Leadership _ -> {}",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a leader announces itself to who has just asked",
                    "&& !reign.hearsFrom(voter, nowMs - settings.fetchTimeoutMs() / 2)",
                    "",
                    noticed(UNIT, 0, 0)),
            mistake("Following", "a leader's entries are no sign of life", """
                heard(nowMs);
                List<QuorumEffect> effects = new ArrayList<>();
                if (!isOf
                """, """
                List<QuorumEffect> effects = new ArrayList<>();
                if (!isOf
                """, noticed(UNIT, 10, 10)),
            mistake("Following", "a leader's goodbye changes nothing", """
                deadlineMs = Math.min(deadlineMs, atMs);
                hearing = false;
                """, "", noticed(UNIT, 0, 0)),
            mistake(
                    "Following",
                    "entries that do not fit are appended",
                    "if (wrong != null) {",
                    "if (epoch < 0) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Following",
                    "entries that were asked for before a cut are appended",
                    """
                    if (!isOf(fetch)) {
                    return effects;
                    }
                    """,
                    "",
                    equivalent("a server has one fetch on its way in a role, so nothing moves the end of its log"
                            + " meanwhile")),
            mistake(
                    "LogOutline",
                    "entries with a gap before them are appended",
                    "if (batch.baseOffset() != next || batch.epoch() < epoch || batch.epoch() > newestEpoch) {",
                    "if (batch.baseOffset() < next || batch.epoch() < epoch || batch.epoch() > newestEpoch) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "LogOutline",
                    "entries of an epoch from before the last one's are appended",
                    "if (batch.baseOffset() != next || batch.epoch() < epoch || batch.epoch() > newestEpoch) {",
                    "if (batch.baseOffset() != next || batch.epoch() > newestEpoch) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "LogOutline",
                    "entries of an epoch after the leader's are appended",
                    "if (batch.baseOffset() != next || batch.epoch() < epoch || batch.epoch() > newestEpoch) {",
                    "if (batch.baseOffset() != next || batch.epoch() < epoch) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Following",
                    "a follower takes all that it has for committed",
                    "if (log.commit(Math.min(answer.highWatermark(), log.end()))) {",
                    "if (log.commit(log.end())) {",
                    noticed(UNIT, 60, 10)),
            mistake(
                    "Following",
                    "a follower takes for committed what it does not have",
                    "if (log.commit(Math.min(answer.highWatermark(), log.end()))) {",
                    "if (log.commit(answer.highWatermark())) {",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "Following",
                    "a follower does not learn what is committed",
                    "if (log.commit(Math.min(answer.highWatermark(), log.end()))) {",
                    "if (log.commit(0)) {",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "Following",
                    "a follower is cut where the leader's epoch ends, not where its own does",
                    """
                    long to = Math.min(
                    answer.endOfEpoch().offset(),
                    log.endOfEpoch(answer.endOfEpoch().epoch()).offset());
                    """,
                    "long to = answer.endOfEpoch().offset();",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "Following",
                    "a follower is cut where its own epoch ends, not where the leader's does",
                    """
                    long to = Math.min(
                    answer.endOfEpoch().offset(),
                    log.endOfEpoch(answer.endOfEpoch().epoch()).offset());
                    """,
                    "long to = log.endOfEpoch(answer.endOfEpoch().epoch()).offset();",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "Following",
                    "a follower is cut to its high watermark",
                    """
                    long to = Math.min(
                    answer.endOfEpoch().offset(),
                    log.endOfEpoch(answer.endOfEpoch().epoch()).offset());
                    """,
                    "long to = log.highWatermark();",
                    noticed(UNIT, 60, 10)),
            mistake(
                    "Following",
                    "a follower is cut below what is committed",
                    "if (to < log.highWatermark() || to >= log.end()) {",
                    "if (to >= log.end()) {",
                    noticed(UNIT, 0, 0)),
            mistake("Following", "a batch is cut in two", "to = log.startOfBatch(to);", "", noticed(UNIT, 0, 0)),
            mistake("Following", "a follower is not cut", """
                log.truncate(to);
                return List.of(new Truncate(to));
                """, "return List.of();", noticed(UNIT, 10, 10)),
            mistake(
                    "Following",
                    "a cut is not carried out",
                    "return List.of(new Truncate(to));",
                    "return List.of();",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "Following",
                    "a follower is cut by an answer to what it asked for before",
                    """
                    if (!isOf(fetch)) {
                    return List.of();
                    }
                    """,
                    "",
                    equivalent("a server has one fetch on its way in a role, so nothing moves the end of its log"
                            + " meanwhile")),
            mistake(
                    "Following",
                    "a snapshot from behind what is committed is fetched",
                    "if (snapshot.offset() < log.highWatermark() || snapshot.epoch() > epoch) {",
                    "if (snapshot.epoch() > epoch) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Following",
                    "a snapshot of an epoch after the leader's is fetched",
                    "if (snapshot.offset() < log.highWatermark() || snapshot.epoch() > epoch) {",
                    "if (snapshot.offset() < log.highWatermark()) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Following",
                    "a snapshot is installed that is not waited for any more",
                    """
                    if (!fetched.snapshot().equals(fetchedSnapshot)) {
                    return List.of();
                    }
                    """,
                    "",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Following",
                    "a follower waits for a snapshot that it has",
                    """
                    fetchedSnapshot = null;
                    heard(nowMs);
                    """,
                    "heard(nowMs);",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "Following",
                    "a follower waits for a snapshot that could not be fetched",
                    """
                    if (wanted) {
                    fetchedSnapshot = null;
                    }
                    """,
                    "",
                    noticed(NO_UNIT, 60, 0)),
            mistake(
                    "Following",
                    "what a snapshot covers is not told to be committed",
                    "if (log.highWatermark() > before) {",
                    "if (before < 0) {",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "a snapshot is fetched on when its leader is gone",
                    "effects.add(new StopFetchingSnapshot(snapshot));",
                    "",
                    noticed(NO_UNIT, 60, 0)),
            mistake(
                    "QuorumMachine",
                    "a snapshot takes the place of a newer one",
                    """
                    if (snapshot.offset() > log.start().offset()) { // else the leader's, which has come meanwhile, reaches further
                    """,
                    "if (snapshot.offset() > 0) {",
                    noticed(UNIT, 0, 0)),
            counterpart(
                    "SnapshotAboveHighWatermark",
                    "LogOutline",
                    "a snapshot reaches beyond what is committed",
                    "return Math.min(highWatermark, durableEnd);",
                    "return durableEnd;",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "a snapshot reaches beyond what is on disk",
                    "return Math.min(highWatermark, durableEnd);",
                    "return highWatermark;",
                    noticed(NO_UNIT, 0, 10)),
            counterpart(
                    "SnapshotWithoutVoters",
                    "LogOutline",
                    "a snapshot is written without the voters",
                    "return said == null ? initialVoters : said.getValue();",
                    "return initialVoters;",
                    noticed(NO_UNIT, 60, 10)),
            mistake(
                    "LogOutline",
                    "a snapshot is written with the newest voters",
                    "return said == null ? initialVoters : said.getValue();",
                    "return voters();",
                    noticed(NO_UNIT, 60, 0)),
            counterpart(
                    "SnapshotWithoutVoters",
                    "LogOutline",
                    "the voters of a snapshot that was fetched are dropped",
                    "VoterSet after = voters == null ? before : voters;",
                    "VoterSet after = initialVoters;",
                    noticed(NO_UNIT, 60, 10)),
            counterpart(
                    "SnapshotWithoutVoters",
                    "LogOutline",
                    "the voters from before a snapshot of the own log are dropped",
                    "votersByEnd.headMap(voters.getKey(), false).clear();",
                    "votersByEnd.headMap(snapshot.offset(), true).clear();",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "a snapshot in the log's place leaves the epochs that were there",
                    "epochs.clear();",
                    "",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "a snapshot in the log's place leaves the voters that were there",
                    """
                    votersByEnd.clear();
                    start = snapshot;
                    """,
                    "start = snapshot;",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "LogOutline",
                    "a snapshot in the log's place is not on disk",
                    """
                    durableEnd = end;
                    highWatermark = Math.max(highWatermark, end);
                    """,
                    "highWatermark = Math.max(highWatermark, end);",
                    noticed(UNIT, 10, 10)),
            mistake("LogOutline", "what a snapshot covers is not committed", """
                highWatermark = Math.max(highWatermark, end);
                cuts++;
                """, "cuts++;", noticed(NO_UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "a snapshot in the log's place is no cut",
                    """
                    highWatermark = Math.max(highWatermark, end);
                    cuts++;
                    """,
                    "highWatermark = Math.max(highWatermark, end);",
                    noticed(UNIT, 0, 0)),
            mistake("LogOutline", "a snapshot's epoch is forgotten", """
                if (snapshot.offset() > 0) {
                epochs.put(snapshot.epoch(), snapshot.offset());
                }
                """, "", noticed(NO_UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "an epoch begins with its last batch",
                    "epochs.putIfAbsent(batch.epoch(), end);",
                    "epochs.put(batch.epoch(), end);",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "a sync from before a cut counts",
                    "if (cutsThen != cuts) {",
                    "if (cutsThen > cuts) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "LogOutline",
                    "a sync counts for all there is",
                    "durableEnd = Math.max(durableEnd, offset);",
                    "durableEnd = end;",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "a cut leaves what it cut durable",
                    "durableEnd = Math.min(durableEnd, to);",
                    "",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "a cut is not counted",
                    """
                    durableEnd = Math.min(durableEnd, to);
                    cuts++;
                    """,
                    "durableEnd = Math.min(durableEnd, to);",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "LogOutline",
                    "a cut leaves the epochs of what it cut",
                    "epochs.values().removeIf(first -> first >= to && first > start.offset());",
                    "",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "a cut to the log's start leaves the epochs behind it",
                    "epochs.keySet().removeIf(epoch -> epoch > start.epoch());",
                    "",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "a cut leaves the voters of what it cut",
                    "votersByEnd.tailMap(to, false).clear();",
                    "",
                    noticed(NO_UNIT, 60, 0)),
            mistake(
                    "LogOutline",
                    "a cut takes the voters of what it leaves",
                    "votersByEnd.tailMap(to, false).clear();",
                    "votersByEnd.tailMap(to, true).clear();",
                    noticed(NO_UNIT, 60, 10)),
            mistake(
                    "LogOutline",
                    "the end of an epoch is the end of the log",
                    "return new OffsetAndEpoch(next == null ? end : next.getValue(), last.getKey());",
                    "return new OffsetAndEpoch(end, last.getKey());",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "LogOutline",
                    "voters count only when they are committed",
                    "return votersByEnd.isEmpty() ? initialVoters : votersByEnd.lastEntry().getValue();",
                    "return votersAt(highWatermark);",
                    noticed(UNIT, 10, 10)),
            mistake("LogOutline", "the high watermark goes back", """
                highWatermark = Math.max(highWatermark, offset);
                return news;
                """, """
                highWatermark = offset;
                return news;
                """, noticed(NO_UNIT, 10, 10)),
            mistake(
                    "HardState",
                    "server 0 is nobody",
                    "return leader != NOBODY;",
                    "return leader > 0;",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "Outbox",
                    "the next role waits for what the last one asked",
                    "&& sent.values().stream().noneMatch(request -> request.to == to && isOfThisTurn(request));",
                    "&& sent.values().stream().noneMatch(request -> request.to == to);",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Outbox",
                    "one that was asked is asked again at once, and again",
                    "&& sent.values().stream().noneMatch(request -> request.to == to && isOfThisTurn(request));",
                    ";",
                    noticed(UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "who waits at a leader is not told of a new high watermark",
                    """
                    effects.add(new Commit(log.highWatermark()));
                    unpark(reign, true);
                    """,
                    "effects.add(new Commit(log.highWatermark()));",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "a follower says that it knows the high watermark",
                    "return new Fetch(hardState.epoch(), self, log.endOffset(), log.highWatermark(), maxWaitMs);",
                    "return new Fetch(hardState.epoch(), self, log.endOffset(), log.end(), maxWaitMs);",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Following",
                    "a follower loses patience while it fetches a snapshot",
                    """
                    return fetchedSnapshot == null ? deadlineMs : Long.MAX_VALUE; // the host gives it up, if need be
                    """,
                    "return deadlineMs;",
                    noticed(NO_UNIT, 60, 0)),
            mistake(
                    "Following",
                    "that a snapshot is needed is no sign of life",
                    """
                    heard(nowMs);
                    OffsetAndEpoch snapshot = answer.snapshot();
                    """,
                    "OffsetAndEpoch snapshot = answer.snapshot();",
                    noticed(NO_UNIT, 60, 0)),
            mistake(
                    "Following",
                    "a cut that cuts nothing is made",
                    "if (to < log.highWatermark() || to >= log.end()) {",
                    "if (to < log.highWatermark()) {",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Following",
                    "an observer that has lost its leader refuses pre-votes",
                    """
                    deadlineMs = Long.MAX_VALUE;
                    hearing = false;
                    """,
                    "deadlineMs = Long.MAX_VALUE;",
                    noticed(NO_UNIT, 10, 10)),
            mistake(
                    "QuorumMachine",
                    "what a leader appends counts at the next fetch or sync",
                    """
                    effects.add(new Append(batch));
                    commit(reign);
                    """,
                    "effects.add(new Append(batch));",
                    noticed(NO_UNIT, 0, 10)),
            mistake(
                    "QuorumMachine",
                    "one that does not answer is asked again at once",
                    """
                    waitBefore(request.to());
                    if (role instanceof Following following
                    """,
                    "if (role instanceof Following following",
                    noticed(UNIT, 0, 0)),
            mistake(
                    "Following",
                    "a leader is given up for one failure",
                    "if (failures >= FAILURES_IN_A_ROW) {",
                    "if (failures >= 1) {",
                    noticed(UNIT, 0, 0)),
            mistake("Following", "a leader that nobody reaches is waited for", """
                leaderEnds(giveUpAtMs);
                """, "", noticed(UNIT, 0, 0)),
            mistake("Following", "failures count although the leader has answered since", """
                failures = 0;
                """, "", noticed(UNIT, 0, 0)),
            mistake(
                    "QuorumMachine",
                    "whoever lost an election waits as long as if it had been undecided",
                    "} else if (tally.lost()) {",
                    "} else if (nowMs < 0) {",
                    equivalent("only time: its own deadline comes later than the lot it would draw")),
            mistake(
                    "ElectionTally",
                    "an election is lost when a majority has not granted",
                    "return voters.size() - votes(false) < voters.majority();",
                    "return votes(true) < voters.majority();",
                    equivalent("only time: what was granted stays in the tally, and whoever has not answered is asked"
                            + " again")),
            mistake(
                    "QuorumMachine",
                    "one that does not vote counts its own vote",
                    """
                    if (votes()) {
                    tally.count(self.id(), true);
                    }
                    """,
                    "tally.count(self.id(), true);",
                    equivalent("a tally counts voters alone, and a voter on another disk does not campaign")),
            mistake(
                    "ElectionTally",
                    "a vote of one that is no voter counts",
                    """
                    if (voters.ids().contains(voter)) {
                    granted.putIfAbsent(voter, grants);
                    }
                    """,
                    "granted.putIfAbsent(voter, grants);",
                    equivalent("voters alone are asked, and one that is none does not count itself")),
            mistake(
                    "Leadership",
                    "what is committed goes back where a voter falls behind",
                    "return held > firstOffset ? Math.max(held, log.highWatermark()) : log.highWatermark();",
                    "return held > firstOffset ? held : log.highWatermark();",
                    equivalent("LogOutline.commit does not go back")),
            mistake(
                    "QuorumMachine",
                    "a leader is not woken to announce itself",
                    "deadline = Math.min(deadline, nowMs + settings.fetchTimeoutMs() / 2);",
                    "",
                    equivalent("only time: it is woken by fetches, and when it hears no majority")),
            mistake(
                    "LogOutline",
                    "a log takes a batch that does not follow it",
                    "if (batch.baseOffset() != end || batch.epoch() < lastEpoch()) {",
                    "if (batch.baseOffset() < 0) {",
                    equivalent("a second look: a leader appends at its end, and a follower has objected before")),
            mistake(
                    "LogOutline",
                    "a log is cut anywhere",
                    "if (to < highWatermark || to > end) {",
                    "if (to < 0) {",
                    equivalent("a second look: a follower has complained before")),
            mistake("LogOutline", "more is committed than there is", """
                if (offset > end) {
                throw new IllegalArgumentException("committed
                """, """
                if (offset < 0) {
                throw new IllegalArgumentException("committed
                """, equivalent("""
                    a second look: a leader counts what its own disk has, and a follower takes the lesser of the two
                    """)),
            mistake(
                    "QuorumMachine",
                    "whoever has resigned and votes asks around",
                    """
                    if (!votes()) { // nobody announces itself to it
                    askAround();
                    }
                    """,
                    "askAround();",
                    equivalent("it would find the next leader itself, which announces itself to it all the same")),
            mistake("Outbox", "the next role waits as the last one had to", """
                turn++;
                notBeforeMs.clear();
                """, "turn++;", equivalent("only time")));

    private QuorumMistakes() {}

    /** One that the specification has, too, under a flag. */
    private static QuorumMistake counterpart(
            String bug, String type, String what, String was, String becomes, Fate fate) {
        return new QuorumMistake(planted(type, what, was, becomes), bug, fate);
    }

    private static QuorumMistake mistake(String type, String what, String was, String becomes, Fate fate) {
        return new QuorumMistake(planted(type, what, was, becomes), null, fate);
    }

    private static PlantedMistake planted(String type, String what, String was, String becomes) {
        return new PlantedMistake("quorum", what, DIRECTORY + type + ".java", was, becomes);
    }

    private static Fate noticed(boolean unit, int histories, int seeds) {
        return new Fate.Noticed(unit, histories, seeds);
    }

    private static Fate equivalent(String reason) {
        return new Fate.Equivalent(reason);
    }
}
