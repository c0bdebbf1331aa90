package io.odradek.replication.quorum;

import io.odradek.replication.quorum.Leadership.Progress;
import io.odradek.replication.quorum.QuorumEffect.ChangeOutcome;
import io.odradek.replication.quorum.QuorumEffect.ReplyToChange;
import io.odradek.replication.quorum.QuorumEvent.AddVoterRequested;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Changes of the voters in one reign ({@code ChangeVoters}; KIP-853): one at a time, and a new voter only when it has caught up, or it
 * might hold up the others. Whoever asked is answered when the change is committed, or cannot be made, or the reign ends.
 */
final class VoterChanges {

    /** What follows from a request, or from time. */
    sealed interface Verdict {
        record Refuse(ReplyToChange reply) implements Verdict {}

        /** To be appended now. */
        record Change(long requestId, VoterSet voters) implements Verdict {}

        record Wait() implements Verdict {}
    }

    private static final Verdict WAIT = new Verdict.Wait();

    /** A new voter that has to catch up first. */
    private record Joining(long requestId, Voter voter, long untilMs) {}

    /** A change that is in the log and not yet committed. */
    private record Changing(long requestId, long end) {}

    private final Leadership reign;
    private final LogOutline log;
    private final int fetchTimeoutMs;
    private @Nullable Joining joining;
    private @Nullable Changing changing;

    /** @param fetchTimeoutMs who has not fetched for so long is not there */
    VoterChanges(Leadership reign, LogOutline log, int fetchTimeoutMs) {
        this.reign = reign;
        this.log = log;
        this.fetchTimeoutMs = fetchTimeoutMs;
    }

    Verdict add(AddVoterRequested add, long nowMs) {
        ReplicaKey key = add.voter().key();
        Voter same = log.voters().voter(key.id());
        Verdict refusal = refusal(add.requestId());
        if (refusal != null) {
            return refusal;
        }
        if (key.directory().equals(ReplicaKey.ANY_DIRECTORY)) {
            return refuse(
                    add.requestId(),
                    ChangeOutcome.INVALID_REQUEST,
                    "server " + key.id() + " without the id of its directory");
        }
        if (same != null) {
            return refuse(
                    add.requestId(),
                    ChangeOutcome.DUPLICATE_VOTER,
                    "server " + key.id() + " votes already, with directory "
                            + same.key().directory() + ": remove that one first");
        }
        joining = new Joining(add.requestId(), add.voter(), nowMs + Math.max(0, add.timeoutMs()));
        return admit(nowMs);
    }

    /** Whether the one that joins has caught up: it has what is committed, and has asked for more lately. */
    Verdict admit(long nowMs) {
        Joining waiting = joining;
        if (waiting == null) {
            return WAIT;
        }
        Progress known = reign.progressOf(waiting.voter.key());
        if (known == null || known.end() < log.highWatermark() || known.fetchedAtMs() + fetchTimeoutMs <= nowMs) {
            return WAIT;
        }
        joining = null;
        return new Verdict.Change(waiting.requestId, log.voters().with(waiting.voter));
    }

    Verdict expire(long nowMs) {
        Joining waiting = joining;
        if (waiting == null || waiting.untilMs > nowMs) {
            return WAIT;
        }
        joining = null;
        Progress known = reign.progressOf(waiting.voter.key());
        String why = known == null
                ? " has not fetched anything yet: is it running, with that directory?"
                : " has got to offset " + known.end() + " and fetched " + (nowMs - known.fetchedAtMs())
                        + " ms ago, " + log.highWatermark()
                        + " is committed: try again when it is running and has caught up";
        return refuse(waiting.requestId, ChangeOutcome.REQUEST_TIMED_OUT, "server " + waiting.voter.key() + why);
    }

    Verdict remove(long requestId, ReplicaKey voter) {
        VoterSet voters = log.voters();
        Voter found = voters.voter(voter.id());
        Verdict refusal = refusal(requestId);
        if (refusal != null) {
            return refusal;
        }
        if (found == null || !(found.key().equals(voter) || found.key().names(voter))) {
            return refuse(requestId, ChangeOutcome.VOTER_NOT_FOUND, "no voter " + voter + ", voters are " + voters);
        }
        if (voters.size() == 1) {
            return refuse(requestId, ChangeOutcome.INVALID_REQUEST, "server " + voter + " is the only voter");
        }
        return new Verdict.Change(requestId, voters.without(voter.id()));
    }

    Verdict update(long requestId, Voter voter) {
        VoterSet voters = log.voters();
        Voter found = voters.voter(voter.key().id());
        Verdict refusal = refusal(requestId);
        if (refusal != null) {
            return refusal;
        }
        if (found == null || !found.key().equals(voter.key())) {
            return refuse(
                    requestId, ChangeOutcome.VOTER_NOT_FOUND, "no voter " + voter.key() + ", voters are " + voters);
        }
        return new Verdict.Change(requestId, voters.with(voter));
    }

    /**
     * Why none may begin now: one is under way, or the leader has committed nothing of its own yet, and two leaders could each change
     * the voters of a common past and have majorities that do not meet (Ongaro 2015, "bug in single-server membership changes").
     */
    private @Nullable Verdict refusal(long requestId) {
        if (log.highWatermark() <= reign.firstOffset()) {
            return refuse(
                    requestId, ChangeOutcome.REQUEST_IN_PROGRESS, "this server has begun to lead just now: try again");
        }
        if (joining != null || log.votersAreChanging()) {
            return refuse(
                    requestId,
                    ChangeOutcome.REQUEST_IN_PROGRESS,
                    "another change of the voters is under way: try again when it is done");
        }
        return null;
    }

    private static Verdict refuse(long requestId, ChangeOutcome outcome, String message) {
        return new Verdict.Refuse(new ReplyToChange(requestId, outcome, message));
    }

    /** A {@link Verdict.Change} stands in the log, which ends at {@code end} with it. */
    void appended(long requestId, long end) {
        changing = new Changing(requestId, end);
    }

    /** The answer to the change that is committed by now, if one is. */
    @Nullable
    ReplyToChange committed() {
        Changing appended = changing;
        if (appended == null || log.highWatermark() < appended.end) {
            return null;
        }
        changing = null;
        return new ReplyToChange(appended.requestId, ChangeOutcome.COMMITTED, "voters: " + log.voters());
    }

    /**
     * The reign is over.
     *
     * @return answers to whoever waits
     */
    List<ReplyToChange> end(String whoLeads) {
        List<ReplyToChange> replies = new ArrayList<>();
        if (joining != null) {
            replies.add(new ReplyToChange(joining.requestId, ChangeOutcome.NOT_LEADER_OR_FOLLOWER, whoLeads));
        }
        if (changing != null) {
            replies.add(new ReplyToChange(
                    changing.requestId,
                    ChangeOutcome.NOT_LEADER_OR_FOLLOWER,
                    "the change was appended, and may or may not be committed; " + whoLeads));
        }
        return replies;
    }

    long deadlineMs() {
        return joining == null ? Long.MAX_VALUE : joining.untilMs;
    }
}
